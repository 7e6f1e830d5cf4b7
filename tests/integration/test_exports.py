"""Exports taken in by those for whom they are made: beancount, pandas, and a folder of every kind."""

import csv
import io
import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from beancount import loader
from beancount.core import data
from beancount.parser import printer
from hypothesis import given, settings

from engine.core.errors import ConfigError, DataError
from engine.core.events import Event, OrderFilled
from engine.core.ledger import Ledger
from engine.core.money import exact, plain
from engine.core.order import RESET_BUY_BACK, Side
from engine.record.exports.beancount import CASH as CASH_ACCOUNT
from engine.record.exports.beancount import COINS as COINS_ACCOUNT
from engine.record.exports.beancount import beancount_text
from engine.record.exports.daily_returns import returns_of
from engine.record.exports.transactions import book_of
from engine.record.projections import booked_fills
from engine.record.run_record import RunRecord, read_run
from engine.trading.recovery import standing_of
from engine.trading.standing import Standing
from engine.wiring.analysis.export import EXPORTS, export_run
from tests.support.booked import backtest_record, record_of, record_with_equity, records, reset_of
from tests.support.command import call_command, only_run_folder, small_configuration
from tests.support.command import write_small_market as write_market
from tests.support.commodities import asset_of
from tests.support.fakes import NOON, ScriptedState, fill_of
from tests.support.rehearsal import Rehearsal

SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")
REHEARSED = (date(2015, 11, 10), date(2016, 1, 10))
"""An entry, and the exit six weeks later."""


def loaded(text: str) -> list[Any]:
    """Load a ledger with beancount and give its directives, which are Any to be asked; it must not complain."""
    entries, errors, _ = loader.load_string(text)
    assert not errors, "\n".join(map(printer.format_error, errors))
    return entries


def transactions_in(entries: list[Any]) -> list[Any]:
    return [entry for entry in entries if isinstance(entry, data.Transaction)]


def units_of(entries: list[Any], *accounts: str) -> dict[str, Decimal]:
    """Add up what beancount booked into accounts, by asset, exactly."""
    held: dict[str, Decimal] = defaultdict(Decimal)
    with exact():
        for entry in transactions_in(entries):
            for posting in entry.postings:
                if posting.account in accounts:
                    held[asset_of(posting.units.currency)] += posting.units.number
    return {asset: amount for asset, amount in held.items() if amount}


def exported(folder: Path, kind: str) -> str:
    text = io.StringIO()
    export_run(folder, kind, to=text)
    return text.getvalue()


def assert_verified_at_the_end(text: str, ledger: Ledger) -> None:
    """Check that the last balances that beancount verified are the ledger's, to the last digit."""
    loaded(text)
    asserted: dict[str, str] = {}
    for line in text.splitlines():
        if found := re.fullmatch(r"\S+ balance Assets:\S+ (\S+) ~ \S+ (\S+)", line):
            asserted[asset_of(found[2])] = found[1]
    assert asserted.pop("USDT") == plain(ledger.cash)
    held = {asset: plain(quantity) for asset, quantity in ledger.positions.items()}
    assert {asset: amount for asset, amount in asserted.items() if amount != "0"} == held


# ---- beancount


@settings(max_examples=200)
@given(records())
def test_any_fills_and_resets_load_and_end_with_the_ledger(record: RunRecord) -> None:
    assert_verified_at_the_end(beancount_text(record), book_of(record).ledger)


def test_a_gain_is_measured_against_the_oldest_lots() -> None:
    fills = [
        fill_of("ETH", Side.BUY, "1", "100", fee="0.1"),
        fill_of("ETH", Side.BUY, "2", "120", fee="0.24"),
        fill_of("ETH", Side.SELL, "1.5", "150", fee="0.225"),
    ]
    entries = loaded(beancount_text(backtest_record(*fills)))

    # 1.5 x 150 - 100 - 0.5 x 120; income is negative in beancount.
    assert units_of(entries, "Income:Realised-Gains") == {"USDT": Decimal(-65)}
    assert units_of(entries, "Expenses:Fees") == {"USDT": Decimal("0.565")}
    *_, sale = transactions_in(entries)
    lots = [(posting.units.number, posting.cost.number) for posting in sale.postings if posting.cost]
    assert lots == [(-1, 100), (Decimal("-0.5"), 120)]


def test_lots_bought_at_one_price_on_one_day_stay_apart() -> None:
    bought = [fill_of("ETH", Side.BUY, "1", price) for price in ("100", "120", "100")]
    entries = loaded(beancount_text(backtest_record(*bought, fill_of("ETH", Side.SELL, "2", "150"))))

    # 2 x 150 - 100 - 120, and not - 2 x 100.
    assert units_of(entries, "Income:Realised-Gains") == {"USDT": Decimal(-80)}


