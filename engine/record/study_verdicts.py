"""What studies on disk say: the newest that was made of a run's own bars, and no other."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotableStudy:
    """A study with draws enough to say anything.

    Attributes:
        end: the last day of its data, as it stands there; data: the digest of each series, by name.
        quote: its folder and end, and what it says of the claims behind an entry.
        rows: the verdict of each row of the thesis.
    """

    end: str
    data: Mapping[str, str]
    quote: Mapping[str, Any]
    rows: Mapping[str, str]

    def is_of(self, digests: Mapping[str, str]) -> bool:
        """Tell whether it was made of these bars."""
        return all(self.data.get(name, "") == digest for name, digest in digests.items())


def newest_study(out: Path, digests_of: Callable[[], Mapping[str, str]]) -> QuotableStudy | None:
    """Give the newest study of these very bars; None where there is none.

    Args:
        digests_of: gives those of the coins and the index of a run, by name, cut at its last day; asked where there
            is a study.
    """
    return next((study for study in quotable_studies(out) if study.is_of(digests_of())), None)


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
    later = newest_study(record.folder.parent, lambda: digests) if digests else None
    return found if later is None else later.quote


def verdicts_in(out: Path, study: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Give the verdict of each row in a study that is quoted; empty where none is, or it is not there any more.

    Args:
        study: as it is quoted; its folder lies in `out`.
    """
    wanted = None if study is None else study.get("folder")
    return next((each.rows for each in quotable_studies(out) if each.quote["folder"] == wanted), {}) if wanted else {}


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
            quote = {"folder": folder.name, "end": end, "claims": claims}
            yield QuotableStudy(end=end, data=data, quote=quote, rows=_rows(study.get("rows")))


def _is_behind(result: Any) -> bool:
    return isinstance(result, Mapping) and result.get("row") in BEHIND_AN_ENTRY and bool(result.get("primary"))


def _rows(found: Any) -> dict[str, str]:
    rows = found if isinstance(found, Mapping) else {}
    return {str(row): verdict for row, verdict in rows.items() if isinstance(verdict, str)}


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
