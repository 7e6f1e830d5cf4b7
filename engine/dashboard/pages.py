"""Values to HTML; the one file of the dashboard that knows jinja2. Every value is escaped."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.dashboard.board import RunView
from engine.dashboard.folders import RunRow
from engine.dashboard.sparkline import HEIGHT, WIDTH
from engine.report.amounts import exact, money, significant
from engine.report.html.templates import own_text

HERE = Path(__file__).parent
STYLE = "dashboard.css"


def runs_fragment(rows: list[RunRow], *, out: str, problem: str = "") -> str:
    """Write the list of runs."""
    return _render("runs.html", rows=rows, out=out, problem=problem)


def run_fragment(view: RunView) -> str:
    """Write what there is to show of one run."""
    return _render("run.html", view=view)


def page(title: str, fragment: str, *, source: str, tag: str) -> str:
    """Put a fragment, as one of these functions wrote it, into a whole page that keeps it up to date by itself.

    Args:
        source: the path that gives the fragment anew; tag: names the one that is in the page.
    """
    return _render("page.html", title=title, fragment=fragment, source=source, tag=tag)


def message_page(title: str, sentence: str) -> str:
    """Write a page that says one thing."""
    return _render("message.html", title=title, sentence=sentence)


def login_page() -> str:
    """Write the form that takes the token."""
    return _render("login.html")


def asset(name: str) -> bytes:
    """Give the script or the style of the pages."""
    content = (HERE / "assets" / name).read_bytes()
    # The board looks the same in the report and here.
    return content + own_text("board.css").encode() if name == STYLE else content


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(percent=_percent, amount=_amount, exact=exact, short=_short, instant=_instant, path=_path)
    made.globals.update(spark_width=WIDTH, spark_height=HEIGHT)
    return made


def _percent(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:+,.{digits}%}"


def _amount(value: Decimal | float | None, digits: int = 2) -> str:
    return "–" if value is None else money(value, decimals=digits)


def _short(value: Decimal) -> str:
    """Write a fee: to the cent where it is large, by its digits where it is not."""
    return money(value) if abs(value) >= 1 else significant(value)


def _instant(at: datetime | date) -> str:
    if isinstance(at, datetime):
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{at}"


def _path(name: str) -> str:
    return quote(name, safe="")
