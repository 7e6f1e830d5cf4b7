"""The practice exchange as one object: clock, markets, account, keys, limits and faults, and how they are steered.

Every method that changes something takes the lock, so that a test may steer from another thread than the server's.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from engine.core.market import BarSeries, crypto_series
from engine.practice.accounts import UNWRITABLE_COINS, Account, Balances, foreign_grants
from engine.practice.book import Market
from engine.practice.clock import PracticeClock, instant_of, milliseconds_of
from engine.practice.errors import ApiError
from engine.practice.faults import Fault, FaultList
from engine.practice.lags import Lags
from engine.practice.limits import Limits
from engine.practice.matching import MatchingEngine
from engine.practice.orders import OrderRecords
from engine.practice.rules import SMALLEST, SymbolRules, rules_for
from engine.practice.signatures import ApiKey

QUOTE = "USDT"
QUOTE_ALLOWANCE = Decimal(1_000_000)
COIN_ALLOWANCE = Decimal(1)
COMMISSION = Decimal("0.001")
SLIPPAGE = Decimal("0.0005")


class PracticeExchange:
    """A spot exchange with one account.

    Args:
        bars: daily bars of each coin, at least one bar each; `BTC` becomes `BTCUSDT`.
        clock: its time.
        keys: what opens the account.
        allowance: balances at the start and after each reset, by asset; over what every account is given.
        commission: fraction of the received amount; slippage: fraction by which bid and ask are worse than the mark.
        synthetic: whether the bars are made up; its exchange information then says so.
    """

    def __init__(
        self,
        bars: Sequence[BarSeries],
        *,
        clock: PracticeClock,
        keys: Sequence[ApiKey],
        allowance: Mapping[str, Decimal] | None = None,
        commission: Decimal = COMMISSION,
        slippage: Decimal = SLIPPAGE,
        synthetic: bool = False,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.synthetic = synthetic
        self.commission = commission
        markets = [Market(rules_for(series, QUOTE), series, slippage) for series in bars if len(series)]
        self.markets: dict[str, Market] = {market.rules.symbol: market for market in markets}
        self.own_assets = [QUOTE, *(market.rules.base for market in markets)]
        if markets:
            curiosity = _unwritable_market(markets[0].bars, slippage)
            self.markets[curiosity.rules.symbol] = curiosity
        grants = {QUOTE: QUOTE_ALLOWANCE, **dict.fromkeys(self.own_assets[1:], COIN_ALLOWANCE), **(allowance or {})}
        self.account = Account({**grants, **foreign_grants(grants)})
        self.keys: dict[str, ApiKey] = {key.name: key for key in keys}
        self.limits = Limits(enforced=not clock.stands_still)
        self.faults = FaultList()
        self.requests: Counter[str] = Counter()
        self.lags = Lags(clock.passed)
        self.may_trade = True
        self.fee_asset: str | None = None
        self.epoch = 1
        self.history_from = 0
        self.stale_looks = 0
        self.stale_balances = b""
        self.written_balances: dict[bool, tuple[int, bytes]] = {}
        self._start_records()

    def _start_records(self) -> None:
        self.records = OrderRecords()
        self.engine = MatchingEngine(self.markets, self.account, self.records, self.commission)
        self.engine.fee_market = None if self.fee_asset is None else self.fee_asset + QUOTE

    @property
    def now(self) -> datetime:
        """The exchange's time."""
        return instant_of(self.clock.now())

    def set_clock(self, at: datetime) -> None:
        """Put the clock forward to an aware instant, and match what rests there.

        Raises:
            ValueError: that would be backwards.
        """
        with self.lock:
            self.clock.set_to(milliseconds_of(at))
            self.engine.match_resting(self.clock.now())

    def advance(self, span: timedelta) -> None:
        """Put the clock forward by a span, and match what rests there."""
        self.set_clock(self.now + span)

    def run_at(self, speed: float) -> None:
        """Change the clock's pace: 0 stands still, 1 is the wall clock's; limits are enforced while it runs."""
        with self.lock:
            self.clock.run_at(speed)
            self.limits.enforced = speed > 0

    def reset(self, *, keep_klines: bool = False) -> None:
        """Do what the testnet does about once a month, without notice.

        Balances go back to the allowance, orders and trades are forgotten, ids count from 1 again, klines begin on
        this day (unless they are kept); keys stay valid.
        """
        with self.lock:
            self.remember_balances()
            self.account.restore()
            self._start_records()
            self.epoch += 1
            self.stale_looks = 0
            if not keep_klines:
                self.history_from = self.clock.now()

    def add_fault(self, fault: Fault) -> None:
        """Order a fault."""
        with self.lock:
            self.faults.pending.append(fault)

    def add_key(self, key: ApiKey) -> None:
        """Let a further key open the account."""
        with self.lock:
            self.keys[key.name] = key

    def revoke_key(self, name: str) -> None:
        """Let a key open nothing any more."""
        with self.lock:
            self.keys.pop(name, None)

    def halt(self, symbol: str, status: str | None) -> None:
        """Set a symbol's status, `HALT` or `BREAK`; None lets its bars decide again.

        Raises:
            KeyError: there is no such symbol.
        """
        with self.lock:
            self.markets[symbol].halted = status

    def thin(self, symbol: str, depth: Decimal | None) -> None:
        """Leave a symbol's book that many base units on each side; None makes it deep again.

        Raises:
            KeyError: there is no such symbol.
        """
        with self.lock:
            self.markets[symbol].depth = depth

    def delist(self, symbol: str) -> None:
        """Let a symbol be unknown from now on: not in the exchange information, -1121 to all that names it.

        Raises:
            KeyError: there is no such symbol.
        """
        with self.lock:
            for order in self.records.open_orders(symbol):
                self.engine.cancel(order, self.clock.now())
            self.markets[symbol].is_delisted = True

    def rename(self, symbol: str, base: str) -> None:
        """Let a coin have another name: its symbol is delisted, what is held of it is held under the other name.

        Raises:
            KeyError: there is no such symbol.
            ValueError: the other name is taken.
        """
        with self.lock:
            market = self.markets[symbol]
            renamed = market.named(base)
            if renamed.rules.symbol in self.markets:
                raise ValueError(f"base: {base!r} is taken; a name that no market has is wanted")
            self.delist(symbol)
            self.markets[renamed.rules.symbol] = renamed
            self.account.rename(market.rules.base, base)
            self.own_assets.append(base)

    def pay_fees_in(self, asset: str | None) -> None:
        """Take commissions in a coin as long as there is enough of it; None: of what is received, again.

        Raises:
            ValueError: the coin has no market that says what it is worth.
        """
        with self.lock:
            if asset is not None and asset + QUOTE not in self.markets:
                raise ValueError(
                    f"fees_in: {asset!r} has no market here, so no worth; allowed are traded coins and null"
                )
            self.fee_asset = asset
            self.engine.fee_market = None if asset is None else asset + QUOTE

    def allow_trading(self, *, allowed: bool) -> None:
        """Let the account place orders, or not."""
        with self.lock:
            self.may_trade = allowed

    def require_trading(self) -> None:
        """Pass if the account may place orders.

        Raises:
            ApiError: -2010, it may not.
        """
        if not self.may_trade:
            raise ApiError(-2010, "This action is disabled on this account.")

    def remember_balances(self) -> None:
        """Keep what the account holds, just before it changes, for answers that lag behind."""
        self.lags.remember(Balances(free=dict(self.account.free), locked=dict(self.account.locked)))

    def balances(self) -> dict[str, Decimal]:
        """Give what the account holds of each asset that can be traded here, free and locked."""
        with self.lock:
            free, locked = self.account.free, self.account.locked
            return {asset: free.get(asset, Decimal(0)) + locked.get(asset, Decimal(0)) for asset in self.own_assets}


def _unwritable_market(like: BarSeries, slippage: Decimal) -> Market:
    base, quote = UNWRITABLE_COINS
    ones = np.ones(len(like))
    bars = crypto_series(base, days=like.days, open=ones, high=ones, low=ones, close=ones, volume=ones)
    rules = SymbolRules(
        base=base,
        quote=quote,
        tick=Decimal("0.0001"),
        lot_step=Decimal(1),
        minimum_notional=Decimal(5),
        maximum_notional=Decimal(9_000_000),
        maximum_quantity=Decimal(900_000),
        market_maximum_quantity=Decimal(90_000) + SMALLEST,
    )
    return Market(rules, bars, slippage)
