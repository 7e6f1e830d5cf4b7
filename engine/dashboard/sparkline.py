"""A curve small enough to stand beside its figures, as the path of an SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH, HEIGHT = 600, 120
MOST_BUCKETS = 300
"""Each gives its lowest and its highest point, so that no peak is lost."""
MARGIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """The path `line` in a box of WIDTH times HEIGHT, and what it goes between."""

    line: str
    low: float
    high: float


def sparkline(values: Sequence[float]) -> Sparkline | None:
    """Draw values from left to right at equal distances, on a log scale where all are positive; None below two."""
    drawn = [value for value in values if math.isfinite(value)]
    if len(drawn) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    low, high = min(drawn), max(drawn)
    scale = math.log if low > 0 else float
    bottom, top = scale(low), scale(high)

    def height(value: float) -> float:
        share = (scale(value) - bottom) / (top - bottom) if top > bottom else 0.5
        return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)

    points = [(place / (len(drawn) - 1) * WIDTH, height(drawn[place])) for place in _places(drawn)]
    return Sparkline(line="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), low=low, high=high)


def _places(values: Sequence[float]) -> list[int]:
    """Choose the places that are drawn: all of a short curve; else both ends, and of each bucket its two extremes."""
    count = len(values)
    if count <= 2 * MOST_BUCKETS:
        return list(range(count))
    borders = [count * number // MOST_BUCKETS for number in range(MOST_BUCKETS + 1)]
    chosen = {0, count - 1}
    for begin, end in pairwise(borders):
        chosen.add(min(range(begin, end), key=values.__getitem__))
        chosen.add(max(range(begin, end), key=values.__getitem__))
    return sorted(chosen)
