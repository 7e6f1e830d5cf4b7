"""A venue's own candles, in a live run on it."""

from engine.core.errors import ConfigError
from engine.ports import MarketData
from engine.wiring.data.live_market import SeriesUpTo, VenueBars, VenueCandles
from engine.wiring.data.providers import LiveSetting, Providers


def provider(given: Providers) -> MarketData:  # noqa: ARG001 - the form of each
    """Give none: there is no venue.

    Raises:
        ConfigError: always.
    """
    raise ConfigError("data.crypto: venue is not allowed here; a venue's own candles are for `paper` only")


def live(given: Providers, setting: LiveSetting) -> SeriesUpTo:
    """Give the candles."""
    candles = VenueCandles(setting.client, given.config.account.quote)
    universe = setting.universe
    return VenueBars(candles, core=universe.core, together=universe.assets)
