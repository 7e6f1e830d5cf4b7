"""The practice exchange over HTTP, on a loopback address and no other; the one file that knows aiohttp."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from engine.core.errors import ConfigError
from engine.machine.serving import ThreadedServer, is_loopback
from engine.practice.api import answer
from engine.practice.calls import Answer, Call
from engine.practice.control import PREFIX
from engine.practice.exchange import PracticeExchange

LOOPBACK = "127.0.0.1"
# Linger 0 turns a close into a reset.
RESETTING = struct.pack("ii", 1, 0)
WITH_BODY = frozenset({"POST", "PUT", "DELETE"})
FORBIDDEN = 403


class PracticeServer(ThreadedServer):
    """Serves a practice exchange from a thread of its own, inside a `with` block.

    Args:
        exchange: what is served; it may be steered from any thread.
        port: 0 takes a free one.
        host: a loopback address.

    Raises:
        ConfigError: the address is not loopback's, or the port is taken.
    """

    def __init__(self, exchange: PracticeExchange, *, port: int = 0, host: str = LOOPBACK) -> None:
        _require_loopback(host)
        super().__init__(partial(serve, exchange, address=(host, port)), name="practice")
        self.exchange = exchange


async def serve(
    exchange: PracticeExchange, *, address: tuple[str, int], started: Callable[[str], None], ended: asyncio.Event
) -> None:
    """Serve until `ended` is set.

    Args:
        address: loopback host and port; port 0 takes a free one.
        started: told the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address is not loopback's, or the port is taken.
    """
    host, port = address
    _require_loopback(host)
    # A handler ends with its connection: a request that is held must not outlive the client that gave up on it.
    runner = web.ServerRunner(
        web.Server(_handler(exchange), handler_cancellation=True, access_log=None), shutdown_timeout=0
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(f"--port {port}: {error.strerror or error}; name a free port, or 0 for any") from error
        started(f"http://{host}:{runner.addresses[0][1]}")
        await ended.wait()
    finally:
        await runner.cleanup()


def _handler(exchange: PracticeExchange) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        # The signature is over the text as it was sent; a parsed URL has been rewritten.
        path, _, query = request.raw_path.partition("?")
        body = (await request.read()).decode("utf-8", "replace") if request.method in WITH_BODY else ""
        if path.startswith(PREFIX) and "Origin" in request.headers:
            # A page in a browser must not steer what runs on the reader's own machine.
            return web.Response(status=FORBIDDEN, text='{"error": "steering is not for web pages"}')
        call = Call(
            method=request.method, path=path, query=query, body=body, api_key=request.headers.get("X-MBX-APIKEY")
        )
        return await _deliver(request, answer(exchange, call))

    return handle


async def _deliver(request: web.BaseRequest, result: Answer) -> web.StreamResponse:
    if result.delay_seconds:
        await asyncio.sleep(result.delay_seconds)
    match result.delivery:
        case "silence":
            # Cancelled when the client hangs up, or when the server stops.
            await asyncio.Event().wait()
        case "drop" | "reset":
            _cut(request, resetting=result.delivery == "reset")
        case "cut":
            await _send_half(request, result)
            _cut(request, resetting=False)
        case "send":
            pass
    return _response(result)


def _response(result: Answer) -> web.Response:
    headers = {"Content-Type": result.content_type, **result.headers}
    return web.Response(status=result.status, body=result.body, headers=headers)


async def _send_half(request: web.BaseRequest, result: Answer) -> None:
    response = web.StreamResponse(status=result.status, headers={"Content-Type": result.content_type})
    response.content_length = len(result.body)
    await response.prepare(request)
    await response.write(result.body[: len(result.body) // 2])


def _cut(request: web.BaseRequest, *, resetting: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if resetting:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETTING)
        transport.abort()
    else:
        transport.close()


def _require_loopback(host: str) -> None:
    if not is_loopback(host):
        raise ConfigError(f"the practice exchange does not listen on {host!r}; only loopback is allowed, {LOOPBACK}")
