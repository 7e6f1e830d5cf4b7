"""`python -m engine exchange`, as it is typed."""

import csv
import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import localcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import ccxt
import pytest

from tests.support.command import SMALL_STRATEGY, error_sentence, run_command, write_small_market
from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
FIRST_LINE = re.compile(
    r"practice exchange at (?P<url>http://127\.0\.0\.1:\d+), .*, clock at \d{4}-\d\d-\d\d 00:00 UTC"
)
ONE_DAY = timedelta(days=1)
CHINESE = "币安人生"
"""A coin of the testnet (2026-06)."""


def bars(folder: Path, *names: str) -> Path:
    rows = [f"2024-01-{day:02d},40000,40000,40000,40000,1" for day in range(1, 11)]
    for name in names or ("BTC.csv",):
        (folder / name).write_text("date,open,high,low,close,volume\n" + "\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def own_rounding() -> Iterator[None]:
    """Keep to these tests what ccxt's unified calls do to the thread for good: decimals then round half up."""
    with localcontext():
        yield


@contextmanager
def exchange(*options: str | Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "engine", "exchange", "--port", "0", *map(str, options)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """What it prints before it serves."""

    lines: list[str]
    url: str
    environment: dict[str, str]
    command: list[str]

    def client(self) -> Any:
        """Make a ccxt client of its own, as somebody else's program would."""
        key, secret = (self.environment[f"BINANCE_TESTNET_API_{name}"] for name in ("KEY", "SECRET"))
        client = ccxt.binance({"apiKey": key, "secret": secret, "options": {"defaultType": "spot"}})
        client.options["fetchMarkets"] = {"types": ["spot"]}
        client.options["adjustForTimeDifference"] = True
        client.set_sandbox_mode(True)
        for side in ("public", "private"):
            client.urls["api"][side] = f"{self.url}/api/v3"
        return client

    def get(self, path: str) -> Any:
        with urlopen(f"{self.url}{path}") as answer:
            return json.load(answer)

    def a_day_on(self) -> None:
        with urlopen(f"{self.url}/practice/clock", data=b'{"advance_seconds": 86400}') as answer:
            answer.read()

    def paste(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Type the export lines and the command into a shell, as they were printed."""
        exports = [line for line in self.lines if line.startswith("export ")]
        command = next(line for line in self.lines if "-m engine paper" in line)
        script = "\n".join([*exports, f"{command} {shlex.join(more)}"])
        return subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
        )


def introduced(process: "subprocess.Popen[str]") -> Introduction:
    """Read up to the command that is to be pasted, and on to what stands after it where the clock stands still."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("curl "):
        line = process.stdout.readline()
        assert line, (lines, process.stderr and process.stderr.read())
        lines.append(line.removesuffix("\n"))
    found = FIRST_LINE.fullmatch(lines[0])
    assert found, lines
    exports = [line.removeprefix("export ").partition("=") for line in lines if line.startswith("export ")]
    (command,) = [shlex.split(line) for line in lines if "-m engine paper" in line]
    environment = {name: value for name, _, value in exports}
    assert set(environment) == {"BINANCE_TESTNET_API_KEY", "BINANCE_TESTNET_API_SECRET"}
    return Introduction(lines=lines, url=found["url"], environment=environment, command=command)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_trades_with_the_keys_it_prints_until_it_is_signalled(tmp_path: Path, number: signal.Signals) -> None:
    with exchange("--data", bars(tmp_path), "--at", "2024-01-05", "--speed", "0") as process:
        client = introduced(process).client()

        order = client.create_order("BTC/USDT", "market", "buy", 0.1)
        time = client.fetch_time()
        client.session.close()
        process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE_SECONDS)

    assert (order["status"], order["average"]) == ("closed", 40_020)
    # 2024-01-05 is 19727 days after 1970-01-01.
    assert time == 19_727 * 86_400_000
    assert (process.returncode, complaint) == (0, "")


def test_without_data_it_serves_the_synthetic_sample_and_says_so() -> None:
    with exchange("--speed", "0") as process:
        shown = introduced(process)
        price = shown.get("/api/v3/ticker/price?symbol=DOGEUSDT")
        process.send_signal(signal.SIGINT)
        last, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert "synthetic" in shown.lines[0]
    assert "synthetic" in last
    assert price["symbol"] == "DOGEUSDT"
    assert process.returncode == 0


def test_the_keys_stand_whole_in_lines_of_80_columns() -> None:
    with exchange("--speed", "0") as process:
        lines = introduced(process).lines

    assert [len(line) <= 80 for line in lines if line.startswith("export ")] == [True, True]


def fills_of(out: Path) -> list[dict[str, str]]:
    with (out / "paper-rotation-binance-testnet" / "fills.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_in_time(fills: list[dict[str, str]]) -> None:
    for fill in fills:
        assert datetime.fromisoformat(fill["time"]).date() == date.fromisoformat(fill["decision_day"]) + ONE_DAY, fill


def test_the_command_it_prints_works_as_pasted_on_the_sample_and_fills_in_time(tmp_path: Path) -> None:
    with exchange("--speed", "0", "--at", "2026-06-21", "--out", tmp_path) as process:
        shown = introduced(process)
        for _ in range(2):
            done = shown.paste("--once")
            assert done.returncode == 0, done
            shown.a_day_on()

    assert_in_time(fills := fills_of(tmp_path))
    assert {fill["decision_day"] for fill in fills} == {"2026-06-20", "2026-06-21"}
    summary = json.loads((tmp_path / "paper-rotation-binance-testnet" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["synthetic"], summary["rotations"]) == (True, 1)
    assert "synthetic" in done.stdout.splitlines()[0]
    assert "synthetic" in done.stdout.splitlines()[-1]


def test_the_command_it_prints_works_as_pasted_on_files_and_fills_in_time(tmp_path: Path) -> None:
    market, out = tmp_path / "my prices", tmp_path / "out"
    write_small_market(market)
    strategy = json.dumps(SMALL_STRATEGY)
    with exchange(
        "--data", market, "--speed", "0", "--at", "2015-11-15", "--out", out, "--set", f"strategy={strategy}"
    ) as process:
        shown = introduced(process)
        for _ in range(2):
            done = shown.paste("--once")
            assert done.returncode == 0, done
            shown.a_day_on()

    assert_in_time(fills := fills_of(out))
    assert {fill["decision_day"] for fill in fills} == {"2015-11-14", "2015-11-15"}
    assert "synthetic" not in done.stdout + done.stderr


def test_a_coin_whose_name_is_of_another_script_is_served(tmp_path: Path) -> None:
    with exchange("--data", bars(tmp_path, "BTC.csv", f"{CHINESE}.csv"), "--speed", "0") as process:
        shown = introduced(process)
        price = shown.get(f"/api/v3/ticker/price?symbol={quote(CHINESE)}USDT")
        client = shown.client()
        order = client.create_order(f"{CHINESE}/USDT", "market", "buy", 1)
        client.session.close()

    assert float(price["price"]) == 40_000
    assert order["status"] == "closed"


def test_files_that_are_not_served_are_named_with_the_reason(tmp_path: Path) -> None:
    names = ("BTC.csv", "RUT.csv", "USDT.csv", "eth.csv", "BTC (1).csv", "SOL.CSV", "R\x1b[31m\nD.csv")
    (bars(tmp_path, *names) / "WALCL.csv").write_text("date,value\n2024-01-03,7000\n", encoding="utf-8")

    with exchange("--data", tmp_path, "--speed", "0") as process:
        shown = introduced(process)
        symbols = {symbol["symbol"] for symbol in shown.get("/api/v3/exchangeInfo")["symbols"]}

    left_out = dict(line.removeprefix("not served: ").split(": ", 1) for line in shown.lines if "not served" in line)
    assert set(left_out) == {*names[1:-1], "R\ufffd[31m\ufffdD.csv", "WALCL.csv"}
    assert ".csv in small letters" in left_out["SOL.CSV"]
    assert left_out["RUT.csv"] == "the index, no coin"
    assert "capitals" in left_out["eth.csv"]
    assert "holds no bars" in left_out["WALCL.csv"]
    assert "BTCUSDT" in symbols
    assert not {"ETHUSDT", "SOLUSDT", "RUTUSDT", "WALCLUSDT"} & symbols


def test_a_folder_whose_name_would_be_no_text_in_yaml_is_found_by_the_printed_command(tmp_path: Path) -> None:
    (folder := tmp_path / "my prices: 2024 #1").mkdir()

    with exchange("--data", bars(folder), "--speed", "0") as process:
        done = introduced(process).paste("--once", "--out", str(tmp_path / "runs"))

    # Found, and more than Bitcoin is wanted of it.
    assert done.returncode == 3
    assert done.stderr.endswith(f"{folder / 'ETH.csv'}: no such file; {folder} holds BTC.csv\n")


def test_another_index_of_the_strategy_is_no_coin_either(tmp_path: Path) -> None:
    bars(tmp_path, "BTC.csv", "SPX.csv", "RUT.csv")

    with exchange("--data", tmp_path, "--speed", "0", "--set", "strategy.index=SPX") as process:
        lines = introduced(process).lines

    assert "not served: SPX.csv: the index, no coin" in lines
    assert not any("RUT.csv" in line for line in lines)


def test_costs_that_are_set_are_taken(tmp_path: Path) -> None:
    with exchange(
        "--data", bars(tmp_path), "--speed", "0", "--set", "costs.slippage=0.01", "--set", "costs.commission=0"
    ) as process:
        shown = introduced(process)
        client = shown.client()
        order = client.create_order("BTC/USDT", "market", "buy", 0.1)
        client.session.close()

    # A percent worse than 40,000, and nothing taken of what was bought.
    assert (order["average"], order["fee"]["cost"]) == (40_400, 0)
    assert "costs.slippage=0.01" in shown.command


def test_a_quiet_exchange_says_nothing(tmp_path: Path) -> None:
    with exchange("--data", bars(tmp_path), "--quiet", "--at", "2024-01-05") as process:
        # It serves, and nothing on its outputs tells where; a signal ends it whether it serves yet or not.
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)

    assert (stdout, stderr) == ("", "")


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--at", "someday"], 2, "error: --at: 'someday' is not an instant"),
        (["--at", "1999-01-01"], 2, "error: --at 1999-01-01: BTC has bars from"),
        (["--port", "70000"], 2, "error: Invalid value for '--port'"),
        (["--speed", "inf"], 2, "error: --speed inf: a number is wanted"),
        (["--data", "no/such/folder"], 3, "error: no/such/folder: is not a folder"),
        (["--set", "costs.comission=0"], 2, "error: costs.comission"),
        (["--set", "account.quote=EUR"], 2, "error: account.quote: EUR is not allowed here"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_sentence(options: list[str], code: int, sentence: str) -> None:
    result = run_command("exchange", *options)

    assert f"error: {error_sentence(result, exit_code=code)}".startswith(sentence)
    assert len(result.stderr.splitlines()) == 1
