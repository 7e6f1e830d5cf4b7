"""The index closes above its ceiling, and holds it as support: the breakout is in force."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.core.calendar import DAYS_A_WEEK
from engine.core.changes import Change, percent_text, price_text
from engine.core.chart import Chart, Curve, Marks, OnRecord, Tone
from engine.core.columns import distance_of
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Position, Rule, RuleCase, RuleParams
from strategies.signals.days import BreakoutFacts, DailyBreakout
from strategies.signals.setting import RotationSetting

if TYPE_CHECKING:
    from strategies.signals.breakout_changes import BreakoutAt

NAMES = {"RUT": "Russell 2000"}
CONFIRMED, LIFTED, LOST = "breakout confirmed", "breakout renewed (lifted)", "support lost"
TURNS: Mapping[str, tuple[str, Tone]] = {
    CONFIRMED: ("triangle-up", "basket"),
    LIFTED: ("diamond", "basket"),
    LOST: ("x-thin-open", "loss"),
}
"""The symbol and tone of each."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Breakout(Rule[RuleParams, BreakoutFacts, DailyBreakout]):
    """Holds while a breakout is confirmed, not lost, and not run out."""

    setting: RotationSetting

    @property
    def title(self) -> str:
        """Name the index."""
        return f"{self.setting.index} breakout in force"

    def observe(self, history: History) -> DailyBreakout:
        """Follow runs, breakouts and losses of support through all sessions."""
        return self.setting.daily_breakout.of(history)

    def read(self, facts: BreakoutFacts, position: Position) -> Reading:
        """Compare the last close with the support in a breakout, else with what it has to exceed."""
        params, level = self.setting.breakout, facts.run_level or facts.ceiling
        if facts.support is not None:
            threshold: float | None = facts.support * (1 - params.tolerance)
        else:
            threshold = None if level is None else level * (1 + params.buffer)
        return Reading(
            holds=facts.in_force,
            value=facts.close,
            threshold=threshold,
            distance=distance_of(facts.close, threshold),
            since=facts.since,
        )

    def looks_at(self, position: Position) -> object:
        """Give nothing."""
        return None

    def details(self, case: RuleCase[DailyBreakout]) -> tuple[str, tuple[Condition, ...]]:
        """Say where the close is, and what is left to be done."""
        breakout, valid_weeks = case.observed.on(case.day), self.setting.breakout.valid_weeks
        if not breakout.in_breakout:
            return _ceiling_words(breakout), ()
        words = support_words(breakout)
        if valid_weeks is None:
            return words, ()
        support = Condition(name="support holds", holds=True, sentence=words)
        validity = _validity(breakout.confirmed_on, case.day, valid_weeks)
        return words if validity.holds else f"no breakout in force: {validity.sentence}", (support, validity)

    def changes(self, case: RuleCase[DailyBreakout], *, holds: bool) -> Iterable[Change]:
        """Propose closes, and the validity, with which it would have been in force, or would not."""
        from strategies.signals import breakout_changes  # noqa: PLC0415 - wanted where somebody explains

        breakout = case.observed.on(case.day)
        if not holds:
            yield from breakout_changes.unconfirming(breakout)
            yield from breakout_changes.shortening(breakout, case.day)
        elif breakout.in_breakout:
            yield from breakout_changes.prolonging(breakout, case.day)
        else:
            yield from breakout_changes.confirming(breakout)

    def chart(self, past: OnRecord) -> Chart | None:
        """Draw the index with ceiling and support, and the sessions that made, renewed or lost a breakout."""
        sessions = past.seen_once("index", "session", "close")
        if not sessions:
            return None
        name = NAMES.get(self.setting.index, self.setting.index)
        ceiling, support, close = ([each.get(key) for each in sessions] for key in ("ceiling", "support", "close"))
        return Chart(
            title=f"{name}: ceiling, breakouts, support",
            words="A breakout is confirmed by closes above the ceiling, which is its support from then on until "
            "closes below it lose it, or a later breakout lifts it.",
            days=[each["session"] for each in sessions],
            curves=(
                Curve(name="ceiling", values=ceiling, tone="muted", width=1.2, shape="steps", dotted=True),
                Curve(name="support", values=support, tone="basket", width=2, shape="steps"),
                Curve(name=name, values=close),
            ),
            marks=_turns(sessions),
            tick=",.0f",
            height=380,
        )


