"""What was known on each day, and what was decided: the content behind the choice of a day.

Evidence changes by session and by week, targets seldom: each is kept once, with the number of days that it stands.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from engine.core.reading import Reading
from engine.record.record_rows import FillRow
from engine.record.review.holdings import HeldDay
from engine.record.run_record import RunRecord
from engine.report.html.columns import PANEL_DIGITS, digits


def day_panel(record: RunRecord, held: Sequence[HeldDay]) -> dict[str, Any]:
    """Give the values by day; days and equity are among the columns of the charts.

    Each of `words`, `closes`, `marked` (days of older closes), `targets`, `held`, the sections of `evidence` and the
    `rules` holds `rows` (the place of its names in `names`, then the values) and `days`: on how many days in a row each
    row stands.
    """
    decisions = record.decisions
    sections = dict.fromkeys(name for decision in decisions for name, value in decision.evidence.items() if value)
    rules = dict.fromkeys(name for decision in decisions for name in decision.rules)
    return {
        "words": changes([{"state": each.state, "next": each.next_state, "reason": each.reason} for each in decisions]),
        "cash": [digits(decision.cash, PANEL_DIGITS) for decision in decisions],
        "closes": changes([decision.closes for decision in decisions]),
        "targets": changes([decision.targets for decision in decisions]),
        "marked": changes([{asset: on.isoformat() for asset, on in each.marked_on.items()} for each in decisions]),
        "held": changes([day.quantities for day in held]),
        "evidence": {name: changes([decision.evidence.get(name) or {} for decision in decisions]) for name in sections},
        "rules": {name: changes([_reading(each.rules.get(name)) for each in decisions]) for name in rules},
        "fills": _fills_by_day(record.own_fills),
    }


@lru_cache(maxsize=16)
def _reading(reading: Reading | None) -> Mapping[str, Any]:
    """Give what a rule said; nothing on a day on which it was not asked."""
    if reading is None:
        return {}
    since = None if reading.since is None else reading.since.isoformat()
    values = {"value": reading.value, "threshold": reading.threshold, "since": since, "reason": reading.reason}
    return {"holds": reading.holds, **{name: value for name, value in values.items() if value not in (None, "")}}


def changes(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keep each value once while it stands: its names apart from its row, and how many days each row stands."""
    kept: dict[str, list[Any]] = {"names": [], "rows": [], "days": []}
    places: dict[tuple[str, ...], int] = {}
    before: Mapping[str, Any] | None = None
    for value in values:
        if value == before:
            kept["days"][-1] += 1
            continue
        before = value
        names = tuple(value)
        if names not in places:
            places[names] = len(places)
            kept["names"].append(names)
        kept["rows"].append([places[names], *(_shown(each) for each in value.values())])
        kept["days"].append(1)
    return kept


def _shown(value: object) -> object:
    return digits(value, PANEL_DIGITS) if isinstance(value, float) else value


def _fills_by_day(fills: Sequence[FillRow]) -> dict[str, list[Any]]:
    by_day: dict[str, list[Any]] = {}
    for fill in fills:
        row = [fill.side.value, float(fill.quantity), fill.asset, digits(float(fill.price), PANEL_DIGITS)]
        by_day.setdefault(fill.decision_day.isoformat(), []).append(row)
    return by_day
