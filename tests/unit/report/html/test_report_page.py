"""The page as text: charts that plotly accepts, nothing that untrusted text could break out of, and odd runs."""

import importlib
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.core.chart import Chart, Curve
from engine.core.errors import DataError
from engine.report.html.columns import Columns
from engine.report.html.page import report_html, write_report
from engine.report.html.palette import DARK, LIGHT
from engine.report.html.script import json_for_script, plotly_script, policy_for
from tests.support.run_records import day_number, decision, fill, record, rotation

EVIL = "</script><script>alert(1)</script><!-- <b onload=alert(2)> \u2028 & ' \""
AA = 4.5
"""The least contrast of a text with what is behind it (WCAG 2.2, 1.4.3)."""


def content_of(page: str) -> dict[str, Any]:
    """Read the data of a page."""
    (text,) = re.findall(r'<script type="application/json" id="content">(.*?)</script>', page, flags=re.DOTALL)
    content: dict[str, Any] = json.loads(text)
    return content


def filled(value: Any, columns: Columns) -> Any:
    """Put columns and colours into a figure, as the page's script does."""
    if isinstance(value, str):
        return LIGHT[value[1:].partition("/")[0]] if value.startswith("@") else value
    if isinstance(value, list):
        return [filled(each, columns) for each in value]
    if isinstance(value, dict):
        return columns[value["$"]] if "$" in value else {key: filled(each, columns) for key, each in value.items()}
    return value


