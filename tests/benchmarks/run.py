"""Measure the backtest command against a plain backtrader script, and how it grows with the market.

    python -m tests.benchmarks.run [--quick] [--prices DIR] [--repeat N] [--with-plain] [--json FILE]

README.md, beside this file, says how to read the tables. The measured programs write into a temporary folder only.
"""

import argparse
import csv
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.table import Table

from tests.benchmarks.processes import DEFAULT_SERIES, ROOT, Bench, Market, Measured, Row

CONSOLE = Console(width=None if sys.stdout.isatty() else 80, highlight=False, soft_wrap=False)

ENGINE, REPORT, PLAIN, LEAN = "engine backtest", "with report.html", "plain backtrader", "plain --lean"
NO_REPORT = "--no-report"
SIZES = ((13, 9), (50, 9), (200, 9), (13, 27), (50, 27), (200, 27))
QUICK_SIZES = SIZES[:2]

Rotations: TypeAlias = list[tuple[str, str, str]]
"""Entry day, exit day (empty while open) and reason of each rotation."""


def engine_rotations(out: Path) -> tuple[float, Rotations]:
    """Read final equity and rotations from the newest run folder under `out`."""
    summary = max(out.glob("*/summary.json"), key=lambda path: path.stat().st_mtime_ns)
    equity = float(json.loads(summary.read_text(encoding="utf-8"))["final_equity"])
    with (summary.parent / "rotations.csv").open(encoding="utf-8", newline="") as file:
        return equity, [(row["entry_day"], row["exit_day"], row["exit_reason"]) for row in csv.DictReader(file)]


