"""Which configurations a paper run had before the present one: a line for each that was replaced.

Whoever asks later why a day was decided as it was has to know by which rules.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.record.configured import kept_config
from engine.record.file_reading import lines_of, rows_of
from engine.record.forms import Count, Instant, checked
from engine.record.paper_folder import Completion, one_sentence
from engine.record.run_files import CONFIG_HISTORY_FILE
from engine.record.strict_json import strict_object


@dataclass(frozen=True, slots=True, kw_only=True)
class PastConfig:
    """A configuration that was replaced.

    Attributes:
        until: when; records: how many records the journal had then.
        config: as `config.json` held it.
    """

    until: Instant
    records: Count
    config: Mapping[str, Any]


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
    return rows_of(path, lines_of(path), lambda line: checked(PastConfig, strict_object(line)))
