"""Binance's demo mode: made-up money, at the prices of the real market."""

from engine.venues.binance.exchange import BINANCE
from engine.wiring.live.on_exchange import on_exchange

venue = on_exchange(BINANCE, "binance-demo")
