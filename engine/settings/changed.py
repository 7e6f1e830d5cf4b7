"""What a configuration changes: the keys that differ from the default configuration of its strategy."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.core.strategy import StrategyParams
from engine.settings.config import Config

NEVER_TOLD = ("notify",)
"""Addresses of alerts hold secrets."""


def changed_settings(config: Config) -> dict[str, Any]:
    """Give the keys, dotted, that differ from the strategy's default configuration, with the values of `config.json`.

    What a user keys himself, such as a basket, is one value; so is a list. Of a strategy that has no default
    configuration every key counts but its name.
    """
    usual_params = _usual_params(config.strategy)
    usual = Config(strategy=usual_params or config.strategy).effective()
    if usual_params is None:
        usual["strategy"] = {"name": config.strategy.name}
    found = _differences(config, config.effective(), usual, "")
    return {key: value for key, value in found if key.partition(".")[0] not in NEVER_TOLD}


def _usual_params(params: StrategyParams) -> StrategyParams | None:
    try:
        return type(params).model_validate({"name": params.name})
    except ValidationError:
        return None


def _differences(
    model: BaseModel, given: Mapping[str, Any], usual: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, Any]]:
    for name, field in type(model).model_fields.items():
        key = field.alias or name
        inner, mine, other = getattr(model, name), given[key], usual.get(key, _Missing)
        if isinstance(inner, BaseModel) and isinstance(other, Mapping):
            yield from _differences(inner, mine, other, f"{prefix}{key}.")
        # As text: the order of a basket is the order of its trades.
        elif other is _Missing or json.dumps(mine) != json.dumps(other):
            yield f"{prefix}{key}", mine


class _Missing:
    """No value at all, which null is."""
