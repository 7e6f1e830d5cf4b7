"""The core's weekly MACD rose through its signal line: the golden cross is in force."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.core.calendar import DAYS_A_WEEK
from engine.core.changes import Change
from engine.core.chart import Chart, Marks, OnRecord, RotationDays, Tone
from engine.core.columns import distance_of
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Position, Rule, RuleCase, RuleParams
from strategies.rules.macd_above import above_words, weekly_chart
from strategies.signals.days import DailyMacd, WeekFacts
from strategies.signals.setting import RotationSetting

if TYPE_CHECKING:
    from strategies.signals.macd_changes import WeekAt

FATES: Mapping[str, tuple[str, Tone]] = {
    "used": ("circle", "basket"),
    "spent": ("circle-open", "eth"),
    "expired": ("x-thin-open", "loss"),
    "in force": ("star", "basket"),
}
"""What may become of a cross, each with its symbol and tone."""


class GoldenCross(Rule[RuleParams, WeekFacts, DailyMacd]):
    """Holds while the MACD stays above, the cross has not run out, and no rotation has spent it."""

    setting: RotationSetting

    @property
    def title(self) -> str:
        """Name it."""
        return "golden cross in force"

    def observe(self, history: History) -> DailyMacd:
        """Compute the weekly MACD and its crosses."""
        return self.setting.daily_macd.of(history)

    def read(self, facts: WeekFacts, position: Position) -> Reading:
        """Compare MACD and signal line of the last complete week."""
        exit_day, since = position.exit_day, facts.since
        spent = facts.in_time and exit_day is not None and facts.cross_week is not None and facts.cross_week <= exit_day
        if spent and exit_day is not None:
            # Up to then there was a rotation; it is asked from the day after.
            since = max(since, exit_day + timedelta(days=1))
        return Reading(
            holds=facts.in_time and not spent,
            value=facts.macd,
            threshold=facts.signal,
            distance=distance_of(facts.macd, facts.signal),
            since=since,
        )

    def looks_at(self, position: Position) -> object:
        """Give the day up to which crosses are spent."""
        return position.exit_day

    def details(self, case: RuleCase[DailyMacd]) -> tuple[str, tuple[Condition, ...]]:
        """Say of which week it is, and what became of it."""
        week = case.observed.on(case.day)
        above = Condition(name="MACD above its signal line", holds=week.is_above, sentence=above_words(week))
        cross, exit_day = week.cross, case.position.exit_day
        if cross is None:
            none = Condition(name="a golden cross since the warm-up", holds=False, sentence="no golden cross yet")
            return "no golden cross in force: there was none yet", (none, above)
        timely, free = _timely(week, cross, case.day), _free(cross, exit_day)
        until = cross + timedelta(weeks=week.params.valid_weeks)
        if not timely.holds:
            why = f"the last, of {cross}, ran out on {until}"
        elif not free.holds:
            why = free.sentence
        else:
            why = f"the MACD fell back after the last, of {cross}"
        words = f"golden cross of {cross} in force, until {until} at the latest"
        # The first that does not hold is named as the cause.
        return words if case.reading.holds else f"no golden cross in force: {why}", (timely, free, above)

    def changes(self, case: RuleCase[DailyMacd], *, holds: bool) -> Iterable[Change]:
        """Propose weekly closes and parameters with which one would be in force, or none."""
        from strategies.signals.macd_changes import crossing, uncrossing  # noqa: PLC0415 - wanted where somebody explains

        week = case.observed.on(case.day)
        return crossing(week, case.day, case.position.exit_day) if holds else uncrossing(week, case.day)

    def unmoved(self, case: RuleCase[DailyMacd]) -> str:
        """Say so where no week has ended since the last rotation."""
        exit_day, week = case.position.exit_day, case.observed.on(case.day)
        if exit_day is None or week.sunday(week.at) > exit_day:
            return ""
        return (
            f"the rotation that ended on {exit_day} has spent every golden cross up to then, "
            "and no week has ended since"
        )

    def chart(self, past: OnRecord) -> Chart | None:
        """Draw the weekly MACD, and what became of each golden cross."""
        return weekly_chart(
            past,
            title=f"{self.setting.core} weekly MACD: golden crosses",
            words="A golden cross is used by the rotation that it lets in, spent when it comes during one, and expired "
            "when it ran out or fell back unused.",
            marks=_crosses(past),
        )


def _crosses(past: OnRecord) -> Sequence[Marks]:
    """Mark the crosses of the weeks seen, each as what became of it; those before the first week are left out."""
    macd_by_week = {week["week"]: float(week["macd"]) for week in past.seen_once("macd", "week", "macd", "signal")}
    last_in_force: dict[str, date | None] = {}
    for day, evidence in zip(past.days, past.evidence, strict=True):
        section = evidence.get("macd") or {}
        name = str(section.get("cross_week"))
        if name in macd_by_week:
            last_in_force[name] = day if section.get("in_force") else last_in_force.get(name)
    points: dict[str, list[tuple[str, float, str]]] = {fate: [] for fate in FATES}
    for name, last in last_in_force.items():
        fate, words = _fate(date.fromisoformat(name), last, past)
        points[fate].append((name, macd_by_week[name], f"golden cross {words}"))
    return [Marks(name=f"cross {fate}", look=FATES[fate], points=each) for fate, each in points.items()]


def _fate(week: date, last_in_force: date | None, past: OnRecord) -> tuple[str, str]:
    """Tell what became of a cross: in a word, and in words."""
    user = next((each.number for each in past.rotations if each.cross_week == week), None)
    if user is not None:
        return "used", f"used by rotation {user}"
    during = next((each.number for each in past.rotations if _is_during(week, each)), None)
    if during is not None:
        return "spent", f"spent: came during rotation {during}"
    if last_in_force == past.days[-1]:
        return "in force", "in force on the last day"
    return "expired", f"expired: last in force on {last_in_force}" if last_in_force else "expired: never in force"


def _is_during(week: date, rotation: RotationDays) -> bool:
    return rotation.entry_day < week and (rotation.exit_day is None or week <= rotation.exit_day)


def _timely(week: "WeekAt", cross: date, day: date) -> Condition:
    valid_weeks = week.params.valid_weeks
    until, age = cross + timedelta(weeks=valid_weeks), (day - cross).days / DAYS_A_WEEK
    in_time = day <= until
    return Condition(
        name="golden cross not run out",
        holds=in_time,
        sentence=f"the last golden cross, of {cross}, is {age:.1f} weeks old and counts for {valid_weeks}: "
        f"it {'runs' if in_time else 'ran'} out on {until}",
        value=age,
        threshold=valid_weeks,
        distance=age - valid_weeks,
        unit="weeks",
    )


def _free(cross: date, exit_day: date | None) -> Condition:
    is_free = exit_day is None or cross > exit_day
    return Condition(
        name="golden cross not spent",
        holds=is_free,
        sentence=f"no rotation has spent the golden cross of {cross}"
        if is_free
        else f"the rotation that ended on {exit_day} has spent the golden cross of {cross}",
        value=cross,
        threshold=exit_day,
        distance=None if exit_day is None else (cross - exit_day).days / DAYS_A_WEEK,
        unit="weeks",
    )