def rich_record(**changes: Any) -> Any:
    days = []
    for n in range(1, 61):
        day = day_number(n)
        sunday = day_number((n // 7) * 7).isoformat()
        evidence = {
            "index": {
                "session": day.isoformat(), "close": 100.0 + n, "in_breakout": n >= 10, "ceiling": 105.0,
                "support": 105.0 if n >= 10 else None,
                "breakout_session": day_number(10).isoformat() if n >= 10 else None,
                "loss_session": day_number(50).isoformat() if n >= 50 else None,
            },
            "macd": {
                "week": sunday, "macd": 1.0 * n, "signal": 2.0, "in_force": n == 20,
                "cross_week": day_number(14).isoformat() if n >= 14 else None,
            },
        }  # fmt: skip
        days.append(decision(n, equity=1000.0 + n, evidence=evidence, closes={"BTC": 10.0 + n}, targets={"BTC": 0.5}))
    summary = {"name": "rotation", "start_equity": 1001.0, "final_equity": 1060.0, "benchmarks": {"BTC": None}}
    values: dict[str, Any] = {
        "fills": [fill(3, "buy", "5", "13")],
        "rotations": [rotation(1, day_number(20), day_number(40), cross_week=day_number(14)),
                      rotation(2, day_number(55), None)],
        "summary": summary,
        "config": {"strategy": {"name": "rotation"}},
        "benchmarks": {"BTC": {day_number(n): 500.0 + n for n in range(1, 61)}, "ETH": None},
    }  # fmt: skip
    return record(days, **{**values, **changes})


def test_plotly_accepts_every_figure() -> None:
    graph_objects: Any = importlib.import_module("plotly.graph_objects")

    content = content_of(report_html(rich_record()))

    assert list(content["figures"]) == ["equity", "rule-breakout", "rule-golden_cross", "held"]
    for figure in content["figures"].values():
        full = filled({"data": figure["data"], "layout": figure["layout"]}, content["columns"])
        drawn = graph_objects.Figure(full)
        assert len(drawn.data) == len(figure["data"]) >= 2
        for trace in drawn.data:
            assert len(trace.x) == len(trace.y) > 0


def test_a_chart_is_there_where_the_evidence_is() -> None:
    plain = [decision(n, closes={"BTC": 10.0}) for n in (1, 2, 3)]

    assert list(content_of(report_html(record(plain)))["figures"]) == ["equity", "held"]


@pytest.mark.parametrize(
    "odd",
    [
        record(),
        record([decision(1)]),
        record([decision(1)], mode="paper", fills=[fill(1, "buy", "1", "2")]),
        record([decision(n, equity=1000.0, cash=None) for n in (1, 2)], summary={"benchmarks": {"BTC": None}}),
        record([decision(1, equity=0.0, cash=0.0)], summary={"sharpe": None, "fees_paid": {"BTC": 0.1, "BNB": 1.0}}),
        record([decision(1, evidence={"index": {}, "macd": {}, "own": {"mean": float("nan")}})]),
    ],
    ids=["nothing", "one day", "paper without a summary", "all cash", "no equity", "own evidence"],
)
def test_odd_runs_have_a_page_too(odd: Any) -> None:
    page = report_html(odd)

    assert "Not investment advice." in page
    assert content_of(page)["columns"]["day"] == [row.day.isoformat() for row in odd.decisions]


def test_equal_records_give_equal_bytes() -> None:
    assert report_html(rich_record()) == report_html(rich_record())


def test_untrusted_text_stays_text() -> None:
    bad = record(
        [decision(1, reason=EVIL, state=EVIL, evidence={EVIL: {EVIL: EVIL}}, targets={EVIL: 1.0})],
        fills=[fill(1, "buy", "1", "2", asset=EVIL, fee_asset=EVIL, reason=EVIL)],
        rotations=[rotation(1, day_number(1), None)],
        summary={
            "name": EVIL, "strategy": EVIL, "version": EVIL, "config_sha256": EVIL, "notes": [EVIL],
            "data_sources": {EVIL: {"source": EVIL, "sha256": EVIL, "fetched_at": EVIL}}, "benchmarks": {EVIL: None},
        },
        config={"strategy": {"core": EVIL, "index": EVIL}},
        benchmarks={EVIL: {day_number(1): 5.0}},
        mode=EVIL,
    )  # fmt: skip

    page = report_html(bad)

    markup = page.replace(plotly_script(), "")
    assert "<script>alert" not in markup
    assert "<b onload" not in markup
    assert markup.count("<script") == 3
    assert markup.count("</script>") == 3
    assert content_of(page)["panel"]["words"]["rows"][0][3] == EVIL


def test_json_in_a_page_is_json_and_cannot_end_its_script() -> None:
    text = json_for_script({"x": EVIL})

    assert json.loads(text) == {"x": EVIL}
    assert not set(text) & set("<>&\u2028\u2029")
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_for_script(float("nan"))


def test_the_policy_names_the_two_scripts_and_lets_nothing_be_loaded() -> None:
    page = report_html(record())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)

    _, plotly_text, own = re.findall(r"<script[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    assert policy.replace("&#39;", "'") == policy_for(plotly_text, own)
    assert policy.startswith("default-src &#39;none&#39;;")
    assert "unsafe-eval" not in policy


def test_the_page_of_synthetic_prices_says_so_across_it_and_another_does_not() -> None:
    synthetic = report_html(record([decision(1)], summary={"synthetic": True}))
    real = report_html(record([decision(1)], summary={"synthetic": False}))

    assert synthetic.count("SYNTHETIC – made-up prices") == 2
    assert "The prices are made up" in synthetic
    assert "hindsight" not in synthetic
    assert "SYNTHETIC" not in real.replace(plotly_script(), "")
    assert "people who had seen these years" not in synthetic
    assert "The prices are made up" not in real
    assert "people who had seen these years" in real
    assert "hindsight" in real


def test_a_month_is_one_cell_and_the_core_stands_beside_the_year() -> None:
    page = report_html(
        record(
            [decision(1, equity=100.0), decision(31, equity=110.0)],
            benchmarks={"BTC": {date(2024, 1, 1): 10.0, date(2024, 1, 31): 9.0}},
        )
    )

    assert re.search(r'<td class="gain-2">\+10\.0</td>(<td class=""></td>){11}<td class="own">\+10\.0</td>', page)
    assert "<td>−10.0</td></tr>" in page


def test_a_month_without_a_move_is_neither_gain_nor_loss() -> None:
    months = record([decision(n, equity=1000.0) for n in range(1, 46)])

    heat = report_html(months).partition('<table class="heat">')[2].partition("</table>")[0]

    assert heat.count('<td class="">+0.0</td>') == 2
    assert "gain-" not in heat


def test_an_macd_without_golden_crosses_is_not_said_to_have_any() -> None:
    with_crosses = report_html(rich_record())
    week = {"week": "2023-12-31", "macd": 1.0, "signal": 2.0}
    days = [decision(n, evidence={"macd": week}) for n in (1, 2)]
    without = report_html(record(days, summary={"strategy": "macd_timing"}))

    assert "BTC weekly MACD: golden crosses</h2>" in with_crosses
    assert "BTC weekly MACD</h2>" in without
    assert "golden cross" not in without.partition('id="content"')[0]


def test_a_strategy_that_is_not_here_leaves_its_charts_out_and_the_page_says_so() -> None:
    page = report_html(rich_record(config={"strategy": {"name": "gone"}}))

    assert list(content_of(page)["figures"]) == ["equity", "held"]
    assert "no charts of the strategy&#39;s rules: strategy.name: &#39;gone&#39; is not allowed" in page


def test_a_rule_that_cannot_be_drawn_leaves_its_chart_out_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("strategies.rules.breakout.Breakout.chart", fail)

    page = report_html(rich_record())

    assert list(content_of(page)["figures"]) == ["equity", "rule-golden_cross", "held"]
    assert "no chart of breakout: ZeroDivisionError: by nothing" in page


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        ({"curves": [Curve(name="a", values=[1.0, float("nan")])]}, "a has a value that is no number"),
        ({"curves": [Curve(name="a", values=[1.0])]}, "a has 1 values for 2 days"),
        ({"curves": [{"name": "a", "values": ["much", 1.0]}]}, "curves.0.values.0: Input should be a valid number"),
        ({"curves": [{"name": "a", "values": ["1", 1.0]}]}, "has values of other kinds than those of a chart"),
        ({"days": [1, 2]}, "days.0: Input should be a valid string"),
        ({"curves": [{"name": "a", "values": [1.0, 2.0], "tone": "mauve"}]}, "curves.0.tone: Input should be"),
    ],
)  # fmt: skip
def test_a_chart_that_cannot_be_drawn_is_left_out_and_said(
    chart: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"title": "mine", "words": "", "days": ["2024-01-01", "2024-01-02"], "curves": []} | chart
    monkeypatch.setattr("strategies.rules.breakout.Breakout.chart", lambda *_: Chart(**given))

    page = report_html(rich_record())

    assert list(content_of(page)["figures"]) == ["equity", "rule-golden_cross", "held"]
    assert (
        f"no chart of breakout: ValueError: {said}" in page or f"no chart of breakout: ValidationError: {said}" in page
    )


