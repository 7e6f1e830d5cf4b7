"""Cache entries on disk: rows of bars or values as parquet, and beside them a small JSON that says what they are.

The one file that imports fastparquet. Each file appears whole or not at all; the JSON, written last, holds the digest
of its parquet file, so that a pair torn apart by a crash or by two writers counts as absent. It is never read as rows.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote as percent_encoded

import numpy as np

from engine.core.calendar import Days
from engine.machine.fresh_files import fresh_file

FORMAT = 1
"""Raise it when the meaning of an entry changes; entries of another format count as absent."""

READS = 3
"""A writer may stand between its two files just as they are read; then another look finds the pair whole."""

PARQUET = b"PAR1"


class Rows(Protocol):
    """Dated rows."""

    @property
    def days(self) -> Days:
        """Their dates."""
        ...

    @property
    def first_day(self) -> date:
        """The date of the first."""
        ...

    @property
    def last_day(self) -> date:
        """The date of the last."""
        ...

    def __len__(self) -> int: ...


R = TypeVar("R", bound=Rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm(Generic[R]):
    """What one kind of rows is made of.

    Attributes:
        columns: their numbers, in the order in which they are kept; the date comes before them.
        build: makes rows of a name, `days` and the columns by their names.
        sha256: digests rows.
    """

    columns: tuple[str, ...]
    build: Callable[..., R]
    sha256: Callable[[R], str]

    def none(self, name: str) -> R:
        """Give no rows."""
        return self.build(
            name,
            days=np.array([], dtype="datetime64[D]"),
            **{column: np.array([], dtype=np.float64) for column in self.columns},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What an entry is of: provider, symbol and quote currency (empty for an index)."""

    provider: str
    symbol: str
    quote: str

    def __str__(self) -> str:
        return f"{self.provider} {self.symbol}" + (f"/{self.quote}" if self.quote else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[R]):
    """Rows as they were fetched.

    Attributes:
        rows: empty where the provider had none.
        through: the last day that was asked for.
        fetched_at: when, UTC.
        sha256: digest of the rows.
        problem: why there are none; empty where there are.
        remarks: what a reader of the rows should know: rows that were dropped.
    """

    rows: R
    through: date
    fetched_at: datetime
    sha256: str
    problem: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Why an entry that is there cannot be used."""

    reason: str


class CacheStore(Generic[R]):
    """Entries of one kind of rows in one folder, a pair of files each."""

    def __init__(self, folder: Path, form: RowForm[R]) -> None:
        self.folder = folder
        self._form = form

    def read(self, key: Key) -> Entry[R] | Unusable | None:
        """Read an entry; None where there is none."""
        found: Entry[R] | Unusable | None = None
        for _ in range(READS):
            found = self._read_once(key)
            if not isinstance(found, Unusable):
                break
        return found

    def write(self, key: Key, entry: Entry[R]) -> None:
        """Write an entry, each file under a temporary name first.

        Raises:
            OSError: the folder cannot be made or written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        content = _encoded(entry.rows, self._form)
        description = {
            "format": FORMAT,
            "provider": key.provider,
            "symbol": key.symbol,
            "quote": key.quote,
            "rows": len(entry.rows),
            "first": str(entry.rows.first_day) if len(entry.rows) else None,
            "last": str(entry.rows.last_day) if len(entry.rows) else None,
            "through": str(entry.through),
            "fetched_at": entry.fetched_at.isoformat(),
            "sha256": entry.sha256,
            "file_sha256": hashlib.sha256(content).hexdigest(),
            "problem": entry.problem,
            "remarks": list(entry.remarks),
        }
        rows_path, description_path = self._paths(key)
        write_atomically(rows_path, content)
        write_atomically(description_path, (json.dumps(description, indent=1) + "\n").encode())

    def _paths(self, key: Key) -> tuple[Path, Path]:
        # Percent encoding keeps ^RUT and a slash out of file names.
        name = "-".join(percent_encoded(part, safe="") for part in (key.provider, key.symbol, key.quote) if part)
        return self.folder / f"{name}.parquet", self.folder / f"{name}.json"

    def _read_once(self, key: Key) -> Entry[R] | Unusable | None:
        rows_path, description_path = self._paths(key)
        try:
            description = description_path.read_bytes()
            return _entry(key, description, rows_path.read_bytes(), self._form)
        except FileNotFoundError:
            if rows_path.exists() or description_path.exists():
                return Unusable(reason=f"one of {rows_path.name} and {description_path.name} is missing")
            return None
        except OSError as error:
            return Unusable(reason=f"{rows_path.name} cannot be read: {error.strerror}")
        except (KeyError, TypeError, ValueError) as error:
            return Unusable(reason=f"{description_path.name} does not describe {rows_path.name}: {error}")


