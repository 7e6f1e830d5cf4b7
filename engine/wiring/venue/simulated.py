"""No exchange: orders fill in this process, at the best bid and ask of Binance's public market data."""

from collections.abc import Mapping

from engine.core.instrument import Instrument
from engine.ports import Venue
from engine.venues.binance.exchange import BINANCE
from engine.venues.simulated import SimulatedVenue
from engine.wiring.live.live_venue import LiveVenue, VenueSetting


def _opened(given: VenueSetting, instruments: Mapping[str, Instrument], _: object) -> Venue:
    quote = given.config.account.quote
    return SimulatedVenue(instruments=instruments, quotes=given.client.best_quotes, costs=given.costs, quote=quote)


# What fills in this process is never reset, and holds what the ledger says: no account to look at.
venue = LiveVenue(exchange=BINANCE, network=BINANCE.market, opened=_opened)
