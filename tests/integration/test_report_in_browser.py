"""Reports in a real browser: charts drawn, nothing asked for, readable in both themes and on a phone, days chosen."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.report.html.page import report_html
from tests.support.browser import PHONE, WIDE, Watched, address_of, chromium, watched_page
from tests.support.command import PRICES, call_command, only_run_folder, small_configuration, write_small_market
from tests.support.once import made_once
from tests.support.patience import PATIENCE_MILLISECONDS
from tests.support.rehearsal import Rehearsal
from tests.support.run_records import day_number, decision, fill, record, rotation

SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")
KINDS = ("real", "sample", "paper")
EQUITY = "document.getElementById('chart-equity')"

# Of every text that is shown: its colour against the first ground behind it that is not transparent.
FAINT_TEXTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], opaque: a > 250 };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const behind = parts(getComputedStyle(at).backgroundColor);
      if (behind.opaque) return behind.rgb;
    }
    return [255, 255, 255];
  };
  const faint = [];
  let looked = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("script, noscript, .unseen") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const svg = element instanceof SVGElement;
    const text = luminance(parts(svg ? style.fill : style.color).rgb), behind = luminance(ground(element));
    const contrast = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    looked += 1;
    if (contrast < 4.5) faint.push([element.textContent.trim().slice(0, 40), contrast.toFixed(2)]);
  }
  return { faint, looked };
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make the report of the sample backtest, of the real one where its prices are, and of a paper run."""

    def make(folder: Path) -> None:
        _backtest(folder / "sample", *SAMPLE)
        _paper(folder / "paper")
        if PRICES.exists():
            real = ("data.crypto=csv", "data.index=csv", f"data.csv_dir={PRICES}")
            _backtest(folder / "real", *(part for each in real for part in ("--set", each)))

    folder = made_once(tmp_path_factory, "reports", make)
    outs = {"sample": folder / "sample", "paper": folder / "paper" / "out", "real": folder / "real"}
    return {kind: only_run_folder(out) / "report.html" for kind, out in outs.items() if out.exists()}


def _backtest(out: Path, *options: str) -> None:
    outcome = call_command("backtest", "config/rotation.yaml", *options, "--out", out)
    assert outcome.exit_code == 0, outcome.stderr


def _paper(folder: Path) -> None:
    market = folder / "market"
    write_small_market(market)
    configuration = {key: value for key, value in small_configuration(market).items() if key != "data"}
    days = (date(2015, 11, 10), date(2016, 1, 10))
    with Rehearsal(market, folder / "out", configuration, days=days).open() as rehearsal:
        outcome = rehearsal.run()
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome


def report_of(reports: dict[str, Path], kind: str) -> Path:
    if kind not in reports:
        pytest.skip("the real prices are not here")
    return reports[kind]


def opened(watched: Watched, report: Path) -> Page:
    watched.page.goto(address_of(report))
    watched.page.wait_for_selector("html[data-ready]")
    return watched.page


def wait_until(page: Page, condition: str) -> None:
    """Wait for a condition in the page's own frames: the page's policy lets no text be evaluated, as waiting does."""
    page.evaluate(
        f"""() => new Promise((resolve, reject) => {{
            setTimeout(() => reject(new Error("never true")), {PATIENCE_MILLISECONDS:.0f});
            const look = () => (({condition}) ? resolve() : requestAnimationFrame(look));
            look();
        }})"""
    )


def assert_is_sound(watched: Watched, report: Path) -> None:
    page = watched.page
    assert watched.complaints == []
    assert watched.requests == [address_of(report)]
    assert not watched.is_wider_than_its_window()
    charts = page.locator(".chart")
    assert charts.count() == 4
    for chart in charts.all():
        size = chart.bounding_box()
        drawn = chart.locator(".main-svg").first.bounding_box()
        assert size is not None
        assert drawn is not None
        assert drawn["width"] == pytest.approx(size["width"], abs=1)
        wanted = chart.evaluate("chart => chart.data.length")
        assert wanted >= 2
        shown = chart.evaluate("chart => chart.querySelectorAll('.scatterlayer .trace, .barlayer .trace').length")
        assert shown == wanted
        paths = chart.evaluate("chart => chart.querySelectorAll('.scatterlayer path').length")
        assert paths >= 1


