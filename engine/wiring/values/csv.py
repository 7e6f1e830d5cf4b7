"""Series from CSV files in `data.macro_dir`; the one source of what is free nowhere."""

import difflib

from engine.core.errors import DataError
from engine.data.csv_values import CsvValues
from engine.data.dated_values import RuleOf
from engine.data.kinds import US_SYMBOLS
from engine.data.series_table import FILE_ONLY, SERIES
from engine.ports import LoadedValues, SeriesData
from engine.wiring.data.providers import Providers


def provider(given: Providers, rule_of: RuleOf, name: str) -> SeriesData:
    """Give the files.

    Args:
        name: of the series that is asked for first, for messages.

    Raises:
        DataError: no folder is configured; with the nearest name, where none is known like it.
    """
    data = given.config.data
    if data.macro_dir is not None:
        return _Files(CsvValues(data.macro_dir.expanduser(), rule_of), rule_of, macro=data.macro)
    if name in SERIES or name in data.series:
        raise DataError(_wanted(name, f"{name}.csv", rule_of(name).source, macro=data.macro, folder="that is null"))
    near = difflib.get_close_matches(name, (*SERIES, *US_SYMBOLS, *data.series), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise DataError(
        f"{name}: no such series is known; {hint}one of your own is a file in data.macro_dir, or stands in data.series"
    )


class _Files:
    """The files, and what is to be done about one that is not there."""

    def __init__(self, files: CsvValues, rule_of: RuleOf, *, macro: str) -> None:
        self._files = files
        self._rule_of = rule_of
        self._macro = macro

    def load(self, name: str) -> LoadedValues:
        """Load a file.

        Raises:
            DataError: it is not there, cannot be read, or a row is bad.
        """
        path = self._files.file_of(name)
        if path.parent.is_dir() and not path.exists():
            source = self._rule_of(name).source
            raise DataError(_wanted(name, path.name, source, macro=self._macro, folder=str(path.parent)))
        return self._files.load(name)


def _wanted(name: str, file: str, source: str, *, macro: str, folder: str) -> str:
    """Say how a series is got that is not there."""
    if source == FILE_ONLY:
        return f"{name}: no free source: put {file} into data.macro_dir ({folder})"
    return f"{name}: data.macro is {macro}, and {file} is not in data.macro_dir ({folder})"
