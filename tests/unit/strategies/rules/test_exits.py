"""The further exits, each on a few days made by hand."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rotation_equity import RotationEquity
from engine.core.rule import Exit, Position, rule_case, told
from strategies.rotation import Rotation, RotationParams
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of, index_bars

MONDAY = date(2024, 1, 1)
COIN = coin_bars("BTC", MONDAY, [1.0] * 40)
FRIDAY = MONDAY + timedelta(days=4)


def exit_of(choice: Any) -> Exit[Any, Any, Any]:
    rule = Rotation(RotationParams.model_validate({"exits": [choice]})).exits.named[0].rule
    assert isinstance(rule, Exit)
    return rule


def on(day: date, *, entered: date = MONDAY, equity: Sequence[str] = ("100", "100", "100")) -> Position:
    entry, highest, now = map(Decimal, equity)
    holdings = FakeHoldings(rotation=RotationEquity(entry=entry, highest=highest, now=now))
    return Position(day=day, entry_day=entered, entry_session=entered, holdings=holdings)


def read(choice: Any, history: History, position: Position) -> Reading:
    rule = exit_of(choice)
    return rule.read(rule.observe(history).at(position.day), position)


def weekly_index(*closes: float | None) -> History:
    """Give an index whose sessions are given, Monday to Friday, after a week at 12."""
    return history_of(COIN, index_bars("RUT", MONDAY - timedelta(days=7), [12.0] * 5 + [*closes]))


@pytest.mark.parametrize(
    ("now", "holds", "value"), [("70", True, 0.3), ("70.000000001", True, 0.3), ("70.0001", False, 0.299999)]
)
def test_a_drawdown_is_the_fall_from_the_highest_close_since_the_entry(now: str, holds: bool, value: float) -> None:
    reading = read("basket_drawdown", weekly_index(1.0), on(FRIDAY, equity=("50", "100", now)))

    # Rounded to ten decimals, 1 - 70.000000001 / 100 is 0.3.
    assert (reading.holds, reading.value, reading.threshold) == (holds, value, 0.3)
    assert reading.since == (FRIDAY if holds else MONDAY + timedelta(days=1))


@pytest.mark.parametrize(("now", "limit", "holds"), [("10", 0.9, True), ("10.01", 0.9, False), ("80", 0.2, True)])
def test_a_stop_is_a_fall_from_the_entry_days_equity_to_the_limit_or_below(now: str, limit: float, holds: bool) -> None:
    position = on(FRIDAY, equity=("100", "300", now))

    reading = read({"basket_stop": {"limit": limit}}, weekly_index(1.0), position)

    # 1 - 0.9 is no 0.1, and yet 10 is a tenth of 100.
    assert (reading.holds, reading.value, reading.threshold) == (holds, float(now), 100 * round(1 - limit, 1))
    assert reading.distance == pytest.approx(100 * (1 - limit) - float(now))


LOWS: Sequence[float | None] = (12, 12, 12, 12, 11, 12, 12, 12, 12, 10)
"""Two weeks that close at 11 and at 10."""


@pytest.mark.parametrize(
    ("third", "entered", "day", "holds"),
    [
        ((9, 9.9, 9.5), 8, 16, True),
        ((9, 10, 9.5), 8, 16, False),  # not below, on the second
        ((9, 9.9), 8, 16, True),  # Friday's 10 is among the three, and below 11, the lowest of the weeks before its own
        ((9, 9.9), 11, 16, False),  # as Friday is the entry day, there are but two
        ((9, 9.9, 9.5), 14, 16, False),  # Monday's session is of the entry day
        ((9, 9.9, 9.5), 13, 16, True),
        ((9, 9.9, 9.5), 8, 19, True),  # a weekend knows what Friday knew
    ],
)
def test_a_trailing_support_is_lost_by_closes_below_the_lowest_weekly_close_before_their_week(
    third: Sequence[float], entered: int, day: int, holds: bool
) -> None:
    position = on(MONDAY + timedelta(days=day), entered=MONDAY + timedelta(days=entered))

    reading = read({"trailing_support": {"weeks": 2}}, weekly_index(*LOWS, *third), position)

    assert (reading.holds, reading.value, reading.threshold) == (holds, third[-1], 10.0)
    assert reading.distance == pytest.approx(10 - third[-1])


def test_a_session_is_measured_by_the_weeks_before_its_own_not_by_todays() -> None:
    # 10.5 and 10 are below 11, the close of the week before, and 9.9 below 10, that of their own.
    closes = [12, 12, 12, 12, 11, 12, 12, 12, 10.5, 10, 9.9]

    reading = read({"trailing_support": {"weeks": 1}}, weekly_index(*closes), on(MONDAY + timedelta(days=14)))

    assert (reading.holds, reading.threshold) == (True, 10.0)


def test_a_week_without_a_close_is_not_known_and_does_not_act() -> None:
    closes = (*LOWS[:5], None, None, None, None, None, 1.0, 1.0, 1.0)

    reading = read({"trailing_support": {"weeks": 2}}, weekly_index(*closes), on(MONDAY + timedelta(days=16)))

    assert (reading.holds, reading.threshold) == (None, None)
    assert reading.reason == "one of the 2 weeks before has no close of RUT"


def test_the_death_cross_is_of_a_week_that_ends_after_the_entry_day() -> None:
    falling = [100.0 - n for n in range(28)]
    history = history_of(coin_bars("BTC", MONDAY, falling), index_bars("RUT", MONDAY, [1.0]))
    sunday = MONDAY + timedelta(days=20)

    readings = [
        read("macd_death_cross", history, on(day, entered=entered))
        for day, entered in (
            (sunday, sunday - timedelta(days=1)),
            (sunday, sunday),
            (sunday + timedelta(days=6), sunday),
            (sunday + timedelta(days=7), sunday),
        )
    ]

    assert [reading.holds for reading in readings] == [True, False, False, True]
    assert all(r.value is not None and r.threshold is not None and r.value < r.threshold for r in readings)


def test_a_confirmation_is_lost_after_so_many_unlit_days_all_after_the_entry() -> None:
    # May, and then June: unlit from the first of June on.
    first = date(2024, 5, 20)
    history = history_of(coin_bars("BTC", first, [1.0] * 40), index_bars("RUT", first, [1.0]))
    june = date(2024, 6, 1)

    def counts(entered: date) -> list[tuple[float | None, bool | None]]:
        days = (june - timedelta(days=1), june, june + timedelta(days=5), june + timedelta(days=6))
        readings = [read({"confirmation_lost": {"of": "season"}}, history, on(day, entered=entered)) for day in days]
        return [(reading.value, reading.holds) for reading in readings]

    assert counts(first) == [(0.0, False), (1.0, False), (6.0, False), (7.0, True)]
    assert counts(june) == [(0.0, False), (0.0, False), (5.0, False), (6.0, False)]


def test_a_day_on_which_something_in_the_group_is_not_known_ends_the_row() -> None:
    # A basket of two: `altseason` of five days is known from the sixth day on, and not on a day without a bar.
    closes = [1.0] * 12
    gap = [*closes[:8], None, *closes[9:]]
    history = history_of(
        coin_bars("BTC", MONDAY, closes),
        coin_bars("ETH", MONDAY, closes),
        coin_bars("SOL", MONDAY, gap),
        index_bars("RUT", MONDAY, [1.0] * 9),
    )
    group = {"all": [{"altseason": {"days": 5}}, {"not": "blue_sky"}]}
    strategy = {
        "basket": {"ETH": 0.5}, "basket_equal": ["SOL"], "exits": [{"confirmation_lost": {"of": group, "days": 3}}],
    }  # fmt: skip
    rule = Rotation(RotationParams.model_validate(strategy)).exits.named[0].rule

    observed = rule.observe(history)
    days = [MONDAY + timedelta(days=n) for n in range(12)]
    counts = [rule.read(observed.at(day), on(day, entered=MONDAY - timedelta(days=1))).value for day in days]

    # The ninth has no bar of SOL.
    assert counts == [0, 0, 0, 0, 0, 1, 2, 3, 0, 1, 2, 3]
    case = rule_case(Rotation(RotationParams.model_validate(strategy)).exits.named[0], observed, days[7], on(days[7]))
    condition = told(Rotation(RotationParams.model_validate(strategy)).exits.named[0], case)
    assert condition.sentence == "all unlit on 3 decision days in a row since the entry; 3 end it"
    assert [part.name for part in condition.parts] == ["all"]


def test_exits_and_what_they_look_at_have_names_of_their_own() -> None:
    params = RotationParams.model_validate(
        {
            "confirmations": ["blue_sky"],
            "exits": [
                {"confirmation_lost": {"of": "blue_sky"}},
                "time_exit",
                {"confirmation_lost": {"of": {"not": "calm"}, "days": 3}},
            ],
        }
    )

    rotation = Rotation(params)

    assert [each.name for each in rotation.exits] == [
        "confirmation_lost", "blue_sky#2", "time_exit", "confirmation_lost#2", "not", "calm"
    ]  # fmt: skip
    assert rotation.exits.outer == ("confirmation_lost", "time_exit", "confirmation_lost#2")
    assert rotation.universe.series == ("VIX",)


@pytest.mark.parametrize(
    ("exits", "sentence"),
    [
        (["blue_sky"], r"strategy\.exits: blue_sky is no exit; found: .*; what confirms .* \{confirmation_lost: \{of"),
        ([{"any": ["blue_sky"]}], r"strategy\.exits: any is a group of confirmations, no exit; found: basket_drawdown"),
        (["time_exit", "time_exit"], r"strategy\.exits: time_exit is given twice; each exit may stand there once"),
        (["blue_sky", "blue_sky"], r"strategy\.exits: blue_sky is no exit"),
        (["confirmation_lost"], r"strategy\.exits\.confirmation_lost\.of: is missing; a value is wanted"),
        (
            [{"confirmation_lost": {"of": "blue_ski"}}],
            r"strategy\.exits\.confirmation_lost: of 'blue_ski' is not allowed; did you mean blue_sky",
        ),
        (
            [{"confirmation_lost": {"of": {"any": ["time_exit"]}}}],
            r"strategy\.exits\.confirmation_lost: of\.any: time_exit is no confirmation; found",
        ),
        ([{"basket_stop": {"limit": 1}}], r"strategy\.exits\.basket_stop\.limit: 1 is not allowed: .*less than 1"),
        ([{"trailing_support": {"weeks": 0}}], r"exits\.trailing_support\.weeks: 0 is not allowed"),
    ],
)
def test_what_is_no_exit_is_one_sentence_with_the_key(exits: list[Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        RotationParams.model_validate({"exits": exits})
