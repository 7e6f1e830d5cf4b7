"""Closes from Yahoo, as series that are no bars."""

from engine.data.cached_values import CachedValues, ValueFetcher
from engine.data.dated_values import RuleOf
from engine.ports import SeriesData
from engine.wiring.data.providers import Providers


def provider(given: Providers, rule_of: RuleOf, name: str) -> SeriesData:  # noqa: ARG001 - whatever the series
    """Give the series with their cache; from an old one where the network fails and `data.macro` allows it."""

    def connect() -> ValueFetcher:
        from engine.data.yahoo import YahooCloses  # noqa: PLC0415 - yfinance is wanted only by a run that fetches

        return YahooCloses(given.yahoo("index", given.values_retries, cached.remark))

    # Apart from the bars of Yahoo, whose entries have other columns.
    cached = CachedValues(
        provider="yahoo closes", folder=given.cache_dir(), rule_of=rule_of, connect=connect, now=given.now
    )
    return given.perhaps_stale(cached)
