"""Rotations side by side as a part of a page, without a script: each, their mean, and the band of random entries.

The drawing is stretched to its box, its labels are text beside it: so both are readable on a phone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.report.html.palette import COIN_COLOURS
from engine.report.html.templates import render

WIDE, HIGH = 1000, 600
"""Of the drawing, in its own units."""
ROOM = 0.05
"""Of what is shown, left free above and below."""
STEPS = (1, 2, 2.5, 5, 10)
DAY_STEPS = (1, 2, 7, 14, 21, 28, 42, 63, 91, 126, 182, 364)
MOST_TICKS, MOST_DAYS = 8, 7
MOST_NAMED = 24
"""So many rotations have a colour and stand in the key; more would be a thicket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label and its place along an axis, in percent of it from the left or the top."""

    place: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A rotation as it is drawn: its colour (0: none of its own), the points, and where it ended; None while open."""

    colour: int
    points: str
    end: str | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """What the drawing spans."""

    days: int
    low: float
    high: float

    def x(self, day: float) -> int:
        """Give the place of a day, from the left."""
        return round(WIDE * day / self.days)

    def y(self, value: float) -> int:
        """Give the place of a value, from the top."""
        return round(HIGH * (self.high - value) / (self.high - self.low))

    def points(self, line: Sequence[float]) -> str:
        """Give a line by day as the points of a polyline."""
        return " ".join(f"{self.x(day)},{self.y(value)}" for day, value in enumerate(line))

    def ticks(self) -> list[Tick]:
        """Give round values up the axis."""
        least = (self.high - self.low) / MOST_TICKS
        power = 10.0 ** math.floor(math.log10(least))
        step = next(step * power for step in STEPS if step * power >= least)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        decimals = max(0, -math.floor(math.log10(step)) + (step / power == STEPS[2]))
        return [
            Tick(place=100 * self.y(each * step) / HIGH, words=f"{each * step:+.{decimals}f}" if each else "0")
            for each in range(first, last + 1)
        ]

    def day_ticks(self) -> list[Tick]:
        """Give round numbers of days along the axis, whole weeks where there is room for few."""
        step = next((step for step in DAY_STEPS if self.days / step < MOST_DAYS), self.days)
        return [Tick(place=100 * day / self.days, words=f"{day}") for day in range(0, self.days + 1, step)]


def aligned_part(aligned: Mapping[str, Any], *, core: str, draws: int) -> str:
    """Write the part; empty where no rotation went on for a day.

    Args:
        aligned: as `study.json` and `aligned.json` have it.
        draws: how often the rotations were moved.
    """
    if not aligned["days"]:
        return ""
    rotations, band, mean = aligned["rotations"], aligned["band"], aligned["mean"]
    edges = [] if band is None else [band["q05"], band["q95"]]
    axes = _axes([mean, *edges, *(each["line"] for each in rotations)], aligned["days"])
    named = len(rotations) <= MOST_NAMED
    return render(
        "aligned.html.j2",
        core=core,
        draws=draws,
        wide=WIDE,
        high=HIGH,
        days=aligned["days"],
        ticks=axes.ticks(),
        day_ticks=axes.day_ticks(),
        zero=axes.y(0.0),
        band="" if band is None else f"{axes.points(band['q05'])} {_backwards(axes.points(band['q95']))}",
        mean=axes.points(mean),
        mean_words=f"mean of {len(rotations)}: {mean[-1]:+.2f}",
        band_words="" if band is None else f"{edges[0][-1]:+.2f} to {edges[1][-1]:+.2f}",
        rotations=[_drawn(each, number, axes, named=named) for number, each in enumerate(rotations, start=1)],
        named=named,
    )


def _axes(lines: Sequence[Sequence[float]], days: int) -> Axes:
    values = [0.0, *(value for line in lines for value in line)]
    room = ROOM * (max(values) - min(values)) or ROOM
    return Axes(days=days, low=min(values) - room, high=max(values) + room)


def _drawn(rotation: Mapping[str, Any], number: int, axes: Axes, *, named: bool) -> Drawn:
    line, exit_day = rotation["line"], rotation["exit"]
    return Drawn(
        colour=(number - 1) % COIN_COLOURS + 1 if named else 0,
        points=axes.points(line),
        end=None if exit_day is None else f"M{axes.x(len(line) - 1)} {axes.y(line[-1])}h0",
        words=f"R{number}, {rotation['entry']} to {exit_day or 'the end, open'}: {line[-1]:+.2f}",
    )


def _backwards(points: str) -> str:
    return " ".join(reversed(points.split(" ")))
