"""An exchange that refuses for a night, or takes little at once: the bot says so, and is in position days later."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.ledger import Ledger
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.practice.faults import Fault
from engine.trading.recovery import standing_of
from engine.trading.standing import Standing
from tests.support.command import SMALL_STRATEGY, call_command, small_configuration
from tests.support.command import write_small_market as write_market
from tests.support.fakes import ScriptedState
from tests.support.rehearsal import Rehearsal

FIRST = date(2015, 11, 10)
ORDER = "/api/v3/order"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_market(folder)
    return folder


@pytest.fixture
def rehearsal(tmp_path: Path, market: Path) -> Iterator[Rehearsal]:
    values = {key: value for key, value in small_configuration(market).items() if key != "data"}
    with Rehearsal(market, tmp_path / "out", values, days=(FIRST, FIRST)).open() as opened:
        yield opened


def out_of_position(rehearsal: Rehearsal) -> list[dict[str, object]]:
    summary = json.loads((rehearsal.folder / "summary.json").read_text(encoding="utf-8"))
    listed: list[dict[str, object]] = summary["out_of_position"]
    return listed


@pytest.mark.parametrize(
    ("code", "message", "nights"),
    [
        (-2010, "This account may not place or cancel orders.", 2),
        (-1013, "Filter failure: NOTIONAL", 1),
        (-2010, "Filter failure: MAX_POSITION", 1),
    ],
)
def test_the_core_is_in_position_within_three_days_of_a_refusal_and_said_to_be_out_of_it_until_then(
    rehearsal: Rehearsal, market: Path, code: int, message: str, nights: int
) -> None:
    rehearsal.exchange.add_fault(
        Fault(kind="error", code=code, message=message, method="POST", path=ORDER, times=nights)
    )

    first = rehearsal.run()
    said = out_of_position(rehearsal)
    reviewed = call_command("review", rehearsal.folder)
    as_json = json.loads(call_command("review", rehearsal.folder, "--json").stdout)
    page = (rehearsal.folder / "report.html").read_text(encoding="utf-8")
    rehearsal.last_day = FIRST + timedelta(days=2)
    second = rehearsal.run()

    assert (first.exit_code, second.exit_code) == (0, 0), (first, second)
    # Off a terminal the refusal and what it leaves have a line each.
    assert "rejected: buy" in first.stderr
    assert "out of position: buy" in first.stderr
    assert message in first.stderr
    assert [(each["asset"], each["since"], each["weight"]) for each in said] == [("BTC", "2015-11-11", 0.0)]
    assert message in str(said[0]["reason"])
    assert as_json["out_of_position"] == said
    assert "out of position: BTC (0.00% of equity) since 2015-11-11" in " ".join(reviewed.stdout.split())
    assert "out of position: BTC (0.00% of equity) since 2015-11-11" in page
    assert "Out of position: BTC" in " ".join(first.stdout.split())
    # Two days later the core is bought, once, and nothing is said any more.
    assert rehearsal.bought()["BTC"] > 0
    assert out_of_position(rehearsal) == []
    assert call_command("verify", rehearsal.folder).exit_code == 0
    (fill,) = (rehearsal.folder / "fills.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ",start," in fill
    csv = [part for key in ("crypto=csv", "index=csv", f"csv_dir={market}") for part in ("--set", f"data.{key}")]
    reconciled = call_command("review", rehearsal.folder, "--reconcile", *csv)
    assert (reconciled.exit_code, "none unexplained" in reconciled.stdout) == (0, True), reconciled


@pytest.mark.parametrize("owned", ["0", "0.3", "100"])
def test_an_exit_with_fees_in_a_coin_of_the_basket_completes_and_leaves_the_owners_coins(
    tmp_path: Path, owned: str
) -> None:
    market = tmp_path / "market"
    write_market(market, coins=("BTC", "ETH", "BNB"))
    strategy = {**SMALL_STRATEGY, "basket": {"ETH": 0.5}, "basket_equal": ["BNB"]}
    # The entry of 2015-11-15, and the exit six weeks later.
    days = (FIRST, date(2015, 12, 29))
    with Rehearsal(market, tmp_path / "out", {"strategy": strategy}, days=days).open() as rehearsal:
        rehearsal.exchange.account.put("BNB", Decimal(owned))
        rehearsal.exchange.pay_fees_in("BNB")
        rehearsal.start_balances = rehearsal.exchange.balances()
        outcome = rehearsal.run()

    assert outcome.exit_code == 0, outcome
    fresh = Standing(ledger=Ledger(quote="USDT", cash=Decimal(100_000)), state=ScriptedState())
    standing = standing_of(read_journal(rehearsal.folder / JOURNAL_FILE), fresh)
    fills = (rehearsal.folder / "fills.csv").read_text(encoding="utf-8")
    assert "sell" in fills
    assert (standing.orders.waiting, standing.missed.coins) == ((), {})
    # All of the basket is sold but for what no lot takes, and the core is held: nothing lies about as cash.
    held = {asset: quantity for asset, quantity in standing.ledger.positions.items() if quantity > Decimal("0.01")}
    assert list(held) == ["BTC"]
    assert float(standing.ledger.cash) < 0.02 * rehearsal.decisions()[-1]["equity"]
    # What the account has is the owner's and ours, to the last digit: fees that we could not pay were the owner's.
    ledger = standing.ledger
    changes = {asset: ledger.quantity(asset) + ledger.outside.get(asset, Decimal(0)) for asset in ("BTC", "ETH", "BNB")}
    assert {asset: rehearsal.bought().get(asset, Decimal(0)) for asset in changes} == changes
    assert rehearsal.exchange.balances()["BNB"] >= Decimal(0)
