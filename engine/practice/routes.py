"""What an endpoint is: its weight, whether it is signed, and the function that serves it."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.practice.book import Market
from engine.practice.errors import ApiError
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import EngineFault, Fault
from engine.practice.parameters import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that serves one request.

    Attributes:
        at: the instant of the request, milliseconds.
        faults: those that strike inside the engine.
        headers: further headers that the endpoint sets.
    """

    exchange: PracticeExchange
    parameters: Parameters
    at: int
    faults: list[Fault]
    headers: dict[str, str]

    def fault(self, kind: EngineFault) -> Fault | None:
        """Give the fault of a kind that strikes this request."""
        return next((fault for fault in self.faults if fault.kind == kind), None)

    def market(self, symbol: str) -> Market:
        """Give a listed market.

        Raises:
            ApiError: -1121, there is none of that name at this time.
        """
        market = self.exchange.markets.get(symbol)
        if market is None or not market.is_listed(self.at):
            raise ApiError(-1121)
        return market

    def markets(self, symbols: list[str] | None) -> list[Market]:
        """Give the listed markets of these names; of all names without any."""
        if symbols is None:
            return [market for market in self.exchange.markets.values() if market.is_listed(self.at)]
        return [self.market(symbol) for symbol in symbols]


def weight_with(name: str, weight: int, *, without: int) -> Callable[[Parameters], int]:
    """Give what weighs a request by whether it has a parameter."""
    return lambda parameters: without if parameters.peek(name) is None else weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An endpoint; it gives content to be written as JSON, or bytes that are JSON already."""

    serve: Callable[[Context], object]
    weight: int | Callable[[Parameters], int]
    signed: bool = False
