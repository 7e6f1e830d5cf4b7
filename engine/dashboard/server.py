"""The dashboard over HTTP: routes, headers, who is answered; the one file of it that knows aiohttp.

Nothing can be changed through it: only GET and HEAD are answered, the form for the token apart.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from engine.core.errors import ConfigError, DataError
from engine.dashboard import pages
from engine.dashboard.access import COOKIE, Access
from engine.dashboard.board import Board
from engine.dashboard.complaints import Complaints
from engine.dashboard.connections import IDLE_SECONDS, Connections

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Pause = Callable[[float], Awaitable[None]]

PAUSE_SECONDS = 1.0
"""Between a wrong token and the answer to it."""
MOST_FORM_BYTES = 4096
FORM_SECONDS = 10.0
"""Within which a form has to be there."""
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 8
BACKLOG = 128
SENTENCES = {
    404: "There is no such page or run.",
    405: "This page is for reading only.",
    413: f"This is larger than any form here: up to {MOST_FORM_BYTES:,} bytes are read.",
}
OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""A report brings its script with it; it may run it, and reach neither this server nor any other."""
HEADERS = {
    "Content-Security-Policy": OWN_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
    "Cache-Control": "no-store",
    "Server": "altfuse",
}
ASSETS = {"dashboard.js": "text/javascript", "dashboard.css": "text/css"}
OPEN_TO_ALL = ("/login", *(f"/assets/{name}" for name in ASSETS))
"""Hold nothing of any run."""