def test_a_fee_taken_in_the_coin_is_an_expense_at_the_price_and_never_a_lot() -> None:
    fill = fill_of("BTC", Side.BUY, "1", "500.5", fee="0.001", fee_asset="BTC")
    entries = loaded(beancount_text(backtest_record(fill)))

    assert units_of(entries, COINS_ACCOUNT) == {"BTC": Decimal("0.999")}
    assert units_of(entries, "Expenses:Fees") == {"USDT": Decimal("0.5005")}
    assert units_of(entries, "Income:Realised-Gains") == {}


def test_a_fee_in_a_third_coin_is_an_expense_at_its_cost() -> None:
    fills = [
        fill_of("BNB", Side.BUY, "1", "300"),
        fill_of("BTC", Side.BUY, "0.01", "50000", fee="0.002", fee_asset="BNB"),
    ]
    entries = loaded(beancount_text(backtest_record(*fills)))

    assert units_of(entries, COINS_ACCOUNT) == {"BNB": Decimal("0.998"), "BTC": Decimal("0.01")}
    assert units_of(entries, "Expenses:Fees") == {"USDT": Decimal("0.6")}  # 0.002 x 300


def test_what_a_reset_writes_off_is_a_loss_at_cost_and_buying_back_is_a_note() -> None:
    buy = fill_of("BNB", Side.BUY, "0.01", "300")
    held = Ledger(quote="USDT", cash=Decimal(997), positions={"BNB": Decimal("0.01")})
    back = replace(fill_of("ETH", Side.BUY, "1", "100"), reason=RESET_BUY_BACK)
    events: list[Event] = [OrderFilled(fill=buy), reset_of(held, written_off=held.positions), OrderFilled(fill=back)]

    entries = loaded(beancount_text(record_of(events)))

    assert units_of(entries, "Expenses:Written-Off") == {"USDT": Decimal(3)}
    assert [each.comment for each in entries if isinstance(each, data.Note)] == [
        "buy 1 ETH at 100 USDT (reset_buy_back)"
    ]


def test_balances_are_asserted_after_each_month_that_traded_and_at_the_end() -> None:
    fills = [
        replace(fill_of("BTC", Side.BUY, "0.1", "100"), at=NOON),
        replace(fill_of("BTC", Side.SELL, "0.1", "110"), at=NOON + timedelta(days=60)),  # 2024-03-02
    ]
    entries = loaded(beancount_text(backtest_record(*fills)))

    asserted = [
        (str(each.date), each.amount.currency, each.amount.number) for each in entries if isinstance(each, data.Balance)
    ]
    assert sorted(asserted) == [
        ("2024-02-01", "BTC", Decimal("0.1")),
        ("2024-02-01", "USDT", Decimal(990)),
        ("2024-04-01", "BTC", 0),
        ("2024-04-01", "USDT", Decimal(1001)),
        ("2024-04-11", "BTC", 0),  # the last decision day is 2024-04-10
        ("2024-04-11", "USDT", Decimal(1001)),
    ]


@pytest.mark.parametrize(
    "change", [("-0.1 BTC {} @", "-0.09999 BTC {} @"), ("{100 USDT", "{100.0001 USDT"), ("11 USDT", "11.00001 USDT")]
)
def test_beancount_sees_the_smallest_change(change: tuple[str, str]) -> None:
    fills = [
        replace(fill_of("BTC", Side.BUY, "0.1", "100"), at=NOON),
        replace(fill_of("BTC", Side.SELL, "0.1", "110"), at=NOON + timedelta(days=60)),
    ]
    text = beancount_text(backtest_record(*fills))
    assert text.count(change[0]) == 1

    _, errors, _ = loader.load_string(text.replace(*change))

    assert errors


def test_a_hostile_name_stays_a_text() -> None:
    fill = replace(
        fill_of('A"\n2024-01-01 open Assets:Mine\n', Side.BUY, "1", "1", reason='x"\n\\'),
        client_order_id='id"',
        order_id='\\"\n2024-01-01 open Assets:Mine',
    )
    record = backtest_record(fill, folder=Path('logs/a"\n2024-01-01 open Assets:Mine'))

    entries = loaded(beancount_text(record))

    assert "Assets:Mine" not in {each.account for each in entries if isinstance(each, data.Open)}


