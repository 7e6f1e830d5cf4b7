"""A cache in front of a network provider: fresh bars cost a file, older ones a request for the last few.

Vendors revise their last bars, so an update asks for some days again; what differs is replaced and said.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.data.cache_store import CacheStore, Entry, Key, RowForm, Unusable
from engine.data.closures import refuse_closed, refuse_shifted, without_carried
from engine.data.connection import Connection
from engine.data.digest import bars_sha256
from engine.data.failures import UnreachableError
from engine.data.kinds import MarketKind
from engine.ports import LoadedSeries

OVERLAP_BARS = 10
"""How many bars an update fetches again."""

PRICE_TOLERANCE = 1e-6
"""Relative; vendors compute in single precision and round anew, which is no revision."""

ASK_AGAIN_AFTER = timedelta(days=1)
"""How long a provider's answer that it has no such bars is believed."""

REVISIONS_NAMED = 3


class BarFetcher(Protocol):
    """A provider over the network."""

    def fetch(self, symbol: str, *, since: date | None, until: date) -> BarSeries:
        """Fetch the final bars from `since` (None: from the first there is) to `until`, both included."""
        ...


def bar_form(kind: MarketKind) -> RowForm[BarSeries]:
    """Give the form in which the bars of a kind of market are kept."""
    return RowForm(columns=("open", "high", "low", "close", "volume"), build=kind.build, sha256=bars_sha256)


class CachedBars:
    """A network provider with its cache: fulfils `MarketData`.

    Args:
        provider: its name, the first part of the files' names; another host is another provider.
        quote: quote currency of coins; empty for an index.
        folder: where the entries are; made when first written.
        kind: the rules of its markets.
        connect: makes the fetcher; called once, when something has to be fetched.
        now: the clock, aware.
    """

    def __init__(
        self,
        *,
        provider: str,
        quote: str,
        folder: Path,
        kind: MarketKind,
        connect: Callable[[], BarFetcher],
        now: Callable[[], datetime],
    ) -> None:
        self.provider = provider
        self._quote = quote
        self._store = CacheStore(folder, bar_form(kind))
        self._kind = kind
        self._ask = Connection(connect, now)
        self._now = now
        self._remarks: tuple[str, ...] = ()

    def remark(self, words: str) -> None:
        """Hear what the fetcher has to say of the bars that it is about to give; it stays with them."""
        self._remarks += (words,)

    def load(self, symbol: str) -> LoadedSeries:
        """Load all final bars: from the cache when it holds the last one due, else updated over the network.

        Raises:
            DataError: they have to be fetched and cannot be.
        """
        until = self._kind.due(self._now())
        entry, notes = self._read(symbol)
        if entry is not None and len(entry.rows) and entry.rows.last_day >= until:
            return self._loaded(symbol, entry, notes)
        return self._updated(symbol, entry if entry is not None and len(entry.rows) else None, until, notes)

    def load_settled(self, symbol: str, until: date) -> LoadedSeries:
        """Load bars of the past, for which having been asked for through `until` once is enough.

        Raises:
            DataError: there are none, or they have to be fetched and cannot be.
        """
        entry, notes = self._read(symbol)
        if entry is not None and not len(entry.rows):
            if entry.through >= until and self._now() - entry.fetched_at < ASK_AGAIN_AFTER:
                raise DataError(entry.problem)
            entry = None
        if entry is not None and entry.through >= until:
            return self._loaded(symbol, entry, notes)
        try:
            return self._updated(symbol, entry, until, notes)
        except UnreachableError:
            raise
        except DataError as error:
            if entry is None:
                self._remember_absence(symbol, until, str(error))
            raise

    def stored(self, symbol: str) -> LoadedSeries | None:
        """Give what the cache holds, however old, with a note when it is stale; None where it holds nothing usable."""
        entry, notes = self._read(symbol)
        if entry is None or not len(entry.rows):
            return None
        due = self._kind.due(self._now())
        if entry.rows.last_day < due:
            notes += (
                f"{self._key(symbol)}: stale: bars of the cache, fetched {entry.fetched_at:%Y-%m-%d %H:%M} UTC,"
                f" end on {entry.rows.last_day}; {due} is due",
            )
        return self._loaded(symbol, entry, notes)

    def _key(self, symbol: str) -> Key:
        return Key(provider=self.provider, symbol=symbol, quote=self._quote)

    def _read(self, symbol: str) -> tuple[Entry[BarSeries] | None, tuple[str, ...]]:
        found = self._store.read(self._key(symbol))
        if isinstance(found, Unusable):
            return None, (self._not_used(symbol, found.reason),)
        if found is None:
            return None, ()
        try:
            return self._screened(symbol, found), ()
        except DataError as error:
            return None, (self._not_used(symbol, str(error)),)

    def _not_used(self, symbol: str, reason: str) -> str:
        return f"{self._key(symbol)}: the cache entry is not used, because {reason}"

    def _screened(self, symbol: str, entry: Entry[BarSeries]) -> Entry[BarSeries]:
        """Hold bars against the calendar of their exchange: also those that an older program has kept."""
        key, sessions = str(self._key(symbol)), self._kind.sessions
        refuse_shifted(entry.rows.days, sessions, lambda _row: key)
        bars, dropped = without_carried(entry.rows, sessions, key)
        refuse_closed(bars.days, sessions, lambda _row: key)
        if not dropped:
            return entry
        return replace(entry, rows=bars, sha256=bars_sha256(bars), remarks=(*entry.remarks, dropped))

    def _loaded(self, symbol: str, entry: Entry[BarSeries], notes: tuple[str, ...]) -> LoadedSeries:
        gaps = self._kind.gaps(entry.rows)
        return LoadedSeries(
            bars=entry.rows,
            source=str(self._key(symbol)),
            sha256=entry.sha256,
            fetched_at=entry.fetched_at,
            gaps=gaps.lines,
            missing=gaps.missing,
            notes=(*notes, *entry.remarks),
        )

    def _fetch(self, symbol: str, since: date | None, until: date) -> BarSeries:
        bars = self._ask(lambda fetcher: fetcher.fetch(symbol, since=since, until=until))
        # Whatever a provider answers, what is not final is not kept.
        return bars.take(int(np.searchsorted(bars.ordinals, until.toordinal(), side="right")))

    def _updated(
        self, symbol: str, entry: Entry[BarSeries] | None, until: date, notes: tuple[str, ...]
    ) -> LoadedSeries:
        key = self._key(symbol)
        self._remarks = () if entry is None else entry.remarks
        if entry is None:
            bars = self._fetch(symbol, None, until)
        else:
            kept = entry.rows
            since = date.fromordinal(int(kept.ordinals[-min(OVERLAP_BARS, len(kept))]))
            fetched = self._fetch(symbol, since, until)
            if fetched.position_on(since) is None or since in revised_days(kept, fetched):
                notes += (f"{key}: fetched anew as a whole, because the bar of {since} is no longer what it was",)
                self._remarks = ()
                bars = self._fetch(symbol, None, until)
            else:
                notes += _revision_notes(key, revised_days(kept, fetched))
                bars = merged(kept, fetched, self._kind)
        if not len(bars):
            raise DataError(f"{key}: no bar up to {until}")
        if bars.last_day < until:
            notes += (f"{key}: the last bar is of {bars.last_day}; {until} is due",)
        remarks = tuple(dict.fromkeys(self._remarks))
        updated = self._screened(
            symbol,
            Entry(rows=bars, through=until, fetched_at=self._now(), sha256=bars_sha256(bars), remarks=remarks),
        )
        return self._loaded(symbol, updated, notes + self._write(symbol, updated))

    def _write(self, symbol: str, entry: Entry[BarSeries]) -> tuple[str, ...]:
        try:
            self._store.write(self._key(symbol), entry)
        except OSError as error:
            return (
                f"{self._key(symbol)}: not kept, because the cache folder {self._store.folder} cannot be written:"
                f" {error.strerror or error}",
            )
        return ()

    def _remember_absence(self, symbol: str, until: date, problem: str) -> None:
        bars = bar_form(self._kind).none(symbol)
        entry = Entry(
            rows=bars, through=until, fetched_at=self._now(), sha256=bars_sha256(bars), problem=problem or "no bars"
        )
        self._write(symbol, entry)


