"""Watches over the exchange's account: recognises its reset, and that it holds at least what the ledger does.

An exchange for practice is reset now and then without notice: balances are restored, orders and trades forgotten.
The ledger goes on holding what it held, a new epoch begins, and what was wiped is bought back before anything else is
sent: equity and the weeks of a rotation are not interrupted.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from engine.core.calendar import decision_instant
from engine.core.errors import VenueError
from engine.core.events import AccountReset, Event
from engine.core.ledger import Ledger
from engine.core.money import ZERO, exact, plain
from engine.core.order import Fill, epoch_named
from engine.core.planner import Planner
from engine.core.restoration import Epoch, Restoration, lacking, latest_epoch, restoration, wiped
from engine.ports import Account
from engine.trading.first_sends import FirstSends
from engine.trading.session import Session

MOST_ROUNDS = 5
"""So often what fees took of what was bought back is bought after it, before a person is asked for help."""
Amounts: TypeAlias = Mapping[str, Decimal]


class EpochKeeper:
    """Checks the account before a session decides or sends anything.

    Args:
        place: the venue's name, for messages.
        planner: by whose rules orders are planned.
        events: all that happened, in order.
        first_sends: holds back what is sent first; until it does not, the account is looked at again and again.
        notice: told, in words, of what a person should know.
    """

    def __init__(
        self,
        session: Session,
        account: Account,
        planner: Planner,
        *,
        place: str,
        events: Callable[[], Sequence[Event]],
        first_sends: FirstSends,
        notice: Callable[[str], None],
    ) -> None:
        self._session = session
        self._account = account
        self._planner = planner
        self._place = place
        self._events = events
        self._first_sends = first_sends
        self._notice = notice
        self._is_covered = False
        self._rounds = 0
        self._beside: Amounts | None = session.standing.beside
        self._told_more = ""

    def check(self, at: datetime) -> None:
        """Begin a new epoch where the exchange was reset; see that it holds what the ledger holds.

        It is looked at once an epoch, and as long as a sell waits.

        While an order is unresolved it is only asked whether there was a reset, which wiped whatever came of the order:
        balances that moved by it would keep it unresolved for ever.

        Raises:
            VenueError: the exchange cannot be asked, or holds less than the ledger although it was not reset, or after
                all was bought back that could be.
        """
        forgotten = self._forgotten()
        if self._session.standing.orders.in_doubt is not None:
            if forgotten is None:
                return
            # Executed after the reset, it may have come to light meanwhile.
            self._session.settle(at)
            self._session.take_as_wiped(at)
        if forgotten is not None:
            self._begin_epoch(at, forgotten.client_order_id, self._lost())
        # A sell that waits may be one that the exchange refused for want of the coin.
        if self._session.standing.orders.sells or not self._is_covered:
            held = self._taken_up(at)
            if not self._session.standing.orders.restoring and not self._buys_more():
                self._look(at, held)

    def _forgotten(self) -> Fill | None:
        """Give a fill of this epoch that the exchange has forgotten, which says that it was reset.

        It is asked with patience, and never believed where the balances are in place.
        """
        for fill in self._witnesses():
            is_known = self._account.knows(fill)
            if is_known is None:
                # Its market has left: another one has to speak.
                continue
            if is_known or self._is_in_place(self._account.holdings()) or not self._account.has_forgotten(fill):
                return None
            return None if self._is_in_place(self._account.holdings()) else fill
        return None

    def _witnesses(self) -> Iterator[Fill]:
        """Give the first fill of the epoch, then the first one of each other market."""
        known = self._session.standing.known
        if known is None:
            return
        yield known
        seen = {known.asset}
        for fill in latest_epoch(self._events()).fills:
            if fill.asset not in seen:
                seen.add(fill.asset)
                yield fill

    def _is_in_place(self, held: Amounts) -> bool:
        """Tell whether the account holds what it held when last seen, changed by our own fills alone."""
        beside = self._beside
        if beside is None:
            return False
        now = _beside(self._session.ledger, held)
        return all(now.get(asset, ZERO) == beside.get(asset, ZERO) for asset in self._watched(beside))

    def _watched(self, beside: Amounts) -> set[str]:
        # Of all that an account holds, what we trade: somebody else's trades there are nothing to us.
        return {asset for asset in beside if asset in self._planner.instruments or asset == self._session.ledger.quote}

    def _begin_epoch(self, at: datetime, forgotten: str, lost: Sequence[Fill]) -> None:
        standing = self._session.standing
        if standing.last_day is None:
            raise ValueError("an order was filled before any day was decided")
        survivors = list(self._survivors())
        missing = wiped(standing.ledger, survivors)
        # The run that is lost may have seen more resets.
        epoch = max([standing.epoch + 1, *(epoch_named(fill.client_order_id) for fill in lost)])
        plan = self._restoration(self._listed(missing), Epoch(), epoch=epoch)
        kept = {asset: quantity for asset, quantity in missing.items() if asset not in plan.written_off}
        ledger = standing.ledger.after_reset(plan.written_off)
        beside = _beside(ledger.after_all(lost), self._account.holdings())
        reset = AccountReset(
            at=at,
            epoch=epoch,
            forgotten=forgotten,
            cash=ledger.cash,
            positions=ledger.positions,
            written_off=plan.written_off,
            wiped=kept,
            beside=beside,
            survivor=survivors[-1] if survivors else None,
            buys_back=not self._is_killed(),
        )
        # What is lost may have bought back some of it already; the rest is planned once that is booked.
        orders = () if lost or self._is_killed() else plan.orders
        self._session.begin_epoch(reset, orders, lost=lost)
        self._tell_of_lost(lost)
        self._tell_of_what_is_unknown(lost, kept)
        self._beside = beside
        self._is_covered, self._rounds = False, 0

    def _survivors(self) -> Iterator[Fill]:
        """Give the fills that are still known. A reset wipes all that was before it: they are the last ones."""
        for fill in reversed(latest_epoch(self._events()).fills):
            is_known = self._account.knows(fill)
            if is_known is False:
                return
            if is_known:
                yield fill

    def _listed(self, missing: Amounts) -> Amounts:
        """Leave out coins that cannot be bought back, because their markets have left; they stay in the ledger."""
        return {asset: quantity for asset, quantity in missing.items() if self._account.lists(asset)}

    def _restoration(self, missing: Amounts, since: Epoch, *, epoch: int) -> Restoration:
        standing = self._session.standing
        if standing.last_day is None:
            raise ValueError("the exchange was reset before any day was decided")
        return restoration(
            missing,
            held=standing.ledger.positions,
            asks=self._account.asks(tuple(missing)),
            instruments=self._planner.instruments,
            account=self._planner.account,
            epoch=epoch,
            day=standing.last_day,
            commission=max(self._planner.costs.commission, since.commission_taken),
            since=since,
        )

    def _buys_more(self) -> bool:
        """Plan to buy what fees took of what was bought back; tell whether anything was planned."""
        standing = self._session.standing
        if self._is_covered or standing.epoch == 1 or standing.last_day is None or self._rounds >= MOST_ROUNDS:
            return False
        if self._is_killed():
            return False
        epoch = latest_epoch(self._events())
        missing = self._listed(lacking(epoch, self._session.ledger))
        if not missing:
            return False
        if not any(epoch.room(asset, standing.last_day) for asset in missing):
            # The market takes so little at once that this day's orders do not reach; the next day has its own.
            return True
        self._rounds += all(epoch.pieces_by_day.get((asset, standing.last_day)) for asset in missing)
        plan = self._restoration(missing, epoch, epoch=self._session.standing.epoch)
        self._session.restore(plan.orders)
        return bool(plan.orders)

    def _taken_up(self, at: datetime) -> Amounts:
        """Book what the journal lacks, before anything is planned; give what the account holds then."""
        held = self._account.holdings()
        lost = () if self._is_in_place(held) else self._lost()
        if not lost:
            return held
        if self._is_of_a_reset(lost):
            self._begin_epoch(at, "", lost)
        else:
            self._tell_of_lost(lost)
            self._session.take_up(lost)
        # It was asked with patience: the account may show by now what it did not then.
        return self._account.holdings()

    def _look(self, at: datetime, held: Amounts) -> None:
        ledger = self._session.ledger
        lacking = self._lacking(ledger, held)
        if lacking and self._first_sends.hold(at):
            # What was sent before this start, and is shown by then, may explain it.
            return
        if lacking and self._session.standing.last_day is not None:
            # The answer may lag behind what was bought back or settled a moment ago.
            late = self._account.holdings_once(lambda now: not self._lacking(ledger, now))
            if late is None:
                return
            held, lacking = late, self._lacking(ledger, late)
        if lacking:
            raise VenueError(lacking)
        self._is_covered = self._first_sends.are_free(at)
        self._tell_of_more(_beside(ledger, held))

    def _is_of_a_reset(self, lost: Sequence[Fill]) -> bool:
        """Tell whether what is lost was planned after a reset of which a journal without fills knows nothing."""
        standing = self._session.standing
        return standing.known is None and any(epoch_named(fill.client_order_id) > standing.epoch for fill in lost)

    def _lost(self) -> Sequence[Fill]:
        """Give what the exchange has of this run and the journal does not; after a reset all of it came after that."""
        standing = self._session.standing
        if standing.last_day is None or not standing.identity:
            # By their names alone, orders of a run of 0.1.0 are not told from those of another of the same name.
            return ()
        return self._account.lost_fills(self._planner.trading_order, decision_instant(standing.last_day))

    def _tell_of_lost(self, lost: Sequence[Fill]) -> None:
        names = dict.fromkeys(fill.client_order_id for fill in lost)
        if names:
            self._notice(
                f"{self._place}: the journal lacks {len(names)} orders of this run, from {next(iter(names))} on; it is "
                "an older copy, and what they gave is booked now"
            )

    def _tell_of_what_is_unknown(self, lost: Sequence[Fill], wiped_coins: Collection[str]) -> None:
        """Say what a journal that was put back cannot know after a reset, where something shows that it is one."""
        if not lost:
            return
        strange = dict.fromkeys(fill.asset for fill in lost if fill.restores and fill.asset not in wiped_coins)
        left = f"; {', '.join(strange)} that was bought back for it is left alone" if strange else ""
        self._notice(
            f"{self._place}: what this run traded before the reset and after the copy of its journal was made is known "
            f"to nobody any more, and the ledger goes on from the copy{left}"
        )

    def _tell_of_more(self, beside: Amounts) -> None:
        if self._session.standing.last_day is None:
            self._session.saw_account(beside)
        elif self._beside is not None:
            more = {
                asset: beside.get(asset, ZERO) - self._beside.get(asset, ZERO)
                for asset in self._watched({**self._beside, **beside})
            }
            added = [f"{plain(amount)} {asset}" for asset, amount in sorted(more.items()) if amount > ZERO]
            words = (
                f"{self._place}: the account holds {', '.join(added)} more than when last seen and the fills since "
                "explain; they are left alone"
            )
            if added and words != self._told_more:
                self._notice(words)
                self._told_more = words
        if self._is_covered:
            self._beside = beside

    def _is_killed(self) -> bool:
        """Tell whether the kill switch holds: nothing is bought, not even what a reset wiped."""
        return self._session.standing.killed_on is not None

    def _lacking(self, ledger: Ledger, held: Amounts) -> str:
        """Say what the account holds less of than the ledger, and what helps; nothing where it holds enough."""
        not_restored = self._session.standing.not_restored if self._is_killed() else {}
        for asset, due in {**ledger.positions, ledger.quote: ledger.cash}.items():
            there = held.get(asset, ZERO)
            # What a reset wiped is bought back once the kill switch is re-armed, and is no shortage until then.
            amount = due - not_restored.get(asset, ZERO)
            if there < amount and (asset == ledger.quote or self._account.lists(asset)):
                # A market that has left may have taken its coin with it, or renamed it.
                return (
                    f"{self._place}: holds {plain(there)} {asset}, and the ledger {plain(amount)}; give the account as "
                    "much, or begin with a lower account.cash in a new folder (--out)"
                )
        return ""


def _beside(ledger: Ledger, held: Amounts) -> dict[str, Decimal]:
    """Give what an account holds beside the ledger and what our trades have changed in the rest of it."""
    ours = {**ledger.positions, ledger.quote: ledger.cash}
    with exact():
        beside = {
            asset: held.get(asset, ZERO) - ours.get(asset, ZERO) - ledger.outside.get(asset, ZERO)
            for asset in {**held, **ours, **ledger.outside}
        }
    return {asset: amount for asset, amount in sorted(beside.items()) if amount}
