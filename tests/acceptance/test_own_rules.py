"""A confirmation and an exit of one's own, one file each in a folder that is named: recorded, explained, shown."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import LookAheadError
from engine.core.events import DayDecided
from engine.core.strategy import OWN_PACKAGE
from engine.dashboard.live import LiveRun
from engine.dashboard.record import record_state
from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.record.run_record import read_run
from engine.report.live import live_lines
from engine.settings.registry import params_of, strategy_factory
from tests.support.command import ROOT, call_command, error_sentence, only_run_folder
from tests.support.look_ahead import require_no_look_ahead
from tests.support.markets import faulty_market

PAGE = (ROOT / "strategies" / "README.md").read_text(encoding="utf-8")
_, MOMENTUM, PROFIT_TAKEN = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
CHOSEN = (
    "--set=data.crypto=sample",
    "--set=data.index=sample",
    "--set=strategy.confirmations=[{momentum: {weeks: 20}}]",
    "--set=strategy.exits=[support_lost, {profit_taken: {growth: 0.2}}, time_exit]",
    "--to=2021-12-31",
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder of one's own that holds the files of strategies/README.md, and one that must not run."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "rules").mkdir()
    for name, text in (("momentum", MOMENTUM), ("profit_taken", PROFIT_TAKEN), ("another", "raise SystemExit(3)\n")):
        (folder / "rules" / f"{name}.py").write_text(text, encoding="utf-8")
    yield folder
    for name in [name for name in sys.modules if name == OWN_PACKAGE or name.startswith(f"{OWN_PACKAGE}.")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def run(own: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    logs = tmp_path_factory.mktemp("logs")
    outcome = call_command("backtest", *CHOSEN, "--strategies", own, "--out", logs, "--quiet")
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return only_run_folder(logs)


@pytest.fixture(scope="module")
def days(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]


def told(*arguments: str | Path) -> dict[str, Any]:
    outcome = call_command("explain", *arguments, "--json")
    assert outcome.exit_code == 0, outcome
    content: dict[str, Any] = json.loads(outcome.stdout)
    return content


def test_the_examples_are_as_short_as_the_page_says() -> None:
    assert max(len(text.splitlines()) for text in (MOMENTUM, PROFIT_TAKEN)) < 30


def test_they_are_on_record_on_each_day_on_which_they_were_asked(days: list[dict[str, Any]]) -> None:
    entry, exits = {"breakout", "golden_cross", "momentum", "basket_tradable"}, {
        "support_lost", "profit_taken", "time_exit"
    }  # fmt: skip

    for day in days:
        assert set(day["rules"]) == (exits if day["state"] == "ROTATED" else entry), day["day"]
        for reading in day["rules"].values():
            assert {"holds", "value", "threshold", "since", "distance"} <= set(reading)
        if day["reason"] == "entry":
            assert all(reading["holds"] for reading in day["rules"].values())


def test_the_exit_ends_rotations_under_its_name_by_the_equity_on_record(days: list[dict[str, Any]]) -> None:
    entry, fired = None, 0
    for before, day in zip([None, *days], days, strict=False):
        if day["reason"] == "entry":
            entry = day["equity"]
        if before is not None and day["state"] == "ROTATED":
            reading = day["rules"]["profit_taken"]
            assert entry is not None
            assert reading["value"] == pytest.approx(day["equity"] / entry - 1, abs=1e-9)
            assert reading["threshold"] == 0.2
            assert reading["holds"] == (reading["value"] >= 0.2) == (day["reason"] == "profit_taken")
            fired += reading["holds"]
    assert fired >= 1


def test_explain_names_the_rule_that_fired_and_blocked_counts_what_was_missing(
    run: Path, own: Path, days: list[dict[str, Any]]
) -> None:
    fired = next(day for day in days if day["reason"] == "profit_taken")

    explained = told(run, "--day", fired["day"], "--strategies", own)
    blocked = told(run, "--blocked", "--strategies", own)

    by_name = {part["name"]: part for part in explained["tree"]["parts"]}
    assert explained["note"] == ""
    assert [name for name, part in by_name.items() if part["holds"]] == ["profit_taken"]
    recorded = fired["rules"]["profit_taken"]
    assert (by_name["profit_taken"]["value"], by_name["profit_taken"]["threshold"]) == (recorded["value"], 0.2)
    assert "momentum" in {*blocked["alone"], *blocked["among"]}


def test_report_panel_and_dashboard_show_them(run: Path, days: list[dict[str, Any]]) -> None:
    events = list(read_journal(run / JOURNAL_FILE, EventCodec()))
    fired = next(place for place, event in enumerate(events) if getattr(event, "reason", "") == "profit_taken")
    live = LiveRun(run, None)
    live.take(events[: fired + 1])
    outside = next(day for day in days if "momentum" in day["rules"])
    waiting = LiveRun(run, None)
    waiting.take([event for event in events if isinstance(event, DayDecided)][: days.index(outside) + 1])

    page = (run / "report.html").read_text(encoding="utf-8")
    panel = "\n".join(line.plain for line in live_lines(live.state().status, width=100, height=60))

    content = re.search(r'<script[^>]*id="content"[^>]*>(.*?)</script>', page, flags=re.DOTALL)
    assert content is not None
    shown = json.loads(content[1])
    assert {"momentum", "profit_taken"} <= set(shown["panel"]["rules"])
    for name in ("momentum", "profit_taken"):
        recorded = [day["rules"].get(name, {}).get("value") for day in days]
        assert shown["columns"][f"rule-{name} value"] == [
            value if value is None else float(f"{value:.7g}") for value in recorded
        ]
        drawn = [trace["name"] for trace in shown["figures"][f"rule-{name}"]["data"]]
        assert drawn[:2] == ["threshold", "value"], name
    assert list(shown["figures"])[1:3] == ["rule-breakout", "rule-golden_cross"]
    assert re.search(r"✓ profit_taken: 0\.2\d* against 0\.2", panel)
    assert {signal.name: signal.is_on for signal in live.state().signals}["profit taken"] is True
    assert "momentum" in {signal.name for signal in waiting.state().signals}
    assert {signal.name for signal in record_state(read_run(run)).signals} >= {"breakout"} or days[-1]["rules"]


def test_the_proof_of_no_look_ahead_runs_over_them(own: Path) -> None:
    chosen = {
        "basket": {"ETH": 0.4},
        "basket_equal": ["SOL", "BNB", "XRP"],
        "macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20, "valid_weeks": 6},
        "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2, "loss_sessions": 2},
        "confirmations": [{"momentum": {"weeks": 2}}],
        "exits": [{"profit_taken": {"growth": 0.02}}],
    }
    params = params_of("rotation", own).model_validate(chosen)
    ahead = own / "rules" / "ahead.py"
    ahead.write_text(
        MOMENTUM.replace("Momentum", "Ahead").replace("core.close /", "core.close[-1] /"), encoding="utf-8"
    )
    leaking = params_of("rotation", own).model_validate({**chosen, "confirmations": ["ahead"]})
    market = faulty_market(3, years=4)

    tried: Any = {"days_back": 0, "cut_too": False, "days_apart": 3}
    decided = require_no_look_ahead(strategy_factory("rotation")(params), market, **tried)

    assert "profit_taken" in {day.reason for day in decided}
    with pytest.raises(LookAheadError):
        require_no_look_ahead(strategy_factory("rotation")(leaking), market, **tried)


def test_explain_finds_a_rule_out_that_looks_ahead(own: Path, days: list[dict[str, Any]]) -> None:
    (own / "rules" / "ahead.py").write_text(
        MOMENTUM.replace("Momentum", "Ahead").replace("core.close /", "core.close[-1] /"), encoding="utf-8"
    )
    entry = next(day["day"] for day in days if day["reason"] == "entry")
    ahead = [each.replace("{momentum: {weeks: 20}}", "{ahead: {weeks: 20}}") for each in CHOSEN[:-1]]

    shipped = ROOT / "config" / "rotation.yaml"
    outcome = call_command("explain", shipped, "--day", entry, *ahead, "--strategies", own)

    assert outcome.exit_code == 5
    assert f"error: {entry}: the entry decision rests on bars that were not known" in outcome.stderr


def test_a_folder_that_is_not_there_exits_2_and_every_command_takes_one(tmp_path: Path, own: Path) -> None:
    missing = error_sentence(call_command("backtest", "--strategies", tmp_path / "none"), exit_code=2)

    assert missing.endswith("is no folder; name the folder of your own strategies")
    assert "--strategies" in call_command("dashboard", "--help").stdout
    shown = call_command("config", "show", "config/rotation.yaml", *CHOSEN[2:4], "--strategies", own)
    assert "profit_taken" in shown.stdout
