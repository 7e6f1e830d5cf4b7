"""The dashboard in a browser and beside a bot that trades; both in processes of their own, either killed."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from engine.journal.sqlite import JOURNAL_FILE
from engine.journal.verification import verify_journal
from engine.practice.calls import Call
from tests.support.browser import PHONE, WIDE, chromium, watched_page
from tests.support.command import small_configuration
from tests.support.command import write_small_market as write_market
from tests.support.dashboard import TOKEN, asked, dashboard_process, served, write_summary
from tests.support.patience import PATIENCE_SECONDS
from tests.support.rehearsal import FOLDER, Death, Rehearsal

DAYS = (date(2015, 11, 10), date(2015, 11, 17))
"""BTC is bought on the first day, and sold for ETH on the 15th."""
RUN = f"/runs/{FOLDER}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    market = tmp_path / "market"
    write_market(market)
    configuration = {key: value for key, value in small_configuration(market).items() if key != "data"}
    return Rehearsal(market, tmp_path / "out", configuration, days=DAYS)


def is_order(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/order")


def at_order(number: int, act: Callable[[], Death | None]) -> Callable[[Call], Death | None]:
    """Do something when the bot sends its nth order, before the exchange sees it."""
    orders = 0

    def watch(call: Call) -> Death | None:
        nonlocal orders
        if not is_order(call):
            return None
        orders += 1
        return act() if orders == number else None

    return watch


def test_a_fill_appears_while_the_bot_trades_and_nobody_loads_the_page_anew(
    rehearsal: Rehearsal, browser: Browser
) -> None:
    sending, looked = threading.Event(), threading.Event()

    def hold() -> None:
        sending.set()
        assert looked.wait(PATIENCE_SECONDS)

    rehearsal.is_fatal = at_order(1, hold)
    with (
        rehearsal.open(),
        served(rehearsal.out) as dashboard,
        ThreadPoolExecutor(1) as bots,
        watched_page(browser) as watched,
    ):
        running = bots.submit(rehearsal.run)
        try:
            assert sending.wait(PATIENCE_SECONDS)
            page = watched.page
            page.goto(dashboard.url + RUN)
            page.evaluate("window.loadedOnce = true")
            before = page.locator("#live").inner_text()
            assert page.locator("tr[data-order]").count() == 0
        finally:
            looked.set()
        page.wait_for_selector("tr[data-order]")
        outcome = running.result(PATIENCE_SECONDS)
        expect(page.locator("tr[data-order]")).to_have_count(3)
        expect(page.locator(".badges")).to_contain_text("not running")

        assert page.evaluate("window.loadedOnce") is True
        assert watched.complaints == []
        assert not [url for url in watched.requests if not url.startswith(dashboard.url)]
    assert outcome.exit_code == 0, outcome
    assert "running" in before
    assert "not running" not in before
    assert "unresolved" in before


def test_killing_the_dashboard_does_not_harm_the_bot(rehearsal: Rehearsal) -> None:
    rehearsal.out.mkdir()
    with dashboard_process(rehearsal.out) as (process, url):

        def look_and_kill() -> None:
            assert "running" in asked(url, f"{RUN}/live").text
            process.kill()
            process.wait()

        rehearsal.is_fatal = at_order(2, look_and_kill)
        with rehearsal.open():
            outcome = rehearsal.run()

    assert process.returncode == -signal.SIGKILL
    assert outcome.exit_code == 0, outcome
    assert verify_journal(rehearsal.folder / JOURNAL_FILE).broken is None
    assert not list(rehearsal.folder.glob("*-wal"))
    assert len((rehearsal.folder / "fills.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3


def test_killing_the_bot_does_not_harm_the_dashboard(rehearsal: Rehearsal) -> None:
    rehearsal.is_fatal = at_order(2, lambda: "after")
    with rehearsal.open(), served(rehearsal.out) as dashboard:
        killed = rehearsal.run()
        names = sorted(path.name for path in rehearsal.folder.iterdir())
        left = dashboard.get(f"{RUN}/live")
        assert sorted(path.name for path in rehearsal.folder.iterdir()) == names
        ended = rehearsal.run()
        whole = dashboard.get(f"{RUN}/live")

    assert (killed.exit_code, ended.exit_code) == (-signal.SIGKILL, 0)
    assert (left.status, whole.status) == (200, 200)
    assert "not running" in left.text
    assert "unresolved" in left.text
    assert left.text.count("<tr data-order") == 1
    assert whole.text.count("<tr data-order") == 3
    assert verify_journal(rehearsal.folder / JOURNAL_FILE).broken is None


def test_the_page_says_that_the_connection_is_lost_and_finds_it_again(tmp_path: Path, browser: Browser) -> None:
    write_summary(tmp_path / "x")
    with served(tmp_path) as dashboard, watched_page(browser) as watched:
        page = watched.page
        page.goto(dashboard.url)
        expect(page.locator("#connection")).to_be_hidden()
        page.context.set_offline(True)
        page.wait_for_selector("#connection:not([hidden])")
        assert "lost" in page.locator("#connection").inner_text()
        write_summary(tmp_path / "y")
        page.context.set_offline(False)
        page.wait_for_selector("a[href='/runs/y']")
        expect(page.locator("#connection")).to_be_hidden()


def test_a_script_in_a_name_or_a_summary_does_not_run(tmp_path: Path, browser: Browser) -> None:
    hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'<script>"
    write_summary(tmp_path / hostile, mode=hostile, notes=[hostile])
    with served(tmp_path) as dashboard, watched_page(browser) as watched:
        page = watched.page
        page.goto(dashboard.url)
        page.click("tbody a")
        page.wait_for_selector("h1")

        assert page.locator("h1").inner_text() == hostile
        assert page.locator("main img, main script").count() == 0
        assert watched.complaints == []
        # Where one got in all the same, the page's policy would not let it run.
        page.evaluate("""
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
        """)
        assert page.evaluate("window.ran") is None


def test_a_report_runs_its_own_script_and_reaches_nothing(tmp_path: Path, browser: Browser) -> None:
    folder = write_summary(tmp_path / "x")
    script = """
        document.title = "own";
        fetch("/live").then(() => document.title = "reached").catch(() => document.title = "refused");
    """
    (folder / "report.html").write_text(f"<title>r</title><script>{script}</script>", encoding="utf-8")
    with served(tmp_path) as dashboard, watched_page(browser) as watched:
        watched.page.goto(f"{dashboard.url}/runs/x/report")
        watched.page.wait_for_function("document.title !== 'own'")
        assert watched.page.title() == "refused"
        # Its policy keeps the request from being made at all.
        assert watched.requests == [f"{dashboard.url}/runs/x/report"]


def test_the_token_is_asked_for_once(tmp_path: Path, browser: Browser) -> None:
    write_summary(tmp_path / "x")
    with served(tmp_path, token=TOKEN) as dashboard, watched_page(browser) as watched:
        page = watched.page
        page.goto(f"{dashboard.url}/runs/x")
        page.fill("#token", TOKEN)
        page.click("button")
        page.wait_for_selector("a[href='/runs/x']")
        page.goto(f"{dashboard.url}/runs/x")
        page.wait_for_selector(".badges")

        assert page.evaluate("document.cookie") == ""
        assert watched.complaints == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_what_tells_a_run_from_others_stands_below_its_name(
    tmp_path: Path, browser: Browser, size: tuple[int, int]
) -> None:
    keys = {"strategy.hold_weeks": 12, "window.to": "2020-12-31"}
    write_summary(tmp_path / "backtest-x-20260102T030405Z", strategy="rotation", label="mine", settings=keys)
    with served(tmp_path) as dashboard, watched_page(browser, size=size) as watched:
        watched.page.goto(dashboard.url)
        name, words = (watched.page.locator(f"tbody th {tag}").bounding_box() for tag in ("a", "small"))

    assert name is not None
    assert words is not None
    assert words["y"] >= name["y"] + name["height"]
    assert words["x"] == name["x"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_scrolls_sideways_and_text_can_be_read(
    finished: tuple[Path, str], browser: Browser, size: tuple[int, int], dark: bool
) -> None:
    out, name = finished
    with served(out) as dashboard, watched_page(browser, size=size, dark=dark) as watched:
        for path in ("/", f"/runs/{name}", "/nowhere"):
            watched.page.goto(dashboard.url + path)
            watched.page.wait_for_selector("h1")
            assert not watched.is_wider_than_its_window(), path
            worst = watched.page.evaluate(LEAST_CONTRAST)
            assert worst["ratio"] >= 4.5, (path, worst)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run that traded, with a long name and an incident."""
    out = tmp_path_factory.mktemp("finished") / "out"
    market = out.parent / "market"
    write_market(market)
    configuration = {key: value for key, value in small_configuration(market).items() if key != "data"}
    rehearsal = Rehearsal(market, out, configuration, days=DAYS)
    # What becomes of an order is not known for a while: that is an incident.
    rehearsal.is_fatal = at_order(1, lambda: "before")
    with rehearsal.open():
        rehearsal.run_through()
    write_summary(out / "backtest-a-rather-long-name-of-a-configuration-20260102T030405Z", synthetic=True)
    write_summary(out / "cut").joinpath("summary.json").write_text("{", encoding="utf-8")
    return out, FOLDER


LEAST_CONTRAST: Any = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((c) => {
      const s = c / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const rgb = parse(getComputedStyle(at).backgroundColor);
      if (rgb.length < 4 || rgb[3] > 0) return rgb;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 99 };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: element.textContent.slice(0, 60) };
  }
  return worst;
}
"""
"""WCAG 2.2, relative luminance and contrast ratio: 4.5 is wanted of text."""
