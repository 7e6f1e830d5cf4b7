"""`paper` as a user types it, on the practice exchange, day by day through a rotation; killed, stopped, misused."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.events import AccountReset, ContextSeen, Event
from engine.core.ledger import Ledger
from engine.journal.lock import only_writer
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.practice.calls import Call
from engine.practice.signatures import HmacKey
from engine.record.projections import booked_fills, decided_days
from engine.trading.recovery import standing_of
from engine.trading.standing import Standing
from tests.support.command import call_command, entries_below, error_sentence, only_run_folder, small_configuration
from tests.support.command import write_small_market as write_market
from tests.support.fakes import ScriptedState
from tests.support.rehearsal import KEY, TIME, Death, Rehearsal

WHOLE = (date(2015, 11, 10), date(2016, 12, 1))
"""Thirteen months with entries and exits."""
SHORT = (date(2015, 11, 10), date(2015, 12, 30))
"""The entry of 2015-11-15 and the exit six weeks later."""
CASH = Decimal(100_000)
MOST_KILLS = 4
"""Each may cost the seven seconds for which a new process looks for an order that is not there."""

Open = Callable[..., Rehearsal]


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_market(folder)
    return folder


@pytest.fixture
def rehearse(tmp_path: Path, market: Path) -> Open:
    def opened(days: tuple[date, date], *, market: Path = market, **configuration: Any) -> Rehearsal:
        wanted = {key: value for key, value in small_configuration(market).items() if key != "data"}
        return Rehearsal(market, tmp_path / "out", {**wanted, **configuration}, days=days)

    return opened


@pytest.fixture(scope="session")
def undisturbed(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """A run over the short days in which nothing goes wrong."""
    configuration = {key: value for key, value in small_configuration(market).items() if key != "data"}
    folder = tmp_path_factory.mktemp("undisturbed")
    with Rehearsal(market, folder / "out", configuration, days=SHORT).open() as rehearsal:
        outcome = rehearsal.run()
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return rehearsal


@pytest.fixture(scope="session")
def short_backtest(undisturbed: Rehearsal, market: Path) -> list[dict[str, Any]]:
    return backtested(undisturbed, market, SHORT)


def events_of(rehearsal: Rehearsal) -> list[Event]:
    return list(read_journal(rehearsal.folder / JOURNAL_FILE))


def ledger_of(rehearsal: Rehearsal) -> Ledger:
    fresh = Standing(ledger=Ledger(quote="USDT", cash=CASH), state=ScriptedState())
    return standing_of(events_of(rehearsal), fresh).ledger


def assert_balances_are_the_ledgers(rehearsal: Rehearsal) -> None:
    ledger = ledger_of(rehearsal)
    assert rehearsal.bought() == {**ledger.positions, "USDT": ledger.cash - CASH}


class ResetOn:
    """Resets the exchange before it answers the first request of a path on or after a day."""

    def __init__(self, rehearsal: Rehearsal, day: date, path: str, method: str, *, keep_klines: bool = True) -> None:
        self._keep_klines = keep_klines
        self.was_done = False
        self._exchange = rehearsal.exchange
        self._day, self._path, self._method = day, path, method

    def __call__(self, call: Call) -> Death | None:
        wanted = (call.method, call.path) == (self._method, self._path)
        if wanted and not self.was_done and self._exchange.now.date() > self._day:
            self.was_done = True
            self._exchange.reset(keep_klines=True)
        return None


@pytest.mark.parametrize(
    ("day", "path", "method"),
    [
        pytest.param(date(2015, 11, 12), TIME, "GET", id="holding the core"),
        pytest.param(date(2015, 11, 25), TIME, "GET", id="in mid-rotation"),
        pytest.param(date(2015, 12, 26), TIME, "GET", id="on the day before the exit"),
        pytest.param(date(2015, 11, 14), "/api/v3/order", "POST", id="as the sell of the entry is sent"),
    ],
)
def test_a_reset_of_the_testnet_leaves_the_track_record_whole(
    rehearse: Open, undisturbed: Rehearsal, day: date, path: str, method: str
) -> None:
    expected = undisturbed.decisions()
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.is_fatal = reset = ResetOn(rehearsal, day, path, method)
        outcome = rehearsal.run()

    assert (outcome.exit_code, reset.was_done) == (0, True), outcome
    assert outcome.stderr.count("the exchange was reset") == 1
    assert without_money(rehearsal.decisions()) == without_money(expected)
    # Crumbs that cannot be bought back are written off: at the most the least notional of a coin.
    equity = [decision["equity"] for decision in rehearsal.decisions()]
    assert equity == pytest.approx([decision["equity"] for decision in expected], rel=1e-4)
    (event,) = [event for event in events_of(rehearsal) if isinstance(event, AccountReset)]
    ledger = ledger_of(rehearsal)
    before = {**event.positions, "USDT": event.cash}
    assets = {*ledger.positions, *ledger.outside, *before, "USDT"}
    # Since the reset the exchange has seen what the ledger has, and what was bought back, to the last digit.
    changed = {
        asset: (ledger.cash if asset == "USDT" else ledger.quantity(asset))
        - before.get(asset, Decimal(0))
        + ledger.outside.get(asset, Decimal(0))
        for asset in assets
    }
    assert rehearsal.bought() == {asset: change for asset, change in changed.items() if change}
    # What was bought back is at least what is held; nothing was paid for it out of our cash.
    restored = Counter[str]()
    for fill in booked_fills(events_of(rehearsal)):
        if fill.restores:
            restored[fill.asset] += fill.quantity - (fill.fee if fill.fee_asset == fill.asset else 0)  # type: ignore[assignment]
    assert all(restored[asset] >= held for asset, held in event.positions.items())
    assert set(restored) == set(event.positions)


def backtested(rehearsal: Rehearsal, market: Path, days: tuple[date, date]) -> list[dict[str, Any]]:
    """Give the decisions of the backtest over the same days."""
    out = rehearsal.out.parent / "backtest"
    data = ("data.crypto=csv", "data.index=csv", f"data.csv_dir={market}")
    assigned = [part for each in data for part in ("--set", each)]
    span = ["--from", str(days[0]), "--to", str(days[1])]
    done = call_command("backtest", rehearsal.config, *span, "--out", out, "--no-report", *assigned)
    assert done.exit_code == 0, done
    text = (only_run_folder(out) / "decisions.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def without_money(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what fees in coins and prices on ticks make different."""
    return [{key: value for key, value in decision.items() if key not in ("equity", "cash")} for decision in decisions]


