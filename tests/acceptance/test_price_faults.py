"""Prices that cannot be a market's, as a user meets them: a shifted or filled index, a price that jumps."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.command import (
    Outcome,
    call_command,
    error_sentence,
    only_run_folder,
    small_configuration,
    write_small_market,
)

Row = list[str]
JUMP_DAY = "2016-03-01"
"""Far from the ends of the small market."""


class Desk:
    """A folder with a configuration and the prices of the small market."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "runs"
        self.prices = folder / "prices"
        self.config = folder / "bot.yaml"
        write_small_market(self.prices)
        self.config.write_text(json.dumps(small_configuration(self.prices)), encoding="utf-8")

    def change(self, name: str, change: Callable[[list[Row]], list[Row]]) -> None:
        path = self.prices / name
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        rows = change([line.split(",") for line in lines])
        path.write_text("\n".join([header, *map(",".join, rows), ""]), encoding="utf-8")

    def backtest(self, *options: str) -> Outcome:
        return call_command("backtest", self.config, "--out", self.out, *options)

    def refused(self, *options: str) -> str:
        sentence = error_sentence(self.backtest(*options), exit_code=3)
        assert not self.out.exists()
        return sentence


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def moved(days: int, since: str = "") -> Callable[[list[Row]], list[Row]]:
    late = timedelta(days=days)
    return lambda rows: [
        [str(date.fromisoformat(row[0]) + late) if row[0] >= since else row[0], *row[1:]] for row in rows
    ]


def filled(*, weekends: bool) -> Callable[[list[Row]], list[Row]]:
    """Give every day, or every weekday, a row: that of the session before."""

    def change(rows: list[Row]) -> list[Row]:
        known, made, last = {row[0]: row for row in rows}, [], rows[0]
        day = date.fromisoformat(rows[0][0])
        while str(day) <= rows[-1][0]:
            last = known.get(str(day), last)
            if str(day) in known or weekends or day.isoweekday() <= 5:
                made.append([str(day), *last[1:]])
            day += timedelta(days=1)
        return made

    return change


def multiplied(factor: float, since: str = JUMP_DAY) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [
        [row[0], *(repr(float(price) * (factor if row[0] >= since else 1)) for price in row[1:5]), row[5]]
        for row in rows
    ]


INDICES = {
    # The small market's index begins on Thursday 2 January 2014; Martin Luther King's day is Monday 20 January.
    "weekends filled": (filled(weekends=True), r"line 4 \(2014-01-04\): New York was closed on that Saturday"),
    "holidays filled": (filled(weekends=False), r"line 14 \(2014-01-20\): New York was closed on that Monday"),
    "a day early": (
        moved(-1),
        "line 2: the whole series is shifted by a day: .* 2014-01-02 is dated 2014-01-01, a day early",
    ),
    "a day late": (
        moved(1),
        "line 2: the whole series is shifted by a day: .* 2014-01-02 is dated 2014-01-03, a day late",
    ),
    "a week early": (moved(-7), "line 2: the whole series is shifted by a week: .* is dated 2013-12-26, a week early"),
    "a week late": (moved(7), "line 2: the whole series is shifted by a week: .* is dated 2014-01-09, a week late"),
    "a day late from a day on": (
        moved(1, "2016-03-01"),
        "from 2016-03-02 on the series is shifted by a day: the session of 2016-03-01 is dated 2016-03-02",
    ),
    "a week early from a day on": (
        moved(-7, "2016-03-01"),
        "from 2016-02-23 on the series is shifted by a week: the session of 2016-03-01 is dated 2016-02-23",
    ),
    "a session twice": (lambda rows: [*rows[:9], rows[8], *rows[9:]], "line 11: date 2014-01-14 is given twice"),
}


