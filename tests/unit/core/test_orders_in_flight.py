"""Orders that are not settled: which of them the same cash has to pay for."""

from engine.core.events import OrderFilled, OrderPlanned
from engine.core.order import RESET_BUY_BACK, Side
from engine.core.orders_in_flight import OrdersInFlight
from tests.support.fakes import fill_of, order_of

SELL = order_of("ADA", Side.SELL, "50", name="bot-20240101-ADA-s1-1")
BUYS = [order_of(coin, Side.BUY, "1", name=f"bot-20240101-{coin}-b1-1") for coin in ("ETH", "SOL", "XRP")]
BACK = [
    order_of(coin, Side.BUY, "1", name=f"bot-20240101-{coin}-b1-2", reason=RESET_BUY_BACK) for coin in ("BTC", "BNB")
]
OPEN = OrdersInFlight().after_all([OrderPlanned(order=order) for order in (SELL, *BUYS, *BACK)])


def test_a_buy_stands_beside_the_other_buys_of_its_decision_that_are_open() -> None:
    filled = OrderFilled(fill=fill_of("SOL", Side.BUY, "1", "20", name=BUYS[1].client_order_id))

    assert OPEN.alongside(BUYS[0]) == (BUYS[1], BUYS[2])
    assert OPEN.after(filled).alongside(BUYS[0]) == (BUYS[2],)


def test_what_restores_after_a_reset_stands_beside_what_restores() -> None:
    assert all(order.restores for order in BACK)
    assert OPEN.alongside(BACK[0]) == (BACK[1],)


def test_a_sell_an_order_that_is_settled_and_an_unknown_one_stand_beside_nothing() -> None:
    filled = OrderFilled(fill=fill_of("ETH", Side.BUY, "1", "20", name=BUYS[0].client_order_id))

    assert OPEN.alongside(SELL) == ()
    assert OPEN.after(filled).alongside(BUYS[0]) == ()
    assert OrdersInFlight().alongside(BUYS[0]) == ()
