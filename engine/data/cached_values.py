"""A cache in front of a network provider of values: one request a series and day, of all its values.

Sources revise what lies years back, so a series is always fetched whole; what differs is replaced and said. What lies
before the first value that is still given is kept: some sources give the last few years and no more.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.core.errors import DataError
from engine.data.cache_store import CacheStore, Entry, Key, RowForm, Unusable
from engine.data.connection import Connection
from engine.data.dated_values import DatedValues, RuleOf, dated_values, published, values_sha256
from engine.data.series_table import SeriesRule
from engine.ports import LoadedValues

VALUES = RowForm(columns=("value",), build=dated_values, sha256=values_sha256)
REVISIONS_NAMED = 3


class ValueFetcher(Protocol):
    """A provider over the network."""

    def fetch(self, name: str, id: str) -> DatedValues:
        """Fetch all values of a series.

        Args:
            id: its name there.
        """
        ...


class CachedValues:
    """A network provider of values with its cache: fulfils `SeriesData`.

    Args:
        provider: its name, the first part of the files' names; another host is another provider.
        folder: where the entries are; made when first written.
        rule_of: gives each series' rule.
        connect: makes the fetcher; called once, when something has to be fetched.
        now: the clock, aware.
    """

    def __init__(
        self,
        *,
        provider: str,
        folder: Path,
        rule_of: RuleOf,
        connect: Callable[[], ValueFetcher],
        now: Callable[[], datetime],
    ) -> None:
        self.provider = provider
        self._store = CacheStore(folder, VALUES)
        self._rule_of = rule_of
        self._ask = Connection(connect, now)
        self._now = now
        self._remarks: tuple[str, ...] = ()

    def remark(self, words: str) -> None:
        """Hear what the fetcher has to say of the values that it is about to give; it stays with them."""
        self._remarks += (words,)

    def load(self, name: str) -> LoadedValues:
        """Load all values: from the cache when they were fetched on this UTC day, else over the network.

        Raises:
            DataError: they have to be fetched and cannot be.
        """
        rule = self._rule_of(name)
        entry, notes = self._read(rule)
        if entry is not None and entry.through >= self._now().date():
            return self._loaded(name, rule, entry, notes)
        key = self._key(rule)
        self._remarks = ()
        values = self._ask(lambda fetcher: fetcher.fetch(name, rule.id))
        if not len(values):
            raise DataError(f"{key}: holds no value")
        if entry is not None:
            # A series that is revised or rescaled all the time says so by its remark; each time would be no news.
            notes += () if rule.remark else _revision_notes(key, entry.rows, values)
            values = _with_older(entry.rows, values)
        fresh = Entry(
            rows=values,
            through=self._now().date(),
            fetched_at=self._now(),
            sha256=values_sha256(values),
            remarks=self._remarks,
        )
        return self._loaded(name, rule, fresh, notes + self._write(key, fresh))

    def stored(self, name: str) -> LoadedValues | None:
        """Give what the cache holds, however old, with a note that says how old; None where it holds nothing usable."""
        rule = self._rule_of(name)
        entry, notes = self._read(rule)
        if entry is None:
            return None
        notes += (f"{self._key(rule)}: values of the cache, fetched {entry.fetched_at:%Y-%m-%d %H:%M} UTC",)
        return self._loaded(name, rule, entry, notes)

    def _key(self, rule: SeriesRule) -> Key:
        return Key(provider=self.provider, symbol=rule.id, quote="")

    def _read(self, rule: SeriesRule) -> tuple[Entry[DatedValues] | None, tuple[str, ...]]:
        key = self._key(rule)
        found = self._store.read(key)
        if isinstance(found, Unusable):
            return None, (f"{key}: the cache entry is not used, because {found.reason}",)
        return found, ()

    def _write(self, key: Key, entry: Entry[DatedValues]) -> tuple[str, ...]:
        try:
            self._store.write(key, entry)
        except OSError as error:
            return (
                f"{key}: not kept, because the cache folder {self._store.folder} cannot be written:"
                f" {error.strerror or error}",
            )
        return ()

    def _loaded(self, name: str, rule: SeriesRule, entry: Entry[DatedValues], notes: tuple[str, ...]) -> LoadedValues:
        return published(
            replace(entry.rows, name=name),
            rule,
            source=str(self._key(rule)),
            fetched_at=entry.fetched_at,
            notes=(*notes, *entry.remarks),
        )


def _revision_notes(key: Key, kept: DatedValues, fetched: DatedValues) -> tuple[str, ...]:
    """Say which values changed or are gone; of a series that is revised all the time it would be no news."""
    _, in_kept, in_fetched = np.intersect1d(kept.days, fetched.days, assume_unique=True, return_indices=True)
    changed = kept.days[in_kept][kept.value[in_kept] != fetched.value[in_fetched]]
    gone = kept.days[~np.isin(kept.days, fetched.days) & (kept.days > fetched.days[0])]
    return tuple(
        f"{key}: the provider {what} the value of {_named([str(day) for day in days])}"
        for what, days in (("revised", changed), ("withdrew", gone))
        if len(days)
    )


def _with_older(kept: DatedValues, fetched: DatedValues) -> DatedValues:
    older = int(np.searchsorted(kept.days, fetched.days[0]))
    return replace(
        fetched,
        days=np.concatenate([kept.days[:older], fetched.days]),
        value=np.concatenate([kept.value[:older], fetched.value]),
    )


def _named(days: list[str]) -> str:
    more = f" and {len(days) - REVISIONS_NAMED} more" if len(days) > REVISIONS_NAMED else ""
    return ", ".join(days[:REVISIONS_NAMED]) + more
