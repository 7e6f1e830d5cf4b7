"""The live host on a clock, bars and a venue that a test moves."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.core.calendar import decision_instant
from engine.core.errors import DataError, VenueError
from engine.core.events import DayDecided, Event, OrderFilled, OrderSent
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.order import Fill, OrderReport, OrderStatus, Side
from engine.core.planner import Planner
from engine.core.strategy import AnyStrategy, Universe
from engine.journal.memory import MemoryJournal
from engine.ports import Venue
from engine.settings.registry import params_of, strategy_factory
from engine.trading.drivers.live import MOST_DOUBTS, LiveDriver, Timing
from engine.trading.first_sends import FirstSends
from engine.trading.recovery import standing_of
from engine.trading.session import Session
from engine.trading.standing import Standing
from tests.support.driven import Account, historical_events, open_venue, session_of, whole_span
from tests.support.fakes import DAY, FakeVenue, ScriptedState, ScriptedStrategy, free_sends
from tests.support.markets import coin_bars, faulty_market, history_of, index_bars, weekdays_between

ASSETS = ("BTC", "ETH")
PRICES = {"BTC": "100", "ETH": "10"}
GRACE = timedelta(minutes=1)
ONE_SECOND = timedelta(seconds=1)
WAIT = timedelta(hours=6)
ALL_BTC: Mapping[str, float] = {"BTC": 0.5}
ALL_ETH: Mapping[str, float] = {"ETH": 0.5}
QUICK: dict[str, Any] = {
    "name": "rotation",
    "basket": {"ETH": 0.5},
    "basket_equal": ["SOL", "BNB", "XRP"],
    "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2},
    "macd": {"fast": 3, "slow": 6, "signal": 2, "warmup_weeks": 20},
    "hold_weeks": 6,
}
"""Settings under which a small market makes it rotate."""


class FakeBars:
    """A market of which so much is there as a test lets be there.

    Attributes:
        hidden: days by symbol whose bars have not arrived; broken: whether the provider is down.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self.hidden: dict[str, set[date]] = {}
        self.broken = False
        self.absent: dict[str, str] = {}
        self.holes: set[str] = set()

    def history_at(self, day: date) -> History:
        if self.broken:
            raise DataError("yahoo: cannot be reached")
        series = {}
        for symbol, bars in self.history.known_by(decision_instant(day)).series.items():
            missing = self.hidden.get(symbol, set())
            kept = [at for at, ordinal in enumerate(bars.ordinals) if date.fromordinal(int(ordinal)) not in missing]
            series[symbol] = (
                bars
                if len(kept) == len(bars)
                else replace(
                    bars,
                    **{name: getattr(bars, name)[kept] for name in ("days", "open", "high", "low", "close", "volume")},
                    known_at=bars.known_at[kept],
                )
            )
        return History(series=series, absent=self.absent)

    def may_still_come(self, symbol: str, day: date) -> bool:
        return symbol not in self.holes


class IndexedStrategy(ScriptedStrategy):
    """The scripted strategy, with an index that it is supposed to look at; it enters only when it may."""

    def __init__(self, targets: Sequence[Mapping[str, float] | None]) -> None:
        super().__init__(ASSETS, targets)
        self.universe = Universe(core="BTC", assets=ASSETS, indices=("RUT",))


