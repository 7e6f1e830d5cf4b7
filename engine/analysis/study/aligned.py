"""Rotations laid side by side from their entries on, and the band in which the same rotations lie at other times.

The mean of a day is over all rotations, of which one that has ended keeps what it ended with: so the last day of the
mean is the mean excess, and the last day of the band is that of random entries.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.analysis.study.excess import Basket, Span, against, moved, random_shifts
from engine.core.market import Floats

LOW, HIGH = 0.05, 0.95


def aligned_with_chance(basket: Basket, spans: Sequence[Span], iso: Callable[[int], str]) -> dict[str, Any]:
    """Give `aligned`, None where nothing rotated, and `random_entries`, as plain values.

    Args:
        iso: writes the decision day at a position.
    """
    days, count = max((span.exit - span.entry for span in spans), default=0), len(basket.days)
    lines = lines_of(basket, spans, days)
    at_random = [lines_of(basket, moved(spans, steps, count), days) for steps in random_shifts(count)]
    total, totals = math.fsum(lines[:, -1]), [math.fsum(each[:, -1]) for each in at_random]
    low, high = np.quantile(totals, (LOW, HIGH)) if totals else (0.0, 0.0)
    chance = {**against(total, totals), "q05": float(low), "q95": float(high)}
    if not spans:
        return {"aligned": None, "random_entries": chance}
    rotations = [
        {
            "entry": iso(span.entry),
            "exit": None if span.open else iso(span.exit),
            "line": line[: span.exit - span.entry + 1],
        }
        for span, line in zip(spans, lines.tolist(), strict=True)
    ]
    aligned = {
        "days": days,
        "rotations": rotations,
        "mean": lines.mean(axis=0).tolist(),
        "band": band_of([each.mean(axis=0) for each in at_random]),
    }
    return {"aligned": aligned, "random_entries": chance}


def lines_of(basket: Basket, spans: Sequence[Span], days: int) -> Floats:
    """Give the excess of each rotation by day since its entry; shape (rotations, days + 1)."""
    lines = np.empty((len(spans), days + 1))
    for row, span in zip(lines, spans, strict=True):
        line = basket.line(span)
        row[: len(line)], row[len(line) :] = line, line[-1]
    return lines


def band_of(means: Sequence[Floats]) -> dict[str, Any] | None:
    """Give the band in which nine of ten means lie by day since entry; None where there are none."""
    if not means:
        return None
    low, high = np.quantile(np.array(means), (LOW, HIGH), axis=0)
    return {"q05": low.tolist(), "q95": high.tolist()}
