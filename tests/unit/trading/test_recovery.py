"""A restart at any instant goes on as if nothing had happened: a matrix of scripted runs and kill points.

A crash strikes before or after any act is written. Before: the venue may have done what the journal does not know.
After: the journal says what the venue may not have been told. The venue remembers, as an exchange does.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest

from engine.core.calendar import opening_instant
from engine.core.events import DayDecided, Event, OrderFilled, OrderSent, RunEnded, RunStarted
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.money import exact
from engine.core.order import Fill, Order, OrderReport, OrderStatus, Side
from engine.core.orders_in_flight import OrdersInFlight
from engine.core.planner import Planner
from engine.core.retry_policy import MOST, AttemptEnd
from engine.core.strategy import Decision, Holdings
from engine.journal.memory import MemoryJournal
from engine.trading.recovery import standing_of
from engine.trading.session import Session
from engine.trading.standing import Standing
from tests.support.fakes import DAY, ScriptedState, ScriptedStrategy, instrument
from tests.support.markets import coin_bars, history_of

ASSETS = ("BTC", "ETH", "SOL")
PRICES = {"BTC": "100", "ETH": "10", "SOL": "1"}
HISTORY = history_of(*(coin_bars(asset, DAY, [float(price)] * 9) for asset, price in PRICES.items()))
ROUNDS_A_DAY = 2 * MOST[AttemptEnd.EXPIRED]

Fate = Literal["filled", "rejected", "halved", "expired", "told to wait", "lost", "lost and filled", "lost and halved"]


class CrashError(Exception):
    """The process ends here."""


class MortalJournal(MemoryJournal):
    """A journal whose writer dies at an act, before or after it is written."""

    def __init__(self, events: Sequence[Event] = (), *, dies_at: int = -1, written: bool = False) -> None:
        super().__init__()
        if events:
            super().append_all(events)
        self.acts = 0
        self._dies_at = dies_at
        self._written = written

    def append_all(self, events: Sequence[Event]) -> None:
        if self.acts == self._dies_at and not self._written:
            raise CrashError
        super().append_all(events)
        self.acts += 1
        if self.acts > self._dies_at >= 0:
            raise CrashError


@dataclass
class RememberingVenue:
    """Does to an order what is scripted for its name, and remembers it when the bot does not.

    Attributes:
        fates: by client order id; filled without.
        closed: assets whose market is closed on a day.
        reports: what became of each order that was placed.
    """

    fates: Mapping[str, Fate]
    closed: Mapping[date, Sequence[str]]
    reports: dict[str, OrderReport] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def instruments(self) -> Mapping[str, Instrument]:
        return {asset: instrument(asset) for asset in PRICES}

    def why_closed(self, asset: str, at: datetime) -> str:
        return "halted" if asset in self.closed.get(at.date() - timedelta(days=1), ()) else ""

    def submit(self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        assert order.client_order_id not in self.reports, "sent a second time"
        fate = self.fates.get(order.client_order_id, "filled")
        if fate == "told to wait" and order.client_order_id not in self.told:
            self.told.add(order.client_order_id)
            return OrderReport(status=OrderStatus.WAITING, message="too many requests")
        if fate != "lost":
            self.reports[order.client_order_id] = _report(order, fate, at)
        if fate.startswith("lost"):
            return OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
        return self.reports[order.client_order_id]

    def held(self, asset: str) -> Decimal | None:
        return None

    def resolve(self, order: Order, *, at: datetime, sent: OrderSent | None = None) -> OrderReport:
        absent = OrderReport(status=OrderStatus.REJECTED, again=order.quantity, message="was never placed")
        return self.reports.get(order.client_order_id, absent)


def _report(order: Order, fate: Fate, at: datetime) -> OrderReport:
    if fate == "rejected":
        return OrderReport(status=OrderStatus.REJECTED, message="refused")
    if fate == "expired":
        return OrderReport(status=OrderStatus.REJECTED, again=order.quantity, message="expired")
    share = Decimal("0.5") if fate.endswith("halved") else Decimal(1)
    # In two trades, so that one act books more than one fill.
    first = order.quantity * share * Decimal("0.2")
    second = order.quantity * share - first
    return OrderReport(
        status=OrderStatus.FILLED,
        fills=(_fill(order, first, at), _fill(order, second, at)),
        again=order.quantity - first - second,
    )


def _fill(order: Order, quantity: Decimal, at: datetime) -> Fill:
    with exact():
        notional = quantity * Decimal(PRICES[order.asset])
    return Fill(
        at=at,
        order_id=f"of {order.client_order_id}",
        client_order_id=order.client_order_id,
        asset=order.asset,
        symbol=order.symbol,
        side=order.side,
        quantity=quantity,
        price=Decimal(PRICES[order.asset]),
        notional=notional,
        fee=Decimal(0),
        fee_asset="USDT",
        decision_day=order.decision_day,
        reason=order.reason,
    )


class StandingTargets(ScriptedStrategy):
    """Holds on to its targets on a day that changes nothing, as strategies do."""

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        standing = next(targets for targets in reversed(self._targets[: state.days + 1]) if targets is not None)
        return replace(decision, targets=standing)


@dataclass(frozen=True, kw_only=True)
class Script:
    """A run: targets day by day, what becomes of orders, and which days are decided too late to trade for them."""

    targets: Sequence[Mapping[str, float] | None]
    fates: Mapping[str, Fate] = field(default_factory=dict)
    closed: Mapping[int, Sequence[str]] = field(default_factory=dict)
    missed: Sequence[int] = ()

    def venue(self) -> RememberingVenue:
        return RememberingVenue(
            fates={f"bot-{_day(int(name[0])):%Y%m%d}-{name[2:]}": fate for name, fate in self.fates.items()},
            closed={_day(number): assets for number, assets in self.closed.items()},
        )


def _day(number: int) -> date:
    """Give a script's day, counted from 1."""
    return DAY + timedelta(days=number - 1)


