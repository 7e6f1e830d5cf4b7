"""The error tree, each class with the exit code a command ends with.

    EngineError
    ├── ConfigError     2   usage or configuration
    ├── DataError       3   data missing, invalid or stale
    ├── VenueError      4   the venue refused or cannot be reached
    │   ├── NoAnswerError   it gave no answer past all retries
    │   │   └── BadAnswerError  it gave one in its own form, and what it says cannot be
    │   ├── NoServiceError  it does not serve this place, or there is no way to it; waiting does not mend that
    │   ├── PausedError     it wants no request for longer than is waited for
    │   └── NoMarketError   it has no such market, or not any more
    └── CheckError      5   a check of the program's own promises failed
        └── LookAheadError  a decision depended on what was not known yet

It stands in the core because strategies raise from it and import nothing else of the engine.
"""

from typing import ClassVar


class EngineError(Exception):
    """A failure that a person can act on: one sentence that says what, where and what is allowed."""

    exit_code: ClassVar[int] = 1


class ConfigError(EngineError):
    """Bad usage or configuration: names the key, the value and what is allowed."""

    exit_code: ClassVar[int] = 2


class DataError(EngineError):
    """Data missing, invalid or stale: names the series and the date."""

    exit_code: ClassVar[int] = 3


class VenueError(EngineError):
    """The venue refused or cannot be reached, past all retries."""

    exit_code: ClassVar[int] = 4


class NoMarketError(VenueError):
    """The venue has no such market, or not any more: of what was done there it can say nothing."""


class NoAnswerError(VenueError):
    """The venue gave no answer that can be read, past all retries."""


class BadAnswerError(NoAnswerError):
    """The venue answered in its own form, past all retries, and what it says cannot be."""


class NoServiceError(VenueError):
    """The venue serves this place nothing, or there is no way to it: asking again does not mend that."""


class PausedError(VenueError):
    """The venue wants no request for longer than is waited for."""


class CheckError(EngineError):
    """A check of the program's own promises failed."""

    exit_code: ClassVar[int] = 5


class LookAheadError(CheckError):
    """A decision changed when what was not yet known at its instant was cut away."""
