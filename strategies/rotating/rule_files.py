"""Finds the rules that the configuration names, built in or a user's own, and checks their parameters.

`blue_sky` is the class `BlueSky` in `blue_sky.py`, built of its parameters and a `Setting`. A confirmation is a name,
`{name: {parameters}}`, or a group of them: `all`, `any`, `not`, `at_least`.
"""

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Annotated, TypeAlias

from pydantic import JsonValue, ValidationError, WithJsonSchema

from engine.core.rule import AnyRule, Exit, Named, ParamsT, Rule, RuleParams, Setting, System
from engine.core.rule_groups import AtLeast, Not
from engine.core.strategy import OWN_PACKAGE
from strategies.rotating.rule_schema import ChoiceOf

RULES, OWN = "strategies.rules", f"{OWN_PACKAGE}.rules"
Choice: TypeAlias = Annotated[JsonValue, WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]})]
"""A rule in the configuration: its name, or `{name: {parameters}}`."""
ConfirmationChoice: TypeAlias = Annotated[JsonValue, ChoiceOf(lambda: params_by_name("confirmation"), groups=True)]
ExitChoice: TypeAlias = Annotated[JsonValue, ChoiceOf(lambda: params_by_name("exit"))]
Build: TypeAlias = Callable[[Setting], Named]
GROUPS = ("all", "any", "not", "at_least")
CONFIRMATIONS, EXITS = "strategy.confirmations", "strategy.exits"
MOST_NAMES = 12
LONGEST_SHOWN = 64


@cache
def rule_names() -> tuple[str, ...]:
    """List the built-in rules."""
    return tuple(_names(importlib.import_module(RULES).__path__))


def params_by_name(kind: str) -> dict[str, type[RuleParams]]:
    """Give the parameters of every built-in confirmation, or exit."""
    names = _of_kind(Exit if kind == "exit" else System)
    return {name: _loaded(RULES, name, name).Params for name in names}


def confirmation(choice: object, place: str = CONFIRMATIONS) -> Build:
    """Check a confirmation or a group of them as the configuration has it, and say how it is built.

    Raises:
        ValueError: there is none of that name, its parameters are not allowed, or it is of another form; one sentence
            that names the key and the nearest right one.
    """
    name, values = name_and_values(choice, place)
    if name not in GROUPS:
        return _chosen(name, values, place, System)
    inner = f"{place}.{name}"
    match name:
        case "not":
            member = confirmation(_given(values, inner), inner)
            return lambda setting: Named(name=name, rule=Not(member(setting), setting))
        case "at_least":
            least, members = _counted(values, inner)
        case _:
            members = _several(values, inner)
            least = len(members) if name == "all" else 1
    return lambda setting: Named(name=name, rule=AtLeast(least, [build(setting) for build in members], setting))


def exits(choices: Iterable[object]) -> tuple[Build, ...]:
    """Check the exits, a name once unless it may repeat, and say how they are built.

    Raises:
        ValueError: likewise.
    """
    chosen = [name_and_values(choice, EXITS) for choice in choices]
    names = [name for name, _ in chosen]
    for name in names:
        if name in GROUPS:
            raise ValueError(f"{EXITS}: {name} is a group of confirmations, no exit; {_wanted(Exit)}")
        if names.count(name) > 1 and not getattr(rule_class(name, EXITS), "may_repeat", True):
            raise ValueError(f"{EXITS}: {name} is given twice; each exit may stand there once")
    return tuple(_chosen(name, values, EXITS, Exit) for name, values in chosen)


def thesis_systems(setting: Setting) -> tuple[Named, ...]:
    """Build every built-in system that stands in a group, at its defaults."""
    found = ((name, _loaded(RULES, name, name)) for name in rule_names())
    return tuple(
        Named(name=name, rule=each(each.Params(), setting))
        for name, each in found
        if issubclass(each, System) and each.group
    )


