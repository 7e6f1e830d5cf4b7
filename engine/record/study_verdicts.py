"""The verdicts of studies that are on disk: of the newest, and of the newest that was made of a run's own bars."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.record.run_files import STUDY_FILE
from engine.record.strict_json import strict_object

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


def study_behind(out: Path, digests_of: Callable[[], Mapping[str, str]]) -> dict[str, Any] | None:
    """Give what the newest study of these very bars says of the claims behind an entry; None where there is none.

    Args:
        digests_of: gives those of the coins and the index of a run, by name, cut at its last day; asked where there
            is a study.
    """
    for folder, study in _newest_first(out):
        data, draws = study.get("data"), study.get("draws")
        if not isinstance(data, Mapping) or not isinstance(draws, int) or draws < LEAST_DRAWS:
            continue
        if any(data.get(name) != digest for name, digest in digests_of().items()):
            continue
        claims = [_claim(result) for result in study.get("results", ()) if _is_behind(result)]
        return {"folder": folder.name, "end": study.get("end"), "claims": claims}
    return None


def _is_behind(result: Any) -> bool:
    return isinstance(result, Mapping) and result.get("row") in BEHIND_AN_ENTRY and bool(result.get("primary"))


def _claim(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: result.get(key) for key in ("row", "title", "verdict", "n")}


def _newest_first(out: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for folder in sorted(_studies(out), key=lambda folder: folder.name[-TIME:], reverse=True):
        try:
            yield folder, strict_object((folder / STUDY_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue


def _studies(out: Path) -> list[Path]:
    try:
        return [folder for folder in out.iterdir() if STUDY.fullmatch(folder.name)]
    except OSError:
        return []