def _every_attempt(order: str, fate: Fate) -> dict[str, Fate]:
    return {f"{order}-{attempt}": fate for attempt in range(1, MOST[AttemptEnd.EXPIRED] + 1)}


INTO_ALTS: Sequence[Mapping[str, float] | None] = ({"BTC": 0.9}, None, {"ETH": 0.5, "SOL": 0.3}, None)

SCRIPTS = {
    "orders fill": Script(targets=INTO_ALTS),
    "a sell is refused": Script(targets=INTO_ALTS, fates=_every_attempt("3-BTC-s1", "rejected")),
    "a buy is refused": Script(targets=INTO_ALTS, fates=_every_attempt("3-ETH-b1", "rejected")),
    "a sell waits for its market": Script(targets=(*INTO_ALTS, None), closed={3: ["BTC"]}),
    "a buy waits for its market": Script(targets=(*INTO_ALTS, None), closed={3: ["ETH"], 4: ["ETH"]}),
    "the venue tells to wait": Script(
        targets=INTO_ALTS, fates={"1-BTC-b1-1": "told to wait", "3-ETH-b1-1": "told to wait"}
    ),
    "waiting orders are cancelled": Script(
        targets=({"BTC": 0.9}, {"ETH": 0.5, "SOL": 0.3}, {"BTC": 0.2}, None), closed={2: ["ETH", "BTC"]}
    ),
    "waiting orders are cancelled and nothing else is to be done": Script(
        targets=({"BTC": 0.5}, {"BTC": 0.5, "ETH": 0.5}, {"BTC": 0.5}, None, None), closed={2: ["ETH"]}
    ),
    "the first buy is filled in parts": Script(
        # The second part stays before SOL's buy, which waits: it takes the place of its order.
        targets=INTO_ALTS,
        closed={3: ["SOL"]},
        fates={"3-ETH-b1-1": "halved", "3-ETH-b1-2": "halved", "1-BTC-b1-1": "halved"},
    ),
    "the first of two sells is filled in parts": Script(
        targets=({"BTC": 0.5, "ETH": 0.4}, None, {"SOL": 0.8}, None), fates={"3-BTC-s1-1": "halved"}
    ),
    "an order expires until it is left": Script(targets=INTO_ALTS, fates=_every_attempt("3-ETH-b1", "expired")),
    "an unresolved order turns out to be filled": Script(targets=INTO_ALTS, fates={"3-BTC-s1-1": "lost and filled"}),
    "an unresolved order turns out to be absent": Script(targets=INTO_ALTS, fates={"3-BTC-s1-1": "lost"}),
    "unresolved orders turn out to be filled in part": Script(
        targets=INTO_ALTS, fates={"3-BTC-s1-1": "lost and halved", "3-ETH-b1-1": "lost and halved"}
    ),
    "a change of a missed day is planned later": Script(
        targets=({"BTC": 0.9}, {"ETH": 0.5, "SOL": 0.3}, None, None, None), missed=(2, 3)
    ),
    "a change of a missed day is undone by another": Script(
        targets=({"BTC": 0.9}, {"ETH": 0.5}, {"SOL": 0.3}, None), missed=(2,)
    ),
    "an old order is tried again while a missed change waits": Script(
        targets=({"BTC": 0.9}, {"ETH": 0.5}, None, {"SOL": 0.3}, None, None),
        closed={2: ["ETH"], 3: ["ETH"]},
        fates={"2-ETH-b1-1": "halved"},
        missed=(4,),
    ),
    "an old order is left while a missed change waits": Script(
        targets=({"BTC": 0.9}, {"ETH": 0.5}, None, {"SOL": 0.3}, None, None),
        closed={2: ["ETH"], 3: ["ETH"]},
        fates=_every_attempt("2-ETH-b1", "expired"),
        missed=(4,),
    ),
}

