"""Resets of an exchange, on an account that forgets when it is told to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.core.errors import VenueError
from engine.core.events import AccountReset, Event, OrderCancelled, OrderFilled, OrderPlanned, OrderSent
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.order import RESET_BUY_BACK, TAKEN_UP, Fill, Order, OrderReport, OrderStatus, Side
from engine.core.planner import Planner
from engine.core.retry_policy import MOST, AttemptEnd
from engine.journal.memory import MemoryJournal
from engine.trading.epochs import MOST_ROUNDS, EpochKeeper
from engine.trading.first_sends import FirstSends
from engine.trading.recovery import standing_of
from engine.trading.session import Session
from engine.trading.standing import Standing
from tests.support.fakes import DAY, NOON, ScriptedState, ScriptedStrategy, decided, fill_of, order_of

HELD = {"ETH": Decimal("3.00000001"), "DOGE": Decimal(7)}
RULES = {
    "ETH": Instrument(symbol="ETH/USDT", lot_step=Decimal("0.1"), minimum_notional=Decimal(5)),
    "DOGE": Instrument(symbol="DOGE/USDT", lot_step=Decimal(1), minimum_notional=Decimal(5)),
}
PLENTY = {"ETH": Decimal(9), "DOGE": Decimal(9999), "USDT": Decimal(10_000)}
OTHER_SALE = Order(
    client_order_id="bot-20240101-DOGE-s1-1",
    asset="DOGE",
    symbol="DOGE/USDT",
    side=Side.SELL,
    quantity=Decimal(7),
    decision_day=DAY,
    reason="exit",
)
KNOWN = fill_of("ETH", Side.BUY, "3", "100", name="bot-20240101-ETH-b1-1")


@dataclass
class FakeAccount:
    """An account that forgets what it filled when it is told to."""

    forgets: bool = False
    held: Mapping[str, Decimal] = field(default_factory=lambda: PLENTY)
    ask: Mapping[str, Decimal] = field(default_factory=lambda: {"ETH": Decimal(100), "DOGE": Decimal("0.1")})
    questions: int = 0
    looks: int = 0
    remembered: Sequence[Fill] = ()
    left: Sequence[str] = ()
    lost: Sequence[Fill] = ()
    held_late: Mapping[str, Decimal] | None = None
    is_ending: bool = False

    def knows(self, fill: Fill) -> bool | None:
        self.questions += 1
        if fill.asset in self.left:
            return None
        return not self.forgets or fill in self.remembered

    def has_forgotten(self, fill: Fill) -> bool:
        return self.knows(fill) is False

    def lists(self, asset: str) -> bool:
        return asset not in self.left

    def lost_fills(self, assets: Sequence[str], since: object) -> Sequence[Fill]:
        return self.lost

    def holdings(self) -> Mapping[str, Decimal]:
        self.looks += 1
        return self.held

    def holdings_once(self, is_enough: Callable[[Mapping[str, Decimal]], bool]) -> Mapping[str, Decimal] | None:
        if not is_enough(self.held) and self.held_late is not None:
            self.held = self.held_late
        return None if self.is_ending else self.held

    def asks(self, assets: Sequence[str]) -> Mapping[str, Decimal]:
        return {asset: price for asset, price in self.ask.items() if asset in assets}


class Shop:
    """Fills what it is sent at 110, or answers as it is told; a fee of a thousandth is taken from the coin."""

    def __init__(self, rules: Mapping[str, Instrument]) -> None:
        self.rules = rules
        self.closed: set[str] = set()
        self.sent: list[Order] = []
        self.alongside: list[list[str]] = []
        self.answers: list[OrderReport] = []

    def instruments(self) -> Mapping[str, Instrument]:
        return self.rules

    def why_closed(self, asset: str, at: object) -> str:
        return "no market" if asset in self.closed else ""

    def submit(self, order: Order, *, at: object, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        self.sent.append(order)
        self.alongside.append([other.asset for other in alongside])
        return self.answers.pop(0) if self.answers else self.filled(order)

    def held(self, asset: str) -> Decimal | None:
        return None

    def resolve(self, order: Order, *, at: object, sent: OrderSent | None = None) -> OrderReport:
        return self.answers.pop(0) if self.answers else self.filled(order)

    def filled(self, order: Order) -> OrderReport:
        fill = fill_of(
            order.asset,
            order.side,
            str(order.quantity),
            "110",
            fee=str(order.quantity / 1000),
            fee_asset=order.asset,
            name=order.client_order_id,
            reason=order.reason,
        )
        return OrderReport(status=OrderStatus.FILLED, fills=(fill,))


class Bot:
    """A session that holds ETH and a little DOGE, and the keeper of its epochs."""

    def __init__(
        self,
        *,
        known: Fill | None = KNOWN,
        held: Mapping[str, Decimal] = HELD,
        unplanned: str | None = None,
        rules: Mapping[str, Instrument] = RULES,
        seconds: float = 0.0,
    ) -> None:
        self.account = FakeAccount()
        self.shop = Shop(rules)
        self.journal = MemoryJournal()
        self.pauses: list[float] = []
        self.notices: list[str] = []
        self.first_sends = FirstSends(seconds, pause=self.pauses.append, notice=self.notices.append)
        self.fresh = Standing(
            ledger=Ledger(quote="USDT", cash=Decimal(500), positions=held),
            state=ScriptedState(),
            last_day=DAY,
            known=known,
            unplanned=unplanned,
        )
        planner = Planner(
            account="bot",
            instruments=rules,
            costs=Costs(commission=Decimal("0.001"), slippage=Decimal(0)),
            trading_order=("ETH", "DOGE"),
        )
        self.session = Session(
            strategy=ScriptedStrategy(["ETH", "DOGE"], []),
            planner=planner,
            venue=self.shop,
            journal=self.journal,
            ledger=self.fresh.ledger,
            standing=self.fresh,
        )
        self.planner = planner
        self.keeper = self.new_keeper()

    def new_keeper(self) -> EpochKeeper:
        return EpochKeeper(
            self.session,
            self.account,
            self.planner,
            place="binance-testnet",
            events=lambda: list(self.journal),
            first_sends=self.first_sends,
            notice=self.notices.append,
        )

    def reset(self) -> None:
        self.account.forgets = True
        self.keeper.check(NOON)
        self.account.forgets = False

    def refuse_to_the_end(self) -> None:
        """Refuse what is to be bought back, and each round that is tried after it."""
        for _ in range(MOST_ROUNDS):
            self.shop.answers = [OrderReport(status=OrderStatus.REJECTED, message="balance")]
            self.session.work_orders(NOON)
            self.keeper.check(NOON)
        self.shop.answers = [OrderReport(status=OrderStatus.REJECTED, message="balance")]
        self.session.work_orders(NOON)

    def write(self, *events: Event) -> None:
        self.journal.append_all(events)
        self.session.standing = self.session.standing.after_all(events)

    def events(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.journal if isinstance(event, kind)]

    def folded(self) -> Standing:
        return standing_of(self.journal, self.fresh)


SALE = replace(OTHER_SALE, client_order_id="bot-20240101-ETH-s1-1", asset="ETH", symbol="ETH/USDT", quantity=Decimal(3))
SALE = replace(SALE, reason="kill_switch")
KILLED = replace(
    decided(DAY, "ROTATED", "CASH", reason="kill_switch"), killed=True, memory=ScriptedState(), planned=True
)


def killed() -> Bot:
    """Give one whose kill switch has acted, and whose sell of ETH is still to be sent."""
    bot = Bot()
    bot.write(KILLED, OrderPlanned(order=SALE))
    return bot


def test_an_exchange_that_knows_its_orders_was_not_reset() -> None:
    bot = Bot()

    bot.keeper.check(NOON)
    bot.keeper.check(NOON)

    assert (bot.account.questions, bot.account.looks, list(bot.journal)) == (2, 1, [])


def test_before_any_fill_there_is_nothing_to_be_forgotten() -> None:
    bot = Bot(known=None)
    bot.account.forgets = True

    bot.keeper.check(NOON)

    assert (bot.account.questions, list(bot.journal)) == (0, [])


def test_after_a_reset_the_ledger_holds_what_it_held_and_an_epoch_begins() -> None:
    bot = Bot()

    bot.reset()

    (event,) = bot.events(AccountReset)
    assert event == AccountReset(
        at=NOON,
        epoch=2,
        forgotten=KNOWN.client_order_id,
        cash=Decimal(500),
        positions={"ETH": HELD["ETH"]},
        written_off={"DOGE": Decimal(7)},
        wiped={"ETH": HELD["ETH"]},
        # Of PLENTY, which is there before anything is bought back, less what the ledger goes on holding.
        beside={"DOGE": Decimal(9999), "ETH": Decimal("5.99999999"), "USDT": Decimal(9500)},
    )
    assert bot.session.ledger == Ledger(quote="USDT", cash=Decimal(500), positions={"ETH": HELD["ETH"]})
    assert bot.session.standing.epoch == 2
    assert bot.folded() == bot.session.standing


def test_what_is_bought_back_covers_the_ledger_after_the_fee_and_costs_it_nothing() -> None:
    bot = Bot()
    bot.reset()

    (order,) = bot.session.waiting
    # 3.00000001 / 0.999 is 3.0030, on the step 3.1, and a step more.
    assert (order.asset, order.side, order.quantity, order.reason) == ("ETH", Side.BUY, Decimal("3.2"), RESET_BUY_BACK)
    bot.session.work_orders(NOON)

    assert bot.session.waiting == ()
    assert bot.session.ledger == Ledger(
        quote="USDT",
        cash=Decimal(500),
        positions={"ETH": HELD["ETH"]},
        # 3.2 at 110 paid, a thousandth of the coin taken.
        outside={"ETH": Decimal("3.1968"), "USDT": Decimal("-352")},
    )
    assert bot.folded() == bot.session.standing
    assert bot.session.standing.known is not None
    assert bot.session.standing.known.client_order_id == order.client_order_id


def test_just_enough_for_an_order_is_bought_back() -> None:
    # 50 at 0.1 are the least notional of 5.
    bot = Bot(held={"DOGE": Decimal(50)})

    bot.reset()

    assert [order.asset for order in bot.session.waiting] == ["DOGE"]


def test_orders_that_buy_back_share_what_pays_for_them() -> None:
    bot = Bot(held={"ETH": Decimal(3), "DOGE": Decimal(50)})
    bot.reset()

    bot.session.work_orders(NOON)

    # The first is sent while the other still has to be paid for.
    assert bot.shop.alongside == [["DOGE"], []]


def test_a_second_reset_begins_a_third_epoch_with_names_of_its_own() -> None:
    bot = Bot()
    bot.reset()
    bot.session.work_orders(NOON)
    bot.reset()
    bot.session.work_orders(NOON)

    assert [event.epoch for event in bot.journal if isinstance(event, AccountReset)] == [2, 3]
    assert [order.client_order_id for order in bot.shop.sent] == ["bot-20240101-ETH-r2p1-1", "bot-20240101-ETH-r3p1-1"]
    assert bot.session.ledger.outside == {"ETH": Decimal("3.1968"), "USDT": Decimal("-352")}
    assert bot.folded() == bot.session.standing


def test_a_reset_while_another_is_made_up_for_plans_the_orders_anew() -> None:
    bot = Bot()
    bot.reset()
    (partly,) = bot.session.waiting
    half = fill_of("ETH", Side.BUY, "1", "110", name=partly.client_order_id, reason=RESET_BUY_BACK)
    bot.shop.answers = [OrderReport(status=OrderStatus.FILLED, fills=(half,), again=Decimal("2.2"))]
    bot.session.work_orders(NOON)
    assert [order.quantity for order in bot.session.waiting] == [Decimal("2.2")]

    bot.reset()

    assert [order.client_order_id for order in bot.session.waiting] == ["bot-20240101-ETH-r3p1-1"]
    assert bot.folded() == bot.session.standing


def test_nothing_else_is_sent_before_what_was_wiped_is_back() -> None:
    bot = Bot()
    bot.reset()
    sale = Order(
        client_order_id="bot-20240101-ETH-s1-1",
        asset="ETH",
        symbol="ETH/USDT",
        side=Side.SELL,
        quantity=Decimal(3),
        decision_day=DAY,
        reason="exit",
    )
    bot.journal.append_all([OrderPlanned(order=sale)])
    bot.session.standing = bot.folded()
    bot.shop.answers = [OrderReport(status=OrderStatus.WAITING, message="halted")]

    bot.session.work_orders(NOON)
    assert [order.reason for order in bot.shop.sent] == [RESET_BUY_BACK]
    bot.session.work_orders(NOON)
    bot.session.work_orders(NOON)

    assert [order.reason for order in bot.shop.sent] == [RESET_BUY_BACK, RESET_BUY_BACK, "exit"]


@pytest.mark.parametrize("attempts", [0, MOST[AttemptEnd.EXPIRED]], ids=["to be bought back", "left"])
def test_a_change_that_still_is_to_be_planned_survives_a_reset_and_a_restart(attempts: int) -> None:
    bot = Bot(unplanned="enter")
    bot.reset()
    (order,) = bot.session.waiting
    bot.shop.answers = [OrderReport(status=OrderStatus.REJECTED, again=order.quantity, message="expired")] * attempts
    for _ in range(attempts):
        bot.session.work_orders(NOON)

    assert bot.session.standing.unplanned == "enter"
    assert bot.folded() == bot.session.standing


def test_a_crash_in_the_middle_goes_on_with_the_order_that_was_sent() -> None:
    bot = Bot()
    bot.reset()
    bot.shop.answers = [OrderReport(status=OrderStatus.UNRESOLVED, message="timeout")]
    bot.session.work_orders(NOON)

    folded = bot.folded()

    assert folded == bot.session.standing
    assert folded.orders.in_doubt is not None
    assert folded.orders.in_doubt.order.restores


def test_an_account_that_holds_less_than_the_ledger_is_refused_with_what_is_missing() -> None:
    bot = Bot()
    bot.account.held = {**PLENTY, "ETH": Decimal(3)}

    with pytest.raises(VenueError, match=r"binance-testnet: holds 3 ETH, and the ledger 3\.00000001; give the account"):
        bot.keeper.check(NOON)


def test_an_account_that_holds_exactly_what_the_ledger_holds_is_enough() -> None:
    bot = Bot()
    bot.account.held = {**HELD, "USDT": Decimal(500)}

    bot.keeper.check(NOON)

    assert bot.account.looks == 1


def test_an_account_with_less_cash_than_the_ledger_is_refused() -> None:
    bot = Bot()
    bot.account.held = {**PLENTY, "USDT": Decimal("499.99")}

    with pytest.raises(VenueError, match=r"holds 499\.99 USDT, and the ledger 500;"):
        bot.keeper.check(NOON)


def test_an_account_that_shows_late_what_it_holds_is_no_shortage() -> None:
    bot = Bot()
    bot.account.held, bot.account.held_late = {**PLENTY, "ETH": Decimal(1)}, PLENTY

    bot.keeper.check(NOON)

    # It counts as looked at from then on.
    bot.account.held = {}
    bot.keeper.check(NOON)
    assert bot.notices == []


def test_a_shortage_is_not_believed_of_a_run_that_is_ending() -> None:
    bot = Bot()
    bot.account.held, bot.account.is_ending = {**PLENTY, "ETH": Decimal(1)}, True

    bot.keeper.check(NOON)

    bot.account.is_ending = False
    with pytest.raises(VenueError, match="holds 1 ETH, and the ledger"):
        bot.keeper.check(NOON)


def test_an_account_that_holds_too_little_for_a_run_that_has_not_begun_is_refused_at_once() -> None:
    bot = Bot()
    bot.session.standing = bot.session.standing._replace(last_day=None, known=None)
    bot.account.held, bot.account.held_late = {**PLENTY, "ETH": Decimal(1)}, PLENTY

    with pytest.raises(VenueError, match="holds 1 ETH, and the ledger"):
        bot.keeper.check(NOON)


def test_what_is_bought_back_sets_the_commission_aside() -> None:
    bot = Bot(held={"ETH": Decimal(300)})

    bot.reset()

    # 300 / 0.999 is 300.3003, on the step 300.4, and a step more.
    assert [order.quantity for order in bot.session.waiting] == [Decimal("300.5")]


def test_an_account_that_was_found_to_hold_all_is_looked_at_again_after_a_reset() -> None:
    bot = Bot()
    bot.keeper.check(NOON)
    bot.account.held = {**PLENTY, "ETH": Decimal(8)}
    bot.reset()
    bot.account.held = {"USDT": Decimal(500)}
    bot.refuse_to_the_end()

    with pytest.raises(VenueError, match="holds 0 ETH"):
        bot.keeper.check(NOON + timedelta(minutes=1))


def test_what_could_not_be_bought_back_is_found_missing_once_nothing_waits() -> None:
    bot = Bot()
    bot.reset()
    bot.account.held = {"USDT": Decimal(500)}
    bot.keeper.check(NOON)
    bot.refuse_to_the_end()

    with pytest.raises(VenueError, match="holds 0 ETH"):
        bot.keeper.check(NOON + timedelta(minutes=1))


def test_coins_that_nobody_offers_now_are_bought_back_later_not_written_off() -> None:
    bot = Bot()
    bot.account.ask = {"ETH": Decimal(100)}

    bot.reset()

    assert [order.asset for order in bot.session.waiting] == ["ETH", "DOGE"]


def test_while_a_sell_waits_the_account_is_looked_at_again() -> None:
    bot = Bot()
    bot.keeper.check(NOON)
    sale = fill_of("ETH", Side.SELL, "3", "100")
    order = Order(
        client_order_id="bot-20240101-ETH-s1-1",
        asset="ETH",
        symbol="ETH/USDT",
        side=sale.side,
        quantity=sale.quantity,
        decision_day=DAY,
        reason="exit",
    )
    bot.journal.append_all([OrderPlanned(order=order)])
    bot.session.standing = bot.folded()
    bot.account.held = {"USDT": Decimal(500)}

    with pytest.raises(VenueError, match="holds 0 ETH"):
        bot.keeper.check(NOON)


def booked(bot: Bot, *fills: Fill) -> None:
    for fill in fills:
        bot.journal.append_all([OrderFilled(fill=fill)])
    bot.session.standing = bot.folded()


def test_what_was_bought_after_the_reset_is_not_bought_twice() -> None:
    # Worked example: 3 ETH were there, then the reset, then 2 more were bought by orders that the exchange knows.
    bot = Bot(held={"ETH": Decimal(3)})
    later = fill_of("ETH", Side.BUY, "2", "100", name="bot-20240101-ETH-b2-1")
    booked(bot, later)
    bot.account.remembered = [later]

    bot.reset()

    (event,) = bot.events(AccountReset)
    assert isinstance(event, AccountReset)
    assert (event.positions, event.wiped) == ({"ETH": Decimal(5)}, {"ETH": Decimal(3)})
    # 3 / 0.999 is 3.0030, on the step 3.1, and a step more.
    assert [order.quantity for order in bot.session.waiting] == [Decimal("3.2")]
    assert bot.folded() == bot.session.standing


def test_a_second_reset_is_recognised_by_what_was_bought_between_the_first_and_its_discovery() -> None:
    # Worked example: 2 ETH were bought after the first reset, which was found; the next wipes them before any order.
    bot = Bot(held={})
    later = fill_of("ETH", Side.BUY, "2", "100", name="bot-20240101-ETH-b2-1")
    booked(bot, later)
    bot.account.remembered = [later]
    bot.reset()
    bot.account.remembered, bot.account.held = [], {**PLENTY, "USDT": Decimal(9_999)}

    bot.reset()

    assert [event.wiped for event in bot.events(AccountReset) if isinstance(event, AccountReset)] == [
        {},
        {"ETH": Decimal(2)},
    ]
    assert bot.folded() == bot.session.standing


def test_an_unresolved_order_is_wiped_with_all_else_by_a_reset() -> None:
    # Without it balances that the reset moved keep the order unresolved for ever, and the bot stands still.
    bot = Bot(held={"ETH": Decimal(3)})
    order = order_of("ETH", Side.SELL, "2", name="bot-20240101-ETH-s2-1")
    for event in (OrderPlanned(order=order), OrderSent(at=NOON, order=order)):
        bot.journal.append_all([event])
    bot.session.standing = bot.folded()
    bot.shop.answers = [OrderReport(status=OrderStatus.UNRESOLVED, message="the balance moved by -2 ETH")]

    bot.keeper.check(NOON)
    assert [each.order for each in bot.session.standing.orders if each.is_in_doubt] == [order]
    bot.reset()

    assert [each for each in bot.session.standing.orders if each.is_in_doubt] == []
    assert bot.session.standing.epoch == 2
    assert [order.side for order in bot.session.waiting] == [Side.BUY, Side.SELL]
    assert bot.folded() == bot.session.standing


def test_nothing_is_bought_back_where_all_was_bought_after_the_reset() -> None:
    bot = Bot(held={})
    later = fill_of("ETH", Side.BUY, "2", "100", name="bot-20240101-ETH-b2-1")
    booked(bot, later)
    bot.account.remembered = [later]

    bot.reset()

    assert (bot.session.standing.epoch, bot.session.waiting) == (2, ())


def test_what_was_sold_out_of_a_fresh_allowance_is_bought_back() -> None:
    bot = Bot(held={"ETH": Decimal(5)})
    later = fill_of("ETH", Side.SELL, "2", "100", name="bot-20240101-ETH-s2-1")
    booked(bot, later)
    bot.account.remembered = [later]

    bot.reset()

    (event,) = bot.events(AccountReset)
    assert isinstance(event, AccountReset)
    assert (event.positions, event.wiped) == ({"ETH": Decimal(3)}, {"ETH": Decimal(5)})


def test_an_account_whose_balances_are_in_place_was_not_reset_whatever_it_answers_on_orders() -> None:
    bot = Bot()
    bot.keeper.check(NOON)

    bot.reset()

    assert list(bot.journal) == []


def test_an_account_that_moved_by_our_own_fills_alone_is_in_place() -> None:
    bot = Bot()
    bot.keeper.check(NOON)
    booked(bot, fill_of("ETH", Side.BUY, "2", "100", fee="0.01", fee_asset="ETH", name="bot-20240101-ETH-b2-1"))
    bot.account.held = {**PLENTY, "ETH": PLENTY["ETH"] + Decimal("1.99"), "USDT": PLENTY["USDT"] - 200}

    bot.reset()

    assert bot.events(AccountReset) == []


def test_what_fees_took_of_what_was_bought_back_is_bought_after_it() -> None:
    bot = Bot(held={"ETH": Decimal(300)})
    bot.reset()
    (first,) = bot.session.waiting
    # One in a hundred is taken, ten times what the configuration says: 300.5 brings 297.495.
    taken = fill_of(
        "ETH", Side.BUY, "300.5", "110", fee="3.005", fee_asset="ETH", name=first.client_order_id, reason=RESET_BUY_BACK
    )
    bot.shop.answers = [OrderReport(status=OrderStatus.FILLED, fills=(taken,))]
    bot.session.work_orders(NOON)

    bot.keeper.check(NOON)

    (second,) = bot.session.waiting
    # 2.505 / 0.99 is 2.5303, on the step 2.6, and a step more.
    assert (second.client_order_id, second.quantity) == ("bot-20240101-ETH-r2p2-1", Decimal("2.7"))
    assert bot.folded() == bot.session.standing


def test_a_crumb_that_fees_took_is_bought_as_the_least_that_is_taken() -> None:
    bot = Bot(held={"ETH": Decimal(3)})
    bot.reset()
    (first,) = bot.session.waiting
    short = fill_of("ETH", Side.BUY, "2.99", "110", name=first.client_order_id, reason=RESET_BUY_BACK)
    bot.shop.answers = [OrderReport(status=OrderStatus.FILLED, fills=(short,))]
    bot.session.work_orders(NOON)

    bot.keeper.check(NOON)

    # 0.01 are worth 1; the least notional is 5: 5 * 1.05 / 100 is 0.0525, on the step 0.1; 0.01 alone would be 0.2.
    assert [order.quantity for order in bot.session.waiting] == [Decimal("0.2")]


def test_more_than_was_seen_and_the_fills_since_explain_is_said() -> None:
    bot = Bot()
    bot.keeper.check(NOON)
    bot.account.forgets = True
    bot.account.held = {**PLENTY, "ETH": Decimal(10)}
    bot.keeper.check(NOON)
    bot.account.forgets = False
    bot.session.work_orders(NOON)
    bot.account.held = {**PLENTY, "ETH": Decimal("14.1968"), "USDT": Decimal(10_000 - 352)}

    bot.keeper.check(NOON)

    # 10 at the reset, 3.1968 bought back, and one that nobody explains.
    assert bot.notices == [
        "binance-testnet: the account holds 1 ETH more than when last seen and the fills since explain; they are left "
        "alone"
    ]


def test_what_cannot_be_bought_back_holds_other_orders_up_for_two_days_and_not_for_ever() -> None:
    bot = Bot(held={"ETH": Decimal(3), "DOGE": Decimal(700)})
    bot.reset()
    bot.journal.append_all([OrderPlanned(order=OTHER_SALE)])
    bot.session.standing = bot.folded()
    bot.shop.closed = {"ETH"}

    days = []
    for day in range(4):
        bot.session.work_orders(NOON + timedelta(days=day))
        days.append([order.reason for order in bot.shop.sent])

    # First tried on the first of them; from the third on it is stuck, and is tried on.
    assert days == [*[[RESET_BUY_BACK]] * 2, *[[RESET_BUY_BACK, "exit"]] * 2]
    assert [order.asset for order in bot.session.waiting] == ["ETH"]
    assert bot.folded() == bot.session.standing
    bot.shop.closed = set()
    bot.session.work_orders(NOON + timedelta(days=9))
    assert bot.session.waiting == ()


def test_what_a_reset_wiped_is_bought_back_in_no_more_orders_a_day_than_any_other_coin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 1.2 ETH and more, 0.1 at once: ten a day instead of a thousand.
    monkeypatch.setattr("engine.core.restoration.MAX_PIECES", 10)
    bot = Bot(held={"ETH": Decimal("1.2")}, rules={"ETH": replace(RULES["ETH"], maximum_quantity=Decimal("0.1"))})
    bot.reset()
    first = len(bot.session.waiting)
    bot.session.work_orders(NOON)
    bot.keeper.check(NOON)
    same_day = bot.session.waiting
    bot.session.standing = bot.session.standing._replace(last_day=DAY + timedelta(days=1))
    bot.keeper.check(NOON + timedelta(days=1))

    assert (first, same_day) == (10, ())
    # 1 less a thousandth was bought; 0.201 / 0.999 is 0.2012, on the step 0.3, and a step more.
    assert sum(order.quantity for order in bot.session.waiting) == Decimal("0.4")
    assert bot.session.waiting[0].client_order_id == "bot-20240102-ETH-r2p11-1"


@pytest.mark.parametrize("identity", ["x7k2p9", ""])
def test_what_a_journal_lacks_is_booked_where_names_tell_the_run_from_all_others(identity: str) -> None:
    bot = Bot()
    bot.session.standing = bot.session.standing._replace(identity=identity)
    bot.account.lost = [fill_of("ETH", Side.BUY, "1", "100", name="x7k2p9-20240102-ETH-b1-1")]

    bot.keeper.check(NOON)

    # By the name of a run of 0.1.0 alone, it may be of another one of that name.
    assert bot.session.ledger.quantity("ETH") == HELD["ETH"] + (1 if identity else 0)
    assert len([words for words in bot.notices if "the journal lacks 1 orders" in words]) == (1 if identity else 0)


def test_an_account_with_less_than_the_ledger_is_refused_when_the_first_orders_of_a_start_have_waited() -> None:
    bot = Bot(seconds=60.0)
    bot.account.held = {**PLENTY, "ETH": Decimal(1)}
    bot.keeper.check(NOON)
    is_held = bot.first_sends.are_held
    bot.first_sends.wait()

    # What was sent before the start may explain it by then.
    assert is_held
    with pytest.raises(VenueError, match="holds 1 ETH, and the ledger"):
        bot.keeper.check(NOON)


def test_the_account_is_looked_at_until_the_first_orders_are_free_and_more_than_was_seen_is_said_once() -> None:
    bot = Bot(seconds=60.0)
    bot.fresh = bot.session.standing = bot.session.standing._replace(identity="x7k2p9", beside={"ETH": Decimal(0)})
    bot.keeper = bot.new_keeper()
    for seconds in (0, 30, 60, 90):
        bot.keeper.check(NOON + timedelta(seconds=seconds))

    assert bot.account.looks == 3
    assert [words for words in bot.notices if "more than when last seen" in words] == bot.notices
    assert len(bot.notices) == 1


def test_what_is_lost_shows_after_a_first_look_that_saw_only_the_balance_move() -> None:
    bot = Bot(seconds=60.0)
    bot.fresh = bot.session.standing = bot.session.standing._replace(identity="x7k2p9", beside={"ETH": Decimal(0)})
    bot.keeper = bot.new_keeper()
    bot.keeper.check(NOON)
    bot.account.lost = [fill_of("ETH", Side.BUY, "1", "100", name="x7k2p9-20240102-ETH-b1-1")]
    bot.keeper.check(NOON + timedelta(seconds=60))

    # Nothing about the account has changed since; what it holds was not taken as seen.
    assert bot.session.ledger.quantity("ETH") == HELD["ETH"] + 1


def test_what_an_account_holds_is_asked_again_after_the_patience_for_what_is_lost() -> None:
    bot = Bot()
    bot.fresh = bot.session.standing = bot.session.standing._replace(identity="x7k2p9")
    bought = fill_of("ETH", Side.BUY, "8", "10", name="x7k2p9-20240102-ETH-b1-1")

    def patient(assets: Sequence[str], since: object) -> Sequence[Fill]:
        bot.account.held = {**PLENTY, "ETH": Decimal(12)}
        return [bought]

    bot.account.lost_fills = patient  # type: ignore[method-assign]
    bot.keeper.check(NOON)

    # 3 and 8 are more than the 9 that it showed before.
    assert bot.session.ledger.quantity("ETH") == HELD["ETH"] + 8


def lost_fill(asset: str, side: Side, quantity: str, name: str, *, reason: str = TAKEN_UP) -> Fill:
    return fill_of(asset, side, quantity, "100", name=f"x7k2p9-20240101-{asset}-{name}", reason=reason)


def put_back(*lost: Fill, known: Fill | None = KNOWN) -> Bot:
    """Give a bot whose journal is an older copy; the account does not hold what it did."""
    bot = Bot(known=known)
    bot.fresh = bot.session.standing = bot.session.standing._replace(identity="x7k2p9")
    bot.account.lost = lost
    return bot


def test_after_a_reset_what_a_journal_lacks_is_booked_in_the_new_epoch_and_bought_back_once() -> None:
    back = lost_fill("ETH", Side.BUY, "3.1", "r2p1-1", reason=RESET_BUY_BACK)
    sold = lost_fill("ETH", Side.SELL, "3", "s1-1e2")
    bot = put_back(back, sold)

    bot.reset()

    (reset,) = bot.events(AccountReset)
    assert isinstance(reset, AccountReset)
    assert reset.wiped == {"ETH": HELD["ETH"]}
    assert bot.events(OrderFilled) == [OrderFilled(fill=back), OrderFilled(fill=sold)]
    # Nothing more of it is missing: 3.1 were bought for the 3.00000001 that were held.
    assert bot.session.waiting == ()
    assert bot.session.ledger.positions == {"ETH": Decimal("0.00000001")}
    assert bot.session.standing == bot.folded()
    assert bot.session.standing.known == back
    assert [words for words in bot.notices if "known to nobody any more" in words]


def test_what_was_bought_back_for_a_journal_that_is_lost_and_this_one_does_not_hold_is_left_alone() -> None:
    bot = put_back(lost_fill("SOL", Side.BUY, "9", "r2p1-1", reason=RESET_BUY_BACK))

    bot.reset()

    assert "SOL" not in bot.session.ledger.positions
    assert [order.asset for order in bot.session.waiting] == ["ETH"]
    assert [words for words in bot.notices if words.endswith("; SOL that was bought back for it is left alone")]


def test_the_epoch_after_a_reset_is_the_latest_that_lost_orders_name() -> None:
    bot = put_back(lost_fill("ETH", Side.SELL, "3", "s1-1e4"))

    bot.reset()

    assert bot.session.standing.epoch == 4
    assert [order.client_order_id for order in bot.session.waiting] == ["bot-20240101-ETH-r4p1-1"]


def test_a_journal_without_fills_knows_a_reset_by_the_names_of_what_it_lacks() -> None:
    bot = put_back(lost_fill("ETH", Side.BUY, "9", "r3p1-1", reason=RESET_BUY_BACK), known=None)

    bot.keeper.check(NOON)

    (reset,) = bot.events(AccountReset)
    assert isinstance(reset, AccountReset)
    assert (reset.epoch, reset.forgotten) == (3, "")
    assert bot.session.waiting == ()


def test_what_waits_when_the_exchange_is_reset_goes_on_under_a_name_of_the_new_epoch() -> None:
    bot = Bot()
    bot.session.restore([OTHER_SALE])

    bot.reset()

    assert [order.client_order_id for order in bot.session.standing.orders.sells] == ["bot-20240101-DOGE-s1-2e2"]
    assert bot.session.standing == bot.folded()
    # It was never tried, so nothing has waited for it yet.
    assert bot.session.stuck(NOON + timedelta(days=99)) == {}


def test_while_the_kill_switch_holds_what_a_reset_wiped_is_not_bought_back_and_its_sells_wait() -> None:
    bot = killed()

    bot.reset()
    # A fresh allowance, which is not ours to sell, and less than the ledger holds.
    bot.account.held = {"ETH": Decimal(1), "USDT": Decimal(10_000)}
    for _ in range(3):
        bot.keeper.check(NOON)
        bot.session.work_orders(NOON)

    (reset,) = [event for event in bot.journal if isinstance(event, AccountReset)]
    assert (reset.buys_back, reset.wiped) == (False, {"ETH": HELD["ETH"]})
    assert bot.shop.sent == []
    assert [(order.asset, order.side) for order in bot.session.waiting] == [("ETH", Side.SELL)]
    (flight,) = bot.session.standing.orders
    assert "nothing is bought while the kill switch holds" in flight.message
    assert bot.session.ledger.positions == {"ETH": HELD["ETH"]}
    assert bot.session.standing == bot.folded()


def test_once_the_kill_switch_is_re_armed_what_was_wiped_is_bought_back() -> None:
    bot = killed()
    bot.reset()

    bot.session.rearm(NOON)
    keeper = bot.new_keeper()
    keeper.check(NOON)
    bot.session.work_orders(NOON)
    keeper.check(NOON)

    assert [(order.asset, order.side, order.reason) for order in bot.shop.sent] == [
        ("ETH", Side.BUY, RESET_BUY_BACK),
        ("ETH", Side.SELL, "kill_switch"),
    ]
    assert bot.session.standing == bot.folded()


def test_after_a_reset_the_kill_switch_sells_only_what_was_bought_back() -> None:
    bot = Bot()
    bot.reset()
    (partly,) = bot.session.waiting
    one = fill_of("ETH", Side.BUY, "1", "110", name=partly.client_order_id, reason=RESET_BUY_BACK)
    bot.shop.answers = [OrderReport(status=OrderStatus.FILLED, fills=(one,), again=Decimal("2.2"))]
    bot.session.work_orders(NOON)
    (rest,) = bot.session.waiting

    bot.write(KILLED, OrderCancelled(day=DAY, order=rest), OrderPlanned(order=SALE))
    bot.session.work_orders(NOON)

    assert [(order.asset, order.side, order.quantity) for order in bot.shop.sent[1:]] == [
        ("ETH", Side.SELL, Decimal("1.0"))
    ]


@pytest.mark.parametrize(("sold", "rest"), [("4", ["x7k2p9-20240101-DOGE-s1-3"]), ("7", [])])
def test_of_an_order_that_the_journal_has_and_whose_fills_it_lacks_the_rest_is_tried_again(
    sold: str, rest: Sequence[str]
) -> None:
    bot = put_back()
    bot.session.restore([replace(OTHER_SALE, client_order_id="x7k2p9-20240101-DOGE-s1-1")])
    bot.account.lost = [lost_fill("DOGE", Side.SELL, sold, "s1-2")]

    bot.keeper.check(NOON)

    assert [order.client_order_id for order in bot.session.waiting] == rest
    assert sum(order.quantity for order in bot.session.waiting) == 7 - Decimal(sold)
    assert bot.session.ledger.quantity("DOGE") == 7 - Decimal(sold)
