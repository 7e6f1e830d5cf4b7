"""Who has a place among the connections, and who makes room; with transports that only note what is done to them."""

import asyncio
from typing import Any

import pytest

from engine.dashboard.complaints import QUIET_SECONDS, Complaints
from engine.dashboard.connections import FULL, Connections


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and how much of it was not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = self.closed = False
        self.unread = 0

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def get_write_buffer_size(self) -> int:
        return self.unread


def open_wire(connections: Connections) -> Wire:
    wire = Wire()
    connections().connection_made(wire)
    return wire


def test_one_that_waits_makes_room_the_longest_waiting_first_and_one_that_is_answered_does_not() -> None:
    async def run() -> tuple[list[bool], Wire]:
        connections = Connections(asyncio.Protocol, most=3, idle_seconds=1e6)
        wires = [open_wire(connections) for _ in range(3)]
        connections.mark(wires[0], busy=True)
        wires.append(open_wire(connections))
        before = [wire.aborted for wire in wires]
        for wire in wires:
            connections.mark(wire, busy=True)
        late = open_wire(connections)
        return before, late

    before, late = asyncio.run(run())

    assert before == [False, True, False, False]
    assert (late.written, late.closed, late.aborted) == (FULL, True, False)
    assert b"503" in late.written


def test_one_whose_form_or_pause_is_waited_for_makes_room_and_is_busy_after_it() -> None:
    async def run() -> list[bool]:
        connections = Connections(asyncio.Protocol, most=2, idle_seconds=1e6)
        wires = [open_wire(connections) for _ in range(2)]
        for wire in wires:
            connections.mark(wire, busy=True)
        with connections.waiting(wires[0]):
            wires.append(open_wire(connections))
        with connections.waiting(wires[1]):
            pass
        connections.mark(wires[2], busy=True)
        open_wire(connections)
        return [wire.aborted for wire in wires]

    assert asyncio.run(run()) == [True, False, False]


def test_a_place_is_free_again_when_the_connection_is_gone() -> None:
    async def run() -> Wire:
        connections = Connections(asyncio.Protocol, most=1, idle_seconds=1e6)
        wire = Wire()
        protocol = connections()
        protocol.connection_made(wire)
        connections.mark(wire, busy=True)
        protocol.connection_lost(None)
        return open_wire(connections)

    assert asyncio.run(run()).written == b""


def test_silence_ends_a_connection_but_not_while_it_is_answered_or_still_takes_its_answer() -> None:
    async def run() -> list[bool]:
        connections = Connections(asyncio.Protocol, idle_seconds=0)
        silent, answered, taking, stuck = (open_wire(connections) for _ in range(4))
        connections.mark(answered, busy=True)
        taking.unread = stuck.unread = 10**6
        for _ in range(50):
            await asyncio.sleep(0)
            taking.unread -= 1
        return [wire.aborted for wire in (silent, answered, taking, stuck)]

    assert asyncio.run(run()) == [True, False, False, True]


def test_complaints_are_one_line_a_while_and_count_the_rest() -> None:
    said: list[str] = []
    now = [1000.0]
    complaints = Complaints(said.append, lambda: now[0])

    for _ in range(1000):
        complaints.complain("it rains")
    now[0] += QUIET_SECONDS
    complaints.complain("it snows")

    assert said == ["dashboard: it rains", "dashboard: it snows (999 more since the last such line)"]


@pytest.mark.parametrize("context", [{"message": "a\nb\x1b[31m"}, {"exception": OSError("too\nmany")}])
def test_what_the_loop_complains_of_is_one_harmless_line(context: dict[str, Any]) -> None:
    said: list[str] = []

    Complaints(said.append, lambda: 0.0).of_loop(None, context)

    assert len(said) == 1
    assert said[0].isprintable()