class Bench:
    """A driver on scripted targets: BTC and ETH have a bar a day, RUT a session a weekday, from 2024-01-01 on."""

    def __init__(
        self, *targets: Mapping[str, float] | None, journal: MemoryJournal | None = None, seconds: float = 0.0
    ) -> None:
        self.bars = FakeBars(
            history_of(
                *(coin_bars(asset, DAY, [float(price)] * 30) for asset, price in PRICES.items()),
                index_bars("RUT", DAY, [1000.0] * 22),
            )
        )
        self.journal = journal or MemoryJournal()
        self.venue = FakeVenue(PRICES, self.journal)
        self.strategy = IndexedStrategy(targets)
        self.now = decision_instant(DAY)
        self.pauses: list[float] = []
        self.is_ending = False
        self.after_pause: Callable[[], None] = lambda: None
        self.notices: list[str] = []
        self.changes = 0
        self.checks: list[datetime] = []
        self.first_sends = FirstSends(seconds, pause=self._pause, notice=self.notices.append)
        fresh = Standing(ledger=Ledger(quote="USDT", cash=Decimal(1000)), state=ScriptedState())
        self.session = Session(
            strategy=self.strategy,
            planner=Planner(
                account="bot",
                instruments=self.venue.instruments(),
                costs=Costs(commission=Decimal(0), slippage=Decimal(0)),
                trading_order=ASSETS,
            ),
            venue=self.venue,
            journal=self.journal,
            ledger=fresh.ledger,
            standing=standing_of(self.journal, fresh),
        )
        self.driver = LiveDriver(
            session=self.session,
            strategy=self.strategy,
            bars=self.bars,
            sessions=weekdays_between,
            exchange_now=lambda: self.now,
            pause=self._pause,
            ending=lambda: self.is_ending,
            changed=self._count,
            check_account=self.checks.append,
            first_sends=self.first_sends,
            notice=self.notices.append,
            timing=Timing(grace=GRACE, poll_seconds=20.0, index_wait=WAIT),
            max_stale_sessions=3,
        )

    def cycle_at(self, day: date, after: timedelta = GRACE) -> bool:
        """Run one cycle so long after the end of a day."""
        self.now = decision_instant(day) + after
        return self.driver.cycle()

    @property
    def days(self) -> list[date]:
        return [event.day for event in self.journal if isinstance(event, DayDecided)]

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.after_pause()

    def _count(self) -> None:
        self.changes += 1


def on(number: int) -> date:
    """Give a day of January 2024; the first is a Monday."""
    return date(2024, 1, number)


def test_a_day_is_decided_when_it_is_over_and_the_grace_has_passed() -> None:
    bench = Bench(None, None)

    bench.cycle_at(on(3), GRACE - timedelta(seconds=1))
    early = bench.days
    bench.cycle_at(on(3), GRACE)

    # At the first start the last day that is over is the first decision day.
    assert (early, bench.days) == ([on(2)], [on(2), on(3)])


def test_a_day_is_decided_once() -> None:
    bench = Bench(None)

    assert [bench.cycle_at(on(3)) for _ in range(3)] == [True, True, True]
    assert bench.days == [on(3)]


def test_orders_follow_their_decision_in_the_same_cycle_and_files_are_told() -> None:
    bench = Bench(ALL_BTC)

    assert bench.cycle_at(on(1))
    assert bench.session.ledger.quantity("BTC") == 5
    assert bench.changes == 1


def test_missed_days_are_decided_in_order_and_traded_once_for_the_present_target() -> None:
    bench = Bench(None, ALL_BTC, ALL_ETH, ALL_ETH)

    bench.cycle_at(on(1))
    bench.cycle_at(on(4))

    assert bench.days == [on(1), on(2), on(3), on(4)]
    (sent,) = [event for event in bench.journal if isinstance(event, OrderSent)]
    assert (sent.order.asset, sent.order.decision_day) == ("ETH", on(4))


def test_a_decision_replaces_orders_that_still_wait_before_they_are_sent() -> None:
    bench = Bench(ALL_BTC, ALL_ETH)
    bench.venue.closed = {"BTC"}
    bench.cycle_at(on(1))
    bench.venue.closed = set()

    bench.cycle_at(on(2))

    assert [order.asset for order, _, _ in bench.venue.submitted] == ["ETH"]


def test_no_stale_order_follows_an_unresolved_one_before_the_missed_days_are_decided() -> None:
    bench = Bench({"BTC": 0.5, "ETH": 0.4}, ALL_BTC)
    bench.venue.scripted["bot-20240101-BTC-b1-1"] = OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
    bench.cycle_at(on(1))
    bench.venue.fates = [OrderReport(status=OrderStatus.FILLED, fills=(_fill_of_all_btc(),))]

    bench.cycle_at(on(2))

    assert [order.asset for order, _, _ in bench.venue.submitted] == ["BTC"]
    assert bench.days == [on(1), on(2)]


