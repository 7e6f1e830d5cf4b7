"""Until when a server wants no request, in a small file: a service that starts again must not knock on a ban."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

QUIET_FILE = "quiet-until.json"
LONGEST_WAIT_SECONDS = 300.0
"""How long whoever wants to be done soon waits."""
LONGEST_PAUSE_SECONDS = 3 * 86_400.0
"""No exchange bans an address for longer."""


class KeptQuietTimes:
    """One file: instants by the server's address.

    Args:
        path: the file, in a folder that may not be there yet; then nothing is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def until(self, origin: str, now: datetime) -> datetime | None:
        """Give the end of a pause that goes on at `now`; None where there is none."""
        try:
            until = datetime.fromisoformat(self._kept()[origin])
            is_on = timedelta() < until - now <= timedelta(seconds=LONGEST_PAUSE_SECONDS)
        except (KeyError, ValueError, TypeError):
            return None
        # A longer pause than any ban comes of a clock that was put back.
        return until if is_on else None

    def keep(self, origin: str, until: datetime) -> None:
        """Write down that a server wants no request until an instant."""
        text = json.dumps({**self._kept(), origin: until.isoformat()}, indent=2) + "\n"
        # What cannot be kept costs one request at the next start.
        with suppress(OSError):
            self._path.write_text(text, encoding="utf-8")

    def _kept(self) -> Mapping[str, str]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
