"""Whatever a file of a run folder holds: each report shows it, or says in a sentence what is wrong."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from engine.core.errors import EngineError
from engine.dashboard import pages
from engine.dashboard.board import Board
from engine.record.review.comparison import compare_runs
from engine.record.review.facts import review_of
from engine.record.review.plain import plain_comparison, plain_list, plain_review
from engine.record.review.selection import Selection
from engine.record.run_list import list_runs
from engine.record.run_record import read_run
from engine.report.html import page
from engine.report.html.page import report_html
from engine.report.review import print_review
from engine.report.run_comparison import print_comparison
from engine.report.run_list import print_list
from engine.wiring.analysis.export import EXPORTS, export_run
from tests.support.command import call_command
from tests.support.damage import damaged
from tests.support.dashboard import served
from tests.support.run_folders import BACKTEST, write_backtest

FILES = ("summary.json", "decisions.jsonl", "fills.csv", "rotations.csv", "equity.csv")


def is_a_sentence(text: str) -> bool:
    return "\n" not in text and "Error(" not in text and len(text) < 600


def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def reviewed(folder: Path) -> None:
    record = read_run(folder)
    review = review_of(record, Selection())
    print_review(console(), review, writer=None)
    comparison = compare_runs(record, record)
    print_comparison(console(), comparison)
    json.dumps([plain_review(review, writer=None), plain_comparison(comparison)], allow_nan=False)
    report_html(record)


def listed(folder: Path) -> None:
    entries = list_runs(folder.parent)
    print_list(console(), entries, folder.parent)
    json.dumps(plain_list(entries), allow_nan=False)


def exported(folder: Path) -> None:
    for kind in EXPORTS:
        export_run(folder, kind, to=io.StringIO())


def on_the_dashboard(folder: Path) -> None:
    board = Board(folder.parent)
    pages.runs_fragment(board.folders.rows(), out="logs")
    view = board.run(folder.name)
    assert view is not None
    pages.run_fragment(view)


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_cannot_hold_is_a_sentence_everywhere(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "plotly_script", lambda: "")
    folder = write_backtest(tmp_path)
    whole = (folder / name).read_text(encoding="utf-8")
    looks: tuple[Callable[[Path], None], ...] = (reviewed, listed, exported, on_the_dashboard)

    fallen = []
    every = list(damaged(name, whole))
    for what, text in every if "WHOLE_MATRIX" in os.environ else Random(name).sample(every, len(every) // 3):
        (folder / name).write_text(text, encoding="utf-8")
        for look in looks:
            try:
                look(folder)
            except EngineError as error:
                if not is_a_sentence(str(error)):
                    fallen.append(f"{what}: {error}")
            except Exception as error:  # noqa: BLE001 - any other one is what is looked for
                fallen.append(f"{what}: {look.__name__}: {error!r}")

    assert fallen == []


@pytest.mark.parametrize("value", ["0.0", "-5.0", "nan", "-inf", "x"])
def test_a_benchmark_worth_nothing_is_a_sentence_and_a_page(tmp_path: Path, value: str) -> None:
    folder = write_backtest(tmp_path)
    equity = folder / "equity.csv"
    equity.write_text(equity.read_text(encoding="utf-8").replace(",110.0,", f",{value},"), encoding="utf-8")
    found = repr(value) if value in ("nan", "-inf", "x") else f"{value!r} is not above 0"

    outcome = call_command("review", folder, "--html")
    with served(tmp_path) as dashboard:
        answer = dashboard.get(f"/runs/{BACKTEST}")

    assert outcome.exit_code == 3
    assert f"equity.csv: is damaged in row 2: 'hold_BTC': {found}" in outcome.stderr
    assert answer.status == 200
    assert "equity.csv: is damaged in row 2" in answer.text


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("fills.csv", ",9,101,", ",-9,101,", "row 1: 'quantity': '-9' is not above 0"),
        ("fills.csv", ",9,101,", ",9,0,", "row 1: 'price': '0' is not above 0"),
        ("rotations.csv", "1080.0", "-1.0", "row 1: 'start_equity': '-1.0' is not above 0"),
        ("decisions.jsonl", '"equity": 1080.0', '"equity": -1080.0', "row 2: 'equity': -1080.0 is below 0"),
        ("decisions.jsonl", '"index": {"close": 2000.0}', '"index": {"close": "x"}', "'index': 'close': 'x' is no"),
        ("decisions.jsonl", '"day": "2024-01-02"', '"day": "2024-01-01"', "2024-01-01 stands after 2024-01-01"),
        ("equity.csv", "2024-01-05", "2024-01-06", "equity.csv does not have the 5 days of decisions.jsonl"),
        ("equity.csv", "equity,cash", "cash,equity", "its columns are not day, equity, cash, state"),
        ("summary.json", '"max_drawdown": 0.0', '"max_drawdown": 0.5', "'max_drawdown': 0.5 is above 0"),
        ("summary.json", '"return": 0.0', '"return": "x"', "'benchmarks': 'BTC': 'return': 'x' is no number"),
    ],
)
def test_impossible_values_are_named_with_their_file_and_row(
    tmp_path: Path, name: str, old: str, new: str, sentence: str
) -> None:
    folder = write_backtest(tmp_path)
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(EngineError) as found:
        read_run(folder)

    assert name in str(found.value)
    assert sentence in str(found.value)
