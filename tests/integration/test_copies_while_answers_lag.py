"""An older copy of the journal is put back at once after the last order, while no answer shows that order yet.

Neither order nor trade nor balance speaks for it, and the account has coins of its own: nothing but time tells.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.calendar import decision_instant
from engine.core.events import AccountReset, OrderSent
from engine.practice import api
from engine.practice.calls import Answer, Call
from tests.support.fakes import DAY
from tests.support.live_rig import Bot, Rig, Targets
from tests.support.markets import coin_bars

PRICES = {"BTC": 40_000.0, "ETH": 2_000.0, "SOL": 100.0}
DAYS = 9
ROTATION, AFTER, LAST = 1, 2, 4
TARGETS = ({"BTC": 0.6}, {"ETH": 0.3, "SOL": 0.3}, None, None)
BACK_AGAIN = ({"BTC": 0.6}, {"ETH": 0.3, "SOL": 0.3}, {"BTC": 0.6}, None)
OWN = dict.fromkeys(PRICES, Decimal(100))
EVENING, VERY_FIRST, SELL, FIRST_BUY, LAST_BUY = None, 0, 1, 2, 3
"""When the copy was made: the evening before, or when so many orders of the run had been sent."""
QUOTES, CANDLES = "/api/v3/ticker/bookTicker", "/api/v3/klines"
"""What is asked before an order is sent, and before a day is decided."""
WORDS = "the first orders of this start wait"
ALL = {"orders": 60, "trades": 60, "account": 60}
LAGS: list[Mapping[str, int]] = [
    ALL,
    {"orders": 30, "trades": 30, "account": 30},
    {"orders": 60, "trades": 60},
    {"orders": 60, "account": 60},
    {"trades": 60, "account": 60},
]
FEES = Decimal("0.01")
"""What they take is bought after it where a day is decided anew; no more than this share."""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    bars = [coin_bars(asset, DAY, [price] * DAYS) for asset, price in PRICES.items()]
    with Rig(tmp_path, bars, TARGETS, allowance=OWN).open() as opened:
        yield opened


def lag(rig: Rig, lags: Mapping[str, int]) -> None:
    for kind, seconds in lags.items():
        rig.exchange.lags.set(kind, Decimal(seconds))


class Copier:
    """Copies the folder of a bot when so many orders were sent, and before anything is written of the next one."""

    def __init__(self, rig: Rig, bot: Bot, *, sent: int | None, epoch: int = 1, asked: str = QUOTES) -> None:
        self.copy: Bot | None = bot.copy_to("copy") if sent is EVENING else None
        self._rig = rig
        self._bot = bot
        self._sent = sent
        self._epoch = epoch
        self._asked = asked
        rig.answer = self._answer

    def _answer(self, call: Call) -> Answer:
        if self.copy is None and call.path == self._asked and self._is_time():
            self.copy = self._bot.copy_to("copy")
        return api.answer(self._rig.exchange, call)

    def _is_time(self) -> bool:
        sent = [event for event in self._bot.events if isinstance(event, OrderSent)]
        standing = self._bot.standing
        return (len(sent), standing.epoch) == (self._sent, self._epoch) and standing.orders.in_doubt is None


def traded(rig: Rig) -> Mapping[tuple[str, str], Decimal]:
    """Add up what was executed, by market and side."""
    total: Counter[tuple[str, str]] = Counter()
    for order in rig.orders():
        total[order.symbol, order.side.value] += order.executed  # type: ignore[assignment] # a counter of decimals
    return {key: Decimal(quantity) for key, quantity in total.items()}


@pytest.mark.parametrize("copied", [EVENING, SELL, FIRST_BUY, LAST_BUY])
@pytest.mark.parametrize("lags", LAGS, ids=lambda lags: " ".join(f"{kind} {lags[kind]}" for kind in lags))
def test_a_copy_that_is_put_back_before_an_answer_shows_the_last_order_doubles_none(
    rig: Rig, lags: Mapping[str, int], copied: int | None
) -> None:
    bot = Bot(rig)
    bot.live()
    copier = Copier(rig, bot, sent=copied)
    lag(rig, lags)
    rig.to_day(ROTATION)
    bot.live()
    once = traded(rig)
    copy = copier.copy
    assert copy is not None
    copy.live()
    copy.live_through(AFTER, LAST)

    assert traded(rig) == {key: pytest.approx(quantity, rel=FEES) for key, quantity in once.items()}
    assert copy.bought() == rig.changes()
    for asset in PRICES:
        assert copy.ledger.quantity(asset) == pytest.approx(
            bot.ledger.quantity(asset), rel=FEES, abs=Decimal("0.001")
        ), asset


@pytest.mark.parametrize("targets", [TARGETS, BACK_AGAIN], ids=["the same targets", "targets of before"])
def test_orders_of_the_day_before_sent_at_its_last_moment_are_taken_up_before_a_day_is_planned(
    rig: Rig, targets: Targets
) -> None:
    rig.targets = targets
    bot = Bot(rig)
    bot.live()
    copy = bot.copy_to("copy")
    lag(rig, ALL)
    midnight = decision_instant(DAY + timedelta(days=AFTER))
    rig.exchange.set_clock(midnight - timedelta(seconds=70))
    # It waits for sixty seconds too: it was started anew.
    bot.live()
    assert rig.exchange.now < midnight
    rig.exchange.set_clock(midnight + timedelta(seconds=1))
    copy.live()
    copy.live_through(AFTER + 1, LAST)

    # The names are those of the day before; the copy has that day as missed, and plans for the next.
    assert {order.client_order_id for order in rig.orders()} >= {f"{copy.standing.identity}-20240102-ETH-b1-1"}
    assert traded(rig)["ETHUSDT", "buy"] == pytest.approx(bot.ledger.quantity("ETH"), rel=FEES)
    assert copy.bought() == rig.changes()
    held = {asset for asset, price in PRICES.items() if copy.ledger.quantity(asset) * Decimal(price) > 1_000}
    assert held == ({"ETH", "SOL"} if targets is TARGETS else {"BTC"})


def test_a_copy_without_fills_sees_a_reset_by_what_was_bought_back_just_before_it_was_put_back(rig: Rig) -> None:
    bot = Bot(rig)
    copier = Copier(rig, bot, sent=VERY_FIRST)
    bot.live()
    lag(rig, ALL)
    rig.exchange.reset(keep_klines=True)
    # The day after decides nothing new: the reset alone makes it buy.
    rig.targets = (TARGETS[0], None, None, None)
    rig.to_day(ROTATION)
    bot.live(cycles=1)
    copy = copier.copy
    assert copy is not None
    copy.live()
    copy.live_through(AFTER, LAST)

    assert [event for event in copy.events if isinstance(event, AccountReset)]
    # What the lost run held before the reset is known to nobody any more, and left alone.
    assert copy.ledger.quantity("BTC") == pytest.approx(bot.ledger.quantity("BTC"), rel=FEES)
    assert [words for words in copy.notices if words.endswith("; BTC that was bought back for it is left alone")]


@pytest.mark.parametrize("lags", [{}, ALL], ids=["answers at once", "answers lag"])
def test_a_copy_made_while_a_reset_is_made_up_for_takes_up_what_was_sent_after_it(
    rig: Rig, lags: Mapping[str, int]
) -> None:
    bot = Bot(rig)
    bot.live()
    # What buys back what the reset wiped is planned then, and the day is not decided.
    copier = Copier(rig, bot, sent=SELL, epoch=2, asked=CANDLES)
    rig.exchange.reset(keep_klines=True)
    lag(rig, lags)
    midnight = decision_instant(DAY + timedelta(days=AFTER))
    rig.exchange.set_clock(midnight - timedelta(seconds=150))
    bot.live()
    rig.exchange.set_clock(midnight + timedelta(seconds=1))
    copy = copier.copy
    assert copy is not None
    copy.live()
    copy.live_through(AFTER + 1, LAST)

    names = Counter(order.client_order_id for order in rig.orders())
    assert max(names.values()) == 1
    for asset in PRICES:
        assert copy.ledger.quantity(asset) == pytest.approx(
            bot.ledger.quantity(asset), rel=FEES, abs=Decimal("0.001")
        ), asset
    sold = traded(rig)["BTCUSDT", "sell"]
    assert sold == pytest.approx(traded(rig)["BTCUSDT", "buy"], rel=FEES)


def test_the_wait_is_said_once_a_start_and_only_where_something_is_to_be_sent(rig: Rig) -> None:
    bot = Bot(rig)

    said = []
    for day in range(LAST):
        rig.to_day(day)
        bot.live()
        said.append(len([words for words in bot.notices if words.startswith(WORDS)]))

    # A run that begins has no past; the day after the rotation and the one after it send nothing.
    assert said == [0, 1, 1, 1]
    sent = {event.order.decision_day: event.at for event in bot.events if isinstance(event, OrderSent)}
    over = decision_instant(DAY + timedelta(days=ROTATION))
    assert sent[DAY + timedelta(days=ROTATION)] == over + timedelta(seconds=120)


def test_a_day_that_plans_nothing_is_decided_at_once(rig: Rig) -> None:
    bot = Bot(rig)
    bot.live_through(0, ROTATION)
    rig.to_day(AFTER)
    begun = rig.exchange.now

    bot.live()

    assert bot.standing.last_day == DAY + timedelta(days=AFTER)
    assert rig.exchange.now == begun


def test_a_start_on_a_journal_that_is_as_it_was_left_sends_at_once(rig: Rig, tmp_path: Path) -> None:
    bot = Bot(rig)
    bot.heads = tmp_path / "state" / "heads"

    for day in range(LAST):
        rig.to_day(day)
        bot.live()

    assert rig.orders()
    assert not [words for words in bot.notices if words.startswith(WORDS)]


def test_a_copy_that_is_put_back_in_its_place_waits_where_heads_are_kept(rig: Rig, tmp_path: Path) -> None:
    bot = Bot(rig)
    bot.heads = tmp_path / "state" / "heads"
    bot.live()
    copy = bot.copy_to("copy")
    lag(rig, ALL)
    rig.to_day(ROTATION)
    bot.live()
    once, held = traded(rig), {asset: bot.ledger.quantity(asset) for asset in PRICES}
    shutil.rmtree(bot.folder)
    shutil.copytree(copy.folder, bot.folder)

    bot.live()
    bot.live_through(AFTER, LAST)

    assert traded(rig) == {key: pytest.approx(quantity, rel=FEES) for key, quantity in once.items()}
    for asset in PRICES:
        assert bot.ledger.quantity(asset) == pytest.approx(held[asset], rel=FEES, abs=Decimal("0.001")), asset
    assert len([words for words in bot.notices if words.startswith(WORDS)]) == 1
