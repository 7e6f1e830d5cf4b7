"""Sends single requests to one server of Binance, each once, and gives what came as a value.

An answer is a `Reply` and never an exception: texts of libraries hold addresses with signatures, and an error raised
while one is handled would carry them along.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal, TypeAlias, cast
from urllib.parse import urlencode

from engine.connections.causes import failure_of
from engine.connections.transport import Transport
from engine.core.errors import NoServiceError, VenueError
from engine.venues.binance.credentials import Credentials, required
from engine.venues.binance.hosts import WITHOUT_KEYS, allowed_origin
from engine.venues.binance.reading import EPOCH, milliseconds_of
from engine.venues.binance.signer import NAMES, Parameters, Request, SignedCall, Signer
from engine.venues.binance.verdicts import Reply
from engine.venues.origins import target_at

MOST_AT_ONCE = 5

PublicCall: TypeAlias = Literal["GET time", "GET exchangeInfo", "GET ticker/bookTicker", "GET klines"]
Call: TypeAlias = PublicCall | SignedCall
"""Endpoints by the exchange's own names."""


def is_signed(call: Call) -> bool:
    """Tell whether a call is one of an account."""
    return call in NAMES


class RestClient:
    """Sends single requests to one server of Binance.

    Args:
        base_url: replaces scheme://host[:port]; None for the network's own address.
        credentials: None for public calls alone.
        timeout_seconds: longest wait for one whole answer.
        now: our clock; signed requests carry it, corrected by `set_exchange_time`.
        environment: says which authorities are trusted and which proxy is used.

    Raises:
        VenueError: `base_url` is not allowed on that network.
    """

    def __init__(
        self,
        *,
        network: str,
        base_url: str | None,
        credentials: Credentials | None,
        timeout_seconds: float,
        now: Callable[[], datetime],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        if network in WITHOUT_KEYS and credentials is not None:
            raise VenueError(f"{network}: takes no keys; it is a production host, and nothing is ever signed for it")
        self.origin = allowed_origin(network, base_url)
        self._server = str(self.origin)
        self._address = f"{self._server}/api/v3"
        self._network = network
        self._credentials = credentials
        self._timeout_seconds = timeout_seconds
        self._environment = environment
        self._now = now
        self._ahead_milliseconds = 0
        self._knows_exchange_time = False
        self._transport = Transport(self._server, environment)

    def send(self, call: Call, parameters: Parameters) -> Reply:
        """Send one request, once.

        Raises:
            VenueError: it would go to a host that is not allowed, or a variable of the environment cannot work; nothing
                was sent.
        """
        if is_signed(call):
            return self._sent(self._signer.request(cast("SignedCall", call), parameters))
        method, endpoint = call.split()
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._sent(Request(method=method, url=f"{self._address}/{endpoint}{query}", headers={}, body=None))

    def send_together(self, call: PublicCall, queries: Sequence[Parameters]) -> Sequence[Reply]:
        """Send requests that only look, each once, and `MOST_AT_ONCE` of them at a time.

        Raises:
            VenueError: as `send` raises.
        """
        if len(queries) == 1:
            return [self.send(call, queries[0])]
        return list(self._threads.map(lambda query: self.send(call, query), queries))

    def set_exchange_time(self, at: datetime) -> None:
        """Sign from now on by the exchange's clock, which says `at` at this moment."""
        self._ahead_milliseconds = milliseconds_of(self._now()) - milliseconds_of(at)
        self._knows_exchange_time = True

    def forget_exchange_time(self) -> None:
        """Take back what `set_exchange_time` said: the exchange refused it."""
        self._knows_exchange_time = False

    def knows_exchange_time(self) -> bool:
        """Whether the exchange's time was set, and not refused since."""
        return self._knows_exchange_time

    def exchange_now(self) -> datetime:
        """Give the exchange's time as far as we know it."""
        return EPOCH + timedelta(milliseconds=self._exchange_milliseconds())

    def close(self) -> None:
        """Close the connections."""
        if "_threads" in self.__dict__:
            self._threads.shutdown()
            del self._threads
        self._transport.close()

    def _exchange_milliseconds(self) -> int:
        return milliseconds_of(self._now()) - self._ahead_milliseconds

    @cached_property
    def _signer(self) -> Signer:
        return Signer(required(self._credentials), address=self._address, milliseconds=self._exchange_milliseconds)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix=self._network)

    def _sent(self, request: Request) -> Reply:
        # Looked at in the last step before the wire.
        target = target_at(self.origin, request.url)
        try:
            answer = self._transport.send(
                target,
                method=request.method,
                headers=request.headers,
                body=request.body,
                timeout_seconds=self._timeout_seconds,
            )
        except OSError as error:
            failure = failure_of(
                error, url=self._server, environment=self._environment, timeout_seconds=self._timeout_seconds
            )
        else:
            content = _json(text := answer.text)
            return Reply(
                status=answer.status,
                headers=answer.headers,
                content=content,
                text="" if content is not None else text,
            )
        if failure.setting:
            # Outside the handler, so that no chained exception carries the address.
            raise NoServiceError(f"{self._network}: {failure.reason}")
        return Reply(status=0, text=failure.reason, lasting=failure.lasting)


def _json(text: str) -> object:
    """Read JSON with exact decimals; None where it is not an object or array, or not JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
