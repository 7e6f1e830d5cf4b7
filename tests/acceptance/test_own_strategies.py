"""Strategies of the working folder, and whatever else lies there, as met by a user who types a command."""

import re
from pathlib import Path

import pytest

from tests.support.command import ROOT, run_command

SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--to", "2018-03-31", "--no-report")
PAGE = (ROOT / "strategies" / "README.md").read_text(encoding="utf-8")
EXAMPLE, MOMENTUM, PROFIT_TAKEN = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_foreign_package_of_the_name_hides_nothing_and_does_not_run(tmp_path: Path) -> None:
    for place in ("strategies", "strategies/rules", "strategies/signals"):
        write(tmp_path / place / "__init__.py", "raise SystemExit('foreign')\n")

    ran = run_command("backtest", *SAMPLE, "--quiet", folder=tmp_path)

    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", "")


def test_ones_own_strategy_and_confirmation_run_from_the_working_folder_and_are_said(tmp_path: Path) -> None:
    strategy = write(tmp_path / "strategies" / "above_mean.py", EXAMPLE)
    confirmation = write(tmp_path / "strategies" / "rules" / "momentum.py", MOMENTUM)

    ran = run_command("backtest", *SAMPLE, "--set", "strategy={name: above_mean, mean_days: 100}", folder=tmp_path)
    confirmed = run_command("backtest", *SAMPLE, "--set", "strategy.confirmations=[momentum]", folder=tmp_path)
    quiet = run_command("backtest", *SAMPLE, "--set", "strategy={name: above_mean}", "--quiet", folder=tmp_path)

    assert ran.stdout.splitlines()[1].startswith("above_mean  2018-01-01 to 2018-03-31")
    assert f"strategies: above_mean is your own, from {strategy}\n" in ran.stderr
    assert f"strategies: momentum is your own, from {confirmation}\n" in confirmed.stderr
    assert "above_mean" not in confirmed.stderr
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("place", "chosen"),
    [("hold.py", "strategy={name: hold}"), ("rules/blue_sky.py", "strategy.confirmations=[blue_sky]")],
)
def test_a_name_that_is_also_built_in_is_refused_with_both_files(tmp_path: Path, place: str, chosen: str) -> None:
    own = write(tmp_path / "strategies" / place, "raise SystemExit('foreign')\n")

    ran = run_command("backtest", *SAMPLE, "--set", chosen, folder=tmp_path)

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert str(own) in ran.stderr
    assert str(ROOT / "strategies" / place) in ran.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "strategies"]
