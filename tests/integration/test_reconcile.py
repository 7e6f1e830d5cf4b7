"""A paper run on the practice exchange against the backtest of its days: what differs shows under its own cause."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from engine.core.errors import ConfigError, DataError
from engine.journal.chain import Head, next_record
from engine.practice.faults import Fault
from engine.wiring.analysis.reconcile import print_reconciliation
from tests.support.command import call_command, small_configuration
from tests.support.command import write_small_market as write_market
from tests.support.rehearsal import Rehearsal

DAYS = (date(2015, 11, 10), date(2015, 12, 30))
"""The entry of 2015-11-15 and the exit six weeks later."""
SHORT = (DAYS[0], date(2015, 11, 20))
ORDER = {"method": "POST", "path": "/api/v3/order"}
NOW = datetime(2018, 1, 1, tzinfo=UTC)

Open = Callable[..., Rehearsal]
Events = list[tuple[str, dict[str, Any]]]
"""Records of a journal: types and bodies."""


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_market(folder)
    return folder


@pytest.fixture
def rehearse(tmp_path: Path, market: Path) -> Open:
    def opened(days: tuple[date, date] = DAYS, *, market: Path = market, **configuration: Any) -> Rehearsal:
        wanted = {key: value for key, value in small_configuration(market).items() if key != "data"}
        return Rehearsal(market, tmp_path / "out", {**wanted, **configuration}, days=days)

    return opened


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, market: Path) -> Path:
    """Run once through an entry; give the folder, for tests that change nothing of the run itself."""
    configuration = {key: value for key, value in small_configuration(market).items() if key != "data"}
    with Rehearsal(market, tmp_path_factory.mktemp("run") / "out", configuration, days=SHORT).open() as rehearsal:
        assert rehearsal.run().exit_code == 0
    return rehearsal.folder


class Unshown:
    """A progress bar that shows nothing."""

    def __call__(self, line: str) -> None:
        pass

    def expect(self, total: int) -> None:
        pass

    def advance(self) -> None:
        pass


def reconciled(
    folder: Path, market: Path, capsys: pytest.CaptureFixture[str], *assignments: str
) -> tuple[int, dict[str, Any]]:
    """Reconcile with the prices of a folder; give the exit code and the content of the JSON."""
    console = Console(width=80)
    data = ("data.crypto=csv", "data.index=csv", f"data.csv_dir={market}", *assignments)
    around = {"now": lambda: NOW, "progress": Unshown()}
    capsys.readouterr()
    code = print_reconciliation(console, folder, assignments=data, as_json=True, **around)  # type: ignore[arg-type]
    summary = json.loads(capsys.readouterr().out)
    assert sum(row["bp"] for row in summary["causes"].values()) == pytest.approx(summary["gap_bp"], abs=1e-4)
    assert sum(row["bp"] for row in summary["differences"]) == pytest.approx(summary["gap_bp"], abs=1e-4)
    assert print_reconciliation(console, folder, assignments=data, as_json=False, **around) == code  # type: ignore[arg-type]
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    print(shown)
    return code, summary


def causes_of(summary: dict[str, Any]) -> set[str]:
    return set(summary["causes"])


def rows_of(summary: dict[str, Any], cause: str) -> list[dict[str, Any]]:
    return [row for row in summary["differences"] if row["cause"] == cause]


def revised(market: Path, to: Path, name: str, change: Callable[[date, list[float]], Sequence[float]]) -> Path:
    """Copy a market, with other prices in one file."""
    shutil.copytree(market, to)
    header, *rows = (to / name).read_text(encoding="utf-8").splitlines()
    changed = []
    for row in rows:
        day, *values = row.split(",")
        prices = change(date.fromisoformat(day), [float(value) for value in values[:4]])
        changed.append(",".join([day, *map(str, prices), *values[4:]]))
    (to / name).write_text("\n".join([header, *changed, ""]), encoding="utf-8")
    return to


ORDINARY = {"filter rounding", "fees in base coin", "timing", "basis", "fill price model"}
"""What every run on an exchange meets."""


def test_an_undisturbed_run_is_explained_whole(
    rehearse: Open, market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rehearse().open() as rehearsal:
        assert rehearsal.run().exit_code == 0

    code, summary = reconciled(rehearsal.folder, market, capsys)

    assert code == 0, summary
    assert (summary["decision_days"], summary["orders"], summary["fills"]) == (51, 5, 5)
    assert causes_of(summary) <= ORDINARY
    # A commission of a thousandth is taken from the coins of three purchases.
    assert -5 < summary["causes"]["fees in base coin"]["bp"] < -1


def test_a_revised_close_is_a_data_revision(
    undisturbed: Path, market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(day: date, prices: list[float]) -> Sequence[float]:
        first, high, low, last = prices
        return (first, high, low, round(last * 0.999, 6)) if day in (DAYS[0], SHORT[1]) else prices

    today = revised(market, tmp_path / "today", "ETH.csv", change)
    today = revised(today, tmp_path / "later", "BTC.csv", change)

    code, summary = reconciled(undisturbed, today, capsys)

    assert code == 0, summary
    rows = rows_of(summary, "data revision")
    assert {row["kind"] for row in rows} == {"bar"}
    # All in ETH on the last day: the live run valued it a thousandth higher, which is ten basis points.
    (last,) = [row for row in rows if row["day"] == str(SHORT[1]) and row["what"].startswith("ETH")]
    assert last["bp"] == pytest.approx(10, abs=0.1)


def test_a_revised_index_that_changes_the_decision_is_a_data_revision(
    undisturbed: Path, market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(day: date, prices: list[float]) -> Sequence[float]:
        # Three closes under the support of then: today's data know no breakout.
        return [price * 0.7 for price in prices] if date(2015, 10, 5) <= day <= date(2015, 11, 20) else prices

    today = revised(market, tmp_path / "today", "RUT.csv", change)

    code, summary = reconciled(undisturbed, today, capsys)

    assert code == 0, summary
    (row,) = rows_of(summary, "data revision")
    assert (row["day"], row["kind"]) == ("2015-11-15", "decision")
    assert "entry, in the backtest hold; index." in row["what"]
    assert abs(row["bp"]) > 10


def test_an_order_of_unknown_outcome_is_an_incident_that_costs_nothing(
    rehearse: Open, market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearsal = rehearse(SHORT)
    rehearsal.exchange.add_fault(Fault(kind="drop", when="after", nth=2, **ORDER))  # type: ignore[arg-type] # str by str
    with rehearsal.open():
        rehearsal.run()

    code, summary = reconciled(rehearsal.folder, market, capsys)

    assert code == 0, summary
    (row,) = [row for row in rows_of(summary, "incident") if row["kind"] == "order"]
    assert row["what"].startswith("sell BTC outcome unknown")
    assert row["bp"] == 0


def test_a_rejected_order_is_an_incident_with_its_cost(
    rehearse: Open, market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearsal = rehearse(SHORT)
    fault = Fault(kind="error", code=-1013, message="Filter failure: LOT_SIZE", nth=3, **ORDER)  # type: ignore[arg-type]
    rehearsal.exchange.add_fault(fault)
    with rehearsal.open():
        rehearsal.run()

    code, summary = reconciled(rehearsal.folder, market, capsys)

    assert code == 0, summary
    rows = rows_of(summary, "incident")
    (cost,) = [row for row in rows if "executed live" in row["what"]]
    assert "planned again" in cost["what"]
    assert [row for row in rows if "rejected: filter" in row["what"]]
    # Bought a day later, at the price of that day: what that costs is the incident's too.
    (late,) = [row for row in rows if "in the backtest" in row["what"]]
    assert abs(late["bp"]) > 1


def test_a_partial_fill_whose_rest_was_left_is_an_incident(
    rehearse: Open, market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearsal = rehearse(SHORT)
    fault = Fault(kind="partial", share=Decimal("0.04"), nth=3, times=5, **ORDER)  # type: ignore[arg-type]
    rehearsal.exchange.add_fault(fault)
    with rehearsal.open():
        rehearsal.run()

    code, summary = reconciled(rehearsal.folder, market, capsys)

    assert code == 0, summary
    whats = [row["what"] for row in rows_of(summary, "incident")]
    assert [what for what in whats if "left after 5 attempts" in what]
    assert sum("attempt" in what for what in whats) >= 4


def test_an_outage_of_several_days_is_timing(rehearse: Open, market: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 12)
        rehearsal.run()
        rehearsal.exchange.set_clock(rehearsal.exchange.now.replace(day=20))
        rehearsal.last_day = date(2015, 11, 25)
        rehearsal.run()

    code, summary = reconciled(rehearsal.folder, market, capsys)

    assert code == 0, summary
    assert causes_of(summary) <= ORDINARY
    rows = rows_of(summary, "timing")
    assert [row for row in rows if "entry: ETH sized on 2015-11-19, 4 days late" in row["what"]]
    assert abs(summary["causes"]["timing"]["bp"]) > 10


def test_a_configuration_accepted_midway_is_told(
    rehearse: Open, market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rehearse((DAYS[0], date(2015, 12, 10))).open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 30)
        assert rehearsal.run("--set", "strategy.hold_weeks=1").exit_code == 0
        rehearsal.last_day = date(2015, 12, 10)
        assert rehearsal.run("--accept-config").exit_code == 0

    code, summary = reconciled(rehearsal.folder, market, capsys)

    assert code == 0, summary
    rows = rows_of(summary, "configuration")
    assert [(row["day"], row["kind"]) for row in rows] == [("2015-11-22", "decision")]
    assert rows[0]["what"].startswith("time_exit, in the backtest hold")
    assert abs(rows[0]["bp"]) > 10


def test_a_reset_of_the_exchange_is_an_incident(
    rehearse: Open, market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 17)
        rehearsal.run()
        rehearsal.exchange.reset(keep_klines=True)
        rehearsal.last_day = SHORT[1]
        outcome = rehearsal.run()
    assert outcome.exit_code == 0, outcome

    code, summary = reconciled(rehearsal.folder, market, capsys)

    assert code == 0, summary
    # What selling on the lot step had left of BTC was too little to be bought back, and is lost.
    rows = rows_of(summary, "incident")
    assert [row["what"] for row in rows] == ["the exchange was reset", "BTC: too little to buy back after the reset"]
    assert -0.1 < rows[1]["bp"] < 0


@pytest.mark.parametrize(("key", "value"), [("price", "300"), ("quantity", "200"), ("notional", "90000")])
def test_a_tampered_fill_is_unexplained(
    undisturbed: Path, market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: str
) -> None:
    folder = tmp_path / "tampered"
    shutil.copytree(undisturbed, folder)
    _tamper(folder / "journal.sqlite", key, value)

    code, summary = reconciled(folder, market, capsys)

    assert code == 5
    whats = [row["what"] for row in rows_of(summary, "unexplained")]
    assert [what for what in whats if "hash chain" in what]
    assert [what for what in whats if "on record" in what]
    # They may cancel: the balance on record is what it was.
    assert max(abs(row["bp"]) for row in rows_of(summary, "unexplained")) > 10


def _tamper(path: Path, key: str, value: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute("SELECT seq, body FROM records WHERE type = 'OrderFilled' ORDER BY seq")
        sequence, body = rows.fetchall()[0]
        content = json.loads(body)
        content["event"]["fill"][key] = value
        connection.execute("UPDATE records SET body = ? WHERE seq = ?", (json.dumps(content), sequence))


def _one_step_less(events: Events) -> Events:
    planned = next(body["event"]["order"] for type_, body in events if type_ == "OrderPlanned")
    planned["quantity"] = str(Decimal(planned["quantity"]) - Decimal("0.00001"))
    return events


def _never_sent(events: Events) -> Events:
    place = next(place for place, (type_, _) in enumerate(events) if type_ == "OrderSent")
    return [*events[:place], *events[place + 2 :]]


def _filled_twice(events: Events) -> Events:
    place = next(place for place, (type_, _) in enumerate(events) if type_ == "OrderFilled")
    return [*events[: place + 1], *events[place:]]


def _another_reason(events: Events) -> Events:
    decided = next(body["event"] for type_, body in events if type_ == "DayDecided" and body["event"]["changed"])
    decided["reason"] = "whim"
    return events


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (_one_step_less, "order", "live, its account asks for"),
        (_never_sent, "fill", "executed live; never sent"),
        (_filled_twice, "fill", "executed live"),
        (_another_reason, "decision", "on the same evidence"),
    ],
)
def test_a_fault_that_the_whole_record_is_true_to_is_unexplained(
    undisturbed: Path,
    market: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Events], Events],
    kind: str,
    words: str,
) -> None:
    folder = tmp_path / "resealed"
    shutil.copytree(undisturbed, folder)
    _reseal(folder / "journal.sqlite", change)

    code, summary = reconciled(folder, market, capsys)

    rows = rows_of(summary, "unexplained")
    assert code == 5
    assert [row for row in rows if row["kind"] == kind and words in row["what"]], rows
    assert not [row for row in rows if "hash chain" in row["what"]]


def _reseal(path: Path, change: Callable[[Events], Events]) -> None:
    """Change a journal's events, and chain them anew."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute("SELECT type, body FROM records ORDER BY seq").fetchall()
        events = change([(type_, json.loads(body)) for type_, body in rows])
        connection.execute("DELETE FROM records")
        head = Head()
        for type_, body in events:
            record = next_record(head, type_, json.dumps(body))
            values = (record.sequence, record.type, record.body, record.previous, record.hash)
            connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", values)
            head = Head(sequence=record.sequence, hash=record.hash)


def test_a_backtest_has_nothing_to_be_reconciled_with(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(small_configuration(market)), encoding="utf-8")
    assert call_command("backtest", config, "--out", tmp_path / "out", "--no-report").exit_code == 0
    (folder,) = (tmp_path / "out").iterdir()

    with pytest.raises(ConfigError, match="wants a paper run"):
        reconciled(folder, market, capsys)


def test_data_that_begin_too_late_end_with_one_sentence(
    undisturbed: Path, market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = tmp_path / "late"
    shutil.copytree(market, late)
    header, *rows = (late / "BTC.csv").read_text(encoding="utf-8").splitlines()
    (late / "BTC.csv").write_text("\n".join([header, *rows[300:], ""]), encoding="utf-8")

    with pytest.raises(DataError, match=r"allow to decide from|no decision day"):
        reconciled(undisturbed, late, capsys)
