"""Writes the weekdays on which New York has no session into the engine, as the installed library has them.

Run `python -m tests.support.kept_closures` when another version of exchange_calendars is pinned.
"""

import json
from importlib.metadata import version

import numpy as np

from engine.data.sessions import FIRST_KEPT, KEPT, LAST_KEPT, library_rules


def kept_text() -> str:
    """Give what the file has to hold: JSON, a line a year."""
    first, last = np.datetime64(f"{FIRST_KEPT}-01-01"), np.datetime64(f"{LAST_KEPT}-12-31")
    weekmask, days = library_rules(first, last)
    closed = np.unique(days[(days >= first) & (days <= last) & np.is_busday(days, weekmask=weekmask)])
    years: dict[str, list[str]] = {str(year): [] for year in range(FIRST_KEPT, LAST_KEPT + 1)}
    for day in closed.astype(str):
        years[day[:4]].append(day[5:])
    rows = ",\n".join(f'    "{year}": {json.dumps(found)}' for year, found in years.items())
    named = f'  "exchange_calendars": "{version("exchange_calendars")}",\n  "weekmask": "{weekmask}",\n'
    return f'{{\n{named}  "closures": {{\n{rows}\n  }}\n}}\n'


if __name__ == "__main__":
    KEPT.write_text(kept_text(), encoding="utf-8")
