"""`review --export` as a user types it: to a file, for beancount, for pandas."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.command import ROOT, call_command, error_sentence, only_run_folder

SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    done = call_command("backtest", "config/rotation.yaml", *SAMPLE, "--no-report", "--out", out)
    assert done.exit_code == 0, done
    return only_run_folder(out)


def printed(run: Path, kind: str, *, to: Path) -> Path:
    """Export as a shell does it: stdout into a file."""
    command = [sys.executable, "-m", "engine", "review", str(run), "--export", kind]
    with to.open("wb") as file:
        subprocess.run(command, cwd=ROOT, stdout=file, check=True, env={**os.environ, "COLUMNS": "80"})
    return to


def test_bean_check_has_nothing_to_say_of_the_ledger(run: Path, tmp_path: Path) -> None:
    ledger = printed(run, "beancount", to=tmp_path / "ledger.beancount")

    checked = subprocess.run(
        [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(ledger)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_bean_check_names_a_line_that_was_altered(run: Path, tmp_path: Path) -> None:
    ledger = printed(run, "beancount", to=tmp_path / "ledger.beancount")
    text = ledger.read_text(encoding="utf-8")
    ledger.write_text(text.replace("Expenses:Fees  ", "Expenses:Fees  1", 1), encoding="utf-8")

    checked = subprocess.run(
        [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(ledger)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 1
    assert "does not balance" in checked.stderr + checked.stdout


def test_the_last_balance_of_cash_is_that_of_the_last_day(run: Path, tmp_path: Path) -> None:
    table = printed(run, "csv", to=tmp_path / "ledger.csv").read_text(encoding="utf-8")
    *_, last = (
        row["balance"]
        for row in csv.DictReader(io.StringIO(table))
        if (row["account"], row["asset"]) == ("own", "USDT")
    )

    *_, line = (run / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    assert float(last) == pytest.approx(json.loads(line)["cash"], abs=1e-8)


def test_returns_compound_to_the_return_of_the_summary(run: Path, tmp_path: Path) -> None:
    path = printed(run, "returns", to=tmp_path / "returns.csv")
    returns = pd.read_csv(path, index_col=0, parse_dates=True).squeeze()

    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert isinstance(returns, pd.Series)
    assert float(np.prod(1 + returns.to_numpy())) - 1 == pytest.approx(summary["total_return"], rel=1e-9)
    assert len(returns) == summary["decision_days"] - 1


def test_an_unknown_kind_is_answered_with_the_known_ones(run: Path) -> None:
    sentence = error_sentence(call_command("review", run, "--export", "xml"), exit_code=2)

    assert "xml" in sentence
    assert "csv, beancount, returns" in sentence