def test_the_name_of_a_rotation_of_the_last_days_stays_in_the_chart() -> None:
    rotations = [rotation(1, day_number(20), day_number(40)), rotation(2, day_number(59), None)]

    names = content_of(report_html(rich_record(rotations=rotations)))["figures"]["equity"]["layout"]["annotations"]

    assert [name["xanchor"] for name in names] == ["left", "right"]


def test_a_short_run_has_ticks_that_differ() -> None:
    days = [decision(n, equity=equity) for n, equity in ((1, 99_800.0), (2, 102_400.0), (3, 101_000.0))]

    layout = content_of(report_html(record(days)))["figures"]["equity"]["layout"]

    assert layout["yaxis"]["ticktext"] == ["100k", "100.5k", "101k", "101.5k", "102k"]
    assert layout["yaxis2"]["tickformat"] == ".1%"


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_lines_can_be_told_from_what_is_behind_them(theme: dict[str, str]) -> None:
    tones = [name for name in theme if re.fullmatch(r"(gain|loss)-\d", name)]
    assert len(tones) == 8

    for tone in tones:
        assert contrast(theme["ink"], theme[tone]) >= AA, tone
    for text in ("ink", "muted", "accent", "gain", "loss"):
        assert contrast(theme[text], theme["card"]) >= AA, text
    for text in ("ink", "muted", "warn"):
        assert contrast(theme[text], theme["page"]) >= AA, text
    assert contrast(theme["warn"], theme["warn-page"]) >= AA
    for line in ("strategy", "btc", "eth", "basket"):
        assert contrast(theme[line], theme["card"]) >= 3, line


def test_a_report_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{", encoding="utf-8")

    with pytest.raises(DataError, match="damaged"):
        write_report(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


def test_a_report_that_cannot_be_put_in_its_place_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.html").write_text("old", encoding="utf-8")

    def refused(self: Path, target: Path) -> Path:
        raise OSError("no")

    monkeypatch.setattr("engine.report.html.page.read_run", lambda folder: record([decision(1)]))
    monkeypatch.setattr(Path, "replace", refused)

    with pytest.raises(OSError, match="no"):
        write_report(tmp_path)

    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("report.html", "old")]
