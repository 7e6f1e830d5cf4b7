"""The client of Binance's sandboxes through the real ccxt, against a server that checks signatures by itself."""

import json
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.core.errors import VenueError
from engine.core.order import Side
from engine.venues.answers import (
    Accepted,
    Balance,
    OrderProgress,
    Outcome,
    Quote,
    RefusalKind,
    Refused,
    Unknown,
)
from engine.venues.binance.client import RestClient
from engine.venues.binance.credentials import Credentials, read_credentials
from engine.venues.binance.hosts import WITHOUT_KEYS
from engine.venues.binance.spot import BinanceSpot
from tests.support.binance_server import Canned
from tests.support.patience import PATIENCE_SECONDS, SILENCE_SECONDS
from tests.support.signed_server import (
    API_KEY,
    HMAC_SECRET,
    NOON,
    Asked,
    CutOff,
    SignedServer,
    error,
    public_key_verifier,
    running,
)

HMAC = Credentials(api_key=API_KEY, secret=HMAC_SECRET, kind="HMAC")
TIME, INFO, BOOK, KLINES = (f"GET /api/v3/{path}" for path in ("time", "exchangeInfo", "ticker/bookTicker", "klines"))
ACCOUNT, ORDER, OPEN, TRADES = (f"GET /api/v3/{path}" for path in ("account", "order", "openOrders", "myTrades"))
PLACE = "POST /api/v3/order"
FILLED: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "clientOrderId": "own-1",
    "transactTime": 1715342400000,
    "origQty": "0.00010000",
    "executedQty": "0.00010000",
    "cummulativeQuoteQty": "6.00000000",
    "status": "FILLED",
    "type": "MARKET",
    "side": "BUY",
    "fills": [
        {"price": "60000.00", "qty": "0.00010000", "commission": "0.00000010", "commissionAsset": "BTC", "tradeId": 7}
    ],
}


@dataclass
class Bench:
    """A client on a server, with what it slept and said."""

    server: SignedServer
    now: datetime = NOON
    waits: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    clients: list[BinanceSpot] = field(default_factory=list)

    def client(
        self,
        credentials: Credentials | None = HMAC,
        *,
        max_retries: int = 2,
        timeout_seconds: float = PATIENCE_SECONDS,
        sleep: Callable[[float], None] | None = None,
    ) -> BinanceSpot:
        client = BinanceSpot(
            network="binance-testnet",
            base_url=self.server.url,
            credentials=credentials,
            timeout_seconds=timeout_seconds,
            max_retries=max_retries,
            sleep=sleep or self.waits.append,
            now=lambda: self.now,
            notice=self.lines.append,
        )
        self.clients.append(client)
        return client

    def will(self, name: str, *answers: Canned) -> None:
        self.server.canned[name].extend(answers)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running(SignedServer()) as server:
        bench = Bench(server)
        yield bench
        for client in bench.clients:
            client.close()


def content(value: object) -> Canned:
    return Canned(body=json.dumps(value))


def place(client: BinanceSpot, *, quantity: str = "0.0001") -> Outcome:
    return client.place_market(symbol="BTC/USDT", side=Side.BUY, quantity=Decimal(quantity), client_order_id="own-1")


def pem_file(folder: Path, key: Ed25519PrivateKey | RSAPrivateKey) -> str:
    path = folder / "private.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


# Signatures


def test_hmac_signatures_are_right(bench: Bench) -> None:
    assert bench.client().balances() == {"USDT": Balance(free=Decimal(100), locked=Decimal(0))}


@pytest.mark.parametrize("kind", ["Ed25519", "RSA"])
def test_signatures_of_private_keys_are_right(bench: Bench, tmp_path: Path, kind: str) -> None:
    key = Ed25519PrivateKey.generate() if kind == "Ed25519" else generate_private_key(65537, 2048)
    bench.server.verifier = public_key_verifier(key.public_key())
    environment = {"BINANCE_TESTNET_API_KEY": API_KEY, "BINANCE_TESTNET_API_SECRET": pem_file(tmp_path, key)}
    client = bench.client(read_credentials(environment, dotenv=None))
    bench.will(PLACE, content(FILLED))

    assert list(client.balances()) == ["USDT"]
    assert isinstance(place(client), Accepted)


def test_a_signature_of_another_key_is_refused(bench: Bench) -> None:
    bench.server.verifier = public_key_verifier(Ed25519PrivateKey.generate().public_key())

    with pytest.raises(VenueError) as caught:
        bench.client().check_keys()

    assert str(caught.value) == (
        "binance-testnet refuses the signature (-1022 Signature for this request is not valid.):"
        " BINANCE_TESTNET_API_SECRET must be the secret, or the private key, that belongs to BINANCE_TESTNET_API_KEY"
    )
    assert caught.value.exit_code == 4


# Keys


def test_missing_keys_are_one_sentence_and_no_traffic(bench: Bench) -> None:
    client = bench.client(None)

    for ask in (client.check_keys, lambda: place(client), lambda: client.find_order("BTC/USDT", "own-1")):
        with pytest.raises(VenueError, match=r"^no keys for the exchange: set BINANCE_TESTNET_API_KEY and BIN"):
            ask()
    assert bench.server.asked == []


def test_what_needs_no_key_is_answered_without_one(bench: Bench) -> None:
    assert bench.client(None).server_time() == NOON
    assert bench.server.asked[0].api_key is None


def test_a_wrong_key_is_one_sentence_and_not_asked_for_again(bench: Bench) -> None:
    with pytest.raises(VenueError) as caught:
        bench.client(Credentials(api_key="wrong", secret=HMAC_SECRET, kind="HMAC")).check_keys()

    assert str(caught.value) == (
        "binance-testnet refuses the key (-2015 Invalid API-key, IP, or permissions for action.):"
        " BINANCE_TESTNET_API_KEY must be a valid key of this network, with trading enabled and open to this address"
    )
    assert caught.value.exit_code == 4
    assert bench.server.names() == ["GET time", "GET account"]
    assert bench.waits == []


