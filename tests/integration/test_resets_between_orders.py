"""Resets of the exchange before, between, during and after the orders of a decision: nothing is bought twice."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pytest

from engine.core.events import AccountReset
from engine.practice.book import Level, Market
from engine.practice.calls import Answer, Call
from engine.practice.matching import MatchingEngine
from engine.practice.orders import PracticeOrder
from tests.support.fakes import DAY
from tests.support.live_rig import Bot, Rig
from tests.support.markets import coin_bars

PRICES = {"BTC": 40_000.0, "ETH": 2_000.0, "SOL": 100.0, "BNB": 300.0}
DAYS = 8
TARGETS = ({"BTC": 0.6, "BNB": 0.1}, None, {"ETH": 0.3, "SOL": 0.3, "BNB": 0.1}, None, {"BTC": 0.9})
"""The day of the rotation sells BTC and buys ETH and SOL; all goes back into the core two days later."""
ROTATION, HOME, END = 2, 4, 6
FEES = ("taken from what was bought", "higher than configured", "taken in BNB", "none")


def commission_of(fees: str) -> Decimal:
    return {"higher than configured": Decimal("0.004"), "none": Decimal(0)}.get(fees, Decimal("0.001"))


@pytest.fixture
def rig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    fees = getattr(request, "param", FEES[0])
    bars = [coin_bars(asset, DAY, [price] * DAYS) for asset, price in PRICES.items()]
    made = Rig(tmp_path, bars, TARGETS, commission=commission_of(fees), allowance={"BNB": Decimal(5)})
    book = MatchingEngine._book

    def in_bnb(
        self: MatchingEngine, order: PracticeOrder, market: Market, level: Level, at: int, *, is_maker: bool
    ) -> None:
        with mock.patch.object(self, "_commission", Decimal(0)):
            book(self, order, market, level, at, is_maker=is_maker)
        fee = (level.price * level.quantity * made.exchange.commission / 300).quantize(Decimal("0.00000001"))
        made.exchange.account.pay("BNB", fee, from_locked=False)
        object.__setattr__(order.trades[-1], "commission", fee)
        object.__setattr__(order.trades[-1], "commission_asset", "BNB")

    with made.open():
        if fees == "taken in BNB":
            with mock.patch.object(MatchingEngine, "_book", in_bnb):
                yield made
        else:
            yield made


class ResetAtOrder:
    """Resets the exchange before or after the n-th order that is sent from now on, counted from 1."""

    def __init__(self, rig: Rig, number: int, when: str) -> None:
        self._rig, self._answer = rig, rig.answer
        self._left, self._when = number, when
        self.is_done = False
        rig.answer = self

    def __call__(self, call: Call) -> Answer:
        is_order = (call.method, call.path) == ("POST", "/api/v3/order")
        self._left -= is_order
        if is_order and self._when == "before":
            self._reset_if_due()
        answer = self._answer(call)
        if is_order and self._when == "after":
            self._reset_if_due()
        return answer

    def _reset_if_due(self) -> None:
        if self._left == 0 and not self.is_done:
            self.is_done = True
            self._rig.exchange.reset(keep_klines=True)


def assert_the_exchange_holds_the_ledger_beside_its_allowance(rig: Rig, bot: Bot) -> None:
    ledger, changes = bot.ledger, rig.changes()
    for asset, price in PRICES.items():
        more = changes.get(asset, Decimal(0)) - ledger.quantity(asset)
        # What buy-backs round up, of 60,000 USDT at most: a commission that is not taken, the least order, lot steps.
        most = (60_000 * Decimal("0.0011") + 6) / Decimal(price) + Decimal("0.01")
        assert more >= 0, (asset, more, changes, ledger)
        assert more <= most, (asset, more, changes, ledger)


@pytest.mark.parametrize("rig", FEES, indirect=True)
@pytest.mark.parametrize(
    ("number", "when"),
    [(1, "before"), (1, "after"), (2, "after"), (3, "before"), (3, "after")],
    ids=["before the sell", "between sell and buys", "between the buys", "as the last buy comes", "after the orders"],
)
def test_a_reset_amid_the_orders_of_a_rotation_buys_nothing_twice(rig: Rig, number: int, when: str) -> None:
    bot = Bot(rig)
    bot.live_through(0, ROTATION - 1)
    reset = ResetAtOrder(rig, number, when)
    bot.live_through(ROTATION, HOME - 1)

    assert reset.is_done
    assert [event.epoch for event in bot.events if isinstance(event, AccountReset)] == [2]
    assert_the_exchange_holds_the_ledger_beside_its_allowance(rig, bot)
    ledger = bot.ledger
    assert ledger.quantity("ETH") * 2000 == pytest.approx(Decimal(30_000), rel=Decimal("0.02"))
    assert ledger.quantity("SOL") * 100 == pytest.approx(Decimal(30_000), rel=Decimal("0.02"))
    assert ledger.quantity("BTC") < 1

    bot.live_through(HOME, END)

    assert bot.ledger.quantity("BTC") * 40_000 == pytest.approx(Decimal(90_000), rel=Decimal("0.03"))
    assert_the_exchange_holds_the_ledger_beside_its_allowance(rig, bot)


def test_a_reset_between_two_days_while_the_bot_is_down_is_made_up_for_once(rig: Rig) -> None:
    bot = Bot(rig)
    bot.live_through(0, ROTATION)
    rig.exchange.reset(keep_klines=True)
    bot.live_through(ROTATION + 1, END)

    assert [event.epoch for event in bot.events if isinstance(event, AccountReset)] == [2]
    assert_the_exchange_holds_the_ledger_beside_its_allowance(rig, bot)
