"""Coins whose markets leave the exchange, or that a source of bars knows no more: the run goes on without them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.errors import DataError
from engine.core.events import AccountReset, DayDecided, OrderFilled, OrderUnresolved
from engine.practice.faults import Fault
from engine.settings.config import Data
from tests.support.fakes import DAY
from tests.support.live_rig import Bot, Rig, Targets
from tests.support.markets import coin_bars

PRICES = {"BTC": 40_000.0, "ETH": 2_000.0, "SOL": 100.0, "POL": 0.5}
DAYS = 12
HELD: Targets = ({"BTC": 0.5, "SOL": 0.3, "POL": 0.1}, None, None, {"BTC": 0.9})
"""SOL and POL are held for some days, then all goes into the core."""
MakeRig = Callable[[Targets], Rig]


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[MakeRig]:
    opened = []

    def made(targets: Targets) -> Rig:
        bars = [coin_bars(asset, DAY, [price] * DAYS) for asset, price in PRICES.items()]
        entered = Rig(tmp_path, bars, targets).open()
        opened.append(entered)
        return entered.__enter__()

    yield made
    for entered in opened:
        entered.__exit__(None, None, None)


def decided(bot: Bot) -> list[DayDecided]:
    return [event for event in bot.events if isinstance(event, DayDecided)]


@pytest.mark.parametrize("restarts", [True, False], ids=["restarted every day", "after days that were missed"])
@pytest.mark.parametrize("coin", ["SOL", "POL"])
def test_a_held_coin_whose_market_leaves_is_marked_at_its_last_price_and_its_orders_wait(
    make_rig: MakeRig, coin: str, restarts: bool
) -> None:
    rig = make_rig(HELD)
    bot = Bot(rig)
    bot.live_through(0, 1)
    held = bot.ledger.quantity(coin)
    rig.exchange.delist(f"{coin}USDT")
    bot.live_through(2 if restarts else 6, 8)

    days = decided(bot)
    assert len(days) == 9
    assert all(day.closes[coin] == days[1].closes[coin] for day in days[2:] if coin in day.closes)
    assert days[-1].marked_on == {coin: DAY + timedelta(days=1)}
    # Its sell waits; the other coin was sold, and what that brought went into the core two days later.
    assert bot.ledger.quantity(coin) == held
    assert [order.asset for order in bot.standing.orders.sells] == [coin]
    assert bot.ledger.cash < 200
    other = "POL" if coin == "SOL" else "SOL"
    assert bot.ledger.quantity(other) < 1
    assert bot.bought() == rig.changes()
    said = [words for words in bot.notices if coin in words and "marked" in words]
    assert [words[:10] for words in said] == [str(DAY + timedelta(days=number)) for number in range(2, 9)]
    assert said[0] == f"{DAY + timedelta(days=2)}: {coin} has no bar and is marked at its price of {DAY + timedelta(1)}"


def test_dust_of_a_coin_whose_market_has_left_does_not_end_the_run(make_rig: MakeRig) -> None:
    rig = make_rig(({"BTC": 0.5, "SOL": 0.3}, {"BTC": 0.9}))
    bot = Bot(rig)
    bot.live_through(0, 2)
    assert 0 < bot.ledger.quantity("SOL") < 1
    rig.exchange.delist("SOLUSDT")
    bot.live_through(3, 4)

    assert len(decided(bot)) == 5
    assert bot.bought() == rig.changes()


def test_a_coin_that_is_neither_held_nor_built_in_leaves_and_a_restart_goes_on(make_rig: MakeRig) -> None:
    rig = make_rig(({"BTC": 0.9}, None))
    bot = Bot(rig)
    bot.live_through(0, 1)
    rig.exchange.delist("POLUSDT")
    bot.live_through(2, 3)

    assert len(decided(bot)) == 4


def test_a_run_whose_first_fill_is_of_a_market_that_has_left_goes_on_and_still_sees_a_reset(make_rig: MakeRig) -> None:
    rig = make_rig(({"POL": 0.3, "ETH": 0.3}, None, None, None, {"BTC": 0.9}))
    bot = Bot(rig)
    bot.live_through(0, 1)
    first = next(event.fill for event in bot.events if isinstance(event, OrderFilled))
    left, kept = first.asset, "ETH" if first.asset == "POL" else "POL"
    rig.exchange.delist(f"{left}USDT")
    bot.live_through(2, 2)
    assert not [event for event in bot.events if isinstance(event, AccountReset)]

    rig.exchange.reset(keep_klines=True)
    bot.live_through(3, 6)

    assert [event.epoch for event in bot.events if isinstance(event, AccountReset)] == [2]
    restored = {event.fill.asset for event in bot.events if isinstance(event, OrderFilled) and event.fill.restores}
    assert restored == {kept}
    # What has left stays in the ledger; its sell waits, and the rest is in the core.
    assert bot.ledger.quantity(left) > 0
    assert {order.asset for order in bot.standing.orders.sells} == {left}


def test_a_renamed_coin_whose_balance_left_with_its_market_does_not_end_the_run(make_rig: MakeRig) -> None:
    rig = make_rig(HELD)
    bot = Bot(rig)
    bot.live_through(0, 1)
    rig.exchange.delist("POLUSDT")
    rig.exchange.account.free["MATIC"] = rig.exchange.account.free.pop("POL")
    rig.exchange.account.version += 1
    rig.exchange.own_assets.remove("POL")
    bot.live_through(2, 6)

    assert len(decided(bot)) == 7
    assert {order.asset for order in bot.standing.orders.sells} == {"POL"}


def test_an_order_whose_answer_was_lost_as_its_market_left_is_settled_by_the_balance(make_rig: MakeRig) -> None:
    rig = make_rig(({"BTC": 0.5}, None, {"BTC": 0.5, "POL": 0.3}))
    bot = Bot(rig)
    bot.live_through(0, 1)
    # The gateway fails before the order is placed, and then the market is gone.
    rig.exchange.add_fault(
        Fault(kind="http", status=502, when="before", method="POST", path="/api/v3/order", symbol="POLUSDT")
    )
    answer = rig.answer

    def leaving(call):  # type: ignore[no-untyped-def]
        result = answer(call)
        if call.method == "POST" and result.status == 502:
            rig.exchange.delist("POLUSDT")
        return result

    rig.answer = leaving
    bot.live_through(2, 4)

    assert [event for event in bot.events if isinstance(event, OrderUnresolved)]
    assert bot.standing.orders.in_doubt is None
    assert len(decided(bot)) == 5
    assert bot.bought() == rig.changes()


@pytest.mark.parametrize("held", [True, False], ids=["held", "neither held nor targeted"])
def test_a_coin_that_the_source_of_bars_does_not_know_any_more_stops_nothing_and_is_said_daily(
    make_rig: MakeRig, tmp_path: Path, held: bool
) -> None:
    rig = make_rig(({"BTC": 0.5, "POL": 0.3}, None, None, {"BTC": 0.9}) if held else ({"BTC": 0.9},))
    # Binance's public candles, which answer -1121 for what is gone.
    bot = Bot(rig, data=Data(crypto="binance", cache_dir=tmp_path / "cache"))
    bot.live_through(0, 1)
    rig.exchange.delist("POLUSDT")
    bot.live_through(2, 6)

    assert len(decided(bot)) == 7
    said = [
        words for words in bot.notices if "POL cannot be traded: binance POLUSDT: Binance has no such market" in words
    ]
    assert [words[:10] for words in said] == [str(DAY + timedelta(days=number)) for number in range(2, 7)]
    assert ["POL has no bar and is marked at its price of" in words for words in said] == [held] * 5
    assert [order.asset for order in bot.standing.orders.sells] == (["POL"] if held else [])
    assert bot.bought() == rig.changes()


def write_prices(folder: Path, coin: str, days: int) -> None:
    rows = [
        f"{DAY + timedelta(days=day)},{PRICES[coin]},{PRICES[coin]},{PRICES[coin]},{PRICES[coin]},1"
        for day in range(days)
    ]
    (folder / f"{coin}.csv").write_text("\n".join(["date,open,high,low,close,volume", *rows, ""]), encoding="utf-8")


@pytest.mark.parametrize("away", [True, False], ids=["whose file is away", "whose file ends"])
@pytest.mark.parametrize("held", [True, False], ids=["held", "neither held nor targeted"])
def test_a_coin_without_a_file_of_bars_stops_no_run_that_has_begun(
    make_rig: MakeRig, tmp_path: Path, held: bool, away: bool
) -> None:
    for coin in PRICES:
        write_prices(tmp_path, coin, DAYS)
    rig = make_rig(({"BTC": 0.5, "POL": 0.3}, None, None, None) if held else ({"BTC": 0.9},))
    bot = Bot(rig, data=Data(crypto="csv", csv_dir=tmp_path))
    bot.live_through(0, 1)
    if away:
        (tmp_path / "POL.csv").unlink()
    else:
        write_prices(tmp_path, "POL", 2)
    bot.live_through(2, 4)

    days = decided(bot)
    assert len(days) == 5
    assert days[-1].marked_on == ({"POL": DAY + timedelta(days=1)} if held else {})
    assert days[-1].equity == days[1].equity
    said = [words for words in bot.notices if "POL.csv: no such file" in words]
    assert [words[:10] for words in said] == [str(DAY + timedelta(days=day)) for day in range(2, 5) if away]


def test_a_first_start_names_a_coin_that_its_source_does_not_know(make_rig: MakeRig, tmp_path: Path) -> None:
    for coin in ("BTC", "ETH", "SOL"):
        write_prices(tmp_path, coin, DAYS)
    bot = Bot(make_rig(({"BTC": 0.9},)), data=Data(crypto="csv", csv_dir=tmp_path))

    with pytest.raises(DataError, match=r"POL\.csv: no such file"):
        bot.live()


def test_a_core_that_its_source_does_not_know_any_more_still_stops_decisions(make_rig: MakeRig, tmp_path: Path) -> None:
    for coin in PRICES:
        write_prices(tmp_path, coin, DAYS)
    rig = make_rig(({"BTC": 0.9},))
    bot = Bot(rig, data=Data(crypto="csv", csv_dir=tmp_path))
    bot.live_through(0, 1)
    (tmp_path / "BTC.csv").unlink()

    with pytest.raises(DataError, match=r"BTC\.csv: no such file"):
        bot.live_through(2, 2)


@pytest.mark.parametrize("status", ["HALT", "BREAK", "END_OF_DAY"])
def test_the_sell_of_a_coin_whose_market_is_closed_waits_through_restarts_and_goes_out_when_it_opens(
    make_rig: MakeRig, status: str
) -> None:
    rig = make_rig(HELD)
    bot = Bot(rig)
    bot.live_through(0, 1)
    rig.exchange.halt("SOLUSDT", status)
    bot.live_through(2, 7)

    assert len(decided(bot)) == 8
    assert [order.asset for order in bot.standing.orders.sells] == ["SOL"]
    assert bot.ledger.cash < 200

    rig.exchange.halt("SOLUSDT", None)
    bot.live_through(8, 9)

    # Its cash follows into the core.
    assert bot.standing.orders.waiting == ()
    assert (bot.ledger.quantity("SOL") < 1, bot.ledger.cash < 15_000) == (True, True)
    assert bot.bought() == rig.changes()
