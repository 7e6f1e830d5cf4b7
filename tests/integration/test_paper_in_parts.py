"""`paper` on the practice exchange through an entry and an exit in parts: stopped, reset, and down in their midst."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.core.events import AccountReset, Event
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.record.projections import booked_fills
from tests.support.command import call_command, only_run_folder, small_configuration, write_small_market
from tests.support.rehearsal import Rehearsal

DAYS = (date(2015, 11, 10), date(2016, 1, 14))
"""The entry of 2015-11-15 and the exit six weeks later."""
PARTS = ["2015-11-15", "2015-11-22", "2015-11-29"]
FURTHER: Any = {
    "tranches": {"entry": 3, "exit": 2},
    "weights": {"inverse_volatility": {"days": 20}},
    "reentry": "breakout_again",
    "exits": [{"confirmation_lost": {"of": {"any": ["blue_sky", "season"]}, "days": 60}}, "time_exit"],
}

Open = Callable[[], Rehearsal]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    return folder


@pytest.fixture
def rehearse(tmp_path: Path, market: Path) -> Open:
    def opened() -> Rehearsal:
        small = small_configuration(market)
        further = {"strategy": {**small["strategy"], **FURTHER}, "risk": {"volatility_target": 0.05}}
        return Rehearsal(market, tmp_path / "out", {"window": small["window"], **further}, days=DAYS)

    return opened


@pytest.fixture(scope="module")
def expected(market: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Give the decisions of the backtest over the same days."""
    folder = tmp_path_factory.mktemp("backtest")
    small = small_configuration(market)
    values = {**small, "strategy": {**small["strategy"], **FURTHER}, "risk": {"volatility_target": 0.05}}
    config = folder / "config.yaml"
    config.write_text(json.dumps(values), encoding="utf-8")  # JSON is YAML
    span = ["--from", str(DAYS[0]), "--to", str(DAYS[1])]
    done = call_command("backtest", config, *span, "--out", folder / "logs", "--no-report")
    assert done.exit_code == 0, done
    text = (only_run_folder(folder / "logs") / "decisions.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def without_money(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what fees in coins and prices on ticks make different."""
    return [{key: value for key, value in decision.items() if key not in ("equity", "cash")} for decision in decisions]


def events_of(rehearsal: Rehearsal) -> list[Event]:
    return list(read_journal(rehearsal.folder / JOURNAL_FILE))


def traded_on(rehearsal: Rehearsal) -> list[tuple[str, str]]:
    """Give the decision days of what was traded, each once, with the reason."""
    fills = [fill for fill in booked_fills(events_of(rehearsal)) if not fill.restores]
    return list(dict.fromkeys((str(fill.decision_day), fill.reason) for fill in fills))


def test_the_span_holds_an_entry_and_an_exit_in_parts_that_are_scaled(expected: list[dict[str, Any]]) -> None:
    changes = [(day["day"], day["reason"]) for day in expected if day["reason"] != "hold"]

    assert changes == [
        ("2015-11-10", "start"),
        *((day, "entry") for day in PARTS),
        ("2015-12-27", "time_exit"),
        ("2016-01-03", "time_exit"),
    ]
    assert min(sum(day["targets"].values()) for day in expected) < 0.9


def test_a_bot_that_is_stopped_in_mid_tranche_goes_on_with_the_next_part(
    rehearse: Open, expected: list[dict[str, Any]]
) -> None:
    with rehearse().open() as rehearsal:
        for last in (date(2015, 11, 18), DAYS[1]):
            rehearsal.last_day = last
            outcome = rehearsal.run()
            assert outcome.exit_code == 0, outcome

    assert without_money(rehearsal.decisions()) == without_money(expected)
    assert [day for day, reason in traded_on(rehearsal) if reason == "entry"] == PARTS


def test_a_reset_in_mid_tranche_leaves_the_parts_as_they_were(rehearse: Open, expected: list[dict[str, Any]]) -> None:
    with rehearse().open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 18)
        rehearsal.run()
        rehearsal.exchange.reset(keep_klines=True)
        rehearsal.last_day = date(2015, 12, 1)
        outcome = rehearsal.run()

    assert outcome.exit_code == 0, outcome
    assert [event.epoch for event in events_of(rehearsal) if isinstance(event, AccountReset)] == [2]
    assert without_money(rehearsal.decisions()) == without_money(expected)[: len(rehearsal.decisions())]


def test_a_part_that_falls_into_an_outage_is_traded_for_at_the_next_start(
    rehearse: Open, expected: list[dict[str, Any]]
) -> None:
    with rehearse().open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 18)
        rehearsal.run()
        # The second part, of the 22nd, falls into the outage.
        rehearsal.exchange.set_clock(rehearsal.exchange.now.replace(day=26))
        rehearsal.last_day = date(2015, 12, 1)
        outcome = rehearsal.run()

    assert outcome.exit_code == 0, outcome
    assert without_money(rehearsal.decisions()) == without_money(expected)[: len(rehearsal.decisions())]
    assert [day for day, reason in traded_on(rehearsal) if reason == "entry"] == [PARTS[0], "2015-11-25", PARTS[2]]
