"""The default strategy once more, written from the specification alone: what the engine is compared with.

Slow and plain on purpose: loops over days, dictionaries, `Decimal`; it shares no line with `engine/` or `strategies/`,
so that a misreading on one side shows. It is longer than a module of the engine because it is one whole program:
settings, prices, breakout, weekly MACD, account, states, record. Only the sessions of New York come from a library.
"""

import bisect
import csv
import functools
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Context, Decimal, localcontext
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import exchange_calendars

DEFAULTS: Mapping[str, Any] = {
    "strategy": {
        "core": "BTC",
        "index": "RUT",
        "basket": {"ETH": 0.5},
        "basket_equal": ["SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE"],
        "min_history_days": 30,
        "breakout": {
            "mode": "auto",
            "level": None,
            "lookback_years": 5,
            "min_age_weeks": 26,
            "buffer": 0.0,
            "confirm_sessions": 3,
            "tolerance": 0.0,
            "loss_sessions": 3,
            "valid_weeks": None,
        },
        "macd": {"fast": 12, "slow": 26, "signal": 9, "valid_weeks": 8, "warmup_weeks": 100},
        "hold_weeks": 18,
        "exit_to": "core",
        "cash_reserve": 0.005,
        "rebalance_drift": None,
        "delisted_after_days": None,
        "delisting_penalty": 0.5,
    },
    "risk": {"max_drawdown": None},
    "window": {"from": date(2018, 1, 1), "to": None},
    "account": {"cash": 100000, "quote": "USDT", "instruments": {}, "sell_wait_days": 2},
    "costs": {"commission": 0.001, "slippage": 0.0005},
    "data": {"max_stale_sessions": 3},
}
SECTIONS = ("strategy", "breakout", "macd", "window", "account", "costs", "risk", "data")
"""Mappings whose absent keys keep their defaults; `basket` and `instruments` are replaced whole."""

LOT_STEPS = {
    "BTC": "0.00001",
    "ETH": "0.0001",
    "SOL": "0.001",
    "BNB": "0.001",
    "XRP": "0.1",
    "ADA": "0.1",
    "AVAX": "0.01",
    "LINK": "0.01",
    "DOGE": "1",
}
CEILING_SESSIONS = 252
DAYS_A_YEAR = 365
ONE_DAY, ONE_WEEK = timedelta(days=1), timedelta(days=7)
ARITHMETIC = Context(prec=80, rounding=ROUND_DOWN)


class Bar(NamedTuple):
    """Open and close of a day, as the signals see them and as the ledger does."""

    close: float
    exact_open: Decimal
    exact_close: Decimal


Prices = Mapping[date, Bar]
"""Daily bars of one market, in ascending order of their days."""


@dataclass(frozen=True, kw_only=True)
class OracleRun:
    """What the specification demands of one run.

    Attributes:
        decisions: a mapping a decision day, with the keys of `decisions.jsonl`; targets by asset.
        fills: `day, decision_day, asset, side, quantity, price, notional, fee, reason`; numbers are Decimal.
        rotations: a mapping a rotation, with the columns of `rotations.csv`.
        equity: (day, equity, cash, state before the decision) of each decision day.
        benchmarks: `BTC`, `ETH`, `basket`: return, max_drawdown and sharpe, or None where not tradable.
    """

    first_day: date
    last_day: date
    decisions: list[dict[str, Any]]
    fills: list[dict[str, Any]]
    rotations: list[dict[str, Any]]
    equity: list[tuple[date, Decimal, Decimal, str]]
    benchmarks: dict[str, dict[str, float | None] | None]


class OracleError(Exception):
    """The specification calls this input an error."""


def simulate(csv_dir: Path, config: Mapping[str, Any], machine: "type[Machine] | None" = None) -> OracleRun:
    """Run the strategy as the specification says it.

    Args:
        csv_dir: folder of `BTC.csv`, `RUT.csv` and so on, with the columns date, open, high, low, close, volume.
        config: the mapping of a configuration file; absent keys take their defaults. Dates may be text.
        machine: decides; one that knows more than the default strategy, or None.

    Raises:
        OracleError: the prices or the window allow no run.
    """
    with localcontext(ARITHMETIC):
        return _simulate(csv_dir, _merged(DEFAULTS, config), machine or Machine)


