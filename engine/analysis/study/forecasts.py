"""The ledger of dated forecasts, and how each is scored; it holds no score, for the data of the day decide that.

A forecast keeps its author, day, due day and rule, and is never edited.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, BTC, Record
from engine.core.calendar import ONE_DAY
from engine.core.market import Floats

LEDGER = Path(__file__).with_name("forecasts.json")
MORE_ASSETS = 50_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What was foretold; `due` is None where the market decides when."""

    id: str
    row: str
    author: str
    made: date
    due: date | None
    rule: str


def ledger() -> tuple[Forecast, ...]:
    """Read the forecasts."""
    rows = json.loads(LEDGER.read_text(encoding="utf-8"))
    return tuple(
        Forecast(
            id=row["id"],
            row=row["row"],
            author=row["author"],
            made=date.fromisoformat(row["made"]),
            due=row["due"] and date.fromisoformat(row["due"]),
            rule=row["rule"],
        )
        for row in rows
    )


def scored(forecast: Forecast, record: Record) -> Outcome:
    """Score a forecast by the data: it came true, it did not, or it is open."""
    detail = {
        "author": forecast.author,
        "made": forecast.made.isoformat(),
        "due": forecast.due and forecast.due.isoformat(),
        "rule": forecast.rule,
        "scored_on": date.fromordinal(record.end).isoformat(),
    }
    effect, holds = SCORES[forecast.id](record)
    return Outcome(n=1, effect=effect, holds=holds, events=(forecast.made.toordinal(),), detail=detail)


Score = tuple[float | None, bool | None]


def _alt_against_bitcoin(record: Record) -> Score:
    made, due = date(2024, 10, 17).toordinal(), date(2025, 10, 17).toordinal()
    then, now = record.prices.at(f"{ALT}/{BTC}", np.array([made, due]))
    if record.end < due or not np.isfinite(now - then):
        return None, None
    return float(now - then), bool(now > then)


def _peak_in_june(year: int) -> Callable[[Record], Score]:
    first, last = date(year, 5, 15), date(year, 6, 15)

    def score(record: Record) -> Score:
        closes = _closes(record, date(year, 1, 1), date(year, 12, 31))
        inside = _closes(record, first, last)
        is_over = record.end >= date(year, 12, 31).toordinal()
        if record.end < last.toordinal() or not inside.size:
            return None, False if is_over and closes.size else None
        if closes.max() > inside.max():
            return None, False
        return None, True if is_over else None

    return score


def _closes(record: Record, first: date, last: date) -> Floats:
    bars = record.bars[BTC]
    begin, stop = np.searchsorted(bars.ordinals, [first.toordinal(), last.toordinal() + 1])
    return bars.close[begin:stop]


def _high_before_half(record: Record) -> Score:
    made = date(2025, 12, 1)
    before = _closes(record, date.min, made)
    if not before.size:
        return None, None
    high = float(before.max())
    for close in _closes(record, made + ONE_DAY, date.max - ONE_DAY).tolist():
        if close > high or close <= high / 2:
            return close / high - 1, close > high
    return None, None


def _more_assets(record: Record) -> Score:
    ends = np.array([date(2025, 11, 26).toordinal(), date(2026, 3, 31).toordinal()])
    # A file that ends before the due day's week says nothing of that day: the forecast stays open.
    before, after = record.observed("WALCL", ends)
    change = float(after - before)
    if record.end < date(2026, 4, 1).toordinal() or not np.isfinite(change):
        return None, None
    return change, change >= MORE_ASSETS


def _high_in_2026(record: Record) -> Score:
    before = _closes(record, date.min, date(2025, 12, 31))
    year = _closes(record, date(2026, 1, 1), date(2026, 12, 31))
    if before.size and year.size and year.max() > before.max():
        return float(year.max() / before.max()) - 1, True
    return None, False if record.end >= date(2026, 12, 31).toordinal() and before.size else None


SCORES: Mapping[str, Callable[[Record], Score]] = {
    "000-16a": _alt_against_bitcoin,
    "001-18a": _peak_in_june(2025),
    "001-18b": _peak_in_june(2026),
    "002-13a": _high_before_half,
    "002-15a": _more_assets,
    "002-18a": _high_in_2026,
}
NEEDS: Mapping[str, tuple[str, ...]] = {"000-16a": (ALT,), "002-15a": ("WALCL",)}
