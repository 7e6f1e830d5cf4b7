"""The practice exchange under two real clients that were not written for it: ccxt, and Binance's own connector."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import localcontext
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import ccxt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from engine.clock import system_now
from engine.core.errors import ConfigError, DataError
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import fault_of
from engine.practice.server import PracticeServer
from engine.practice.signatures import public_key_of
from engine.wiring.practice.exchange import practice_exchange, practice_market
from tests.support.markets import coin_bars
from tests.support.patience import PATIENCE_MILLISECONDS, PATIENCE_SECONDS, SILENCE_SECONDS
from tests.support.practice import FIRST, KEY, bitcoin, instant, practice

ORDER = {"method": "POST", "path": "/api/v3/order"}
SYMBOL = "BTC/USDT"
# How long a client waits for an answer that does not come.


@pytest.fixture(autouse=True)
def own_rounding() -> Iterator[None]:
    """Keep to these tests what ccxt's unified calls do to the thread for good: decimals then round half up."""
    with localcontext():
        yield


@dataclass
class Desk:
    """A server, the exchange behind it, and the client in front of it."""

    server: PracticeServer
    client: Any

    @property
    def exchange(self) -> PracticeExchange:
        return self.server.exchange

    def fail(self, **fault: object) -> None:
        self.exchange.add_fault(fault_of(fault))

    def buy(self, quantity: float = 0.1, **parameters: object) -> Any:
        return self.client.create_order(SYMBOL, "market", "buy", quantity, None, parameters)


