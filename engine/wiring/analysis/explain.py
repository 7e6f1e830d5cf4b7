"""From decisions to why one was taken, and to what kept others from being taken."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from engine.core.calendar import decision_instant
from engine.core.changes import Change
from engine.core.errors import ConfigError, DataError
from engine.core.events import AssetDelisted, DayDecided
from engine.core.explained import Blocked, ExplainedDay
from engine.core.explaining import RulesExplainer, explainer_of
from engine.core.explanation import Case, Condition
from engine.core.market import History
from engine.core.money import ZERO, decimal_of
from engine.core.strategy import CASH, AnyStrategy, Decision, Holdings, StrategyState
from engine.core.valuation import HeldAtClose
from engine.record.account_notes import KillSwitch, held_in_cash, kill_switch_of
from engine.record.run_log import delisting_words
from engine.settings.registry import strategy_factory
from engine.trading.counterfactual import WhatIf
from engine.trading.recovery import standing_of
from engine.trading.standing import Standing
from engine.wiring.analysis.explain_past import Past

PAST_DAYS = 200
"""How many days before the explained one are looked at for `Flip.since`; no change reaches further back."""


def explain_day(past: Past, day: date) -> ExplainedDay:
    """Explain one decision, and find the smallest changes that would have flipped it.

    Raises:
        ConfigError: the day was not decided; names the first and the last that were.
        DataError: today's bars do not reach it.
    """
    decided = _decided_on(past, day)
    params = past.params
    core = _strategy(past).universe.core
    if past.history[core].position_on(day) is None:
        raise DataError(f"{core}: has no bar of {day} any more; the decision of that day cannot be explained")
    if decided.killed:
        return _explain_killed(past, decided)
    standing = standing_of(past.events[: past.events.index(decided)], _fresh(past))
    states = _states(past)
    state = dict(states)[day]
    # The record's name of it: a strategy need not have one for cash.
    name = CASH if standing.rearmed else state.name
    before = [pair for pair in states if pair[0] < day][-PAST_DAYS:]

    def what_if(*, entries_allowed: bool) -> WhatIf:
        stuck = standing.orders.stuck(decision_instant(day), past.sell_wait_days)
        holdings = _held(standing, past.history, day, entries_allowed=entries_allowed, stuck=tuple(stuck))
        build = strategy_factory(params.name)
        return WhatIf(build, params, history=past.history, day=day, state=state, holdings=holdings, past=before)

    wanted = past.recorded.get(day) if past.recorded is not None else None
    asked = what_if(entries_allowed=True)
    if wanted is not None and _said(name, asked.decision) != wanted:
        # A live run takes no entry on an index that is too old, and only then.
        stale = what_if(entries_allowed=False)
        asked = stale if _said(name, stale.decision) == wanted else asked
    case = Case(
        day=day,
        state=state,
        history=asked.history,
        observations=asked.observations,
        holdings=asked.holdings,
        decision=asked.decision,
    )
    explainer = _explainer(past)
    flips = asked.flips(explainer.proposals(case))
    return ExplainedDay(
        name=past.name,
        day=day,
        state=name,
        next_state=asked.decision.state.name,
        reason=asked.decision.reason,
        tree=explainer.tree(case),
        flips=flips,
        otherwise="" if flips else explainer.otherwise(case),
        note=_disagreement(wanted, _said(name, asked.decision)),
        synthetic=past.synthetic,
        booked=_booked(past, day),
    )


def asked_on(past: Past, decided: DayDecided) -> Condition:
    """Give the rules that were asked for a decision, as a tree; nothing is tried that would have flipped it."""
    strategy, states = _strategy(past), dict(_states(past))
    standing = standing_of(past.events[: past.events.index(decided)], _fresh(past))
    stuck = standing.orders.stuck(decision_instant(decided.day), past.sell_wait_days)
    state = states[decided.day]
    case = Case(
        day=decided.day,
        state=state,
        history=past.history,
        observations=strategy.observe(past.history),
        holdings=_held(standing, past.history, decided.day, entries_allowed=True, stuck=tuple(stuck)),
        decision=_decision(decided, state),
    )
    return _explainer(past).tree(case)


def _explain_killed(past: Past, decided: DayDecided) -> ExplainedDay:
    """Explain a day on which the kill switch holds: it outranks the rules, which are not asked."""
    until = past.events[: past.events.index(decided) + 1]
    switch = kill_switch_of(until)
    wanted = past.recorded.get(decided.day) if past.recorded is not None else None
    today = (decided.state, decided.next_state, decided.reason)
    sentence = held_in_cash(switch, mode=past.mode)
    tree = Condition(name="kill switch", holds=True, sentence=sentence, value=decided.day)
    return ExplainedDay(
        name=past.name,
        day=decided.day,
        state=decided.state,
        next_state=decided.next_state,
        reason=decided.reason,
        tree=tree,
        flips=(),
        otherwise=f"it outranks every rule; {_limit_words(switch)}",
        note=_disagreement(wanted, today),
        synthetic=past.synthetic,
        booked=_booked(past, decided.day),
    )


def _limit_words(switch: KillSwitch) -> str:
    limit = f"with risk.max_drawdown above {switch.fall:.10g} it would not have acted"
    return limit if switch.acted is not None else ""


def _booked(past: Past, day: date) -> Sequence[str]:
    """Say what was booked at the close of a day before it was decided."""
    return [delisting_words(event) for event in past.events if isinstance(event, AssetDelisted) and event.day == day]


def explain_blocked(past: Past, *, first: date | None, last: date | None) -> Blocked:
    """Count, over a span, which condition alone kept the strategy from an entry, and on how many days several did.

    Raises:
        ConfigError: no day of the span was decided.
    """
    states = dict(_states(past))
    days = [day for day in past.days if (first is None or day.day >= first) and (last is None or day.day <= last)]
    if not days:
        raise ConfigError(
            f"--from {first or 'the start'} --to {last or 'the end'}: no day between them was decided; "
            f"the decision days are {past.first_day} to {past.last_day}"
        )
    strategy, explainer = _strategy(past), _explainer(past)
    observations = strategy.observe(past.history)
    core = past.history[strategy.universe.core]
    nothing_held = HeldAtClose(ledger=past.start, closes={}, equity=ZERO, orders_waiting=False, entries_allowed=True)
    alone: dict[str, Counter[str]] = {}
    among: Counter[str] = Counter()
    waiting = entries = several = killed = 0
    for decided in days:
        if decided.killed:
            killed += 1
            continue
        if core.position_on(decided.day) is None:
            continue
        state = states[decided.day]
        case = Case(
            day=decided.day,
            state=state,
            history=past.history,
            observations=observations,
            holdings=nothing_held,
            decision=_decision(decided, state),
        )
        awaited = explainer.awaited(case)
        if awaited is None:
            continue
        if awaited.holds:
            entries += 1
            continue
        waiting += 1
        missing = [part for part in awaited.parts if not part.holds]
        if len(missing) == 1:
            alone.setdefault(missing[0].name, Counter())[missing[0].cause] += 1
        else:
            several += 1
            among.update(part.name for part in missing)
    return Blocked(
        name=past.name,
        first_day=days[0].day,
        last_day=days[-1].day,
        days=len(days),
        waiting=waiting,
        entries=entries,
        alone=alone,
        among=among,
        several=several,
        synthetic=past.synthetic,
        killed=killed,
    )


class _FromEvidence:
    """Explains a strategy that is not made of rules: by the evidence of its decision, without changes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def tree(self, case: Case[StrategyState, object]) -> Condition:
        parts = [
            Condition(
                name=f"{section}.{key}",
                holds=value is not False,
                sentence=f"{value}",
                value=value,
            )
            for section, values in case.decision.evidence.items()
            for key, value in (values or {}).items()
        ]
        sentence = "what the decision rests on" if parts else "the decision rests on nothing that is observed"
        return Condition(name="evidence", holds=case.decision.trade, sentence=sentence, parts=tuple(parts))

    def awaited(self, case: Case[StrategyState, object]) -> Condition | None:  # noqa: ARG002
        return None

    def proposals(self, case: Case[StrategyState, object]) -> Sequence[Change]:  # noqa: ARG002
        return ()

    def otherwise(self, case: Case[StrategyState, object]) -> str:  # noqa: ARG002
        return f"the strategy {self._name} does not say what would: it is not made of rules"


