"""The ledger as a table of postings."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given

from engine.core.events import OrderFilled
from engine.core.money import exact
from engine.core.order import Side
from engine.record.exports.ledger_csv import LEDGER_COLUMNS, ledger_rows
from engine.record.exports.transactions import book_of
from engine.record.run_record import RunRecord
from tests.support.booked import record_of, records
from tests.support.fakes import fill_of


def rows_of(record: RunRecord) -> list[dict[str, str]]:
    return [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in ledger_rows(book_of(record))]


def test_a_row_says_what_when_why_and_what_is_left() -> None:
    fill = fill_of("ETH", Side.BUY, "0.00001", "100", fee="0.1")
    rows = rows_of(record_of([OrderFilled(fill=fill), OrderFilled(fill=fill)]))

    bought = [row for row in rows if row["transaction"] == "3"]
    assert [(row["account"], row["asset"], row["amount"], row["balance"]) for row in bought] == [
        ("own", "ETH", "0.00001", "0.00002"),
        ("venue", "ETH", "-0.00001", "-0.00002"),
        ("own", "USDT", "-0.001", "999.898"),  # 1000 - 0.1 - 0.002
        ("venue", "USDT", "0.001", "0.002"),
        ("own", "USDT", "-0.1", "999.798"),
        ("fees", "USDT", "0.1", "0.2"),
    ]
    assert {name: bought[0][name] for name in ("time", "decision_day", "symbol", "price", "notional")} == {
        "time": "2024-01-02T12:00:00Z",
        "decision_day": "2024-01-01",
        "symbol": "ETH/USDT",
        "price": "100",
        "notional": "0.001",
    }
    assert (bought[0]["order_id"], bought[0]["client_order_id"], bought[0]["reason"]) == ("7", "ETH-buy", "entry")
    assert bought[0]["text"] == "buy 0.00001 ETH at 100 USDT"


@given(records())
def test_amounts_of_a_transaction_add_up_to_zero_by_asset_and_balances_to_the_ledger(record: RunRecord) -> None:
    rows = rows_of(record)

    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    held: dict[str, Decimal] = {}
    with exact():
        for row in rows:
            assert "E" not in row["amount"] + row["balance"]
            sums[row["transaction"], row["asset"]] += Decimal(row["amount"])
            if row["account"] == "own":
                held[row["asset"]] = Decimal(row["balance"])
    assert not any(sums.values())
    ledger = book_of(record).ledger
    assert held.pop("USDT") == ledger.cash
    assert {asset: amount for asset, amount in held.items() if amount} == ledger.positions
