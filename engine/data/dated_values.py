"""Values with the dates that they are about, as a source gives them: it does not say when each became known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

import numpy as np

from engine.core.calendar import Days, days_of, ordinals_of
from engine.core.errors import DataError
from engine.core.market import Floats
from engine.core.series import ValueSeries
from engine.data.checks import Place
from engine.data.series_table import SeriesRule
from engine.ports import LoadedValues


@dataclass(frozen=True, kw_only=True, eq=False)
class DatedValues:
    """The observations of a series, checked.

    Attributes:
        days: ascending, unique.
        value: finite.
    """

    name: str
    days: Days
    value: Floats

    def __len__(self) -> int:
        return len(self.days)

    @property
    def first_day(self) -> date:
        """The date of the first one."""
        first: date = self.days[0].item()
        return first

    @property
    def last_day(self) -> date:
        """The date of the last one."""
        last: date = self.days[-1].item()
        return last


def observations(name: str, *, days: Days, value: Floats, place: Place) -> DatedValues:
    """Take the rows of a source that have a value; an empty one is no observation.

    Raises:
        DataError: a date not later than the one before, a value that is infinite; for the first such row.
    """
    step = np.diff(days.astype("datetime64[D]").astype(np.int64))
    if step.size and step.min() <= 0:
        row = int(np.argmax(step <= 0)) + 1
        what = "is given twice" if step[row - 1] == 0 else f"comes after {days[row - 1]}"
        raise DataError(f"{place(row)}: date {days[row]} {what}; dates must ascend and be unique")
    if np.isinf(value).any():
        row = int(np.argmax(np.isinf(value)))
        raise DataError(f"{place(row)} ({days[row]}): value {value[row]} is not a number")
    there = ~np.isnan(value)
    return DatedValues(name=name, days=days[there], value=value[there])


def dated_values(name: str, *, days: Days, value: Floats) -> DatedValues:
    """Put observations together that were checked before they were kept."""
    return DatedValues(name=name, days=days, value=value)


def values_sha256(values: DatedValues) -> str:
    """Digest dates and values: equal observations, equal digest, wherever they come from."""
    digest = sha256(values.days.astype("datetime64[D]").astype("<i8").tobytes())
    digest.update(values.value.astype("<f8").tobytes())
    return digest.hexdigest()


def series_sha256(series: ValueSeries) -> str:
    """Digest the observations of a series, known or not, as `values_sha256` does."""
    return values_sha256(DatedValues(name=series.name, days=days_of(series.ordinals), value=series.values))


def published(
    values: DatedValues,
    rule: SeriesRule,
    *,
    source: str,
    fetched_at: datetime | None = None,
    notes: Sequence[str] = (),
    synthetic: bool = False,
) -> LoadedValues:
    """Give observations with the instants at which they became known, by the rule of their series."""
    series = ValueSeries(
        name=values.name,
        kind=rule.kind,
        ordinals=ordinals_of(values.days),
        values=values.value,
        known_at=rule.publication.known_at(values.days),
    )
    return LoadedValues(
        series=series,
        source=source,
        sha256=values_sha256(values),
        fetched_at=fetched_at,
        synthetic=synthetic,
        remark=rule.remark,
        notes=tuple(notes),
    )


RuleOf = Callable[[str], SeriesRule]
"""Gives what is known of a series by its name, the configuration considered."""
