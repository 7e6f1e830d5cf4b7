"""How a server is run from a thread: known address, good end, and an error that reaches whoever waits."""

import asyncio
from collections.abc import Callable

import pytest

from engine.machine.serving import ThreadedServer


def test_its_address_is_known_inside_the_block_and_it_has_ended_after_it() -> None:
    seen: list[str] = []

    async def serve(*, started: Callable[[str], None], ended: asyncio.Event) -> None:
        started("http://here")
        await ended.wait()
        seen.append("ended")

    with ThreadedServer(serve, name="test") as server:
        assert (server.url, seen) == ("http://here", [])
    assert seen == ["ended"]


def test_whatever_keeps_it_from_beginning_is_raised_where_it_is_waited_for() -> None:
    async def serve(**_: object) -> None:
        raise RuntimeError("no address")

    with pytest.raises(RuntimeError, match="no address"), ThreadedServer(serve, name="test"):
        pass
