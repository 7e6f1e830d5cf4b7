"""What strategies that never rotate leave: their own name, round trips, and no table that they have no use for."""

import csv
import json
from pathlib import Path

import pytest

from engine.dashboard.board import Board
from engine.dashboard.pages import run_fragment
from tests.support.command import Outcome, call_command, only_run_folder

SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--to", "2020-06-30")


@pytest.fixture(scope="module")
def timing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A backtest of `macd_timing` under the default name."""
    out = tmp_path_factory.mktemp("timing")
    return out, call_command("backtest", *SAMPLE, "--set", "strategy={name: macd_timing}", "--out", out)


def test_folder_title_and_column_bear_the_strategys_name(timing: tuple[Path, Outcome]) -> None:
    out, ran = timing
    folder = only_run_folder(out)

    assert folder.name.startswith("backtest-macd_timing-")
    assert "macd_timing  2018-01-01 to 2020-06-30" in ran.stdout
    assert "macd_timing  hold BTC  hold ETH\n" in "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["name"] == "macd_timing"


def test_fills_appear_as_round_trips_in_summary_review_report_and_dashboard(timing: tuple[Path, Outcome]) -> None:
    out, ran = timing
    folder = only_run_folder(out)
    with (folder / "fills.csv").open(encoding="utf-8", newline="") as file:
        fills = list(csv.DictReader(file))
    bought = [row["decision_day"] for row in fills if row["side"] == "buy"]
    sold = [row["decision_day"] for row in fills if row["side"] == "sell"]

    reviewed = json.loads(call_command("review", folder, "--json").stdout)["round_trips"]
    words = call_command("review", folder).stdout
    view = Board(out).run(folder.name)

    assert [trip["entry_day"] for trip in reviewed] == bought
    assert [trip["exit_day"] for trip in reviewed] == [*sold, *[None] * (len(bought) - len(sold))]
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert view is not None
    for shown in (ran.stdout, words, report, run_fragment(view)):
        assert "Round trips" in shown
        assert "death_cross" in shown
        assert bought[-1] in shown


def test_there_is_no_table_of_rotations_and_no_basket_but_the_file_has_its_header(
    timing: tuple[Path, Outcome],
) -> None:
    out, ran = timing
    folder = only_run_folder(out)
    words = call_command("review", folder).stdout
    compared = call_command("review", folder, folder).stdout
    view = Board(out).run(folder.name)

    assert view is not None
    for shown in (ran.stdout, words, compared, run_fragment(view)):
        assert "otation" not in shown
        assert "days rotated" not in shown
        assert "hold basket" not in shown
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="rotations"' not in report
    assert '<th scope="col">hold basket</th>' not in report
    assert (folder / "rotations.csv").read_text(encoding="utf-8").startswith("rotation,entry_day,exit_day,")


def test_the_basket_of_a_core_that_is_no_benchmark_is_shown_as_holding_it(tmp_path: Path) -> None:
    ran = call_command(
        "backtest", *SAMPLE, "--set", "strategy={name: hold, core: SOL}", "--no-report", "--out", tmp_path
    )

    assert "hold BTC  hold ETH  hold SOL" in ran.stdout
