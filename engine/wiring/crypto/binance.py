"""Coins from Binance's public market data."""

from engine.data.cache import BarFetcher, CachedBars
from engine.data.kinds import COINS
from engine.ports import MarketData
from engine.wiring.data.providers import Providers


def provider(given: Providers) -> MarketData:
    """Give what insists on the network."""
    return bars(given, given.config.venue.max_retries)


def bars(given: Providers, max_retries: int) -> CachedBars:
    """Give the bars with their cache."""
    venue, quote = given.config.venue, given.config.account.quote

    def connect() -> BarFetcher:
        from engine.data.binance import BinanceBars  # noqa: PLC0415 - wanted only by a run that fetches
        from engine.venues.binance.exchange import BINANCE  # noqa: PLC0415 - likewise
        from engine.wiring.live.live_exchange import refuse_synthetic  # noqa: PLC0415 - likewise

        refuse_synthetic(BINANCE, given.config, now=given.now)

        return BinanceBars(
            base_url=venue.base_url,
            quote=quote,
            max_retries=max_retries,
            timeout_seconds=venue.timeout_seconds,
            sleep=given.sleep,
            now=given.now,
            progress=given.progress,
            quiet=given.quiet,
        )

    # Another host is another provider: its bars must not meet the real ones in one cache entry.
    name = "binance" if venue.base_url is None else f"binance at {venue.base_url}"
    return CachedBars(provider=name, quote=quote, folder=given.cache_dir(), kind=COINS, connect=connect, now=given.now)
