"""The verdicts of studies that are on disk: of the newest, and of the newest that was made of a run's own bars."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.record.run_files import STUDY_FILE
from engine.record.strict_json import strict_object

if TYPE_CHECKING:
    from engine.record.run_record import RunRecord

STUDY = re.compile(r"study-.*-\d{8}T\d{6}Z", re.DOTALL)
TIME = len("20260131T235959Z")
LEAST_DRAWS = 9_999
"""With fewer no claim can be supported, so such a study is not quoted beside a run."""

BEHIND_AN_ENTRY = ("001-8", "004-6", "001-17")
"""The rows of the thesis that an entry of the rotation bets on: the lead, the breakout, the golden cross."""


def latest_verdicts(out: Path, *, synthetic: bool) -> Mapping[str, str]:
    """Give the verdicts of the newest study below a folder, by row; empty where there is none that can be read.

    Args:
        synthetic: whether studies of the made-up market are meant; those of the other kind are passed over.
    """
    for _, study in _newest_first(out):
        rows = study.get("rows")
        if isinstance(rows, Mapping) and bool(study.get("synthetic")) is synthetic:
            return {str(row): str(verdict) for row, verdict in rows.items() if isinstance(verdict, str)}
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotableStudy:
    """A study with draws enough to say anything.

    Attributes:
        end: the last day of its data, as it stands there; data: the digest of each series, by name.
        quote: its folder and end, and what it says of the claims behind an entry.
    """

    end: str
    data: Mapping[str, str]
    quote: Mapping[str, Any]

    def is_of(self, digests: Mapping[str, str]) -> bool:
        """Tell whether it was made of these bars."""
        return all(self.data.get(name) == digest for name, digest in digests.items())


def study_behind(out: Path, digests_of: Callable[[], Mapping[str, str]]) -> Mapping[str, Any] | None:
    """Give what the newest study of these very bars says of the claims behind an entry; None where there is none.

    Args:
        digests_of: gives those of the coins and the index of a run, by name, cut at its last day; asked where there
            is a study.
    """
    return next((study.quote for study in quotable_studies(out) if study.is_of(digests_of())), None)


def study_of_run(record: "RunRecord") -> Mapping[str, Any] | None:
    """Give the study that is quoted beside a run, as `summary.json` has it; None where none is of its bars.

    Of a run that may go on it is looked for again: what was made since its summary was written counts too. Where that
    is older than the last decision, no study can be of its bars.
    """
    found: Mapping[str, Any] | None = record.summary.get("study")
    if record.is_one_shot or not record.decisions:
        return found
    digests = record.summary.get("study_data")
    if record.summary.get("last_day") != record.decisions[-1].day.isoformat():
        return None
    return (study_behind(record.folder.parent, lambda: digests) if digests else None) or found


def studies_in(out: Path) -> tuple[str, ...]:
    """Name the folders of studies below a folder, the newest first."""
    return tuple(folder.name for folder in sorted(_studies(out), key=_made_at, reverse=True))


def quotable_studies(out: Path) -> Iterator[QuotableStudy]:
    """Give the studies below a folder that may be quoted, the newest first."""
    for folder, study in _newest_first(out):
        data, draws = study.get("data"), study.get("draws")
        if isinstance(data, Mapping) and isinstance(draws, int) and draws >= LEAST_DRAWS:
            claims = [_claim(result) for result in study.get("results", ()) if _is_behind(result)]
            end = str(study.get("end"))
            yield QuotableStudy(end=end, data=data, quote={"folder": folder.name, "end": end, "claims": claims})


def _is_behind(result: Any) -> bool:
    return isinstance(result, Mapping) and result.get("row") in BEHIND_AN_ENTRY and bool(result.get("primary"))


def _claim(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: result.get(key) for key in ("row", "title", "verdict", "n")}


def _made_at(folder: Path) -> str:
    return folder.name[-TIME:]


def _newest_first(out: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name in studies_in(out):
        folder = out / name
        try:
            yield folder, strict_object((folder / STUDY_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue


def _studies(out: Path) -> list[Path]:
    try:
        return [folder for folder in out.iterdir() if STUDY.fullmatch(folder.name)]
    except OSError:
        return []
