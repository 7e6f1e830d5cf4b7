"""The JSON schema that an editor completes and checks a configuration by."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import ConfigError
from engine.settings.reading import build_config, read_values
from engine.settings.registry import params_of, strategy_names
from engine.settings.sections import json_schema

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "rotation.yaml"
KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "null": (type(None),),
}  # fmt: skip


def fits(value: Any, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    """Check a value against the parts of JSON schema that the configuration's schema uses."""
    if "$ref" in schema:
        return fits(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema:
        return any(fits(value, option, whole) for option in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    return type(value) in KINDS[schema["type"]] and inner_values_fit(value, schema, whole)


def inner_values_fit(value: Any, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    if isinstance(value, list):
        return all(fits(item, schema.get("items", {}), whole) for item in value)
    if isinstance(value, dict):
        return all(fits(item, member(schema, key), whole) for key, item in value.items())
    return "pattern" not in schema or bool(re.search(schema["pattern"], str(value)))


def member(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    known: Mapping[str, Any] = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
    return known or {"enum": []}


def as_json(values: Any) -> Any:
    """Give YAML's values as an editor sees them: dates are text."""
    if isinstance(values, dict):
        return {key: as_json(value) for key, value in values.items()}
    return values.isoformat() if isinstance(values, date) else values


def test_the_schema_accepts_the_shipped_file_and_any_part_of_it() -> None:
    schema = json_schema([params_of(name) for name in strategy_names()])

    assert fits(as_json(read_values(SHIPPED)), schema, schema)
    assert fits({"strategy": {"name": "hold", "core": "ETH"}}, schema, schema)
    assert fits({"name": None}, schema, schema)
    assert schema["properties"]["name"]["default"] is None
    assert schema.get("required", []) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"nmae": "x"},
        {"name": "a/b"},
        {"strategy": {"name": "hold", "hold_weeks": 3}},
        {"strategy": {"name": "rotatoin"}},
        {"strategy": {"name": "rotation", "hold_weeks": "many"}},
        {"data": {"crypto": "coinbase"}},
        {"account": {"instruments": {"UNI": {"lot": 1}}}},
    ],
)
def test_the_schema_refuses_what_the_program_refuses(wrong: dict[str, Any]) -> None:
    schema = json_schema([params_of(name) for name in strategy_names()])

    assert not fits(wrong, schema, schema)
    with pytest.raises(ConfigError):
        build_config(wrong, params_of)


def test_every_key_of_the_schema_has_a_description_for_the_editor() -> None:
    schema = json_schema([params_of(name) for name in strategy_names()])

    bare = [
        f"{title}.{key}"
        for title, model in schema["$defs"].items()
        for key, field in model["properties"].items()
        if "description" not in field and "$ref" not in field and key != "name"
    ]
    assert bare == []