def test_it_decides_what_the_backtest_decides_and_its_ledger_is_the_exchanges(rehearse: Open, market: Path) -> None:
    with rehearse(WHOLE).open() as rehearsal:
        outcome = rehearsal.run()

    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    decisions, expected = rehearsal.decisions(), backtested(rehearsal, market, WHOLE)
    assert without_money(decisions) == without_money(expected)
    reasons = Counter(decision["reason"] for decision in decisions)
    assert reasons["entry"] >= 3, reasons
    assert reasons["time_exit"] + reasons["support_lost"] >= 2, reasons
    # Ticks and the fee's currency move equity by much less than a percent in all.
    assert decisions[-1]["equity"] == pytest.approx(expected[-1]["equity"], rel=0.005)
    assert_balances_are_the_ledgers(rehearsal)


def test_a_reset_while_the_bot_was_down_is_made_up_for_at_the_next_start(
    rehearse: Open, short_backtest: list[dict[str, Any]]
) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 30)
        rehearsal.run()
        rehearsal.exchange.reset(keep_klines=True)
        rehearsal.last_day = SHORT[1]
        outcome = rehearsal.run()

    assert outcome.exit_code == 0, outcome
    assert outcome.stderr.count("the exchange was reset") == 1
    assert without_money(rehearsal.decisions()) == without_money(short_backtest)
    assert [event.epoch for event in events_of(rehearsal) if isinstance(event, AccountReset)] == [2]


def test_a_reset_that_wipes_the_candles_too_does_not_blind_a_bot_that_has_seen_them(
    rehearse: Open, short_backtest: list[dict[str, Any]]
) -> None:
    def wipe_once(_: Call) -> Death | None:
        # Once the day before is decided: the bar of a day that nobody has seen would be lost.
        exchange, decided = rehearsal.exchange, date(2015, 11, 25)
        if exchange.epoch == 1 and exchange.now.date() > decided and rehearsal.decisions()[-1]["day"] == str(decided):
            exchange.reset(keep_klines=False)
        return None

    with rehearse(SHORT).open() as rehearsal:
        rehearsal.is_fatal = wipe_once
        outcome = rehearsal.run()

    assert (outcome.exit_code, rehearsal.exchange.epoch) == (0, 2), outcome
    assert outcome.stderr.count("the exchange was reset") == 1
    assert without_money(rehearsal.decisions()) == without_money(short_backtest)


