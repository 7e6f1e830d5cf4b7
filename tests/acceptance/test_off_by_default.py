"""What is off by default is not even loaded by a run that does not name it."""

import json
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from tests.support.command import ROOT, small_configuration, write_small_market

OFF = (
    "strategies.rotating.basket", "strategies.rotating.tranches", "strategies.rules.basket_weighed",
    "strategies.rules.breakout_again", "strategies.rules.part_due", "strategies.rules.macd_death_cross",
    "strategies.rules.trailing_support", "strategies.rules.basket_drawdown", "strategies.rules.basket_stop",
    "strategies.rules.confirmation_lost", "strategies.signals.exit_changes", "engine.core.volatility_target",
    "engine.wiring.backtest.aligned", "engine.analysis.study.aligned", "engine.report.html.aligned",
)  # fmt: skip
ELSEWHERE = (
    "engine.data.sample", "engine.data.sample_regimes", "engine.venues.answers", "engine.wiring.data.live_market",
    "engine.record.run_record", "engine.report.html.page", "exchange_calendars", "platformdirs", "rich.console",
)  # fmt: skip
"""What others need: made-up bars, live runs, whoever reads a record, prints, or fetches. Each costs milliseconds."""
RUN = """
import sys
from engine.cli import main
sys.argv = ["engine", "backtest", *sys.argv[1:]]
try:
    main()
finally:
    print(sorted(sys.modules))
"""


SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--to", "2018-02-28")


def loaded(folder: Path, *options: str, names: Collection[str] = OFF, data: Sequence[str] = SAMPLE) -> set[str]:
    """Give those of the modules that a backtest loads."""
    usual = ("--quiet", "--no-report", "--out", str(folder))
    command = [sys.executable, "-c", RUN, *data, *usual, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in names if repr(name) in done.stdout}


def test_a_default_run_loads_none_of_it(tmp_path: Path) -> None:
    assert loaded(tmp_path) == set()


def test_a_run_over_files_loads_what_it_needs(tmp_path: Path) -> None:
    market, config = tmp_path / "market", tmp_path / "config.yaml"
    write_small_market(market)
    config.write_text(json.dumps(small_configuration(market)), encoding="utf-8")

    assert loaded(tmp_path / "out", names=ELSEWHERE, data=[str(config)]) == set()


def test_a_run_loads_what_it_names(tmp_path: Path) -> None:
    further = ("--set", "strategy.exits=[basket_stop]", "--set", "risk.volatility_target=0.5")

    assert loaded(tmp_path, *further) == {
        "strategies.rules.basket_stop", "strategies.signals.exit_changes", "engine.core.volatility_target"
    }  # fmt: skip
