"""The rules of markets as an exchange has them now; those of a market that has left as they were known last."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from engine.core.instrument import Instrument
from engine.venues.answers import MarketRules


class RulesClient(Protocol):
    """What is needed of an exchange's client."""

    def instruments(self, assets: Sequence[str], quote: str) -> Mapping[str, MarketRules]:
        """Give the markets' rules by asset; one without a market is left out."""
        ...


class RulesOfNow:
    """Asks for the rules of all listed markets together, once an instant.

    Args:
        known: trading rules by asset, also of coins that the exchange does not list.
        listed: assets that the exchange lists. One name that is not there makes it send its whole list, which is
            megabytes: such a coin is asked for alone.
    """

    def __init__(
        self, client: RulesClient, *, quote: str, known: Mapping[str, Instrument], listed: Collection[str]
    ) -> None:
        self._client = client
        self._quote = quote
        self._known = known
        self._listed = frozenset(listed)
        self._rules: Mapping[str, MarketRules] = {}
        self._at: datetime | None = None

    def of(self, asset: str, at: datetime) -> MarketRules | None:
        """Give the rules of a market at `at`; None where there is none, or none any more."""
        if at != self._at and self._listed:
            self._rules, self._at = self._client.instruments(tuple(self._listed), self._quote), at
        if asset not in self._rules:
            self._rules = {**self._rules, **self._client.instruments((asset,), self._quote)}
        self._listed = frozenset(self._rules)
        return self._rules.get(asset)

    def instruments(self) -> dict[str, Instrument]:
        """Ask for the trading rules by asset; of a market that is not listed, as they were known last."""
        rules = self._client.instruments(tuple(self._listed), self._quote) if self._listed else {}
        return {**self._known, **{asset: each.instrument for asset, each in rules.items()}}

    def last(self, asset: str) -> MarketRules:
        """Give the rules of a market as they were asked for last."""
        if asset not in self._rules:
            # A start settles what a crash left before any market is asked whether it is open.
            self._rules = {**self._rules, **self._client.instruments((asset,), self._quote)}
        return self._rules.get(asset) or _without_market(self._known[asset])


def _without_market(instrument: Instrument) -> MarketRules:
    """Give the rules of a market that has left: what was sent there may still have to be settled."""
    return MarketRules(
        instrument=instrument,
        status="",
        takes_market_orders=False,
        minimum_quantity=instrument.lot_step,
    )
