"""Measure what the journal of a backtest costs: the command as it is, and the same with the writing replaced.

    python -m tests.benchmarks.journal [--prices DIR] [--repeat N]

Users have no switch for it. Prints the medians of processor time (user and system), their ratio and the journal's size.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.processes import ROOT, Bench, Command, Market

WITHOUT = (
    "import sys, engine.journal.sqlite as journal; journal.write_journal = lambda *_, **__: None; "
    "sys.argv[0] = 'engine'; from engine.cli import main; main()"
)


def without_journal(command: Command) -> Command:
    """Give a command of the engine that does all but write its journal."""
    python, _, _, *arguments = command
    return (python, "-c", WITHOUT, *arguments)


def measure(bench: Bench, market: Market, *, repeat: int) -> None:
    """Run both in turn, and print what they took."""
    bench.compile()
    command = market.engine(bench.work / "out", "--no-report", "--quiet")
    found = bench.alternate({"with": command, "without": without_journal(command)}, repeat=repeat)
    failure = next((each.failure for each in found.values() if each.failure), None)
    if failure is not None:
        sys.exit(failure)
    with_journal, without = found["with"].cpu_seconds, found["without"].cpu_seconds
    sizes = [path.stat().st_size for path in bench.work.glob("out/*/journal.sqlite")]
    print(f"cpu with journal     {with_journal:6.3f} s")
    print(f"cpu without          {without:6.3f} s")
    print(f"ratio                {with_journal / without:6.3f}")
    print(f"journal              {max(sizes) / 1e6:6.2f} MB")


def main() -> None:
    """Measure on real prices where there are any, else on a generated market of 10 series and 9 years."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--prices", type=Path, default=Path(os.environ.get("PRICES_DIR") or ROOT.parent / "shared/data/prices")
    )
    parser.add_argument("--repeat", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(work=Path(work))
        market = bench.real(options.prices) if options.prices.is_dir() else bench.generate(10, 9)
        measure(bench, market, repeat=options.repeat)


if __name__ == "__main__":
    main()
