"""Signals end a run in good order, also those that come in the middle of a pause."""

import signal
import threading
import time

import pytest

from engine.commands.ending import ended_by_signals
from tests.support.patience import PATIENCE_SECONDS

FOREVER = PATIENCE_SECONDS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_pause_and_every_one_after_it(number: signal.Signals) -> None:
    with ended_by_signals() as ending:
        before = ending.is_wanted()
        # It reaches a thread that is not the one that waits.
        threading.Timer(0.05, signal.raise_signal, [number]).start()
        begun = time.monotonic()
        ending.pause(FOREVER)
        ending.pause(FOREVER)

        assert (before, ending.is_wanted()) == (False, True)
        assert time.monotonic() - begun < FOREVER


def test_many_signals_are_one() -> None:
    with ended_by_signals() as ending:
        for _ in range(100_000):
            ending.want()
        signal.raise_signal(signal.SIGINT)

        assert ending.is_wanted()


def test_without_a_signal_a_pause_ends_by_itself() -> None:
    with ended_by_signals() as ending:
        ending.pause(0.001)

        assert not ending.is_wanted()


def test_afterwards_signals_mean_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    with ended_by_signals():
        inside = signal.getsignal(signal.SIGINT)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert inside != before[0]
