"""A failure that providers tell apart from bad or missing series."""

from engine.core.errors import DataError


class UnreachableError(DataError):
    """The provider gave no usable answer past all retries; asking it for another series would fare no better."""
