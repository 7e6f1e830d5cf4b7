"""The one door to ccxt for signed requests: it signs, sends once, and gives back what came, as a value.

An answer is a `Reply` and never an exception: texts of ccxt and requests hold addresses with signatures, and an error
raised while one is handled would carry them along.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

import ccxt

from engine.connections.adapter import RoutedAdapter
from engine.connections.causes import failure_of
from engine.core.errors import VenueError
from engine.venues.credentials import Credentials
from engine.venues.hosts import MARKET_DATA, Network, check_url, sandbox_origin
from engine.venues.reading import EPOCH, milliseconds_of
from engine.venues.verdicts import Reply

RECEIVE_WINDOW_MILLISECONDS = 5000
"""Binance recommends this or less; a wrong clock is to be set, not to be tolerated."""

PublicCall: TypeAlias = Literal[
    "public_get_time", "public_get_exchangeinfo", "public_get_ticker_bookticker", "public_get_klines"
]
SignedCall: TypeAlias = Literal[
    "private_get_account", "private_get_order", "private_get_openorders", "private_get_mytrades", "private_post_order"
]
Call: TypeAlias = PublicCall | SignedCall
"""ccxt's names of the endpoints."""
Parameters: TypeAlias = Mapping[str, str | int]


class SandboxClient:
    """Sends single requests to one sandbox of Binance through ccxt.

    Args:
        base_url: replaces scheme://host[:port]; None for the network's own address.
        credentials: None for public calls alone.
        timeout_seconds: longest wait for one whole answer.
        now: our clock; signed requests carry it, corrected by `set_exchange_time`.
        environment: says which authorities are trusted and which proxy is used.

    Raises:
        VenueError: `base_url` is no sandbox.
    """

    def __init__(
        self,
        *,
        network: Network,
        base_url: str | None,
        credentials: Credentials | None,
        timeout_seconds: float,
        now: Callable[[], datetime],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        if network == MARKET_DATA and credentials is not None:
            raise VenueError(f"{network}: takes no keys; it is a production host, and nothing is ever signed for it")
        self.origin = sandbox_origin(network, base_url)
        self._knows_exchange_time = False
        self._network = network
        self._timeout_seconds = timeout_seconds
        self._environment = environment
        self._now = now
        self._reply = Reply(status=0)
        self._client = ccxt.binance(
            {
                "apiKey": credentials.api_key if credentials else None,
                "secret": credentials.secret if credentials else None,
                # ccxt's limiter sleeps by itself and reads no header; `Pace` does.
                "enableRateLimit": False,
                "timeout": int(timeout_seconds * 1000),
                # The adapter reads the environment, by the rule of all clients.
                "requests_trust_env": False,
                "logger": _silent_logger(),
                "options": {
                    "defaultType": "spot",
                    "fetchCurrencies": False,
                    "recvWindow": RECEIVE_WINDOW_MILLISECONDS,
                    # A repeated market order is executed again.
                    "maxRetriesOnFailure": 0,
                    "timeDifference": 0,
                },
            }
        )
        if network == "binance-demo":
            self._client.enable_demo_trading(enable=True)
        else:
            self._client.set_sandbox_mode(enable=True)
        # Only these two sections: for any other ccxt then has no address at all.
        self._client.urls["api"] = dict.fromkeys(("public", "private"), f"{self.origin}/api/v3")
        self._client.urls.pop("apiBackup", None)
        self._client.urls.pop("apiBackupDemoTrading", None)
        for scheme in ("http://", "https://"):
            self._client.session.mount(scheme, RoutedAdapter(environment))
        self._guard()
        self._client.milliseconds = lambda: milliseconds_of(now())
        self._client.on_rest_response = self._remember

    def send(self, call: Call, parameters: Parameters) -> Reply:
        """Send one request, once.

        Raises:
            VenueError: it would go to a host that is not allowed, or a variable of the environment cannot work; nothing
                was sent.
        """
        self._reply = Reply(status=0)
        try:
            getattr(self._client, call)(dict(parameters))
        except (ccxt.BaseError, ValueError, OSError) as error:
            # What there is of an answer was remembered; the text of the exception holds address and signature.
            failure = failure_of(
                error,
                url=str(self.origin),
                environment=self._environment,
                timeout_seconds=self._timeout_seconds,
            )
            if not self._reply.status:
                self._reply = Reply(status=0, text=failure.reason)
        else:
            return self._reply
        if failure.setting:
            # Outside the handler, so that no chained exception carries the address.
            raise VenueError(f"{self._network}: {failure.reason}")
        return self._reply

    def set_exchange_time(self, at: datetime) -> None:
        """Sign from now on by the exchange's clock, which says `at` at this moment."""
        self._client.options["timeDifference"] = milliseconds_of(self._now()) - milliseconds_of(at)
        self._knows_exchange_time = True

    def forget_exchange_time(self) -> None:
        """Take back what `set_exchange_time` said: the exchange refused it."""
        self._knows_exchange_time = False

    def knows_exchange_time(self) -> bool:
        """Whether the exchange's time was set, and not refused since."""
        return self._knows_exchange_time

    def exchange_now(self) -> datetime:
        """Give the exchange's time as far as we know it."""
        return EPOCH + timedelta(milliseconds=int(self._client.nonce()))

    def close(self) -> None:
        """Close the connections."""
        self._client.session.close()

    def _guard(self) -> None:
        """Check every address at the last step before the wire, and follow no redirect: both would carry the key."""
        send = self._client.session.send

        def send_to_sandbox(request: object, **options: object) -> object:
            check_url(str(getattr(request, "url", "")), self.origin)
            return send(request, **{**options, "allow_redirects": False})

        self._client.session.send = send_to_sandbox

    def _remember(
        self, status: int, _reason: str, _url: str, _method: str, headers: Mapping[str, str], body: str, *_: object
    ) -> str:
        content = _json(body)
        # ccxt is given nothing to read: its error handling mixes causes and breaks on a code that is no number, its
        # exceptions quote the answer, and exchangeInfo has megabytes that are not to be read twice.
        self._reply = Reply(status=status, headers=headers, content=content, text="" if content is not None else body)
        return ""


def _json(text: str) -> object:
    """Read JSON with exact decimals; None where it is not an object or array, or not JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def _silent_logger() -> logging.Logger:
    # ccxt logs headers and bodies at level DEBUG.
    logger = logging.getLogger("engine.venues.client.ccxt")
    logger.disabled = True
    return logger
