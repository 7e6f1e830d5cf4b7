"""`paper`: live paper trading until a signal ends it."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.ending import Ending, ended_by_signals
from engine.commands.loading import given_label, load_config
from engine.commands.options import DEFAULT_OUT, Assignments, ConfigOrDefault, Context, Label, OutFolder, Quiet
from engine.core.errors import VenueError

if TYPE_CHECKING:
    from engine.record.run_log import LogLine
    from engine.settings.config import Config


def paper(
    config: ConfigOrDefault = None,
    venue: Annotated[
        str | None,
        typer.Option("--venue", metavar="NAME", help="A venue, as venue.name has them; wins over it."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is to be done now, and end.")] = False,
    accept_config: Annotated[
        bool, typer.Option("--accept-config", help="Take a changed configuration into an old run folder.")
    ] = False,
    context: Context = False,
    label: Label = None,
    rearm: Annotated[
        bool,
        typer.Option("--rearm", help="Re-arm the kill switch (risk.max_drawdown) that holds, and trade again."),
    ] = False,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Trade on paper: decide each day as it ends and send its orders to the venue."""
    assigned = [*(assignments or ()), *([f"venue.name={venue}"] if venue else [])]
    called = given_label(label)
    loaded = load_config(config, assigned, quiet=quiet)
    if context:
        _check_thesis(loaded)
    if called:
        _check_label(loaded, called, out)
    with ended_by_signals() as ending:
        try:
            _trade(
                loaded,
                out,
                ending,
                once=once,
                accept_config=accept_config,
                rearm=rearm,
                board=context,
                label=called,
                quiet=quiet,
            )
        except VenueError:
            # The end cuts waits short, and with them the tries of a question; the journal has what is open.
            if not ending.is_wanted():
                raise


def _trade(
    config: "Config",
    out: Path,
    ending: Ending,
    *,
    once: bool,
    accept_config: bool,
    rearm: bool,
    board: bool,
    label: str,
    quiet: bool,
) -> None:
    """Run until the end, and say what was done."""
    import platformdirs

    from engine.clock import system_now
    from engine.logs import run_log
    from engine.record.paper_folder import one_sentence
    from engine.record.run_files import LOG_FILE
    from engine.report.closing import print_closing
    from engine.report.console import make_console, progress_bar
    from engine.report.live import closing_words, live_console
    from engine.report.live_status import Past
    from engine.report.synthetic import SYNTHETIC_FIRST_LINE, SYNTHETIC_LAST_LINE, framed
    from engine.venues.quiet_times import LONGEST_PAUSE_SECONDS, LONGEST_WAIT_SECONDS, QUIET_FILE, KeptQuietTimes
    from engine.wiring.data.providers import APPLICATION
    from engine.wiring.live.board_maker import board_maker
    from engine.wiring.live.live_exchange import warn_of_open_keys
    from engine.wiring.live.live_start import start_live
    from engine.wiring.live.paper import PaperRun
    from engine.wiring.live.paper_folder import as_begun, make_folder, paper_folder, paper_journal
    from engine.wiring.live.paper_status import status_of
    from engine.wiring.live.surroundings import Surroundings
    from engine.wiring.live.watch import Watch

    watch = Watch(system_now)
    config = as_begun(config, out)
    folder = paper_folder(config, out)
    if not quiet:
        # Before the panel, on which a warning would be gone with the next notice.
        warn_of_open_keys(config, lambda words: typer.echo(words, err=True))
    with live_console(quiet=quiet) as console, progress_bar(quiet=True) as progress, ExitStack() as opened:
        around = Surroundings(
            now=system_now,
            pause=ending.pause,
            ending=ending.is_wanted,
            notice=watch.notice(console.notice),
            progress=progress,
            # Whoever starts it again and again waits by himself.
            longest_wait_seconds=LONGEST_WAIT_SECONDS if once else LONGEST_PAUSE_SECONDS,
            quiet=KeptQuietTimes(folder / QUIET_FILE),
            heads=platformdirs.user_state_path(APPLICATION) / "heads",
        )
        start = start_live(config, folder, around, accept_config=accept_config, rearm=rearm)
        make_folder(folder)
        store = opened.enter_context(
            paper_journal(
                start.config,
                folder,
                at=start.client.server_time(),
                accept_config=accept_config,
                synthetic=start.synthetic,
            )
        )
        if start.synthetic:
            console.notice(SYNTHETIC_FIRST_LINE)
        with one_sentence(folder):
            # Keys out of .env are not in the environment, where the log would look for them by itself.
            strike_out = start.credentials.strike_out if start.credentials else str
            write_log = opened.enter_context(run_log(folder / LOG_FILE, strike_out=strike_out))
        run = PaperRun(
            start.config,
            folder,
            write_log,
            around,
            client=start.client,
            store=store,
            watch=watch,
            synthetic=start.synthetic,
            told=_tell_troubles(console.notice),
            context=board_maker(start.config, around, every=board),
            label=label,
        )
        begun = len(run.events)
        status = status_of(run, watch, start.config, folder)
        console.follow(status)
        report = run.run(once=once, rearm=rearm)
        if start.synthetic:
            console.notice(SYNTHETIC_LAST_LINE)
    done = Past().after_all(run.events[begun:])
    # The thread that drew the panel is gone: one thread asks, as it should be.
    words = closing_words(done, status())
    result = make_console(quiet=quiet)
    with framed(result, synthetic=run.synthetic):
        print_closing(result, words, folder=folder, report=report)


def _check_thesis(config: "Config") -> None:
    """Refuse a board of a strategy without a thesis before anything else is looked at."""
    from engine.settings.registry import strategy_of
    from engine.wiring.data.systems import systems_to_see

    systems_to_see(config, strategy_of(config), every=True)


def _check_label(config: "Config", label: str, out: Path) -> None:
    """Refuse another label than that of the run's first start before anything else is looked at."""
    from engine.wiring.live.paper_folder import as_begun, check_label, paper_folder

    check_label(paper_folder(as_begun(config, out), out), label)


def _tell_troubles(notice: Callable[[str], None]) -> "Callable[[LogLine], None]":
    """Say each trouble as it is written, where lines are shown; a panel shows them among its incidents."""

    def tell(line: "LogLine") -> None:
        if line.level == "WARNING":
            notice(f"{line.at:%Y-%m-%d %H:%M} {line.text}")

    return tell
