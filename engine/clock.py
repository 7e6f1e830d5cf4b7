"""The one place where the machine's clock is read."""

from datetime import UTC, datetime


def system_now() -> datetime:
    """Give the current instant, UTC."""
    return datetime.now(UTC)
