"""YAML as its version 1.2 reads plain words (the core schema), within bounds; the one door to PyYAML's reading.

PyYAML reads by version 1.1, where 012 is 10, 100:00 is 6000, 1e-2 is a text and NO is false. Two things go beyond the
core schema: a day like 2018-01-31 is a date, and `<<` merges mappings.

Source: YAML 1.2.2, section 10.3.2.
"""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

import yaml

MOST_BYTES = 1_000_000
MOST_VALUES = 20_000
DEEPEST = 50
MOST_ALIASES = 200
LONGEST_NUMBER = 400
"""Characters; beyond them a number is a slip, and some take long to read."""

NULL = re.compile(r"~|null|Null|NULL|")
TRUTH = re.compile(r"true|True|TRUE|false|False|FALSE")
WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
SOME_DIGIT = re.compile(r"[-+]?[.0]*[1-9]")
"""Begins a number that is not 0."""
NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset(f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp"))
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Chosen at run time: libyaml may be missing."""


class WrittenInt(int):
    """A whole number that was written otherwise than Python writes it: 012, 0x10."""

    written: str


class WrittenFloat(float):
    """A number that was written otherwise than Python writes it: 1e-2."""

    written: str


def load(text: str) -> object:
    """Read one document as plain values: None, bool, int, float, str, date, list, dict.

    Raises:
        yaml.YAMLError: it is no YAML, goes beyond a bound, or has a tag or a value that is not of the core schema.
        ValueError: a date does not exist, or it holds a character that cannot be.
    """
    size = len(text) if text.isascii() else len(text.encode())
    if size > MOST_BYTES:
        raise yaml.YAMLError(f"it has {size:,} bytes; at most {MOST_BYTES:,} are allowed")
    _check_bounds(text)
    return yaml.load(text, Loader=_CoreLoader)


def is_read_otherwise(text: str) -> bool:
    """Tell whether a text, written without quotes, would be read as a number, a truth, a date or null."""
    return any(form.fullmatch(text) for form in (NULL, TRUTH, WHOLE, NUMBER, NO_NUMBER, DAY))


def quoted(text: str) -> str:
    """Write a text so that `load` gives it back: as it is where that does, else in quotes."""
    try:
        is_plain = load(text) == text
    except (yaml.YAMLError, ValueError):
        is_plain = False
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def dump(values: object) -> str:
    """Write plain values as YAML that `load`, and a reader of version 1.1, reads as the same values."""
    return yaml.dump(values, Dumper=_CoreDumper, sort_keys=False, allow_unicode=True)


def written(value: object) -> str | None:
    """Give a value as it was written, where that is not Python's way; None where it is, or is not known."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return getattr(value, "written", None)


def _check_bounds(text: str) -> None:
    """Look through the events before anything is built of them: building nested values recurses, aliases multiply."""
    bounds = _Bounds()
    event: Any
    for event in yaml.parse(text, Loader=_Parser):
        problem = bounds.problem_after(event)
        if problem is not None:
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


class _Bounds:
    """Counts depth, aliases, and values, an alias as what it names."""

    def __init__(self) -> None:
        self._values = self._aliases = self._documents = 0
        self._size_by_anchor: dict[str | None, int] = {}
        self._open: list[tuple[str | None, int]] = []
        """Anchor of each collection that has begun, and how many values there were before."""

    def problem_after(self, event: Any) -> str | None:
        """Take in an event and say what is wrong with it; None where nothing is."""
        if isinstance(event, yaml.AliasEvent):
            self._aliases += 1
            self._values += self._size_by_anchor.get(event.anchor, 1)
            if any(anchor == event.anchor for anchor, _ in self._open):
                return f"*{event.anchor} stands inside what it refers to"
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self._open.pop()
            if anchor is not None:
                self._size_by_anchor[anchor] = self._values - before
        elif isinstance(event, yaml.NodeEvent):
            return self._node_problem(event) or self._excess()
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            return "another document begins here; only one is allowed" if self._documents > 1 else None
        return self._excess()

    def _node_problem(self, event: Any) -> str | None:
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, self._values))
        self._values += 1
        if event.tag in (None, "!") or event.tag in _KNOWN_TAGS:
            return None
        return f"the tag {_shown_tag(event.tag)} is not supported; write the value without it"

    def _excess(self) -> str | None:
        if len(self._open) > DEEPEST:
            return f"it is nested deeper than {DEEPEST} levels"
        if self._aliases > MOST_ALIASES:
            return f"it has more than {MOST_ALIASES} aliases"
        if self._values > MOST_VALUES:
            return f"it holds more than {MOST_VALUES:,} keys and values, aliases counted as what they name"
        return None