def plain_rotations(output: str) -> tuple[float, Rotations]:
    """Read final equity and rotations from what the plain script printed."""
    equity = float(output.splitlines()[0].rpartition(" ")[2])
    found = re.findall(r"^(\d{4}-\d\d-\d\d) (\S+) (\w+)", output, flags=re.MULTILINE)
    return equity, [(entry, "" if leave == "-" else leave, reason) for entry, leave, reason in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How the results of engine and plain script compare: each pair is engine first."""

    same_rotations: bool
    rotations: tuple[int, int]
    final_equity: tuple[float, float]

    def lines(self) -> tuple[str, str]:
        """Say it in words."""
        verdict = "the same to the day" if self.same_rotations else "DIFFERENT"
        ratio = self.final_equity[0] / self.final_equity[1]
        return (
            f"Rotations: {verdict} (engine {self.rotations[0]}, plain script {self.rotations[1]}).",
            f"Final equity, engine / plain script: {ratio:.4f}.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCost:
    """What `report.html` costs beyond the backtest: wall and processor seconds, size of the file."""

    seconds: float
    cpu_seconds: float
    megabytes: float

    def line(self) -> str:
        """Say it in words."""
        seconds = f"{self.seconds:.2f} s ({self.cpu_seconds:.2f} of the processor)"
        return f"The report takes {seconds} beyond the backtest, and {self.megabytes:.1f} MB."


def agreement(out: Path, output: str) -> Agreement:
    """Compare the results of both programs: the engine's run folder, the script's output."""
    engine_equity, engine = engine_rotations(out)
    plain_equity, plain = plain_rotations(output)
    return Agreement(
        same_rotations=engine == plain,
        rotations=(len(engine), len(plain)),
        final_equity=(engine_equity, plain_equity),
    )


def compare(bench: Bench, market: Market, title: str, repeat: int) -> Row:
    """Measure engine, plain scripts and the reference lines on one market; print and return the result."""
    out = bench.work / "runs"
    commands = {
        ENGINE: market.engine(out, NO_REPORT),
        REPORT: market.engine(out),
        PLAIN: market.plain(),
        LEAN: market.plain("--lean"),
    }
    references = {
        "engine --help": (sys.executable, "-m", "engine", "--help"),
        "python -c pass": (sys.executable, "-c", "pass"),
    }
    measured = bench.alternate(commands, repeat=repeat) | bench.alternate(references, repeat=repeat)
    CONSOLE.print(comparison_table(title, measured))
    result: Row = {"title": title, "commands": [each.row() for each in measured.values()]}
    if not measured[ENGINE].failure and not measured[PLAIN].failure:
        agreed = agreement(out, measured[PLAIN].samples[-1].output)
        CONSOLE.print(*agreed.lines(), sep="\n")
        result["agreement"] = asdict(agreed)
    if not measured[ENGINE].failure and not measured[REPORT].failure:
        cost = report_cost(out, measured)
        CONSOLE.print(cost.line())
        result["report"] = asdict(cost)
    return result | {"failures": say_failures(measured.values())}


def report_cost(out: Path, measured: Mapping[str, Measured]) -> ReportCost:
    """Give what `report.html` adds to a backtest."""
    page = next(out.glob("*/report.html"))
    return ReportCost(
        seconds=measured[REPORT].seconds - measured[ENGINE].seconds,
        cpu_seconds=measured[REPORT].cpu_seconds - measured[ENGINE].cpu_seconds,
        megabytes=page.stat().st_size / 1_000_000,
    )


def comparison_table(title: str, measured: Mapping[str, Measured]) -> Table:
    """Lay out the first table."""
    table = Table(title=title, title_justify="left")
    table.add_column("command")
    for heading in ("median s", "range s", "cpu s", "peak MiB", "engine / it"):
        table.add_column(heading, justify="right")
    engine = measured[ENGINE]
    for name, result in measured.items():
        if result.failure:
            table.add_row(name, "failed")
            continue
        seconds = [sample.seconds for sample in result.samples]
        spread = f"{min(seconds):.2f}-{max(seconds):.2f}"
        ratio = f"{engine.seconds / result.seconds:.2f}" if name in (PLAIN, LEAN) and not engine.failure else ""
        figures = (f"{result.seconds:.2f}", spread, f"{result.cpu_seconds:.2f}", f"{result.mebibytes:.0f}")
        table.add_row(name, *figures, ratio)
    return table


def grow(bench: Bench, sizes: Sequence[tuple[int, int]], *, repeat: int, with_plain: bool) -> Row:
    """Measure markets of growing size; print and return the result."""
    table = Table(title="Growth with the market (generated)", title_justify="left")
    for heading in ("series", "years", "bars", "engine s", "MiB", *(("plain s", "MiB", "ratio") if with_plain else ())):
        table.add_column(heading, justify="right")
    rows: list[Row] = []
    failures: list[str] = []
    with CONSOLE.status("", spinner="line") as status:
        for series, years in sizes:
            status.update(f"{series} series, {years} years")
            market = bench.generate(series, years)
            commands = {ENGINE: market.engine(bench.work / f"runs-{series}-{years}", NO_REPORT)}
            measured = bench.alternate(commands, repeat=repeat, warm_up=False)
            if with_plain:
                # Once: it is slow enough for its noise not to matter.
                measured |= bench.alternate({PLAIN: market.plain()}, repeat=1, warm_up=False)
            failures += say_failures(measured.values())
            bars = sum(path.read_bytes().count(b"\n") - 1 for path in market.folder.glob("*.csv"))
            rows.append(
                {
                    "series": series,
                    "years": years,
                    "bars": bars,
                    "commands": [result.row() for result in measured.values()],
                }
            )
            cells = [cell for result in measured.values() for cell in growth_cells(result)]
            if with_plain:
                ratio = measured[ENGINE].seconds / measured[PLAIN].seconds
                cells.append("" if any(result.failure for result in measured.values()) else f"{ratio:.3f}")
            table.add_row(str(series), str(years), f"{bars:,}", *cells)
    CONSOLE.print(table)
    return {"rows": rows, "failures": failures}


def growth_cells(result: Measured) -> tuple[str, str]:
    """Give the two cells of a command in the growth table."""
    return ("failed", "") if result.failure else (f"{result.seconds:.2f}", f"{result.mebibytes:.0f}")


def say_failures(results: Iterable[Measured]) -> list[str]:
    """Print and return what went wrong."""
    failures = [result.failure for result in results if result.failure]
    for failure in failures:
        CONSOLE.print(failure, markup=False, style="red")
    return failures


def choose_prices(given: Path | None) -> Path | None:
    """Find the folder of real prices, and say so when there is none."""
    folder = given or Path(os.environ.get("PRICES_DIR") or ROOT.parent / "shared" / "data" / "prices")
    missing = [name for name in DEFAULT_SERIES if not (folder / f"{name}.csv").is_file()]
    if not missing:
        return folder.resolve()
    CONSOLE.print(
        f"No real prices: {folder} lacks {', '.join(missing)}; comparing on a generated market.", markup=False
    )
    return None


def machine() -> Row:
    """Describe what the figures were measured on."""
    return {"python": platform.python_version(), "system": platform.platform(), "processors": os.cpu_count()}


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one run each, the two smallest markets")
    parser.add_argument(
        "--prices", type=Path, help="folder of the real prices (default: PRICES_DIR, ../shared/data/prices)"
    )
    parser.add_argument("--repeat", type=int, default=5, help="measured runs of each command (default 5)")
    parser.add_argument("--with-plain", action="store_true", help="plain backtrader in the growth table too (minutes)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    if arguments.repeat < 1:
        parser.error(f"--repeat {arguments.repeat}: at least 1 is wanted")
    return arguments


def main() -> int:
    """Measure everything; 1 when a command failed."""
    arguments = parse_arguments()
    repeat = 1 if arguments.quick else arguments.repeat
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as work:
        bench = Bench(work=Path(work))
        bench.compile()
        prices = choose_prices(arguments.prices)
        market = bench.real(prices) if prices else bench.generate(10, 9)
        title = "Real prices, 10 series" if prices else "Generated market, 10 series, 9 years"
        comparison = compare(bench, market, title, repeat)
        CONSOLE.print()
        sizes = QUICK_SIZES if arguments.quick else SIZES
        growth = grow(bench, sizes, repeat=min(repeat, 3), with_plain=arguments.with_plain)
    if arguments.json:
        figures = {"machine": machine(), "comparison": comparison, "growth": growth}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if comparison["failures"] or growth["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
