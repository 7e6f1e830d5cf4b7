"""Series beside prices, as a user meets them: a confirmation that looks at three, and what happens without one."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import (
    LAST_DAY,
    Outcome,
    call_command,
    error_sentence,
    only_run_folder,
    small_configuration,
    write_small_market,
)

FIRST_WEDNESDAY = date(2014, 6, 4)
ENTRY = "2015-11-15"
"""The first rotation of the small market, without any confirmation."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    return folder


def write_series(folder: Path, name: str, value: Callable[[date], float], *, until: date = LAST_DAY) -> None:
    folder.mkdir(exist_ok=True)
    days = (FIRST_WEDNESDAY + timedelta(weeks=week) for week in range(200))
    rows = "".join(f"{day},{value(day)}\n" for day in days if day <= until)
    (folder / f"{name}.csv").write_text(f"date,value\n{rows}")


@pytest.fixture
def macro(tmp_path: Path) -> Path:
    """Give a folder of three series: assets grow until the autumn of 2015, nothing else moves."""
    folder = tmp_path / "macro"
    write_series(folder, "WALCL", lambda day: 4e6 + min(1000 * (day - FIRST_WEDNESDAY).days, 1e6))
    write_series(folder, "WTREGEN", lambda _: 2e5)
    write_series(folder, "RRPONTSYD", lambda _: 100.0)
    return folder


def configuration(tmp_path: Path, market: Path, macro: Path | None, **data: Any) -> Path:
    values = small_configuration(market)
    values["strategy"] = {**values["strategy"], "confirmations": ["net_liquidity"]}
    values["data"] = {**values["data"], "macro_dir": str(macro) if macro else None, **data}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def backtest(tmp_path: Path, config: Path) -> Outcome:
    return call_command("backtest", config, "--out", tmp_path / "logs", "--no-report")


def test_a_run_names_the_series_that_it_looked_at(tmp_path: Path, market: Path, macro: Path) -> None:
    ended = backtest(tmp_path, configuration(tmp_path, market, macro))

    summary = json.loads((only_run_folder(tmp_path / "logs") / "summary.json").read_text())
    assert ended.exit_code == 0, ended.stderr
    assert {name: facts["source"] for name, facts in summary["data_sources"].items() if "remark" in facts} == {
        "WALCL": "csv WALCL.csv",
        "WTREGEN": "csv WTREGEN.csv",
        "RRPONTSYD": "csv RRPONTSYD.csv",
    }
    assert summary["data_sources"]["WALCL"]["last"] == "2017-12-27"
    assert len(summary["data_sources"]["WALCL"]["sha256"]) == 64
    # All three are still there a day on which the assets had grown over 13 weeks.
    entries = (only_run_folder(tmp_path / "logs") / "rotations.csv").read_text().splitlines()[1:]
    assert entries[0].split(",")[1] == ENTRY


def test_an_entry_waits_for_what_is_not_published_yet(tmp_path: Path, market: Path, macro: Path) -> None:
    # Flat up to the Wednesday before the entry, which that Sunday knows; the next Wednesday jumps.
    entry = date.fromisoformat(ENTRY)
    write_series(macro, "WALCL", lambda day: 4e6 + (1e5 if day > entry else 0))

    backtest(tmp_path, configuration(tmp_path, market, macro))

    rotations = (only_run_folder(tmp_path / "logs") / "rotations.csv").read_text().splitlines()[1:]
    # Wednesday the 18th, out on Thursday the 19th at 21:30 UTC.
    assert rotations[0].split(",")[1] == "2015-11-19"


@pytest.mark.parametrize("name", ["WALCL", "RRPONTSYD"])
def test_a_series_that_is_needed_and_not_there_ends_with_code_3_and_its_name(
    tmp_path: Path, market: Path, macro: Path, name: str
) -> None:
    (macro / f"{name}.csv").unlink()

    ended = backtest(tmp_path, configuration(tmp_path, market, macro))

    assert f"{name}.csv is not in data.macro_dir" in " ".join(error_sentence(ended, exit_code=3).split())


def test_a_series_that_ends_early_ends_nothing_and_the_confirmation_does_not_hold(
    tmp_path: Path, market: Path, macro: Path
) -> None:
    write_series(macro, "RRPONTSYD", lambda _: 100.0, until=date(2015, 6, 30))

    ended = backtest(tmp_path, configuration(tmp_path, market, macro))

    folder = only_run_folder(tmp_path / "logs")
    assert ended.exit_code == 0
    assert (folder / "rotations.csv").read_text().splitlines()[1:] == []


def test_the_live_path_decides_on_the_same_values(tmp_path: Path, market: Path, macro: Path) -> None:
    config = configuration(tmp_path, market, macro)

    ended = call_command("parity", config, "--from", "2015-10-01", "--to", "2015-12-31", "--out", tmp_path / "logs")

    assert ended.exit_code == 0, ended.stderr
    assert "differences: none unexplained" in ended.stdout
