"""The door to jinja2: templates beside this file, every value escaped but our own scripts and style."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.report.html import formats

FOLDER = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """Fill in a template."""
    return _environment().get_template(template).render(**values)


def own_text(name: str) -> str:
    """Read a file of the templates' folder that is put into a page as it is."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        name: getattr(formats, name) for name in ("percent", "ratio", "amount", "number", "quantity", "basis_points")
    }
    return environment
