"""Markets to backtest, the commands that do it, and their measurement as whole processes."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

DEFAULT_EQUAL = ("SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")
DEFAULT_SERIES = ("RUT", "BTC", "ETH", *DEFAULT_EQUAL)

Command: TypeAlias = Sequence[str]
Row: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run of a command: wall and processor seconds, peak memory, how it ended and what it printed."""

    seconds: float
    cpu_seconds: float
    mebibytes: float
    exit_code: int
    output: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    """All runs of one command."""

    name: str
    samples: tuple[Sample, ...]

    @cached_property
    def seconds(self) -> float:
        return statistics.median(sample.seconds for sample in self.samples)

    @cached_property
    def cpu_seconds(self) -> float:
        return statistics.median(sample.cpu_seconds for sample in self.samples)

    @cached_property
    def mebibytes(self) -> float:
        return statistics.median(sample.mebibytes for sample in self.samples)

    @cached_property
    def failure(self) -> str | None:
        """What the first run that failed printed last; None when all ended well."""
        failed = next((sample for sample in self.samples if sample.exit_code), None)
        if failed is None:
            return None
        lines = failed.output.strip().splitlines()
        return f"{self.name} ended with {failed.exit_code}: {lines[-1] if lines else 'no output'}"

    def row(self) -> Row:
        runs = [{key: value for key, value in asdict(sample).items() if key != "output"} for sample in self.samples]
        return {
            "name": self.name,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "mebibytes": self.mebibytes,
            "runs": runs,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A folder of CSV files, with the two commands that backtest it."""

    folder: Path
    configuration: Path
    equal: tuple[str, ...]
    first_day: str

    def engine(self, out: Path, *options: str) -> Command:
        return (sys.executable, "-m", "engine", "backtest", str(self.configuration), "--out", str(out), *options)

    def plain(self, *options: str) -> Command:
        script = str(HERE / "plain_backtrader.py")
        given = ("--equal", ",".join(self.equal), "--from", self.first_day)
        return (sys.executable, script, str(self.folder), *given, *options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where measurements write, and the environment that their processes see.

    Attributes:
        root: the checkout whose program is measured.
    """

    work: Path
    root: Path = ROOT

    def environment(self) -> dict[str, str]:
        # Bytecode is written, as on a user's machine, but into the temporary folder.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return environment | {"PYTHONPYCACHEPREFIX": str(self.work / "bytecode"), "NO_COLOR": "1"}

    def compile(self) -> None:
        """Compile the program; what it imports is compiled by the first, unmeasured run."""
        command = (sys.executable, "-m", "compileall", "-q", "engine", "strategies")
        subprocess.run(command, cwd=self.root, env=self.environment(), check=True)

    def sample(self, command: Command) -> Sample:
        log = self.work / "output.log"
        measure = (sys.executable, "-I", "-S", str(HERE / "measure.py"), str(log), *command)
        done = subprocess.run(
            measure, cwd=self.root, env=self.environment(), check=True, capture_output=True, text=True
        )
        return Sample(**json.loads(done.stdout), output=log.read_text(encoding="utf-8", errors="replace"))

    def alternate(self, commands: Mapping[str, Command], *, repeat: int, warm_up: bool = True) -> dict[str, Measured]:
        """Run the commands in turn, A B A B …, so that a slow minute of the machine hits all of them."""
        for command in commands.values() if warm_up else ():
            self.sample(command)
        samples: dict[str, list[Sample]] = {name: [] for name in commands}
        for _ in range(repeat):
            for name, command in commands.items():
                samples[name].append(self.sample(command))
        return {name: Measured(name=name, samples=tuple(runs)) for name, runs in samples.items()}

    def generate(self, series: int, years: int) -> Market:
        # In a process of its own: numpy and pandas stay out of this one.
        folder = self.work / f"market-{series}-{years}"
        size = ("--series", str(series), "--years", str(years))
        command = (sys.executable, str(HERE / "generate.py"), str(folder), *size)
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True, stdout=subprocess.DEVNULL)
        coins = sorted(path.stem for path in folder.glob("COIN*.csv"))
        first_day = (folder / "BTC.csv").read_text(encoding="utf-8").splitlines()[1].partition(",")[0]
        return Market(folder=folder, configuration=folder / "config.yaml", equal=tuple(coins), first_day=first_day)

    def real(self, prices: Path) -> Market:
        path = self.work / "real.yaml"
        folders = {"crypto": "csv", "index": "csv", "csv_dir": str(prices), "cache_dir": str(self.work / "cache")}
        # JSON is YAML; the strategy's defaults are the rules of the plain script.
        path.write_text(json.dumps({"name": "real", "data": folders}), encoding="utf-8")
        return Market(folder=prices, configuration=path, equal=DEFAULT_EQUAL, first_day="2018-01-01")