def rule_class(name: str, place: str) -> type[AnyRule]:
    """Find a rule by its file name: among the built-in ones, or in the folder of the user's own.

    Args:
        place: the key of the configuration that names it.

    Raises:
        ValueError: there is none of that name; it is in both places, or cannot be loaded.
    """
    known, own = rule_names(), _own_names()
    if name in known and name in own:
        raise ValueError(
            f"{place}: {name} is built in ({_file(RULES, name)}), and {_file(OWN, name)} is another "
            "file of that name; rename that one"
        )
    if name not in (*known, *own):
        kind = Exit if place == EXITS else System
        found = [*(() if kind is Exit else GROUPS), *own, *_of_kind(kind)]
        near = difflib.get_close_matches(name, found, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(f"{place} {name[:LONGEST_SHOWN]!r} is not allowed; {hint}found: {_some(found)}")
    return _loaded(RULES if name in known else OWN, name, place)


def name_and_values(choice: object, place: str) -> tuple[str, object]:
    """Take a choice apart: its name, and the parameters below it; None without any.

    Raises:
        ValueError: it is of another form.
    """
    if isinstance(choice, str):
        return choice, None
    if isinstance(choice, Mapping) and len(choice) == 1:
        ((name, values),) = choice.items()
        if isinstance(name, str):
            return name, values
    raise ValueError(f"{place}: {choice!r} is not allowed; a name, or {{name: {{parameters}}}}, is wanted")


def chosen_params(values: object, params: type[ParamsT], place: str) -> ParamsT:
    """Check the parameters of a choice.

    Args:
        place: the key below which they stand.

    Raises:
        ValueError: they are not allowed; one sentence that names the key and the nearest right one.
    """
    try:
        return params.model_validate({} if values is None else values)
    except ValidationError as error:
        raise ValueError(_sentence(error, params, place)) from error


def _loaded(package: str, name: str, place: str) -> type[AnyRule]:
    try:
        module = importlib.import_module(f"{package}.{name}")
    except (Exception, SystemExit) as error:  # a user's file may raise whatever it likes
        raise ValueError(
            f"{place}: {name}: {_file(package, name)} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    class_name = "".join(word.capitalize() for word in name.split("_"))
    chosen: object = getattr(module, class_name, None)
    if not (isinstance(chosen, type) and issubclass(chosen, Rule)):
        raise ValueError(f"{place}: {name}: {_file(package, name)} has no class {class_name} that extends Rule")
    return chosen


def _chosen(name: str, values: object, place: str, kind: type[AnyRule]) -> Build:
    chosen = rule_class(name, place)
    if not issubclass(chosen, kind):
        raise ValueError(f"{place}: {name} is no {'exit' if kind is Exit else 'confirmation'}; {_wanted(kind)}")
    params = chosen_params(values, chosen.Params, f"{place}.{name}")
    return lambda setting: Named(name=name, rule=chosen(params, setting))


def _given(values: object, place: str) -> object:
    if values is None:
        raise ValueError(f"{place}: a confirmation is wanted, like {{not: blue_sky}}")
    return values


def _several(values: object, place: str) -> list[Build]:
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise ValueError(f"{place}: {values!r} is not allowed; a list of confirmations like [blue_sky] is wanted")
    return [confirmation(value, place) for value in values]


def _counted(values: object, place: str) -> tuple[int, list[Build]]:
    if not isinstance(values, Mapping) or set(values) != {"n", "of"}:
        raise ValueError(f"{place}: {values!r} is not allowed; {{n: 2, of: [..]}} is wanted")
    members, least = _several(values["of"], f"{place}.of"), values["n"]
    if type(least) is not int or not 1 <= least <= len(members):
        raise ValueError(f"{place}.n: {least!r} is not allowed; a whole number from 1 to {len(members)} is wanted")
    return least, members


def _sentence(error: ValidationError, params: type[RuleParams], place: str) -> str:
    first = next((each for each in error.errors() if each["type"] == "extra_forbidden"), error.errors()[0])
    key = ".".join((place, *map(str, first["loc"])))
    if first["type"] == "extra_forbidden":
        known = list(params.model_fields)
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known) or 'none'}"
        return f"{key}: unknown key; {hint}"
    if first["type"] == "missing":
        return f"{key}: is missing; a value is wanted"
    if first["type"] == "model_type":
        return f"{place}: {first['input']!r} is not allowed; parameters like {{key: value}} are wanted"
    if not first["loc"]:
        return f"{place}: {first.get('ctx', {}).get('error', first['msg'])}"
    return f"{key}: {first['input']!r} is not allowed: {first['msg'][0].lower()}{first['msg'][1:]}"


def _some(names: Sequence[str]) -> str:
    """List names, as many as a sentence bears."""
    more = len(names) - MOST_NAMES
    return f"{', '.join(names[:MOST_NAMES])}{f' and {more} more' if more > 0 else ''}"


def _wanted(kind: type[AnyRule]) -> str:
    more = "; what confirms an entry goes into {confirmation_lost: {of: ..}}" if kind is Exit else ""
    return f"found: {_some([*_own_names(), *_of_kind(kind)])}{more}"


def _of_kind(kind: type[AnyRule]) -> list[str]:
    return [name for name in rule_names() if issubclass(_loaded(RULES, name, name), kind)]


def _own_names() -> list[str]:
    # The engine opens this package on the folder of the user's own files, and closes it to copies of ours.
    if importlib.util.find_spec(OWN_PACKAGE) is None:
        return []
    found = _names(importlib.import_module(OWN).__path__)
    return [name for name in found if importlib.util.find_spec(f"{OWN}.{name}") is not None]


def _names(path: Iterable[str]) -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(path) if not module.ispkg)
    return sorted(name for name in found if not name.startswith("_"))


def _file(package: str, name: str) -> str:
    spec = importlib.util.find_spec(f"{package}.{name}")
    return str(spec.origin if spec is not None else name)