async def serve(
    out: Path,
    access: Access,
    *,
    port: int,
    started: Callable[[str], None],
    ended: asyncio.Event,
    warn: Callable[[str], None],
    pause: Pause = asyncio.sleep,
    idle_seconds: float = IDLE_SECONDS,
) -> None:
    """Serve the runs below `out` until `ended` is set.

    Args:
        port: 0 takes a free one.
        started: told the URL as soon as connections are accepted.
        warn: told, seldom and in a line, what could not be answered.
        pause: waits so many seconds; idle_seconds: how long a connection may say nothing.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    loop = asyncio.get_running_loop()
    complaints = Complaints(warn, loop.time)
    loop.set_exception_handler(complaints.of_loop)

    def speaker() -> asyncio.Protocol:
        assert runner.server is not None
        return runner.server()

    connections = Connections(speaker, idle_seconds=idle_seconds)
    runner = web.AppRunner(
        application(out, access, pause=pause, complain=complaints.complain, connections=connections),
        access_log=None,
        shutdown_timeout=1.0,
        logger=_logger(complaints),
        lingering_time=1.0,
        # What a form is packed in is not unpacked.
        auto_decompress=False,
    )
    await runner.setup()
    try:
        try:
            listening = await loop.create_server(connections, access.host, port, backlog=BACKLOG)
        except OSError as error:
            reason = error.strerror or error
            raise ConfigError(f"--port {port} on {access.host}: {reason}; name a free port, or 0 for any") from error
        shown = f"[{access.host}]" if ":" in access.host else access.host
        started(f"http://{shown}:{listening.sockets[0].getsockname()[1]}")
        await ended.wait()
        listening.close()
    finally:
        await runner.cleanup()


def _logger(complaints: Complaints) -> logging.Logger:
    # Of its own: what others log, and where, is not touched.
    logger = logging.Logger("altfuse.dashboard", logging.WARNING)
    logger.addHandler(complaints)
    return logger


def application(
    out: Path,
    access: Access,
    *,
    pause: Pause,
    complain: Callable[[str], None],
    connections: Connections,
) -> web.Application:
    """Build the application: every answer passes the guard, which decides who is answered and sets the headers.

    Args:
        connections: told which of them are being answered.
    """
    shown = _Shown(out)
    guard = _Guard(access, pause, complain, connections)
    made = web.Application(middlewares=[guard.middleware], client_max_size=MOST_FORM_BYTES)
    made.router.add_get("/", shown.runs)
    made.router.add_get("/live", shown.runs_fragment)
    made.router.add_get("/runs/{name}", shown.run)
    made.router.add_get("/runs/{name}/live", shown.run_fragment)
    made.router.add_get("/runs/{name}/report", shown.report)
    made.router.add_get("/login", guard.form)
    made.router.add_post("/login", guard.login)
    for name in ASSETS:
        made.router.add_get(f"/assets/{name}", _asset(name))
    return made


class _Desk:
    """A board, and whose turn it is to have a run, or a report, read from it."""

    def __init__(self, out: Path) -> None:
        self.board = Board(out)
        self.runs, self.reports = asyncio.Lock(), asyncio.Lock()


class _Shown:
    """The pages. What reads files runs in a thread: of lists, runs and reports one each at a time.

    Many readers cost no more memory than one. A large run holds up large runs alone, which have a desk of their own.
    """

    def __init__(self, out: Path) -> None:
        self._lists = asyncio.Lock()
        self._desk, self._desk_of_large = _Desk(out), _Desk(out)

    async def _desk_of(self, name: str) -> _Desk:
        return self._desk_of_large if await asyncio.to_thread(self._desk.board.folders.is_large, name) else self._desk

    async def runs(self, _: web.Request) -> web.Response:
        return _page("Runs", await _in_turn(self._lists, self._runs_fragment), source="/live")

    async def runs_fragment(self, request: web.Request) -> web.Response:
        return _fragment(request, await _in_turn(self._lists, self._runs_fragment))

    async def run(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return _page(name, await self._run_fragment(name), source=f"{request.rel_url.raw_path}/live")

    async def run_fragment(self, request: web.Request) -> web.Response:
        return _fragment(request, await self._run_fragment(request.match_info["name"]))

    async def report(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        try:
            desk = await self._desk_of(name)
            content = await _in_turn(desk.reports, lambda: desk.board.report(name))
        except DataError as error:
            return _html(pages.message_page("No report", str(error)), status=404)
        if content is None:
            raise web.HTTPNotFound
        return web.Response(
            body=content, content_type="text/html", charset="utf-8", headers={"Content-Security-Policy": REPORT_POLICY}
        )

    def _runs_fragment(self) -> str:
        out = str(self._desk.board.folders.out)
        try:
            return pages.runs_fragment(self._desk.board.folders.rows(), out=out)
        except DataError as error:
            return pages.runs_fragment([], out=out, problem=str(error))

    async def _run_fragment(self, name: str) -> str:
        def read(board: Board) -> str | None:
            view = board.run(name)
            return None if view is None else pages.run_fragment(view)

        try:
            desk = await self._desk_of(name)
            fragment = await _in_turn(desk.runs, lambda: read(desk.board))
        except DataError:
            fragment = None
        if fragment is None:
            raise web.HTTPNotFound
        return fragment


async def _in_turn(turn: asyncio.Lock, work: Callable[[], T]) -> T:
    async with turn:
        return await asyncio.to_thread(work)


class _Guard:
    """Who is answered, and what every answer carries."""

    def __init__(self, access: Access, pause: Pause, complain: Callable[[str], None], connections: Connections) -> None:
        self._access = access
        self._pause = pause
        self._complain = complain
        self._connections = connections

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        transport = request.transport
        self._connections.mark(transport, busy=True)
        try:
            response = await self._answered(request, handler)
        finally:
            self._connections.mark(transport, busy=False)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def form(self, _: web.Request) -> web.Response:
        return _html(pages.login_page())

    async def login(self, request: web.Request) -> web.Response:
        with self._connections.waiting(request.transport):
            offered = await _token_in(request)
        if not self._access.is_token(offered):
            await self._pause_of(request)
            return web.Response(status=web.HTTPUnauthorized.status_code)
        response = web.Response(status=web.HTTPSeeOther.status_code, headers={"Location": "/"})
        response.set_cookie(COOKIE, self._access.pass_for_token(), httponly=True, samesite="Strict", path="/")
        return response

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._access.knows_host(request.headers.getall("Host", [])):
            return _html(
                pages.message_page("Not here", "This page answers to this machine's own name only."), status=403
            )
        if request.path not in OPEN_TO_ALL:
            refusal = await self._refusal(request)
            if refusal is not None:
                return refusal
        try:
            return await handler(request)
        except web.HTTPException as error:
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
            text = SENTENCES.get(error.status) or error.text or "This cannot be answered."
            return _html(pages.message_page(error.reason, text), status=error.status, headers=headers)
        except Exception as error:  # noqa: BLE001 - a page that fails is one page, and no traceback
            self._complain(f"a page cannot be shown: {type(error).__name__} at {request.path[:100]!r}")
            text = "This page cannot be shown; the other ones can."
            return _html(pages.message_page("Not shown", text), status=web.HTTPInternalServerError.status_code)

    async def _pause_of(self, request: web.Request) -> None:
        with self._connections.waiting(request.transport):
            await self._pause(PAUSE_SECONDS)

    async def _refusal(self, request: web.Request) -> web.Response | None:
        authorization, cookie = request.headers.get("Authorization"), request.cookies.get(COOKIE)
        if self._access.admits(authorization=authorization, cookie=cookie):
            return None
        if authorization is None and cookie is None and not request.path.endswith("/live"):
            return web.Response(status=web.HTTPSeeOther.status_code, headers={"Location": "/login"})
        await self._pause_of(request)
        response = web.Response(status=web.HTTPUnauthorized.status_code, headers={"WWW-Authenticate": "Bearer"})
        if cookie is not None:
            # The token was changed: without the old cookie the next look leads to the form.
            response.del_cookie(COOKIE, path="/")
        return response


async def _token_in(request: web.Request) -> str:
    """Read the form that holds the token.

    Raises:
        HTTPBadRequest: it is no such form; HTTPRequestEntityTooLarge: it is larger than one is.
    """
    if request.content_type != FORM or request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPBadRequest(text=f"A form is wanted: {FORM}, with the field token.")
    if (request.content_length or 0) > MOST_FORM_BYTES:
        raise web.HTTPRequestEntityTooLarge(MOST_FORM_BYTES, request.content_length or 0)
    try:
        async with asyncio.timeout(FORM_SECONDS):
            body = await request.read()
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS)
    except (ValueError, TimeoutError, web.RequestPayloadError, HttpProcessingError):
        fields = {}
    offered = fields.get("token", [])
    if len(offered) != 1:
        raise web.HTTPBadRequest(text="A form with the field token is wanted, once.")
    return offered[0]


def _asset(name: str) -> Handler:
    content = pages.asset(name)

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=ASSETS[name], charset="utf-8")

    return handler


def _page(title: str, fragment: str, *, source: str) -> web.Response:
    return _html(pages.page(title, fragment, source=source, tag=_tag(fragment)))


def _fragment(request: web.Request, fragment: str) -> web.Response:
    headers = {"ETag": _tag(fragment)}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=web.HTTPNotModified.status_code, headers=headers)
    return _html(fragment, headers=headers)


def _html(text: str, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status, headers=headers)


def _tag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]}"'
