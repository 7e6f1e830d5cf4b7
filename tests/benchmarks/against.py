"""Measure this program against that of another checkout: the same commands, in turn, in one run.

    python -m tests.benchmarks.against CHECKOUT [--repeat N] [--prices DIR] [--large] [--parity] [--only NAME]...

Prints the medians of wall and processor time (user and system) and their ratios. Ratios travel between machines.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.journal import without_journal
from tests.benchmarks.processes import ROOT, Bench, Command, Market, Measured

DAY = "2021-03-05"
SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")
PARITY = ("parity", "config/rotation.yaml", "--from", "2021-01-01", "--to", "2021-09-30", *SAMPLE)
PLAIN = "plain driver, backtest"
"""Decisions and fills alone here, against the whole backtest there."""
LARGE = "200 series, 27 years"
SPEED = re.compile(r"(\d+) days per second")


def commands(market: Market, work: Path, *, with_parity: bool) -> Mapping[str, Command]:
    """Give what is measured, as a user types it."""
    backtest = whole(market, work)
    engine = (sys.executable, "-m", "engine")
    chosen: dict[str, Command] = {
        "backtest": backtest,
        "backtest, no journal": without_journal(backtest),
        "explain --day": (*engine, "explain", str(market.configuration), "--day", DAY),
    }
    if with_parity:
        chosen["parity"] = (*engine, *PARITY, "--out", str(work / "out"))
    return chosen


def whole(market: Market, work: Path) -> Command:
    """Give a whole backtest without its report."""
    return market.engine(work / "out", "--no-report", "--quiet")


def decisions(market: Market) -> Command:
    """Give what loads, observes and drives through the plain driver, and no more; earlier checkouts have none."""
    return (sys.executable, "-m", "tests.benchmarks.decisions", str(market.configuration))


def measure(
    here: Bench, there: Bench, name: str, command: Command, *, repeat: int, of: Command | None = None
) -> tuple[Measured, Measured]:
    """Run a command in both checkouts in turn, after one unmeasured run of each.

    Args:
        of: what the other checkout runs, where that is something else.
    """
    benches = {"here": (here, command), "there": (there, of or command)}
    for bench, own in benches.values():
        bench.sample(own)
    runs = [{which: bench.sample(own) for which, (bench, own) in benches.items()} for _ in range(repeat)]
    ours, theirs = (Measured(name=f"{name} ({which})", samples=tuple(run[which] for run in runs)) for which in benches)
    return ours, theirs


def shown(name: str, ours: Measured, theirs: Measured) -> str:
    """Give the line of a command."""
    if failure := ours.failure or theirs.failure:
        return f"{name:22} {failure}"
    ratio = ours.cpu_seconds / theirs.cpu_seconds
    speeds = [SPEED.search(each.samples[-1].output) for each in (ours, theirs)]
    said = "   " + " and ".join(f"{found[1]} days a second" for found in speeds if found) if all(speeds) else ""
    return (
        f"{name:22} {ours.seconds:6.2f} {theirs.seconds:6.2f} s wall   "
        f"{ours.cpu_seconds:6.2f} {theirs.cpu_seconds:6.2f} s cpu   ratio {ratio:.3f}{said}"
    )


def main() -> None:
    """Measure on real prices where there are any, else on a generated market of 10 series and 9 years."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.against", description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, help="the folder of the other checkout")
    parser.add_argument("--repeat", type=int, default=7, help="measured runs of each command (default 7)")
    prices = Path(os.environ.get("PRICES_DIR") or ROOT.parent / "shared/data/prices")
    parser.add_argument("--prices", type=Path, default=prices)
    parser.add_argument("--large", action="store_true", help="a generated market of 200 series and 27 years too")
    parser.add_argument("--parity", action="store_true", help="parity too, once a checkout: it takes some minutes")
    parser.add_argument("--only", action="append", help="measure the line of this name alone (repeatable)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as work:
        here = Bench(work=Path(work))
        there = replace(here, root=options.checkout.resolve())
        for bench in (here, there):
            bench.compile()
        market = here.real(options.prices) if options.prices.is_dir() else here.generate(10, 9)
        print(f"{'':22} here, there")
        for name, command in commands(market, here.work, with_parity=options.parity).items():
            if options.only and name not in options.only:
                continue
            repeat = 1 if name == "parity" else options.repeat
            print(shown(name, *measure(here, there, name, command, repeat=repeat)), flush=True)
        if not options.only or PLAIN in options.only:
            of = whole(market, here.work)
            print(
                shown(PLAIN, *measure(here, there, PLAIN, decisions(market), repeat=options.repeat, of=of)), flush=True
            )
        if options.large:
            command = whole(here.generate(200, 27), here.work)
            print(shown(LARGE, *measure(here, there, LARGE, command, repeat=min(options.repeat, 3))), flush=True)


if __name__ == "__main__":
    main()
