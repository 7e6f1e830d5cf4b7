"""The charts, as plotly figures in plain dictionaries: importing plotly would cost more than the whole report.

A value `{"$": name}` stands for a column, a text `@name` or `@name/opacity` for a colour of the palette; the page's
script puts both in. A unit test does the same and has plotly check the result.
"""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from typing import Any

from engine.core.chart import Chart, Curve, Marks
from engine.record.record_rows import RotationRow
from engine.report.html.columns import CHART_DIGITS, Column, Columns, digits
from engine.report.html.palette import colour_of_asset

Figure = dict[str, Any]
Trace = dict[str, Any]

DRAWDOWN_PART = 0.27
"""Of the height of the first chart."""
EDGE = 0.008
"""Of the days shown, left free on either side."""
ROOM_OF_A_NAME = 0.06
"""Of the days shown, as wide as the name of a rotation on a phone."""
ROUND_STEPS = ((1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,))
NARROW = 1.5
"""Between amounts closer to each other than by this factor, even steps are as good as round ones, and finer."""
EVEN_STEPS = (0.1, 0.2, 0.5, 1)
MOST_TICKS = 10
FLAT = -0.05
"""A drawdown less deep than this has ticks between whole percents."""


def equity_figure(
    columns: Columns, *, name: str, benchmarks: Sequence[str], rotations: Sequence[RotationRow]
) -> Figure:
    """Draw equity on a logarithmic axis, and the drawdown under it."""
    own = _line("day", "equity", escape(name), "@strategy", width=1.8, hover="%{y:,.0f}") | {"legendrank": 1}
    holds = [
        _line("day", f"hold {each}", f"hold {escape(each)}", colour_of_asset(each, 0), width=1.1, hover="%{y:,.0f}")
        for each in benchmarks
    ]
    fall = _line("day", "drawdown", "drawdown", "@strategy", width=1, hover="%{y:.1%}")
    fall |= {"yaxis": "y2", "showlegend": False, "fill": "tozeroy", "fillcolor": "@strategy/0.10"}
    drawn = ["equity", *(f"hold {each}" for each in benchmarks)]
    ticks = _round_ticks([value for column in drawn for value in columns[column] if value])
    layout = _layout(columns, rotations, named=True)
    layout["yaxis"] |= {
        "type": "log",
        "domain": [DRAWDOWN_PART + 0.06, 1],
        "tickvals": ticks,
        "ticktext": [_short(tick) for tick in ticks],
    }
    deepest = min((value for value in columns["drawdown"] if value is not None), default=0.0)
    layout["yaxis2"] = _axis() | {
        "domain": [0, DRAWDOWN_PART],
        "tickformat": ".0%" if deepest <= FLAT else ".1%",
        "rangemode": "tozero",
    }
    layout["xaxis"]["anchor"] = "y2"
    return {"data": [*holds, own, fall], "layout": layout, "height": 520}


def chart_columns(columns: Columns, key: str, chart: Chart) -> dict[str, Column]:
    """Give the values of the curves of a rule's chart, and its days where they are not those of the run."""
    curves = {f"{key} {each.name}": [digits(value, CHART_DIGITS) for value in each.values] for each in chart.curves}
    return curves if chart.days == columns["day"] else {**curves, f"{key} day": list(chart.days)}


def chart_figure(columns: Columns, key: str, chart: Chart, *, rotations: Sequence[RotationRow]) -> Figure:
    """Draw the chart of a rule."""
    curves = [each for each in chart.curves if any(value is not None for value in each.values)]
    marks = [each for each in chart.marks if each.points]
    layout = _layout(columns, rotations)
    layout["yaxis"] |= {"tickformat": chart.tick}
    if any(each.shape == "bars" for each in curves):
        layout["yaxis"] |= {"zeroline": True, "zerolinecolor": "@muted", "zerolinewidth": 1}
        layout["bargap"] = 0
    x = f"{key} day" if f"{key} day" in columns else "day"
    data = [*(_curve(x, f"{key} {each.name}", chart, each) for each in curves), *(_marks(each) for each in marks)]
    return {"data": data, "layout": layout, "height": chart.height}


def held_figure(columns: Columns, assets: Sequence[str], *, rotations: Sequence[RotationRow]) -> Figure:
    """Draw what was held, as stacked shares of equity."""
    coloured = [(f"share {asset}", escape(asset), colour_of_asset(asset, i)) for i, asset in enumerate(assets)]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": {"$": "day"},
            "y": {"$": column},
            "name": name,
            "stackgroup": "held",
            "line": {"width": 0, "color": colour, "shape": "hv"},
            "fillcolor": f"{colour}/0.62",
            "hovertemplate": "%{y:.1%}",
        }
        for column, name, colour in [*coloured, ("share of cash", "cash", "@cash")]
    ]
    layout = _layout(columns, rotations, shaded=False)
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1]}
    return {"data": data, "layout": layout, "height": 300}


