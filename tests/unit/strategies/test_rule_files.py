"""Rules: found by file name, put together by the configuration, and each a causal column of readings."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import Field, StrictInt, ValidationError

from engine.core.columns import Column, column, compared
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Named, Position, RuleParams, Rules, Setting, System
from engine.core.rule_groups import AtLeast, Not
from strategies.rotating import rule_files as rules
from strategies.rotating.rule_files import confirmation, rule_class, rule_names
from strategies.rotation import RotationParams
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of, index_bars

MONDAY = date(2024, 1, 1)
SETTING = Setting(core="BTC", index="RUT", basket={"ETH": 1.0})
WHOLE = history_of(coin_bars("BTC", MONDAY, [1.0] * 10), index_bars("RUT", MONDAY, [1.0]))


class PatienceParams(RuleParams):
    """Parameters of a rule of these tests."""

    days: StrictInt = Field(3, ge=1)
    share: float = 0.5


class Patience(System[PatienceParams]):
    """A rule of these tests."""

    Params = PatienceParams


class Given(System[RuleParams]):
    """Holds on the days that a test says: + holds, - does not, ? is not known."""

    def __init__(self, signs: str) -> None:
        super().__init__(RuleParams(), SETTING)
        self.signs = signs

    def observe(self, history: History) -> Column:
        signs = np.array(list(self.signs))
        days = history["BTC"].take(len(signs))
        return column(days, holds=signs == "+", known=signs != "?", reason=f"{self.signs} has a gap")


def given(*signs: str) -> list[Named]:
    return [Named(name="given", rule=Given(each)) for each in signs]


def days_of(rule: System[Any], history: History = WHOLE, days: int = 4) -> list[Reading]:
    observed = rule.observe(history_of(history["BTC"].take(days), history["RUT"]))
    return [observed.at(MONDAY + timedelta(days=n)) for n in range(days)]


def signs_of(readings: list[Reading]) -> str:
    return "".join({True: "+", False: "-", None: "?"}[reading.holds] for reading in readings)


def at_least(least: int, *signs: str) -> AtLeast:
    return AtLeast(least, given(*signs), SETTING)


def inverted(rule: System[Any]) -> Not:
    return Not(Named(name="given", rule=rule), SETTING)


def test_a_rule_is_a_file_of_the_folder_and_the_class_of_its_name() -> None:
    assert "blue_sky" in rule_names()
    assert list(rule_names()) == sorted(rule_names())
    assert rule_class("blue_sky", "test").__name__ == "BlueSky"


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("blue_ski", r"strategy\.confirmations 'blue_ski' is not allowed; did you mean blue_sky\? found: .*blue_sky"),
        ("zzz", r"strategy\.confirmations 'zzz' is not allowed; found: all, any, not, at_least, .*blue_sky.* more"),
        ({"blue_sky": {"days": 3}}, r"confirmations\.blue_sky\.days: unknown key; known here: none"),
        ({"patience": {"dayz": 3}}, r"strategy\.confirmations\.patience\.dayz: unknown key; did you mean days\?"),
        ({"patience": {"days": 0}}, r"confirmations\.patience\.days: 0 is not allowed: input should be greater than"),
        ({"patience": {"share": "1_0"}}, r"confirmations\.patience: share: '1_0' is not allowed: a number is wanted"),
        ({"patience": 3}, r"confirmations\.patience: 3 is not allowed; parameters like \{key: value\} are wanted"),
        ({"any": "blue_sky"}, r"strategy\.confirmations\.any: 'blue_sky' is not allowed; a list of confirmations"),
        ({"all": []}, r"strategy\.confirmations\.all: \[\] is not allowed; a list"),
        ({"any": ["blue_ski"]}, r"strategy\.confirmations\.any 'blue_ski' is not allowed; did you mean blue_sky"),
        ("not", r"strategy\.confirmations\.not: a confirmation is wanted"),
        ({"not": {"all": ["blue_ski"]}}, r"strategy\.confirmations\.not\.all 'blue_ski' is not allowed"),
        ({"at_least": {"n": 2}}, r"at_least: .* is not allowed; \{n: 2, of: \[\.\.\]\} is wanted"),
        ({"at_least": {"n": 2, "of": ["blue_sky"]}}, r"at_least\.n: 2 is not allowed; a whole number from 1 to 1"),
        ({"at_least": {"n": True, "of": ["blue_sky"]}}, r"at_least\.n: True is not allowed"),
        ({"blue_sky": {}, "all": []}, r"is not allowed; a name, or \{name: \{parameters\}\}, is wanted"),
        (3, r"strategy\.confirmations: 3 is not allowed; a name"),
    ],
)
def test_what_is_no_confirmation_is_one_sentence_with_the_key_and_the_nearest(
    choice: object, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = rules.rule_class
    monkeypatch.setattr(rules, "rule_class", lambda name, place: Patience if name == "patience" else true(name, place))

    with pytest.raises(ValueError, match=sentence):
        confirmation(choice)
    with pytest.raises(ValidationError, match=sentence):
        RotationParams.model_validate({"confirmations": [choice]})


def test_a_bare_name_takes_its_defaults_and_a_mapping_sets_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "rule_class", lambda name, place: Patience)

    chosen = [confirmation(choice)(SETTING) for choice in ("patience", {"patience": None}, {"patience": {"days": 9}})]

    assert [(each.name, each.rule.params.days) for each in chosen] == [
        ("patience", 3),
        ("patience", 3),
        ("patience", 9),
    ]


def test_rules_of_one_name_are_counted_in_the_order_of_the_configuration_those_in_groups_too() -> None:
    sky: Mapping[str, Any] = {"any": ["blue_sky", {"not": "blue_sky"}]}

    asked = Rules([confirmation(choice)(SETTING) for choice in ("blue_sky", sky, {"any": ["blue_sky"]})])

    names = ["blue_sky", "any", "blue_sky#2", "not", "blue_sky#3", "any#2", "blue_sky#4"]
    assert [named.name for named in asked] == names
    assert asked.outer == ("blue_sky", "any", "any#2")
    assert list(asked.read([column.at(MONDAY) for column in asked.observe(WHOLE)], _NOWHERE)) == names


_NOWHERE = Position(day=MONDAY, holdings=FakeHoldings())


def test_groups_hold_or_do_not_and_what_is_not_known_does_not_hold() -> None:
    assert signs_of(days_of(at_least(2, "++-?", "+-?+"))) == "+---"
    assert signs_of(days_of(at_least(1, "++-?", "+-??"))) == "++--"
    assert signs_of(days_of(at_least(2, "+++?", "+?-+", "+-+-"))) == "+-+-"


def test_not_of_a_rule_that_is_not_known_is_not_known_either() -> None:
    assert signs_of(days_of(inverted(Given("+-?-")))) == "-+?+"


def test_not_of_a_group_holds_when_the_group_does_not_and_all_in_it_at_any_depth_is_known() -> None:
    # A group that holds is no reason to hold, whatever it does not know.
    assert signs_of(days_of(inverted(at_least(1, "+?--", "+-?+")))) == "-??-"
    assert signs_of(days_of(inverted(at_least(1, "+?--", "?-?+")))) == "-??-"
    nested = AtLeast(1, [Named(name="any", rule=at_least(1, "-?-+"))], SETTING)
    assert signs_of(days_of(inverted(nested))) == "+?+-"
    assert signs_of(days_of(inverted(inverted(Given("+-?-"))))) == "+-?-"


def test_a_group_says_why_something_in_it_is_not_known() -> None:
    readings = days_of(at_least(1, "+?--", "+-?+"))

    assert [reading.reason for reading in readings] == ["", "+?-- has a gap", "+-?+ has a gap", ""]


def test_a_group_counts_what_holds_against_what_is_wanted() -> None:
    readings = days_of(at_least(2, "++--", "+-?+", "+---"))

    assert [(reading.value, reading.threshold, reading.distance) for reading in readings] == [
        (3.0, 2.0, 1.0), (1.0, 2.0, -1.0), (0.0, 2.0, -2.0), (1.0, 2.0, -1.0),
    ]  # fmt: skip


def test_since_is_the_first_day_of_the_row_that_the_day_belongs_to() -> None:
    since = [reading.since for reading in days_of(Given("++?-++--"), days=8)]

    assert [day.day for day in since if day is not None] == [1, 1, 3, 4, 5, 5, 7, 7]


@pytest.mark.parametrize(
    ("sign", "holds", "distance"),
    [(">", "-+", [0.0, 1.0]), (">=", "++", [0.0, 1.0]), ("<", "--", [0.0, -1.0]), ("<=", "+-", [0.0, -1.0])],
)
def test_a_value_is_rounded_to_ten_decimals_and_then_compared(sign: Any, holds: str, distance: list[float]) -> None:
    days = coin_bars("BTC", MONDAY, [1.0] * 3)

    made = compared(days, np.array([2 - 1e-11, 3.0, np.nan]), sign, 2.0, reason="no value")

    readings = [made.at(MONDAY + timedelta(days=n)) for n in range(3)]
    assert signs_of(readings) == f"{holds}?"
    assert [reading.value for reading in readings] == [2.0, 3.0, None]
    assert [reading.distance for reading in readings] == [*distance, None]
    assert [reading.reason for reading in readings] == ["", "", "no value"]


def test_what_is_rounded_to_nothing_has_no_sign() -> None:
    made = compared(coin_bars("BTC", MONDAY, [1.0]), np.array([-1e-12]), "<=", 0.0, reason="")

    assert repr(made.at(MONDAY).value) == "0.0"


def test_blue_sky_is_a_last_close_at_or_above_every_close_before() -> None:
    # Monday to Friday, and Monday again; the coin begins on the Saturday before.
    index = index_bars("RUT", MONDAY, [10.0, 12.0, 11.0, 12.0, 11.5, 13.0])
    history = history_of(coin_bars("BTC", MONDAY - timedelta(days=2), [1.0] * 12), index)

    observed = confirmation("blue_sky")(SETTING).rule.observe(history)

    week = [observed.at(MONDAY + timedelta(days=n)) for n in range(-1, 8)]
    # Before the first session nothing is known; the weekend has Friday's state.
    assert signs_of(week) == "?++-+---+"
    # 11 / 12 - 1 and 11.5 / 12 - 1, to ten decimals.
    assert [reading.value for reading in week] == [
        None, 0.0, 0.0, -0.0833333333, 0.0, *[-0.0416666667] * 3, 0.0,
    ]  # fmt: skip
    assert week[-2].since == date(2024, 1, 5)