def test_the_account_is_checked_when_a_day_is_due_and_as_long_as_an_order_waits() -> None:
    bench = Bench(ALL_BTC)
    bench.venue.closed = {"BTC"}
    bench.cycle_at(on(1))
    bench.cycle_at(on(1))
    bench.venue.closed = set()
    bench.cycle_at(on(1))
    bench.cycle_at(on(1))

    # The last cycle has nothing to decide and nothing to send.
    assert len(bench.checks) == 3


def test_what_a_start_plans_and_sends_first_waits_and_is_decided_once_the_account_was_looked_at_again() -> None:
    bench = Bench(None)
    bench.cycle_at(on(1))
    again = Bench(None, ALL_BTC, ALL_ETH, journal=bench.journal, seconds=60.0)
    seen: list[tuple[list[date], int]] = []
    again.after_pause = lambda: seen.append((again.days, len(again.checks)))
    assert again.cycle_at(on(3))
    # The day that was missed is decided, and the one that plans is not.
    assert (again.pauses, seen) == ([60.0], [([on(1), on(2)], 1)])
    assert (again.days, len(again.checks)) == ([on(1), on(2), on(3)], 2)
    assert [order.asset for order, _, _ in again.venue.submitted] == ["ETH"]


def test_a_day_that_plans_nothing_does_not_wait_and_later_ones_have_waited_long_enough() -> None:
    bench = Bench(None, ALL_BTC, seconds=60.0)

    assert bench.cycle_at(on(1))
    assert bench.cycle_at(on(2))

    assert (bench.days, bench.pauses) == ([on(1), on(2)], [])
    assert [order.asset for order, _, _ in bench.venue.submitted] == ["BTC"]


def test_a_start_grows_older_while_nothing_is_due() -> None:
    bench = Bench(None)
    bench.cycle_at(on(1))
    bench = Bench(None, ALL_BTC, journal=bench.journal, seconds=60.0)

    assert bench.cycle_at(on(1), timedelta(hours=12))
    assert bench.cycle_at(on(2))
    assert (bench.pauses, [order.asset for order, _, _ in bench.venue.submitted]) == ([], ["BTC"])


def test_an_order_that_waits_is_sent_after_the_wait_of_a_start_and_a_doubtful_one_is_asked_for_before_it() -> None:
    bench = Bench({"BTC": 0.5, "ETH": 0.4})
    bench.venue.scripted["bot-20240101-BTC-b1-1"] = OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
    bench.cycle_at(on(1))
    bench = Bench({"BTC": 0.5, "ETH": 0.4}, journal=bench.journal, seconds=60.0)
    bench.venue.fates = [OrderReport(status=OrderStatus.FILLED, fills=(_fill_of_all_btc(),))]
    seen: list[tuple[int, int]] = []
    bench.after_pause = lambda: seen.append((len(bench.venue.fates), len(bench.venue.submitted)))

    assert bench.cycle_at(on(1), GRACE + ONE_SECOND)
    assert (bench.pauses, seen) == ([60.0], [(0, 0)])
    assert [order.asset for order, _, _ in bench.venue.submitted] == ["ETH"]


def test_a_signal_while_a_start_waits_ends_the_run_with_nothing_decided_or_sent() -> None:
    bench = Bench(ALL_BTC, seconds=60.0)
    bench.now = decision_instant(on(1)) + GRACE

    def signal() -> None:
        bench.is_ending = True

    bench.after_pause = signal
    bench.driver.run()

    assert (bench.days, bench.venue.submitted, bench.pauses[0]) == ([], [], 60.0)
    # The next start waits anew.
    again = Bench(ALL_BTC, journal=bench.journal, seconds=60.0)
    assert again.cycle_at(on(1))
    assert (again.pauses, again.days) == ([60.0], [on(1)])


