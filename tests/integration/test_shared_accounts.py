"""Two runs on one account, journals that are put back, coins that are not the bot's, a clock that is off."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.errors import VenueError
from engine.core.events import OrderFilled, OrderRejected, OrderUnresolved, RunStarted
from engine.practice.faults import Fault
from tests.support.command import call_command
from tests.support.fakes import DAY
from tests.support.live_rig import Bot, Rig
from tests.support.markets import coin_bars

PRICES = {"BTC": 40_000.0, "ETH": 2_000.0, "SOL": 100.0}
DAYS = 8
TARGETS = ({"BTC": 0.6}, {"ETH": 0.3, "SOL": 0.3}, None, None)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    bars = [coin_bars(asset, DAY, [price] * DAYS) for asset, price in PRICES.items()]
    with Rig(tmp_path, bars, TARGETS).open() as opened:
        yield opened


def both(one: dict[str, Decimal], other: dict[str, Decimal]) -> dict[str, Decimal]:
    total = {asset: one.get(asset, Decimal(0)) + other.get(asset, Decimal(0)) for asset in {**one, **other}}
    return {asset: amount for asset, amount in total.items() if amount}


def names(bot: Bot) -> list[str]:
    return [event.fill.client_order_id for event in bot.events if isinstance(event, OrderFilled)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_two_folders_of_one_name_on_one_account_and_day_book_their_own_orders_alone(rig: Rig, when: str) -> None:
    first, second = Bot(rig, "first"), Bot(rig, "second")
    first.live()
    # The gateway fails before or after the order is placed.
    rig.exchange.add_fault(
        Fault(kind="http", status=502, when=when, method="POST", path="/api/v3/order")  # type: ignore[arg-type]
    )
    second.live()
    for day in range(1, 3):
        rig.to_day(day)
        first.live()
        second.live()

    assert [event for event in second.events if isinstance(event, OrderUnresolved)]
    assert first.standing.identity != second.standing.identity
    assert not {*names(first)} & {*names(second)}
    assert both(first.bought(), second.bought()) == rig.changes()
    assert first.ledger.positions.keys() == second.ledger.positions.keys()


def test_a_folder_that_was_deleted_and_begun_anew_on_the_same_day_buys_for_itself(rig: Rig) -> None:
    gone = Bot(rig)
    gone.live()
    bought = gone.bought()
    shutil.rmtree(gone.folder)
    rig.exchange.add_fault(Fault(kind="http", status=502, when="before", method="POST", path="/api/v3/order"))
    anew = Bot(rig)
    anew.live()

    assert both(bought, anew.bought()) == rig.changes()
    assert len(rig.orders()) == 2


@pytest.mark.parametrize("later", [1, 3], ids=["on the same day", "days later"])
def test_a_copy_of_the_journal_from_before_orders_is_put_back_and_nothing_is_doubled(rig: Rig, later: int) -> None:
    bot = Bot(rig)
    bot.live()
    copy = bot.copy_to("put back")
    bot.live_through(1, later)
    beside = {asset: held - bot.bought().get(asset, 0) for asset, held in rig.exchange.balances().items()}
    rig.to_day(later + 1)
    copy.live()
    copy.live_through(later + 2, later + 3)

    assert {*names(bot)} <= {*names(copy)}
    assert copy.bought() == rig.changes()
    # Fees of the round trip are made up for, no more.
    for asset in ("BTC", "ETH", "SOL"):
        assert copy.ledger.quantity(asset) == pytest.approx(
            bot.ledger.quantity(asset), rel=Decimal("0.01"), abs=Decimal("0.001")
        )
        assert rig.exchange.balances()[asset] == beside[asset] + copy.ledger.quantity(asset)
    assert [words for words in copy.notices if "the journal lacks 3 orders of this run" in words]
    assert call_command("verify", copy.folder).exit_code == 0
    reviewed = call_command("review", copy.folder)
    assert (reviewed.exit_code, reviewed.stderr) == (0, ""), reviewed


def test_what_the_account_holds_beside_the_ledger_is_written_down_and_more_is_said(rig: Rig) -> None:
    bot = Bot(rig)
    bot.live()
    started = next(event for event in bot.events if isinstance(event, RunStarted))
    # The allowance less what the bot trades with.
    assert started.beside == {"BTC": Decimal(1), "ETH": Decimal(1), "SOL": Decimal(1), "USDT": Decimal(900_000)}

    rig.exchange.account.free["ETH"] += Decimal("2.5")
    rig.exchange.account.version += 1
    bot.live_through(1, 1)

    assert [words for words in bot.notices if "2.5 ETH more than when last seen" in words]
    assert bot.ledger.quantity("ETH") < 16


def test_an_account_with_less_than_the_ledger_is_refused_and_writes_nothing(rig: Rig) -> None:
    bot = Bot(rig)
    bot.live()
    rig.exchange.account.free["BTC"] -= Decimal(2)
    rig.exchange.account.version += 1
    before = bot.events
    rig.to_day(1)

    with pytest.raises(VenueError, match="BTC, and the ledger"):
        bot.live()
    assert bot.events == before


def test_a_machine_whose_clock_jumps_by_hours_between_starts_trades_what_it_should(rig: Rig) -> None:
    bot = Bot(rig)
    for day, hours in enumerate((-5, 26, -49, 0)):
        bot.clock_off = timedelta(hours=hours)
        rig.to_day(day)
        bot.live()

    assert [decision["day"] for decision in bot.decisions()] == [str(DAY + timedelta(days=day)) for day in range(4)]
    assert bot.bought() == rig.changes()
    assert len(rig.orders()) == 4


def test_an_order_that_stays_unresolved_is_said_once_a_day(rig: Rig) -> None:
    bot = Bot(rig)
    bot.live()
    # Lost before it was placed, while somebody moves the coin: the balance speaks against "never placed".
    rig.exchange.add_fault(Fault(kind="http", status=502, when="before", method="POST", path="/api/v3/order"))
    answer = rig.answer

    def moving(call):  # type: ignore[no-untyped-def]
        result = answer(call)
        if call.method == "POST" and result.status == 502:
            rig.exchange.account.free["BTC"] += 1
            rig.exchange.account.version += 1
        return result

    rig.answer = moving
    for day in range(1, 4):
        rig.to_day(day)
        bot.live(cycles=4)

    said = [words for words in bot.notices if "is unresolved since" in words]
    assert [words[:10] for words in said] == [str(DAY + timedelta(days=day)) for day in range(2, 5)]
    assert all("the balance moved by 1 BTC" in words for words in said)
    assert len(rig.orders()) == 1
    assert not [event for event in bot.events if isinstance(event, OrderRejected)]