def test_a_key_revoked_after_a_success_is_not_taken_for_throttling(bench: Bench) -> None:
    # ccxt 4.5.90 raises DDoSProtection for it.
    client = bench.client()
    client.check_keys()
    revoked = error(401, -2015, "Invalid API-key, IP, or permissions for action.")
    bench.will(ACCOUNT, revoked)
    bench.will(PLACE, revoked)

    with pytest.raises(VenueError, match="refuses the key"):
        client.check_keys()
    assert place(client) == Refused(
        kind=RefusalKind.AUTHENTICATION, code=-2015, message="-2015 Invalid API-key, IP, or permissions for action."
    )
    assert bench.waits == []


# Orders


def test_an_order_goes_over_the_wire_as_the_exchange_wants_it(bench: Bench) -> None:
    bench.will(PLACE, content(FILLED | {"origQty": "0.0000001", "executedQty": "0"}))

    place(bench.client(), quantity="1E-7")

    asked = bench.server.asked[-1]
    assert {name: asked.parameters[name] for name in asked.parameters if name not in ("timestamp", "signature")} == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "0.0000001",
        "newClientOrderId": "own-1",
        "newOrderRespType": "FULL",
        "recvWindow": "5000",
    }


def test_an_executed_order_is_accepted_with_its_fills_and_fees(bench: Bench) -> None:
    bench.will(PLACE, content(FILLED))

    outcome = place(bench.client())

    assert isinstance(outcome, Accepted)
    order = outcome.order
    assert (order.order_id, order.progress, order.executed_quantity) == ("28", OrderProgress.FILLED, Decimal("0.0001"))
    assert order.at == NOON
    assert order.trades is not None
    assert [(trade.fee, trade.fee_asset) for trade in order.trades] == [(Decimal("0.0000001"), "BTC")]


def test_an_order_that_ran_out_of_book_is_accepted_with_its_part(bench: Bench) -> None:
    expired = FILLED | {"status": "EXPIRED", "origQty": "0.00030000"}
    bench.will(PLACE, content(expired))

    outcome = place(bench.client())

    assert isinstance(outcome, Accepted)
    assert outcome.order.progress is OrderProgress.ENDED
    assert outcome.order.executed_quantity == Decimal("0.0001")


# Section by section of the table in Binance's error documentation.
REFUSALS = [
    (400, -1013, "Filter failure: LOT_SIZE", RefusalKind.FILTER),
    (400, -1013, "Filter failure: NOTIONAL", RefusalKind.FILTER),
    (400, -1013, "Invalid quantity.", RefusalKind.FILTER),
    (400, -1013, "Market is closed.", RefusalKind.MARKET_CLOSED),
    (400, -1111, "Parameter 'quantity' has too much precision.", RefusalKind.FILTER),
    (400, -1021, "Timestamp for this request is outside of the recvWindow.", RefusalKind.CLOCK),
    (400, -1022, "Signature for this request is not valid.", RefusalKind.AUTHENTICATION),
    (401, -2014, "API-key format invalid.", RefusalKind.AUTHENTICATION),
    (401, -2015, "Invalid API-key, IP, or permissions for action.", RefusalKind.AUTHENTICATION),
    (400, -1100, "Illegal characters found in a parameter.", RefusalKind.OTHER),
    (400, -1121, "Invalid symbol.", RefusalKind.OTHER),
    (400, -2010, "Account has insufficient balance for requested action.", RefusalKind.BALANCE),
    (400, -2010, "Duplicate order sent.", RefusalKind.DUPLICATE),
    (400, -2010, "This action is disabled on this account.", RefusalKind.OTHER),
    (429, -1003, "Too much request weight used.", RefusalKind.RATE_LIMIT),
    (429, -1015, "Too many new orders.", RefusalKind.RATE_LIMIT),
    (418, -1003, "Way too much request weight used; IP banned.", RefusalKind.RATE_LIMIT),
    (403, -1015, "Too many new orders.", RefusalKind.RATE_LIMIT),
]


@pytest.mark.parametrize(("status", "code", "message", "kind"), REFUSALS)
def test_a_refused_order_was_sent_once_and_says_why(
    bench: Bench, status: int, code: int, message: str, kind: RefusalKind
) -> None:
    bench.will(PLACE, error(status, code, message))

    outcome = place(bench.client())

    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.code, outcome.message) == (kind, code, f"{code} {message}")
    assert bench.server.names().count("POST order") == 1


HTML = "<html><body>Bad Gateway</body></html>"
NO_VERDICT = {
    "unexpected answer": error(400, -1006, "An unexpected response was received from the message bus."),
    "timeout inside": error(400, -1007, "Timeout waiting for response from backend server."),
    "timeout inside, 408": error(408, -1007, "Timeout waiting for response from backend server."),
    "unknown error": error(400, -1000, "An unknown error occurred while processing the request."),
    "disconnected": error(400, -1001, "Internal error; unable to process your request."),
    "overloaded": error(503, -1008, "Server is currently overloaded with other requests."),
    "500 with a code": error(500, -2010, "Account has insufficient balance for requested action."),
    "500": Canned(status=500),
    "502": Canned(status=502, body=HTML, content_type="text/html"),
    "503": Canned(status=503, body="Service Unavailable", content_type="text/plain"),
    "504": Canned(status=504, body=HTML, content_type="text/html"),
    "403 of a firewall": Canned(status=403, body=HTML, content_type="text/html"),
    "404 of a proxy": Canned(status=404, body=HTML, content_type="text/html"),
    "maintenance": content({"code": 1, "msg": "System is under maintenance."}),
    "reset": Canned(reset=True),
    "cut off": CutOff(body=json.dumps(FILLED)),
    "empty": Canned(),
    "HTML": Canned(body=HTML, content_type="text/html"),
    "half of the JSON": Canned(body=json.dumps(FILLED)[:100]),
    "no text at all": Canned(body="\N{SNOWMAN}", content_type="application/octet-stream"),
    "a list": content([FILLED]),
    "nothing in it": content({}),
    "an acknowledgement": content({"symbol": "BTCUSDT", "orderId": 28, "clientOrderId": "own-1"}),
    "no order id": content(FILLED | {"orderId": None}),
    "no status": content(FILLED | {"status": None}),
    "another order": content(FILLED | {"clientOrderId": "own-2"}),
    "a code that is no number": Canned(status=400, body='{"code":"abc","msg":7}'),
    "an endless number": Canned(body='{"executedQty": NaN}'),
    "brackets": Canned(body="[" * 100_000),
    "redirect": Canned(status=307, headers={"Location": "/api/v3/order"}),
    "redirect to nowhere": Canned(status=302, headers={"Location": "http://[::1"}),
}


