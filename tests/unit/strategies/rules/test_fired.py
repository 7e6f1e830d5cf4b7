"""On every day that trades, the explanation names the rule that fired, and compares what the bars say."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from engine.core.explaining import explainer_of
from engine.core.explanation import Case, Condition
from engine.core.market import BarSeries
from engine.settings.registry import params_of, strategy_factory, strategy_names
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
FURTHER: Mapping[str, Mapping[str, Any]] = {
    "macd_death_cross": {},
    "trailing_support": {"weeks": 3, "sessions": 2},
    "basket_drawdown": {"limit": 0.15},
    "basket_stop": {"limit": 0.1},
    "confirmation_lost": {"of": "blue_sky", "days": 5},
}
"""Each is the only exit of a run whose changes of targets are made in two parts."""
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


def tradable_coins(day: date) -> int:
    """Count the coins of the basket that have a bar of a day, and thirty up to it."""
    bars = [market[asset].ordinals for asset in ("ETH", "SOL", "BNB", "XRP")]
    return sum(day.toordinal() in each and (each <= day.toordinal()).sum() >= 30 for each in bars)


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
        assert entry["basket tradable"].value == tradable_coins(day)
        assert entry["basket tradable"].threshold == 1
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
        # One that is not made of rules shows its evidence.
        if explainer is None:
            assert reason == "start" or name not in HAPPENS
            continue
        told = parts_of(explainer.tree(case_of(decided, observed)))
        if reason != "start":
            (require_fired if name == "rotation" else require_side)(told, decided)
        elif name == "rotation":
            assert [(part.name, part.holds) for part in told.values()] == [("first decision day", True)]

    assert HAPPENS.get(name, set()) <= set(reasons), reasons


def case_of(decided: DecidedCase, observed: Any) -> Case[Any, Any]:
    return Case(
        day=decided.day,
        state=decided.state,
        history=market,
        observations=observed,
        holdings=decided.holdings,
        decision=decided.decision,
    )


def weekly_index_closes(sunday: date, weeks: int) -> list[float]:
    """Give the last close of each of so many weeks, the last of which ends on a Sunday."""
    ends = [sunday - timedelta(weeks=n) for n in range(weeks)]
    closes = [[INDEX[day] for n in range(6, -1, -1) if (day := end - timedelta(days=n)) in INDEX] for end in ends]
    return [week[-1] for week in closes]


def unlit_days(day: date, entry: date) -> int:
    """Count the core's days up to one, after the entry, on which the index was below its highest close, up to five."""
    count = 0
    for each in sorted((each for each in CORE if entry < each <= day), reverse=True):
        closes = [close for session, close in INDEX.items() if session <= each]
        if closes[-1] >= max(closes) or count == FURTHER["confirmation_lost"]["days"]:
            break
        count += 1
    return count


class Equity:
    """The account of a run, worked out by the closes of what it held; targets are bought at the day's close."""

    def __init__(self) -> None:
        self.units: dict[str, float] = {}
        self.cash = self.entry = self.highest = 1.0

    def at(self, day: date) -> float:
        return self.cash + sum(units * (market[asset].close_at(day) or 0.0) for asset, units in self.units.items())

    def book(self, decided: DecidedCase) -> None:
        now, targets = self.at(decided.day), decided.decision.targets
        self.highest = max(self.highest, now)
        if decided.decision.reason == "entry" and decided.state.name != "ROTATED":
            self.entry = self.highest = now
        if decided.decision.trade:
            self.units = {a: weight * now / (market[a].close_at(decided.day) or 1.0) for a, weight in targets.items()}
            self.cash = now * (1 - sum(targets.values()))


def expected_of_exit(name: str, day: date, entry: date, equity: Equity) -> tuple[float, float]:
    """Work out what an exit compares with what, from the bars."""
    week, now = last_week(day), equity.at(day)
    if name == "macd_death_cross":
        assert week.week > entry
        assert week.macd <= week.signal
        return week.macd, week.signal
    if name == "trailing_support":
        session = SESSIONS[last_session(day)].session
        sunday = session - timedelta(days=session.weekday() + 1)
        return INDEX[session], min(weekly_index_closes(sunday, FURTHER[name]["weeks"]))
    if name == "basket_drawdown":
        return 1 - now / max(equity.highest, now), FURTHER[name]["limit"]
    if name == "basket_stop":
        return now, (1 - FURTHER[name]["limit"]) * equity.entry
    return unlit_days(day, entry), FURTHER[name]["days"]


@pytest.mark.parametrize("name", FURTHER)
def test_a_further_exit_and_the_parts_of_a_change_are_named_with_what_the_bars_say(name: str) -> None:
    usual = {key: value for key, value in SETTINGS.items() if key not in ("confirmations", "rebalance_drift")}
    further = {"exits": [{name: FURTHER[name]}], "reentry": "breakout_again", "tranches": {"entry": 2, "exit": 2}}
    strategy = strategy_factory("rotation")(params_of("rotation").model_validate({**usual, **further}))
    explainer, observed, equity, fired = explainer_of(strategy), strategy.observe(market), Equity(), Counter[str]()
    assert explainer is not None
    first_part = date.min

    for decided in decisions_of(strategy, market):
        day, reason, state = decided.day, decided.decision.reason, decided.state
        if decided.decision.trade and reason != "start":
            tree = explainer.tree(case_of(decided, observed))
            told = parts_of(tree)
            turned = state.name != decided.decision.state.name
            if not turned:
                part = parts_of(told["the next part"])["next part due"]
                assert (part.holds, part.value, part.threshold) == (True, (day - first_part).days, 7)
                assert (day - first_part).days >= 7
            elif reason == name:
                exit_ = next(
                    part for part in parts_of(told.get("leave the basket", tree)).values() if part.name == name
                )
                value, threshold = expected_of_exit(name, day, getattr(state, "entry_day"), equity)  # noqa: B009
                assert exit_.holds
                assert exit_.value == pytest.approx(value)
                assert exit_.threshold == pytest.approx(threshold)
            else:
                require_fired(told, decided)
            first_part = day if turned else first_part
            fired[reason if turned else f"part of {reason}"] += 1
        equity.book(decided)

    assert fired[name] >= 1, fired
    assert fired["part of entry"] >= 1, fired
