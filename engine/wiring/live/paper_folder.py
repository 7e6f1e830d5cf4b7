"""The folder of a paper run, and its journal: looked at, made, or taken up where it was left."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.core.errors import ConfigError, DataError
from engine.core.events import Event, RunStarted
from engine.journal.chain import Head
from engine.journal.codec import EventCodec
from engine.journal.lock import writer_of
from engine.journal.sqlite import JOURNAL_FILE, SqliteJournal, records_after
from engine.record.config_history import note_replaced
from engine.record.configured import kept_config
from engine.record.paper_folder import check_config, check_for_lost_journal, keep_config, sweep_leftovers
from engine.record.run_folder import without_blanks
from engine.record.sealing import file_contents, resealed
from engine.settings.config import Config
from engine.settings.reading import build_config
from engine.settings.registry import params_of, strategy_of
from engine.wiring.live.live_data import possible_configs

FORMER_NAME = "rotation"
"""Before `name: null`, this was the name of every run whose configuration gave none, whatever its strategy."""


def as_begun(config: Config, out: Path) -> Config:
    """Give a configuration the name under which its folder was begun, where that is the former default."""
    if config.name != config.strategy.name or config.name == FORMER_NAME or paper_folder(config, out).is_dir():
        return config
    former = config.model_copy(update={"name": FORMER_NAME})
    kept = kept_config(paper_folder(former, out)) or {}
    strategy = kept.get("strategy")
    same = isinstance(strategy, Mapping) and strategy.get("name") == config.strategy.name
    return former if same and kept.get("name") == FORMER_NAME else config


def paper_folder(config: Config, out: Path) -> Path:
    """Give the run's folder, whether it is there or not: `paper-<name>-<venue>`, where blanks of the name are hyphens.

    One that was made when blanks stayed is taken up under its name.
    """
    named, typed = (out / f"paper-{name}-{config.venue.name}" for name in (config.name, without_blanks(config.name)))
    return named if named.is_dir() else typed


def check_paper_folder(config: Config, folder: Path, *, accept_config: bool) -> bool:
    """Check, before any exchange is asked, that a run can begin or go on in a folder; nothing is written.

    Returns:
        Whether it goes on: a day was decided there.

    Raises:
        ConfigError: it cannot be written, another bot is at work in it, or it began with another configuration or on
            another kind of prices.
        DataError: its journal is damaged or lost.
    """
    _check_place(folder)
    if not folder.is_dir():
        return False
    check_for_lost_journal(folder)
    journal = folder / JOURNAL_FILE
    if not journal.exists():
        return False
    writer = writer_of(journal)
    if writer is not None:
        raise ConfigError(
            f"{folder}: another bot (process {writer}) is at work in this folder; stop it first, or choose another "
            "with --out"
        )
    records = records_after(journal, Head())
    if not records:
        return False
    first = EventCodec().decode(records[0].type, records[0].body, where=f"{journal}, record {records[0].sequence}")
    possible = possible_configs(config)
    kinds = [kind for kind in possible if _began_on(first) in (None, kind)]
    if not kinds:
        check_same_prices(folder, first, synthetic=not _began_on(first))
    elif not accept_config:
        check_config(folder, possible[kinds[0]].effective(), completed=_completed)
    return True


def check_label(folder: Path, label: str) -> None:
    """Check that a run that has begun is called by the label of its first start; nothing is written.

    Args:
        label: of this start; empty: none is given, and the run keeps its own.

    Raises:
        ConfigError: it began under another label, or without one.
        DataError: its journal is damaged.
    """
    journal = folder / JOURNAL_FILE
    if not label or not journal.exists():
        return
    codec = EventCodec()
    for record in records_after(journal, Head())[:1]:
        first = codec.decode(record.type, record.body, where=f"{journal}, record {record.sequence}")
        began = first.label if isinstance(first, RunStarted) else ""
        if began != label:
            under = f"under the label {began!r}" if began else "without a label"
            raise ConfigError(
                f"--label {label!r}: {folder} began {under}, which it keeps; leave --label out, or begin another run "
                "with another name or --out"
            )


def make_folder(folder: Path) -> None:
    """Make a run's folder, if it is not there.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error.strerror or str(error)) from error


@contextmanager
def paper_journal(
    config: Config, folder: Path, *, at: datetime, accept_config: bool, synthetic: bool = False
) -> Iterator[SqliteJournal]:
    """Open the folder's journal, and hold the folder to the configuration and the prices that it began with.

    Args:
        at: the instant of opening.
        accept_config: take a changed configuration from today on.
        synthetic: whether the exchange's prices are made up.

    Raises:
        ConfigError: another bot is at work in the folder, or it began with another configuration, or on other prices.
        DataError: the journal is damaged, lost, or cannot be written.
    """
    codec = EventCodec(type(strategy_of(config).start()))
    check_for_lost_journal(folder)
    with SqliteJournal(folder / JOURNAL_FILE, codec, at=at) as store:
        for first in store:
            check_same_prices(folder, first, synthetic=synthetic)
            break
        sweep_leftovers(folder)
        # Nothing was done under a configuration before the first event.
        before = kept_config(folder)
        accept = accept_config or not len(store)
        keep_config(folder, config.effective(), accept=accept, completed=_completed)
        note_replaced(folder, before, at=at, records=len(store), completed=_completed)
        if store.sealed is not None:
            # Nothing may happen for a day, and the configuration is this one from now on.
            seal = resealed(store.sealed, file_contents(folder), config.sha256())
            if seal != store.sealed:
                store.seal(seal)
        yield store


def check_same_prices(folder: Path, first: Event, *, synthetic: bool) -> None:
    """Check that a run goes on on the kind of prices that it began on.

    Args:
        first: the first event of its journal.

    Raises:
        ConfigError: it began on made-up prices and these are real, or the other way round.
    """
    began = _began_on(first)
    if began not in (None, synthetic):
        was, now = ("made-up (synthetic)", "real") if began else ("real", "made-up (synthetic)")
        raise ConfigError(
            f"{folder}: began on {was} prices, and the exchange's are {now}; one track record cannot hold both: "
            "begin in another folder with --out, or under another name"
        )


def _began_on(first: Event) -> bool | None:
    return first.synthetic if isinstance(first, RunStarted) else None


def _check_place(folder: Path) -> None:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise _not_writable(
            folder, "it is not a folder" if place in (folder, folder.parent) else f"{place} is no folder"
        )
    if os.access(place, os.W_OK | os.X_OK):
        return
    is_read_only = os.statvfs(place).f_flag & os.ST_RDONLY
    why = os.strerror(errno.EROFS if is_read_only else errno.EACCES)
    if place == folder:
        raise DataError(f"{folder}: the journal cannot be written there: {why}")
    raise _not_writable(folder, why)


def _not_writable(folder: Path, why: str) -> ConfigError:
    return ConfigError(f"--out {folder.parent}: cannot be written: {why}; name a folder that can be written")


def _completed(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a configuration of any day with every key of today; as it is where today's program would not take it."""
    try:
        return build_config(kept, params_of).effective()
    except ConfigError:
        return kept
