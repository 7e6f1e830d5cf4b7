"""Fault x stage of the order's life x kill point, generated, through real HTTP.

A rotation of two sells and two buys is played on the practice exchange by the real paper run. Every cell disturbs it by
one fault at one request, by the end of the process at one request or write, or by both; then it goes on undisturbed,
and what must hold (tests/support/soundness.py) is held against the journal on the disk and the exchange's own books.
Where a process can end is found by looking at what the run does: a new request or write is a new row of cells.

That a process ends after one boundary or before the next is the same to the exchange and to the disk; both are tried
where nothing else goes wrong, and only the first with faults.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.journal.verification import verify_journal
from engine.practice.calls import Call
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import ORDER_PATH, Fault
from engine.trading.recovery import standing_of
from tests.support.command import small_configuration, write_small_market
from tests.support.disturbed import (
    CASH,
    END,
    FRESH,
    ORDERS,
    QUIET,
    ROTATION,
    Boundary,
    Case,
    Death,
    Disturbance,
    Outcome,
    Rig,
    When,
)
from tests.support.patience import PATIENCE_SECONDS
from tests.support.rehearsal import Rehearsal
from tests.support.soundness import Expected, problems

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

T = TypeVar("T")

LEAST_CELLS = 250
THINNED = "WHOLE_MATRIX" not in os.environ
"""The whole matrix has thousands of cells; without this variable each family takes some of them, in its own turn."""
SHORT_TIMEOUT_SECONDS = 1.0
"""Each silence of an exchange takes as long; an honest answer on a busy machine takes less."""
SELLS = ORDERS[:2]
MOST_SHOWN = 5
PROCESS_TOLERANCE = Decimal("0.00001")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong with an order, and what may come of it.

    Attributes:
        faults: strike requests to place the order of one market.
        sell, buy: what may come of it.
        is_silent: whether the client gives up waiting, which takes real time.
    """

    faults: tuple[Fault, ...]
    sell: Expected = "same"
    buy: Expected = "same"
    is_silent: bool = False

    def expected(self, symbol: str) -> Expected:
        return self.sell if symbol in SELLS else self.buy

    def at(self, symbol: str) -> tuple[Fault, ...]:
        return tuple(replace(fault, method="POST", path=ORDER_PATH, symbol=symbol) for fault in self.faults)


def _error(code: int, message: str | None = None, **more: Any) -> Fault:
    return Fault(kind="error", code=code, message=message, **more)


LOST_REQUEST, LOST_ANSWER = Fault(kind="drop"), Fault(kind="drop", when="after")

UNCERTAIN: Mapping[str, Fault] = {
    "dropped": Fault(kind="drop"),
    "reset": Fault(kind="reset"),
    "silence": Fault(kind="silence"),
    **{f"HTTP {status}": Fault(kind="http", status=status) for status in (403, 404, 408, 500, 502, 503, 504)},
    **{f"{code}": _error(code) for code in (-1000, -1001, -1006, -1007, -1008, -1016)},
    **{f"{code} as 400": _error(code, status=400) for code in (-1006, -1007, -1008)},
    "maintenance": _error(1),
    "maintenance as 200": _error(1, status=200),
    "empty": Fault(kind="empty"),
    "html": Fault(kind="html"),
    "half a JSON": Fault(kind="cut_json"),
    "half a body": Fault(kind="cut_body"),
}
"""Answers that say nothing of the order: tried where it was executed and where it was not."""

