"""Whether the kill switch of a paper run's folder holds, looked at before any exchange is asked."""

from pathlib import Path

from engine.core.errors import ConfigError
from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.record.account_notes import kill_switch_of


def check_killed(folder: Path) -> None:
    """Check that there is something to re-arm.

    Raises:
        ConfigError: the kill switch does not hold there.
        DataError: the journal is damaged.
    """
    journal = folder / JOURNAL_FILE
    events = read_journal(journal, EventCodec()) if journal.exists() else ()
    if kill_switch_of(events).acted is None:
        raise ConfigError(
            f"--rearm: the kill switch does not hold in {folder}: there is nothing to re-arm, leave it out"
        )
