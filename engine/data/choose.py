"""What `data.crypto` and `data.index` mean: one provider each, or the route of `auto`, and never real beside synthetic.

Providers are handed in; this file knows their order, not their workings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, Protocol, TypeVar

import numpy as np

from engine.core.errors import ConfigError, DataError
from engine.core.market import OHLCV, BarSeries
from engine.data.checks import crypto_gaps
from engine.data.digest import bars_sha256
from engine.data.failures import UnreachableError
from engine.data.kinds import COINS
from engine.ports import LoadedSeries, LoadedValues, MarketData, Progress

AUTO, SAMPLE = "auto", "sample"

COMPARED_BARS = 30
SPLICE_TOLERANCE = 0.05
"""Largest median difference of closes at a splice. Vendors differ by tenths of a percent; another coin under the same
letters differs by far more (Yahoo's UNI-USD is not Uniswap)."""


L = TypeVar("L", bound=LoadedSeries | LoadedValues)
L_co = TypeVar("L_co", covariant=True)


class Cached(Protocol[L_co]):
    """A network provider with a cache in front."""

    def load(self, symbol: str, /) -> L_co:
        """Load from a fresh cache, else over the network."""
        ...

    def stored(self, symbol: str, /) -> L_co | None:
        """Give what the cache holds, however old; None where it holds nothing."""
        ...


class Settled(Cached[LoadedSeries], Protocol):
    """A cached provider that can also be asked for the past alone."""

    def load_settled(self, symbol: str, until: date) -> LoadedSeries:
        """Load bars up to a day of the past."""
        ...


class ExtendedBars:
    """Coins of one provider, with an older one's bars before its first.

    Args:
        recent: decides wherever it has bars.
        older: gives what lies before; where it fails, the series stays as it is, and a note says so.
    """

    def __init__(self, recent: Cached[LoadedSeries], older: Settled) -> None:
        self._recent = recent
        self._older = older

    def load(self, symbol: str) -> LoadedSeries:
        """Load a spliced series.

        Raises:
            DataError: the recent provider has no bars, or cannot be had.
        """
        recent = self._recent.load(symbol)
        until = min(recent.bars.first_day + timedelta(days=COMPARED_BARS - 1), recent.bars.last_day)
        try:
            older = self._older.load_settled(symbol, until)
        except DataError as error:
            stored = self._older.stored(symbol)
            if stored is None:
                return _with_notes(recent, f"{symbol}: begins on {recent.bars.first_day}, not extended: {error}")
            older = stored
        return spliced(recent, older)

    def stored(self, symbol: str) -> LoadedSeries | None:
        """Give the spliced series out of the caches alone; None where there is no recent part."""
        recent, older = self._recent.stored(symbol), self._older.stored(symbol)
        if recent is None or older is None:
            return recent
        return spliced(recent, older)


class StaleAllowed(Generic[L]):
    """The route of `auto` where stale rows are allowed: when the provider cannot be reached, the cache however old.

    A provider that answers that it has no such series, or gives one that cannot be, is believed instead.
    """

    def __init__(self, cached: Cached[L]) -> None:
        self._cached = cached

    def load(self, symbol: str) -> L:
        """Load a series.

        Raises:
            DataError: the provider has no such series or a bad one; it cannot be reached and the cache has none either.
        """
        try:
            return self._cached.load(symbol)
        except UnreachableError as error:
            stored = self._cached.stored(symbol)
            if stored is None or error.served_before:
                raise
            return _with_notes(stored, f"{symbol}: taken from the cache, because the network failed: {error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one of `data.crypto`, `data.index` and `data.macro` says.

    Attributes:
        key: the configuration key, for messages.
        name: the value, `auto` or a provider.
        provider: what that value means; None where the sample is to be taken, which is given apart.
        symbols: what is to be loaded of it here; what is no bars is loaded elsewhere.
    """

    key: str
    name: str
    provider: MarketData | None
    symbols: Sequence[str]


def load_all(
    choices: Sequence[Choice], *, sample: Callable[[], MarketData], progress: Progress
) -> Mapping[str, LoadedSeries]:
    """Load every series, all real or all of the sample.

    Args:
        choices: coins and indices.
        sample: makes the synthetic market, where it is taken.
        progress: told when the fallback is taken.

    Raises:
        ConfigError: the sample is chosen beside a provider of real bars.
        DataError: a series is unknown, refused or invalid; or its provider cannot be reached, and not every choice is
            `auto`, or the sample has no such series.
    """
    wants_sample = [choice for choice in choices if choice.name == SAMPLE]
    if wants_sample:
        real = next((choice for choice in choices if choice.name not in (SAMPLE, AUTO)), None)
        if real is not None:
            raise ConfigError(
                f"{wants_sample[0].key} sample with {real.key} {real.name}: synthetic and real bars are never mixed;"
                " choose sample for both or for neither"
            )
        return _load(choices, sample())
    try:
        return _load(choices, None)
    except UnreachableError as error:
        if error.served_before or any(choice.name != AUTO for choice in choices):
            raise
        progress(f"no real bars: {error}")
        why = f"synthetic sample taken, because real bars could not be had: {error}"
        return {symbol: _with_notes(series, why) for symbol, series in _sampled(choices, sample(), error).items()}


def _sampled(
    choices: Sequence[Choice], sample: MarketData, unreachable: UnreachableError
) -> Mapping[str, LoadedSeries]:
    try:
        return _load(choices, sample)
    except DataError as error:
        raise DataError(f"{error}; it was to be taken, because real bars could not be had: {unreachable}") from error


def _load(choices: Sequence[Choice], sample: MarketData | None) -> dict[str, LoadedSeries]:
    loaded: dict[str, LoadedSeries] = {}
    for choice in choices:
        provider = sample or choice.provider
        for symbol in choice.symbols:
            if provider is None:
                raise ConfigError(f"{choice.key}: {choice.name} has no provider of bars in this command")
            if symbol not in loaded:
                loaded[symbol] = provider.load(symbol)
    return loaded


def spliced(recent: LoadedSeries, older: LoadedSeries) -> LoadedSeries:
    """Put the bars of `older` that lie before the first of `recent` in front of it, if both are of the same coin."""
    first = recent.bars.first_day
    head = older.bars.take(int(np.searchsorted(older.bars.ordinals, first.toordinal(), side="left")))
    if not len(head):
        return recent
    symbol = recent.bars.symbol
    difference = _median_difference(recent.bars, older.bars)
    if difference is None or difference > SPLICE_TOLERANCE:
        found = "have no day in common" if difference is None else f"differ by {difference:.0%} (median)"
        return _with_notes(
            recent, f"{symbol}: begins on {first}, not extended: {older.source} and {recent.source} {found}"
        )
    bars = COINS.build(
        symbol,
        days=np.concatenate([head.days, recent.bars.days]),
        **{name: np.concatenate([getattr(head, name), getattr(recent.bars, name)]) for name in OHLCV},
    )
    gaps = crypto_gaps(bars)
    # Staleness of the older part means nothing: only its past is used.
    note = f"{symbol}: {older.source} before {first}, {recent.source} from then on"
    return replace(
        recent,
        bars=bars,
        source=f"{older.source} to {head.last_day}, {recent.source} from {first}",
        sha256=bars_sha256(bars),
        gaps=gaps.lines,
        missing=gaps.missing,
        notes=(*recent.notes, note),
    )


def _median_difference(recent: BarSeries, older: BarSeries) -> float | None:
    _, in_recent, in_older = np.intersect1d(recent.ordinals, older.ordinals, return_indices=True)
    in_recent, in_older = in_recent[:COMPARED_BARS], in_older[:COMPARED_BARS]
    if not len(in_recent):
        return None
    return float(np.median(np.abs(older.close[in_older] / recent.close[in_recent] - 1)))


def _with_notes(series: L, *notes: str) -> L:
    return replace(series, notes=(*series.notes, *notes))
