"""When a live run looks for a study of its bars: not more often than days are decided and studies are made."""

import json
from datetime import date
from pathlib import Path

import pytest

from engine.core.market import History
from engine.core.strategy import Universe
from engine.wiring.backtest.quoted_study import StudyBeside, study_data
from tests.support.bars import bars_of

UNIVERSE = Universe(core="BTC", assets=("BTC", "ETH"), indices=("IWM",), basket={"ETH": 1.0})
FIRST, DAY = date(2024, 1, 1), date(2024, 1, 3)
HISTORY = History(series={name: bars_of(name, FIRST, [1.0, 2.0, 3.0, 4.0]) for name in ("BTC", "ETH", "IWM")})


class Asked:
    """Gives the history, and remembers for which days it was asked for."""

    def __init__(self) -> None:
        self.days: list[date] = []

    def __call__(self, day: date) -> History:
        self.days.append(day)
        return HISTORY


def write(out: Path, time: str = "20260101T000000Z", *, end: date = DAY) -> None:
    folder = out / f"study-rotation-{time}"
    folder.mkdir()
    content = {"end": str(end), "draws": 9999, "data": study_data(HISTORY, UNIVERSE, end), "results": []}
    (folder / "study.json").write_text(json.dumps(content), encoding="utf-8")


def test_the_index_has_the_name_that_a_study_has_for_it() -> None:
    assert set(study_data(HISTORY, UNIVERSE, DAY)) == {"BTC", "ETH", "RUT"}


def test_bars_are_asked_for_only_where_a_study_ends_on_the_day(tmp_path: Path) -> None:
    beside, asked = StudyBeside(tmp_path, UNIVERSE), Asked()
    write(tmp_path)

    seen = [beside.look(date(2024, 1, day), asked) for day in (2, 3, 3, 4)]

    assert seen == [False, True, False, False]
    assert asked.days == [DAY]
    assert beside.found is None


def test_a_study_that_is_made_meanwhile_is_seen(tmp_path: Path) -> None:
    beside, asked = StudyBeside(tmp_path, UNIVERSE), Asked()
    before = beside.look(DAY, asked)

    write(tmp_path)

    assert (before, beside.look(DAY, asked)) == (False, True)
    assert beside.found is not None
    assert beside.found["folder"] == "study-rotation-20260101T000000Z"


def test_a_run_that_does_not_rotate_has_no_claim_behind_an_entry(tmp_path: Path) -> None:
    write(tmp_path)
    beside = StudyBeside(tmp_path, Universe(core="BTC", assets=("BTC",)))

    assert not beside.look(DAY, lambda _: pytest.fail("no bars are wanted"))
