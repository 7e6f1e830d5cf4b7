"""From a call to an answer: the route, its weight, the key, the signature, the time stamp, then the endpoint.

Source: binance-spot-api-docs, testnet/rest-api.md, and the order in which its errors are met (2026-07).
"""

from decimal import Decimal, InvalidOperation

from engine.practice import account_api, control, market_api, order_api
from engine.practice.calls import GATEWAY_PAGE, HTML, Answer, Call, encoded, refusal, spoilt
from engine.practice.clock import SECOND
from engine.practice.errors import CLOCK_AHEAD, ApiError, illegal_characters, missing_parameter
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import Fault
from engine.practice.parameters import WHOLE_RANGE, Parameters
from engine.practice.routes import Context, Route
from engine.practice.signatures import split_signature

ROUTES: dict[tuple[str, str], Route] = {
    (method, f"/api/v3/{path}"): route
    for routes in (market_api.ROUTES, order_api.ROUTES, account_api.ROUTES)
    for (method, path), route in routes.items()
}
SPEAKS_AS = "binance-testnet"
"""The venue whose client is answered."""
DEFAULT_WINDOW = 5000
LONGEST_WINDOW = 60_000
KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
NOT_FOUND = 404


def answer(exchange: PracticeExchange, call: Call) -> Answer:
    """Answer a call; whatever is wrong with it is in the answer, nothing is raised."""
    with exchange.lock:
        if call.path.startswith(control.PREFIX):
            return control.answer(exchange, call)
        exchange.requests[f"{call.method} {call.path}"] += 1
        faults = _striking(exchange, call)
        spoiling = [fault for fault in faults if fault.spoils_answer]
        for fault in spoiling:
            if fault.when == "before" and fault.kind != "delay":
                return spoilt(fault, Answer(headers=_headers(exchange)))
        result = _served(exchange, call, [fault for fault in faults if not fault.spoils_answer])
        for fault in spoiling:
            result = spoilt(fault, result)
        return result


def _striking(exchange: PracticeExchange, call: Call) -> list[Fault]:
    if not exchange.faults.pending:
        return []
    try:
        symbol = Parameters(call.query, call.body).peek("symbol")
    except ApiError:
        symbol = None
    return exchange.faults.striking(method=call.method, path=call.path, symbol=symbol)


def _served(exchange: PracticeExchange, call: Call, faults: list[Fault]) -> Answer:
    route = ROUTES.get((call.method, call.path))
    if route is None:
        # As on the testnet: there is no /sapi, and what is not there is not JSON either.
        return Answer(status=NOT_FOUND, body=GATEWAY_PAGE % (NOT_FOUND, NOT_FOUND), content_type=HTML)
    at = exchange.clock.now()
    headers: dict[str, str] = {}
    try:
        parameters = Parameters(call.query, call.body)
        weight = route.weight if isinstance(route.weight, int) else route.weight(parameters)
        exchange.limits.charge(weight, at)
        if route.signed:
            _check_signed(exchange, call, parameters, at)
        if not exchange.clock.stands_still and exchange.records.open_orders():
            exchange.engine.match_resting(at)
        context = Context(exchange=exchange, parameters=parameters, at=at, faults=faults, headers=headers)
        content = route.serve(context)
    except ApiError as error:
        return refusal(error, _headers(exchange))
    body = content if isinstance(content, bytes) else encoded(content)
    return Answer(body=body, headers={**_headers(exchange), **headers})


def _headers(exchange: PracticeExchange) -> dict[str, str]:
    weight = str(exchange.limits.weight)
    return {"x-mbx-used-weight": weight, "x-mbx-used-weight-1m": weight}


def _check_signed(exchange: PracticeExchange, call: Call, parameters: Parameters, at: int) -> None:
    if not call.api_key or not KEY_LETTERS.issuperset(call.api_key):
        raise ApiError(-2014)
    for name in ("timestamp", "signature"):
        if parameters.text(name) is None:
            raise missing_parameter(name)
    stamp = parameters.time("timestamp") or 0
    window = _window(parameters)
    key = exchange.keys.get(call.api_key)
    if key is None:
        raise ApiError(-2015)
    query, in_query = split_signature(call.query)
    body, in_body = split_signature(call.body)
    signature = in_query if in_query is not None else in_body or ""
    if not key.signed((query + body).encode(), signature):
        raise ApiError(-1022)
    if stamp >= exchange.clock.latest_watch() + SECOND:
        raise ApiError(-1021, CLOCK_AHEAD)
    if at - stamp > window:
        raise ApiError(-1021)


def _window(parameters: Parameters) -> Decimal:
    text = parameters.text("recvWindow")
    try:
        window = Decimal(DEFAULT_WINDOW) if text is None else Decimal(text)
    except InvalidOperation:
        raise illegal_characters("recvWindow", WHOLE_RANGE) from None
    if not 0 <= window <= LONGEST_WINDOW:
        raise ApiError(-1131)
    return window
