"""Binance's demo mode: made-up money, at the prices of the real market."""

from engine.wiring.on_exchange import on_exchange

venue = on_exchange("binance-demo")
