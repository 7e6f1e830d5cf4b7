"""The one door to ccxt: it signs requests, and has no way to send any."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from engine.venues.binance.credentials import Credentials

RECEIVE_WINDOW_MILLISECONDS = 5000
"""Binance recommends this or less; a wrong clock is to be set, not to be tolerated."""

SignedCall: TypeAlias = Literal["GET account", "GET order", "GET openOrders", "GET myTrades", "POST order"]
Parameters: TypeAlias = Mapping[str, str | int]

NAMES: Mapping[SignedCall, str] = {
    "GET account": "private_get_account",
    "GET order": "private_get_order",
    "GET openOrders": "private_get_openorders",
    "GET myTrades": "private_get_mytrades",
    "POST order": "private_post_order",
}
"""What ccxt calls them."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """A request as it goes out; it may hold a signature, and shows nothing of itself."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


class Signer:
    """Signs requests with a key.

    Args:
        address: of all endpoints, https://host/api/v3.
        milliseconds: the exchange's time; each request carries it.
    """

    def __init__(self, credentials: Credentials, *, address: str, milliseconds: Callable[[], int]) -> None:
        # A third of a second: only a run with an account pays it.
        import ccxt  # noqa: PLC0415

        self._made: list[Request] = []
        self._ccxt = ccxt.binance(
            {
                "apiKey": credentials.api_key,
                "secret": credentials.secret,
                # ccxt's limiter sleeps by itself and reads no header; `Pace` does.
                "enableRateLimit": False,
                "logger": _silent_logger(),
                "options": {
                    "recvWindow": RECEIVE_WINDOW_MILLISECONDS,
                    # A repeated market order is executed again.
                    "maxRetriesOnFailure": 0,
                },
            }
        )
        self._ccxt.session.close()
        self._ccxt.session = None
        self._ccxt.fetch = self._keep
        self._ccxt.nonce = milliseconds
        # Of what ccxt could ask for, only this has an address.
        self._ccxt.urls = {"api": {"private": address}}

    def request(self, call: SignedCall, parameters: Parameters) -> Request:
        """Make a request, with the time of now."""
        getattr(self._ccxt, NAMES[call])(dict(parameters))
        return self._made.pop()

    def _keep(self, url: str, method: str, headers: Any, body: str | None) -> str:
        # What is answered is not ccxt's to read: its error handling mixes causes and breaks on a code that is no
        # number, and its exceptions quote the answer.
        self._made.append(Request(method=method, url=url, headers=headers, body=body))
        return ""


def _silent_logger() -> logging.Logger:
    # ccxt logs headers and bodies at level DEBUG.
    logger = logging.getLogger("engine.venues.binance.signer.ccxt")
    logger.disabled = True
    return logger
