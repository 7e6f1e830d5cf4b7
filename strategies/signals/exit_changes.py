"""Other parameters of an exit, proposed where somebody explains a day."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from engine.core.changes import Change, SetParameter
from engine.core.rule import AnyRule

MARGIN = 1e-8
"""How far beside the exact value a limit is put."""


def with_limit(exit_: AnyRule, exits: Sequence[JsonValue], value: float, *, holds: bool) -> Iterator[Change]:
    """Propose a `limit` that a value reaches, or does not; one between 0 and 1 is allowed."""
    limit = value - MARGIN if holds else value + MARGIN
    if 0 < limit < 1:
        yield with_parameter(exit_, exits, "limit", limit, effect=f"that is {'' if holds else 'not '}reached")


def with_parameter(exit_: AnyRule, exits: Sequence[JsonValue], key: str, value: float, *, effect: str) -> Change:
    """Propose another value of one parameter of an exit.

    Args:
        exits: as the configuration has them; `exit_` is one of these.
    """
    name = type(exit_).__module__.rpartition(".")[2]
    alike = [values for each, values in map(_name_and_values, exits) if each == name]
    number = 1 + next(n for n, values in enumerate(alike) if exit_.Params.model_validate(values) == exit_.params)
    path = f"strategy.exits.{name}{f'#{number}' if number > 1 else ''}.{key}"
    return SetParameter(key=path, before=getattr(exit_.params, key), after=value).as_change(effect)


def _name_and_values(choice: JsonValue) -> tuple[str, JsonValue]:
    if isinstance(choice, Mapping):
        ((name, values),) = choice.items()
        return name, values or {}
    return str(choice), {}
