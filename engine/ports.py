"""What the engine asks of the outside, as small protocols; adapters at the rim fulfil them.

No method without a caller: a clock and a notifier join when the live host needs them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engine.core.events import Event, OrderSent
from engine.core.instrument import Instrument
from engine.core.market import BarSeries
from engine.core.order import Fill, Order, OrderReport
from engine.core.series import ValueSeries


@dataclass(frozen=True, kw_only=True)
class LoadedSeries:
    """A series with where it came from.

    Attributes:
        source: provider and place in words, `csv BTC.csv`, `yahoo ^RUT`, `sample`.
        sha256: digest of the content, the same for the same bars.
        fetched_at: when it was fetched over the network; None for local files.
        gaps: missing days or sessions, in words, each a line for the log; counted by missing.
        missing: how many days or sessions are missing inside the series.
        synthetic: whether the bars are made up.
        notes: what a reader must be told (a stale cache was used, series were spliced).
    """

    bars: BarSeries
    source: str
    sha256: str
    fetched_at: datetime | None = None
    gaps: tuple[str, ...] = ()
    missing: int = 0
    synthetic: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoadedValues:
    """A series that is no bars, with where it came from.

    Attributes:
        source, sha256, fetched_at, synthetic, notes: as of `LoadedSeries`.
        remark: what figures made of it need beside them: `revised history`; empty for nothing.
    """

    series: ValueSeries
    source: str
    sha256: str
    fetched_at: datetime | None = None
    synthetic: bool = False
    remark: str = ""
    notes: tuple[str, ...] = ()


Progress = Callable[[str], None]
"""Called with a line of text for each step of long work."""


class ProgressBar(Protocol):
    """Shows how far long work has come; called with a line of text for each step of it."""

    def __call__(self, line: str) -> None:
        """Say what is being done now."""
        ...

    def expect(self, total: int) -> None:
        """Say how many parts the work has."""
        ...

    def advance(self) -> None:
        """Count one part as done."""
        ...


class MarketData(Protocol):
    """A provider of daily bars for one kind of market (coins, or indices)."""

    def load(self, symbol: str) -> LoadedSeries:
        """Load all final daily bars of `symbol` that the provider has.

        Raises:
            DataError: there is no such series, it is invalid, or it cannot be had.
        """
        ...


class SeriesData(Protocol):
    """A provider of series that are no bars."""

    def load(self, name: str) -> LoadedValues:
        """Load all values of a series that the provider has, each with the instant at which it became known.

        Raises:
            DataError: there is no such series, it is invalid, or it cannot be had.
        """
        ...


class Venue(Protocol):
    """Where orders go."""

    def instruments(self) -> Mapping[str, Instrument]:
        """Give the trading rules by asset, as they are now."""
        ...

    def why_closed(self, asset: str, at: datetime) -> str:
        """Say why the market of `asset` takes no orders at `at` (it has no bar, is halted, is gone); empty: it does."""
        ...

    def submit(self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        """Hand over one order and answer what became of it.

        Args:
            at: the instant of submission.
            cash: quote that the account can spend; a venue that knows the fill price trims buys to it.
            alongside: the other buys that this cash has to pay for; where it does not reach, a venue with prices of
                its own shares it among them.
        """
        ...

    def held(self, asset: str) -> Decimal | None:
        """Give what the venue holds of an asset, ours or not; None where it keeps no books of its own."""
        ...

    def resolve(self, order: Order, *, at: datetime, sent: OrderSent | None = None) -> OrderReport:
        """Ask what became of an order whose submission ended UNRESOLVED; never send it again.

        Args:
            sent: what was written before it was sent.
        """
        ...


class Account(Protocol):
    """The account of an exchange that may be reset: it then forgets orders, and what was bought is gone."""

    def knows(self, fill: Fill) -> bool | None:
        """Tell whether the exchange knows the order of a fill now, or its trade; asked once.

        None: the market has left the exchange, which says nothing of its orders any more.
        """
        ...

    def lists(self, asset: str) -> bool:
        """Tell whether the exchange has a market of an asset, be it halted."""
        ...

    def has_forgotten(self, fill: Fill) -> bool:
        """Tell whether the exchange knows nothing any more of an order that it filled; asked with patience."""
        ...

    def lost_fills(self, assets: Sequence[str], since: datetime) -> Sequence[Fill]:
        """Give the fills of this run's orders since an instant that its journal does not have; each is given once."""
        ...

    def holdings(self) -> Mapping[str, Decimal]:
        """Give what the account holds of each asset, ours or not."""
        ...

    def holdings_once(self, is_enough: Callable[[Mapping[str, Decimal]], bool]) -> Mapping[str, Decimal] | None:
        """Give what the account holds once it is enough, or after all patience; None where the run is ending."""
        ...

    def asks(self, assets: Sequence[str]) -> Mapping[str, Decimal]:
        """Give the best ask by asset, quote per unit; one that nobody offers is left out."""
        ...


class Journal(Protocol):
    """The record of a run; nothing acts before its event is written."""

    def append_all(self, events: Sequence[Event]) -> None:
        """Write events that belong to one act: all of them or, after a crash, none."""
        ...


class QuietTimes(Protocol):
    """Remembers, from one start to the next, until when a server wants no request."""

    def until(self, origin: str, now: datetime) -> datetime | None:
        """Give the end of a pause that goes on at `now`, by our clock; None where there is none.

        Args:
            origin: scheme://host[:port] of the server.
        """
        ...

    def keep(self, origin: str, until: datetime) -> None:
        """Write down that a server wants no request until an instant, by our clock."""
        ...
