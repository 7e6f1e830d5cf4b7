"""From a YAML file and `--set` to a validated configuration, or one sentence that says what is wrong.

A file gives plain values; assignments are laid over them; then everything is validated at once.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.core.errors import ConfigError
from engine.core.strategy import StrategyParams
from engine.machine.regular_files import regular
from engine.settings import yaml_core
from engine.settings.config import ADDRESS_PATTERN, NAME_PATTERN, QUOTE_PATTERN, SOURCE_PATTERN, Config, Values
from engine.settings.sections import KINDS, section_for

M = TypeVar("M", bound=BaseModel)

WANTED_BY_PATTERN = {
    QUOTE_PATTERN: "2 to 12 capital letters and digits are wanted",
    ADDRESS_PATTERN: "an address like https://localhost:8080, without a path, is wanted",
    SOURCE_PATTERN: "csv, fred or yahoo is wanted, with its name there after a colon where that is another",
    NAME_PATTERN: "a name of one line, not blank, without / and \\ is wanted",
}


WANTED_BY_TYPE: Mapping[str, str] = {
    **dict.fromkeys(("dict_type", "model_type"), "keys with values are wanted"),
    **dict.fromkeys(("tuple_type", "list_type"), "a list like [a, b] is wanted"),
    **dict.fromkeys(("string_type", "invalid_key"), "text is wanted"),
    **dict.fromkeys(("int_type", "int_parsing"), "a whole number is wanted"),
    **dict.fromkeys(("float_type", "decimal_type", "decimal_parsing"), "a number is wanted"),
    **dict.fromkeys(("date_type", "date_from_datetime_parsing"), "a day of the calendar, like 2018-01-31, is wanted"),
    "finite_number": "a finite number is wanted",
    "invalid-json-value": "text, a number, true, false, a list or keys with values are wanted",
    "path_type": "the path of a folder is wanted",
}
"""What pydantic's errors of some types ask for; those left out say it well themselves."""
PLAIN_KINDS = ("dict", "list")
"""What pydantic puts between the keys of plain values, and no file has."""


def read_values(path: Path) -> Values:
    """Read a YAML file of plain values.

    Raises:
        ConfigError: it cannot be read, is not YAML, or is not a mapping.
    """
    try:
        text = _read_bounded(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}; name a YAML file like config/rotation.yaml"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}); a YAML file is wanted") from error
    values = _parse(text, where=str(path))
    if values is None:
        return {}
    if not isinstance(values, dict):
        what = "a list" if isinstance(values, list) else _quoted(values)
        raise ConfigError(f"{path}: holds {what}; keys with values, like `name: rotation`, are wanted")
    return values


def _read_bounded(path: Path) -> str:
    with regular(path).open("rb") as file:
        # One byte more shows that there is more.
        content = file.read(yaml_core.MOST_BYTES + 1)
    if len(content) > yaml_core.MOST_BYTES:
        raise ConfigError(f"{path}: has more than {yaml_core.MOST_BYTES:,} bytes; a configuration has a few thousand")
    return content.decode("utf-8")


def _parse(text: str, *, where: str) -> object:
    try:
        return yaml_core.load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{where}{place}: not readable as YAML: {problem}") from error
    except ValueError as error:  # a date that does not exist, a character that cannot be
        raise ConfigError(f"{where}: not readable as YAML: {error}") from error


def with_assignments(values: Values, assignments: Sequence[str]) -> Values:
    """Lay `key.path=value` assignments over plain values; a mapping replaces the whole mapping.

    Raises:
        ConfigError: an assignment is not of that form, or leads through something that is not a mapping.
    """
    result = dict(values)
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        keys = path.strip().split(".")
        if not separator or not all(keys):
            raise ConfigError(
                f"--set {_quoted(assignment)}: key.path=value is wanted, e.g. --set strategy.hold_weeks=12"
            )
        section = result
        for depth, key in enumerate(keys[:-1], start=1):
            inner = section.get(key)
            if inner is None:
                inner = {}
            if not isinstance(inner, dict):
                found = f"{'.'.join(keys[:depth])} is {_quoted(inner)}"
                raise ConfigError(f"--set {_quoted(assignment)}: {found}, not a section with keys")
            section[key] = dict(inner)
            section = section[key]
        section[keys[-1]] = _parse(text, where=f"--set {path}")
    return result


