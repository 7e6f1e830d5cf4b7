"""YAML's core schema within bounds: what plain words mean, and what is refused before anything is built of it."""

import math
import time
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.settings import yaml_core

TENFOLD = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)
"""Each line names the one before ten times: 10 billion values in 400 characters."""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("012", 12),
        ("0100000", 100000),
        ("0o14", 12),
        ("0x10", 16),
        ("-7", -7),
        ("+7", 7),
        ("1e-2", 0.01),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.5e+1", -5.0),
        ("0.00e-500", 0.0),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        # Numbers of YAML 1.1, texts of 1.2.
        ("100:00", "100:00"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("-0x10", "-0x10"),
        ("0o9", "0o9"),
        ("1e", "1e"),
        # Truths of YAML 1.1, texts of 1.2.
        *((word, word) for word in ("NO", "no", "yes", "Yes", "on", "OFF", "y", "n")),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("nULL", "nULL"),
        ("", None),
        ("2018-01-31", date(2018, 1, 31)),
        ("2018-1-31", "2018-1-31"),
        ("2018-01-31 10:00:00", "2018-01-31 10:00:00"),
        ("'012'", "012"),
        ('"true"', "true"),
        ("!!str 012", "012"),
        ("!!float 1", 1.0),
        ("١٢", "١٢"),
        ("<<", "<<"),
        ("[<<]", ["<<"]),
    ],
)
def test_a_plain_word_means_what_the_core_schema_says(text: str, value: object) -> None:
    read = yaml_core.load(text)

    assert read == value
    assert isinstance(read, type(value))


def test_not_a_number_is_one() -> None:
    read = yaml_core.load(".nan")

    assert isinstance(read, float)
    assert math.isnan(read)


@pytest.mark.parametrize(("text", "word"), [("012", "012"), ("1e-2", "1e-2"), ("0x1F", "0x1F"), (".Inf", ".Inf")])
def test_a_number_knows_how_it_was_written(text: str, word: str) -> None:
    assert yaml_core.written(yaml_core.load(text)) == word


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12) | st.sampled_from(["a: b", "a #b", "012", ""])
)
def test_a_text_that_is_quoted_is_read_back(text: str) -> None:
    assert yaml_core.load(yaml_core.quoted(text)) == text


def test_a_path_is_quoted_only_where_it_would_be_read_otherwise() -> None:
    assert yaml_core.quoted("/home/me/my prices") == "/home/me/my prices"
    assert yaml_core.quoted("/home/me/a: b") == '"/home/me/a: b"'


def test_anchors_and_merges_work() -> None:
    read = yaml_core.load("base: &base {a: 1}\nmore: {<<: *base, b: 2}\nagain: *base\n")

    assert read == {"base": {"a": 1}, "more": {"a": 1, "b": 2}, "again": {"a": 1}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("!!bool 7", "'7' is not allowed with !!bool: true or false is wanted"),
        ('!!int ""', "'' is not allowed with !!int: a whole number is wanted"),
        ("!!int 1.5", "'1.5' is not allowed with !!int"),
        ("!!float x", "'x' is not allowed with !!float: a number is wanted"),
        ("!!null x", "'x' is not allowed with !!null"),
        ("!!timestamp x", "'x' is not allowed with !!timestamp: a date like 2018-01-31 is wanted"),
        ("!!int [1]", "expected a scalar node"),
        ("!!map [1]", "expected a mapping node"),
        ("!!seq {a: 1}", "expected a sequence node"),
        ("!!set {a}", "the tag !!set is not supported"),
        ("!!binary aGk=", "the tag !!binary is not supported"),
        ("!!python/object/apply:os.getcwd []", "the tag !!python/object/apply:os.getcwd is not supported"),
        ("!mine x", "the tag !mine is not supported"),
        ("1e400", "1e400 is beyond the largest number"),
        ("1e-400", "1e-400 is nearer to 0 than any number but 0 itself"),
        ("-.002e-500", "-.002e-500 is nearer to 0"),
        (
            "a: 1\nb: 2023-02-29",
            "2023-02-29 is not in the calendar; a date like 2018-01-31 is wanted\n.*line 2, column 4",
        ),
        ("a: 1\n---\nb: 2", "another document begins here; only one is allowed\n.*line 2, column 1"),
        ("9" * 5000, "99999999999999999999… has 5,000 digits; at most 400 are allowed"),
        ("0x" + "f" * 5000, "at most 400 are allowed"),
        ("&a [*a]", r"\*a stands inside what it refers to"),
        ("&a {b: {c: *a}}", r"\*a stands inside what it refers to"),
        ("*a", "undefined alias"),
        ("{[a]: 1}", "a list or a mapping is no key; text is wanted"),
        ("? {a: 1}\n: 2", "a list or a mapping is no key; text is wanted"),
        ("{a: 1, a: 2}", "key 'a' is given twice"),
        # The scanner looks ahead for a colon, and that of PyYAML 6.0.4 ends at 1,000 levels by itself.
        ("[" * 100_000, "nested deeper than 50 levels|exceeded maximum nesting depth"),
        ("[" * 60, "nested deeper than 50 levels"),
        ("\n".join(" " * i + "a:" for i in range(900)), "nested deeper than 50 levels"),
        (TENFOLD, "holds more than 20,000 keys and values"),
        ("a: &a {}\n" + "".join(f"b{i}: *a\n" for i in range(300)), "more than 200 aliases"),
        ("".join(f"key{i}: 1\n" for i in range(30_000)), "holds more than 20,000 keys and values"),
        ("a: " + "x" * 1_000_001, r"has 1,000,00\d bytes; at most 1,000,000 are allowed"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_of_the_core_schema_or_beyond_a_bound_is_refused_in_words(text: str, problem: str) -> None:
    with pytest.raises(yaml.YAMLError, match=problem):
        yaml_core.load(text)


def test_a_thousand_keys_are_read_without_comparing_each_with_each() -> None:
    def seconds(keys: int) -> float:
        text = "".join(f"key{i}: 1\n" for i in range(keys))
        begun = time.process_time()
        yaml_core.load(text)
        return time.process_time() - begun

    # Nine times the keys: nine times the work, not eighty-one. The first of each is what it takes to warm up.
    seconds(9000)
    assert min(seconds(9000) for _ in range(3)) < 40 * min(seconds(1000) for _ in range(3))


# PyYAML writes a few signs that end a line as spaces.
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")))
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_what_is_written_is_read_back_the_same(value: object) -> None:
    read = yaml_core.load(yaml_core.dump(value))

    assert read == value


@given(st.text(alphabet="0123456789_+-.:eExobnyYNOonftrue~ {}[]&*!<,#'\"\n", max_size=30))
def test_any_text_is_read_or_refused_in_one_way(text: str) -> None:
    try:
        yaml_core.load(text)
    except (yaml.YAMLError, ValueError) as error:
        refusal = error
        assert str(refusal)
