"""Measure the whole board of a day against `explain --day`, and what the board adds to a backtest.

    python -m tests.benchmarks.board [--repeat N] [--data DIR]

DIR holds `prices/` and `macro/`; without it the sample is measured, which has every series.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.processes import ROOT, Bench, Command

MOST = 2.5
"""The board of a day may take so many times `explain --day`."""
TEN = (
    "blue_sky",
    "phase",
    "chain",
    "risk_appetite",
    "net_liquidity",
    "calm",
    "altseason",
    "quiet_90",
    "season",
    "lag_gap",
)
DAY = "2025-06-30"


def commands(data: Path | None, out: Path) -> dict[str, Command]:
    """Give what is measured, each as a user types it."""
    chosen = ["crypto=sample", "index=sample"]
    if data is not None:
        chosen = [f"{key}=csv" for key in ("crypto", "index", "macro")]
        chosen += [f"csv_dir={data / 'prices'}", f"macro_dir={data / 'macro'}"]
    where = [f"--set=data.{each}" for each in chosen]
    engine, config = (sys.executable, "-m", "engine"), str(ROOT / "config" / "rotation.yaml")
    backtest = (*engine, "backtest", config, "--out", str(out), "--no-report", *where)
    # On no day all ten hold; what counts is that they are asked.
    asked = f"--set=strategy.confirmations=[at_least: {{n: 1, of: [{', '.join(TEN)}]}}]"
    return {
        "explain --day": (*engine, "explain", config, "--day", DAY, *where),
        "context --day": (*engine, "context", config, "--day", DAY, *where),
        "backtest": backtest,
        "backtest, ten systems": (*backtest, asked),
        "backtest --context": (*backtest, "--context"),
        "--help": (*engine, "--help"),
    }


def main() -> int:
    """Measure; 1 when a command failed or the board takes too long."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.board", description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, help="measured runs of each command (default 5)")
    parser.add_argument("--data", type=Path, help="folder of prices/ and macro/ (default: the sample)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as work:
        bench = Bench(work=Path(work))
        bench.compile()
        measured = bench.alternate(commands(arguments.data, bench.work / "runs"), repeat=arguments.repeat)
    failures = [each.failure for each in measured.values() if each.failure]
    for each in measured.values():
        print(f"{each.name:24} {each.seconds:6.2f} s {each.cpu_seconds:6.2f} s of the processor")
    ratio = measured["context --day"].cpu_seconds / measured["explain --day"].cpu_seconds
    print(f"context / explain: {ratio:.2f} of the processor's time; at most {MOST} is promised", *failures, sep="\n")
    return 1 if failures or ratio > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
