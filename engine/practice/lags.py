"""Answers that come from a copy behind the matching engine: of orders, trades and balances, each so many seconds late.

Seconds are those that pass for a client: where the clock stands still, one that waits sees at last what it waits for.
"""

from collections.abc import Callable
from decimal import Decimal

from engine.practice.accounts import Balances
from engine.practice.clock import SECOND

ORDERS, TRADES, ACCOUNT = "orders", "trades", "account"
KINDS = (ORDERS, TRADES, ACCOUNT)
LONGEST_SECONDS = Decimal(86_400)


class Lags:
    """How far each kind of answer is behind, and what of the past is still shown.

    Args:
        watch: gives how much time has passed for a client, milliseconds.
    """

    def __init__(self, watch: Callable[[], int]) -> None:
        self._watch = watch
        self._behind = dict.fromkeys(KINDS, 0)
        self._earlier: list[tuple[int, Balances]] = []

    def seconds(self) -> dict[str, float]:
        """Give by how many seconds each kind of answer is behind."""
        return {kind: milliseconds / SECOND for kind, milliseconds in self._behind.items()}

    def set(self, kind: str, seconds: Decimal) -> None:
        """Put a kind of answer so many seconds behind; 0 ends it.

        Raises:
            ValueError: there is no such kind, or so many seconds are not allowed.
        """
        if kind not in KINDS:
            raise ValueError(f"{kind}: unknown kind of answer; known are {', '.join(KINDS)}")
        if not 0 <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"{kind}: {seconds} is not allowed; 0 to {LONGEST_SECONDS} seconds are")
        self._behind[kind] = int(seconds * SECOND)

    def shows(self, kind: str, happened: int) -> bool:
        """Tell whether an answer of a kind shows by now what happened when the watch showed `happened`."""
        return self._watch() - happened >= self._behind[kind]

    def remember(self, balances: Balances) -> None:
        """Keep the balances as they are, just before they change."""
        if self._behind[ACCOUNT]:
            self._earlier.append((self._watch(), balances))

    def earlier_balances(self) -> Balances | None:
        """Give the balances that are shown instead of the present ones; None where those are."""
        self._earlier = [each for each in self._earlier if not self.shows(ACCOUNT, each[0])]
        return self._earlier[0][1] if self._earlier else None
