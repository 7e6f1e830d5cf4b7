"""The golden cross where a breakout again lets a spent one count: its readings day by day, and its words."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from engine.core.reading import Reading
from engine.core.rule import Named, Position, RuleParams, rule_case, told
from strategies.rotation import Rotation, RotationParams
from strategies.rules.breakout_again import BreakoutAgain
from strategies.rules.golden_cross import GoldenCross
from strategies.signals.setting import RotationSetting
from tests.support.fakes import FakeHoldings
from tests.support.markets import faulty_market

SEED = 1
QUICK: Mapping[str, Any] = {
    "basket": {"ETH": 0.4},
    "basket_equal": ["SOL", "BNB", "XRP"],
    "macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20, "valid_weeks": 8},
    "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2, "loss_sessions": 2, "valid_weeks": 3},
    "reentry": "breakout_again",
}
MARKET = faulty_market(SEED, years=4)
ROTATION = Rotation(RotationParams.model_validate(QUICK))
SETTING = ROTATION.entry.named[1].rule.setting
assert isinstance(SETTING, RotationSetting)
AGAIN, PLAIN = BreakoutAgain(RuleParams(), SETTING), GoldenCross(RuleParams(), SETTING)
OBSERVED, WEEKS, BREAKOUTS = AGAIN.observe(MARKET), PLAIN.observe(MARKET), SETTING.daily_breakout.of(MARKET)
DAYS = [date.fromordinal(ordinal) for ordinal in MARKET["BTC"].ordinals[800:].tolist()]
LOSSES = sorted({loss for day in DAYS if (loss := BREAKOUTS.at(day).loss_session) is not None and loss >= DAYS[0]})


def at(day: date, exit_day: date | None, left_by: str = "support_lost") -> Position:
    return Position(day=day, exit_day=exit_day, left_by=left_by, holdings=FakeHoldings())


def held_by_the_page(day: date, exit_day: date) -> bool:
    """Say whether the cross is in force after an exit by a loss of support, in the words of the specification."""
    week, breakout = WEEKS.at(day), BREAKOUTS.at(day)
    if week.cross_week is None or not week.above_signal or day > week.cross_week + timedelta(weeks=8):
        return False
    session = breakout.breakout_session
    return week.cross_week > exit_day or (breakout.in_force and session is not None and session > exit_day)


def test_it_holds_as_the_page_says_since_the_first_day_of_its_row() -> None:
    spent = 0
    for exit_day in LOSSES:
        since: date | None = None
        before: bool | None = None
        for day in (day for day in DAYS if exit_day < day < exit_day + timedelta(days=200)):
            reading = AGAIN.read(OBSERVED.at(day), at(day, exit_day))
            plain = PLAIN.read(WEEKS.at(day), at(day, exit_day))

            assert reading.holds == held_by_the_page(day, exit_day), day
            assert AGAIN.read(OBSERVED.at(day), at(day, exit_day, "time_exit")) == plain
            if reading.holds != before:
                since, before = day, reading.holds
            assert reading.since == since or not reading.holds, day
            assert reading.since is not None
            assert reading.since > exit_day or not WEEKS.at(day).in_time, day
            spent += bool(reading.holds and not plain.holds)
    assert spent > 20


def test_there_are_days_on_which_only_the_breakout_again_makes_it_hold() -> None:
    days = [
        (day, exit_day)
        for exit_day in LOSSES
        for day in DAYS
        if exit_day < day < exit_day + timedelta(days=60)
        and AGAIN.read(OBSERVED.at(day), at(day, exit_day)).holds
        and not PLAIN.read(WEEKS.at(day), at(day, exit_day)).holds
    ]
    day, exit_day = days[0]
    condition = told(
        Named(name="golden_cross", rule=AGAIN),
        rule_case(Named(name="golden_cross", rule=AGAIN), OBSERVED, day, at(day, exit_day)),
    )

    assert condition.holds
    assert [(part.name, part.holds) for part in condition.parts] == [
        ("golden cross not run out", True),
        ("breakout confirmed again", True),
        ("MACD above its signal line", True),
    ]
    assert condition.parts[1].sentence.endswith(f"was confirmed after support was lost on {exit_day}")


def test_a_breakout_of_the_exit_day_itself_is_not_after_it() -> None:
    # Days on which a breakout is in force, asked as if support had been lost on the very day that confirmed it.
    sessions = {day: BREAKOUTS.at(day).breakout_session for day in DAYS if BREAKOUTS.at(day).in_force}
    found = 0
    for day, session in sessions.items():
        week = WEEKS.at(day)
        if session is not None and week.in_time and week.cross_week is not None and week.cross_week <= session < day:
            assert AGAIN.read(OBSERVED.at(day), at(day, session)).holds is False
            assert AGAIN.read(OBSERVED.at(day), at(day, session - timedelta(days=1))).holds is True
            found += 1
    assert found > 5


def test_before_the_first_exit_it_is_the_golden_cross() -> None:
    day = DAYS[100]

    reading: Reading = AGAIN.read(OBSERVED.at(day), at(day, None, ""))

    assert reading == PLAIN.read(WEEKS.at(day), at(day, None, ""))
