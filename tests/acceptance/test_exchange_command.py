"""`python -m engine exchange`, as it is typed."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import localcontext
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import ccxt
import pytest

from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"practice exchange at (?P<url>http://127\.0\.0\.1:\d+), .*worthless elsewhere: "
    r"BINANCE_TESTNET_API_KEY=(?P<key>\S+) BINANCE_TESTNET_API_SECRET=(?P<secret>[0-9a-f]+)\n"
)


def bars(folder: Path) -> Path:
    rows = [f"2024-01-{day:02d},40000,40000,40000,40000,1" for day in range(1, 11)]
    (folder / "BTC.csv").write_text("date,open,high,low,close,volume\n" + "\n".join(rows))
    return folder


@pytest.fixture(autouse=True)
def own_rounding() -> Iterator[None]:
    """Keep to these tests what ccxt's unified calls do to the thread for good: decimals then round half up."""
    with localcontext():
        yield


@contextmanager
def exchange(*options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "engine", "exchange", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: "subprocess.Popen[str]") -> re.Match[str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = LINE.fullmatch(line)
    assert found, line
    assert f"--venue binance-testnet --set venue.base_url={found['url']}" in process.stdout.readline()
    return found


def client_of(line: re.Match[str]) -> Any:
    client = ccxt.binance({"apiKey": line["key"], "secret": line["secret"], "options": {"defaultType": "spot"}})
    client.options["fetchMarkets"] = {"types": ["spot"]}
    client.options["adjustForTimeDifference"] = True
    client.set_sandbox_mode(True)
    for side in ("public", "private"):
        client.urls["api"][side] = f"{line['url']}/api/v3"
    return client


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_trades_with_the_keys_it_prints_until_it_is_signalled(tmp_path: Path, number: signal.Signals) -> None:
    with exchange("--data", str(bars(tmp_path)), "--at", "2024-01-05", "--speed", "0") as process:
        line = first_line(process)
        client = client_of(line)

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
    with exchange() as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.partition(" at ")[2].partition(",")[0]
        with urlopen(f"{url}/api/v3/ticker/price?symbol=DOGEUSDT") as answer:
            price = json.load(answer)
        process.send_signal(signal.SIGINT)
        last, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert "synthetic" in line
    assert "synthetic" in last
    assert price["symbol"] == "DOGEUSDT"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--at", "someday"], 2, "error: --at: 'someday' is not an instant"),
        (["--at", "1999-01-01"], 2, "error: --at 1999-01-01: BTC has bars from"),
        (["--port", "70000"], 2, "error: Invalid value for '--port'"),
        (["--data", "no/such/folder"], 3, "error: no/such/folder: is not a folder"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_sentence(options: list[str], code: int, sentence: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "engine", "exchange", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )

    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith(sentence)
    assert len(result.stderr.splitlines()) == 1