REFUSALS: Mapping[str, Trouble] = {
    "LOT_SIZE": Trouble(faults=(_error(-1013, "Filter failure: LOT_SIZE"),), sell="short", buy="short"),
    "NOTIONAL": Trouble(faults=(_error(-1013, "Filter failure: NOTIONAL"),), sell="short", buy="short"),
    "market closed": Trouble(faults=(_error(-1013, "Market is closed."),)),
    # A sell waits, for what it sells is ours; a buy is cut to the cash at the price of then.
    "balance": Trouble(faults=(_error(-2010),)),
    "balance five times": Trouble(faults=(replace(_error(-2010), times=5),), buy="left"),
    "duplicate": Trouble(faults=(_error(-2010, "Duplicate order sent."),)),
    "disabled": Trouble(faults=(_error(-2010, "This action is disabled on this account."),), sell="short", buy="short"),
    "bad parameter": Trouble(faults=(_error(-1100),), sell="short", buy="short"),
    "bad precision": Trouble(faults=(_error(-1111),), sell="short", buy="short"),
    "bad symbol": Trouble(faults=(_error(-1121),), sell="short", buy="short"),
    "clock": Trouble(faults=(_error(-1021),)),
    "clock three times": Trouble(faults=(replace(_error(-1021), times=3),)),
    "signature": Trouble(faults=(_error(-1022),)),
    "key": Trouble(faults=(_error(-2015),)),
    "429": Trouble(faults=(_error(-1003, retry_after=7),)),
    "429 without Retry-After": Trouble(faults=(Fault(kind="http", status=429),)),
    "too many orders": Trouble(faults=(_error(-1015, retry_after=10),)),
    "418": Trouble(faults=(_error(-1003, status=418, retry_after=120),)),
    "418 for an hour": Trouble(faults=(_error(-1003, status=418, retry_after=3600),)),
}
"""Answers that say that the order was not placed."""

HALF, NOTHING = Fault(kind="partial", share=Decimal("0.5")), Fault(kind="partial", share=Decimal(0))
LITTLE = Fault(kind="partial", share=Decimal("0.04"))

EXECUTIONS: Mapping[str, Trouble] = {
    "half": Trouble(faults=(HALF,), sell="in parts", buy="in parts"),
    "half twice": Trouble(faults=(replace(HALF, times=2),), sell="in parts", buy="in parts"),
    "half, answer lost": Trouble(faults=(HALF, LOST_ANSWER), sell="in parts", buy="in parts"),
    "half twice, answers lost": Trouble(
        faults=(replace(HALF, times=2), replace(LOST_ANSWER, times=2)), sell="in parts", buy="in parts"
    ),
    # An attempt that brings something is none of the five.
    "half five times": Trouble(faults=(replace(HALF, times=5),), sell="in parts", buy="in parts"),
    "little five times": Trouble(faults=(replace(LITTLE, times=5),), sell="left", buy="left"),
    "nothing": Trouble(faults=(NOTHING,)),
    "nothing, answer lost": Trouble(faults=(NOTHING, LOST_ANSWER)),
    "nothing five times": Trouble(faults=(replace(NOTHING, times=5),), sell="left", buy="left"),
    "nothing five times, answers lost": Trouble(
        faults=(replace(NOTHING, times=5), replace(LOST_ANSWER, times=5)), sell="left", buy="left"
    ),
    "request lost three times": Trouble(faults=(replace(LOST_REQUEST, times=3),)),
    "request lost five times": Trouble(faults=(replace(LOST_REQUEST, times=5),)),
    **{
        f"found late by {queries}, answer lost": Trouble(faults=(Fault(kind="late", queries=queries), LOST_ANSWER))
        for queries in (1, 2, 3, 4, 5, 9)
    },
    "found late by 3, old balances, answer lost": Trouble(
        faults=(Fault(kind="late", queries=3), Fault(kind="stale_balances", queries=4), LOST_ANSWER)
    ),
    **{
        f"trades late by {queries}, answer lost": Trouble(
            faults=(Fault(kind="late_trades", queries=queries), LOST_ANSWER)
        )
        for queries in (1, 3)
    },
    "trades late by 1": Trouble(faults=(Fault(kind="late_trades"),)),
    "half, trades late by 2, answer lost": Trouble(
        faults=(HALF, Fault(kind="late_trades", queries=2), LOST_ANSWER), sell="in parts", buy="in parts"
    ),
    "old balances": Trouble(faults=(Fault(kind="stale_balances", queries=2),)),
    "old balances, answer lost": Trouble(faults=(Fault(kind="stale_balances", queries=2), LOST_ANSWER)),
}
"""What the engine makes of the order, and when it lets it be seen."""

TROUBLES: Mapping[str, Trouble] = {
    **{
        f"{name}, {'' if when == 'after' else 'not '}executed": Trouble(
            faults=(replace(fault, when=when),), is_silent=fault.kind == "silence"
        )
        for name, fault in UNCERTAIN.items()
        for when in ("before", "after")
    },
    **REFUSALS,
    **EXECUTIONS,
}

