"""Series from FRED's download as CSV."""

from engine.data.cached_values import CachedValues, ValueFetcher
from engine.data.dated_values import RuleOf
from engine.ports import SeriesData
from engine.wiring.data.providers import Providers


def provider(given: Providers, rule_of: RuleOf, name: str) -> SeriesData:  # noqa: ARG001 - whatever the series
    """Give the series with their cache; from an old one where the network fails and `data.macro` allows it."""

    def connect() -> ValueFetcher:
        from engine.data.fred import FredValues  # noqa: PLC0415 - requests is wanted only by a run that fetches

        return FredValues(
            base_url=None,
            max_retries=given.values_retries,
            timeout_seconds=given.config.venue.timeout_seconds,
            sleep=given.sleep,
            progress=given.progress,
            remark=cached.remark,
        )

    cached = CachedValues(provider="fred", folder=given.cache_dir(), rule_of=rule_of, connect=connect, now=given.now)
    return given.perhaps_stale(cached)
