"""The verdict of the last study on each row of the thesis, where a study is on disk."""

import re
from collections.abc import Mapping
from pathlib import Path

from engine.record.strict_json import strict_object

STUDY_FILE = "study.json"
STUDY = re.compile(r"study-.*-\d{8}T\d{6}Z", re.DOTALL)
TIME = len("20260131T235959Z")


def latest_verdicts(out: Path, *, synthetic: bool) -> Mapping[str, str]:
    """Give the verdicts of the newest study below a folder, by row; empty where there is none that can be read.

    Args:
        synthetic: whether studies of the made-up market are meant; those of the other kind are passed over.
    """
    for folder in sorted(_studies(out), key=lambda folder: folder.name[-TIME:], reverse=True):
        try:
            study = strict_object((folder / STUDY_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        rows = study.get("rows")
        if isinstance(rows, Mapping) and bool(study.get("synthetic")) is synthetic:
            return {str(row): str(verdict) for row, verdict in rows.items() if isinstance(verdict, str)}
    return {}


def _studies(out: Path) -> list[Path]:
    try:
        return [folder for folder in out.iterdir() if STUDY.fullmatch(folder.name)]
    except OSError:
        return []
