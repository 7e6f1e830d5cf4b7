"""A failure that providers tell apart from bad or missing series."""

from engine.core.errors import DataError


class UnreachableError(DataError):
    """The provider gave no usable answer past all retries; asking it for another series would fare no better.

    Attributes:
        served_before: it has served bars a moment ago and now refuses: it is there, and nothing stands in for it.
    """

    def __init__(self, message: str, *, served_before: bool = False) -> None:
        super().__init__(message)
        self.served_before = served_before