@pytest.mark.parametrize("name", NO_VERDICT)
def test_an_order_without_a_verdict_is_unknown_and_was_sent_once(bench: Bench, name: str) -> None:
    bench.will(PLACE, NO_VERDICT[name], content(FILLED))

    outcome = place(bench.client())

    assert isinstance(outcome, Unknown)
    assert outcome.message
    assert "\n" not in outcome.message
    assert bench.server.names() == ["GET time", "POST order"]
    assert bench.waits == []


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (Canned(silence=True), "gives no answer within"),
        (Canned(drips=True), "begins an answer and does not end it within"),
    ],
    ids=["silence", "a byte now and then"],
)
def test_an_order_that_is_not_answered_in_time_is_unknown(bench: Bench, late: Canned, words: str) -> None:
    client = bench.client(timeout_seconds=SILENCE_SECONDS)
    bench.will(PLACE, late)

    outcome = place(client)
    assert isinstance(outcome, Unknown)
    assert outcome.message.startswith(f"{bench.server.url} {words} {SILENCE_SECONDS:g} seconds; ")
    assert bench.server.names() == ["GET time", "POST order"]


def test_an_order_is_not_sent_to_a_server_that_is_gone() -> None:
    server = SignedServer()
    with running(server):
        bench = Bench(server)
        client = bench.client()
        client.server_time()
        client.close()

    with pytest.raises(
        VenueError, match=r"GET time: .* cannot be reached: the connection is refused; .* given up after 3"
    ):
        place(client)
    client.close()


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_what_is_no_order_is_not_sent(bench: Bench, quantity: str) -> None:
    with pytest.raises(ValueError, match="not an order"):
        place(bench.client(), quantity=quantity)
    with pytest.raises(ValueError, match="not an order"):
        bench.client().place_market(
            symbol="BTC/USDT", side=Side.SELL, quantity=Decimal(1), client_order_id="with space"
        )
    assert bench.server.asked == []


# Reads


@pytest.mark.parametrize("name", [name for name in NO_VERDICT if name not in ("an acknowledgement", "another order")])
def test_a_read_without_a_verdict_is_asked_again(bench: Bench, name: str) -> None:
    bench.will(ACCOUNT, NO_VERDICT[name])

    assert list(bench.client().balances()) == ["USDT"]
    assert bench.server.names() == ["GET time", "GET account", "GET account"]
    assert bench.waits == [0.5]
    assert bench.lines[0].startswith("binance-testnet: GET account: ")
    assert bench.lines[0].endswith("; trying again in 0.5 seconds")


def test_a_read_is_given_up_after_all_retries_in_one_sentence(bench: Bench) -> None:
    bench.will(ACCOUNT, *[Canned(status=502, body=HTML)] * 3)

    with pytest.raises(VenueError) as caught:
        bench.client().balances()

    assert str(caught.value) == (
        "binance-testnet: GET account: HTTP 502 <html><body>Bad Gateway</body></html>; given up after 3 tries"
    )
    assert bench.waits == [0.5, 1.0]


def test_a_read_that_is_refused_is_not_asked_again(bench: Bench) -> None:
    bench.will(TRADES, error(400, -1121, "Invalid symbol."))

    with pytest.raises(VenueError, match=r"^binance-testnet: GET myTrades is refused: -1121 Invalid symbol\.$"):
        bench.client().trades_of("BTC/USDT", "28")
    assert bench.waits == []


def test_a_restricted_location_is_one_sentence(bench: Bench) -> None:
    bench.will(TIME, Canned(status=451, body="Service unavailable from a restricted location"))

    with pytest.raises(VenueError, match="does not serve this address"):
        bench.client().server_time()


@pytest.mark.parametrize("silent", [{}, {"balances": []}])
def test_an_account_without_balances_is_not_believed(bench: Bench, silent: dict[str, object]) -> None:
    bench.will(ACCOUNT, *[content(silent)] * 3)

    with pytest.raises(VenueError, match="is not readable"):
        bench.client().balances()


def test_an_odd_row_of_somebody_elses_asset_ends_nothing(bench: Bench) -> None:
    client = bench.client()
    usdt = {"asset": "USDT", "free": "100.00000000", "locked": "0.00000000"}
    bench.server.contents[ACCOUNT] = {"balances": [{"asset": "JUNK", "free": "-0.00000001", "locked": "0"}, usdt]}
    client.check_keys()
    client.hold_to(("BTC", "USDT"))

    assert list(client.balances()) == ["USDT"]
    for ours in ("USDT", "BNB"):
        bench.server.contents[ACCOUNT] = {"balances": [{**usdt, "asset": ours, "free": "-0.00000001"}]}
        with pytest.raises(VenueError, match="is not readable"):
            client.balances()


