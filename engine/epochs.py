"""Watches over the exchange's account: recognises its reset, and that it holds at least what the ledger does.

An exchange for practice is reset now and then without notice: balances are restored, orders and trades forgotten.
The ledger goes on holding what it held, a new epoch begins, and what was wiped is bought back before anything else is
sent: equity and the weeks of a rotation are not interrupted.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from engine.core.errors import VenueError
from engine.core.ledger import Ledger
from engine.core.money import ZERO, plain
from engine.core.planner import Planner
from engine.core.restoration import restoration
from engine.ports import Account
from engine.session import Session


class EpochKeeper:
    """Checks the account before a session decides or sends anything.

    Args:
        place: the venue's name, for messages.
        planner: by whose rules orders are planned.
    """

    def __init__(self, session: Session, account: Account, planner: Planner, *, place: str) -> None:
        self._session = session
        self._account = account
        self._planner = planner
        self._place = place
        self._is_covered = False

    def check(self, at: datetime) -> None:
        """Begin a new epoch where the exchange was reset; see that it holds what the ledger holds.

        It is looked at once an epoch, and as long as a sell waits.

        Nothing is unresolved when this is called.

        Raises:
            VenueError: the exchange cannot be asked, or holds less than the ledger although it was not reset, or after
                all was bought back that could be.
        """
        known = self._session.standing.known
        if known is not None and self._account.has_forgotten(known):
            self._begin_epoch(at, known.client_order_id)
        standing = self._session.standing
        # A sell that waits may be one that the exchange refused for want of the coin.
        if (standing.orders.sells or not self._is_covered) and not standing.orders.restoring:
            self._require(self._session.ledger, self._account.holdings())
            self._is_covered = True

    def _begin_epoch(self, at: datetime, forgotten: str) -> None:
        standing = self._session.standing
        if standing.last_day is None:
            raise ValueError("an order was filled before any day was decided")
        plan = restoration(
            standing.ledger,
            asks=self._account.asks(tuple(standing.ledger.positions)),
            instruments=self._planner.instruments,
            account=self._planner.account,
            epoch=standing.epoch + 1,
            day=standing.last_day,
            commission=self._planner.costs.commission,
        )
        self._session.begin_epoch(at, forgotten, plan)
        self._is_covered = False

    def _require(self, ledger: Ledger, held: Mapping[str, Decimal]) -> None:
        for asset, amount in {**ledger.positions, ledger.quote: ledger.cash}.items():
            there = held.get(asset, ZERO)
            if there < amount:
                raise VenueError(
                    f"{self._place}: holds {plain(there)} {asset}, and the ledger {plain(amount)}; give the account as "
                    "much, or begin with a lower account.cash in a new folder (--out)"
                )