def test_files_are_those_of_a_backtest_and_say_the_same_as_the_journal(undisturbed: Rehearsal) -> None:
    events = events_of(undisturbed)
    days, fills = decided_days(events), booked_fills(events)
    names = {"summary.json", "decisions.jsonl", "fills.csv", "rotations.csv", "equity.csv", "run.log"}
    assert names <= {path.name for path in undisturbed.folder.iterdir()}
    assert len((undisturbed.folder / "fills.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(fills)
    assert len((undisturbed.folder / "equity.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(days)
    summary = json.loads((undisturbed.folder / "summary.json").read_text(encoding="utf-8"))
    assert (summary["mode"], summary["first_day"], summary["last_day"]) == ("paper", *map(str, SHORT))
    assert not [path.name for path in undisturbed.folder.iterdir() if path.name.startswith(".")]


def test_kills_at_random_requests_change_neither_decisions_nor_positions(
    rehearse: Open, undisturbed: Rehearsal
) -> None:
    expected, expected_ledger = undisturbed.decisions(), ledger_of(undisturbed)
    rehearsal = rehearse(SHORT)
    chance = random.Random(1)

    def is_fatal(call: Call) -> Death | None:
        # Most requests are about time and bars; those around orders are where it matters.
        rate = 0.01 if call.path == TIME or call.path.endswith("klines") else 0.3
        if rehearsal.kills >= MOST_KILLS or chance.random() >= rate:
            return None
        return chance.choice(["before", "after"])

    rehearsal.is_fatal = is_fatal
    with rehearsal.open():
        outcome = rehearsal.run_through()

    assert outcome.exit_code == 0, outcome
    # What a death left in doubt is said; nothing else goes wrong.
    assert all(" unresolved: " in line or "was never placed" in line for line in outcome.stderr.splitlines())
    assert rehearsal.kills == MOST_KILLS
    assert rehearsal.decisions() == expected
    assert ledger_of(rehearsal) == expected_ledger
    assert_balances_are_the_ledgers(rehearsal)


def test_a_stopped_bot_goes_on_where_it_stood(rehearse: Open, short_backtest: list[dict[str, Any]]) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 30)
        first = rehearsal.run()
        half = rehearsal.decisions()
        rehearsal.last_day = SHORT[1]
        second = rehearsal.run()

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert half[-1]["day"] == "2015-11-30"
    assert without_money(rehearsal.decisions()) == without_money(short_backtest)
    assert_balances_are_the_ledgers(rehearsal)


def test_days_that_were_missed_are_decided_at_the_next_start_and_traded_once(rehearse: Open, market: Path) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 12)
        rehearsal.run()
        # The entry of the 15th falls into the outage.
        rehearsal.exchange.set_clock(rehearsal.exchange.now.replace(day=20))
        rehearsal.last_day = date(2015, 11, 25)
        rehearsal.run()

    decisions = rehearsal.decisions()
    assert without_money(decisions) == without_money(backtested(rehearsal, market, (SHORT[0], rehearsal.last_day)))
    fills = booked_fills(events_of(rehearsal))
    assert [(str(fill.decision_day), fill.asset, fill.reason) for fill in fills] == [
        ("2015-11-10", "BTC", "start"),
        ("2015-11-19", "BTC", "entry"),
        ("2015-11-19", "ETH", "entry"),
    ]
    assert_balances_are_the_ledgers(rehearsal)


def test_once_does_what_is_to_be_done_and_ends(rehearse: Open) -> None:
    with rehearse(SHORT).open() as rehearsal:
        outcomes = [rehearsal.run("--once") for _ in range(2)]

    assert [outcome.exit_code for outcome in outcomes] == [0, 0]
    assert [decision["day"] for decision in rehearsal.decisions()] == [str(SHORT[0])]
    assert ledger_of(rehearsal).quantity("BTC") > 0
    assert_balances_are_the_ledgers(rehearsal)


def test_once_ends_though_a_market_is_closed(rehearse: Open) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.exchange.halt("BTCUSDT", "HALT")
        halted = rehearsal.run("--once")
        before = ledger_of(rehearsal)
        rehearsal.exchange.halt("BTCUSDT", None)
        rehearsal.run("--once")

    assert halted.exit_code == 0, halted
    assert before.positions == {}
    assert ledger_of(rehearsal).quantity("BTC") > 0


def test_a_session_that_a_file_leaves_out_is_not_waited_for(rehearse: Open, tmp_path: Path) -> None:
    holed = tmp_path / "holed"
    write_market(holed)
    index = holed / "RUT.csv"
    rows = index.read_text(encoding="utf-8").splitlines(keepends=True)
    index.write_text("".join(row for row in rows if not row.startswith("2015-11-24")), encoding="utf-8")

    with rehearse(SHORT, market=holed).open() as rehearsal:
        rehearsal.last_day = date(2015, 11, 25)
        outcome = rehearsal.run()

    assert outcome.exit_code == 0, outcome
    by_day = {decision["day"]: decision for decision in rehearsal.decisions()}
    # The clock stood at the day's end when it was decided: nothing was waited for, so no day was missed.
    assert len(by_day) == 16
    assert by_day["2015-11-24"]["index"]["session"] == "2015-11-23"
    assert "waiting" not in outcome.stdout


def test_a_file_that_is_away_after_an_order_does_not_end_the_run(rehearse: Open, market: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(market, tmp_path / "own"))
    index, away = own / "RUT.csv", own / "away"

    def moved(call: Call) -> Death | None:
        if (call.method, call.path) == ("POST", "/api/v3/order"):
            index.rename(away)
        elif call.path == TIME and away.exists():
            away.rename(index)
        return None

    with rehearse((date(2015, 11, 14), date(2015, 11, 16)), market=own).open() as rehearsal:
        rehearsal.is_fatal = moved
        outcome = rehearsal.run()

    assert outcome.exit_code == 0, outcome
    assert "the files are as of the last change: " in outcome.stderr
    assert [decision["day"] for decision in rehearsal.decisions()] == ["2015-11-14", "2015-11-15", "2015-11-16"]
    assert json.loads((rehearsal.folder / "summary.json").read_text(encoding="utf-8"))["last_day"] == "2015-11-16"


@pytest.mark.parametrize(
    "key",
    [HmacKey(name=KEY.name, secret="another-secret-of-64-characters"), HmacKey(name="unknown", secret=KEY.secret)],
    ids=["wrong secret", "unknown key"],
)
def test_wrong_keys_end_with_one_sentence_before_anything_is_written(rehearse: Open, key: HmacKey) -> None:
    with rehearse(SHORT).open() as rehearsal:
        outcome = rehearsal.run(key=key)

    sentence = error_sentence(outcome, exit_code=4)
    assert "BINANCE_TESTNET_API" in sentence
    assert key.secret not in sentence
    assert not rehearsal.out.exists()


def test_missing_keys_end_with_one_sentence_before_anything_is_written(rehearse: Open) -> None:
    asked: list[Call] = []
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.is_fatal = asked.append
        outcome = rehearsal.run(key=HmacKey(name="", secret=""))

    assert "BINANCE_TESTNET_API_KEY" in error_sentence(outcome, exit_code=4)
    # An exchange that cannot be reached would be asked for minutes before that is said.
    assert asked == []
    assert not rehearsal.out.exists()


def test_a_key_revoked_in_the_middle_ends_with_one_sentence_and_whole_files(rehearse: Open) -> None:
    with rehearse(SHORT).open() as rehearsal:

        def revoked(_: Call) -> None:
            if rehearsal.exchange.now.date() == date(2015, 11, 25):
                rehearsal.exchange.revoke_key(KEY.name)

        rehearsal.is_fatal = revoked
        outcome = rehearsal.run()
        days = [decision["day"] for decision in rehearsal.decisions()]
        curve = (rehearsal.folder / "equity.csv").read_text(encoding="utf-8").splitlines()[1:]

    assert "refuses the key" in error_sentence(outcome, exit_code=4)
    assert days[-1] == "2015-11-23"
    assert [row.split(",")[0] for row in curve] == days


def test_a_second_bot_on_the_same_folder_is_refused_and_changes_nothing(rehearse: Open) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.run("--once")
        with only_writer(rehearsal.folder / JOURNAL_FILE):
            before = entries_below(rehearsal.folder)
            outcome = rehearsal.run("--accept-config", "--set", "strategy.hold_weeks=7")
            after = entries_below(rehearsal.folder)

    assert "another bot" in error_sentence(outcome, exit_code=2)
    assert after == before


def test_a_changed_configuration_is_refused_with_the_difference_and_taken_when_accepted(rehearse: Open) -> None:
    change = ("--set", "strategy.hold_weeks=7")
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.run("--once")
        refused = rehearsal.run("--once", *change)
        accepted = rehearsal.run("--once", *change, "--accept-config")
        kept = rehearsal.run("--once", *change)

    sentence = error_sentence(refused, exit_code=2)
    assert "strategy.hold_weeks was 6, is 7" in sentence
    assert "--accept-config" in sentence
    assert (accepted.exit_code, kept.exit_code) == (0, 0)


def test_another_amount_of_cash_does_not_change_the_past(rehearse: Open) -> None:
    with rehearse(SHORT).open() as rehearsal:
        rehearsal.run("--once")
        rehearsal.exchange.advance(rehearsal.exchange.now - rehearsal.exchange.now.replace(day=10))
        outcome = rehearsal.run("--once", "--set", "account.cash=50000", "--accept-config")

    assert outcome.exit_code == 0, outcome
    assert [round(decision["equity"], -4) for decision in rehearsal.decisions()] == [100_000, 100_000]
    assert_balances_are_the_ledgers(rehearsal)


def test_an_account_with_less_than_the_cash_is_refused_and_may_be_begun_with_less(rehearse: Open) -> None:
    with rehearse(SHORT).open() as rehearsal:
        refused = rehearsal.run("--once", "--set", "account.cash=2000000")
        begun = rehearsal.run("--once")

    assert "holds 1000000 USDT" in error_sentence(refused, exit_code=4)
    assert begun.exit_code == 0, begun
    assert_balances_are_the_ledgers(rehearsal)


def test_neither_key_nor_secret_is_in_any_file_or_on_the_screen(rehearse: Open) -> None:
    with rehearse(SHORT).open() as rehearsal:
        first = rehearsal.run("--once")
        rehearsal.exchange.revoke_key(KEY.name)
        second = rehearsal.run("--once")

    assert (first.exit_code, second.exit_code) == (0, 4)
    shown = first.stdout + first.stderr + second.stdout + second.stderr
    texts = [shown.encode(), *(content for content in entries_below(rehearsal.out).values() if content is not None)]
    assert len(texts) > 6
    for secret in (KEY.name, KEY.secret):
        assert not [text for text in texts if secret.encode() in text]


JUMP = (date(2015, 11, 9), date(2015, 11, 13))
"""Before the entry: the coin that jumps is not held."""


@pytest.fixture
def jumpy_market(tmp_path: Path) -> Path:
    """Give the small market with another ETH from 2015-11-12 on, at a thousand times the price."""
    folder = tmp_path / "jumpy"
    write_market(folder)
    path = folder / "ETH.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines]
    for row in rows:
        if row[0] >= "2015-11-12":
            row[1:5] = [repr(float(price) * 1000) for price in row[1:5]]
    path.write_text("\n".join([header, *map(",".join, rows), ""]), encoding="utf-8")
    return folder


def test_a_jump_that_comes_while_the_bot_runs_is_said_once(rehearse: Open, jumpy_market: Path) -> None:
    with rehearse(JUMP, market=jumpy_market).open() as rehearsal:
        outcome = rehearsal.run()

    assert outcome.exit_code == 0, outcome
    said = "WARNING: ETH: jump of the price: the close of 2015-11-12 is "
    assert outcome.stderr.count(said) == 1
    log = (rehearsal.folder / "run.log").read_text(encoding="utf-8")
    assert log.count("2015-11-13T00:00:00Z WARNING ETH: jump of the price: the close of 2015-11-12 is ") == 1
    summary = json.loads((rehearsal.folder / "summary.json").read_text(encoding="utf-8"))
    assert len(summary["doubts"]) == 1
    assert summary["notes"][0] == summary["doubts"][0]
    assert [decision["day"] for decision in rehearsal.decisions()][-1] == "2015-11-13"


def test_a_jump_that_comes_while_the_bot_runs_ends_one_that_refuses_it(rehearse: Open, jumpy_market: Path) -> None:
    with rehearse(JUMP, market=jumpy_market).open() as rehearsal:
        outcome = rehearsal.run("--set", "data.jumps=error")
        goes_on = rehearsal.run("--set", "data.jumps=note")

    assert error_sentence(outcome, exit_code=3).startswith("ETH: jump of the price: the close of 2015-11-12 is ")
    # The day was not decided; the way on binds no other configuration.
    assert goes_on.exit_code == 0, goes_on
    assert [decision["day"] for decision in rehearsal.decisions()] == [f"2015-11-{day:02}" for day in range(9, 14)]


def test_an_index_file_that_is_shifted_stops_the_bot_before_it_decides(rehearse: Open, jumpy_market: Path) -> None:
    path = jumpy_market / "RUT.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    early = [[str(date.fromisoformat(line[:10]) - timedelta(days=1)), line[10:]] for line in lines]
    path.write_text("\n".join([header, *map("".join, early), ""]), encoding="utf-8")

    with rehearse(JUMP, market=jumpy_market).open() as rehearsal:
        outcome = rehearsal.run()

    assert "the whole series is shifted by a day" in error_sentence(outcome, exit_code=3)
    assert not (rehearsal.folder / "decisions.jsonl").exists()


def test_with_context_each_days_board_is_on_record_and_decisions_are_the_same(rehearse: Open, tmp_path: Path) -> None:
    entry = (date(2015, 11, 12), date(2015, 11, 18))
    with rehearse(entry).open() as plain:
        plain.run()
        decided = [{key: each[key] for key in each if key != "closes"} for each in plain.decisions()]
        shutil.rmtree(plain.out)
    with rehearse(entry).open() as rehearsal:
        ended = rehearsal.run("--context", "--set", "data.macro=csv", "--set", f"data.macro_dir={tmp_path / 'nothing'}")

        seen = [event for event in events_of(rehearsal) if isinstance(event, ContextSeen)]
        days = [event.day for event in decided_days(events_of(rehearsal))]
        assert ended.exit_code == 0, ended.stderr
        assert [{key: each[key] for key in each if key != "closes"} for each in rehearsal.decisions()] == decided
        assert [each.day for each in seen] == days
        assert len(seen[0].facts) == len(seen[0].reads) == len(seen[-1].reads) == 37
        assert not seen[-1].facts
        states = {read.name: (read.state, read.reason) for read in seen[-1].reads}
        assert states["season"] == ("lit", "")
        assert "DFF.csv is not in data.macro_dir" in states["rate_cuts"][1] or "no folder" in states["rate_cuts"][1]
        rows = (rehearsal.folder / "context.csv").read_text().splitlines()
        assert rows[0] == "day,system,value,state"
        assert [row for row in rows if ",season," in row] == ["2015-11-12,season,11,lit"]
        verified = call_command("verify", rehearsal.folder)
        assert verified.exit_code == 0, verified
        assert call_command("review", rehearsal.folder, "--json").exit_code == 0
        spoilt = rehearsal.folder / "context.csv"
        spoilt.write_text(spoilt.read_text().replace("season,11,lit", "season,11,unlit"))
        assert "context.csv" in call_command("verify", rehearsal.folder).stderr


def test_the_systems_that_a_run_decides_by_are_on_record_without_context_too(rehearse: Open) -> None:
    values = {**small_configuration(Path("unused"))["strategy"], "confirmations": ["season", {"any": ["blue_sky"]}]}
    with rehearse((date(2015, 11, 10), date(2015, 11, 13)), strategy=values).open() as rehearsal:
        ended = rehearsal.run()

        seen = [event for event in events_of(rehearsal) if isinstance(event, ContextSeen)]
        assert ended.exit_code == 0, ended.stderr
        assert [read.name for read in seen[-1].reads] == ["season", "blue_sky"]
        assert (rehearsal.folder / "context.csv").exists()
