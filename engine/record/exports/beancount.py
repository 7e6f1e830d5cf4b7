"""The ledger in beancount's syntax: coins in lots at cost, first in, first out, and balances that beancount verifies.

A buy is a lot at the price of its fill; a sale gives up the oldest lots and posts what it gained to income. Fees are
expenses at the price of the fill: one taken in the coin itself, of the coin just bought; one in a third coin, at what
that coin had cost, since the record has no price for it. Gains are worked out here and written down; beancount books
the lots anew by its own rule, and each transaction balances only where both agree.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from engine.core.ledger import OUTSIDE
from engine.core.money import ZERO, decimal_of, exact, plain
from engine.core.order import CLIENT_ORDER_ID
from engine.record.exports.commodities import commodity_of
from engine.record.exports.lots import Lot, change_lots
from engine.record.exports.transactions import Book, Transaction, balances_of, book_of
from engine.record.record_rows import DecisionRow
from engine.record.run_record import RunRecord

CASH, COINS = "Assets:Bot:Cash", "Assets:Bot:Coins"
OPENING, GAINS = "Equity:Opening-Balance", "Income:Realised-Gains"
FEES, LOSSES = "Expenses:Fees", "Expenses:Written-Off"
DIGITS = 22
"""Of 28, with which beancount counts: the rest is what rounding in thousands of sums may reach."""


def beancount_text(record: RunRecord) -> str:
    """Write a run's ledger as a file that beancount loads without an error.

    Raises:
        DataError: as `book_of`.
    """
    book = book_of(record)
    # Beancount takes the transactions by their days, and so must the lots.
    transactions = sorted(book.transactions, key=lambda each: each.at.date())
    tolerances = _tolerances(book)
    lines = [*_head(record, book, tolerances[book.quote])]
    booking = _Booking(book=book)
    done: list[Transaction] = []
    last_day = max(record.decisions[-1].day, transactions[-1].at.date())
    for month, of_month in groupby(transactions, key=lambda each: each.at.date().replace(day=1)):
        for transaction in of_month:
            lines += ["", *booking.lines_of(transaction)]
            done.append(transaction)
        if (until := _month_after(month)) <= last_day:
            lines += ["", *_balances(until, balances_of(done), tolerances)]
    lines += ["", *_balances(last_day + timedelta(days=1), balances_of(done), tolerances)]
    lines += ["", *_prices(record.decisions, _assets(book), book.quote)]
    return "\n".join(lines) + "\n"


def _head(record: RunRecord, book: Book, tolerance: Decimal) -> Iterator[str]:
    quote, first_day = commodity_of(book.quote), min(book.first_day, *(each.at.date() for each in book.transactions))
    yield f"; The ledger of {_one_line(record.name)}: lots at cost, first in, first out. Check it with bean-check."
    if record.synthetic:
        yield "; Synthetic: made-up prices that show how the program works."
    yield f"option {_text('title')} {_text(record.name)}"
    yield f'option "operating_currency" "{quote}"'
    # What beancount tolerates is what its 28 digits lose, and not half of the last digit of an amount.
    yield 'option "tolerance_multiplier" "0"'
    yield f'option "inferred_tolerance_default" "{quote}:{plain(tolerance)}"'
    yield ""
    yield f'{first_day} open {COINS} "FIFO"'
    yield from (f"{first_day} open {account} {quote}" for account in (CASH, OPENING, GAINS, FEES, LOSSES))
    for asset in _assets(book):
        yield f"{first_day} commodity {commodity_of(asset)}"
        yield f"  name: {_text(asset)}"


@dataclass(slots=True, kw_only=True)
class _Booking:
    """Books one transaction after another; the lots are what it remembers."""

    book: Book
    _lots: dict[str, tuple[Lot, ...]] = field(default_factory=dict)

    def lines_of(self, transaction: Transaction) -> list[str]:
        quote, fill, day = self.book.quote, transaction.fill, transaction.at.date()
        own = balances_of([transaction])
        if not own:
            # Orders that put back what a reset wiped, and the reset itself, change nothing that is ours.
            return [f"{day} note {CASH} {_text(f'{transaction.text} ({transaction.reason})')}"]
        legs, sums = [], ZERO
        for asset in (asset for asset in own if asset != quote):
            is_traded = fill is not None and asset == fill.asset
            price = fill.price if fill is not None and is_traded else ZERO
            change = change_lots(self._lots.get(asset, ()), own[asset], price=price)
            self._lots[asset] = change.lots
            if change.reduced:
                at = f" @ {self._amount(price)}" if is_traded else ""
                legs.append((COINS, f"{plain(change.reduced)} {commodity_of(asset)} {{}}{at}"))
            if change.added:
                lot = f'{{{self._amount(price)}, "{transaction.number}"}}'
                legs.append((COINS, f"{plain(change.added)} {commodity_of(asset)} {lot}"))
            with exact():
                cost = change.cost + change.added * price
                sums += cost
            if not is_traded:
                legs.append((FEES if fill else LOSSES, self._amount(cost.copy_negate())))
                with exact():
                    sums -= cost
        legs += [(CASH, self._amount(own[quote]))] if quote in own else []
        with exact():
            sums += own.get(quote, ZERO)
            fee = self._fee_at_price(transaction)
            rest = sums + fee
        legs += [(FEES, self._amount(fee))] if fee else []
        if rest:
            legs.append((OPENING if fill is None else GAINS, self._amount(rest.copy_negate())))
        return [*_title(transaction), *(f"  {account}  {amount}" for account, amount in legs)]

    def _fee_at_price(self, transaction: Transaction) -> Decimal:
        """Give the value of a fee that was ours, in quote currency; zero for one in a third coin."""
        fill = transaction.fill
        if fill is None or fill.fee_asset not in (fill.asset, self.book.quote):
            return ZERO
        postings = (each for each in transaction.postings if (each.account, each.asset) == (OUTSIDE, fill.fee_asset))
        not_ours = max(-sum((each.amount for each in postings), ZERO), ZERO)
        fee = max(fill.fee - not_ours, ZERO)
        return fee if fill.fee_asset == self.book.quote else fee * fill.price

    def _amount(self, value: Decimal) -> str:
        return f"{plain(value)} {commodity_of(self.book.quote)}"


def _title(transaction: Transaction) -> Iterator[str]:
    fill, day = transaction.fill, transaction.at.date()
    link = f" ^{fill.client_order_id}" if fill and CLIENT_ORDER_ID.fullmatch(fill.client_order_id) else ""
    yield f"{day} * {_text(transaction.text)} {_text(transaction.reason)}{link}"
    yield f"  number: {transaction.number}"
    yield f"  time: {_text(transaction.at.isoformat().replace('+00:00', 'Z'))}"
    if fill is not None:
        yield f"  decision-day: {transaction.decision_day}"
        yield f"  order-id: {_text(fill.order_id)}"
        if fill.fee:
            yield f"  fee: {plain(fill.fee)} {commodity_of(fill.fee_asset)}"


def _balances(day: date, balances: Mapping[str, Decimal], tolerances: Mapping[str, Decimal]) -> Iterator[str]:
    """Write what is held before `day` begins."""
    for asset, held in balances.items():
        account = CASH if asset == next(iter(tolerances)) else COINS
        yield f"{day} balance {account} {plain(held)} ~ {plain(tolerances[asset])} {commodity_of(asset)}"


def _prices(decisions: Sequence[DecisionRow], assets: Iterable[str], quote: str) -> Iterator[str]:
    """Write the closes of what was held or wanted at the end of each month, for whoever values the coins."""
    known = set(assets) - {quote}
    for _, of_month in groupby(decisions, key=lambda decision: decision.day.replace(day=1)):
        *_, last = of_month
        for asset, close in last.closes.items():
            if asset in known:
                yield f"{last.day} price {commodity_of(asset)} {plain(decimal_of(close))} {commodity_of(quote)}"


def _assets(book: Book) -> list[str]:
    """Name what is ever moved or paid, the quote currency first."""
    named = [book.quote]
    for transaction in book.transactions:
        named += [posting.asset for posting in transaction.postings]
    return list(dict.fromkeys(named))


def _tolerances(book: Book) -> dict[str, Decimal]:
    """Give what beancount's sums of each asset may lose, the quote currency first."""
    turnover = dict.fromkeys(_assets(book), ZERO)
    with exact():
        for posting in (posting for transaction in book.transactions for posting in transaction.postings):
            turnover[posting.asset] += abs(posting.amount)
        for fill in (transaction.fill for transaction in book.transactions if transaction.fill):
            # A fee in the coin is booked at its value, which the postings do not show.
            turnover[book.quote] += fill.fee * fill.price if fill.fee_asset == fill.asset else ZERO
    return {asset: Decimal(1).scaleb(total.adjusted() - DIGITS) for asset, total in turnover.items()}


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _text(text: str) -> str:
    escaped = _one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