def test_once_sends_what_a_start_has_waited_with() -> None:
    bench = Bench(ALL_BTC, seconds=60.0)
    bench.now = decision_instant(on(1)) + GRACE

    bench.driver.run(once=True)

    assert [order.asset for order, _, _ in bench.venue.submitted] == ["BTC"]
    assert len([words for words in bench.notices if "first orders" in words]) == 1


def test_a_late_index_is_waited_for_and_the_day_decided_when_it_comes() -> None:
    bench = Bench(None)
    bench.bars.hidden = {"RUT": {on(3)}}

    waited = bench.cycle_at(on(3))
    early = bench.days
    bench.bars.hidden = {}
    bench.cycle_at(on(3), GRACE * 2)

    assert (waited, early, bench.days) == (False, [], [on(3)])
    assert bench.notices == ["waiting for the RUT session that ends before 2024-01-03 does"]


def test_a_late_index_is_waited_for_no_longer_than_the_bound() -> None:
    bench = Bench(None)
    bench.bars.hidden = {"RUT": {on(3)}}

    bench.cycle_at(on(3), WAIT - timedelta(seconds=1))
    early = bench.days
    bench.cycle_at(on(3), WAIT)

    assert (early, bench.days) == ([], [on(3)])
    # One session is not too many.
    assert [holdings.entries_allowed for holdings in bench.strategy.holdings] == [True]


def test_a_hole_in_the_index_is_not_waited_for() -> None:
    bench = Bench(None)
    bench.bars.hidden = {"RUT": {on(3)}}
    bench.bars.holes = {"RUT"}

    bench.cycle_at(on(3))

    assert bench.days == [on(3)]


def test_a_weekend_has_no_session_to_wait_for() -> None:
    bench = Bench(None)

    bench.cycle_at(on(7))

    assert (bench.days, bench.notices) == ([on(7)], [])


def test_a_stale_index_allows_no_entry_and_is_told_and_days_go_on() -> None:
    bench = Bench(*[None] * 9)
    bench.bars.hidden = {"RUT": {on(number) for number in range(2, 20)}}

    for number in range(1, 10):
        bench.cycle_at(on(number), WAIT)

    # Sessions of the 2nd to 4th are missing at first; from Friday the 5th on it is a fourth one.
    allowed = [holdings.entries_allowed for holdings in bench.strategy.holdings]
    assert allowed == [True] * 4 + [False] * 5
    assert bench.notices[0] == "2024-01-05: RUT is 4 sessions behind; no entries until it is up to date"
    assert len(bench.notices) == 5


def test_an_index_that_begins_later_is_named() -> None:
    bench = Bench(None)
    bench.bars.hidden = {"RUT": {on(1), on(2), on(3)}}

    with pytest.raises(DataError, match="RUT: has no session that was over on 2024-01-03"):
        bench.cycle_at(on(3), WAIT)


def test_a_day_without_its_core_bar_is_waited_for() -> None:
    bench = Bench(None)
    bench.bars.hidden = {"BTC": {on(3)}}

    waited = [bench.cycle_at(on(3)), bench.cycle_at(on(3))]
    bench.bars.hidden = {}
    bench.cycle_at(on(3))

    assert (waited, bench.days) == ([False, False], [on(3)])
    assert bench.notices == ["waiting for the BTC bar of 2024-01-03"]


def test_a_day_whose_core_bar_never_came_is_skipped_when_a_later_one_is_there() -> None:
    bench = Bench(None, ALL_BTC)
    bench.cycle_at(on(2))
    bench.bars.hidden = {"BTC": {on(3)}}

    bench.cycle_at(on(3))
    bench.cycle_at(on(4))

    assert bench.days == [on(2), on(4)]
    assert bench.session.ledger.quantity("BTC") == 5


