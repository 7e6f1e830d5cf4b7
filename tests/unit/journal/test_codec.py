"""Events to JSON and back: every member of the union, generated from its own type hints."""

import json
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import DataError
from engine.core.events import (
    DayDecided,
    Event,
    Evidence,
    OrderFilled,
    OrderPlanned,
    OrderSkipped,
    OrderWaits,
    RunEnded,
    RunStarted,
)
from engine.core.order import Side
from engine.core.reading import Reading
from engine.journal.codec import SCHEMA, EventCodec, decided_day
from engine.settings.registry import params_of, strategy_factory, strategy_names
from strategies.rotation import Regime, RotationState
from tests.support.fakes import DAY, NOON, fill_of, order_of

WHERE = "journal.sqlite, record 7"
CODEC = EventCodec(RotationState)
"""Of events that are no decisions: what it writes of a decision depends on those before."""
PLACES_OF_MONEY = 30
SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    type(None): st.none(),
    Decimal: st.integers(-(10**40), 10**40).map(lambda digits: Decimal(digits).scaleb(-PLACES_OF_MONEY)),
    date: st.dates(),
    # UTC has no hour that comes twice.
    datetime: st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0)),
}


@cache
def values_of(hint: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a table of cases
    """Generate values of a type hint; written apart from the codec, so that the two can disagree."""
    if hint is object:
        return values_of(RotationState)
    if hint in SCALARS:
        return SCALARS[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of([values_of(argument) for argument in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    if origin is Mapping:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=4)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert isinstance(hint, type), f"no values are known for {hint}"
    names = getattr(hint, "_fields", None) or [field.name for field in fields(hint)]
    hints = get_type_hints(hint)
    return st.builds(hint, **{name: values_of(hints[name]) for name in names})


def back_and_forth(event: Event, state: type[Any] = RotationState) -> Event:
    return EventCodec(state).decode(*EventCodec(state).encode(event), where=WHERE)


def decision(**changes: Any) -> DayDecided:
    made = DayDecided(
        day=DAY,
        state="CORE",
        next_state="ROTATED",
        reason="entry",
        evidence={"index": {"session": date(2023, 12, 29), "close": 2027.07, "in_breakout": True}, "macd": None},
        targets={"SOL": 0.25, "ETH": 0.5},
        changed=True,
        equity=Decimal("100000.10"),
        cash=Decimal(0),
        core_close=Decimal("42280.0"),
        memory=RotationState(regime=Regime.ROTATED, targets=(("ETH", 0.5),), entry_day=DAY, entry_session=DAY),
    )
    return replace(made, **changes)


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
@given(st.data())
def test_every_event_comes_back_equal_with_the_same_types_in_the_same_order(kind: Any, data: st.DataObject) -> None:
    event: Event = data.draw(values_of(kind))

    again = back_and_forth(event)

    assert again == event
    # Equality takes 1 for 1.0 and for True, and mappings of any order; their texts do not. UTC has two names.
    assert repr(again).replace("TzInfo(0)", "datetime.timezone.utc") == repr(event)


@pytest.mark.parametrize("name", strategy_names())
def test_the_state_of_every_strategy_comes_back(name: str) -> None:
    strategy = strategy_factory(name)(params_of(name)(name=name))
    state = strategy.start()

    again = back_and_forth(decision(memory=state), type(state))

    assert isinstance(again, DayDecided)
    assert again.memory == state
    assert type(again.memory) is type(state)


def test_no_two_events_share_a_name() -> None:
    names = [kind.__name__ for kind in get_args(Event)]

    assert len(set(names)) == len(names)


def test_the_body_is_what_a_person_would_write() -> None:
    name, body = CODEC.encode(
        OrderSkipped(day=DAY, asset="ETH", side=Side.SELL, quantity=Decimal("1.50"), message="below the minimum")
    )

    assert name == "OrderSkipped"
    assert body == (
        '{"schema":2,"event":{"day":"2024-01-01","asset":"ETH","side":"sell","quantity":"1.50",'
        '"message":"below the minimum"}}'
    )


def test_a_date_of_the_evidence_is_tagged_and_a_text_that_looks_like_one_stays_text() -> None:
    event = decision(evidence={"index": {"session": DAY, "note": "2024-01-01", "tag": '{"date":"2024-01-01"}'}})

    again = back_and_forth(event)

    body = EventCodec(RotationState).encode(event)[1]
    assert '"session":"2024-01-01","note":{"str":"2024-01-01"},"tag":"{' in body
    assert isinstance(again, DayDecided)
    assert again.evidence == {"index": {"session": DAY, "note": "2024-01-01", "tag": '{"date":"2024-01-01"}'}}


@pytest.mark.parametrize("amount", ["1E+2", "0.00", "1E-9", "-0", "1234567890123456789.000000000000000001"])
def test_decimals_come_back_with_their_places(amount: str) -> None:
    event = RunStarted(first_day=DAY, cash=Decimal(amount), quote="USDT", core="BTC")

    again = back_and_forth(event)

    assert isinstance(again, RunStarted)
    assert again.cash.as_tuple() == Decimal(amount).as_tuple()


def test_numbers_without_a_json_form_come_back_in_targets_and_in_evidence() -> None:
    event = decision(targets={"a": float("inf"), "b": float("nan")}, evidence={"x": {"y": float("-inf")}})

    again = back_and_forth(event)

    assert isinstance(again, DayDecided)
    assert repr(again.targets) == "{'a': inf, 'b': nan}"
    assert repr(again.evidence) == "{'x': {'y': -inf}}"


def test_text_that_sqlite_could_not_hold_comes_back() -> None:
    event = OrderWaits(at=NOON, order=order_of("ETH", Side.BUY, "1"), message="half \ud800, nul \x00, 币")

    assert CODEC.encode(event)[1].isascii()
    assert back_and_forth(event) == event


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    event = OrderFilled(
        fill=replace(
            fill_of("ETH", Side.BUY, "1", "2"), at=datetime(2024, 1, 2, 1, 30, tzinfo=timezone(timedelta(hours=5.5)))
        )
    )

    assert back_and_forth(event) == event


def test_floats_of_numpy_become_plain_floats() -> None:
    again = back_and_forth(decision(evidence={"x": {"y": np.float64(0.1)}}, targets={"BTC": np.float64(0.2)}))

    assert isinstance(again, DayDecided)
    assert repr((again.evidence, again.targets)) == "({'x': {'y': 0.1}}, {'BTC': 0.2})"


@pytest.mark.parametrize(
    "changes",
    [
        {"equity": 1.5},
        {"equity": Decimal("NaN")},
        {"day": NOON},
        {"changed": 1},
        {"state": None},
        {"targets": {"BTC": "much"}},
        {"evidence": {"x": {"y": np.True_}}},
        {"evidence": {"x": {"y": [1]}}},
        {"memory": {"regime": "CORE"}},
    ],
    ids=str,
)
def test_what_would_not_come_back_is_refused_when_it_is_written(changes: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        EventCodec(RotationState).encode_readably(decision(**changes))


def test_an_instant_without_a_zone_is_refused() -> None:
    event = OrderWaits(at=datetime(2024, 1, 2), order=order_of("ETH", Side.BUY, "1"), message="")  # noqa: DTZ001

    with pytest.raises(TypeError, match="does not come back from the journal as it is"):
        CODEC.encode_readably(event)


def test_a_field_with_a_default_may_be_missing_from_an_older_record() -> None:
    body = '{"schema":1,"event":{"last_day":"2024-01-01"}}'

    assert CODEC.decode("RunEnded", body, where=WHERE) == RunEnded(last_day=DAY)


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("RunEnded", '{"schema":3,"event":{}}', "was written by a newer version of this program (record schema 3)"),
        ("RunEnded", '{"event":{}}', "has the record schema None; 1 to 2 are wanted"),
        ("RunPaused", '{"schema":1,"event":{}}', "has the type 'RunPaused'; known here: RunStarted, DataDoubted,"),
        ("RunEnded", "{", "its body is not JSON: "),
        ("RunEnded", "[" * 100_000, "its body is not JSON: "),
        ("RunEnded", "[]", "its body is not a JSON object"),
        ("RunEnded", '{"schema":1}', "is not an event of this version: RunEnded: Input should be a dictionary"),
        ("RunEnded", '{"schema":1,"event":{}}', "is not an event of this version: RunEnded.last_day: Field required"),
        (
            "RunEnded",
            '{"schema":1,"event":{"last_day":"2024-01-01","mood":1}}',
            "RunEnded.mood: Unexpected keyword argument",
        ),
        ("RunEnded", '{"schema":1,"event":{"last_day":"1 May"}}', "RunEnded.last_day: Input should be a valid date"),
        ("RunEnded", '{"schema":1,"event":{"last_day":1}}', "RunEnded.last_day: Datetimes provided to dates"),
        (
            "RunEnded",
            '{"schema":1,"event":{"last_day":"2024-01-01","waiting":[{"side":"up"}]}}',
            "RunEnded.waiting[0].client_order_id: Field required",
        ),
    ],
)
def test_a_record_that_cannot_be_understood_is_one_sentence_that_names_it(name: str, body: str, sentence: str) -> None:
    with pytest.raises(DataError) as refused:
        CODEC.decode(name, body, where=WHERE)

    assert str(refused.value).startswith(f"{WHERE}: {sentence}") or sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"quantity":"1"', '"quantity":"much"', "OrderPlanned.order.quantity: Input should be a valid decimal"),
        ('"quantity":"1"', '"quantity":"NaN"', "OrderPlanned.order.quantity: Input should be a finite number"),
        ('"side":"buy"', '"side":"up"', "OrderPlanned.order.side: Input should be 'buy' or 'sell'"),
    ],
)
def test_a_wrong_value_inside_a_record_is_named_by_its_place(old: str, new: str, sentence: str) -> None:
    name, body = CODEC.encode(OrderPlanned(order=order_of("ETH", Side.BUY, "1")))
    assert old in body

    with pytest.raises(DataError, match=sentence.replace("+", r"\+")):
        CODEC.decode(name, body.replace(old, new), where=WHERE)


