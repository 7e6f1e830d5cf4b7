"""A run folder's files with one thing wrong: each cell and each value of JSON in turn, rows cut, doubled, swapped."""

import json
from collections.abc import Iterator
from typing import Any

CELLS = ("0", "-1", "nan", "inf", "", "x", "1e308", "9" * 400, "0001-01-01")
VALUES: tuple[Any, ...] = (None, 0, -1, True, "x", [], float("nan"), 1e308, 10**400, "0001-01-01", [1], {"a": 1})


def damaged(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Give what is wrong and the text with it, of a file by its name."""
    if name.endswith(".csv"):
        yield from _damaged_table(text)
    elif name.endswith(".jsonl"):
        lines = text.splitlines(keepends=True)
        for place in (0, len(lines) - 1):
            for what, line in _damaged_object(lines[place]):
                yield f"line {place + 1}: {what}", "".join([*lines[:place], f"{line}\n", *lines[place + 1 :]])
        yield from _damaged_lines(lines)
    else:
        yield from _damaged_object(text)


def _damaged_table(text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines(keepends=True)
    yield from _damaged_lines(lines)
    rows = [line.rstrip("\n").split(",") for line in lines]
    for column in range(len(rows[0])):
        yield f"without column {column}", "".join(",".join(row[:column] + row[column + 1 :]) + "\n" for row in rows)
    place = len(rows) - 1
    for column, cell in ((column, cell) for column in range(len(rows[place])) for cell in CELLS):
        changed = [*rows[place][:column], cell, *rows[place][column + 1 :]]
        yield f"last row: {column} is {cell[:12]!r}", "".join([*lines[:place], ",".join(changed) + "\n"])


def _damaged_lines(lines: list[str]) -> Iterator[tuple[str, str]]:
    text = "".join(lines)
    yield "empty", ""
    yield "no text", "\x00\x01\n"
    yield "an open quote", text.replace(",", ',"', 1)
    for place in range(len(lines)):
        yield f"without line {place + 1}", "".join(lines[:place] + lines[place + 1 :])
        yield f"line {place + 1} twice", "".join(lines[: place + 1] + lines[place:])
        yield f"cut in line {place + 1}", "".join(lines[:place]) + lines[place][: len(lines[place]) // 2]
        yield f"blank before line {place + 1}", "".join([*lines[:place], "\n", *lines[place:]])
        swapped = lines[:place] + lines[place + 1 : place + 2] + lines[place : place + 1] + lines[place + 2 :]
        yield f"line {place + 1} after the next", "".join(swapped)


def _damaged_object(text: str) -> Iterator[tuple[str, str]]:
    yield "nested too deep", "[" * 100_000
    yield "cut", text[: len(text) // 2]
    content = json.loads(text)
    for path in _paths(content):
        for value in VALUES:
            yield f"{'.'.join(path)} is {str(value)[:12]!r}", json.dumps(_with(content, path, value))
        yield f"without {'.'.join(path)}", json.dumps(_without(content, path))


def _paths(value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (key,)
            yield from ((key, *rest) for rest in _paths(inner))


def _with(content: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    first, *rest = path
    return {**content, first: _with(content[first], tuple(rest), value) if rest else value}


def _without(content: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    if rest:
        return {**content, first: _without(content[first], tuple(rest))}
    return {key: value for key, value in content.items() if key != first}
