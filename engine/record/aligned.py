"""`aligned.json`: a backtest's rotations side by side, and what the same rotations are worth at other times."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.record.file_reading import object_of
from engine.record.forms import Count, Day, Number, Word, checked, keys
from engine.record.run_files import ALIGNED_FILE
from engine.record.strict_json import strict_object

_LINE: Any = list[Number]
_ROTATION: Any = keys("AlignedRotation", {"entry": Day, "exit": Day | None, "line": _LINE}, required=("entry", "line"))
_BAND = keys("Band", {"q05": _LINE, "q95": _LINE}, required=("q05", "q95"))
_ALIGNED = {"days": Count, "rotations": list[_ROTATION], "mean": _LINE, "band": _BAND | None}
_CHANCE = {"draws": Count, "rank": Word, **dict.fromkeys(("mean", "q05", "q95", "p_up", "p_lo"), Number)}
_FORM = keys(
    "AlignedFile",
    {
        "core": Word,
        "n": Count,
        "breakouts": Count | None,
        "total_excess": Number,
        "aligned": keys("Aligned", _ALIGNED, required=_ALIGNED),
        "random_entries": keys("RandomEntries", _CHANCE, required=_CHANCE),
    },
    required=("core", "n", "total_excess", "aligned", "random_entries"),
)


def write_aligned(folder: Path, found: Mapping[str, Any]) -> None:
    """Write it into a run folder.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    (folder / ALIGNED_FILE).write_text(text + "\n", encoding="utf-8")


def read_aligned(folder: Path) -> Mapping[str, Any] | None:
    """Read it back; None where the run has none.

    Raises:
        DataError: it is damaged.
    """
    path = folder / ALIGNED_FILE
    return object_of(path, _content) if path.exists() else None


def _content(text: str) -> dict[str, Any]:
    content = strict_object(text)
    checked(_FORM, content)
    return content