def test_numbers_lose_no_digit_even_where_they_are_not_written_as_texts(bench: Bench) -> None:
    bench.will(ACCOUNT, Canned(body='{"balances":[{"asset":"BTC","free":0.12345678901234567890,"locked":1}]}'))

    assert str(bench.client().balances()["BTC"].free) == "0.12345678901234567890"


def test_an_order_is_found_by_its_client_id(bench: Bench) -> None:
    bench.will(ORDER, content({key: value for key, value in FILLED.items() if key != "fills"}))

    order = bench.client().find_order("BTC/USDT", "own-1")

    assert order is not None
    assert (order.order_id, order.trades) == ("28", None)
    assert bench.server.asked[-1].parameters["origClientOrderId"] == "own-1"
    assert bench.server.asked[-1].parameters["symbol"] == "BTCUSDT"


def test_only_the_exchange_can_say_that_there_is_no_order(bench: Bench) -> None:
    client = bench.client(max_retries=0)
    bench.will(ORDER, error(400, -2013, "Order does not exist."))
    assert client.find_order("BTC/USDT", "own-1") is None

    unfit = [Canned(status=404, body=HTML), Canned(reset=True), content({}), content(FILLED | {"clientOrderId": "x"})]
    unfit += [
        error(400, -1007, "Timeout"),
        error(400, -2011, "Unknown order sent."),
        error(401, -2015, "Invalid API-key"),
    ]
    for answer in unfit:
        bench.will(ORDER, answer)
        with pytest.raises(VenueError):
            client.find_order("BTC/USDT", "own-1")


def test_an_archived_order_ended_with_nothing_executed(bench: Bench) -> None:
    bench.will(ORDER, error(400, -2026, "Order was canceled or expired with no executed qty over 90 days ago."))

    order = bench.client().find_order("BTC/USDT", "own-1")

    assert order is not None
    assert (order.progress, order.executed_quantity, order.trades) == (OrderProgress.ENDED, Decimal(0), ())


def trade(number: int, order_id: int = 28) -> dict[str, object]:
    return {
        "symbol": "BTCUSDT",
        "id": number,
        "orderId": order_id,
        "price": "60000",
        "qty": "0.0001",
        "commission": "0",
        "commissionAsset": "BNB",
        "time": 1715342400000 + number,
        "isBuyer": True,
    }


