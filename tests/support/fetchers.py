"""Providers without a network: they answer what the test gives them and remember what they were asked."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.data.cache import BarFetcher


@dataclass
class FakeFetcher:
    """A provider over a fake network.

    Attributes:
        bars: what it has, by symbol.
        failure: raised instead of every answer.
        asked: symbol, since and until of each request.
    """

    bars: dict[str, BarSeries]
    failure: DataError | None = None
    asked: list[tuple[str, date | None, date]] = field(default_factory=list)

    def connect(self) -> BarFetcher:
        """Give itself, as the constructor of a real provider would."""
        return self

    def fetch(self, symbol: str, *, since: date | None, until: date) -> BarSeries:
        """Answer the bars of a span, both ends included."""
        self.asked.append((symbol, since, until))
        if self.failure is not None:
            raise self.failure
        if symbol not in self.bars:
            raise DataError(f"fake {symbol}: no such market")
        bars = self.bars[symbol]
        stop = bars.position_at(until)
        return dropped(bars.take(0 if stop is None else stop + 1), since)


def dropped(bars: BarSeries, since: date | None) -> BarSeries:
    """Give the bars from `since` on."""
    start = 0 if since is None else int((bars.ordinals < since.toordinal()).sum())
    columns = ("days", "open", "high", "low", "close", "volume", "known_at")
    return BarSeries(symbol=bars.symbol, **{name: getattr(bars, name)[start:] for name in columns})


@dataclass
class FakeClock:
    """A clock that stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, *, days: int = 0, minutes: int = 0) -> None:
        """Let time pass."""
        self.now += timedelta(days=days, minutes=minutes)


def noon(day: str) -> FakeClock:
    """Give a clock that stands at 12:00 UTC of a day."""
    return FakeClock(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC))
