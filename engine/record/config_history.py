"""Which configurations a paper run had before the present one: a line for each that was replaced.

Whoever asks later why a day was decided as it was has to know by which rules.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.core.errors import DataError
from engine.record.paper_folder import Completion, one_sentence
from engine.record.run_files import CONFIG_FILE, CONFIG_HISTORY_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class PastConfig:
    """A configuration that was replaced.

    Attributes:
        until: when; records: how many records the journal had then.
        config: as `config.json` held it.
    """

    until: datetime
    records: int
    config: Mapping[str, Any]


def kept_config(folder: Path) -> Mapping[str, Any] | None:
    """Give what `config.json` holds; None where there is none, or none that can be read."""
    try:
        content = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def note_replaced(
    folder: Path, before: Mapping[str, Any] | None, *, at: datetime, records: int, completed: Completion = dict
) -> None:
    """Write down the configuration that was in force before, if another one is now.

    Args:
        before: what `config.json` held; None where there was none.
        records: how many records the journal has; none were made under `before` while it is 0.
        completed: as `keep_config` takes it: a key that came since is no other configuration.

    Raises:
        DataError: the folder cannot be written.
    """
    now = kept_config(folder)
    if before is None or not records or now is None or completed(before) == completed(now):
        return
    line = json.dumps({"until": at.isoformat(), "records": records, "config": before})
    with one_sentence(folder), (folder / CONFIG_HISTORY_FILE).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def read_config_history(folder: Path) -> Sequence[PastConfig]:
    """Give the configurations that were replaced, in order.

    Raises:
        DataError: the file cannot be read or is damaged.
    """
    path = folder / CONFIG_HISTORY_FILE
    if not path.exists():
        return ()
    try:
        return tuple(_past(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: is damaged: {error!r}") from error


def _past(content: Mapping[str, Any]) -> PastConfig:
    return PastConfig(
        until=datetime.fromisoformat(content["until"]), records=int(content["records"]), config=dict(content["config"])
    )
