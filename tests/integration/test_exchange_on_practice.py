"""The exchange client trades on the practice exchange: what it believes is what the exchange's books say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.errors import VenueError
from engine.core.order import Side
from engine.practice.clock import PracticeClock
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import AnswerFault, Fault, When
from engine.practice.server import PracticeServer
from engine.practice.signatures import HmacKey
from engine.venues.answers import Accepted, OrderProgress, Outcome, RefusalKind, Refused, Trade, Unknown
from engine.venues.binance.credentials import Credentials
from engine.venues.binance.spot import BinanceSpot
from tests.support.bars import bars_of
from tests.support.patience import SILENCE_SECONDS

FIRST = date(2024, 1, 1)
NOON = datetime(2024, 1, 20, 12, tzinfo=UTC)
KEY = HmacKey(name="practice-key", secret="practice-secret")
CREDENTIALS = Credentials(api_key=KEY.name, secret=KEY.secret, kind="HMAC")


@pytest.fixture
def exchange() -> PracticeExchange:
    # Prices stand still: 60,000 and 3,000 on thirty days.
    bars = [bars_of("BTC", FIRST, [60_000.0] * 30), bars_of("ETH", FIRST, [3_000.0] * 30)]
    return PracticeExchange(bars, clock=PracticeClock(NOON, speed=0, wall=lambda: NOON), keys=[KEY])


@pytest.fixture
def client(exchange: PracticeExchange) -> Iterator[BinanceSpot]:
    with PracticeServer(exchange) as server:
        client = BinanceSpot(
            network="binance-testnet",
            base_url=server.url,
            credentials=CREDENTIALS,
            timeout_seconds=SILENCE_SECONDS,
            max_retries=2,
            sleep=lambda _: None,
            now=lambda: NOON,
            notice=lambda _: None,
        )
        client.check_keys()
        yield client
        client.close()


def place(client: BinanceSpot, quantity: str = "0.1", *, side: Side = Side.BUY, name: str = "own-1") -> Outcome:
    return client.place_market(symbol="BTC/USDT", side=side, quantity=Decimal(quantity), client_order_id=name)


def totals(trades: tuple[Trade, ...]) -> tuple[Decimal, Decimal, Decimal]:
    bought = sum((trade.quantity for trade in trades), Decimal(0))
    paid = sum((trade.quantity * trade.price for trade in trades), Decimal(0))
    return bought, paid, sum((trade.fee for trade in trades), Decimal(0))


def test_what_an_order_says_is_what_the_balances_say(client: BinanceSpot) -> None:
    before = client.balances()

    outcome = place(client)

    assert isinstance(outcome, Accepted)
    assert outcome.order.trades is not None
    bought, paid, fee = totals(outcome.order.trades)
    after = client.balances()
    assert bought == Decimal("0.1")
    assert after["USDT"].free == before["USDT"].free - paid
    # The commission of a buy is taken from what was bought.
    assert {trade.fee_asset for trade in outcome.order.trades} == {"BTC"}
    assert after["BTC"].free == before["BTC"].free + bought - fee
    assert fee == Decimal("0.0001")
    assert len(before) > 100


def test_an_order_can_be_asked_for_again_with_its_trades(client: BinanceSpot) -> None:
    outcome = place(client)

    order = client.find_order("BTC/USDT", "own-1")

    assert isinstance(outcome, Accepted)
    assert order is not None
    assert (order.order_id, order.executed_quantity) == (outcome.order.order_id, Decimal("0.1"))
    assert outcome.order.trades is not None
    assert totals(client.trades_of("BTC/USDT", order.order_id)) == totals(outcome.order.trades)
    assert client.recent_trades("BTC/USDT", NOON - timedelta(hours=1)) == client.trades_of("BTC/USDT", order.order_id)
    assert client.open_orders(("BTC/USDT", "ETH/USDT")) == ()


def test_rules_quotes_and_bars_are_those_of_the_exchange(client: BinanceSpot) -> None:
    rules = client.instruments(("BTC", "ETH", "NEVER"), "USDT")
    quotes = client.best_quotes(("BTC/USDT", "ETH/USDT"))
    bars = client.klines({"ETH/USDT": FIRST}, until=date(2024, 1, 19))["ETH/USDT"]

    assert {asset: str(each.instrument.lot_step) for asset, each in rules.items()} == {
        "BTC": "0.00001",
        "ETH": "0.0001",
    }
    assert rules["BTC"].is_tradable
    # The mark, worsened by five hundredths of a percent and put on the tick.
    assert (quotes["BTC/USDT"].bid, quotes["BTC/USDT"].ask) == (Decimal(59970), Decimal(60030))
    assert [bar.day for bar in bars] == [FIRST + timedelta(days=n) for n in range(19)]
    assert {Decimal(bar.close) for bar in bars} == {Decimal(3000)}


@pytest.mark.parametrize(
    ("quantity", "kind", "code"),
    [
        ("0.000011", RefusalKind.FILTER, -1013),
        ("0.00001", RefusalKind.FILTER, -1013),
        ("0.0000000001", RefusalKind.FILTER, -1111),
        ("100", RefusalKind.BALANCE, -2010),
    ],
)
def test_what_the_exchange_refuses_changes_nothing(
    client: BinanceSpot, quantity: str, kind: RefusalKind, code: int
) -> None:
    before = client.balances()

    outcome = place(client, quantity)

    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert client.balances() == before
    assert client.find_order("BTC/USDT", "own-1") is None


def test_a_halted_market_is_not_tradable_and_says_so(client: BinanceSpot, exchange: PracticeExchange) -> None:
    exchange.halt("BTCUSDT", "HALT")

    outcome = place(client)

    assert isinstance(outcome, Refused)
    assert outcome.kind is RefusalKind.MARKET_CLOSED
    rules = client.instruments(("BTC",), "USDT")
    assert (rules["BTC"].status, rules["BTC"].is_tradable) == ("HALT", False)


def order_fault(kind: AnswerFault, when: When, *, status: int | None = None, code: int | None = None) -> Fault:
    return Fault(kind=kind, when=when, method="POST", path="/api/v3/order", status=status, code=code)


FAULTY: list[tuple[AnswerFault, int | None, int | None]] = [
    ("drop", None, None),
    ("reset", None, None),
    ("silence", None, None),
    ("empty", None, None),
    ("html", None, None),
    ("cut_json", None, None),
    ("cut_body", None, None),
    ("http", 500, None),
    ("http", 502, None),
    ("http", 503, None),
    ("http", 504, None),
    ("error", None, -1006),
    ("error", None, -1007),
    ("error", None, -1008),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "status", "code"), FAULTY)
def test_an_order_of_unknown_fate_is_sent_once_and_the_exchange_knows_its_fate(
    client: BinanceSpot,
    exchange: PracticeExchange,
    kind: AnswerFault,
    status: int | None,
    code: int | None,
    when: When,
) -> None:
    before = exchange.balances()["BTC"]
    exchange.add_fault(order_fault(kind, when, status=status, code=code))

    outcome = place(client)

    assert isinstance(outcome, Unknown)
    order = client.find_order("BTC/USDT", "own-1")
    if when == "before":
        assert order is None
        assert exchange.balances()["BTC"] == before
    else:
        assert order is not None
        assert order.progress is OrderProgress.FILLED
        # 0.1 less a commission of a thousandth; once, not twice.
        assert exchange.balances()["BTC"] == before + Decimal("0.0999")


@pytest.mark.parametrize(("code", "kind"), [(-1021, RefusalKind.CLOCK), (-1022, RefusalKind.AUTHENTICATION)])
def test_an_order_that_was_certainly_not_placed_says_so(
    client: BinanceSpot, exchange: PracticeExchange, code: int, kind: RefusalKind
) -> None:
    exchange.add_fault(order_fault("error", "before", code=code))

    outcome = place(client)

    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert client.find_order("BTC/USDT", "own-1") is None


def test_an_order_that_found_half_of_its_book_expires_with_its_part(
    client: BinanceSpot, exchange: PracticeExchange
) -> None:
    exchange.add_fault(Fault(kind="partial", method="POST", path="/api/v3/order"))

    outcome = place(client)

    assert isinstance(outcome, Accepted)
    assert outcome.order.progress is OrderProgress.ENDED
    assert outcome.order.executed_quantity == Decimal("0.05")
    found = client.find_order("BTC/USDT", "own-1")
    assert found is not None
    assert (found.progress, found.executed_quantity) == (OrderProgress.ENDED, Decimal("0.05"))


def test_an_order_may_be_invisible_for_a_while(client: BinanceSpot, exchange: PracticeExchange) -> None:
    exchange.add_fault(Fault(kind="late", method="POST", path="/api/v3/order", queries=2))
    place(client)

    looks = [client.find_order("BTC/USDT", "own-1") for _ in range(3)]

    assert [look is None for look in looks] == [True, True, False]


def test_a_revoked_key_is_told_from_throttling(client: BinanceSpot, exchange: PracticeExchange) -> None:
    exchange.revoke_key(KEY.name)

    outcome = place(client)

    assert isinstance(outcome, Refused)
    assert outcome.kind is RefusalKind.AUTHENTICATION
    with pytest.raises(VenueError, match="BINANCE_TESTNET_API_KEY must be a valid key"):
        client.check_keys()


def test_after_a_reset_orders_are_unknown_and_ids_mean_others(client: BinanceSpot, exchange: PracticeExchange) -> None:
    first = place(client, name="own-1")
    exchange.reset()

    assert client.find_order("BTC/USDT", "own-1") is None
    second = place(client, name="own-2")
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert second.order.order_id == first.order.order_id


def test_a_clock_moved_by_days_needs_no_more_than_another_look_at_it(
    client: BinanceSpot, exchange: PracticeExchange
) -> None:
    exchange.advance(timedelta(days=5))
    assert len(client.balances()) > 100

    exchange.advance(timedelta(days=1))
    assert client.server_time() == NOON + timedelta(days=6)
    assert isinstance(place(client), Accepted)