def _merged(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(defaults)
    for key, value in given.items():
        merged[key] = _merged(defaults[key], value) if key in SECTIONS and key in defaults else value
    return merged


def read_prices(path: Path) -> dict[date, Bar]:
    """Read a CSV file of daily bars; prices become the nearest floats, and decimals of the floats' shortest text."""
    with path.open(newline="", encoding="utf-8") as lines:
        return {date.fromisoformat(row["date"]): _bar(row) for row in csv.DictReader(lines)}


def _bar(row: Mapping[str, str]) -> Bar:
    first, last = float(row["open"]), float(row["close"])
    return Bar(last, exact_of(first), exact_of(last))


def exact_of(value: float | str | Decimal) -> Decimal:
    return Decimal(str(value))


# Signal 1: the breakout of the index.


class IndexFact(NamedTuple):
    """What a session of the index says: evaluated on closes up to this session."""

    session: date
    close: float
    ceiling: float | None
    support: float | None
    breakout_session: date | None
    lost: bool


def years_earlier(day: date, years: int) -> date:
    """Give the same date `years` earlier; 29 February counts as the 28th in a common year."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def ceilings(closes: Mapping[date, float], rules: Mapping[str, Any]) -> list[float | None]:
    """Give the ceiling of each session, None while it is undefined."""
    if rules["mode"] == "fixed":
        return [float(rules["level"])] * len(closes)
    sessions, values = list(closes), list(closes.values())
    result: list[float | None] = []
    for session in sessions:
        start = bisect.bisect_left(sessions, years_earlier(session, rules["lookback_years"]))
        stop = bisect.bisect_right(sessions, session - rules["min_age_weeks"] * ONE_WEEK)
        result.append(max(values[start:stop]) if stop - start >= CEILING_SESSIONS else None)
    return result


def evaluate_index(closes: Mapping[date, float], rules: Mapping[str, Any]) -> list[IndexFact]:
    """Walk through the sessions and say after each whether a breakout stands, and on which support."""
    sessions, values = list(closes), list(closes.values())
    ceiling_list = ceilings(closes, rules)
    confirm, above, below = rules["confirm_sessions"], 1 + rules["buffer"], 1 - rules["tolerance"]
    support: float | None = None
    breakout_session: date | None = None
    losses = 0
    run_level, run_length = 0.0, 0  # no run while the length is 0
    facts = []
    for position, (session, close, ceiling) in enumerate(zip(sessions, values, ceiling_list, strict=True)):
        lost = False
        if support is not None:
            losses = losses + 1 if close < support * below else 0
            lost = losses == rules["loss_sessions"]
        if lost:
            support, breakout_session, run_length = None, None, 0
        else:
            if run_length and close > run_level * above:
                run_length += 1
            elif (
                ceiling is not None
                and close > ceiling * above
                and (
                    support is None
                    or _is_new_base(
                        closes=values,
                        sessions=sessions,
                        position=position,
                        ceiling=ceiling,
                        support=support,
                        rules=rules,
                    )
                )
            ):
                run_level, run_length = ceiling, 1
            else:
                run_length = 0
            if run_length == confirm:
                support, breakout_session, losses, run_length = run_level, session, 0, 0
        facts.append(IndexFact(session, close, ceiling, support, breakout_session, lost))
    return facts


def _is_new_base(
    *,
    closes: Sequence[float],
    sessions: Sequence[date],
    position: int,
    ceiling: float,
    support: float,
    rules: Mapping[str, Any],
) -> bool:
    if rules["mode"] == "fixed" or ceiling <= support:
        return False
    start = bisect.bisect_left(sessions, sessions[position] - rules["min_age_weeks"] * ONE_WEEK)
    above = sum(close > ceiling for close in closes[start:position])
    return above < int(rules["confirm_sessions"])


# Signal 2: the weekly MACD of the core.


class WeekFact(NamedTuple):
    """What a completed week says; `cross_week` is the Sunday of the latest golden cross so far."""

    week: date
    macd: float
    signal: float
    cross_week: date | None


def sunday_of(day: date) -> date:
    """Give the Sunday that ends the week of `day`."""
    return day + timedelta(days=6 - day.weekday())


def evaluate_weeks(closes: Mapping[date, float], rules: Mapping[str, Any]) -> list[WeekFact]:
    """Compute the MACD on weekly closes; the last week may be unfinished, and is to be used from its Sunday on.

    Raises:
        OracleError: a week has no bar.
    """
    close_by_week: dict[date, float] = {}
    for day, close in closes.items():
        close_by_week[sunday_of(day)] = close
    for earlier, later in pairwise(close_by_week):
        if later - earlier != ONE_WEEK:
            raise OracleError(f"no bar in the week that ends on {earlier + ONE_WEEK}")
    weekly = list(close_by_week.values())
    macd = [f - s for f, s in zip(_ema(weekly, rules["fast"]), _ema(weekly, rules["slow"]), strict=True)]
    signal = _ema(macd, rules["signal"])
    cross_week, facts = None, []
    for number, week in enumerate(close_by_week, start=1):
        i = number - 1
        if number > rules["warmup_weeks"] and macd[i] - signal[i] > 0 and macd[i - 1] - signal[i - 1] <= 0:
            cross_week = week
        facts.append(WeekFact(week, macd[i], signal[i], cross_week))
    return facts


def _ema(values: Sequence[float], span: int) -> list[float]:
    alpha = 2 / (span + 1)
    result = [values[0]]
    for value in values[1:]:
        result.append(alpha * value + (1 - alpha) * result[-1])
    return result


# The account: targets to orders, orders to fills.


@dataclass(kw_only=True)
class Order:
    """A waiting order; filled at the first open there is after its decision day."""

    asset: str
    side: str
    quantity: Decimal
    decision_day: date
    reason: str
    waits_for_cash: bool = False


@dataclass(kw_only=True)
class Account:
    """Cash, coins and waiting orders under the rules of sizing and filling.

    Attributes:
        assets: every asset in trading order, the core first.
        instruments: (lot step, minimum notional, maximum quantity or None) by asset.
    """

    cash: Decimal
    assets: Sequence[str]
    markets: Mapping[str, Prices]
    instruments: Mapping[str, tuple[Decimal, Decimal, Decimal | None]]
    commission: Decimal
    slippage: Decimal
    held: dict[str, Decimal] = field(default_factory=dict)
    sell_wait_days: int
    waiting: list[Order] = field(default_factory=list)
    fills: list[dict[str, Any]] = field(default_factory=list)
    _last_close: dict[str, Decimal] = field(default_factory=dict)
    _unsold_since: dict[str, date] = field(default_factory=dict)

    def open_day(self, day: date) -> None:
        """Fill what can be filled at the open of `day`: sells, then buys, once every sell that waits is stuck."""
        for order in [order for order in self.waiting if order.side == "sell" and day in self.markets[order.asset]]:
            self._fill(order, day)
            self.waiting.remove(order)
            for other in self.waiting:
                other.waits_for_cash = False
        unsold = {order.asset for order in self.waiting if order.side == "sell"}
        self._unsold_since = {asset: self._unsold_since.get(asset, day) for asset in unsold}
        if not unsold <= self.stuck(day):
            return
        for order in [order for order in self.waiting if order.side == "buy" and day in self.markets[order.asset]]:
            if order.waits_for_cash:
                continue
            order.quantity -= self._fill(order, day)
            # What the cash does not pay for is given up, or waits for what a stuck sell may bring.
            order.waits_for_cash = True
            if not unsold or not order.quantity:
                self.waiting.remove(order)

    def stuck(self, day: date) -> set[str]:
        """Give the coins whose sells hold nothing back at the open of `day`."""
        wait = timedelta(days=self.sell_wait_days)
        return {asset for asset, since in self._unsold_since.items() if day >= since + wait}

    def is_waiting(self, day: date) -> bool:
        """Tell whether an order waits at the end of `day` that is no stuck sell."""
        stuck = self.stuck(day + timedelta(days=1))
        return any(order.side == "buy" or order.asset not in stuck for order in self.waiting)

    def close_day(self, day: date) -> None:
        """Take note of the closes of `day`."""
        for asset in self.assets:
            bar = self.markets[asset].get(day)
            if bar is not None:
                self._last_close[asset] = bar.exact_close

    def delist(self, day: date, after_days: int, penalty: Decimal) -> list[str]:
        """Book, at the close of `day`, what is held without a bar later than `day` less so many days; name it."""
        gone = []
        for asset in self.assets:
            quantity = self.held.get(asset, Decimal(0))
            if (
                not quantity
                or max(bar_day for bar_day in self.markets[asset] if bar_day <= day) > day - after_days * ONE_DAY
            ):
                continue
            gone.append(asset)
            self.waiting = [order for order in self.waiting if order.asset != asset]
            for order in self.waiting:
                order.waits_for_cash = False
            self._unsold_since.pop(asset, None)
            price = self._last_close[asset] * (1 - penalty)
            notional = quantity * price
            fee = notional * self.commission
            self.held[asset] = Decimal(0)
            self.cash += notional - fee
            self.fills.append(
                {
                    "day": day + ONE_DAY,
                    "decision_day": day,
                    "asset": asset,
                    "side": "sell",
                    "quantity": quantity,
                    "price": price,
                    "notional": notional,
                    "fee": fee,
                    "reason": "delisted",
                }
            )
        return gone

    def equity(self) -> Decimal:
        """Give the equity, marked at the last closes."""
        return self.cash + sum((self.value_of(asset) for asset in self.assets), Decimal(0))

    def value_of(self, asset: str) -> Decimal:
        """Give the value of what is held of an asset, marked at its last close."""
        quantity = self.held.get(asset, Decimal(0))
        return quantity * self._last_close[asset] if quantity else Decimal(0)

    def aim(self, targets: Mapping[str, Decimal], day: date, reason: str) -> None:
        """Replace the waiting orders by those that lead from what is held to `targets`."""
        equity = self.equity()
        self.waiting = []
        for side in ("sell", "buy"):
            for asset in self.assets:
                quantity = self._wanted(asset, side, targets, equity)
                self._send(asset, side, quantity, day, reason)
        # A wait lasts through later decisions for as long as the coin is still to be sold.
        selling = {order.asset for order in self.waiting if order.side == "sell"}
        self._unsold_since = {asset: since for asset, since in self._unsold_since.items() if asset in selling}

    def _wanted(self, asset: str, side: str, targets: Mapping[str, Decimal], equity: Decimal) -> Decimal:
        if side == "sell" and asset not in targets:
            return self.held.get(asset, Decimal(0))
        difference = equity * targets.get(asset, Decimal(0)) - self.value_of(asset)
        if side == "sell":
            return -difference / self._last_close[asset] if difference < 0 else Decimal(0)
        if difference <= 0:
            return Decimal(0)
        return difference / (self._last_close[asset] * (1 + self.commission + self.slippage))

    def _send(self, asset: str, side: str, quantity: Decimal, day: date, reason: str) -> None:
        step, least, most = self.instruments[asset]
        quantity = quantity // step * step
        if quantity == 0 or quantity * self._last_close[asset] < least:
            return
        largest = most // step * step if most is not None else quantity
        while quantity > 0:
            part = min(quantity, largest)
            self.waiting.append(Order(asset=asset, side=side, quantity=part, decision_day=day, reason=reason))
            quantity -= part

    def _fill(self, order: Order, day: date) -> Decimal:
        asset, quantity = order.asset, order.quantity
        step, least, _ = self.instruments[asset]
        opening = self.markets[asset][day].exact_open
        price = opening * (1 + self.slippage if order.side == "buy" else 1 - self.slippage)
        if order.side == "buy" and quantity * price * (1 + self.commission) > self.cash:
            quantity = self.cash / (price * (1 + self.commission)) // step * step
            if quantity < step or quantity * price < least:
                return Decimal(0)
        notional = quantity * price
        fee = notional * self.commission
        if order.side == "buy":
            self.cash -= notional + fee
            self.held[asset] = self.held.get(asset, Decimal(0)) + quantity
        else:
            self.cash += notional - fee
            self.held[asset] -= quantity
        self.fills.append(
            {
                "day": day,
                "decision_day": order.decision_day,
                "asset": asset,
                "side": order.side,
                "quantity": quantity,
                "price": price,
                "notional": notional,
                "fee": fee,
                "reason": order.reason,
            }
        )
        return quantity


# The span, the states, the record.


def _simulate(csv_dir: Path, settings: Mapping[str, Any], made: "type[Machine]") -> OracleRun:
    strategy = settings["strategy"]
    weights = made.weights_of(strategy)
    assets = [strategy["core"], *(asset for asset in weights if asset != strategy["core"])]
    index = read_prices(csv_dir / f"{strategy['index']}.csv")
    # The benchmark ETH is held even where ETH is in no basket.
    wanted = dict.fromkeys([*assets, *(["ETH"] if (csv_dir / "ETH.csv").exists() else [])])
    markets = {asset: read_prices(csv_dir / f"{asset}.csv") for asset in wanted}
    core = markets[strategy["core"]]
    index_facts = evaluate_index({session: bar.close for session, bar in index.items()}, strategy["breakout"])
    first_day, last_day = _span(index_facts, core, settings)

    account = _account(assets, markets, settings)
    week_facts = evaluate_weeks({day: bar.close for day, bar in core.items()}, strategy["macd"])
    machine = made(settings, weights, markets, index_facts, week_facts, csv_dir)
    machine.most_fall = settings["risk"]["max_drawdown"]
    decisions: list[dict[str, Any]] = []
    equity: list[tuple[date, Decimal, Decimal, str]] = []
    for day in _days(first_day, last_day):
        account.open_day(day)
        account.close_day(day)
        if day in core:
            if strategy["delisted_after_days"] is not None:
                for asset in account.delist(
                    day, strategy["delisted_after_days"], exact_of(strategy["delisting_penalty"])
                ):
                    machine.drop(asset)
            equity.append((day, account.equity(), account.cash, machine.state))
            decisions.append(machine.decide(day, account))
    return OracleRun(
        first_day=decisions[0]["day"],
        last_day=decisions[-1]["day"],
        decisions=[_as_text(decision) for decision in decisions],
        fills=account.fills,
        rotations=[
            _rotation_row(number, rotation, equity, core) for number, rotation in enumerate(machine.rotations, start=1)
        ],
        equity=equity,
        benchmarks=_benchmarks([row[0] for row in equity], machine, markets, settings),
    )


def _weights(strategy: Mapping[str, Any]) -> dict[str, Decimal]:
    weights = {asset: exact_of(weight) for asset, weight in strategy["basket"].items()}
    left = 1 - sum(weights.values(), Decimal(0))
    for asset in strategy["basket_equal"]:
        weights[asset] = left / len(strategy["basket_equal"])
    return weights


def _account(assets: Sequence[str], markets: Mapping[str, Prices], settings: Mapping[str, Any]) -> Account:
    given = settings["account"]["instruments"]
    return Account(
        cash=exact_of(settings["account"]["cash"]),
        assets=assets,
        markets=markets,
        instruments={asset: _instrument(asset, given.get(asset)) for asset in assets},
        commission=exact_of(settings["costs"]["commission"]),
        slippage=exact_of(settings["costs"]["slippage"]),
        sell_wait_days=settings["account"]["sell_wait_days"],
    )


def _instrument(asset: str, given: Mapping[str, Any] | None) -> tuple[Decimal, Decimal, Decimal | None]:
    if given is None:
        return Decimal(LOT_STEPS[asset]), Decimal(5), None
    most = given.get("maximum_quantity")
    return (
        exact_of(given["lot_step"]),
        exact_of(given.get("minimum_notional", 5)),
        None if most is None else exact_of(most),
    )


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _span(index_facts: Sequence[IndexFact], core: Prices, settings: Mapping[str, Any]) -> tuple[date, date]:
    strategy, window = settings["strategy"], settings["window"]
    warm_from = sunday_of(min(core)) + (strategy["macd"]["warmup_weeks"] - 1) * ONE_WEEK + ONE_DAY
    first_ceiling = next((fact.session for fact in index_facts if fact.ceiling is not None), None)
    if first_ceiling is None:
        raise OracleError("the index is too short for a ceiling")
    first = max(_day(window["from"]), warm_from, first_ceiling)
    last = max(core)
    if window["to"] is not None:
        last = min(last, _day(window["to"]))
    last = _last_fresh_day(first, last, [fact.session for fact in index_facts], settings["data"]["max_stale_sessions"])
    if last < first:
        raise OracleError(f"no decision day: {first} to {last}")
    return first, last


@functools.cache
def new_york_sessions() -> tuple[date, ...]:
    """Give the sessions that the index should have, over the years that prices may cover."""
    with warnings.catch_warnings():
        # exchange_calendars 4.13.2 uses what pandas 3.1 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        calendar = exchange_calendars.get_calendar("XNYS", start="1990-01-01", end="2029-12-31")
        return tuple(stamp.date() for stamp in calendar.sessions)


def _last_fresh_day(first: date, last: date, sessions: Sequence[date], most: int) -> date:
    due = [session for session in new_york_sessions() if first - 60 * ONE_DAY <= session <= last]
    fresh = last
    missing = 0
    given = set(sessions)
    for session in due:
        missing = 0 if session in given else missing + 1
        if missing > most and session >= first:
            if session < sessions[-1]:
                raise OracleError(f"the index lacks more than {most} sessions before {session}")
            fresh = min(fresh, session - ONE_DAY)
    return fresh


class Machine:
    """The states CORE, ROTATED and CASH, moved on by one decision a day."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        weights: Mapping[str, Decimal],
        markets: Mapping[str, Prices],
        index_facts: Sequence[IndexFact],
        week_facts: Sequence[WeekFact],
        csv_dir: Path,
    ) -> None:
        self.settings, self.strategy, self.csv_dir = settings, settings["strategy"], csv_dir
        self.weights, self.markets = weights, markets
        self.bar_days = {asset: list(prices) for asset, prices in markets.items()}
        self.index_facts, self.week_facts = index_facts, week_facts
        self.sessions = [fact.session for fact in index_facts]
        self.losses = [fact.session for fact in index_facts if fact.lost]
        self.weeks = [fact.week for fact in week_facts]
        self.state = "CORE"
        self.targets: dict[str, Decimal] = {}
        self.rotations: list[dict[str, Any]] = []
        self.last_exit: date | None = None
        self.started = False
        self.most_fall: float | None = None
        self.highest = Decimal(0)
        self.killed = False

    @staticmethod
    def weights_of(strategy: Mapping[str, Any]) -> dict[str, Decimal]:
        return _weights(strategy)

    def decide(self, day: date, account: Account) -> dict[str, Any]:
        index = self.index_facts[bisect.bisect_right(self.sessions, day) - 1]
        week = self.week_facts[bisect.bisect_right(self.weeks, day) - 1]
        cross_in_force = self.cross_in_force(week, day)
        targets: dict[str, Decimal] | None = None
        before = self.state
        equity = account.equity()
        self.highest = max(self.highest, equity)
        if self.killed:
            reason = "hold"
        elif self.most_fall is not None and round(1 - equity / self.highest, 10) >= exact_of(self.most_fall):
            self.killed, reason, targets = True, "kill_switch", {}
            if self.state == "ROTATED":
                self.rotations[-1] |= {"exit_day": day, "exit_reason": reason}
                self.last_exit = day
            self.state = "CASH"
        elif not self.started:
            self.started = True
            reason, targets = "start", self.sized(self._core_targets(), day)
        else:
            reason, targets = self.move(day, index, week, cross_in_force)
        if targets is None and not self.killed and self._has_drifted(account, equity, day):
            reason, targets = "rebalance", self.targets
        if targets is not None:
            self.targets = targets
            account.aim(targets, day, reason)
        return {
            "day": day,
            "state": before,
            "next_state": self.state,
            "reason": reason,
            "index": {
                "session": index.session,
                "close": index.close,
                "in_breakout": index.support is not None,
                "support": index.support,
            },
            "macd": {
                "week": week.week,
                "macd": week.macd,
                "signal": week.signal,
                "cross_week": week.cross_week,
                "in_force": cross_in_force,
            },
            "targets": {asset: float(weight) for asset, weight in self.targets.items()},
            "equity": equity,
        }

    def move(
        self, day: date, index: IndexFact, week: WeekFact, cross_in_force: bool
    ) -> tuple[str, dict[str, Decimal] | None]:
        if self.state == "ROTATED":
            reason = self.exit_reason(day)
            if reason is None:
                return "hold", None
            self.rotations[-1] |= {"exit_day": day, "exit_reason": reason}
            self.last_exit = day
            self.state = "CORE" if self.strategy["exit_to"] == "core" else "CASH"
            return reason, self._core_targets() if self.state == "CORE" else {}
        basket = self.basket_targets(day)
        if basket and cross_in_force and self.breakout_in_force(index, day):
            self.state = "ROTATED"
            self.rotations.append(
                {
                    "entry_day": day,
                    "exit_day": None,
                    "exit_reason": "open",
                    "entry_session": index.session,
                    "breakout_session": index.breakout_session,
                    "cross_week": week.cross_week,
                }
            )
            return "entry", basket
        if self.state == "CASH" and cross_in_force:
            self.state = "CORE"
            return "golden_cross", self._core_targets()
        return "hold", None

    def exit_reason(self, day: date) -> str | None:
        rotation = self.rotations[-1]
        if any(rotation["entry_session"] < session <= day for session in self.losses):
            return "support_lost"
        if day >= rotation["entry_day"] + self.strategy["hold_weeks"] * ONE_WEEK:
            return "time_exit"
        return None

    def breakout_in_force(self, index: IndexFact, day: date) -> bool:
        if index.breakout_session is None:
            return False
        valid_weeks = self.strategy["breakout"]["valid_weeks"]
        return valid_weeks is None or day <= index.breakout_session + valid_weeks * ONE_WEEK

    def cross_in_force(self, week: WeekFact, day: date) -> bool:
        # A cross used by the rotation under way, or confirmed during it, is spent already.
        return (
            week.cross_week is not None
            and self.state != "ROTATED"
            and week.macd > week.signal
            and day <= week.cross_week + self.strategy["macd"]["valid_weeks"] * ONE_WEEK
            and (self.last_exit is None or week.cross_week > self.last_exit)
        )

    def _core_targets(self) -> dict[str, Decimal]:
        return {self.strategy["core"]: 1 - exact_of(self.strategy["cash_reserve"])}

    def drop(self, asset: str) -> None:
        self.targets = {name: weight for name, weight in self.targets.items() if name != asset}

    def sized(self, targets: dict[str, Decimal], day: date) -> dict[str, Decimal]:
        return targets

    def basket_targets(self, day: date) -> dict[str, Decimal]:
        return _basket_targets(day, self.weights, self.bar_days, self.strategy)

    def _has_drifted(self, account: Account, equity: Decimal, day: date) -> bool:
        drift = self.strategy["rebalance_drift"]
        if drift is None or account.is_waiting(day):
            return False
        stuck = account.stuck(day + timedelta(days=1))
        return any(
            abs(account.value_of(asset) / equity - self.targets.get(asset, Decimal(0))) > exact_of(drift)
            for asset in account.assets
            if asset not in stuck
        )