def test_a_change_of_a_missed_day_is_planned_once_the_last_core_bar_is_there() -> None:
    bench = Bench(None, ALL_BTC, ALL_BTC)
    bench.cycle_at(on(1))
    bench.bars.hidden = {"BTC": {on(3)}}

    assert not bench.cycle_at(on(3))
    decided, bought = bench.days, bench.session.ledger.quantity("BTC")
    bench.bars.hidden = {}
    bench.cycle_at(on(3))

    assert decided == [on(1), on(2)]
    assert bought == 0
    assert bench.session.ledger.quantity("BTC") == 5


def test_a_coin_that_becomes_stuck_is_said_once() -> None:
    bench = Bench(ALL_BTC, ALL_ETH, None, None, None)
    bench.cycle_at(on(1))
    bench.venue.closed = {"BTC"}

    said = []
    for day in range(2, 6):
        bench.cycle_at(on(day))
        bench.cycle_at(on(day))
        said.append(len(bench.notices))

    # Its sell is tried on the morning after the second day first; two days later it is stuck.
    assert said == [0, 0, 1, 1]
    assert bench.notices == ["stuck: BTC is tried in vain since 2024-01-03; other orders wait no longer for it"]


def test_an_unresolved_order_is_asked_for_before_anything_else() -> None:
    bench = Bench(ALL_BTC, None)
    bench.venue.scripted["bot-20240101-BTC-b1-1"] = OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
    bench.cycle_at(on(1))

    stuck = bench.cycle_at(on(2))
    days_then = bench.days
    fill = _fill_of_all_btc()
    bench.venue.fates = [OrderReport(status=OrderStatus.FILLED, fills=(fill,))]
    bench.cycle_at(on(2))

    assert (stuck, days_then) == (False, [on(1)])
    assert bench.days == [on(1), on(2)]
    assert bench.session.ledger.quantity("BTC") == 5


def test_an_answer_that_was_lost_does_not_hold_up_the_other_orders_until_the_next_cycle() -> None:
    bench = Bench({"BTC": 0.5, "ETH": 0.4})
    bench.venue.scripted["bot-20240101-BTC-b1-1"] = OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
    bench.venue.fates = [
        OrderReport(status=OrderStatus.REJECTED, again=Decimal(2), was_placed=False, message="was never placed")
    ]

    assert bench.cycle_at(on(1))
    assert [order.client_order_id for order, _, _ in bench.venue.submitted] == [
        "bot-20240101-BTC-b1-1",
        "bot-20240101-BTC-b1-2",
        "bot-20240101-ETH-b1-1",
    ]


def test_an_exchange_that_loses_every_answer_is_left_alone_after_some_orders() -> None:
    bench = Bench(ALL_BTC)
    lost = OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
    never = OrderReport(status=OrderStatus.REJECTED, again=Decimal(5), was_placed=False, message="was never placed")
    bench.venue.scripted = {f"bot-20240101-BTC-b1-{attempt}": lost for attempt in range(1, 100)}
    bench.venue.fates = [never] * 100

    assert not bench.cycle_at(on(1))
    assert len(bench.venue.asked) == MOST_DOUBTS


def test_a_run_that_is_to_end_goes_on_after_no_doubt() -> None:
    bench = Bench(ALL_BTC)
    lost = OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
    bench.venue.scripted = {"bot-20240101-BTC-b1-1": lost}
    bench.is_ending = True

    bench.cycle_at(on(1))

    assert (len(bench.venue.submitted), bench.venue.asked) == (1, [])


def test_a_restart_asks_for_an_order_that_was_sent_before_it_decides() -> None:
    before = Bench(ALL_BTC)
    before.cycle_at(on(1))
    events = list(before.journal)
    journal = MemoryJournal()
    journal.append_all(events[: 1 + [type(event) for event in events].index(OrderSent)])
    bench = Bench(ALL_BTC, None, journal=journal)

    bench.cycle_at(on(2))

    assert bench.venue.asked == ["bot-20240101-BTC-b1-1"]
    assert (bench.days, bench.venue.submitted) == ([on(1)], [])


def test_a_provider_that_fails_at_the_first_start_ends_the_run() -> None:
    bench = Bench(None)
    bench.bars.broken = True

    with pytest.raises(DataError, match="cannot be reached"):
        bench.cycle_at(on(1))


