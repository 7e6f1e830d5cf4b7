"""What is off by default is not even loaded by a run that does not name it."""

import subprocess
import sys
from pathlib import Path

from tests.support.command import ROOT

OFF = (
    "strategies.rotating.basket", "strategies.rotating.tranches", "strategies.rules.basket_weighed",
    "strategies.rules.breakout_again", "strategies.rules.part_due", "strategies.rules.macd_death_cross",
    "strategies.rules.trailing_support", "strategies.rules.basket_drawdown", "strategies.rules.basket_stop",
    "strategies.rules.confirmation_lost", "strategies.signals.exit_changes", "engine.core.volatility_target",
    "engine.wiring.aligned", "engine.analysis.study.aligned", "engine.report.html.aligned",
)  # fmt: skip
RUN = """
import sys
from engine.cli import main
sys.argv = ["engine", "backtest", *sys.argv[1:]]
try:
    main()
finally:
    print(sorted(sys.modules))
"""


def loaded(folder: Path, *options: str) -> set[str]:
    """Give those of them that a backtest loads."""
    sample = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--to", "2018-02-28")
    command = [sys.executable, "-c", RUN, *sample, "--quiet", "--no-report", "--out", str(folder), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in OFF if repr(name) in done.stdout}


def test_a_default_run_loads_none_of_it(tmp_path: Path) -> None:
    assert loaded(tmp_path) == set()


def test_a_run_loads_what_it_names(tmp_path: Path) -> None:
    further = ("--set", "strategy.exits=[basket_stop]", "--set", "risk.volatility_target=0.5")

    assert loaded(tmp_path, *further) == {
        "strategies.rules.basket_stop", "strategies.signals.exit_changes", "engine.core.volatility_target"
    }  # fmt: skip