def _basket_targets(
    day: date,
    weights: Mapping[str, Decimal],
    bar_days: Mapping[str, Sequence[date]],
    strategy: Mapping[str, Any],
) -> dict[str, Decimal]:
    tradable = {a: w for a, w in weights.items() if is_tradable(bar_days[a], day, strategy["min_history_days"])}
    total = sum(tradable.values(), Decimal(0))
    invested = 1 - exact_of(strategy["cash_reserve"])
    return {asset: weight / total * invested for asset, weight in tradable.items()}


def is_tradable(days: Sequence[date], day: date, least: int) -> bool:
    count = bisect.bisect_right(days, day)
    return count >= max(least, 1) and days[count - 1] == day


def _as_text(decision: Mapping[str, Any]) -> dict[str, Any]:
    def text(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: text(inner) for key, inner in value.items()}
        return value.isoformat() if isinstance(value, date) else value

    return {key: text(value) for key, value in decision.items()}


def _rotation_row(
    number: int,
    rotation: Mapping[str, Any],
    equity: Sequence[tuple[date, Decimal, Decimal, str]],
    core: Prices,
) -> dict[str, Any]:
    equity_by_day = {row[0]: row[1] for row in equity}
    entry, end = rotation["entry_day"], rotation["exit_day"] or equity[-1][0]
    gained = float(equity_by_day[end] / equity_by_day[entry]) - 1
    core_gained = core[end].close / core[entry].close - 1
    return {
        "rotation": number,
        "entry_day": entry,
        "exit_day": rotation["exit_day"],
        "exit_reason": rotation["exit_reason"],
        "breakout_session": rotation["breakout_session"],
        "cross_week": rotation["cross_week"],
        "weeks_held": (end - entry).days / 7,
        "start_equity": equity_by_day[entry],
        "end_equity": equity_by_day[end],
        "return": gained,
        "core_return": core_gained,
        "excess": gained - core_gained,
    }