class ManyTrades(SignedServer):
    """Lists an order's trades as Binance does: the most recent, or the oldest from an id on; a thousand at most."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.rows = [trade(number) for number in range(1, count + 1)]

    def answer(self, asked: Asked) -> Canned:
        if asked.path.endswith("myTrades"):
            first_id = asked.parameters.get("fromId")
            limit = int(asked.parameters.get("limit", "500"))
            rows = self.rows[-limit:] if first_id is None else self.rows[max(int(first_id) - 1, 0) :][:limit]
            self.contents[TRADES] = rows
        return super().answer(asked)


@pytest.mark.parametrize(("count", "questions"), [(1, 1), (999, 1), (1000, 3), (1001, 3), (2345, 4)])
def test_every_trade_of_an_order_is_read_however_many_there_are(count: int, questions: int) -> None:
    with running(ManyTrades(count)) as server:
        bench = Bench(server)
        client = bench.client()
        trades = client.trades_of("BTC/USDT", "28")
        client.close()

    assert [each.trade_id for each in trades] == [str(number) for number in range(1, count + 1)]
    asked = [each.parameters for each in server.asked if each.path.endswith("myTrades")]
    assert len(asked) == questions
    assert {(each["orderId"], each["limit"]) for each in asked} == {("28", "1000")}


def test_recent_trades_are_those_since_an_instant(bench: Bench) -> None:
    bench.will(TRADES, content([trade(2), trade(1, 27)]))

    trades = bench.client().recent_trades("BTC/USDT", NOON - timedelta(days=1))

    assert [each.order_id for each in trades] == ["27", "28"]
    # 1715256000 seconds is 9 May 2024, 12:00 UTC.
    assert bench.server.asked[-1].parameters["startTime"] == "1715256000000"


def test_a_server_that_repeats_a_page_for_ever_is_not_followed(bench: Bench) -> None:
    page = content([trade(n) for n in range(1, 1001)])
    bench.will(TRADES, page, page, page)

    assert len(bench.client().trades_of("BTC/USDT", "28")) == 1000


def test_open_orders_are_asked_by_market_or_all_at_once_whichever_weighs_less(bench: Bench) -> None:
    bench.server.contents[OPEN] = [FILLED | {"status": "NEW", "executedQty": "0", "fills": []}]
    client = bench.client()

    assert [order.symbol for order in client.open_orders(("BTC/USDT",))] == ["BTC/USDT"]
    assert bench.server.asked[-1].parameters["symbol"] == "BTCUSDT"

    orders = client.open_orders((*(f"C{n}/USDT" for n in range(13)), "BTC/USDT"))

    assert [order.symbol for order in orders] == ["BTC/USDT"]
    assert bench.server.names().count("GET openOrders") == 2
    assert "symbol" not in bench.server.asked[-1].parameters


def market(asset: str, **fields: object) -> dict[str, object]:
    filters = [{"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "9000", "stepSize": "0.001"}]
    return {
        "symbol": f"{asset}USDT",
        "status": "TRADING",
        "baseAsset": asset,
        "quoteAsset": "USDT",
        "orderTypes": ["MARKET"],
        "filters": filters,
        **fields,
    }


def test_rules_are_asked_for_the_wanted_markets_alone(bench: Bench) -> None:
    bench.server.contents[INFO] = {"symbols": [market("BTC"), market("ETH", status="HALT")]}

    rules = bench.client(None).instruments(("BTC", "ETH"), "USDT")

    assert bench.server.asked[-1].parameters == {"symbols": '["BTCUSDT","ETHUSDT"]'}
    assert [(asset, each.is_tradable) for asset, each in rules.items()] == [("BTC", True), ("ETH", False)]
    assert rules["BTC"].instrument.lot_step == Decimal("0.001")


def test_one_asset_that_is_not_listed_does_not_hide_the_others(bench: Bench) -> None:
    bench.server.contents[INFO] = {"symbols": [market("BTC"), market("这是测试币")]}
    bench.will(INFO, error(400, -1121, "Invalid symbol."))

    assert list(bench.client(None).instruments(("BTC", "NEVER"), "USDT")) == ["BTC"]
    assert bench.server.asked[-1].parameters == {}


def test_quotes_of_all_symbols_come_in_one_request(bench: Bench) -> None:
    rows = [
        {"symbol": name, "bidPrice": "9.99", "bidQty": "1", "askPrice": "10.01", "askQty": "2"}
        for name in ("ETHUSDT", "BTCUSDT")
    ]
    bench.server.contents[BOOK] = rows

    quotes = bench.client(None).best_quotes(("BTC/USDT", "ETH/USDT"))

    quote = Quote(bid=Decimal("9.99"), bid_quantity=Decimal(1), ask=Decimal("10.01"), ask_quantity=Decimal(2))
    assert quotes == {"BTC/USDT": quote, "ETH/USDT": quote}
    assert bench.server.names() == ["GET ticker/bookTicker"]
    assert bench.server.asked[0].parameters == {"symbols": '["BTCUSDT","ETHUSDT"]'}


def test_a_market_of_many_orders_is_asked_for_once(bench: Bench) -> None:
    row = {"symbol": "BTCUSDT", "bidPrice": "9.99", "bidQty": "1", "askPrice": "10.01", "askQty": "2"}
    bench.server.contents[BOOK] = row

    quotes = bench.client(None).best_quotes(["BTC/USDT"] * 3)

    # An exchange refuses a list in which a name is twice (-1151): each of the pieces cost a question of its own.
    assert list(quotes) == ["BTC/USDT"]
    assert [each.parameters for each in bench.server.asked] == [{"symbol": "BTCUSDT"}]


def test_a_name_that_the_exchange_does_not_know_does_not_cost_the_quotes_of_the_others(bench: Bench) -> None:
    unknown = error(400, -1121, "Invalid symbol.")
    row = {"symbol": "BTCUSDT", "bidPrice": "9.99", "bidQty": "1", "askPrice": "10.01", "askQty": "2"}
    bench.will(BOOK, unknown, content(row), unknown)

    quotes = bench.client(None).best_quotes(("BTC/USDT", "GONE/USDT"))

    assert list(quotes) == ["BTC/USDT"]
    asked = [each.parameters for each in bench.server.asked]
    assert asked == [{"symbols": '["BTCUSDT","GONEUSDT"]'}, {"symbol": "BTCUSDT"}, {"symbol": "GONEUSDT"}]


# As a lean server on some framework answers to parameters that it does not know.
NO_LISTS = [
    error(400, -1102, "Mandatory parameter 'symbol' was not sent."),
    Canned(status=422, body='{"detail": "field required"}'),
    Canned(status=500, body="Internal Server Error"),
]


@pytest.mark.parametrize("refusal", NO_LISTS)
def test_an_exchange_that_takes_one_name_at_a_time_is_asked_so(bench: Bench, refusal: Canned) -> None:
    rows = [
        {"symbol": name, "bidPrice": "9.99", "bidQty": "1", "askPrice": "10.01", "askQty": "2"}
        for name in ("BTCUSDT", "ETHUSDT")
    ]
    bench.will(BOOK, refusal, *map(content, rows))

    assert list(bench.client(None).best_quotes(("BTC/USDT", "ETH/USDT"))) == ["BTC/USDT", "ETH/USDT"]
    assert not bench.waits


@pytest.mark.parametrize("refusal", NO_LISTS)
def test_an_exchange_that_takes_no_names_of_markets_is_asked_for_all(bench: Bench, refusal: Canned) -> None:
    bench.server.contents[INFO] = {"symbols": [market("BTC"), market("LTC")]}
    bench.will(INFO, refusal)

    assert list(bench.client(None).instruments(("BTC",), "USDT")) == ["BTC"]
    assert not bench.waits


def test_the_book_of_one_market_is_asked_for_by_its_name(bench: Bench) -> None:
    bench.will(BOOK, content({"symbol": "BTCUSDT", "bidPrice": "9", "bidQty": "1", "askPrice": "10", "askQty": "2"}))

    assert list(bench.client(None).best_quotes(("BTC/USDT",))) == ["BTC/USDT"]
    assert [each.parameters for each in bench.server.asked] == [{"symbol": "BTCUSDT"}]


def test_a_book_that_is_refused_for_another_reason_is_an_error(bench: Bench) -> None:
    bench.will(BOOK, error(403, -1, "No."))

    with pytest.raises(VenueError, match="GET ticker/bookTicker is refused"):
        bench.client(None).best_quotes(("BTC/USDT",))


def candle(day: int) -> list[object]:
    return [1714521600000 + (day - 1) * 86_400_000, "1.10", "1.2", "1.0", "1.15", "7", 0]


def test_a_market_that_is_not_listed_has_no_bars(bench: Bench) -> None:
    bench.will(KLINES, error(400, -1121, "Invalid symbol."))

    assert bench.client(None).klines({"SOL/USDT": date(2024, 5, 1)}, until=date(2024, 5, 3)) == {"SOL/USDT": []}


def test_bars_that_are_refused_for_another_reason_are_an_error(bench: Bench) -> None:
    bench.will(KLINES, error(400, -1120, "Invalid interval."))

    with pytest.raises(VenueError, match="GET klines is refused: -1120"):
        bench.client(None).klines({"BTC/USDT": date(2024, 5, 1)}, until=date(2024, 5, 3))


def test_bars_are_read_in_pages_up_to_the_wanted_day(bench: Bench) -> None:
    bench.will(KLINES, content([candle(1), candle(2)]), content([candle(3)]))

    bars = bench.client(None).klines({"BTC/USDT": date(2024, 5, 1)}, until=date(2024, 5, 3))["BTC/USDT"]

    assert [(str(bar.day), bar.open) for bar in bars] == [
        ("2024-05-01", "1.10"),
        ("2024-05-02", "1.10"),
        ("2024-05-03", "1.10"),
    ]
    # 4 May opens at 1714780800000: the last millisecond before it ends 3 May.
    assert [(each.parameters["startTime"], each.parameters["endTime"]) for each in bench.server.asked] == [
        ("1714521600000", "1714780799999"),
        ("1714694400000", "1714780799999"),
    ]


def test_bars_end_where_the_exchange_has_no_more(bench: Bench) -> None:
    bench.will(KLINES, content([candle(1)]), content([]))

    assert len(bench.client(None).klines({"BTC/USDT": date(2024, 5, 1)}, until=date(2024, 5, 9))["BTC/USDT"]) == 1


def test_bars_of_a_server_that_goes_on_to_the_present_end_with_the_wanted_day(bench: Bench) -> None:
    bench.will(KLINES, content([candle(1), candle(2), candle(3)]))

    bars = bench.client(None).klines({"BTC/USDT": date(2024, 5, 1)}, until=date(2024, 5, 2))["BTC/USDT"]

    assert [str(bar.day) for bar in bars] == ["2024-05-01", "2024-05-02"]
    assert len(bench.server.asked) == 1


def test_bars_of_several_markets_are_asked_for_at_once_and_each_until_it_is_answered(bench: Bench) -> None:
    limited = Canned(status=429, headers={"Retry-After": "7"})
    bench.will(KLINES, content([candle(1)]), limited, content([candle(1)]), content([candle(1)]))
    since = {f"{coin}/USDT": date(2024, 5, 1) for coin in ("BTC", "ETH", "SOL")}

    bars = bench.client(None).klines(since, until=date(2024, 5, 1))

    assert {symbol: [str(bar.day) for bar in found] for symbol, found in bars.items()} == {
        symbol: ["2024-05-01"] for symbol in since
    }
    # The one that was refused was asked for again, alone, after the pause.
    asked = [each.parameters["symbol"] for each in bench.server.asked]
    assert sorted(asked[:3]) == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert (len(asked), bench.waits) == (4, [7])


def test_no_more_bars_are_asked_for_at_once_than_the_weight_of_the_minute_has_room_for(bench: Bench) -> None:
    asked_before_waits: list[int] = []

    def wait(seconds: float) -> None:
        asked_before_waits.append(len(bench.server.asked))
        bench.now += timedelta(seconds=seconds)

    bench.will(TIME, Canned(body='{"serverTime":1715342400000}', headers={"X-MBX-USED-WEIGHT-1M": "5396"}))
    full = Canned(body=json.dumps([candle(1)]), headers={"X-MBX-USED-WEIGHT-1M": "5401"})
    bench.will(KLINES, *[full] * 2, content([candle(1)]))
    client = bench.client(None, sleep=wait)
    client.server_time()

    client.klines({f"{coin}/USDT": date(2024, 5, 1) for coin in ("BTC", "ETH", "SOL")}, until=date(2024, 5, 1))

    # The time, and two of 2 each up to 5,400.
    assert (asked_before_waits, len(bench.server.asked)) == ([3], 4)


def test_bars_before_those_asked_for_are_not_believed(bench: Bench) -> None:
    bench.will(KLINES, content([candle(1)]), *[content([candle(1)])] * 3)

    with pytest.raises(VenueError, match="bars from 2024-05-01 on, asked were 2024-05-02 to 2024-05-09"):
        bench.client(None).klines({"BTC/USDT": date(2024, 5, 1)}, until=date(2024, 5, 9))


# Clock


@pytest.mark.parametrize("days", [-4000, -1, 1, 900])
def test_requests_are_signed_by_the_exchanges_clock_whatever_ours_says(bench: Bench, days: int) -> None:
    bench.now = NOON + timedelta(days=days)

    assert list(bench.client().balances()) == ["USDT"]
    assert bench.server.names() == ["GET time", "GET account"]


def test_a_clock_that_jumped_is_asked_for_again_and_the_read_repeated(bench: Bench) -> None:
    client = bench.client()
    client.balances()
    bench.server.now = NOON + timedelta(days=1)

    assert list(client.balances()) == ["USDT"]
    assert bench.server.names()[2:] == ["GET account", "GET time", "GET account"]
    assert bench.waits == []


def test_an_order_refused_for_the_clock_is_not_repeated_but_the_clock_is_asked_before_the_next(bench: Bench) -> None:
    client = bench.client()
    client.balances()
    bench.will(PLACE, error(400, -1021, "Timestamp for this request is outside of the recvWindow."), content(FILLED))

    first, second = place(client), place(client)

    assert isinstance(first, Refused)
    assert first.kind is RefusalKind.CLOCK
    assert isinstance(second, Accepted)
    assert bench.server.names()[2:] == ["GET time", "POST order", "GET time", "POST order"]


def test_an_order_is_signed_by_a_fresh_time(bench: Bench) -> None:
    client = bench.client()
    client.balances()
    # The exchange's clock stood still meanwhile: a second later our time would be from its future.
    bench.now = NOON + timedelta(seconds=1)
    bench.will(PLACE, content(FILLED))

    assert isinstance(place(client), Accepted)
    assert bench.server.names()[2:] == ["GET time", "POST order"]


def test_an_order_is_sent_although_the_exchanges_clock_was_moved_a_moment_ago(bench: Bench) -> None:
    client = bench.client()
    client.balances()
    bench.server.now = NOON + timedelta(days=1)
    bench.will(PLACE, content(FILLED))

    assert isinstance(place(client), Accepted)
    assert bench.server.names()[2:] == ["GET time", "POST order"]


def test_a_clock_that_cannot_be_agreed_on_is_given_up(bench: Bench) -> None:
    bench.will(ACCOUNT, *[error(400, -1021, "Timestamp for this request was 1000ms ahead.")] * 4)

    with pytest.raises(VenueError, match=r"-1021 .* given up after 3 tries"):
        bench.client().balances()


def test_an_order_is_not_sent_while_the_exchanges_time_is_not_to_be_had(bench: Bench) -> None:
    bench.will(TIME, *[Canned(status=502)] * 3)

    with pytest.raises(VenueError, match="GET time"):
        place(bench.client())
    assert "POST order" not in bench.server.names()


# Rate limits


@pytest.mark.parametrize(("status", "reason"), [(429, "requests are limited"), (418, "this address is banned")])
def test_no_traffic_while_the_exchange_asks_for_a_pause(bench: Bench, status: int, reason: str) -> None:
    bench.will(ACCOUNT, Canned(status=status, body='{"code":-1003,"msg":"Too much."}', headers={"Retry-After": "7"}))

    assert list(bench.client().balances()) == ["USDT"]
    assert bench.waits == [7]
    assert bench.lines == [f"binance-testnet: {reason} (-1003 Too much.); waiting 7 seconds"]


def test_after_a_limited_order_nothing_is_sent_until_the_pause_is_over(bench: Bench) -> None:
    client = bench.client()
    bench.will(PLACE, Canned(status=429, body='{"code":-1015,"msg":"Too many."}', headers={"Retry-After": "9"}))

    outcome = place(client)

    assert outcome == Refused(kind=RefusalKind.RATE_LIMIT, code=-1015, message="-1015 Too many.")
    assert bench.waits == []
    client.server_time()
    assert bench.waits == [9]


def test_a_long_ban_ends_in_one_sentence_without_another_request(bench: Bench) -> None:
    client = bench.client()
    bench.will(ACCOUNT, Canned(status=418, headers={"Retry-After": "7200"}))

    for _ in range(3):
        with pytest.raises(VenueError, match=r"it wants no request for 7200 seconds, until 2024-05-10 14:00:00 UTC$"):
            client.balances()
    assert bench.server.names().count("GET account") == 1
    assert bench.waits == []


def test_near_the_weight_limit_the_rest_of_the_minute_is_waited_for(bench: Bench) -> None:
    bench.server.now = bench.now = NOON + timedelta(seconds=20)
    client = bench.client()
    used = {"X-MBX-USED-WEIGHT-1M": "5500"}
    bench.will(ACCOUNT, Canned(body='{"balances":[{"asset":"X","free":"1","locked":"0"}]}', headers=used))

    client.balances()
    assert bench.waits == []
    client.server_time()
    assert bench.waits == [41]


def test_the_weight_limit_is_the_one_that_the_exchange_names(bench: Bench) -> None:
    limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 100}
    information = json.dumps({"rateLimits": [limit], "symbols": [market("BTC")]})
    bench.will(INFO, Canned(body=information, headers={"X-MBX-USED-WEIGHT-1M": "20"}))
    client = bench.client(None)
    client.instruments(("BTC",), "USDT")
    bench.will(TIME, Canned(body='{"serverTime":1715342400000}', headers={"X-MBX-USED-WEIGHT-1M": "91"}))
    client.server_time()
    assert bench.waits == []

    client.server_time()

    assert bench.waits == [61]


# Hosts


def every_address() -> Iterator[tuple[str, str]]:
    plain = ccxt.binance()
    for sections in (plain.urls["api"], plain.urls["test"], plain.urls["demo"]):
        yield from ((section, url) for section, url in sections.items() if isinstance(url, str))


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what would reach the wire, and let nothing out."""
    hosts: list[str] = []

    def resolve(host: object, *_: object, **__: object) -> object:
        hosts.append(str(host))
        raise socket.gaierror(socket.EAI_NONAME, "stopped by the test")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return hosts


