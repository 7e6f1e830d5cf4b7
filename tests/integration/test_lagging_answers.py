"""Answers that lag, each kind alone and together, with the answer to an order lost: no order is doubled."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.events import AccountReset, OrderUnresolved
from engine.practice.faults import Fault
from tests.support.fakes import DAY
from tests.support.lagging import Lagging
from tests.support.live_rig import Bot, Rig
from tests.support.markets import coin_bars

PRICES = {"BTC": 40_000.0, "ETH": 2_000.0}
DAYS = 8
TARGETS = ({"BTC": 0.6}, {"BTC": 0.3, "ETH": 0.3}, None)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    bars = [coin_bars(asset, DAY, [price] * DAYS) for asset, price in PRICES.items()]
    with Rig(tmp_path, bars, TARGETS).open() as opened:
        yield opened


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "lags",
    [
        {"order": 30},
        {"order": 60},
        {"trades": 60},
        {"account": 60},
        {"order": 60, "trades": 60},
        {"order": 60, "account": 60},
        {"trades": 30, "account": 60},
        {"order": 30, "trades": 30, "account": 30},
        {"order": 60, "trades": 60, "account": 60},
    ],
    ids=lambda lags: " ".join(f"{kind} {seconds}" for kind, seconds in lags.items()),
)
def test_no_order_is_doubled_whatever_lags(rig: Rig, lags: dict[str, float], when: str) -> None:
    Lagging(rig, **lags)
    bot = Bot(rig)
    for _ in range(3):
        rig.exchange.add_fault(
            Fault(kind="http", status=504, when=when, method="POST", path="/api/v3/order", nth=1)  # type: ignore[arg-type]
        )
    bot.live_through(0, 2)

    assert [event for event in bot.events if isinstance(event, OrderUnresolved)]
    assert bot.standing.orders.in_doubt is None
    assert bot.bought() == rig.changes()
    # A buy, then a sell and a buy: each once.
    assert sorted((order.symbol, order.side.value) for order in rig.orders()) == [
        ("BTCUSDT", "buy"),
        ("BTCUSDT", "sell"),
        ("ETHUSDT", "buy"),
    ]


def test_a_reset_is_not_imagined_because_an_order_that_expired_in_part_is_not_visible_yet(rig: Rig) -> None:
    Lagging(rig, order=30, trades=30)
    bot = Bot(rig)
    rig.exchange.add_fault(Fault(kind="partial", share=Decimal("0.4"), method="POST", path="/api/v3/order"))
    rig.exchange.add_fault(Fault(kind="http", status=504, when="after", method="POST", path="/api/v3/order"))
    bot.live_through(0, 2)

    assert not [event for event in bot.events if isinstance(event, AccountReset)]
    assert bot.bought() == rig.changes()
