"""A run's money as numbered transactions in double entry, from its record: what every ledger export is made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from engine.core.errors import DataError
from engine.core.events import AccountReset
from engine.core.ledger import OWN, Ledger, Posting, postings_of
from engine.core.money import ZERO, exact, plain
from engine.core.order import Fill
from engine.record.bookings import ledgers_of, opening_of
from engine.record.run_record import RunRecord

CAPITAL, WRITTEN_OFF = "capital", "written off"
"""Where the opening balance comes from; where goes what was too little to be bought back after a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One booking: for each asset the amounts of its postings add up to exactly zero.

    Attributes:
        number: 1 is the opening balance.
        postings: none is of zero.
        fill: what it books; None for the opening balance and for a reset of the exchange.
    """

    number: int
    at: datetime
    decision_day: date
    text: str
    reason: str
    postings: tuple[Posting, ...]
    fill: Fill | None = None

    def own(self, asset: str) -> Decimal:
        """Give by how much it changes our own holding of an asset."""
        with exact():
            return sum((each.amount for each in self.postings if each.account == OWN and each.asset == asset), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All transactions of a run, as they were booked; the last ledger is what they add up to."""

    quote: str
    first_day: date
    transactions: tuple[Transaction, ...]
    ledger: Ledger


def book_of(record: RunRecord) -> Book:
    """Give the book of a run.

    A paper run's journal is exact; a backtest's files give the opening cash to eight decimals.

    Raises:
        DataError: the record holds no decision, or a fill whose notional is not its quantity times its price.
    """
    if not record.decisions:
        raise DataError(f"{record.folder}: has decided no day yet; there is nothing to export")
    first_day = record.decisions[0].day
    ledger = opening_of(record)
    quote, cash = ledger.quote, ledger.cash
    opening = Transaction(
        number=1,
        at=datetime.combine(first_day, time(), UTC),
        decision_day=first_day,
        text=f"opening balance of {plain(cash)} {quote}",
        reason="opening",
        postings=_not_zero(
            Posting(account=OWN, asset=quote, amount=cash),
            Posting(account=CAPITAL, asset=quote, amount=cash.copy_negate()),
        ),
    )
    transactions = [opening]
    for booked, after in ledgers_of(record):
        number = len(transactions) + 1
        if isinstance(booked, AccountReset):
            transactions.append(_reset(booked, number, previous=transactions[-1]))
        elif isinstance(booked, Fill):
            transactions.append(_filled(booked, number, ledger, record))
        ledger = after
    return Book(quote=quote, first_day=first_day, transactions=tuple(transactions), ledger=ledger)


def balances_of(transactions: Iterable[Transaction]) -> Mapping[str, Decimal]:
    """Add up what the postings leave in our own account, by asset; zero for what was sold whole."""
    balances: dict[str, Decimal] = {}
    with exact():
        for posting in (posting for each in transactions for posting in each.postings if posting.account == OWN):
            balances[posting.asset] = balances.get(posting.asset, ZERO) + posting.amount
    return balances


def _filled(fill: Fill, number: int, ledger: Ledger, record: RunRecord) -> Transaction:
    with exact():
        notional = fill.quantity * fill.price
    if notional != fill.notional:
        raise DataError(
            f"{record.folder}: is damaged: a fill of order {fill.client_order_id} has the notional "
            f"{plain(fill.notional)}, and its quantity times its price is {plain(notional)}"
        )
    return Transaction(
        number=number,
        at=fill.at,
        decision_day=fill.decision_day,
        text=f"{fill.side} {plain(fill.quantity)} {fill.asset} at {plain(fill.price)} {ledger.quote}",
        reason=fill.reason,
        postings=_not_zero(*postings_of(fill, ledger)),
        fill=fill,
    )


def _reset(reset: AccountReset, number: int, *, previous: Transaction) -> Transaction:
    postings = []
    for asset, quantity in reset.written_off.items():
        postings.append(Posting(account=OWN, asset=asset, amount=quantity.copy_negate()))
        postings.append(Posting(account=WRITTEN_OFF, asset=asset, amount=quantity))
    return Transaction(
        number=number,
        at=reset.at,
        decision_day=previous.decision_day,
        text=f"reset of the exchange, epoch {reset.epoch}",
        reason="reset",
        postings=_not_zero(*postings),
    )


def _not_zero(*postings: Posting) -> tuple[Posting, ...]:
    return tuple(posting for posting in postings if posting.amount)