def sandbox_client(network: Any, base_url: str | None = None) -> RestClient:
    return RestClient(
        network=network, base_url=base_url, credentials=HMAC, timeout_seconds=1, now=lambda: NOON, environment={}
    )


@pytest.mark.parametrize("network", ["binance-testnet", "binance-demo"])
def test_whatever_ccxt_could_sign_goes_to_the_sandbox_or_nowhere(wire: list[str], network: Any) -> None:
    client = sandbox_client(network)
    host = {"binance-testnet": "testnet.binance.vision", "binance-demo": "demo-api.binance.com"}[network]
    inner = client._signer._ccxt
    assert inner.urls == {"api": {"private": f"https://{host}/api/v3"}}

    # As set up: every section that ccxt knows, of which it has an address for one.
    sections = {section for section, _ in every_address()}
    assert len(sections) > 15
    for section in sorted(sections - {"private"}):
        for method in ("GET", "POST", "PUT", "DELETE"):
            with pytest.raises(ccxt.BaseError):
                inner.request("order", [section], method, {"symbol": "BTCUSDT"})
    client.send("POST order", {"symbol": "BTCUSDT"})
    assert wire == [host]

    # Tampered with: every address that ccxt knows.
    wire.clear()
    refused = 0
    for _, url in every_address():
        inner.urls["api"] = {"private": url}
        with suppress(VenueError):
            client.send("POST order", {"symbol": "BTCUSDT"})
            continue
        refused += 1
    assert refused > 20
    assert set(wire) <= {host}
    client.close()