def test_a_provider_that_fails_later_is_waited_for() -> None:
    bench = Bench(None, None)
    bench.cycle_at(on(1))
    bench.bars.broken = True
    waited = [bench.cycle_at(on(2)), bench.cycle_at(on(2))]
    bench.bars.broken = False
    bench.cycle_at(on(2))

    assert (waited, bench.days) == ([False, False], [on(1), on(2)])
    assert bench.notices == ["waiting for the bars of 2024-01-02: yahoo: cannot be reached"]


def test_a_run_goes_on_until_it_is_to_end_and_pauses_between_looks() -> None:
    bench = Bench(None, None, None)

    def tomorrow() -> None:
        bench.now += timedelta(days=1)
        bench.is_ending = len(bench.pauses) == 3

    bench.now = decision_instant(on(1)) + GRACE
    bench.after_pause = tomorrow
    bench.driver.run()

    # After a day was decided it looks again at once: the next one may be over too.
    assert (bench.days, bench.pauses) == ([on(1), on(2), on(3)], [0.001] * 3)


def test_pauses_double_up_to_the_wanted_one_while_nothing_happens() -> None:
    bench = Bench(None)
    bench.now = decision_instant(on(1)) + GRACE

    def count() -> None:
        bench.is_ending = len(bench.pauses) == 20

    bench.after_pause = count
    bench.driver.run()

    assert bench.pauses[:4] == [0.001, 0.002, 0.004, 0.008]
    assert bench.pauses[14:] == [16.384, *[20.0] * 5]
    assert sum(bench.pauses[:15]) < 33


def test_a_pause_is_never_longer_than_wanted() -> None:
    timing = Timing(grace=GRACE, poll_seconds=0.05, index_wait=WAIT)

    assert [timing.pause_after(cycles) for cycles in (0, 5, 6, 10_000)] == [0.001, 0.032, 0.05, 0.05]


def test_once_ends_as_soon_as_nothing_is_left_to_do() -> None:
    bench = Bench(ALL_BTC)
    bench.now = decision_instant(on(1)) + GRACE

    bench.driver.run(once=True)

    assert (bench.days, bench.pauses) == ([on(1)], [])
    assert bench.session.ledger.quantity("BTC") == 5


def test_once_does_not_wait_for_a_market_that_is_closed() -> None:
    bench = Bench(ALL_BTC)
    bench.venue.closed = {"BTC"}
    bench.now = decision_instant(on(1)) + GRACE

    bench.driver.run(once=True)

    # The second cycle changed nothing.
    assert (len(bench.pauses), len(bench.session.waiting)) == (1, 1)


def test_once_goes_on_while_an_order_is_tried_again() -> None:
    bench = Bench(ALL_BTC)
    for attempt in (1, 2, 3):
        bench.venue.scripted[f"bot-20240101-BTC-b1-{attempt}"] = OrderReport(
            status=OrderStatus.REJECTED, again=Decimal(5), message="expired"
        )
    bench.now = decision_instant(on(1)) + GRACE

    bench.driver.run(once=True)

    assert [order.attempt for order, _, _ in bench.venue.submitted] == [1, 2, 3, 4]


def test_an_exchange_that_fails_ends_the_run_unless_it_is_ending_anyway() -> None:
    bench = Bench(None)

    def fail() -> datetime:
        raise VenueError("binance-testnet cannot be reached")

    bench.bars.history_at = lambda day: fail()  # type: ignore[method-assign, return-value, assignment]
    bench.now = decision_instant(on(1)) + GRACE
    with pytest.raises(VenueError):
        bench.driver.run()

    def end_and_fail(day: date) -> History:
        bench.is_ending = True
        raise VenueError("binance-testnet cannot be reached")

    bench.bars.history_at = end_and_fail  # type: ignore[method-assign]
    bench.driver.run()