def build_config(values: Mapping[str, Any], params_of: Callable[[str], type[StrategyParams]]) -> Config:
    """Validate plain values.

    Args:
        values: as read from a file, assignments applied.
        params_of: gives the parameter type of a strategy name, or raises ConfigError with the list of right names.

    Raises:
        ConfigError: one sentence about the first thing that is wrong, and how many more there are.
    """
    values = dict(values)
    section = values.get("strategy", {})
    if section is None:
        section = {}
    if not isinstance(section, Mapping):
        raise ConfigError(
            f"strategy: {_quoted(section)} is not allowed; keys with values, like `name: rotation`, are wanted"
        )
    strategy_name = section.get("name", "rotation")
    if not isinstance(strategy_name, str):
        raise ConfigError(
            f"strategy.name: {_quoted(strategy_name)} is not allowed; the name of a file in strategies/ is wanted"
        )
    named = {"name": strategy_name, **section}
    values["strategy"] = _section(params_of(strategy_name), named, "strategy")
    for name in KINDS:
        model = section_for(name, values.get(name))
        if model is not None:
            values[name] = _section(model, values[name], name)
    try:
        # An empty section in YAML is null; it means all its defaults.
        return Config.model_validate({key: value for key, value in values.items() if value is not None})
    except ValidationError as error:
        raise _sentence(error, Config) from error


def _section(model: type[M], given: object, name: str) -> M:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _sentence(error, model, prefix=(name,)) from error


def _sentence(error: ValidationError, model: type[BaseModel], prefix: tuple[str, ...] = ()) -> ConfigError:
    details = error.errors()
    first = next((detail for detail in details if detail["type"] == "extra_forbidden"), details[0])
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return ConfigError(_one_sentence(first, model, prefix) + more)


def _one_sentence(detail: ErrorDetails, model: type[BaseModel], prefix: tuple[str, ...]) -> str:
    of_plain_values = detail["type"] == "invalid-json-value" or detail["loc"][-1:] == ("[key]",)
    location = [str(part) for part in detail["loc"] if not (of_plain_values and part in PLAIN_KINDS)]
    if location[-1:] == ["[key]"]:
        # pydantic's mark of a key of a mapping, not of the value below it.
        return f"{'.'.join((*prefix, *location[:-2]))}: key {_shown(detail['input'])} is not allowed: {_wanted(detail)}"
    if detail["type"] == "invalid_key":
        where = ".".join((*prefix, *location[:-1]))
        return f"{where}{': ' if where else ''}key {_shown(detail['input'])} is not allowed: {_wanted(detail)}"
    key = ".".join((*prefix, *location))
    if detail["type"] == "extra_forbidden":
        known = _keys_beside(model, location)
        near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return f"{key}: unknown key; {hint}"
    if detail["type"] == "value_error":
        message = str(detail.get("ctx", {}).get("error", detail["msg"]))
        # A rule over several keys names them itself.
        return (
            message
            if not location or "." in message.split(" ", maxsplit=1)[0]
            else f"{key}: {_quoted(detail['input'])} is not allowed: {message}"
        )
    if detail["type"] == "missing":
        return f"{key}: is missing; a value is wanted"
    quotes = f'; for the word itself, put it in quotes: "{_shown(detail["input"])}"' if _is_word(detail) else ""
    return f"{key}: {_seen(detail['input'])} is not allowed: {_wanted(detail)}{quotes}"


def _is_word(detail: ErrorDetails) -> bool:
    """Tell whether a text is wanted where YAML reads a plain word as something else, such as `true`."""
    return detail["type"] == "string_type" and isinstance(detail["input"], bool | int | float | date | None)


def _wanted(detail: ErrorDetails) -> str:
    """Say what is allowed in the words of the file, where pydantic uses those of Python."""
    if detail["type"] == "string_pattern_mismatch":
        return WANTED_BY_PATTERN[detail["ctx"]["pattern"]]
    return WANTED_BY_TYPE.get(detail["type"]) or detail["msg"][0].lower() + detail["msg"][1:]


def _shown(value: object) -> str:
    if value is None:
        return "null"
    text = yaml_core.written(value) or _plainly(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - a sentence stays a line


def _plainly(value: object) -> str:
    try:
        return str(value) if isinstance(value, str | date | Decimal) else repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "a number of thousands of digits"


def _quoted(value: object) -> str:
    return repr(_shown(value)) if isinstance(value, str) else _shown(value)


def _seen(value: object) -> str:
    """Quote a text that would not be seen whole among the words around it, or be taken for what it is not."""
    if isinstance(value, str) and (value != value.strip() or yaml_core.is_read_otherwise(value)):
        return _quoted(value)
    return _shown(value)


def _keys_beside(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    current: type[BaseModel] | None = model
    for part in location[:-1]:
        if current is None:
            return []
        found = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
        current = _model_in(found.annotation) if found is not None else current
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in getattr(annotation, "__args__", ()) if (m := _model_in(a)) is not None), None)
