"""Binance's spot testnet: orders on its books, with money that is made up and wiped about once a month."""

from engine.venues.binance.exchange import BINANCE
from engine.wiring.live.on_exchange import on_exchange

venue = on_exchange(BINANCE, "binance-testnet")
