"""The ledger as a table: one row a posting, in double entry."""

from collections.abc import Iterator
from decimal import Decimal

from engine.core.money import ZERO, exact, plain
from engine.record.exports.transactions import Book, Transaction

LEDGER_COLUMNS = (
    "transaction", "time", "decision_day", "account", "asset", "amount", "balance", "symbol", "price", "notional",
    "order_id", "client_order_id", "reason", "text",
)  # fmt: skip


def ledger_rows(book: Book) -> Iterator[tuple[str, ...]]:
    """Write each posting as a row, `LEDGER_COLUMNS`; `balance` is that of its account and asset after it.

    A transaction without a posting, a reset of the exchange that cost nothing, has no row.
    """
    balances: dict[tuple[str, str], Decimal] = {}
    for transaction in book.transactions:
        start = (
            str(transaction.number),
            transaction.at.isoformat().replace("+00:00", "Z"),
            transaction.decision_day.isoformat(),
        )
        end = _order(transaction)
        for posting in transaction.postings:
            place = (posting.account, posting.asset)
            with exact():
                balances[place] = balances.get(place, ZERO) + posting.amount
            yield (*start, *place, plain(posting.amount), plain(balances[place]), *end)


def _order(transaction: Transaction) -> tuple[str, ...]:
    fill = transaction.fill
    executed = (
        ("",) * 5
        if fill is None
        else (fill.symbol, plain(fill.price), plain(fill.notional), fill.order_id, fill.client_order_id)
    )
    return (*executed, transaction.reason, transaction.text)