def test_without_the_state_type_the_memory_is_read_as_plain_values_and_never_written() -> None:
    reader = EventCodec()
    event = decision(memory=RotationState(entry_day=DAY))

    again = reader.decode(*EventCodec(RotationState).encode(event), where=WHERE)

    assert isinstance(again, DayDecided)
    assert isinstance(again.memory, dict)
    assert again.memory["entry_day"] == "2024-01-01"
    with pytest.raises(TypeError, match="without the type of the strategy's state"):
        reader.encode(event)


def test_a_state_with_a_field_that_cannot_be_written_is_refused_before_the_first_event() -> None:
    class Opaque:
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Hoarder:
        prices: Opaque

        @property
        def name(self) -> str:
            return "HOARDER"

    with pytest.raises(TypeError, match=r"Hoarder.*: cannot be written to a journal: "):
        EventCodec(Hoarder)


def test_the_decided_day_is_read_without_a_codec() -> None:
    assert decided_day(*CODEC.encode(decision())) == DAY
    assert decided_day(*CODEC.encode(RunEnded(last_day=DAY))) is None
    assert decided_day("DayDecided", "{}") is None
    assert decided_day("DayDecided", "no JSON") is None


def test_the_schema_of_records_is_two_until_an_old_program_could_misread_a_new_record() -> None:
    assert SCHEMA == 2


