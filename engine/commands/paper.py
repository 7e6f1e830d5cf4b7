"""`paper`: live paper trading until a signal ends it."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.ending import Ending, ended_by_signals
from engine.commands.loading import load_config
from engine.commands.options import DEFAULT_OUT, Assignments, ConfigOrDefault, OutFolder, Quiet
from engine.core.errors import VenueError

if TYPE_CHECKING:
    from engine.config import Config


def paper(
    config: ConfigOrDefault = None,
    venue: Annotated[
        str | None,
        typer.Option(
            "--venue", metavar="NAME", help="simulated, binance-testnet or binance-demo; wins over venue.name."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is to be done now, and end.")] = False,
    accept_config: Annotated[
        bool, typer.Option("--accept-config", help="Take a changed configuration into an old run folder.")
    ] = False,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Trade on paper: decide each day as it ends and send its orders to the venue."""
    assigned = [*(assignments or ()), *([f"venue.name={venue}"] if venue else [])]
    loaded = load_config(config, assigned, quiet=quiet)
    with ended_by_signals() as ending:
        try:
            words, folder, report = _trade(loaded, out, ending, once=once, accept_config=accept_config, quiet=quiet)
        except VenueError:
            if ending.is_wanted():
                # The end cuts waits short, and with them the tries of a question; the journal has what is open.
                return
            raise
        if not quiet:
            from engine.report.console import make_console

            console = make_console(quiet=False)
            console.print(words, markup=False)
            # A path is what people copy: it is never broken over two lines.
            console.print(f"files: {folder}", markup=False, soft_wrap=True)
            if report is not None:
                console.print(f"report: {report}", markup=False, soft_wrap=True)


def _trade(
    config: "Config", out: Path, ending: Ending, *, once: bool, accept_config: bool, quiet: bool
) -> tuple[str, Path, Path | None]:
    """Run until the end, and give what is to be said of it, the run's folder, and its report."""
    from engine.clock import system_now
    from engine.journal.paper_folder import one_sentence
    from engine.journal.run_files import LOG_FILE
    from engine.logs import run_log
    from engine.report.console import progress_bar
    from engine.report.live import closing_words, live_console
    from engine.report.live_status import Past
    from engine.venues.pace import LONGEST_WAIT_SECONDS
    from engine.venues.quiet_times import QUIET_FILE, KeptQuietTimes
    from engine.venues.verdicts import LONGEST_BAN_SECONDS
    from engine.wiring.live_exchange import credentials_of, exchange_client
    from engine.wiring.paper import PaperRun
    from engine.wiring.paper_folder import as_begun, folder_of, paper_folder, paper_journal
    from engine.wiring.paper_status import status_of
    from engine.wiring.surroundings import Surroundings
    from engine.wiring.watch import Watch

    watch = Watch(system_now)
    config = as_begun(config, out)
    # Before the panel, on which a warning would be gone with the next notice.
    credentials = credentials_of(config, notice=lambda words: None if quiet else typer.echo(words, err=True))
    with live_console(quiet=quiet) as console, progress_bar(quiet=True) as progress, ExitStack() as opened:
        around = Surroundings(
            now=system_now,
            pause=ending.pause,
            ending=ending.is_wanted,
            notice=watch.notice(console.notice),
            progress=progress,
            # Whoever starts it again and again waits by himself.
            longest_wait_seconds=LONGEST_WAIT_SECONDS if once else LONGEST_BAN_SECONDS,
            quiet=KeptQuietTimes(folder_of(config, out) / QUIET_FILE),
        )
        client = exchange_client(config, credentials, around)
        folder = paper_folder(config, out)
        store = opened.enter_context(
            paper_journal(config, folder, at=client.server_time(), accept_config=accept_config)
        )
        with one_sentence(folder):
            # Keys out of .env are not in the environment, where the log would look for them by itself.
            strike_out = credentials.strike_out if credentials else str
            write_log = opened.enter_context(run_log(folder / LOG_FILE, strike_out=strike_out))
        run = PaperRun(config, folder, write_log, around, client=client, store=store, watch=watch)
        begun = len(run.events)
        status = status_of(run, watch, config, folder)
        console.follow(status)
        report = run.run(once=once)
    done = Past().after_all(run.events[begun:])
    # The thread that drew the panel is gone: one thread asks, as it should be.
    return closing_words(done, status()), folder, report