def _shown_tag(tag: str) -> str:
    return tag.replace(_TAG, "!!", 1)[:40]


class _CoreLoader(_Parser):  # type: ignore[misc] # chosen at run time
    """Reads YAML by the core schema and refuses a key given twice, which YAML itself lets pass in silence."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[object] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode):
                raise _refusal("a list or a mapping is no key; text is wanted", key)
            if key.value in seen:
                raise _refusal(f"key {key.value!r} is given twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]

    def construct_null(self, node: yaml.ScalarNode) -> None:
        self._text(node, NULL, "null is wanted")

    def construct_truth(self, node: yaml.ScalarNode) -> bool:
        return self._text(node, TRUTH, "true or false is wanted").lower() == "true"

    def construct_whole(self, node: yaml.ScalarNode) -> Any:
        text = self._text(node, WHOLE, "a whole number is wanted")
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        value = int(text[2:] if base != 10 else text, base)  # noqa: PLR2004 - as people count
        return value if str(value) == text else _as_written(WrittenInt(value), text)

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        text = self._text(node, NUMBER, "a number is wanted", NO_NUMBER)
        if NO_NUMBER.fullmatch(text):
            return _as_written(WrittenFloat(text.lower().replace(".", "")), text)
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise _refusal(f"{text[:60]} is beyond the largest number, 1.8e308", node)
        if value == 0 and SOME_DIGIT.match(text):
            raise _refusal(f"{text[:60]} is nearer to 0 than any number but 0 itself, 4.9e-324", node)
        return value if repr(value) == text else _as_written(WrittenFloat(value), text)

    def construct_day(self, node: yaml.ScalarNode) -> date:
        text = self._text(node, DAY, "a date like 2018-01-31 is wanted")
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise _refusal(f"{text} is not in the calendar; a date like 2018-01-31 is wanted", node) from error

    def _text(self, node: yaml.Node, form: re.Pattern[str], wanted: str, other: re.Pattern[str] | None = None) -> str:
        text: str = self.construct_scalar(node)
        if not form.fullmatch(text) and not (other and other.fullmatch(text)):
            raise _refusal(f"{text[:60]!r} is not allowed with {_shown_tag(node.tag)}: {wanted}", node)
        if len(text) > LONGEST_NUMBER:
            raise _refusal(f"{text[:20]}… has {len(text):,} digits; at most {LONGEST_NUMBER} are allowed", node)
        return text


def _as_written(value: Any, text: str) -> Any:
    value.written = text
    return value


def _refusal(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


class _CoreDumper(yaml.SafeDumper):
    """Quotes what either version of YAML would read as something other than a text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


_SIGNS, _DIGITS = "-+", "0123456789"
_RESOLVERS = (
    ("null", NULL, ["~", "n", "N", ""]),
    ("bool", TRUTH, list("tTfF")),
    ("int", WHOLE, list(_SIGNS + _DIGITS)),
    ("float", NUMBER, list(_SIGNS + _DIGITS + ".")),
    ("float", NO_NUMBER, list(_SIGNS + ".")),
    ("timestamp", DAY, list(_DIGITS)),
)
"""Tag, form, and the signs that it may begin with."""
_CONSTRUCTORS: dict[str, Callable[[Any, Any], object]] = {
    "null": _CoreLoader.construct_null,
    "bool": _CoreLoader.construct_truth,
    "int": _CoreLoader.construct_whole,
    "float": _CoreLoader.construct_number,
    "timestamp": _CoreLoader.construct_day,
    # Where it is no key, `<<` is a text like any other.
    "merge": _CoreLoader.construct_scalar,
}
for _name, _constructor in _CONSTRUCTORS.items():
    _CoreLoader.add_constructor(_TAG + _name, _constructor)
for _name, _form, _first in _RESOLVERS:
    # PyYAML asks whether a form matches at the beginning.
    _whole = re.compile(f"(?:{_form.pattern})$(?!\\n)")
    _CoreLoader.add_implicit_resolver(_TAG + _name, _whole, _first)
    _CoreDumper.add_implicit_resolver(_TAG + _name, _whole, _first)
_CoreLoader.add_implicit_resolver(f"{_TAG}merge", re.compile(r"<<$"), ["<"])
