"""Second opinions are loaded by a backtest, and by nothing that decides without them."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.support.command import ROOT

OPINIONS = {"backtrader", "ta", "pandas"}
RUN = """
import sys
from engine.cli import main
sys.argv = ["engine", *sys.argv[1:]]
try:
    main()
finally:
    print(sorted(sys.modules))
"""


def loaded_by(command: str, *arguments: str) -> set[str]:
    """Give which of them a command loads, on the sample."""
    sample = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--quiet")
    run = [sys.executable, "-c", RUN, command, *arguments, *sample]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    return OPINIONS.intersection(ast.literal_eval(done.stdout))


def test_a_backtest_loads_all_of_them(tmp_path: Path) -> None:
    assert loaded_by("backtest", "--to", "2018-02-28", "--no-report", "--out", str(tmp_path)) == OPINIONS


def test_an_explanation_loads_none() -> None:
    assert loaded_by("explain", "config/rotation.yaml", "--day", "2018-02-28") == set()
