"""Steering, under `/practice/`: clock, keys, symbols, account, lags, faults, reset, state. Only loopback reaches it.

GET  /practice/clock                                        {"at": ISO, "server_time": ms, "speed": n}
POST /practice/clock    {"at": ISO} or {"advance_seconds": n} or {"speed": n}
POST /practice/keys     {"api_key": …, "secret": …} or {"api_key": …, "public_key": PEM} or {"revoke": …}
POST /practice/symbols  {"symbol": …, "status": "HALT" | "BREAK" | null, "depth": "1.5" | null,
                         "market_max_quantity": "10", "max_position": "5" | null,
                         "delisted": true, or "renamed": "NEW"}
POST /practice/account  {"fees_in": "BNB" | null, "may_trade": false, "balances": {"BNB": "0.3"}}
POST /practice/lags     {"orders": 30, "trades": 30, "account": 30}; seconds by which such answers are behind
GET  /practice/faults                                       those that are still to strike
POST /practice/faults   one fault, a list of them, or {"clear": true}; see `engine.practice.faults`
POST /practice/reset    {"keep_klines": false}              the monthly testnet reset
GET  /practice/state                                        balances, orders, trades, counts of requests
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from engine.core.money import plain
from engine.practice.calls import Answer, Call, encoded
from engine.practice.errors import BAD_REQUEST
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import fault_of
from engine.practice.signatures import HmacKey, public_key_of

PREFIX = "/practice/"
NOT_FOUND = 404
STATUSES = ("HALT", "BREAK", "TRADING")

Wish = Mapping[str, object]


def answer(exchange: PracticeExchange, call: Call) -> Answer:
    """Answer a steering call: 200 with the state after it, or 400 with a sentence."""
    serve = _ROUTES.get((call.method, call.path.removeprefix(PREFIX)))
    if serve is None:
        known = ", ".join(f"{method} {PREFIX}{name}" for method, name in _ROUTES)
        return Answer(status=NOT_FOUND, body=encoded({"error": f"{call.method} {call.path}: known are {known}"}))
    try:
        return Answer(body=encoded(serve(exchange, json.loads(call.body) if call.body else {})))
    except (ValueError, InvalidOperation) as error:
        return Answer(status=BAD_REQUEST, body=encoded({"error": str(error)}))


def _clock(exchange: PracticeExchange, _: object) -> object:
    return {
        "at": exchange.now.isoformat(),
        "server_time": exchange.clock.now(),
        "speed": exchange.clock.speed,
    }


def _steer_clock(exchange: PracticeExchange, content: object) -> object:
    wish = _wish(content, "at", "advance_seconds", "speed")
    if "at" in wish:
        exchange.set_clock(instant_in(str(wish["at"])))
    if "advance_seconds" in wish:
        exchange.advance(timedelta(seconds=_number(wish, "advance_seconds")))
    if "speed" in wish:
        exchange.run_at(_number(wish, "speed"))
    return _clock(exchange, None)


def _steer_keys(exchange: PracticeExchange, content: object) -> object:
    wish = _wish(content, "api_key", "secret", "public_key", "revoke")
    if "revoke" in wish:
        exchange.revoke_key(str(wish["revoke"]))
    if "api_key" in wish:
        name = str(wish["api_key"])
        if "secret" in wish:
            exchange.add_key(HmacKey(name=name, secret=str(wish["secret"])))
        elif "public_key" in wish:
            exchange.add_key(public_key_of(name, str(wish["public_key"])))
        else:
            raise ValueError("secret: is missing; a key has a secret, or a public_key in PEM")
    return {"keys": list(exchange.keys)}


def _steer_symbols(exchange: PracticeExchange, content: object) -> object:
    wish = _wish(content, "symbol", "status", "depth", "market_max_quantity", "max_position", "delisted", "renamed")
    name = str(wish.get("symbol"))
    market = exchange.markets.get(name)
    if market is None:
        raise ValueError(f"symbol: {name!r} is not known; known are {', '.join(exchange.markets)}")
    if "status" in wish:
        status = wish["status"]
        if status is not None and status not in STATUSES:
            raise ValueError(f"status: {status!r} is not allowed; allowed are {', '.join(STATUSES)} and null")
        exchange.halt(name, None if status in {None, "TRADING"} else str(status))
    if "depth" in wish:
        exchange.thin(name, None if wish["depth"] is None else Decimal(str(wish["depth"])))
    if "market_max_quantity" in wish:
        market.limit_market_quantity(Decimal(str(wish["market_max_quantity"])))
    if "max_position" in wish:
        market.limit_position(None if wish["max_position"] is None else Decimal(str(wish["max_position"])))
    if wish.get("delisted") is True:
        exchange.delist(name)
    if "renamed" in wish:
        exchange.rename(name, str(wish["renamed"]))
    return {"symbol": name, "status": market.status(exchange.clock.now())}


def _steer_account(exchange: PracticeExchange, content: object) -> object:
    wish = _wish(content, "fees_in", "may_trade", "balances")
    if "fees_in" in wish:
        exchange.pay_fees_in(None if wish["fees_in"] is None else str(wish["fees_in"]))
    if "may_trade" in wish:
        exchange.allow_trading(allowed=wish["may_trade"] is True)
    for asset, amount in _mapping(wish.get("balances", {})).items():
        exchange.account.put(asset, Decimal(str(amount)))
    return {"fees_in": exchange.fee_asset, "may_trade": exchange.may_trade}


def _steer_lags(exchange: PracticeExchange, content: object) -> object:
    for kind, seconds in _mapping(content).items():
        exchange.lags.set(kind, Decimal(str(seconds)))
    return exchange.lags.seconds()


def _faults(exchange: PracticeExchange, _: object) -> object:
    return [
        {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(fault).items()}
        for fault in exchange.faults.pending
    ]


def _steer_faults(exchange: PracticeExchange, content: object) -> object:
    if isinstance(content, dict) and "clear" in content:
        exchange.faults.pending.clear()
        return []
    wanted = content if isinstance(content, list) else [content]
    faults = [fault_of(_mapping(wish)) for wish in wanted]
    for fault in faults:
        exchange.add_fault(fault)
    return _faults(exchange, None)


def _reset(exchange: PracticeExchange, content: object) -> object:
    wish = _wish(content, "keep_klines")
    exchange.reset(keep_klines=wish.get("keep_klines") is True)
    return {"epoch": exchange.epoch}


def _state(exchange: PracticeExchange, _: object) -> object:
    records = exchange.records
    return {
        "clock": _clock(exchange, None),
        "epoch": exchange.epoch,
        "balances": {asset: plain(amount) for asset, amount in exchange.balances().items()},
        "orders": [
            {
                "symbol": order.symbol,
                "order_id": order.order_id,
                "client_order_id": order.client_order_id,
                "side": order.side.value,
                "type": order.order_type,
                "status": order.status,
                "quantity": plain(order.quantity),
                "executed": plain(order.executed),
                "spent": plain(order.spent),
                "time": order.at,
                "trades": [trade.trade_id for trade in order.trades],
            }
            for symbol in records.symbols()
            for order in records.orders(symbol, from_id=1, start=None, end=None, limit=records.count())
        ],
        "requests": dict(exchange.requests),
        "faults": _faults(exchange, None),
    }


def instant_in(text: str) -> datetime:
    """Read an instant: `2024-01-31` or `2024-01-31T12:00:00+00:00`; UTC where no zone is said.

    Raises:
        ValueError: it is neither; one sentence.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an instant; 2024-01-31 or 2024-01-31T12:00:00Z is wanted") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _wish(content: object, *known: str) -> Wish:
    wish = _mapping(content)
    unknown = [key for key in wish if key not in known]
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown key; known here are {', '.join(known)}")
    return wish


def _mapping(content: object) -> Wish:
    if not isinstance(content, dict):
        raise ValueError(f"a JSON object is wanted, not {content!r}")
    return content


def _number(wish: Wish, key: str) -> float:
    value = wish[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key}: {value!r} is not allowed; a number is wanted")
    return value


_ROUTES: dict[tuple[str, str], Callable[[PracticeExchange, object], object]] = {
    ("GET", "clock"): _clock,
    ("POST", "clock"): _steer_clock,
    ("POST", "keys"): _steer_keys,
    ("POST", "symbols"): _steer_symbols,
    ("POST", "account"): _steer_account,
    ("POST", "lags"): _steer_lags,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _steer_faults,
    ("POST", "reset"): _reset,
    ("GET", "state"): _state,
}
