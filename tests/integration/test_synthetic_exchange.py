"""An exchange that says that its prices are made up, and one that does not: what may stand beside each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import localcontext
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import ccxt
import pytest

from engine.core.calendar import decision_instant
from engine.practice.clock import PracticeClock
from engine.practice.exchange import PracticeExchange
from engine.practice.server import PracticeServer
from engine.wiring.practice.exchange import practice_market
from tests.support.command import Outcome, call_command, error_sentence, only_run_folder, write_small_market
from tests.support.practice import WallClock
from tests.support.rehearsal import KEY

DAY = date(2026, 6, 20)
"""A day of the sample on which the core is held; the rotation of the next day is not known yet."""
EARLY = date(2015, 11, 14)
"""The same of the small market."""
SMALL = [
    'strategy={"basket": {"ETH": 1.0}, "basket_equal": [], "breakout": {"lookback_years": 2, "min_age_weeks": 4}, '
    '"macd": {"fast": 3, "slow": 6, "signal": 2, "warmup_weeks": 20}, "hold_weeks": 6}'
]
WITH_SYMBOL = "symbol=BTCUSDT"
FORMS = ["", WITH_SYMBOL, "symbols=%5B%22BTCUSDT%22%5D", "symbolStatus=TRADING", "permissions=SPOT"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A practice exchange that is served, and the options of a bot that is set on it."""

    url: str
    exchange: PracticeExchange

    def paper(
        self, out: Path, *assignments: str, venue: str = "binance-testnet", more: tuple[str, ...] = ()
    ) -> Outcome:
        assigned = [f"venue.base_url={self.url}", "live.grace_seconds=0", *assignments]
        return call_command(
            "paper", "config/rotation.yaml", "--venue", venue, "--once", "--out", out, *more, *_sets(assigned)
        )


def _sets(assignments: list[str]) -> list[str]:
    return [part for each in assignments for part in ("--set", each)]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_TESTNET_API_KEY", KEY.name)
    monkeypatch.setenv("BINANCE_TESTNET_API_SECRET", KEY.secret)


def served(folder: Path | None, day: date) -> Iterator[Place]:
    market = practice_market(folder)
    exchange = PracticeExchange(
        market.coins,
        clock=PracticeClock(decision_instant(day), speed=0.0, wall=WallClock()),
        keys=[KEY],
        synthetic=market.synthetic,
    )
    with PracticeServer(exchange) as server:
        yield Place(url=server.url, exchange=exchange)


@pytest.fixture
def made_up() -> Iterator[Place]:
    yield from served(None, DAY)


@pytest.fixture
def market(tmp_path: Path) -> Path:
    write_small_market(tmp_path / "market")
    return tmp_path / "market"


@pytest.fixture
def real(market: Path) -> Iterator[Place]:
    yield from served(market, EARLY)


def exchange_information(place: Place, query: str) -> Mapping[str, Any]:
    with urlopen(f"{place.url}/api/v3/exchangeInfo?{query}") as answer:
        content: Mapping[str, Any] = json.load(answer)
    return content


@pytest.mark.parametrize("query", FORMS)
def test_made_up_prices_are_said_to_be_in_every_form_of_exchange_information(made_up: Place, query: str) -> None:
    assert exchange_information(made_up, query)["synthetic"] is True


@pytest.mark.parametrize("query", FORMS)
def test_files_are_not_said_to_be_made_up(real: Place, query: str) -> None:
    assert "synthetic" not in exchange_information(real, query)