def _entry(key: Key, description: bytes, content: bytes, form: RowForm[R]) -> Entry[R]:
    """Put an entry together; KeyError, TypeError and ValueError mean a damaged or foreign one, or another format."""
    values = json.loads(description)
    if not isinstance(values, Mapping) or values.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    found = Key(**{part: str(values[part]) for part in ("provider", "symbol", "quote")})
    if found != key:
        raise ValueError(f"it is of {found}")
    if values["file_sha256"] != hashlib.sha256(content).hexdigest():
        raise ValueError("its digest is of other bytes")
    fetched_at = datetime.fromisoformat(str(values["fetched_at"]))
    if fetched_at.tzinfo is None:
        raise ValueError("fetched_at has no time zone")
    rows = _decoded(key.symbol, content, form)
    sha256 = form.sha256(rows)
    if sha256 != values["sha256"]:
        raise ValueError("its digest is of other rows")
    return Entry(
        rows=rows,
        through=date.fromisoformat(str(values["through"])),
        fetched_at=fetched_at,
        sha256=sha256,
        problem=str(values["problem"]),
        # Entries of earlier versions have none.
        remarks=tuple(map(str, values.get("remarks", ()))),
    )


def _encoded(rows: R, form: RowForm[R]) -> bytes:
    if not len(rows):
        return b""
    import fastparquet  # noqa: PLC0415 - pandas comes with it, and not every run has a cache to open
    import pandas as pd  # noqa: PLC0415

    # Days as their number since 1970: in reading dates fastparquet 2026.9 does what numpy 2.5 warns of.
    days = rows.days.astype("datetime64[D]").astype(np.int64)
    frame = pd.DataFrame({"day": days, **{name: getattr(rows, name) for name in form.columns}})
    buffer = _KeptBuffer()
    fastparquet.write("rows", frame, open_with=lambda _path, _mode: buffer, write_index=False, stats=False)
    return buffer.getvalue()


def _decoded(symbol: str, content: bytes, form: RowForm[R]) -> R:
    if not content:
        return form.none(symbol)
    import fastparquet  # noqa: PLC0415 - as above

    if not _is_framed(content):
        raise ValueError("it is not parquet: its first and last bytes are not those of such a file")
    try:
        frame = fastparquet.ParquetFile(io.BytesIO(content)).to_pandas()
    except fastparquet.util.ParquetException as error:
        raise ValueError(f"it is not parquet: {error}") from error
    return form.build(
        symbol,
        # A number of days, or in entries of version 0.1 an instant.
        days=frame["day"].to_numpy().astype("datetime64[D]"),
        **{name: frame[name].to_numpy(dtype=np.float64) for name in form.columns},
    )


def _is_framed(content: bytes) -> bool:
    """Tell whether bytes begin and end as parquet does: letters, ..., footer, its length, letters.

    fastparquet 2026.9 takes a footer on trust, and has been seen to crash the process over one that cannot be there.

    Source: Apache Parquet format, "File Format".
    """
    footer = int.from_bytes(content[-8:-4], "little")
    return content[:4] == content[-4:] == PARQUET and 0 < footer <= len(content) - 12


class _KeptBuffer(io.BytesIO):
    """A buffer whose content outlives the closing that fastparquet ends its writing with."""

    def close(self) -> None:
        """Stay open."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder, to the disk, and give it its name in one step.

    Raises:
        OSError: the folder cannot be written; a file of that name stays as it was.
    """
    handle, temporary = fresh_file(path.parent, f".{path.name}.", ".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
