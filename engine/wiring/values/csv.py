"""Series from CSV files in `data.macro_dir`; the one source of what is free nowhere."""

import difflib

from engine.core.errors import DataError
from engine.data.csv_values import CsvValues
from engine.data.dated_values import RuleOf
from engine.data.kinds import US_SYMBOLS
from engine.data.series_table import SERIES
from engine.ports import SeriesData
from engine.wiring.providers import Providers


def provider(given: Providers, rule_of: RuleOf, name: str) -> SeriesData:
    """Give the files.

    Args:
        name: of the series that is asked for first, for messages.

    Raises:
        DataError: no folder is configured; with the nearest name, where none is known like it.
    """
    data = given.config.data
    if data.macro_dir is not None:
        return CsvValues(data.macro_dir.expanduser(), rule_of)
    if name in SERIES or name in data.series:
        raise DataError(f"{name}: has no source but a file; name the folder of {name}.csv in data.macro_dir")
    near = difflib.get_close_matches(name, (*SERIES, *US_SYMBOLS, *data.series), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise DataError(
        f"{name}: no such series is known; {hint}one of your own is a file in data.macro_dir, or stands in data.series"
    )