def test_leaving_the_sandbox_by_ccxts_own_switches_leads_nowhere(wire: list[str]) -> None:
    for network, leave in (("binance-testnet", "set_sandbox_mode"), ("binance-demo", "enable_demo_trading")):
        client = sandbox_client(network, "http://127.0.0.1:1")
        for enable in (True, False):
            with suppress(ccxt.BaseError, KeyError):
                getattr(client._signer._ccxt, leave)(enable=enable)
        client._signer._ccxt.urls.setdefault("api", {})["private"] = "http://127.0.0.1:1/api/v3"

        client.send("POST order", {"symbol": "BTCUSDT"})

        assert wire.pop() == "127.0.0.1"
        client.close()


def test_ccxt_has_no_way_out(wire: list[str]) -> None:
    client = sandbox_client("binance-testnet")
    inner = client._signer._ccxt
    production = "https://api.binance.com/api/v3/order"

    # What it would send is kept instead, and it has no session by which anything could go.
    assert inner.fetch(production, "POST", {"X-MBX-APIKEY": API_KEY}, "symbol=BTCUSDT") == ""
    assert inner.session is None
    with pytest.raises(VenueError, match="stopped before it was sent"):
        client._sent(client._signer._made.pop())
    assert wire == []
    client.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(bench: Bench, status: int) -> None:
    with running(SignedServer()) as elsewhere:
        away = Canned(status=status, headers={"Location": f"{elsewhere.url}/api/v3/account"})
        bench.will(ACCOUNT, away)
        bench.will(PLACE, away)
        client = bench.client(max_retries=0)

        with pytest.raises(VenueError, match=f"GET account: HTTP {status}"):
            client.balances()
        assert isinstance(place(client), Unknown)

        assert elsewhere.asked == []


