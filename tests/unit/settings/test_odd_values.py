"""Each key of the configuration given each odd value: a configuration, or one line that names the key."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ConfigError
from engine.settings.reading import build_config, with_assignments
from engine.settings.registry import params_of, strategy_names

ODD = (
    "0", "-1", "012", "0x10", "0o14", "1_000", "100:00", "1e-2", "1e308", "-1e308", "1e400", "1e-300", "1e-400", ".inf",
    "-.inf", ".nan", "9" * 300, "9" * 5000, "true", "yes", "NO", "on", "null", "~", "", "''", "' '", "[]", "{}", "[[]]",
    "[a, a]", "{a: 1}", "{1: 2}", "{null: 2}", "{[a]: 1}", "&a [*a]", "*a", "&a x", "<<", "{<<: {a: 1}}", "!!bool 7",
    '!!int ""', "!!float x", "!!null x", "!!str 5", "!!set {a}", "!!binary aGk=", "!!timestamp 2024-01-01",
    "!!omap [a: 1]", "!!python/name:os.system", "!own x", "2024-01-31", "2024-02-30", "2024-01-31 10:00:00",
    "0001-01-01", "9999-12-31",
    "é", "💥", "'\\0'", '"\\0"', '"\\ud800"', "a\nb", "[", "]", "\udcff", "x" * 1000, "../..", "/", "http://[",
    "https://a b",
)  # fmt: skip


def leaves(values: Mapping[str, Any], *above: str) -> Iterator[str]:
    for key, value in values.items():
        yield ".".join((*above, key))
        if isinstance(value, dict):
            yield from leaves(value, *above, key)


def keys() -> Iterator[tuple[str, str]]:
    for strategy in strategy_names():
        effective = build_config({"strategy": {"name": strategy}}, params_of).effective()
        yield from ((strategy, key) for key in leaves(effective))
    for key in ("lot_step", "minimum_notional", "maximum_quantity"):
        yield "rotation", f"account.instruments.ETH.{key}"


def check(strategy: str, *assignments: str) -> None:
    try:
        build_config(with_assignments({"strategy": {"name": strategy}}, assignments), params_of)
    except ConfigError as error:
        words = str(error)
        # A bare return of pydantic or PyYAML would have several lines, or the whole of what was given.
        assert "\n" not in words
        assert len(words) < 700


@pytest.mark.parametrize(("strategy", "key"), list(dict.fromkeys(keys())))
def test_an_odd_value_is_taken_or_refused_in_one_line(strategy: str, key: str) -> None:
    for value in ODD:
        check(strategy, f"{key}={value}")


@given(st.lists(st.tuples(st.sampled_from(list(keys())), st.sampled_from(ODD)), min_size=2, max_size=4))
def test_odd_values_of_several_keys_are_taken_or_refused_in_one_line(given_values: list[tuple[Any, str]]) -> None:
    check(given_values[0][0][0], *(f"{key}={value}" for (_, key), value in given_values))
