"""Rotations side by side as they are drawn: where lines lie, round labels, and what there is no room for."""

import re
from typing import Any

import pytest

from engine.report.html.aligned import Axes, aligned_part


def rotation(*line: float, exit_day: str | None = "2024-01-03") -> dict[str, Any]:
    return {"entry": "2024-01-01", "exit": exit_day, "line": list(line)}


def part(*rotations: dict[str, Any], band: dict[str, list[float]] | None = None) -> str:
    lines = [each["line"] for each in rotations]
    days = max(map(len, lines)) - 1
    padded = [[*line, *[line[-1]] * (days + 1 - len(line))] for line in lines]
    mean = [sum(column) / len(lines) for column in zip(*padded, strict=True)]
    aligned = {"days": days, "rotations": list(rotations), "mean": mean, "band": band}
    return aligned_part(aligned, core="BTC", draws=1234)


def test_each_rotation_their_mean_and_the_band_are_drawn() -> None:
    found = part(
        rotation(0.0, 0.5, 1.0),
        rotation(0.0, -1.0, exit_day=None),
        band={"q05": [0.0, -0.5, -0.5], "q95": [0.0, 0.5, 0.5]},
    )

    # From -1.1 to 1.1, of 600: 0 is in the middle, 1 a twenty-second from the top.
    assert '<polyline points="0,300 500,164 1000,27"/>' in found
    assert '<polyline points="0,300 500,573"/>' in found
    assert '<polyline class="mean" points="0,300 500,368 1000,300">' in found
    assert '<polygon class="band-of" points="0,300 500,436 1000,436 1000,164 500,164 0,300"/>' in found
    assert found.count('class="end"') == 1
    assert "R2, 2024-01-01 to the end, open: −1.00" in found
    assert "mean of 2: +0.00" in found
    assert "(1,234 times)" in found


def test_where_there_is_no_band_the_page_says_why() -> None:
    found = part(rotation(0.0, 0.5))

    assert "polygon" not in found
    assert "too short to move its rotations" in found


def test_nothing_is_drawn_of_a_rotation_of_the_last_day() -> None:
    assert part(rotation(0.0, exit_day=None)) == ""


def test_a_flat_line_has_room_above_and_below() -> None:
    assert '<polyline points="0,300 1000,300"/>' in part(rotation(0.0, 0.0))


def test_more_rotations_than_colours_can_tell_apart_are_drawn_alike_and_not_named() -> None:
    found = part(*[rotation(0.0, 0.1)] * 25)

    assert found.count('<g class="c0">') == 25
    assert len(re.findall("<li>", found)) == 1


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.4, 0.9, ["−0.4", "−0.2", "0", "+0.2", "+0.4", "+0.6", "+0.8"]),
        (-0.01, 0.15, ["0", "+0.02", "+0.04", "+0.06", "+0.08", "+0.10", "+0.12", "+0.14"]),
        (-9.0, 9.0, ["−7.5", "−5.0", "−2.5", "0", "+2.5", "+5.0", "+7.5"]),
        (0.0, 0.19, ["0", "+0.025", "+0.050", "+0.075", "+0.100", "+0.125", "+0.150", "+0.175"]),
    ],
)
def test_labels_are_round_and_not_too_many(low: float, high: float, words: list[str]) -> None:
    ticks = Axes(days=126, low=low, high=high).ticks()

    assert [tick.words.replace("-", "−") for tick in ticks] == words


@pytest.mark.parametrize(
    ("days", "words"), [(1, "0 1"), (13, "0 2 4 6 8 10 12"), (126, "0 21 42 63 84 105 126"), (4000, "0 4000")]
)
def test_days_are_labelled_by_whole_weeks(days: int, words: str) -> None:
    assert " ".join(tick.words for tick in Axes(days=days, low=0.0, high=1.0).day_ticks()) == words