@pytest.mark.parametrize(
    ("kind", "size", "dark"),
    [
        pytest.param("real", WIDE, False, id="real-wide-light"),
        pytest.param("real", PHONE, True, id="real-phone-dark"),
        pytest.param("sample", WIDE, True, id="sample-wide-dark"),
        pytest.param("sample", PHONE, False, id="sample-phone-light"),
        pytest.param("paper", WIDE, False, id="paper-wide-light"),
        pytest.param("paper", PHONE, True, id="paper-phone-dark"),
    ],
)
def test_every_chart_is_drawn_and_every_text_can_be_read(
    browser: Browser, reports: dict[str, Path], kind: str, size: tuple[int, int], dark: bool
) -> None:
    report = report_of(reports, kind)
    with watched_page(browser, size=size, dark=dark) as watched:
        page = opened(watched, report)

        assert_is_sound(watched, report)
        found = page.evaluate(FAINT_TEXTS)
        assert found["looked"] > 100
        assert found["faint"] == []
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(15, 19, 25)") == dark
        assert page.get_by_text("SYNTHETIC – made-up prices").count() == (2 if kind == "sample" else 0)


def test_a_day_is_chosen_by_its_date_by_keys_and_by_a_click(browser: Browser, reports: dict[str, Path]) -> None:
    report = reports["sample"]
    lines = (report.parent / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    entry = next(content for line in lines if (content := json.loads(line))["reason"] == "entry")
    with watched_page(browser) as watched:
        page = opened(watched, report)
        shown = page.locator("#day-content")
        assert json.loads(lines[-1])["day"] in shown.inner_text()

        page.fill("#day-input", entry["day"])

        text = shown.inner_text()
        assert f"{entry['day']} · CORE → ROTATED · entry" in text
        for evidence in (entry["index"]["session"], entry["macd"]["cross_week"]):
            assert evidence in text
        assert all(asset in text for asset in entry["targets"])
        assert f"{entry['equity']:,.2f}" in text
        assert "sell " in text

        page.locator("#day-after").click()
        following = page.input_value("#day-input")
        assert following > entry["day"]
        page.locator("h1").click()
        page.keyboard.press("ArrowLeft")
        assert page.input_value("#day-input") == entry["day"]
        page.keyboard.press("ArrowLeft")
        assert page.input_value("#day-input") < entry["day"]

        page.evaluate("document.getElementById('chart-equity').scrollIntoView({block: 'center'})")
        box = page.locator("#chart-equity .nsewdrag").first.bounding_box()
        assert box is not None
        # A click chooses the day that is pointed at, whether the chart has already followed the mouse or not.
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 50)
        chosen = page.input_value("#day-input")
        start, end = (date.fromisoformat(str(each)[:10]) for each in page.evaluate(f"{EQUITY}.layout.xaxis.range"))
        assert abs(date.fromisoformat(chosen) - (start + (end - start) / 2)) <= timedelta(days=1)
        assert f"{chosen} · " in shown.inner_text()
        cursors = (
            "document.getElementById('chart-rule-golden_cross').layout.shapes.filter((each) => each.type === 'line')"
        )
        wait_until(page, f"{cursors}.map((each) => each.x0).join() === '{chosen}'")
        assert watched.complaints == []


def test_a_click_chooses_the_day_that_the_chart_points_at(browser: Browser, reports: dict[str, Path]) -> None:
    with watched_page(browser) as watched:
        page = opened(watched, reports["sample"])
        page.evaluate(f"Plotly.relayout({EQUITY}, {{'xaxis.range': ['2021-03-01', '2021-03-21 12:00']}})")
        page.evaluate(f"{EQUITY}.scrollIntoView({{block: 'center'}})")
        box = page.locator("#chart-equity .nsewdrag").first.bounding_box()
        assert box is not None
        before = page.input_value("#day-input")

        for part, day in ((0.0, "2021-03-01"), (6.4 / 20.5, "2021-03-07"), (6.6 / 20.5, "2021-03-08")):
            page.mouse.click(box["x"] + 1 + part * (box["width"] - 2), box["y"] + 50)
            assert page.input_value("#day-input") == day

        # Neither a drag, which zooms, nor a click beside the plot.
        page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 50, steps=4)
        page.mouse.up()
        page.mouse.click(box["x"] - 20, box["y"] + 50)
        assert page.input_value("#day-input") == "2021-03-08" != before
        assert watched.complaints == []


def test_a_link_leads_to_a_day_and_the_toggle_to_the_other_theme(browser: Browser, reports: dict[str, Path]) -> None:
    with watched_page(browser) as watched:
        page = watched.page
        page.goto(f"{address_of(reports['sample'])}#day=2021-03-07")
        page.wait_for_selector("html[data-ready]")

        assert page.input_value("#day-input") == "2021-03-07"

        page.get_by_role("button", name="Dark").click()

        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 19, 25)"
        assert page.evaluate(FAINT_TEXTS)["faint"] == []
        assert page.get_by_role("button", name="Light").get_attribute("aria-pressed") == "true"