FRESH = Standing(ledger=Ledger(quote="USDT", cash=Decimal(1000)), state=ScriptedState())

Watch = Callable[[Session], None]


def _no_watch(_: Session) -> None:
    pass


def play(script: Script, journal: MortalJournal, venue: RememberingVenue, *, watch: Watch = _no_watch) -> Standing:
    """Go on from where the journal stands to the script's end."""
    strategy = StandingTargets(ASSETS, script.targets)
    session = Session(
        strategy=strategy,
        planner=Planner(
            account="bot",
            instruments=venue.instruments(),
            costs=Costs(commission=Decimal(0), slippage=Decimal(0)),
            trading_order=ASSETS,
        ),
        venue=venue,
        journal=journal,
        ledger=FRESH.ledger,
        standing=standing_of(journal, FRESH),
    )
    if session.standing.last_day is None:
        session.begin(DAY)
    for number in range(1, len(script.targets) + 1):
        day = _day(number)
        last_day = session.standing.last_day
        if last_day is not None and last_day > day:
            continue
        if last_day != day:
            session.decide(day, strategy, HISTORY, plan_orders=number not in script.missed)
            watch(session)
        for _ in range(ROUNDS_A_DAY):
            session.work_orders(opening_instant(day + timedelta(days=1)))
            watch(session)
    session.end(_day(len(script.targets)))
    return session.standing


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What a run comes to: where it stands, what was decided, and what was traded for which decision."""

    standing: Standing
    waiting: Sequence[Order]
    decisions: Sequence[DayDecided]
    traded: Mapping[tuple[date, str, Side, str], Decimal]


def _ending(standing: Standing, events: Sequence[Event]) -> Ending:
    traded: Counter[tuple[date, str, Side, str]] = Counter()
    for event in events:
        if isinstance(event, OrderFilled):
            fill = event.fill
            traded[fill.decision_day, fill.asset, fill.side, fill.reason] += fill.quantity  # type: ignore[assignment]
    return Ending(
        # By which order the exchange is known may differ: an attempt that a crash cost has another name. So may settled
        # ones, which keep their places until the next decision.
        standing=standing._replace(known=None, orders=OrdersInFlight()),
        waiting=standing.orders.waiting,
        decisions=[event for event in events if isinstance(event, DayDecided)],
        traded=dict(traded),  # type: ignore[arg-type] # a counter of decimals
    )


def uninterrupted(script: Script) -> tuple[Ending, int]:
    """Play a script in one go, and count its acts."""
    journal = MortalJournal()
    standing = play(script, journal, script.venue())
    return _ending(standing, list(journal)), journal.acts


def after_crash(
    script: Script, events: Sequence[Event], venue: RememberingVenue, act: int, *, written: bool
) -> list[Event]:
    """Go on until the crash, and give the journal that it leaves."""
    journal = MortalJournal(events, dies_at=act, written=written)
    with pytest.raises(CrashError):
        play(script, journal, venue)
    return list(journal)


def kill_points(acts: int) -> Iterator[tuple[int, bool]]:
    """Give every instant at which a run of so many acts can be ended."""
    for act in range(acts):
        yield act, False
        yield act, True


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_journal_says_at_every_step_where_the_session_stands(name: str) -> None:
    journal = MortalJournal()
    steps = 0

    def compare(session: Session) -> None:
        nonlocal steps
        steps += 1
        assert standing_of(journal, FRESH) == session.standing

    play(SCRIPTS[name], journal, SCRIPTS[name].venue(), watch=compare)

    assert steps == len(SCRIPTS[name].targets) * (1 + ROUNDS_A_DAY)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_crash_at_any_instant_changes_nothing_of_what_comes_out(name: str) -> None:
    script = SCRIPTS[name]
    expected, acts = uninterrupted(script)
    cells = 0

    for act, written in kill_points(acts):
        venue = script.venue()
        left = after_crash(script, [], venue, act, written=written)
        journal = MortalJournal(left)
        standing = play(script, journal, venue)
        assert _ending(standing, list(journal)) == expected, f"killed at act {act}, written: {written}"
        cells += 1

    print(f"{name}: {cells} cells")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_second_crash_during_recovery_changes_nothing_either(name: str) -> None:
    script = SCRIPTS[name]
    expected, acts = uninterrupted(script)
    cells = 0

    for act, written in kill_points(acts):
        venue = script.venue()
        left = after_crash(script, [], venue, act, written=written)
        for second_written in (False, True):
            again = replace(venue, reports=dict(venue.reports), told=set(venue.told))
            left_again = after_crash(script, left, again, 0, written=second_written)
            journal = MortalJournal(left_again)
            standing = play(script, journal, again)
            assert _ending(standing, list(journal)) == expected, f"killed at act {act}, written: {written}"
            cells += 1

    print(f"{name}: {cells} cells")


def test_an_order_that_was_sent_and_not_heard_of_is_unresolved() -> None:
    journal = MortalJournal(dies_at=1, written=True)
    script = SCRIPTS["orders fill"]
    with pytest.raises(CrashError):
        play(script, journal, script.venue())

    sent = list(journal)[-1]
    assert isinstance(sent, OrderSent)
    doubt = standing_of(journal, FRESH).orders.in_doubt
    assert doubt is not None
    assert (doubt.order, doubt.sent) == (sent.order, sent)


def test_no_journal_is_a_first_start() -> None:
    assert standing_of([], FRESH) == FRESH


def test_a_run_keeps_the_cash_that_it_began_with() -> None:
    began = RunStarted(first_day=DAY, cash=Decimal(500), quote="USDT", core="BTC")

    standing = standing_of([began, RunEnded(last_day=DAY)], FRESH)

    assert standing.ledger == Ledger(quote="USDT", cash=Decimal(500))