def test_another_client_goes_on_without_the_key(made_up: Place) -> None:
    with localcontext():
        client = ccxt.binance({"options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}})
        client.set_sandbox_mode(True)
        client.urls["api"]["public"] = f"{made_up.url}/api/v3"
        markets = client.load_markets()
        client.session.close()

    assert "BTC/USDT" in markets


@pytest.mark.parametrize("venue", ["binance-testnet", "simulated"])
@pytest.mark.parametrize(
    "assignments",
    [
        (),
        ("data.crypto=venue",),
        ("data.crypto=sample",),
        ("data.index=sample",),
        ("data.crypto=sample", "data.index=sample"),
    ],
)
def test_everything_made_of_made_up_prices_is_synthetic_from_the_first_line_to_the_last(
    made_up: Place, tmp_path: Path, venue: str, assignments: tuple[str, ...]
) -> None:
    outcome = made_up.paper(tmp_path, *assignments, venue=venue)

    assert outcome.exit_code == 0, outcome
    folder = only_run_folder(tmp_path)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["synthetic"] is True
    assert {name: source["source"] for name, source in summary["data_sources"].items()} == dict.fromkeys(
        ("BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE", "RUT"), "synthetic sample"
    )
    log = (folder / "run.log").read_text(encoding="utf-8").splitlines()
    plain, stdout = outcome.stderr.splitlines(), outcome.stdout.splitlines()
    for line in (log[0], log[-1], plain[0], plain[-1], stdout[0], stdout[-1]):
        assert "synthetic" in line
    assert "made-up (synthetic) prices: 1 day decided" in " ".join(stdout)
    assert "SYNTHETIC" in (folder / "report.html").read_text(encoding="utf-8")
    assert call_command("review", folder).stdout.startswith("synthetic")
    explained = call_command("explain", folder, "--day", DAY.isoformat())
    assert explained.stdout.startswith("synthetic")


@pytest.mark.parametrize("venue", ["binance-testnet", "simulated"])
@pytest.mark.parametrize(
    ("key", "provider"),
    [("crypto", "binance"), ("crypto", "yahoo"), ("crypto", "csv"), ("index", "yahoo"), ("index", "csv")],
)
def test_any_other_provider_beside_made_up_prices_is_refused(
    made_up: Place, market: Path, tmp_path: Path, venue: str, key: str, provider: str
) -> None:
    # Files of the wanted names are there: what is refused is their company.
    for name in ("SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE"):
        (market / f"{name}.csv").write_bytes((market / "ETH.csv").read_bytes())
    outcome = made_up.paper(tmp_path / "out", f"data.{key}={provider}", f"data.csv_dir={market}", venue=venue)

    sentence = error_sentence(outcome, exit_code=2)
    assert sentence.startswith(
        f"data.{key}: {provider} is not allowed beside an exchange that says that its prices are"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("venue", ["binance-testnet", "simulated"])
@pytest.mark.parametrize("key", ["crypto", "index"])
def test_the_sample_beside_an_exchange_of_real_prices_is_refused(
    real: Place, tmp_path: Path, venue: str, key: str
) -> None:
    outcome = real.paper(tmp_path / "out", f"data.{key}=sample", venue=venue)

    assert f"data.{key}: sample is not allowed for `paper`" in error_sentence(outcome, exit_code=2)
    assert not (tmp_path / "out").exists()


def test_the_index_of_the_sample_is_revealed_by_the_exchanges_clock(made_up: Place, tmp_path: Path) -> None:
    for _ in range(3):
        assert made_up.paper(tmp_path).exit_code == 0
        made_up.exchange.advance(timedelta(days=1))

    text = (only_run_folder(tmp_path) / "decisions.jsonl").read_text(encoding="utf-8")
    decisions = [json.loads(line) for line in text.splitlines()]
    # 2026-06-20 is a Saturday after a Friday that was a holiday; Monday's session is known when Monday is over.
    assert [(each["day"], each["index"]["session"]) for each in decisions] == [
        ("2026-06-20", "2026-06-18"),
        ("2026-06-21", "2026-06-18"),
        ("2026-06-22", "2026-06-22"),
    ]
    assert [each["next_state"] for each in decisions] == ["CORE", "ROTATED", "ROTATED"]
    summary = json.loads((only_run_folder(tmp_path) / "summary.json").read_text(encoding="utf-8"))
    assert summary["data_sources"]["RUT"]["last"] == "2026-06-22"


@pytest.mark.parametrize("more", [(), ("--accept-config",)])
def test_a_folder_goes_on_on_the_kind_of_prices_that_it_began_on(
    made_up: Place, real: Place, market: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    files = ("data.crypto=csv", "data.index=csv", f"data.csv_dir={market}", *SMALL)
    assert made_up.paper(tmp_path / "first", *SMALL).exit_code == 0
    assert real.paper(tmp_path / "second", *files).exit_code == 0

    began_made_up = real.paper(tmp_path / "first", *files, more=more)
    began_real = made_up.paper(tmp_path / "second", *SMALL, more=("--accept-config",))
    asked_for = made_up.paper(tmp_path / "second", "data.crypto=sample", *SMALL, more=more)

    for outcome, was in ((began_made_up, "made-up (synthetic)"), (began_real, "real"), (asked_for, "real")):
        assert f"began on {was} prices" in error_sentence(outcome, exit_code=2).replace("\n", " ")
    # And each goes on where it was.
    assert made_up.paper(tmp_path / "first", *SMALL).exit_code == 0
    assert real.paper(tmp_path / "second", *files).exit_code == 0


def test_a_record_without_a_summary_is_still_synthetic(made_up: Place, tmp_path: Path) -> None:
    assert made_up.paper(tmp_path).exit_code == 0
    (only_run_folder(tmp_path) / "summary.json").unlink()

    reviewed = call_command("review", "--json", only_run_folder(tmp_path))
    listed = call_command("review", "--list", "--json", "--out", tmp_path)

    assert json.loads(reviewed.stdout)["synthetic"] is True
    assert json.loads(listed.stdout)[0]["synthetic"] is True


def test_a_backtest_does_not_take_made_up_candles_for_real_ones(made_up: Place, tmp_path: Path) -> None:
    settings = [f"venue.base_url={made_up.url}", "data.crypto=binance", f"data.cache_dir={tmp_path / 'cache'}"]
    outcome = call_command("backtest", "config/rotation.yaml", "--quiet", "--out", tmp_path / "out", *_sets(settings))

    assert "its prices are made up (synthetic)" in error_sentence(outcome, exit_code=2)
    assert not (tmp_path / "out").exists()


def test_a_run_on_a_venues_candles_is_reconciled_with_bars_that_are_named(
    real: Place, market: Path, tmp_path: Path
) -> None:
    settings = ("data.crypto=venue", "data.index=csv", f"data.csv_dir={market}", *SMALL)
    assert real.paper(tmp_path / "out", *settings).exit_code == 0
    folder = only_run_folder(tmp_path / "out")

    unnamed = call_command("review", folder, "--reconcile", "--quiet")
    named = call_command("review", folder, "--reconcile", "--json", "--set", "data.crypto=csv")

    sentence = error_sentence(unnamed, exit_code=2)
    assert "--set data.crypto=binance, or --set data.crypto=csv --set data.csv_dir=DIR" in sentence
    assert named.exit_code == 0, named
    assert json.loads(named.stdout)["synthetic"] is False