def revised_days(kept: BarSeries, fetched: BarSeries) -> list[date]:
    """Find the days of both series whose prices differ by more than `PRICE_TOLERANCE`."""
    _, in_kept, in_fetched = np.intersect1d(kept.ordinals, fetched.ordinals, return_indices=True)
    differs = np.zeros(len(in_kept), dtype=np.bool_)
    for name in ("open", "high", "low", "close"):
        before, after = getattr(kept, name)[in_kept], getattr(fetched, name)[in_fetched]
        differs |= np.abs(after - before) > PRICE_TOLERANCE * before
    return [date.fromordinal(int(ordinal)) for ordinal in kept.ordinals[in_kept][differs]]


def merged(kept: BarSeries, fetched: BarSeries, kind: MarketKind) -> BarSeries:
    """Lay fetched bars over kept ones; a kept bar that the provider no longer gives stays."""
    only_kept = ~np.isin(kept.ordinals, fetched.ordinals)
    days = np.concatenate([kept.days[only_kept], fetched.days])
    order = np.argsort(days)
    columns = {
        name: np.concatenate([getattr(kept, name)[only_kept], getattr(fetched, name)])[order]
        for name in ("open", "high", "low", "close", "volume")
    }
    return kind.build(kept.symbol, days=days[order], **columns)


def _revision_notes(key: Key, days: list[date]) -> tuple[str, ...]:
    if not days:
        return ()
    named = ", ".join(str(day) for day in days[:REVISIONS_NAMED])
    more = f" and {len(days) - REVISIONS_NAMED} more" if len(days) > REVISIONS_NAMED else ""
    return (f"{key}: the provider revised the bar of {named}{more}",)