def test_the_address_leads_to_the_chosen_day_and_going_back_leads_out(
    browser: Browser, reports: dict[str, Path]
) -> None:
    with watched_page(browser) as watched:
        page = opened(watched, reports["sample"])
        length = page.evaluate("history.length")
        assert page.evaluate("location.hash") == ""

        page.fill("#day-input", "2021-03-07")
        page.locator("#day-after").click()
        wait_until(page, "location.hash === '#day=2021-03-08'")
        assert page.evaluate("history.length") == length

        # Typed into the address, as by whoever was sent another one.
        page.evaluate("location.hash = 'day=2022-05-05'")
        wait_until(page, "document.getElementById('day-input').value === '2022-05-05'")
        page.go_back()
        wait_until(page, "document.getElementById('day-input').value === '2021-03-08'")
        page.go_forward()
        wait_until(page, "document.getElementById('day-input').value === '2022-05-05'")

    with watched_page(browser) as watched:
        page = watched.page
        page.goto(f"{address_of(reports['sample'])}#day=2022-05-05")
        page.wait_for_selector("html[data-ready]")
        assert page.input_value("#day-input") == "2022-05-05"
        assert watched.complaints == []


def test_a_key_held_down_writes_the_last_day_alone(browser: Browser, reports: dict[str, Path]) -> None:
    with watched_page(browser) as watched:
        page = opened(watched, reports["sample"])
        page.locator("h1").click()

        # More than browsers let an address change in half a minute; the one that is driven here has no such limit.
        page.evaluate(
            """() => {
                const real = history.replaceState.bind(history);
                window.written = [];
                history.replaceState = (state, title, address) => {
                    window.written.push(address);
                    real(state, title, address);
                };
                const key = { key: "ArrowLeft", bubbles: true, cancelable: true };
                for (let i = 0; i < 300; i += 1) document.body.dispatchEvent(new KeyboardEvent("keydown", key));
            }"""
        )

        wait_until(page, "location.hash === '#day=' + document.getElementById('day-input').value")
        assert page.evaluate("window.written") == [page.evaluate("location.hash")]
        shapes = f"{EQUITY}.layout.shapes"
        wait_until(page, f"{shapes}[{shapes}.length - 1].x0 === document.getElementById('day-input').value")
        assert watched.complaints == []


def test_all_charts_show_the_stretch_that_one_was_zoomed_to(browser: Browser, reports: dict[str, Path]) -> None:
    with watched_page(browser) as watched:
        page = opened(watched, reports["sample"])
        stretch = ["2021-01-01", "2022-01-01"]

        page.evaluate(
            "([from, to]) => Plotly.relayout('chart-equity', {'xaxis.range[0]': from, 'xaxis.range[1]': to})", stretch
        )

        wait_until(page, "document.getElementById('chart-held').layout.xaxis.range[0] === '2021-01-01'")
        for chart in ("rule-breakout", "rule-golden_cross", "held"):
            assert page.evaluate(f"document.getElementById('chart-{chart}').layout.xaxis.range") == stretch


def test_paper_is_light_and_cuts_no_chart(browser: Browser, reports: dict[str, Path]) -> None:
    with watched_page(browser, dark=True) as watched:
        page = opened(watched, reports["sample"])

        page.emulate_media(media="print", color_scheme="dark")
        wait_until(page, "document.getElementById('chart-equity').clientHeight > 0")

        wait_until(page, "document.querySelector('#chart-held .main-svg').clientWidth === 690")
        assert (
            page.evaluate("getComputedStyle(document.querySelector('section')).backgroundColor") == "rgb(255, 255, 255)"
        )
        assert not page.locator("#theme").is_visible()
        assert not page.locator("#day").is_visible()


def test_a_script_in_a_name_or_a_reason_does_not_run(browser: Browser, tmp_path: Path) -> None:
    evil = (
        "</script><script>window.harmed=1</script><img src=x onerror='window.harmed=1'><a href='javascript:alert()'>x"
    )
    days = [decision(n, reason=evil, state=evil, closes={evil: 1.0}, targets={evil: 1.0}) for n in (1, 2, 3)]
    page_text = report_html(
        record(
            days,
            fills=[fill(1, "buy", "1", "2", asset=evil, reason=evil)],
            rotations=[rotation(1, day_number(1), day_number(2))],
            summary={"name": evil, "notes": [evil], "benchmarks": {evil: None}},
            benchmarks={evil: {row.day: 1000.0 for row in days}},
        )
    )
    report = tmp_path / "report.html"
    # As if escaping had failed somewhere: the page's own policy has to hold.
    report.write_text(page_text.replace("</main>", "<script>window.harmed=2</script></main>"), encoding="utf-8")

    with watched_page(browser) as watched:
        page = opened(watched, report)
        page.locator("#day-before").click()

        assert page.evaluate("window.harmed") is None
        assert page.locator("main img").count() == 0
        assert page.locator("main a[href^=javascript]").count() == 0
        assert evil in page.locator("#day-content").inner_text()
        refused = [complaint for complaint in watched.complaints if "Content Security Policy" in complaint]
        assert len(refused) == len(watched.complaints) == 1
        assert re.search("inline script", refused[0])
