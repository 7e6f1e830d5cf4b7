"""What editors are told of a choice of rules: the names of a kind, and each one's parameters."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import GetJsonSchemaHandler

from engine.core.rule import RuleParams

GROUPS_SCHEMA = {
    "type": "object",
    "description": "A group of confirmations.",
    "properties": {
        "all": {"type": "array"},
        "any": {"type": "array"},
        "not": {"type": ["string", "object"]},
        "at_least": {
            "type": "object",
            "properties": {"n": {"type": "integer", "minimum": 1}, "of": {"type": "array"}},
            "required": ["n", "of"],
        },
    },
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}


class ChoiceOf:
    """Marks a choice among the rules of a kind; nothing of them is loaded before somebody asks for the schema.

    Args:
        found: gives the parameters of each rule of the kind.
        groups: whether they may be grouped.
    """

    def __init__(self, found: Callable[[], Mapping[str, type[RuleParams]]], *, groups: bool = False) -> None:
        self._found = found
        self._groups = groups

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Give a name, or a mapping of one name to its parameters; of confirmations a group as well."""
        found = self._found()
        choices: list[dict[str, Any]] = [{"type": "string"}]
        for name, params in found.items():
            schema = params.model_json_schema()
            # What refers to definitions of its own cannot stand within another schema.
            inner = {"type": "object"} if "$defs" in schema else schema
            choices.append(
                {"type": "object", "properties": {name: inner}, "required": [name], "additionalProperties": False}
            )
        if self._groups:
            choices.append(GROUPS_SCHEMA)
        return {"anyOf": choices, "examples": list(found)}
