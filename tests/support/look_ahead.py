"""No look-ahead, proved day by day: what is not known at a decision day's end is replaced by garbage.

Known at day D are bars dated up to D, and nothing else (the specification's rule, taken by date and not by the bars'
own `known_at`, which may be what is wrong), and of other series the values that were published by the end of D. For
every D of a run that is tried

- the facts of D and of all days before it, observed from a history that is garbage after D, are those of the run;
- the session, handed that garbage history and its facts on D, leaves the same record as the run did.

The second follows each decision from the first day on: that of D is made after D's garbage and by a memory that was
made before it, each day of it after its own garbage.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from engine.core.calendar import decision_instant, opening_instant
from engine.core.errors import LookAheadError
from engine.core.events import DayDecided, Event
from engine.core.market import BarSeries, Floats, History
from engine.core.rule import AnyRule
from engine.core.series import ValueSeries
from engine.core.sizing import Sizing
from engine.core.strategy import AnyStrategy, Observations
from engine.journal.memory import MemoryJournal
from engine.trading.drivers.plain import calendar_days, opens
from tests.support.driven import Account, historical_events, open_venue, session_of, whole_span

GARBAGE_DAYS = 400
"""Length of the garbage: longer than a year, so that no window or warm-up looks past its end."""
TUESDAY, WEDNESDAY = 2, 3
"""Days of the week as ordinal % 7; only these are dropped, so that no week is left without a bar."""


def garbled(history: History, day: date, *, garbage_days: int = GARBAGE_DAYS) -> History:
    """Give the history with the bars dated after `day` replaced: other prices, a few bars dropped, the rest cut off.

    Args:
        garbage_days: how long the garbage lasts; 0 cuts everything off.
    """
    chance = np.random.default_rng(day.toordinal())
    return replace(
        history,
        series={
            symbol: _garbled(bars, day.toordinal(), garbage_days, chance) for symbol, bars in history.series.items()
        },
        values={name: _garbled_values(values, day, garbage_days, chance) for name, values in history.values.items()},
    )


def _garbled(bars: BarSeries, last_known: int, garbage_days: int, chance: np.random.Generator) -> BarSeries:
    known, stop = np.searchsorted(bars.ordinals, (last_known, last_known + garbage_days), side="right").tolist()
    weekdays = bars.ordinals[known:stop] % 7
    dropped = ((weekdays == TUESDAY) | (weekdays == WEDNESDAY)) & (chance.random(stop - known) < 0.4)
    kept = np.concatenate([np.arange(known), known + np.flatnonzero(~dropped)])
    wild = np.exp(chance.normal(0, 2, size=len(kept) - known))

    def priced(column: Floats) -> Floats:
        return np.concatenate([column[:known], column[kept[known:]] * wild])

    return BarSeries(
        symbol=bars.symbol,
        days=bars.days[kept],
        open=priced(bars.open),
        high=priced(bars.high),
        low=priced(bars.low),
        close=priced(bars.close),
        volume=priced(bars.volume),
        known_at=bars.known_at[kept],
    )


def _garbled_values(values: ValueSeries, day: date, garbage_days: int, chance: np.random.Generator) -> ValueSeries:
    ends = [
        np.datetime64(decision_instant(day + timedelta(days=days)).replace(tzinfo=None)) for days in (0, garbage_days)
    ]
    known, stop = np.searchsorted(values.known_at, ends, side="right").tolist()
    kept = np.concatenate([np.arange(known), known + np.flatnonzero(chance.random(stop - known) < 0.7)])
    wild = chance.normal(0, 3, size=len(kept) - known)
    return replace(
        values,
        ordinals=values.ordinals[kept],
        values=np.concatenate([values.values[:known], values.values[kept[known:]] * wild + wild]),
        known_at=values.known_at[kept],
    )


def require_no_look_ahead(
    strategy: AnyStrategy,
    history: History,
    *,
    days_back: int | None = None,
    cut_too: bool = True,
    days_apart: int = 1,
    sizing: Sizing | None = None,
) -> list[DayDecided]:
    """Check the decision days of a run over the whole history.

    Args:
        days_back: how many decision days before D are observed again after D's garbage; None: all of them after each
            tenth D, and none after the others.
        cut_too: whether D is also observed from a history that ends with it.
        days_apart: so many days lie between those that are tried, beside all on which targets change; every day is
            where the variable EVERY_DAY is set.
        sizing: scales the targets.

    Returns:
        The decisions, as the historical driver made them.

    Raises:
        LookAheadError: a fact or an event of the run depends on bars dated after its day.
    """
    days_apart = 1 if os.environ.get("EVERY_DAY") else days_apart
    account, core, span = Account(sizing=sizing), strategy.universe.core, whole_span(strategy, history)
    run, _ = historical_events(strategy, history, span, account)
    decided = [event for event in run if isinstance(event, DayDecided)]
    observations = strategy.observe(history)
    changed = {event.day for event in decided if event.changed}
    ready, facts = observations.first_day, {event.day: observations.at(event.day) for event in decided}
    venue = open_venue(strategy, history, account)
    journal = MemoryJournal()
    session = session_of(strategy, account, venue=venue, journal=journal)
    checked = 0
    known: list[date] = []
    session.begin(span.first_day, notes=span.notes)
    for day in calendar_days(span):
        is_tried = day.toordinal() % days_apart == 0 or day in changed
        venue.history = garbled(history, day) if is_tried else history
        if session.waiting and opens(day, session, venue.history, core):
            session.work_orders(opening_instant(day))
        if day in facts:
            seen = strategy.observe(venue.history) if is_tried else observations
            known.append(day)
            if seen.first_day != ready:
                raise LookAheadError(f"the end of the warm-up, {ready}, depends on bars dated after {day}")
            if is_tried:
                _require_same_facts(seen, facts, day, _looked_back_to(known, days_back))
            if is_tried and cut_too:
                _require_same_facts(strategy.observe(garbled(history, day, garbage_days=0)), facts, day, [day])
            session.decide(day, seen, venue.history)
            checked = _require_same_record(journal, run, day, since=checked)
    session.end(span.last_day)
    _require_same_record(journal, run, span.last_day, since=checked)
    return decided


def require_causal_rule(rule: AnyRule, history: History, days: Sequence[date]) -> None:
    """Check a rule on its own: on every day D, what it observed up to D stands whatever comes after D.

    Raises:
        LookAheadError: an observation depends on bars dated after its day.
    """
    observed = rule.observe(history)
    facts = [observed.at(day) for day in days]
    for position, day in enumerate(days):
        seen = rule.observe(garbled(history, day))
        if [seen.at(earlier) for earlier in days[: position + 1]] != facts[: position + 1]:
            raise LookAheadError(f"the rule on a day up to {day} depends on bars dated after {day}")


def _looked_back_to(known: Sequence[date], days_back: int | None) -> Sequence[date]:
    if days_back is None and len(known) % 10 == 0:
        return known
    return known[-1 - (days_back or 0) :]


def _require_same_facts(
    seen: Observations[object], facts: Mapping[date, object], day: date, known: Sequence[date]
) -> None:
    for earlier in known:
        if seen.at(earlier) != facts[earlier]:
            raise LookAheadError(
                f"the facts of {earlier} depend on bars dated after {day}: {facts[earlier]} became {seen.at(earlier)}"
            )


def _require_same_record(journal: MemoryJournal, run: Sequence[Event], day: date, *, since: int) -> int:
    made = list(journal)[since:]
    for expected, event in zip(run[since:], made, strict=False):
        if event != expected:
            raise LookAheadError(f"{day}: an event depends on bars dated after its day: {expected} became {event}")
    return since + len(made)
