"""The folder of a paper run, and its journal: made, or taken up where it was left."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from engine.config import Config
from engine.core.errors import ConfigError
from engine.journal.codec import EventCodec
from engine.journal.config_history import kept_config, note_replaced
from engine.journal.paper_folder import check_for_lost_journal, keep_config, sweep_leftovers
from engine.journal.sqlite import JOURNAL_FILE, SqliteJournal
from engine.wiring.backtest import strategy_of


def folder_of(config: Config, out: Path) -> Path:
    """Name the run's folder, which may not be there yet."""
    return out / f"paper-{config.name}-{config.venue.name}"


def paper_folder(config: Config, out: Path) -> Path:
    """Make or take up the run's folder.

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
        keep_config(folder, config.effective(), accept=accept_config or not len(store))
        note_replaced(folder, before, at=at, records=len(store))
        yield store