def _turns(sessions: Sequence[Mapping[str, Any]]) -> Sequence[Marks]:
    """Mark where a breakout was confirmed, renewed or lost; what was so before the first session is left out."""
    found: dict[str, list[tuple[str, float, str]]] = {title: [] for title in TURNS}
    for before, now in pairwise(sessions):
        confirmed, lost = now.get("breakout_session"), now.get("loss_session")
        if lost and lost != before.get("loss_session"):
            found[LOST].append(_turn(LOST, lost, now, before.get("support")))
        if now.get("in_breakout") and confirmed and confirmed != before.get("breakout_session"):
            title = LIFTED if before.get("in_breakout") else CONFIRMED
            found[title].append(_turn(title, confirmed, now, now.get("support")))
    return [Marks(name=title, look=TURNS[title], points=each) for title, each in found.items()]


def _turn(title: str, session: str, seen: Mapping[str, Any], level: float | None) -> tuple[str, float, str]:
    return session, seen["close"], title if level is None else f"{title}: support of {level:,.2f}"


def support_words(breakout: "BreakoutAt") -> str:
    """Say where the close is from the support, and how many closes lose it."""
    params, symbol = breakout.params, breakout.bars.symbol
    support = float(breakout.columns.support[breakout.at])
    threshold, below = breakout.below(support), breakout.closes_below()
    words = f"the support {price_text(support)}"
    if params.tolerance:
        words = f"{price_text(threshold)}, the support {price_text(support)} with its tolerance"
    more = params.loss_sessions - below
    lose = f"{_number(more)}{' more' if below else ''} close{'s' if more > 1 else ''} below it"
    counted = f", close {below} of {params.loss_sessions} below" if below else ""
    return (
        f"breakout of {breakout.confirmed_on}: {symbol} close {price_text(breakout.close)} is "
        f"{_side(breakout.close, threshold)} {words}{counted}: {lose} {'lose' if more > 1 else 'loses'} it"
    )


def _ceiling_words(breakout: "BreakoutAt") -> str:
    params, at, symbol, close = breakout.params, breakout.at, breakout.bars.symbol, breakout.close
    length, level = int(breakout.columns.run_length[at]), breakout.level
    if level is None:
        return f"{symbol} has no ceiling yet: too few sessions are old enough"
    threshold = breakout.above(level)
    words = f"the ceiling {price_text(level)}"
    if params.buffer:
        words = f"{price_text(threshold)}, the ceiling {price_text(level)} with its buffer"
    place = f"{symbol} close {price_text(close)} is {_side(close, threshold)} {words}"
    more = params.confirm_sessions - length
    confirm = f"{_number(more)}{' more' if length else ''} close{'s' if more > 1 else ''} above {price_text(threshold)}"
    verb = "confirm" if more > 1 else "confirms"
    if length:
        return f"{place}, session {length} of {params.confirm_sessions}: {confirm} {verb}"
    if int(breakout.columns.loss_session[at]) == int(breakout.bars.ordinals[at]):
        return f"{place}; support was lost at this session, {confirm} {verb} a new breakout"
    return f"{place}: {confirm} {verb}"


def _validity(confirmed_on: date, day: date, valid_weeks: int) -> Condition:
    until, age = confirmed_on + timedelta(weeks=valid_weeks), (day - confirmed_on).days / DAYS_A_WEEK
    holds = day <= until
    return Condition(
        name="breakout not run out",
        holds=holds,
        sentence=f"the breakout of {confirmed_on} {'counts until' if holds else 'ran out on'} {until}",
        value=age,
        threshold=valid_weeks,
        distance=age - valid_weeks,
        unit="weeks",
    )


def _side(close: float, threshold: float) -> str:
    if close == threshold:
        return "exactly at"
    return f"{percent_text(close / threshold - 1)} {'above' if close > threshold else 'below'}"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)