def _fill_of_all_btc() -> Fill:
    return Fill(
        at=datetime(2024, 1, 2, tzinfo=UTC),
        order_id="1",
        client_order_id="bot-20240101-BTC-b1-1",
        asset="BTC",
        symbol="BTC/USDT",
        side=Side.BUY,
        quantity=Decimal(5),
        price=Decimal(100),
        notional=Decimal(500),
        fee=Decimal(0),
        fee_asset="USDT",
        decision_day=on(1),
        reason="change 1",
    )


def live_events(strategy: AnyStrategy, history: History, first: date, last: date, account: Account) -> list[Event]:
    """Run the live driver, a cycle at the end of each day, on a venue that fills at the next day's open."""
    journal = MemoryJournal()
    venue: Venue = open_venue(strategy, history, account)
    bars = FakeBars(history)
    # Sessions that a generated market leaves out will never come.
    bars.holes = set(strategy.universe.indices)
    clock = [decision_instant(first)]
    driver = LiveDriver(
        session=session_of(strategy, account, venue=venue, journal=journal),
        strategy=strategy,
        bars=bars,
        sessions=weekdays_between,
        exchange_now=lambda: clock[0],
        pause=lambda _: None,
        ending=lambda: False,
        changed=lambda: None,
        check_account=lambda _: None,
        first_sends=free_sends(),
        notice=lambda _: None,
        timing=Timing(grace=timedelta(0), poll_seconds=1.0, index_wait=WAIT),
        max_stale_sessions=3,
    )
    while clock[0] <= decision_instant(last):
        driver.cycle()
        clock[0] += timedelta(days=1)
    return list(journal)


def record_of(events: Sequence[Event], until: datetime) -> tuple[list[DayDecided], list[Fill]]:
    fills = [replace(event.fill, order_id="") for event in events if isinstance(event, OrderFilled)]
    return [event for event in events if isinstance(event, DayDecided)], [fill for fill in fills if fill.at < until]


@pytest.mark.parametrize("seed", range(2))
def test_it_decides_and_trades_day_by_day_what_the_historical_driver_does(seed: int) -> None:
    settings = {"exit_to": "cash" if seed % 2 else "core", "rebalance_drift": 0.05 if seed % 3 else None}
    strategy = strategy_factory("rotation")(params_of("rotation").model_validate({**QUICK, **settings}))
    history = faulty_market(seed)
    span = whole_span(strategy, history)
    until = decision_instant(span.last_day)

    live = record_of(live_events(strategy, history, span.first_day, span.last_day, Account()), until)
    historical = record_of(historical_events(strategy, history, span, Account())[0], until)

    assert live == historical
    reasons = Counter(decision.reason for decision in live[0])
    assert reasons["entry"] >= 1, reasons


def test_a_series_that_decides_is_waited_for_and_then_the_day_is_decided_without_it() -> None:
    bench = Bench(ALL_BTC, ALL_BTC)
    bench.strategy.universe = replace(bench.strategy.universe, series=("WALCL",), shown_series=("DFF",))
    bench.bars.absent = {"WALCL": "fred WALCL: FRED answers HTTP 503", "DFF": "no network"}

    bench.now = decision_instant(DAY) + GRACE
    early = bench.driver.cycle()
    decided_early = list(bench.days)
    bench.now = decision_instant(DAY) + WAIT
    bench.driver.cycle()

    assert (early, decided_early) == (False, [])
    assert bench.days == [DAY]
    assert bench.notices == [
        "waiting for WALCL of 2024-01-01: fred WALCL: FRED answers HTTP 503",
        "2024-01-01: WALCL could not be had: fred WALCL: FRED answers HTTP 503; DFF could not be had: no network",
    ]


def test_a_series_that_is_only_shown_holds_no_decision_up() -> None:
    bench = Bench(ALL_BTC)
    bench.strategy.universe = replace(bench.strategy.universe, shown_series=("DFF",))
    bench.bars.absent = {"DFF": "no network"}

    bench.now = decision_instant(DAY) + GRACE
    bench.driver.cycle()

    assert bench.notices == ["2024-01-01: DFF could not be had: no network"]
