"""The book of a run: numbered transactions in double entry, equal to the fold of its fills."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from engine.core.errors import DataError
from engine.core.events import OrderFilled
from engine.core.ledger import FEES, OUTSIDE, OWN, VENUE, Ledger, Posting
from engine.core.money import exact
from engine.core.order import RESET_BUY_BACK, Side
from engine.record.exports.transactions import CAPITAL, WRITTEN_OFF, balances_of, book_of
from engine.record.run_record import RunRecord
from tests.support.booked import CASH, backtest_record, record_of, record_with_equity, records, reset_of
from tests.support.fakes import DAY, fill_of

BUY = fill_of("ETH", Side.BUY, "2", "100", fee="0.002", fee_asset="ETH")


def posting(account: str, asset: str, amount: str) -> Posting:
    return Posting(account=account, asset=asset, amount=Decimal(amount))


def test_the_opening_balance_is_the_first_transaction() -> None:
    (opening,) = book_of(record_of([])).transactions

    assert opening.postings == (posting(OWN, "USDT", "1000"), posting(CAPITAL, "USDT", "-1000"))
    assert (opening.number, opening.at, opening.decision_day) == (1, datetime(2024, 1, 1, tzinfo=UTC), DAY)


def test_a_fill_is_booked_with_its_fee_in_the_coin() -> None:
    book = book_of(record_of([OrderFilled(fill=BUY)]))

    assert book.transactions[1].postings == (
        posting(OWN, "ETH", "2"),
        posting(VENUE, "ETH", "-2"),
        posting(OWN, "USDT", "-200"),
        posting(VENUE, "USDT", "200"),
        posting(OWN, "ETH", "-0.002"),
        posting(FEES, "ETH", "0.002"),
    )
    assert book.transactions[1].text == "buy 2 ETH at 100 USDT"
    assert (book.ledger.cash, book.ledger.positions) == (Decimal(800), {"ETH": Decimal("1.998")})


def test_a_fee_of_zero_has_no_posting() -> None:
    book = book_of(record_of([OrderFilled(fill=fill_of("ETH", Side.BUY, "2", "100"))]))

    assert [each.account for each in book.transactions[1].postings] == [OWN, VENUE, OWN, VENUE]


def test_a_reset_writes_off_what_is_no_longer_held_and_buying_back_changes_nothing_of_ours() -> None:
    held = Ledger(quote="USDT", cash=Decimal(800), positions={"ETH": Decimal("1.998"), "BNB": Decimal("0.001")})
    buys = [OrderFilled(fill=BUY), OrderFilled(fill=fill_of("BNB", Side.BUY, "0.001", "300"))]
    back = replace(BUY, reason=RESET_BUY_BACK)

    book = book_of(record_of([*buys, reset_of(held, written_off={"BNB": Decimal("0.001")}), OrderFilled(fill=back)]))

    reset, bought_back = book.transactions[3:]
    assert reset.postings == (posting(OWN, "BNB", "-0.001"), posting(WRITTEN_OFF, "BNB", "0.001"))
    assert (reset.text, reset.reason) == ("reset of the exchange, epoch 2", "reset")
    assert {each.account for each in bought_back.postings} == {OUTSIDE, VENUE, FEES}
    assert balances_of(book.transactions) == {"USDT": Decimal("799.7"), "ETH": Decimal("1.998"), "BNB": 0}


@given(records())
def test_each_transaction_adds_up_to_zero_and_all_of_them_to_the_ledger(record: RunRecord) -> None:
    book = book_of(record)

    for transaction in book.transactions:
        for asset in {each.asset for each in transaction.postings}:
            with exact():
                assert sum(each.amount for each in transaction.postings if each.asset == asset) == 0
    balances = balances_of(book.transactions)
    assert balances["USDT"] == book.ledger.cash
    assert {asset: held for asset, held in balances.items() if held and asset != "USDT"} == book.ledger.positions
    assert [each.number for each in book.transactions] == list(range(1, len(book.transactions) + 1))


def test_a_backtest_has_its_rows_booked_from_the_cash_of_its_first_day() -> None:
    book = book_of(backtest_record(BUY))

    assert (book.quote, book.ledger.cash, len(book.transactions)) == ("USDT", CASH - 200, 2)


def test_a_record_written_before_cash_was_kept_opens_with_its_equity() -> None:
    record = record_with_equity({DAY: 500.5})
    old = replace(record, decisions=[replace(record.decisions[0], cash=None)])

    assert book_of(old).ledger.cash == Decimal("500.5")


def test_the_quote_currency_is_that_of_the_fills_else_of_the_configuration() -> None:
    in_euro = replace(BUY, symbol="ETH/EUR", fee_asset="EUR")

    assert book_of(backtest_record(in_euro)).quote == "EUR"
    assert book_of(backtest_record(config={"account": {"quote": "USDC"}})).quote == "USDC"
    assert book_of(backtest_record()).quote == "USDT"


def test_a_notional_that_is_not_quantity_times_price_is_refused() -> None:
    altered = replace(BUY, notional=Decimal("200.01"))

    with pytest.raises(DataError, match=r"order ETH-buy has the notional 200\.01, and its quantity times .* is 200$"):
        book_of(backtest_record(altered))


def test_a_run_without_a_decision_has_nothing_to_export() -> None:
    with pytest.raises(DataError, match="has decided no day yet"):
        book_of(record_with_equity({}))