def _benchmarks(
    days: Sequence[date],
    machine: Machine,
    markets: Mapping[str, Prices],
    settings: Mapping[str, Any],
) -> dict[str, dict[str, float | None] | None]:
    wanted = {"basket": machine.basket_targets(days[0])}
    for coin in ("BTC", "ETH"):
        only = {coin: Decimal(1)}
        wanted[coin] = _basket_targets(days[0], only, machine.bar_days, settings["strategy"]) if coin in markets else {}
    return {name: _held(days, targets, markets, settings) if targets else None for name, targets in wanted.items()}


def _held(
    days: Sequence[date], targets: Mapping[str, Decimal], markets: Mapping[str, Prices], settings: Mapping[str, Any]
) -> dict[str, float | None]:
    account = _account(list(targets), markets, settings)
    decided = set(days)
    equity = []
    for day in _days(days[0], days[-1]):
        account.open_day(day)
        account.close_day(day)
        if day == days[0]:
            account.aim(targets, day, "start")
        if day in decided:
            equity.append(float(account.equity()))
    return performance(equity)


def performance(equity: Sequence[float]) -> dict[str, float | None]:
    """Give return, maximum drawdown (negative or 0) and Sharpe ratio of a daily equity, 365 days a year."""
    returns = [later / earlier - 1 for earlier, later in pairwise(equity)]
    peak, deepest = equity[0], 0.0
    for value in equity:
        peak = max(peak, value)
        deepest = min(deepest, value / peak - 1)
    sharpe = None
    if len(returns) > 1:
        mean = math.fsum(returns) / len(returns)
        deviation = math.sqrt(math.fsum((r - mean) ** 2 for r in returns) / (len(returns) - 1))
        sharpe = mean / deviation * math.sqrt(DAYS_A_YEAR) if deviation else None
    return {"return": equity[-1] / equity[0] - 1, "max_drawdown": deepest, "sharpe": sharpe}
