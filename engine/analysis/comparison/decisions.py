"""Why a paper run decided otherwise than the backtest of its days: each day is decided again, with one thing changed.

A decision is a function of the strategy's memory, the day's facts and what is held. What the live run remembered and
held is on record, so a decision that comes out again from these and today's facts only follows from what was before. If
it comes out once no entries are allowed, the index was late; if it comes out of an earlier configuration, that is why;
otherwise the evidence on record must differ from today's, or nothing explains it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial

from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.steps import Evening, paired
from engine.core.calendar import decision_instant
from engine.core.events import DayDecided, EvidenceValue
from engine.core.market import History
from engine.core.money import decimal_of
from engine.core.orders_in_flight import SELL_WAIT_DAYS
from engine.core.rotation_equity import RotationEquity, rotation_after
from engine.core.sizing import Sizing, Weights, sized_targets
from engine.core.strategy import AnyStrategy, Decision, Observations, StrategyState
from engine.core.valuation import HeldAtClose

AGES = ("session", "week")
"""Evidence that says how recent the rest of its section is."""
MOST_SHOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mind:
    """A strategy and what it sees in today's data.

    Attributes:
        until: the place in the journal from which on it was no longer in force; None for the present one.
        sizing: what scales its targets, by `history`; None where nothing does.
        wait_days: calendar days for which buys wait for a sell.
        max_drawdown: fall of the equity at which the kill switch acts; None: never.
    """

    strategy: AnyStrategy
    observations: Observations[object]
    until: int | None = None
    sizing: Sizing | None = None
    history: History = field(default_factory=lambda: History(series={}))
    wait_days: int = SELL_WAIT_DAYS
    max_drawdown: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a run goes into a day with, beside its account: folded out of the decisions before.

    Attributes:
        rotation, targets, wanted, highest, killed_on: as in `Standing`. That the kill switch was re-armed shows by a
            decision under which it holds no more.
    """

    memory: StrategyState
    rotation: RotationEquity | None = None
    targets: Weights | None = None
    wanted: Weights | None = None
    highest: Decimal | None = None
    killed_on: date | None = None

    def going_into(self, decided: DayDecided) -> "Remembered":
        """Give it as it was for a decision: where the kill switch holds no more, it was re-armed."""
        is_rearmed = self.killed_on is not None and not decided.killed
        return replace(self, killed_on=None, highest=None) if is_rearmed else self

    def after(self, decided: DayDecided) -> "Remembered":
        """Give it after one more decision."""
        before = self.going_into(decided)
        return Remembered(
            memory=decided.memory,  # type: ignore[arg-type] # the codec restores the strategy's own type
            rotation=rotation_after(self.rotation, decided),
            targets=decided.targets,
            wanted=decided.wanted,
            highest=decided.equity if before.highest is None else max(before.highest, decided.equity),
            killed_on=(before.killed_on or decided.day) if decided.killed else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Redecided:
    """A decision as it comes out again, with the targets that stand after it, and whether the kill switch holds."""

    decision: Decision[StrategyState]
    targets: Weights
    wanted: Weights | None
    killed: bool


def redecided(mind: Mind, evening: Evening, before: Remembered, *, entries_allowed: bool = True) -> Redecided | None:
    """Decide the day of an evening again, with what was remembered and held then and with today's facts.

    Returns:
        None where today's data have no bar of the day, or the memory is another strategy's.
    """
    decided, ledger = evening.decided, evening.ledger
    stuck = evening.orders.stuck(decision_instant(decided.day), mind.wait_days)
    holdings = HeldAtClose(
        ledger=ledger,
        closes={**_closes_of_today(mind.history, ledger.positions, decided.day), **decided.closes},
        equity=decided.equity,
        orders_waiting=evening.orders.holds_back(stuck) if evening.orders.places else evening.has_waiting,
        entries_allowed=entries_allowed,
        stuck=tuple(stuck),
        before=before.rotation,
        sizing=None if mind.sizing is None else partial(mind.sizing.sized, history=mind.history, day=decided.day),
    )
    try:
        decision = mind.strategy.decide(before.memory, mind.observations.at(decided.day), holdings)
        decision, killed = _judged(decision, mind, before.going_into(decided), decided)
        targets, wanted = sized_targets(decision, holdings, standing=before.targets, wanted=before.wanted)
    except (KeyError, AttributeError):
        # No bar of the day today, no close on record, or the memory is another strategy's.
        return None
    return Redecided(decision=decision, targets=targets, wanted=wanted, killed=killed)


def _judged(
    decision: Decision[StrategyState], mind: Mind, before: Remembered, decided: DayDecided
) -> tuple[Decision[StrategyState], bool]:
    if before.killed_on is None and mind.max_drawdown is None:
        return decision, False
    from engine.core.kill_switch import judged  # noqa: PLC0415 - most runs have none

    return judged(
        decision,
        strategy=mind.strategy,
        before=before.memory,
        day=decided.day,
        equity=decided.equity,
        highest=before.highest,
        killed_on=before.killed_on,
        limit=mind.max_drawdown,
    )


def _closes_of_today(history: History, assets: Iterable[str], day: date) -> dict[str, Decimal]:
    """Give today's closes: those of crumbs are not on record."""
    known = {asset: history.series[asset].close_at(day) for asset in assets if asset in history.series}
    return {asset: decimal_of(close) for asset, close in known.items() if close is not None}


@dataclass(slots=True, kw_only=True)
class ComparedDecisions:
    """What came of it.

    Attributes:
        differences: first days on which something new differs, in order.
        causes: the difference that each differing day goes back to.
        evidence: days on which the decision is the same and its evidence is not.
    """

    differences: list[Difference] = field(default_factory=list)
    causes: dict[date, Difference] = field(default_factory=dict)
    evidence: int = 0

    def find(self, day: date, cause: Cause | None, what: str) -> Difference:
        """Note a difference, to which the day goes back if it is the first one of it."""
        found = Difference(day=day, kind="decision", cause=cause, what=what)
        self.differences.append(found)
        self.causes.setdefault(day, found)
        return found


def compare_decisions(
    backtest: Sequence[Evening], live: Sequence[Evening], *, minds: Sequence[Mind]
) -> ComparedDecisions:
    """Compare day by day.

    Args:
        minds: the present one first, then those before it.
    """
    comparer = _Comparer(minds)
    for day, ours, theirs in paired(backtest, live):
        comparer.compare(day, ours, theirs)
    return comparer.result


class _Comparer:
    def __init__(self, minds: Sequence[Mind]) -> None:
        self._minds = minds
        self.result = ComparedDecisions()
        self._remembered = Remembered(memory=minds[0].strategy.start())
        self._running: Difference | None = None

    def compare(self, day: date, ours: Evening | None, theirs: Evening | None) -> None:
        if theirs is None:
            self._find(day, Cause.REVISION, "nothing was decided live; today's data have a bar of this day")
        elif ours is None:
            self._find(
                day, Cause.REVISION, f"{theirs.decided.reason} was decided; today's data have no bar of this day"
            )
        elif _outcome(theirs.decided) == _outcome(ours.decided):
            self._running = None
            self.result.evidence += theirs.decided.evidence != ours.decided.evidence
        else:
            self._explain(ours.decided, theirs)
        if theirs is not None:
            self._remembered = self._remembered.after(theirs.decided)

    def _explain(self, ours: DayDecided, theirs: Evening) -> None:
        day, live = ours.day, theirs.decided
        words = _difference(ours, live)
        changed = list(_evidence_differences(ours, live))
        if ours.killed or live.killed:
            self._follow(day, f"{words}; the kill switch looks at the account")
        elif self._comes_out(self._minds[0], theirs, entries_allowed=True):
            self._follow(day, f"{words}; the account held something else")
        elif self._comes_out(self._minds[0], theirs, entries_allowed=False):
            self._find(day, Cause.LATE_DATA, f"{words}; no entries were allowed, as the index was not up to date")
        elif any(
            self._comes_out(mind, theirs, entries_allowed=allowed)
            for mind in self._minds[1:]
            if mind.until is not None and theirs.place < mind.until
            for allowed in (True, False)
        ):
            self._find(day, Cause.CONFIGURATION, f"{words}; another configuration was in force")
        elif changed:
            cause = Cause.LATE_DATA if any(each.is_older for each in changed) else Cause.REVISION
            self._find(day, cause, f"{words}; {_shown(changed)}")
        else:
            self._find(day, None, f"{words}, on the same evidence")

    def _follow(self, day: date, what: str) -> None:
        """Note what follows from the account and what was decided before."""
        if self._running is None:
            self._find(day, Cause.STATE, what)
        elif self._running.day != day:
            self.result.causes[day] = self._running

    def _find(self, day: date, cause: Cause | None, what: str) -> None:
        self._running = self.result.find(day, cause, what)

    def _comes_out(self, mind: Mind, theirs: Evening, *, entries_allowed: bool) -> bool:
        again = redecided(mind, theirs, self._remembered, entries_allowed=entries_allowed)
        return again is not None and _outcome_of(again) == _outcome(theirs.decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    name: str
    live: EvidenceValue
    today: EvidenceValue

    @property
    def is_older(self) -> bool:
        """Whether the live run looked at something that was not up to date."""
        is_age = self.name.rpartition(".")[2] in AGES
        return is_age and isinstance(self.live, date) and isinstance(self.today, date) and self.live < self.today


def _evidence_differences(ours: DayDecided, live: DayDecided) -> Iterator[_Change]:
    for section in dict.fromkeys((*ours.evidence, *live.evidence)):
        today, then = (each.evidence.get(section) or {} for each in (ours, live))
        for key in dict.fromkeys((*today, *then)):
            if today.get(key) != then.get(key):
                yield _Change(name=f"{section}.{key}", live=then.get(key), today=today.get(key))


def _shown(changes: Sequence[_Change]) -> str:
    # What says how old the evidence is comes first, then what decides: flags, then figures.
    ranked = sorted(changes, key=lambda each: (not each.is_older, isinstance(each.today, float)))
    words = [_change_words(each) for each in ranked[:MOST_SHOWN]]
    more = len(ranked) - len(words)
    return ", ".join(words) + (f" and {more} more" if more else "")


def _change_words(change: _Change) -> str:
    live, today = change.live, change.today
    if isinstance(live, float) and isinstance(today, float) and live:
        return f"{change.name} {live:,.6g}, today {today:,.6g} ({100 * (today / live - 1):+.2f} %)"
    return f"{change.name} {_plain(live)}, today {_plain(today)}"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "/".join(f"{asset} {weight:.4g}" for asset, weight in value.items()) or "all cash"
    if isinstance(value, bool | None):
        return "none" if value is None else str(value).lower()
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _difference(ours: DayDecided, live: DayDecided) -> str:
    for name, here, there in (
        ("", ours.reason, live.reason),
        ("state ", ours.next_state, live.next_state),
        ("targets ", dict(ours.targets), dict(live.targets)),
    ):
        if here != there:
            return f"{name}{_plain(there)}, in the backtest {_plain(here)}"
    return "trades in one run only" if ours.memory == live.memory else "the same decision with another memory"


def _outcome(decided: DayDecided) -> tuple[object, ...]:
    return decided.reason, decided.next_state, dict(decided.targets), decided.changed, decided.memory


def _outcome_of(again: Redecided) -> tuple[object, ...]:
    decision = again.decision
    return decision.reason, decision.state.name, dict(again.targets), decision.trade, decision.state
