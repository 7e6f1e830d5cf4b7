"""The folder of a paper run, and its journal: made, or taken up where it was left."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.config import Config
from engine.config_reading import build_config
from engine.core.errors import ConfigError
from engine.journal.codec import EventCodec
from engine.journal.config_history import kept_config, note_replaced
from engine.journal.paper_folder import check_for_lost_journal, keep_config, sweep_leftovers
from engine.journal.run_folder import without_blanks
from engine.journal.sqlite import JOURNAL_FILE, SqliteJournal
from engine.registry import params_of
from engine.wiring.backtest import strategy_of

FORMER_NAME = "rotation"
"""Before `name: null`, this was the name of every run whose configuration gave none, whatever its strategy."""


def as_begun(config: Config, out: Path) -> Config:
    """Give a configuration the name under which its folder was begun, where that is the former default."""
    if config.name != config.strategy.name or config.name == FORMER_NAME or folder_of(config, out).is_dir():
        return config
    former = config.model_copy(update={"name": FORMER_NAME})
    kept = kept_config(folder_of(former, out)) or {}
    strategy = kept.get("strategy")
    same = isinstance(strategy, Mapping) and strategy.get("name") == config.strategy.name
    return former if same and kept.get("name") == FORMER_NAME else config


def paper_folder(config: Config, out: Path) -> Path:
    """Make or take up the run's folder: `paper-<name>-<venue>`, where blanks of the name are hyphens.

    One that was made when blanks stayed is taken up under its name.

    Raises:
        ConfigError: it cannot be written.
    """
    if "sample" in (config.data.crypto, config.data.index):
        raise ConfigError("data: sample is not allowed for `paper`; it trades on real bars")
    folder = folder_of(config, out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--out {out}: cannot be written: {error.strerror}; name a folder that can be written"
        ) from error
    return folder


def folder_of(config: Config, out: Path) -> Path:
    """Name the run's folder, which may not be there yet."""
    named, typed = (out / f"paper-{name}-{config.venue.name}" for name in (config.name, without_blanks(config.name)))
    return named if named.is_dir() else typed


@contextmanager
def paper_journal(config: Config, folder: Path, *, at: datetime, accept_config: bool) -> Iterator[SqliteJournal]:
    """Open the folder's journal, and hold the folder to the configuration that it began with.

    Args:
        at: the instant of opening.
        accept_config: take a changed configuration from today on.

    Raises:
        ConfigError: another bot is at work in the folder, or it began with another configuration.
        DataError: the journal is damaged, lost, or cannot be written.
    """
    codec = EventCodec(type(strategy_of(config).start()))
    check_for_lost_journal(folder)
    with SqliteJournal(folder / JOURNAL_FILE, codec, at=at) as store:
        sweep_leftovers(folder)
        # Nothing was done under a configuration before the first event.
        before = kept_config(folder)
        accept = accept_config or not len(store)
        keep_config(folder, config.effective(), accept=accept, completed=_completed)
        note_replaced(folder, before, at=at, records=len(store), completed=_completed)
        yield store


def _completed(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a configuration of any day with every key of today; as it is where today's program would not take it."""
    try:
        return build_config(kept, params_of).effective()
    except ConfigError:
        return kept
