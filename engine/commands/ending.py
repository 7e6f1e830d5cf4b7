"""The signals that end a live run in good order: heard at once, also in the middle of a pause."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_PAUSE_SECONDS = 86_400.0
"""The system call takes no more than some centuries; whoever pauses looks again after a pause anyway."""


class Ending:
    """Whether a run is to end; what waits for it is woken through a pipe, which a signal may write to.

    A `threading.Event` would do but for one thing: a handler that sets it while the same thread is about to wait for it
    stands before a lock that its own thread holds.

    Attributes:
        waker: the file that a signal writes to.
    """

    def __init__(self) -> None:
        self._reading, self.waker = os.pipe()
        os.set_blocking(self.waker, False)
        self._wanted = False

    def want(self) -> None:
        """End the run as soon as it can be ended in good order."""
        if not self._wanted:
            self._wanted = True
            os.write(self.waker, b"!")

    def is_wanted(self) -> bool:
        """Tell whether the run is to end."""
        return self._wanted

    def pause(self, seconds: float) -> None:
        """Wait, or return at once when the run is to end."""
        select.select([self._reading], [], [], min(seconds, LONGEST_PAUSE_SECONDS))

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._reading)
        os.close(self.waker)


@contextmanager
def ended_by_signals() -> Iterator[Ending]:
    """Take SIGINT and SIGTERM for the wish to end, inside the block."""
    ending = Ending()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # Python writes there whichever thread a signal reaches; a handler runs only once the main thread is awake.
    waker_before = signal.set_wakeup_fd(ending.waker, warn_on_full_buffer=False)
    try:
        for number in before:
            signal.signal(number, lambda *_: ending.want())
        yield ending
    finally:
        signal.set_wakeup_fd(waker_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        ending.close()