def _line(
    x: str,
    y: str,
    name: str,
    colour: str,
    *,
    width: float,
    hover: str = "%{y:,.2f}",
    dash: str = "solid",
    shape: str = "linear",
) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": {"$": x},
        "y": {"$": y},
        "name": name,
        "line": {"color": colour, "width": width, "dash": dash, "shape": shape},
        "hovertemplate": hover,
    }


def _curve(x: str, y: str, chart: Chart, curve: Curve) -> Trace:
    colour, hover = f"@{curve.tone}", f"%{{y:,.{chart.decimals}f}}"
    if curve.shape == "bars":
        bars = {"type": "bar", "x": {"$": x}, "y": {"$": y}, "name": escape(curve.name), "hovertemplate": hover}
        return bars | {"marker": {"color": colour, "line": {"width": 0}}}
    dash, shape = "dot" if curve.dotted else "solid", "hv" if curve.shape == "steps" else "linear"
    return _line(x, y, escape(curve.name), colour, width=curve.width, hover=hover, dash=dash, shape=shape)


def _marks(marks: Marks) -> Trace:
    days, values, words = zip(*marks.points, strict=True)
    symbol, tone = marks.look
    colour = f"@{tone}"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": days,
        "y": values,
        "text": [escape(each) for each in words],
        "name": escape(marks.name),
        "marker": {"symbol": symbol, "color": colour, "size": 9, "line": {"width": 1.8, "color": colour}},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _layout(
    columns: Columns, rotations: Sequence[RotationRow], *, named: bool = False, shaded: bool = True
) -> dict[str, Any]:
    first, last = columns["day"][0], columns["day"][-1]
    return {
        # All charts show the same days, so that what is above each other is of one day.
        "xaxis": _axis()
        | {
            "type": "date",
            "showgrid": False,
            "hoverformat": "%Y-%m-%d",
            # Of a short run, the days are written in two lines.
            "automargin": True,
            "range": _around(first, last),
        },
        "yaxis": _axis(),
        "shapes": [_band(rotation, last) for rotation in rotations] if shaded else [],
        "annotations": [_name_of_band(rotation, first, last) for rotation in rotations] if named else [],
        "uirevision": "kept",
    }


def _axis() -> dict[str, Any]:
    return {"gridcolor": "@line", "zeroline": False, "linecolor": "@line", "tickcolor": "@line"}


def _around(first: str, last: str) -> list[str]:
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    margin = timedelta(days=max(1, round(days * EDGE)))
    return [(date.fromisoformat(first) - margin).isoformat(), (date.fromisoformat(last) + margin).isoformat()]


def _band(rotation: RotationRow, last: str) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": rotation.entry_day.isoformat(),
        "x1": last if rotation.exit_day is None else rotation.exit_day.isoformat(),
        "y0": 0,
        "y1": 1,
        "fillcolor": "@shade",
        "line": {"width": 0},
        "layer": "below",
    }


def _name_of_band(rotation: RotationRow, first: str, last: str) -> dict[str, Any]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    # A name to the right of the last days would run out of the chart.
    is_last = (end - rotation.entry_day) < (end - begin) * ROOM_OF_A_NAME
    return {
        "xref": "x",
        "yref": "paper",
        "x": rotation.entry_day.isoformat(),
        "y": 1,
        "xanchor": "right" if is_last else "left",
        "yanchor": "top",
        "text": f"R{rotation.rotation}",
        "showarrow": False,
        "font": {"size": 11, "color": "@accent"},
    }


def _short(amount: float) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if amount >= size:
            return f"{amount / size:g}{letter}"
    return f"{amount:g}"


def _round_ticks(values: Sequence[float]) -> list[float]:
    """Give round amounts between the least and the greatest value, the finest that are not too many."""
    if not values:
        return []
    low, high = min(values), max(values)
    if low < high < low * NARROW:
        return _even_ticks(low, high)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ROUND_STEPS:
        ticks = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(ticks) <= MOST_TICKS:
            break
    return ticks


def _even_ticks(low: float, high: float) -> list[float]:
    power = 10.0 ** math.floor(math.log10(high - low))
    for size in EVEN_STEPS:
        step = size * power
        ticks = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
        if len(ticks) <= MOST_TICKS:
            break
    return ticks