READ_FAULTS: Mapping[str, Fault] = {
    "dropped": LOST_REQUEST,
    "reset": Fault(kind="reset"),
    "HTTP 502": Fault(kind="http", status=502),
    "-1007": _error(-1007),
    "-1008": _error(-1008),
    "maintenance as 200": _error(1, status=200),
    "empty": Fault(kind="empty"),
    "html": Fault(kind="html"),
    "half a JSON": Fault(kind="cut_json"),
    "half a body": Fault(kind="cut_body"),
    "429": _error(-1003, retry_after=7),
    "418 for an hour": _error(-1003, status=418, retry_after=3600),
    "clock": _error(-1021),
    "key": _error(-2015),
    "down for long": replace(LOST_REQUEST, times=7),
}

CONDITIONS = ("halted", "in a break", "thin", "small")

KNOWN: Mapping[str, str] = {}
"""Troubles that are left out, and why."""


class Matrix:
    """Counts cells, and collects what does not hold in them."""

    def __init__(self, rig: Rig, undisturbed: Outcome) -> None:
        self._rig = rig
        self._undisturbed = undisturbed
        self.cells = 0
        self.violations: list[str] = []

    def check(self, case: Case, expected: Expected = "same") -> Outcome:
        """Play a cell."""
        outcome = self._rig.play(case)
        found = list(problems(outcome, self._undisturbed, expected, last=case.last))
        for life, disturbance in zip(outcome.lives, case.lives, strict=False):
            if (disturbance.death is not None) != (life.ending == "killed"):
                found.append(f"a process ended otherwise than was wanted: {life.ending} {life.error}")
        self.violations += [f"{case.name}: {problem}" for problem in found]
        self.cells += 1
        self._rig.forget(outcome)
        return outcome

    def end(self, name: str, *, least: int) -> None:
        """Print the number of cells; fail if one was violated."""
        print(f"{name}: {self.cells} cells")
        shown = "\n".join(self.violations[:MOST_SHOWN])
        assert not self.violations, f"{len(self.violations)} of {self.cells} cells:\n{shown}"
        assert self.cells >= least


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("matrix")).open() as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(rig: Rig) -> Outcome:
    return rig.play(Case(name="undisturbed", last=END, from_start=True))


@pytest.fixture
def matrix(rig: Rig, undisturbed: Outcome) -> Matrix:
    return Matrix(rig, undisturbed)


def _requests(boundaries: Sequence[Boundary]) -> Iterator[tuple[int, int, Boundary]]:
    """Give place, number from 1, and boundary of each request."""
    number = 0
    for place, boundary in enumerate(boundaries):
        if boundary.kind == "request":
            number += 1
            yield place, number, boundary


def _day_end(boundaries: Sequence[Boundary]) -> int:
    # The first decision is the rotation; what is missing of its targets is planned again with the next one.
    decisions = [n for n, each in enumerate(boundaries) if each.what.split()[0] == "DayDecided"]
    return decisions[1] if len(decisions) > 1 else len(boundaries)


def _life_of_order(boundaries: Sequence[Boundary], symbol: str) -> range:
    """Give the places from before an order is sent until after the last write about it, on the first of two days."""
    end = _day_end(boundaries)
    about = [n for n in range(end) if boundaries[n].kind == "write" and boundaries[n].market == symbol]
    return range(about[0] - 1, min(about[-1] + 2, end))


def _deaths(places: range) -> list[Death]:
    return [Death(number=places[0], when="before"), *(Death(number=place, when="after") for place in places)]


def _some(items: Sequence[T], turn: int, *, every: int) -> Sequence[T]:
    """Take each so-manyth item, from another one on in each turn."""
    return items[turn % every :: every] if THINNED else items


LEAST_TROUBLE_CELLS = 1 + 1


def _tried(troubles: Sequence[str]) -> list[str]:
    """Of what may have been executed or not take one, in turn: the client hears the same of both."""
    names = [name for name in troubles if name not in KNOWN]
    if not THINNED:
        return names
    pairs = [name for name in names if name.endswith(" executed")]
    left_out = {name for n, name in enumerate(pairs) if n % 4 in (1, 2)}
    return [name for name in names if name not in left_out]


