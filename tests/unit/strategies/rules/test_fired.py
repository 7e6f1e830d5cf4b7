"""On every day that trades, the explanation names the rule that fired, and compares what the bars say."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from engine.core.explaining import explainer_of
from engine.core.explanation import Case, Condition
from engine.core.market import BarSeries
from engine.registry import params_of, strategy_factory, strategy_names
from tests.support.decisions import DecidedCase, decisions_of
from tests.support.markets import faulty_market
from tests.support.oracle import IndexFact, WeekFact, evaluate_index, evaluate_weeks

BREAKOUT: Mapping[str, Any] = {
    "mode": "auto", "level": None, "lookback_years": 2, "min_age_weeks": 4, "buffer": 0.004, "confirm_sessions": 2,
    "tolerance": 0.01, "loss_sessions": 2, "valid_weeks": 20,
}  # fmt: skip
MACD: Mapping[str, Any] = {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20, "valid_weeks": 6}
SETTINGS: Mapping[str, Any] = {
    "basket": {"ETH": 0.4},
    "basket_equal": ["SOL", "BNB", "XRP"],
    "macd": MACD,
    "breakout": BREAKOUT,
    "hold_weeks": 6,
    "exit_to": "cash",
    "rebalance_drift": 0.06,
    "confirmations": [{"any": ["blue_sky", {"not": "blue_sky"}]}],
}
HAPPENS: Mapping[str, set[str]] = {
    "rotation": {"start", "entry", "support_lost", "time_exit", "golden_cross", "rebalance"},
    "macd_timing": {"start", "golden_cross", "death_cross"},
    "hold": {"start"},
}
market = faulty_market(1, years=4)


def closes_of(bars: BarSeries) -> dict[date, float]:
    return {date.fromordinal(n): close for n, close in zip(bars.ordinals.tolist(), bars.close.tolist(), strict=True)}


INDEX, CORE = closes_of(market["RUT"]), closes_of(market["BTC"])
SESSIONS: list[IndexFact] = evaluate_index(INDEX, BREAKOUT)
WEEKS: list[WeekFact] = evaluate_weeks(CORE, MACD)


def parts_of(condition: Condition) -> dict[str, Condition]:
    return {condition.name: condition, **{part.name: part for part in condition.parts}}


def last_session(day: date) -> int:
    return bisect_right([fact.session for fact in SESSIONS], day) - 1


def last_week(day: date) -> WeekFact:
    return WEEKS[bisect_right([fact.week for fact in WEEKS], day) - 1]


def require_macd(cross: Condition, day: date, *, above: bool) -> None:
    week = last_week(day)
    assert cross.value == pytest.approx(week.macd)
    assert cross.threshold == pytest.approx(week.signal)
    assert (week.macd > week.signal) == above


def require_fired(told: Mapping[str, Condition], decided: DecidedCase) -> None:
    """Check the rule that a decision of the rotation goes back to against the bars."""
    day, at, state = decided.day, last_session(decided.day), decided.state
    close = INDEX[SESSIONS[at].session]
    if decided.decision.reason == "entry":
        assert told["enter the basket"].holds
        entry = parts_of(told["enter the basket"])
        assert all(part.holds for part in entry.values())
        support = SESSIONS[at].support
        assert support is not None
        assert entry["RUT breakout in force"].value == close
        assert entry["RUT breakout in force"].threshold == pytest.approx(support * 0.99)
        require_macd(entry["golden cross in force"], day, above=True)
        assert entry["basket tradable"].value == len(decided.decision.targets)
    elif decided.decision.reason == "support_lost":
        lost = parts_of(told["leave the basket"])["RUT support lost"]
        loss = next(n for n in range(at, 0, -1) if SESSIONS[n].lost)
        support = SESSIONS[loss - 1].support
        assert lost.holds
        assert support is not None
        assert lost.value == close
        assert lost.threshold == pytest.approx(support * 0.99)
        assert close < support * 0.99
    elif decided.decision.reason == "time_exit":
        leaving = parts_of(told["leave the basket"])
        assert leaving["6 weeks over"].holds
        assert not leaving["RUT support lost"].holds
        assert leaving["6 weeks over"].value == pytest.approx((day - getattr(state, "entry_day")).days / 7)  # noqa: B009
        assert leaving["6 weeks over"].threshold == 6
    elif decided.decision.reason == "golden_cross":
        require_macd(parts_of(told["back to BTC"])["golden cross in force"], day, above=True)
        assert not told["enter the basket"].holds
    else:
        assert decided.decision.reason == "rebalance"
        drifted = parts_of(told["rebalance"])["weights drifted"]
        targets, held = dict(getattr(state, "targets")), decided.holdings.weights()  # noqa: B009
        furthest = max(abs(held.get(a, 0.0) - targets.get(a, 0.0)) for a in {*targets, *held})
        assert drifted.holds
        assert drifted.value == pytest.approx(furthest)
        assert drifted.threshold == 0.06


def require_side(told: Mapping[str, Condition], decided: DecidedCase) -> None:
    above = decided.decision.reason == "golden_cross"
    (group,) = (condition for name, condition in told.items() if name.startswith("enter" if above else "leave"))
    assert group.holds
    require_macd(group.parts[0], decided.day, above=above)


@pytest.mark.parametrize("name", strategy_names())
def test_the_explanation_of_a_day_that_trades_names_what_fired_with_what_the_bars_say(name: str) -> None:
    params = params_of(name)
    chosen = params.model_validate({key: value for key, value in SETTINGS.items() if key in params.model_fields})
    strategy = strategy_factory(name)(chosen)
    explainer, observed = explainer_of(strategy), strategy.observe(market)
    reasons = Counter[str]()

    for decided in decisions_of(strategy, market):
        reason = decided.decision.reason
        if not decided.decision.trade:
            continue
        reasons[reason] += 1
        if reason == "start" or explainer is None:
            assert reason == "start"
            continue
        case: Case[Any, Any] = Case(
            day=decided.day,
            state=decided.state,
            history=market,
            observations=observed,
            holdings=decided.holdings,
            decision=decided.decision,
        )
        told = parts_of(explainer.tree(case))
        (require_fired if name == "rotation" else require_side)(told, decided)

    assert HAPPENS.get(name, set()) <= set(reasons), reasons