EVIDENCE: tuple[Evidence, ...] = (
    {"index": {"close": 1.0, "run": 1}, "macd": {"week": DAY, "up": True}},
    {"index": {"close": 1.0, "run": True}, "macd": {"week": DAY, "up": 1}},
    {"index": {"run": 1, "close": 1.0}, "macd": {"week": DAY, "up": True}},
    {"macd": {"week": DAY, "up": True}, "index": {"close": 1.0, "run": 1}},
    {"index": {"close": 0.0, "run": 1}, "macd": None},
    {"index": {"close": -0.0, "run": 1}, "macd": {}},
    {"index": {"close": float("inf"), "run": 1}, "macd": {}},
    {},
)
TARGETS: tuple[Mapping[str, float], ...] = (
    {},
    {"BTC": 1.0},
    {"BTC": 0.0},
    {"BTC": -0.0},
    {"ETH": 0.5, "BTC": 0.5},
    {"BTC": 0.5, "ETH": 0.5},
)
STATES = (RotationState(), RotationState(entry_day=DAY), RotationState(regime=Regime.ROTATED))
DECISIONS = st.builds(
    lambda evidence, targets, memory: decision(evidence=evidence, targets=targets, memory=memory),
    st.sampled_from(EVIDENCE),
    st.sampled_from(TARGETS),
    st.sampled_from(STATES),
)