@pytest.mark.parametrize(("change", "words"), INDICES.values(), ids=list(INDICES))
def test_an_index_with_other_days_than_new_york_had_is_refused(
    desk: Desk, change: Callable[[list[Row]], list[Row]], words: str
) -> None:
    desk.change("RUT.csv", change)

    assert re.search(rf"prices/RUT\.csv, .*{words}", desk.refused())


def test_a_huge_return_leaves_the_dates_beside_it_their_room(desk: Desk) -> None:
    desk.change("ETH.csv", multiplied(1e8, since="2016-06-01"))

    printed = desk.backtest().stdout

    shown = printed[printed.index("Rotations") : printed.index("hold BTC")]
    assert re.search(r"\+\d\.\d\de\d+%", shown)
    assert "…" not in shown


def test_an_index_with_lone_missing_sessions_is_no_shifted_one(desk: Desk) -> None:
    desk.change("RUT.csv", lambda rows: [row for number, row in enumerate(rows) if number % 97 != 50])

    assert desk.backtest().exit_code == 0


JUMPS = [
    pytest.param(
        "ETH.csv", 1000.0, r"ETH: jump of the price: the close of 2016-03-01 is [\d.,]+ times that of 2016-02-29"
    ),
    pytest.param(
        "ETH.csv", 0.001, r"ETH: jump of the price: the close of 2016-03-01 is 1/[\d.,]+ of that of 2016-02-29"
    ),
    pytest.param("RUT.csv", 2.0, r"RUT: jump of the price: the close of 2016-03-01 is [\d.]+ times that of 2016-02-29"),
]


@pytest.mark.parametrize(("name", "factor", "words"), JUMPS)
def test_a_jump_is_said_loudly_wherever_the_run_is_read(desk: Desk, name: str, factor: float, words: str) -> None:
    desk.change(name, multiplied(factor))

    told = desk.backtest()

    assert (told.exit_code, told.stderr) == (0, "")
    said = " ".join(told.stdout.split())
    assert re.search(rf"WARNING: {words}", said)
    assert said.index("WARNING: the prices jump") > said.index("Not investment advice")
    folder = only_run_folder(desk.out)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    (doubt,) = summary["doubts"]
    assert re.match(words, doubt)
    assert summary["notes"][0] == doubt
    assert f" WARNING {doubt}" in (folder / "run.log").read_text(encoding="utf-8")
    assert f"WARNING: {doubt}" in (folder / "report.html").read_text(encoding="utf-8")
    review = call_command("review", folder.name, "--out", desk.out)
    lines = " ".join(review.stdout.split())
    assert lines.index(f"WARNING: {doubt}") < lines.index("Rotations")
    assert json.loads(call_command("review", folder.name, "--out", desk.out, "--json").stdout)["doubts"] == [doubt]


@pytest.mark.parametrize(("name", "factor", "words"), JUMPS)
def test_a_jump_ends_a_run_that_refuses_it_before_anything_is_written(
    desk: Desk, name: str, factor: float, words: str
) -> None:
    desk.change(name, multiplied(factor))

    assert re.match(rf"{words}.* \(data\.jumps: error\)$", " ".join(desk.refused("--set", "data.jumps=error").split()))


@pytest.mark.parametrize("options", [["--to", "2016-02-29"], ["--set", "strategy={name: hold}"]])
def test_a_jump_that_the_run_does_not_see_is_not_said(desk: Desk, options: Sequence[str]) -> None:
    # After the last decision day; or of an index that the strategy does not look at.
    desk.change("RUT.csv", multiplied(2.0))

    told = desk.backtest("--set", "data.jumps=error", *options)

    assert (told.exit_code, told.stderr) == (0, "")
    assert "WARNING" not in told.stdout


def test_a_quiet_market_has_no_doubts(desk: Desk) -> None:
    told = desk.backtest("--set", "data.jumps=error")

    assert told.exit_code == 0
    assert "WARNING" not in told.stdout
    assert json.loads((only_run_folder(desk.out) / "summary.json").read_text(encoding="utf-8"))["doubts"] == []