def test_a_production_address_is_refused_before_there_is_a_client() -> None:
    with pytest.raises(VenueError, match=r"^venue\.base_url: https://api\.binance\.com is not a sandbox"):
        RestClient(
            network="binance-testnet",
            base_url="https://api.binance.com",
            credentials=HMAC,
            timeout_seconds=1,
            now=lambda: NOON,
        )


@pytest.mark.parametrize("network", WITHOUT_KEYS)
def test_a_client_that_only_looks_takes_no_keys(network: str) -> None:
    with pytest.raises(VenueError, match=f"^{network}: takes no keys"):
        RestClient(network=network, base_url=None, credentials=HMAC, timeout_seconds=1, now=lambda: NOON)


# Secrets


def texts_of(error: BaseException) -> Iterator[str]:
    yield from ("".join(traceback.TracebackException.from_exception(error).format()), repr(error), str(error))
    for chained in (error.__cause__, error.__context__):
        if chained is not None:
            yield from texts_of(chained)


def texts_of_failure(ask: Callable[[], object]) -> list[str]:
    try:
        return [repr(ask())]
    except VenueError as error:
        # Chained exceptions would be those of ccxt, whose texts hold addresses with signatures.
        return [*texts_of(error), *(["chained"] if error.__cause__ or error.__context__ else [])]


@pytest.mark.parametrize("kind", ["HMAC", "Ed25519"])
def test_no_fault_brings_key_or_secret_to_light(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.DEBUG)
    credentials: Credentials | None = HMAC
    if kind == "Ed25519":
        key = Ed25519PrivateKey.generate()
        bench.server.verifier = public_key_verifier(key.public_key())
        environment = {"BINANCE_TESTNET_API_KEY": API_KEY, "BINANCE_TESTNET_API_SECRET": pem_file(tmp_path, key)}
        credentials = read_credentials(environment, dotenv=None)
    assert credentials is not None
    echo = f"X-MBX-APIKEY: {API_KEY} {credentials.secret} signature=0123456789abcdef"
    echoes = [
        error(400, -1100, echo),
        error(401, -2015, echo),
        error(400, -1022, echo),
        error(400, -1007, echo),
        error(429, -1003, echo),
        error(500, -1000, echo),
        Canned(status=502, body=echo),
        Canned(body=echo),
        content({"code": 1, "msg": echo}),
        content(FILLED | {"status": echo}),
        content({"balances": [{"asset": "BTC", "free": echo, "locked": "0"}]}),
        # Cut where the excerpt ends, half a key would not be recognised any more.
        Canned(status=502, body="x" * 130 + echo),
    ]
    texts: list[str] = []
    client = bench.client(credentials, max_retries=1)
    for answer in [*NO_VERDICT.values(), *echoes]:
        bench.server.canned.clear()
        for name in (PLACE, ACCOUNT, ACCOUNT, ORDER, ORDER):
            bench.will(name, answer)
        texts.append(repr(place(client)))
        texts += texts_of_failure(client.balances)
        texts += texts_of_failure(lambda: client.find_order("BTC/USDT", "own-1"))
    texts += [repr(client), repr(vars(client)), repr(client._client._signer._ccxt)]

    assert len(texts) > 100
    # urllib3 logs addresses with their signatures, which are of no use after five seconds.
    texts += [*bench.lines, *(each.getMessage() for each in caplog.records if "urllib3" not in each.name)]
    secret = max(credentials.secret.splitlines(), key=len)
    for text in texts:
        assert API_KEY[:20] not in text
        assert secret[:20] not in text
        assert "0123456789abcdef" not in text
        assert text != "chained"
    for record in caplog.records:
        assert API_KEY not in record.getMessage()
        assert secret not in record.getMessage()


def test_time_is_an_aware_instant(bench: Bench) -> None:
    bench.server.now = datetime(2024, 5, 10, 23, 59, 59, 999000, tzinfo=UTC)

    assert bench.client(None).server_time() == datetime(2024, 5, 10, 23, 59, 59, 999000, tzinfo=UTC)


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="no such option on this system")
def test_each_answer_of_this_machine_is_acknowledged_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    options: list[tuple[Any, ...]] = []
    set_option = socket.socket.setsockopt

    def noting(self: socket.socket, *option: Any) -> None:
        options.append(option)
        set_option(self, *option)

    monkeypatch.setattr(socket.socket, "setsockopt", noting)
    client = bench.client(None)

    for _ in range(3):
        client.server_time()

    assert options.count((socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)) == 3
