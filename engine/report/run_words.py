"""What a run was: its strategy, its label, and the keys that differ from the default, in one line for every list."""

import json
from collections.abc import Mapping

from engine.record.run_outline import RunOutline
from engine.report.printable import printable

LONGEST_VALUE = 24
SEPARATOR = " · "


def run_words(entry: RunOutline, *, width: int | None = None) -> str:
    """Say what tells a run from others; empty where it has neither a label nor a key of its own.

    Args:
        width: in how many columns; keys that have no room are counted.
    """
    if not entry.label and not entry.settings:
        return ""
    head = SEPARATOR.join(part for part in (entry.strategy, entry.label) if part)
    changed = settings_words(entry.settings, width=None if width is None else width - len(head) - len(SEPARATOR))
    return printable(SEPARATOR.join(part for part in (head, changed) if part))


def settings_words(settings: Mapping[str, object], *, width: int | None = None, whole_values: bool = False) -> str:
    """Write keys with their values; where these have no room, keys alone, as many as have, and how many more."""
    whole = " ".join(_setting(key, value, None if whole_values else LONGEST_VALUE) for key, value in settings.items())
    if width is None or len(whole) <= width:
        return whole
    names = list(settings)
    for shown in range(len(names), 0, -1):
        line = " ".join(names[:shown]) + (f" (+{len(names) - shown})" if shown < len(names) else "")
        if len(line) <= width:
            return line
    return f"{len(names)} keys"


def _setting(key: str, value: object, longest: int | None) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    is_long = longest is not None and len(text) > longest
    return f"{key}={text[: (longest or 1) - 1] + '…' if is_long else text}"