def ccxt_client(url: str, **options: object) -> Any:
    """Give an unmodified ccxt client in sandbox mode, with nothing but its addresses replaced."""
    client = ccxt.binance(
        {
            "apiKey": KEY.name,
            "secret": KEY.secret,
            "enableRateLimit": False,
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "adjustForTimeDifference": True,
                "recvWindow": 5000,
            },
            **options,
        }
    )
    client.set_sandbox_mode(True)
    for side in ("public", "private"):
        client.urls["api"][side] = f"{url}/api/v3"
    return client


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Serve ten days of BTC, opening at 40,000 on the first and 1,000 higher each day, without slippage."""
    opens = [40_000.0 + 1000 * number for number in range(10)]
    bars = [
        bitcoin(*[price + 500 for price in opens], opens=[*opens]),
        coin_bars("ETH", FIRST, [2_000.0] * 10),
    ]
    with PracticeServer(practice(*bars, at=instant(FIRST), wall=system_now)) as server:
        client = ccxt_client(server.url)
        yield Desk(server, client)
        client.session.close()


class TestCcxt:
    def test_trades_through_a_day_and_finds_what_it_did(self, desk: Desk) -> None:
        client = desk.client
        markets = client.load_markets()
        ticker = client.fetch_ticker(SYMBOL)

        order = desk.buy(0.5, clientOrderId="mine-1")
        found = client.fetch_order(None, SYMBOL, {"origClientOrderId": "mine-1"})
        trades = client.fetch_my_trades(SYMBOL, params={"orderId": order["id"]})
        balance = client.fetch_balance()

        assert (ticker["bid"], ticker["ask"]) == (39_980, 40_020)
        assert (markets[SYMBOL]["precision"]["amount"], markets[SYMBOL]["precision"]["price"]) == (1e-05, 0.01)
        assert markets[SYMBOL]["limits"]["cost"]["min"] == 5
        assert (order["status"], order["filled"], order["cost"]) == ("closed", 0.5, 20_010)
        assert order["fees"] == [{"currency": "BTC", "cost": 0.0005}]
        assert (found["id"], found["status"], found["average"]) == (order["id"], "closed", 40_020)
        assert [(trade["amount"], trade["price"], trade["fee"]["cost"]) for trade in trades] == [(0.5, 40_020, 0.0005)]
        assert balance["BTC"] == {"free": 1.4995, "used": 0.0, "total": 1.4995}
        assert len(balance["total"]) > 400

    def test_lets_a_limit_order_rest_until_the_clock_brings_the_price(self, desk: Desk) -> None:
        client = desk.client
        order = client.create_order(SYMBOL, "limit", "sell", 1, 41_000)
        resting = client.fetch_open_orders(SYMBOL)

        desk.exchange.advance(timedelta(days=2))
        client.load_time_difference()

        assert [row["id"] for row in resting] == [order["id"]]
        assert client.fetch_order(order["id"], SYMBOL)["status"] == "closed"
        assert client.fetch_open_orders(SYMBOL) == []

    def test_reads_klines_in_pages_with_the_forming_bar_last(self, desk: Desk) -> None:
        desk.exchange.advance(timedelta(days=4, hours=12))

        newest = desk.client.fetch_ohlcv(SYMBOL, "1d", limit=2)
        first = desk.client.fetch_ohlcv(SYMBOL, "1d", since=milliseconds(0), limit=2)

        assert [row[0] for row in newest] == [milliseconds(3), milliseconds(4)]
        # It opened at 44000 and is half way to 44500.
        assert newest[1][1:5] == [44_000, 44_250, 44_000, 44_250]
        assert [(row[0], row[4]) for row in first] == [(milliseconds(0), 40_500), (milliseconds(1), 41_500)]

    def test_is_out_of_step_after_a_day_until_it_sets_its_watch(self, desk: Desk) -> None:
        desk.client.load_markets()
        desk.exchange.advance(timedelta(days=1))

        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            desk.client.fetch_balance()
        desk.client.load_time_difference()

        assert desk.client.fetch_balance()["USDT"]["free"] == 1_000_000

    def test_cancels_and_is_told_when_there_is_nothing_to_cancel(self, desk: Desk) -> None:
        order = desk.client.create_order(SYMBOL, "limit", "buy", 0.1, 30_000)

        assert desk.client.cancel_order(order["id"], SYMBOL)["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFound, match="-2011"):
            desk.client.cancel_order(order["id"], SYMBOL)

    def test_executes_a_market_order_again_when_it_is_sent_again(self, desk: Desk) -> None:
        first, second = (desk.buy(0.1, clientOrderId="once") for _ in range(2))

        assert first["id"] != second["id"]
        assert desk.client.fetch_balance()["BTC"]["free"] == pytest.approx(1.1998)

    def test_tests_an_order_without_placing_it(self, desk: Desk) -> None:
        assert desk.buy(0.1, test=True)["id"] is None
        assert desk.client.fetch_orders(SYMBOL) == []

    def test_learns_the_commission_of_a_symbol(self, desk: Desk) -> None:
        desk.client.load_time_difference()

        answer = desk.client.privateGetAccountCommission({"symbol": "BTCUSDT"})

        assert answer["standardCommission"]["taker"] == "0.00100000"

    @pytest.mark.parametrize("kind", ["ed25519", "rsa"])
    def test_signs_with_a_private_key(self, desk: Desk, kind: str) -> None:
        private = (
            ed25519.Ed25519PrivateKey.generate()
            if kind == "ed25519"
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        desk.exchange.add_key(public_key_of("asymmetric", public))
        client = ccxt_client(desk.server.url, apiKey="asymmetric", secret=secret)

        assert client.create_order(SYMBOL, "market", "buy", 0.1)["status"] == "closed"
        client.session.close()

    @pytest.mark.parametrize(
        ("wanted", "expected", "text"),
        [
            # The table of what ccxt 4.5 makes of each answer; on a host that is not the testnet's own.
            ({"kind": "error", "code": -1000}, ccxt.OperationFailed, "-1000"),
            ({"kind": "error", "code": -1001}, ccxt.OperationFailed, "-1001"),
            ({"kind": "error", "code": -1003}, ccxt.DDoSProtection, "-1003"),
            ({"kind": "error", "code": -1003, "status": 418, "retry_after": 120}, ccxt.DDoSProtection, "-1003"),
            ({"kind": "error", "code": -1003, "status": 400}, ccxt.RateLimitExceeded, "-1003"),
            ({"kind": "error", "code": -1006}, ccxt.OperationFailed, "-1006"),
            ({"kind": "error", "code": -1007}, ccxt.RequestTimeout, "-1007"),
            ({"kind": "error", "code": -1008}, ccxt.ExchangeError, "-1008"),
            ({"kind": "error", "code": -1015}, ccxt.DDoSProtection, "-1015"),
            ({"kind": "error", "code": -1015, "status": 400}, ccxt.RateLimitExceeded, "-1015"),
            ({"kind": "error", "code": -1021}, ccxt.InvalidNonce, "-1021"),
            ({"kind": "error", "code": -1022}, ccxt.AuthenticationError, "-1022"),
            ({"kind": "error", "code": -2014}, ccxt.AuthenticationError, "-2014"),
            ({"kind": "error", "code": -2015}, ccxt.AuthenticationError, "-2015"),
            ({"kind": "error", "code": 1}, ccxt.OnMaintenance, "maintenance"),
            ({"kind": "http", "status": 500}, ccxt.ExchangeNotAvailable, "500"),
            ({"kind": "http", "status": 502}, ccxt.ExchangeNotAvailable, "502"),
            ({"kind": "http", "status": 503}, ccxt.ExchangeNotAvailable, "503"),
            ({"kind": "http", "status": 504}, ccxt.RequestTimeout, "504"),
            ({"kind": "http", "status": 403}, ccxt.ExchangeNotAvailable, "403"),
            ({"kind": "http", "status": 429, "retry_after": 5}, ccxt.DDoSProtection, "429"),
            ({"kind": "drop"}, ccxt.NetworkError, "binance POST"),
            ({"kind": "reset"}, ccxt.NetworkError, "binance POST"),
            ({"kind": "cut_body"}, ccxt.NetworkError, "binance POST"),
            ({"kind": "silence"}, ccxt.RequestTimeout, "binance POST"),
        ],
        ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
    )
    def test_raises_what_it_raises_on_the_real_exchange(
        self, desk: Desk, wanted: Mapping[str, object], expected: type[Exception], text: str
    ) -> None:
        desk.client.load_markets()
        # Only a silence is waited for to its end.
        desk.client.timeout = 1000 * (SILENCE_SECONDS if wanted["kind"] == "silence" else PATIENCE_SECONDS)
        for when in ("before", "after"):
            desk.fail(**ORDER, **wanted, when=when)
            with pytest.raises(expected, match=text) as raised:
                desk.buy(0.1, clientOrderId=f"mine-{when}")
            assert type(raised.value) is expected
        desk.client.timeout = PATIENCE_MILLISECONDS

        # The first was never placed, the second was executed although its answer was lost.
        with pytest.raises(ccxt.OrderNotFound, match="-2013"):
            desk.client.fetch_order(None, SYMBOL, {"origClientOrderId": "mine-before"})
        assert desk.client.fetch_order(None, SYMBOL, {"origClientOrderId": "mine-after"})["status"] == "closed"
        assert len(desk.client.fetch_orders(SYMBOL)) == 1

    @pytest.mark.parametrize(
        ("parameters", "expected", "text"),
        [
            ({"quantity": "0.000011"}, ccxt.InvalidOrder, "LOT_SIZE"),
            ({"quantity": "1000"}, ccxt.InvalidOrder, "MARKET_LOT_SIZE"),
            ({"quantity": "0.00001"}, ccxt.BadRequest, "NOTIONAL"),
            ({"type": "LIMIT", "price": "40000.001", "timeInForce": "GTC"}, ccxt.InvalidOrder, "PRICE_FILTER"),
            ({"type": "LIMIT", "price": "1000", "timeInForce": "GTC"}, ccxt.InvalidOrder, "PERCENT_PRICE_BY_SIDE"),
            ({"quantity": "90"}, ccxt.InsufficientFunds, "insufficient balance"),
            ({"type": "LIMIT_MAKER", "price": "41000"}, ccxt.OrderImmediatelyFillable, "immediately match"),
            ({"quantity": "1e-05"}, ccxt.BadRequest, "-1100"),
            ({"quantity": "0.123456789"}, ccxt.BadRequest, "-1111"),
            ({"symbol": "NOPEUSDT"}, ccxt.BadSymbol, "-1121"),
            ({"price": "40000"}, ccxt.BadRequest, "-1106"),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_raises_what_it_raises_when_an_order_is_refused(
        self, desk: Desk, parameters: Mapping[str, str], expected: type[Exception], text: str
    ) -> None:
        wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1", **parameters}
        desk.client.load_time_difference()

        with pytest.raises(expected, match=text) as raised:
            desk.client.privatePostOrder(wanted)

        assert type(raised.value) is expected
        assert desk.client.fetch_orders(SYMBOL) == []

    def test_is_told_when_the_market_is_closed_and_when_a_name_is_taken(self, desk: Desk) -> None:
        desk.client.create_order(SYMBOL, "limit", "buy", 0.1, 30_000, {"clientOrderId": "taken"})
        with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
            desk.buy(0.1, clientOrderId="taken")

        desk.exchange.halt("BTCUSDT", "HALT")

        with pytest.raises(ccxt.MarketClosed, match="Market is closed"):
            desk.buy(0.1)
        assert desk.client.load_markets(True)[SYMBOL]["active"] is False

    @pytest.mark.parametrize("kind", ["empty", "html", "cut_json"])
    def test_takes_an_unreadable_answer_for_an_order_without_number(self, desk: Desk, kind: str) -> None:
        desk.client.load_markets()
        desk.fail(kind=kind, when="after", **ORDER)

        order = desk.buy(0.1, clientOrderId="mine")

        assert (order["id"], order["status"]) == (None, None)
        assert desk.client.fetch_order(None, SYMBOL, {"origClientOrderId": "mine"})["status"] == "closed"

    def test_takes_a_revoked_key_for_throttling_once_it_has_worked(self, desk: Desk) -> None:
        desk.client.fetch_balance()
        desk.exchange.revoke_key(KEY.name)

        with pytest.raises(ccxt.DDoSProtection, match="-2015"):
            desk.client.fetch_balance()

    def test_gets_an_expired_order_of_which_a_part_is_filled(self, desk: Desk) -> None:
        desk.fail(kind="partial", share="0.25", **ORDER)

        order = desk.buy(0.4)

        assert (order["status"], order["filled"], order["remaining"]) == ("expired", 0.1, pytest.approx(0.3))

    def test_sees_a_reset_as_the_testnet_shows_one(self, desk: Desk) -> None:
        desk.exchange.advance(timedelta(days=3))
        old = desk.buy(0.1, clientOrderId="old")

        desk.exchange.reset()

        with pytest.raises(ccxt.OrderNotFound, match="-2013"):
            desk.client.fetch_order(None, SYMBOL, {"origClientOrderId": "old"})
        assert desk.client.fetch_my_trades(SYMBOL) == []
        assert len(desk.client.fetch_ohlcv(SYMBOL, "1d")) == 1
        # The old number now means another order.
        assert desk.buy(0.2)["id"] == old["id"]

    def test_reads_the_weights_it_used_from_the_headers(self, desk: Desk) -> None:
        desk.client.publicGetExchangeInfo()
        desk.client.publicGetTime()

        assert desk.client.last_response_headers["X-Mbx-Used-Weight-1m"] == "21"


class TestBinanceConnector:
    """Binance's own client shares no line with ccxt; its clock is the machine's, so the exchange runs with that."""

    @pytest.fixture
    def server(self) -> Iterator[PracticeServer]:
        now = system_now()
        week_ago = now.date() - timedelta(days=7)
        bars = [
            coin_bars("BTC", week_ago, [40_000.0] * 10, opens=[40_000.0] * 10),
            coin_bars("ETH", week_ago, [2_000.0] * 10, opens=[2_000.0] * 10),
        ]
        with PracticeServer(practice(*bars, at=now, speed=1, wall=system_now)) as server:
            yield server

    @pytest.fixture
    def client(self, server: PracticeServer) -> Any:
        connector = pytest.importorskip("binance_sdk_spot.spot")
        common = pytest.importorskip("binance_common.configuration")
        configuration = common.ConfigurationRestAPI(
            api_key=KEY.name, api_secret=KEY.secret, base_path=server.url, timeout=int(PATIENCE_MILLISECONDS), retries=0
        )
        return connector.Spot(config_rest_api=configuration).rest_api

    def test_reads_the_market(self, client: Any) -> None:
        info = client.exchange_info(symbol="BTCUSDT").data()
        book = client.ticker_book_ticker(symbol="BTCUSDT").data()
        klines = client.klines(symbol="BTCUSDT", interval="1d", limit=3).data()

        assert (info.symbols[0].base_asset, info.symbols[0].status) == ("BTC", "TRADING")
        assert book.actual_instance.bid_price == "39980.00000000"
        assert [row[4] for row in klines] == ["40000.00000000"] * 3

    def test_places_finds_and_cancels_orders(self, client: Any) -> None:
        bought = client.new_order(
            symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.5, new_client_order_id="theirs"
        ).data()
        found = client.get_order(symbol="BTCUSDT", orig_client_order_id="theirs").data()
        trades = client.my_trades(symbol="BTCUSDT", order_id=bought.order_id).data()
        resting = client.new_order(
            symbol="ETHUSDT", side="BUY", type="LIMIT", quantity=1, price=1500, time_in_force="GTC"
        ).data()
        open_before = client.get_open_orders(symbol="ETHUSDT").data()
        cancelled = client.delete_order(symbol="ETHUSDT", order_id=resting.order_id).data()

        assert (bought.status, bought.executed_qty, bought.cummulative_quote_qty) == (
            "FILLED",
            "0.50000000",
            "20010.00000000",
        )
        assert (found.order_id, found.status) == (bought.order_id, "FILLED")
        assert [(trade.qty, trade.commission, trade.commission_asset) for trade in trades] == [
            ("0.50000000", "0.00050000", "BTC")
        ]
        assert [order.order_id for order in open_before] == [resting.order_id]
        assert (cancelled.status, client.get_open_orders(symbol="ETHUSDT").data()) == ("CANCELED", [])

    def test_reads_the_account_and_its_commission(self, client: Any) -> None:
        account = client.get_account().data()
        commission = client.account_commission(symbol="BTCUSDT").data()
        tested = client.order_test(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.1)

        balances = {row.asset: row.free for row in account.balances}
        assert (balances["USDT"], balances["BTC"], balances["这是测试币"]) == (
            "1000000.00000000",
            "1.00000000",
            "18466.00000000",
        )
        assert commission.standard_commission.taker == "0.00100000"
        assert tested.status == 200

    def test_is_refused_in_the_exchanges_words(self, client: Any, server: PracticeServer) -> None:
        errors = pytest.importorskip("binance_common.errors")

        with pytest.raises(errors.BadRequestError, match="insufficient balance"):
            client.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=80)
        with pytest.raises(errors.BadRequestError, match="Order does not exist"):
            client.get_order(symbol="BTCUSDT", orig_client_order_id="never")
        server.exchange.revoke_key(KEY.name)
        with pytest.raises(errors.UnauthorizedError, match="Invalid API-key"):
            client.get_account()


class TestServer:
    def test_is_steered_over_http(self, desk: Desk) -> None:
        moved = post(desk.server.url, "clock", {"advance_seconds": 86_400})
        post(desk.server.url, "faults", {"kind": "error", "code": -1008})

        assert moved["at"] == "2024-01-02T00:00:00+00:00"
        with pytest.raises(ccxt.ExchangeError, match="-1008"):
            desk.client.fetch_time()
        assert desk.client.fetch_time() == milliseconds(1)

    def test_takes_no_steering_from_a_web_page(self, desk: Desk) -> None:
        request = Request(f"{desk.server.url}/practice/reset", data=b"{}", headers={"Origin": "http://elsewhere"})

        with pytest.raises(OSError, match="403"):
            urlopen(request)
        assert desk.exchange.epoch == 1

    def test_lets_go_of_a_request_that_it_holds_when_it_stops(self) -> None:
        with PracticeServer(practice()) as server:
            server.exchange.add_fault(fault_of({"kind": "silence"}))
            client = ccxt_client(server.url, timeout=int(1000 * SILENCE_SECONDS))

            with pytest.raises(ccxt.RequestTimeout):
                client.fetch_time()

        with pytest.raises(ccxt.NetworkError):
            client.fetch_time()
        client.session.close()

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
    def test_listens_on_loopback_only(self, host: str) -> None:
        with pytest.raises(ConfigError, match="only loopback is allowed"):
            PracticeServer(practice(), host=host)

    def test_says_that_a_port_is_taken(self, desk: Desk) -> None:
        port = int(desk.server.url.rpartition(":")[2])

        with (
            pytest.raises(ConfigError, match=f"--port {port}: .*in use.*; name a free port"),
            PracticeServer(practice(), port=port),
        ):
            pass


class TestWiring:
    def test_every_file_of_a_coin_becomes_a_symbol(self, tmp_path: Path) -> None:
        for name, close in (("BTC", 40_000), ("ETH", 2_000), ("RUT", 1_800)):
            rows = [f"2024-01-0{day},{close},{close},{close},{close},1" for day in range(1, 6)]
            (tmp_path / f"{name}.csv").write_text("date,open,high,low,close,volume\n" + "\n".join(rows))
        (tmp_path / "notes.txt").write_text("no bars")

        market = practice_market(tmp_path)
        exchange = practice_exchange(market, keys=[], wall=system_now)

        assert [series.symbol for series in market.coins] == ["BTC", "ETH"]
        assert {"BTCUSDT", "ETHUSDT"} < exchange.markets.keys()
        # Fewer than 365 days: the clock starts at the first.
        assert exchange.now == datetime(2024, 1, 1, tzinfo=UTC)
        with pytest.raises(ConfigError, match=r"^--at 2024-02-01: BTC has bars from 2024-01-01 to 2024-01-05"):
            practice_exchange(market, keys=[], wall=system_now, at=datetime(2024, 2, 1, tzinfo=UTC))

    def test_without_a_folder_it_is_the_sample_market(self) -> None:
        market = practice_market(None)

        assert market.synthetic
        assert {series.symbol for series in market.coins} >= {"BTC", "ETH", "DOGE"}

    def test_a_folder_without_coins_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="holds no file of a coin"):
            practice_market(tmp_path)
        with pytest.raises(DataError, match="is not a folder"):
            practice_market(tmp_path / "missing")


def milliseconds(day: int) -> int:
    return int((instant(FIRST) + timedelta(days=day)).timestamp() * 1000)


def post(url: str, path: str, content: object) -> Any:
    request = Request(f"{url}/practice/{path}", data=json.dumps(content).encode())
    with urlopen(request) as answer:
        return json.load(answer)
