"""Two small runs for a comparison in a laboratory: history, and an exchange that takes its fee in the coin.

Both are a first day that buys BTC and two days that hold it, at prices that are easy: opens and closes of 100, no
slippage, a commission of 0.1 %, an account of 1,000 and a reserve that leaves 0.5 % of it.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from engine.analysis.comparison.exchange_model import ExchangeModel, MarketFilters
from engine.core.events import DayDecided, Event, OrderFilled, OrderPlanned, OrderSent
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.order import Fill, Order, Side, client_order_id
from engine.core.planner import Planner
from tests.support.fakes import instrument
from tests.support.markets import coin_bars, history_of

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
OPEN = datetime(2024, 1, 2, tzinfo=UTC)
COSTS = Costs(commission=Decimal("0.001"), slippage=Decimal(0))
HISTORY = history_of(coin_bars("BTC", FIRST, [100.0] * 4))
START = Ledger(quote="USDT", cash=Decimal(1000))
PLANNER = Planner(
    account="bot", instruments={"BTC": instrument("BTC", step="0.01")}, costs=COSTS, trading_order=("BTC",)
)
MODEL = ExchangeModel(
    history=HISTORY,
    filters={
        "BTC": MarketFilters(
            tick=Decimal("0.01"), lot_step=Decimal("0.01"), minimum_notional=Decimal(5), largest_quantity=Decimal(900)
        )
    },
    costs=COSTS,
    quote="USDT",
    buy_margin=Decimal("0.002"),
)

# 995 / 100.1 = 9.940...; on the lot step 9.94, for 994. History's commission is 0.994 USDT, the exchange's 0.00994 BTC.
ORDER = Order(
    client_order_id=client_order_id(account="bot", day=FIRST, asset="BTC", side=Side.BUY),
    asset="BTC",
    symbol="BTC/USDT",
    side=Side.BUY,
    quantity=Decimal("9.94"),
    decision_day=FIRST,
    reason="start",
)
SENT = OrderSent(at=OPEN, order=ORDER)


def filled(*, fee: str, fee_asset: str, quantity: str = "9.94", price: str = "100", at: datetime = OPEN) -> Fill:
    return Fill(
        at=at,
        order_id="1",
        client_order_id=ORDER.client_order_id,
        asset="BTC",
        symbol="BTC/USDT",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(price),
        notional=Decimal(quantity) * Decimal(price),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        decision_day=FIRST,
        reason="start",
    )


def day_of(day: date, *, equity: str, cash: str, reason: str = "hold") -> DayDecided:
    return DayDecided(
        day=day,
        state="CORE",
        next_state="CORE",
        reason=reason,
        evidence={},
        targets={"BTC": 0.995},
        changed=reason != "hold",
        equity=Decimal(equity),
        cash=Decimal(cash),
        core_close=Decimal(100),
        memory=None,
    )


def backtest_events() -> list[Event]:
    # After the purchase: 1000 - 994 - 0.994 = 5.006 in cash, and 994 in BTC.
    return [
        day_of(DAYS[0], equity="1000", cash="1000", reason="start"),
        OrderPlanned(order=ORDER),
        SENT,
        OrderFilled(fill=filled(fee="0.994", fee_asset="USDT")),
        *(day_of(day, equity="999.006", cash="5.006") for day in DAYS[1:]),
    ]


def live_events() -> list[Event]:
    # 6 in cash; 9.93006 BTC are worth 993.006.
    return [
        day_of(DAYS[0], equity="1000", cash="1000", reason="start"),
        OrderPlanned(order=ORDER),
        SENT,
        OrderFilled(fill=filled(fee="0.00994", fee_asset="BTC")),
        *(day_of(day, equity="999.006", cash="6") for day in DAYS[1:]),
    ]