@given(st.lists(DECISIONS, max_size=8))
def test_decisions_that_carry_parts_of_those_before_come_back_to_the_letter(decisions: list[DayDecided]) -> None:
    writer, reader = EventCodec(RotationState), EventCodec(RotationState)

    again = [reader.decode(*writer.encode(each), where=WHERE) for each in decisions]

    assert again == decisions
    # Equality takes 1 for 1.0 and for True, 0.0 for -0.0, and mappings of any order; their texts do not.
    assert repr(again) == repr(decisions)


def test_what_is_as_it_was_in_the_decision_before_is_named_and_not_written_again() -> None:
    writer, memory = EventCodec(RotationState), RotationState(entry_day=DAY)
    index = {"close": 1.0}

    whole, lean = (
        json.loads(writer.encode(decision(memory=memory, evidence={"index": index, "macd": {"above": above}}))[1])
        for above in (True, False)
    )

    assert "same" not in whole
    assert lean["same"] == ["memory", "targets", "evidence.index"]
    assert lean["event"].keys() & {"memory", "targets"} == set()
    assert lean["event"]["evidence"] == {"macd": {"above": False}}


def test_a_decision_that_follows_one_that_is_not_on_record_is_written_whole() -> None:
    writer, event = EventCodec(RotationState), decision()
    writer.encode(event)

    writer.forget_written()

    assert EventCodec(RotationState).decode(*writer.encode(event), where=WHERE) == event


def test_a_carried_part_without_the_decision_before_is_one_sentence() -> None:
    writer, event = EventCodec(RotationState), decision()
    writer.encode(event)

    with pytest.raises(DataError, match="as a decision before, which is not there"):
        EventCodec(RotationState).decode(*writer.encode(event), where=WHERE)


def test_a_rule_that_says_what_it_said_the_day_before_is_written_once() -> None:
    crossed = Reading(holds=True, value=3.0, threshold=2.0, distance=1.0, since=DAY)
    first = decision(rules={"breakout": Reading(holds=False, value=1.0), "golden_cross": crossed})
    unknown = Reading(holds=None, reason="RUT is stale")
    second = replace(first, day=DAY + timedelta(days=1), rules={"breakout": unknown, "golden_cross": crossed})
    writer, reader = EventCodec(RotationState), EventCodec(RotationState)

    bodies = [writer.encode(event) for event in (first, second)]

    lean = json.loads(bodies[1][1])
    assert "rules.golden_cross" in lean["same"]
    assert list(lean["event"]["rules"]) == ["breakout"]
    assert [reader.decode(*body, where=WHERE) for body in bodies] == [first, second]


def test_a_decision_of_an_older_program_has_no_rules() -> None:
    name, body = EventCodec(RotationState).encode(decision())

    assert '"rules"' not in body
    again = EventCodec(RotationState).decode(name, body, where=WHERE)
    assert isinstance(again, DayDecided)
    assert again.rules == {}


def test_a_late_field_of_the_state_is_written_only_where_it_is_set() -> None:
    plain, left = (
        EventCodec(RotationState).encode(decision(memory=RotationState(left_by=left_by)))[1]
        for left_by in ("", "support_lost")
    )

    assert "left_by" not in plain
    assert '"left_by":"support_lost"' in left
    for memory in (RotationState(), RotationState(left_by="support_lost")):
        assert back_and_forth(decision(memory=memory)) == decision(memory=memory)
