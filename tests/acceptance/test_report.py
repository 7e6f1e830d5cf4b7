"""`report.html` as a user gets it from `backtest`: there unless refused, small enough, the same again, and fast."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.command import call_command, only_run_folder, run_command

SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")
CONFIG = "config/rotation.yaml"
LARGEST = 6_000_000
"""Bytes of the report of nine years of days."""


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("sample")
    outcome = call_command("backtest", CONFIG, *SAMPLE, "--out", out)
    assert outcome.exit_code == 0, outcome.stderr
    return only_run_folder(out), outcome.stdout


def test_the_last_lines_name_the_report_and_it_is_small_enough(sample_run: tuple[Path, str]) -> None:
    folder, stdout = sample_run

    report = folder / "report.html"
    assert f"report: {report}" in stdout.splitlines()[-3:]
    assert 4_000_000 < report.stat().st_size < LARGEST
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_report_shows_the_figures_of_the_summary_and_that_they_are_made_up(sample_run: tuple[Path, str]) -> None:
    page = (sample_run[0] / "report.html").read_text(encoding="utf-8")

    # What the README shows of this run.
    for figure in ("2,185,992", "2,086.0%", "−89.1%", "1,704.9%", "2,895.7%", "59,063.47"):
        assert figure in page, figure
    assert "SYNTHETIC – made-up prices" in page
    assert "Not investment advice." in page


def test_the_report_lays_the_rotations_side_by_side_with_the_band_of_random_entries(
    sample_run: tuple[Path, str],
) -> None:
    folder, stdout = sample_run
    page = (folder / "report.html").read_text(encoding="utf-8")
    aligned = json.loads((folder / "aligned.json").read_text(encoding="utf-8"))

    assert page.count('<polygon class="band-of"') == 1
    assert page.count("<polyline points=") == len(aligned["aligned"]["rotations"]) == aligned["n"] == 11
    # 3,103 decision days: 126, 133 and so on, up to 2,977.
    assert aligned["random_entries"]["draws"] == 408
    sentence = "rests on n = 11 separate rotations after "
    assert sentence in page
    assert sentence in " ".join(stdout.split())


def test_without_report_there_is_none_and_none_is_named(tmp_path: Path) -> None:
    outcome = call_command("backtest", CONFIG, *SAMPLE, "--from", "2024-01-01", "--out", tmp_path, "--no-report")

    assert outcome.exit_code == 0
    assert "report: " not in outcome.stdout
    assert not (only_run_folder(tmp_path) / "report.html").exists()
    assert not (only_run_folder(tmp_path) / "aligned.json").exists()
    assert "random entries" not in outcome.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--set", "strategy={name: hold}"),
        ("--set", "strategy={name: macd_timing}"),
        ("--from", "2024-06-01", "--to", "2024-06-01"),
        ("--from", "2023-04-01", "--to", "2023-05-01"),
    ],
    ids=["hold", "macd_timing", "one day", "no rotation"],
)
def test_other_strategies_and_short_spans_have_a_report(options: tuple[str, ...], tmp_path: Path) -> None:
    outcome = call_command("backtest", CONFIG, *SAMPLE, *options, "--out", tmp_path)

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert (only_run_folder(tmp_path) / "report.html").stat().st_size < LARGEST


def test_one_run_has_one_report_to_the_byte_in_whatever_folder_and_process(
    sample_run: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = sample_run
    outcome = run_command("backtest", CONFIG, *SAMPLE, "--out", tmp_path / "again")
    assert outcome.exit_code == 0, outcome.stderr

    again = only_run_folder(tmp_path / "again") / "report.html"

    assert again.read_bytes() == (folder / "report.html").read_bytes()


def test_a_report_is_written_again_from_the_folder_alone(sample_run: tuple[Path, str], tmp_path: Path) -> None:
    from engine.report.html.page import write_report

    copy = tmp_path / "moved elsewhere"
    shutil.copytree(sample_run[0], copy)
    (copy / "report.html").unlink()

    assert write_report(copy).read_bytes() == (sample_run[0] / "report.html").read_bytes()
