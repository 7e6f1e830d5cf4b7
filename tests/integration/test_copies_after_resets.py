"""An older copy of the journal is put back on an exchange that was reset meanwhile: through real HTTP, on the disk.

What was traded after the copy was made and before the reset is known to nobody: neither the copy nor the exchange has
it. The ledger goes on from the copy. What was traded after the reset is found.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.practice import api
from engine.practice.calls import Answer, Call
from engine.practice.faults import ORDER_PATH
from tests.support.command import call_command
from tests.support.fakes import DAY
from tests.support.live_rig import Bot, Rig
from tests.support.markets import coin_bars

PRICES = {"BTC": 40_000.0, "ETH": 2_000.0, "SOL": 100.0}
DAYS, ROTATION, LOST, LAST = 9, 1, 2, 5
TARGETS = ({"BTC": 0.6}, {"ETH": 0.3, "SOL": 0.3}, None, None, {"BTC": 0.5})
"""The first order buys BTC; on the day after it is sold by the second, and the third and fourth buy ETH and SOL."""
EVENING, FIRST, THIRD, FOURTH = 0, 2, 3, 4
"""The evening before the rotation, or the instant at which one of its orders comes to the exchange."""
FEE_SHARE, LEAST_BOUGHT = Decimal("0.01"), Decimal(60)
"""What buying back may come to beyond what is held: what fees may take, and USDT for some least orders."""


class Watched:
    """Counts the names that the exchange takes, also those that it forgets; copies the folder and resets it in time.

    Args:
        copied, reset: before which order; None for a reset that somebody else makes, or for none.
    """

    def __init__(self, rig: Rig, bot: Bot, *, copied: int, reset: int | None) -> None:
        self.names: Counter[str] = Counter()
        self.copy: Bot | None = None
        self._rig = rig
        self._bot = bot
        self._copied = copied
        self._reset = reset
        self._orders = 0
        rig.answer = self._answer

    def copy_now(self) -> None:
        self.copy = self._bot.copy_to("copy")

    def _answer(self, call: Call) -> Answer:
        if (call.method, call.path) != ("POST", ORDER_PATH):
            return api.answer(self._rig.exchange, call)
        self._orders += 1
        if self._orders == self._copied and self.copy is None:
            self.copy_now()
        if self._orders == self._reset:
            self._rig.exchange.reset(keep_klines=True)
        before = self._accepted()
        answer = api.answer(self._rig.exchange, call)
        self.names.update(name for name, _ in self._accepted() - before)
        return answer

    def _accepted(self) -> set[tuple[str, int]]:
        return {(order.client_order_id, order.order_id) for order in self._rig.orders()}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    bars = [coin_bars(asset, DAY, [price] * DAYS) for asset, price in PRICES.items()]
    with Rig(tmp_path, bars, TARGETS).open() as opened:
        yield opened


def put_back(rig: Rig, *, copied: int, reset: int | None, late_reset: str = "", fees: str | None = None) -> Watched:
    """Play a run whose journal is lost, and one that goes on from an older copy of it, to the way back."""
    rig.exchange.pay_fees_in(fees)
    bot = Bot(rig)
    watched = Watched(rig, bot, copied=copied, reset=reset)
    bot.live()
    if copied == EVENING:
        watched.copy_now()
    bot.live_through(ROTATION, ROTATION)
    if late_reset == "seen by the lost run":
        rig.exchange.reset(keep_klines=True)
    bot.live_through(LOST, LOST)
    if late_reset == "after the lost run":
        rig.exchange.reset(keep_klines=True)
    assert watched.copy is not None
    watched.copy.live_through(LOST + 1, LAST)
    return watched


def beyond(rig: Rig, bot: Bot) -> set[str]:
    """Give the coins of which the exchange has got more since its reset than the ledger holds."""
    gained = {asset: rig.exchange.balances()[asset] - rig.start_balances[asset] for asset in PRICES}
    return {
        asset
        for asset, price in PRICES.items()
        if gained[asset] > bot.ledger.held(asset) * (1 + FEE_SHARE) + LEAST_BOUGHT / Decimal(str(price))
    }


def check(rig: Rig, watched: Watched) -> Bot:
    copy = watched.copy
    assert copy is not None
    assert [name for name, count in watched.names.items() if count > 1] == []
    for asset in (*PRICES, "USDT"):
        assert rig.exchange.balances()[asset] >= copy.ledger.held(asset), asset
    held = copy.ledger.quantity("BTC") * 40_000
    assert held / (held + copy.ledger.cash) == pytest.approx(Decimal("0.5"), abs=Decimal("0.01"))
    assert call_command("verify", copy.folder).exit_code == 0
    reviewed = call_command("review", copy.folder)
    assert (reviewed.exit_code, reviewed.stderr) == (0, ""), reviewed
    return copy


@pytest.mark.parametrize("fees", [None, "ETH"], ids=["fees of what is received", "fees in ETH"])
@pytest.mark.parametrize("reset", [FIRST, THIRD], ids=["before its sell", "after its sell"])
@pytest.mark.parametrize("copied", [EVENING, FIRST, THIRD], ids=["of the evening", "of the sell", "of the first buy"])
def test_what_the_lost_run_traded_after_a_reset_is_found_and_nothing_is_bought_twice(
    rig: Rig, copied: int, reset: int, fees: str | None
) -> None:
    watched = put_back(rig, copied=copied, reset=reset, fees=fees)

    copy = check(rig, watched)
    assert beyond(rig, copy) == set()


@pytest.mark.parametrize("copied", [EVENING, THIRD], ids=["of the evening", "of the first buy"])
def test_a_reset_after_all_leaves_nothing_to_be_found_and_the_ledger_goes_on_from_the_copy(
    rig: Rig, copied: int
) -> None:
    watched = put_back(rig, copied=copied, reset=None, late_reset="after the lost run")

    copy = check(rig, watched)
    assert beyond(rig, copy) == set()
    assert not [words for words in copy.notices if "the journal lacks" in words]


@pytest.mark.parametrize(
    ("reset", "late_reset", "left"),
    [(FOURTH, "", {"ETH"}), (None, "seen by the lost run", {"ETH", "SOL"})],
    ids=["between its buys", "after its buys"],
)
@pytest.mark.parametrize("copied", [EVENING, THIRD], ids=["of the evening", "of the first buy"])
def test_coins_bought_back_for_what_only_the_lost_run_held_are_left_alone_and_that_is_said(
    rig: Rig, copied: int, reset: int | None, late_reset: str, left: set[str]
) -> None:
    watched = put_back(rig, copied=copied, reset=reset, late_reset=late_reset)

    # That it held them, neither the copy nor the exchange knows: they are the account's, beside the ledger.
    copy = check(rig, watched)
    assert beyond(rig, copy) == left
    (said,) = [words for words in copy.notices if "known to nobody any more" in words]
    assert said.endswith(f"goes on from the copy; {', '.join(sorted(left))} that was bought back for it is left alone")