@pytest.mark.parametrize("name", _tried(list(TROUBLES)))
def test_an_order_in_trouble_is_traded_once(matrix: Matrix, name: str) -> None:
    trouble = TROUBLES[name]
    timeout = SHORT_TIMEOUT_SECONDS if trouble.is_silent else PATIENCE_SECONDS
    # One market a trouble, each in its turn: with all four, the same deaths are met four times.
    turn = list(TROUBLES).index(name)
    chosen = ORDERS[turn % len(ORDERS)]
    traces = {}
    for symbol in (chosen,) if THINNED else ORDERS:
        faults = Disturbance(faults=trouble.at(symbol))
        is_long = trouble.expected(symbol) in {"short", "left"} or (symbol == chosen and (turn % 4 == 0 or not THINNED))
        last = END if is_long else QUIET
        case = Case(name=f"{name} at {symbol}", lives=(faults,), last=last, timeout_seconds=timeout)
        traces[symbol] = matrix.check(case, trouble.expected(symbol)).lives[0].boundaries

    symbol = chosen
    # A request that dies on its way is no attempt for the exchange: it may strike once less.
    expected: Expected = "short" if trouble.expected(symbol) == "left" else trouble.expected(symbol)
    deaths = _deaths(_life_of_order(traces[symbol], symbol))
    # What a write leaves behind is what counts; an order in five attempts has more of them than need be tried.
    at_writes = [death for death in deaths if traces[symbol][death.number].kind == "write"]
    others = [death for death in deaths if death not in at_writes]
    in_turn = at_writes if turn // len(ORDERS) % 2 else others
    for death in [in_turn[turn // (2 * len(ORDERS)) % len(in_turn)]] if THINNED else [*at_writes, *others]:
        faults = Disturbance(faults=trouble.at(symbol), death=death)
        what = traces[symbol][death.number].what
        case = Case(
            name=f"{name} at {symbol}, killed {death.when} {death.number} {what}",
            lives=(faults,),
            timeout_seconds=timeout,
        )
        matrix.check(case, expected)

    matrix.end(name, least=LEAST_TROUBLE_CELLS)


@pytest.mark.parametrize("name", READ_FAULTS)
def test_a_fault_at_any_other_request_changes_nothing(matrix: Matrix, name: str) -> None:
    plain = matrix.check(Case(name="plain", asks_for_candles=True))
    requests = list(_requests(plain.lives[0].boundaries))
    for _, number, boundary in _some(requests, list(READ_FAULTS).index(name), every=13):
        if boundary.what == "POST order":
            continue
        case = Case(
            name=f"{name} at request {number} {boundary.what} {boundary.market}",
            lives=(Disturbance(faults=(replace(READ_FAULTS[name], nth=number),)),),
            asks_for_candles=True,
        )
        matrix.check(case)

    matrix.end(name, least=3)


FATES: Mapping[str, Trouble] = {
    "answer lost": Trouble(faults=(LOST_ANSWER,)),
    "request lost": Trouble(faults=(LOST_REQUEST,)),
    "half, answer lost": Trouble(faults=(HALF, LOST_ANSWER), sell="in parts", buy="in parts"),
}


@pytest.mark.parametrize("name", READ_FAULTS)
def test_a_fault_while_the_fate_of_an_order_is_asked_changes_nothing(matrix: Matrix, name: str) -> None:
    place = list(READ_FAULTS).index(name)
    for turn, (fate, trouble) in _some(list(enumerate(FATES.items())), place, every=len(FATES)):
        symbol = ORDERS[(place + turn) % len(ORDERS)]
        faults = trouble.at(symbol)
        expected = trouble.expected(symbol)
        trace = matrix.check(Case(name=fate, lives=(Disturbance(faults=faults),)), expected).lives[0].boundaries
        places = _life_of_order(trace, symbol)
        strike = next(n for n, each in enumerate(trace) if each.what == "POST order" and each.market == symbol)
        asked = [each for each in _requests(trace) if strike < each[0] <= places[-1]]
        for _, number, boundary in _some(asked, place // len(ORDERS), every=8):
            if boundary.what != "POST order":
                second = replace(READ_FAULTS[name], nth=number)
                case = Case(
                    name=f"{fate} at {symbol}, then {name} at {boundary.what}",
                    lives=(Disturbance(faults=(*faults, second)),),
                )
                matrix.check(case, expected)

    matrix.end(name, least=2)


RECOVERED = [(symbol, executed) for symbol in ORDERS for executed in (False, True)]


@pytest.mark.parametrize(("symbol", "executed"), RECOVERED[::3] if THINNED else RECOVERED)
def test_a_recovery_that_is_disturbed_again_changes_nothing(matrix: Matrix, symbol: str, executed: bool) -> None:
    plain = matrix.check(Case(name="plain")).lives[0].boundaries
    place = next(n for n, each in enumerate(plain) if each.what == "POST order" and each.market == symbol)
    killed = Disturbance(death=Death(number=place, when="after" if executed else "before"))
    recovery = matrix.check(Case(name="killed once", lives=(killed,))).lives[1].boundaries
    settled = next(n for n, each in enumerate(recovery) if each.kind == "write" and each.market == symbol)

    for death in _some(_deaths(range(settled + 2)), ORDERS.index(symbol), every=54):
        case = Case(
            name=f"killed at {symbol}, and again {death.when} {death.number} {recovery[death.number].what}",
            lives=(killed, Disturbance(death=death)),
        )
        matrix.check(case)
    faults = list(READ_FAULTS.items())
    for turn, (at, number, boundary) in enumerate(_requests(recovery)):
        for name, fault in (
            _some(faults, turn + ORDERS.index(symbol), every=300)
            if at <= settled and boundary.what != "POST order"
            else ()
        ):
            case = Case(
                name=f"killed at {symbol}, then {name} at {boundary.what}",
                lives=(killed, Disturbance(faults=(replace(fault, nth=number),))),
            )
            matrix.check(case)

    matrix.end(symbol, least=3)


@pytest.mark.parametrize("from_start", [True, False], ids=["start", "rotation"])
def test_a_kill_anywhere_changes_nothing(matrix: Matrix, from_start: bool) -> None:
    last = ROTATION - 1 if from_start else QUIET
    plain = matrix.check(Case(name="plain", from_start=from_start, last=last, asks_for_candles=True))
    for number, boundary in enumerate(plain.lives[0].boundaries):
        whens: Sequence[When] = ("before", "after")
        # One of the two at each third boundary, the other at the next of them.
        is_left_out = THINNED and number % 3 > 0
        for when in () if is_left_out else _some(whens, number // 3, every=2):
            case = Case(
                name=f"killed {when} {number} {boundary.what} {boundary.market}",
                lives=(Disturbance(death=Death(number=number, when=when)),),
                from_start=from_start,
                last=last,
                asks_for_candles=True,
            )
            matrix.check(case)

    matrix.end("start" if from_start else "rotation", least=10)


def _put(condition: str, symbol: str, exchange: PracticeExchange) -> None:
    planned = {"BTCUSDT": "1.49", "ETHUSDT": "19.4", "SOLUSDT": "490", "XRPUSDT": "97000"}[symbol]
    if condition == "halted":
        exchange.halt(symbol, "HALT")
    elif condition == "in a break":
        exchange.halt(symbol, "BREAK")
    elif condition == "thin":
        exchange.thin(symbol, Decimal(planned) * Decimal("0.6"))
    else:
        exchange.markets[symbol].limit_market_quantity(Decimal(planned) * Decimal("0.4"))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_market_that_is_not_as_it_should_be_delays_or_splits_orders(matrix: Matrix, condition: str) -> None:
    expected: Expected = "at other prices" if condition == "thin" else "in parts"
    for number, symbol in _some(list(enumerate(ORDERS)), CONDITIONS.index(condition), every=2):

        def prepare(exchange: PracticeExchange, symbol: str = symbol) -> None:
            _put(condition, symbol, exchange)

        case = Case(name=f"{symbol} {condition}", prepare=prepare, last=END)
        matrix.check(case, expected)
        trace = matrix.check(replace(case, last=QUIET), expected).lives[0].boundaries
        for death in _some(_deaths(range(len(trace))), number, every=40):
            name = f"{case.name}, killed {death.when} {death.number} {trace[death.number].what}"
            matrix.check(replace(case, name=name, lives=(Disturbance(death=death),), last=QUIET), expected)

    matrix.end(condition, least=6)


PROCESS_DAYS = (date(2015, 11, 14), date(2015, 11, 16))
"""The entry is decided on the 15th: BTC is sold and ETH bought."""


@dataclass(frozen=True, kw_only=True)
class RealKill:
    """A SIGKILL when a real process comes to a request.

    Attributes:
        method, path: of the request; nth: how many of them it is, counted from 1.
        death: whether the exchange has done what it was asked by then.
        faults: ordered before.
    """

    method: str
    path: str
    nth: int
    death: When
    faults: tuple[Fault, ...] = ()


REAL_KILLS: Mapping[str, RealKill] = {
    "before the first price": RealKill(method="GET", path="/api/v3/ticker/bookTicker", nth=1, death="after"),
    "at the first buy": RealKill(method="POST", path=ORDER_PATH, nth=1, death="after"),
    "at the sell, not executed": RealKill(method="POST", path=ORDER_PATH, nth=2, death="before"),
    "at the sell": RealKill(method="POST", path=ORDER_PATH, nth=2, death="after"),
    "at the buy": RealKill(method="POST", path=ORDER_PATH, nth=3, death="after"),
    "asking for a lost sell": RealKill(
        method="GET",
        path=ORDER_PATH,
        nth=1,
        death="before",
        faults=(Fault(kind="reset", when="after", method="POST", path=ORDER_PATH, nth=2),),
    ),
    "asking for the trades of half a lost buy": RealKill(
        method="GET",
        path="/api/v3/myTrades",
        nth=1,
        death="after",
        faults=(
            Fault(kind="partial", method="POST", path=ORDER_PATH, nth=3),
            Fault(kind="http", status=502, when="after", method="POST", path=ORDER_PATH, nth=3),
        ),
    ),
}


@pytest.fixture(scope="module")
def process_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    return folder


def _rehearse(market: Path, out: Path) -> Rehearsal:
    configuration = {key: value for key, value in small_configuration(market).items() if key != "data"}
    return Rehearsal(market, out, configuration, days=PROCESS_DAYS)


@pytest.fixture(scope="module")
def undisturbed_process(process_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    with _rehearse(process_market, tmp_path_factory.mktemp("undisturbed") / "out").open() as rehearsal:
        outcome = rehearsal.run()
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    assert set(rehearsal.bought()) >= {"ETH", "USDT"}
    return rehearsal


@pytest.mark.parametrize("name", REAL_KILLS)
def test_a_killed_process_is_followed_by_one_that_goes_on(
    undisturbed_process: Rehearsal, process_market: Path, tmp_path: Path, name: str
) -> None:
    kill = REAL_KILLS[name]
    rehearsal = _rehearse(process_market, tmp_path / "out")
    seen = 0

    def is_fatal(call: Call) -> When | None:
        nonlocal seen
        seen += (call.method, call.path) == (kill.method, kill.path)
        return kill.death if seen == kill.nth and not rehearsal.kills else None

    rehearsal.is_fatal = is_fatal
    with rehearsal.open():
        for fault in kill.faults:
            rehearsal.exchange.add_fault(replace(fault))
        outcome = rehearsal.run_through()

    assert outcome.exit_code == 0, outcome
    assert "Traceback" not in outcome.stderr
    assert rehearsal.kills == 1
    without_money = [
        [{key: value for key, value in decision.items() if key != "equity"} for decision in each.decisions()]
        for each in (rehearsal, undisturbed_process)
    ]
    assert without_money[0] == without_money[1]
    events = list(read_journal(rehearsal.folder / JOURNAL_FILE))
    ledger = standing_of(events, FRESH).ledger
    assert rehearsal.bought() == {**ledger.positions, "USDT": ledger.cash - CASH}
    assert set(ledger.positions) == set(undisturbed_process.bought()) - {"USDT"}
    for asset, held in undisturbed_process.bought().items():
        assert abs(rehearsal.bought()[asset] - held) <= PROCESS_TOLERANCE * abs(held), asset
    assert verify_journal(rehearsal.folder / JOURNAL_FILE).broken is None


def test_the_matrix_has_hundreds_of_cells() -> None:
    troubles = len(_tried(list(TROUBLES)))
    least = troubles * LEAST_TROUBLE_CELLS + len(READ_FAULTS) * (3 + 2) + len(RECOVERED[::3]) * 3 + 2 * 10 + 4 * 6

    print(f"{troubles * 2} cells of troubles and stages; at least {least} with kill points and reads")
    assert least >= LEAST_CELLS