def test_prices_at_the_ends_of_months_are_there_for_whoever_values_the_coins() -> None:
    days = {date(2024, 1, 30): 1.0, date(2024, 1, 31): 1.0, date(2024, 2, 29): 1.0}
    fill = fill_of("BTC", Side.BUY, "0.1", "100")
    entries = loaded(beancount_text(replace(backtest_record(fill), decisions=record_with_equity(days).decisions)))

    prices = [(str(each.date), each.currency, each.amount.number) for each in entries if isinstance(each, data.Price)]
    assert prices == [("2024-01-31", "BTC", Decimal("100.5")), ("2024-02-29", "BTC", Decimal("100.5"))]


# ---- runs


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    done = call_command("backtest", "config/rotation.yaml", *SAMPLE, "--no-report", "--out", out)
    assert done.exit_code == 0, done
    return only_run_folder(out)


def test_the_ledger_of_a_backtest_ends_with_the_equity_of_its_last_day(sample_run: Path) -> None:
    record = read_run(sample_run)
    ledger = book_of(record).ledger

    text = exported(sample_run, "beancount")

    assert_verified_at_the_end(text, ledger)
    assert units_of(loaded(text), CASH_ACCOUNT, COINS_ACCOUNT) == {**ledger.positions, "USDT": ledger.cash}
    last = record.decisions[-1]
    closes = {asset: Decimal(repr(close)) for asset, close in last.closes.items()}
    assert float(ledger.equity(closes)) == pytest.approx(last.equity, abs=1e-7)
    assert "; Synthetic" in text


def test_beancount_and_the_table_say_the_same_fees_and_the_summary_too(sample_run: Path) -> None:
    fees_of_rows = [
        Decimal(row["amount"])
        for row in csv.DictReader(io.StringIO(exported(sample_run, "csv")))
        if row["account"] == "fees"
    ]
    entries = loaded(exported(sample_run, "beancount"))
    with exact():
        total = sum(fees_of_rows, Decimal(0))

    assert units_of(entries, "Expenses:Fees") == {"USDT": total}
    summary = json.loads((sample_run / "summary.json").read_text(encoding="utf-8"))
    assert float(total) == pytest.approx(summary["fees_paid"], rel=1e-12)


def test_returns_are_read_by_pandas_as_they_are(sample_run: Path) -> None:
    text = io.StringIO(exported(sample_run, "returns"))
    series = pd.read_csv(text, index_col=0, parse_dates=True).squeeze()

    assert isinstance(series, pd.Series)
    pd.testing.assert_series_equal(series, returns_of(read_run(sample_run)), check_exact=True, check_index_type=False)


def test_a_run_is_exported_the_same_every_time(sample_run: Path) -> None:
    for kind in EXPORTS:
        assert exported(sample_run, kind) == exported(sample_run, kind)


def test_a_paper_run_is_exported_from_its_journal(tmp_path: Path) -> None:
    market = tmp_path / "market"
    write_market(market)
    wanted = {key: value for key, value in small_configuration(market).items() if key != "data"}
    with Rehearsal(market, tmp_path / "out", wanted, days=REHEARSED).open() as rehearsal:
        outcome = rehearsal.run()
    assert outcome.exit_code == 0, outcome
    record = read_run(rehearsal.folder)
    assert record.events is not None
    assert {fill.fee_asset for fill in booked_fills(record.events)} >= {"BTC", "USDT"}
    fresh = Standing(ledger=Ledger(quote="USDT", cash=Decimal(100_000)), state=ScriptedState())
    ledger = standing_of(record.events, fresh).ledger

    text = exported(rehearsal.folder, "beancount")
    assert_verified_at_the_end(text, ledger)
    assert units_of(loaded(text), CASH_ACCOUNT, COINS_ACCOUNT) == {**ledger.positions, "USDT": ledger.cash}
    rows = csv.DictReader(io.StringIO(exported(rehearsal.folder, "csv")))
    held = {row["asset"]: Decimal(row["balance"]) for row in rows if row["account"] == "own"}
    assert {asset: amount for asset, amount in held.items() if amount} == {**ledger.positions, "USDT": ledger.cash}
    assert len(exported(rehearsal.folder, "returns").splitlines()) == len(record.decisions)


def test_an_unknown_kind_is_one_sentence(sample_run: Path) -> None:
    with pytest.raises(ConfigError, match="--export xml: is not known; allowed are csv, beancount, returns"):
        exported(sample_run, "xml")


def test_a_damaged_folder_writes_nothing(tmp_path: Path) -> None:
    text = io.StringIO()

    with pytest.raises(DataError, match=r"has no summary\.json"):
        export_run(tmp_path, "csv", to=text)

    assert text.getvalue() == ""
