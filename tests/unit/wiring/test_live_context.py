"""The board of a live run's day: made once, with what is there in time, and never an end of the run."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

from engine.core.context import systems_of
from engine.core.errors import DataError, VenueError
from engine.core.events import ContextSeen, DayDecided, Event
from engine.core.market import BarSeries
from engine.core.series import SeriesKind, ValueSeries
from engine.ports import LoadedSeries, LoadedValues
from engine.wiring.live.live_context import PATIENCE, LiveContext
from strategies.rotation import Rotation, RotationParams, RotationState
from tests.support.markets import coin_bars, history_of, index_bars
from tests.support.series_market import with_faulty_series

FIRST = date(2021, 1, 4)
DAYS = 700
COINS = {coin: coin_bars(coin, FIRST, [100.0 + n % 50 for n in range(DAYS)]) for coin in ("BTC", "ETH", "SOL")}
INDEX = index_bars("RUT", FIRST, [1000.0 + n for n in range(DAYS // 7 * 5)])
FURTHER = with_faulty_series(history_of(COINS["BTC"]), seed=5)
DAY = FIRST + timedelta(days=DAYS - 1)


class Bars:
    """Coins or the index."""

    def __init__(self, bars: dict[str, BarSeries]) -> None:
        self.bars = bars

    def up_to(self, symbol: str, day: date) -> BarSeries:
        if symbol not in self.bars:
            raise DataError(f"{symbol}: nobody has it")
        return self.bars[symbol]


class Beside:
    """What is looked at beside them; each costs some time.

    Attributes:
        asked: by name, in order.
    """

    def __init__(self, bench: "Bench", seconds: float) -> None:
        self.bench, self.seconds = bench, seconds
        self.asked: list[str] = []

    def up_to(self, name: str, day: date) -> BarSeries | ValueSeries:
        self.asked.append(name)
        self.bench.now += timedelta(seconds=self.seconds)
        if name == "DFF":
            raise VenueError("no answer")
        if name == "WALCL":
            raise DataError("WALCL: is damaged")
        return FURTHER.series[name] if name in FURTHER.series else FURTHER.values[name]

    def loaded(self, name: str) -> LoadedSeries | LoadedValues | None:
        return None


class Bench:
    """A live run's surroundings, and what makes its boards."""

    def __init__(self, *, seconds: float = 0.0, index: BarSeries | None = INDEX, day: date = DAY) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.is_ending = False
        self.notices: list[str] = []
        strategy = Rotation(RotationParams.model_validate({"basket": {"ETH": 0.5}, "basket_equal": ["SOL"]}))
        self.context = LiveContext(
            strategy,
            systems_of(strategy, every=True),
            now=lambda: self.now,
            ending=lambda: self.is_ending,
            notice=self.notices.append,
        )
        self.beside = Beside(self, seconds)
        self.context.look_at(Bars(COINS), Bars({} if index is None else {"RUT": index}), self.beside)
        self.events: list[Event] = [decided(day)]

    def boards(self) -> Sequence[ContextSeen]:
        made = list(self.context.boards(self.events))
        self.events += made
        return made


def decided(day: date) -> DayDecided:
    return DayDecided(
        day=day, state="CORE", next_state="CORE", reason="hold", evidence={}, targets={}, changed=False,
        equity=Decimal(1), cash=Decimal(1), core_close=Decimal(1), memory=RotationState(),
    )  # fmt: skip


def test_a_day_has_one_board_and_what_systems_are_is_written_with_the_first() -> None:
    bench = Bench()

    (first,) = bench.boards()
    again = bench.boards()
    bench.events.append(decided(DAY - timedelta(days=1)))
    (second,) = bench.boards()

    assert (first.day, first.whole, len(first.facts), len(first.reads)) == (DAY, True, 37, 37)
    assert not again
    assert (second.facts, len(second.reads)) == ((), 37)


def test_a_day_whose_board_is_on_record_gets_no_other_after_a_restart() -> None:
    before = Bench()
    before.boards()
    after = Bench()
    after.events = before.events

    assert not after.boards()
    assert not after.beside.asked


def test_a_series_that_fails_makes_its_systems_unknown_and_no_other() -> None:
    bench = Bench()

    (board,) = bench.boards()

    reads = {read.name: read for read in board.reads}
    assert "no answer" in reads["rate_cuts"].reason
    assert "is damaged" in reads["reserve_management"].reason
    assert (reads["season"].holds, reads["tga_full"].holds is not None) == (True, True)


def test_series_that_take_too_long_together_are_not_all_waited_for() -> None:
    bench = Bench(seconds=PATIENCE.total_seconds() / 3)

    (board,) = bench.boards()

    assert len(bench.beside.asked) == 4
    late = [read for read in board.reads if "took too long" in read.reason]
    assert late
    assert {read.name: read.holds for read in board.reads}["season"] is not None


def test_an_index_that_cannot_be_had_costs_the_board_and_is_said_once() -> None:
    bench = Bench(index=None)

    assert not bench.boards()
    assert not bench.boards()
    assert bench.notices == [f"{DAY}: the board of the thesis was not made: RUT: nobody has it"]


def test_a_system_that_breaks_costs_the_board_and_not_the_run() -> None:
    bench = Bench()
    broken = cast("BarSeries", object())
    bench.context.look_at(Bars({**COINS, "ETH": broken}), Bars({"RUT": INDEX}), bench.beside)

    assert not bench.boards()
    assert "the board of the thesis was not made" in bench.notices[0]


def test_a_run_that_is_to_end_makes_none() -> None:
    bench = Bench()
    bench.is_ending = True

    assert not bench.boards()
    assert not bench.beside.asked


def test_values_are_those_of_their_kind() -> None:
    assert {values.kind for values in FURTHER.values.values()} == set(SeriesKind)
