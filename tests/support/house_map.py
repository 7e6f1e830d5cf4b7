"""The map of the house, made of its docstrings: rooms into `engine/README.md`, files into `engine/MAP.md`.

python -m tests.support.house_map     # writes both anew
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.command import ROOT

PAGE, FILES = ROOT / "engine" / "README.md", ROOT / "engine" / "MAP.md"
ROOMS = re.compile(r"(?<=<!-- rooms -->\n).*?(?=<!-- /rooms -->)", re.DOTALL)
HEAD = """# Every file of the engine

Made of their docstrings by `python -m tests.support.house_map`. The rooms alone: [README.md](README.md).
"""


def said_of(file: Path) -> str:
    """Give the first line of a module's docstring, without its full stop."""
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0].removesuffix(".")


def rooms(house: Path) -> Iterator[Path]:
    """Give the packages of a house, each before those within it."""
    yield house
    for room in sorted(each.parent for each in house.glob("*/__init__.py")):
        yield from rooms(room)


def files_of(room: Path) -> list[Path]:
    """Give a room's modules."""
    return sorted(file for file in room.glob("*.py") if file.name != "__init__.py")


def room_map() -> str:
    """Give the rooms, a line each: as deep as the tree of packages goes."""
    lines = [
        f"| `{room.relative_to(ROOT).as_posix()}/` | {said_of(room / '__init__.py')} |"
        for house in ("engine", "strategies")
        for room in rooms(ROOT / house)
    ]
    return "\n".join(["| room | what is in it |", "|---|---|", *lines, ""])


def file_map() -> str:
    """Give the page of all files, a section a room."""
    sections = [
        "\n".join([
            f"\n## `{room.relative_to(ROOT).as_posix()}/`\n\n{said_of(room / '__init__.py')}.\n\n| file | |\n|---|---|",
            *(f"| `{file.name}` | {said_of(file)} |" for file in files_of(room)),
        ])
        for house in ("engine", "strategies")
        for room in rooms(ROOT / house)
    ]  # fmt: skip
    return HEAD + "\n".join(sections) + "\n"


def page_with_map(page: str) -> str:
    """Give `engine/README.md` with the rooms as they are."""
    return ROOMS.sub(lambda _: room_map(), page)


def write() -> None:
    """Write both pages anew."""
    PAGE.write_text(page_with_map(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    FILES.write_text(file_map(), encoding="utf-8")


if __name__ == "__main__":
    write()