def _strategy(past: Past) -> AnyStrategy:
    return strategy_factory(past.params.name)(past.params)


def _explainer(past: Past) -> RulesExplainer | _FromEvidence:
    return explainer_of(_strategy(past)) or _FromEvidence(past.params.name)


def _decided_on(past: Past, day: date) -> DayDecided:
    for decided in past.days:
        if decided.day == day:
            return decided
    raise ConfigError(f"--day {day} was not decided; the decision days are {past.first_day} to {past.last_day}")


def _fresh(past: Past) -> Standing:
    return Standing(ledger=past.start, state=_strategy(past).start())


def _states(past: Past) -> list[tuple[date, StrategyState]]:
    """Give the state before each decision."""
    states = [_fresh(past).state]
    for decided in past.days:
        if not hasattr(decided.memory, "name"):
            raise TypeError(f"{decided.day}: the memory {decided.memory!r} is no state")
        states.append(decided.memory)
    return list(zip((decided.day for decided in past.days), states, strict=False))


def _held(
    standing: Standing, history: History, day: date, *, entries_allowed: bool, stuck: Collection[str]
) -> Holdings:
    closes: dict[str, Decimal] = {}
    for asset in standing.ledger.positions:
        close = history[asset].close_at(day)
        if close is None:
            raise DataError(f"{asset}: has no bar up to {day} any more, and was held then")
        closes[asset] = decimal_of(close)
    return HeldAtClose(
        ledger=standing.ledger,
        closes=closes,
        equity=standing.ledger.equity(closes),
        orders_waiting=standing.orders.holds_back(stuck),
        entries_allowed=entries_allowed,
        stuck=stuck,
        delisted=standing.untargeted,
        before=standing.rotation,
    )


def _decision(decided: DayDecided, state: StrategyState) -> Decision[StrategyState]:
    return Decision(
        state=state,
        reason=decided.reason,
        targets=decided.targets,
        trade=decided.changed,
        evidence=decided.evidence,
        rules=decided.rules,
    )


def _said(state: str, decision: Decision[StrategyState]) -> tuple[str, str, str]:
    return state, decision.state.name, decision.reason


def _disagreement(recorded: tuple[str, str, str] | None, today: tuple[str, str, str]) -> str:
    if recorded is None or recorded == today:
        return ""
    return (
        f"the run recorded {recorded[2]} ({recorded[0]} -> {recorded[1]}), and from today's bars it is {today[2]} "
        f"({today[0]} -> {today[1]}): the bars were revised since, or the program decides otherwise"
    )
