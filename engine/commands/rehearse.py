"""`rehearse`: practice exchange and bot together, its days moved by itself."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.ending import Ending, ended_by_signals
from engine.commands.options import DEFAULT_OUT, Assignments, ConfigOrDefault, OutFolder, Quiet
from engine.core.errors import VenueError

if TYPE_CHECKING:
    from engine.practice.exchange import PracticeExchange
    from engine.record.paper_folder import LogWriter
    from engine.record.run_log import LogLine
    from engine.settings.config import Config
    from engine.venues.exchange import Keys
    from engine.wiring.practice.rehearsal import RehearsalPlan


@dataclass(frozen=True, kw_only=True)
class _Wishes:
    """What was typed, beside the configuration; page: whether the page over the run folders is served as well."""

    data: Path | None
    from_day: date | None
    speed: float
    port: int
    page: bool
    out: Path
    quiet: bool


def rehearse(
    config: ConfigOrDefault = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder of BTC.csv, RUT.csv, …; without it the sample market."),
    ] = None,
    from_day: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="First decision day; without it some days before the last entry."),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", metavar="N", min=0, help="Days a second; 0: as fast as it goes.")
    ] = 2.0,
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Serve the page over the run folders as well.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Of the practice exchange; 0 takes a free one.")
    ] = 0,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Rehearse paper trading on this machine: a practice exchange and the bot, no network, no keys, day by day."""
    from engine.commands.loading import given_day, load_config
    from engine.wiring.practice.exchange import checked_speed

    loaded = load_config(config, assignments, quiet=quiet)
    wishes = _Wishes(
        data=data,
        from_day=given_day("--from", from_day),
        speed=checked_speed(speed),
        port=port,
        page=dashboard,
        out=out,
        quiet=quiet,
    )
    with ended_by_signals() as ending:
        plan = _plan(loaded, wishes)
        if ending.is_wanted():
            # Nothing is begun yet, and nothing is left behind.
            if not quiet:
                typer.echo("ended before the first day was played", err=True)
            return
        try:
            _play(plan, wishes, ending)
        except VenueError:
            # The end cuts waits short, and with them the tries of a question; the journal has what is open.
            if not ending.is_wanted():
                raise


def _plan(config: "Config", wishes: _Wishes) -> "RehearsalPlan":
    from engine.clock import system_now
    from engine.report.console import progress_bar
    from engine.wiring.practice.rehearsal import plan_rehearsal

    with progress_bar(quiet=wishes.quiet) as progress:
        return plan_rehearsal(config, data=wishes.data, from_day=wishes.from_day, now=system_now, progress=progress)


def _play(plan: "RehearsalPlan", wishes: _Wishes, ending: Ending) -> None:
    from engine.clock import system_now
    from engine.dashboard.access import TOKEN_VARIABLE
    from engine.practice.server import PracticeServer
    from engine.record.run_folder import growing_folder, one_shot_name
    from engine.record.run_record import REHEARSAL
    from engine.report.closing import print_closing
    from engine.report.console import make_console
    from engine.report.synthetic import framed
    from engine.wiring.live.page import page_server
    from engine.wiring.practice.rehearsal import make_credentials, open_exchange

    console = make_console(quiet=wishes.quiet)
    key, credentials = make_credentials()
    with ExitStack() as shown:
        with ExitStack() as opened:
            exchange = open_exchange(plan, key, wall=system_now)
            server = opened.enter_context(PracticeServer(exchange, port=wishes.port))
            token = os.environ.get(TOKEN_VARIABLE) or None
            page = opened.enter_context(page_server(wishes.out, token=token)).url if wishes.page else ""
            name = one_shot_name(REHEARSAL, plan.config.name, system_now())
            folder = opened.enter_context(growing_folder(wishes.out, name))
            lines = [f"rehearsal from {plan.first_day} to {plan.last_day}, practice exchange at {server.url}"]
            lines += [f"dashboard of {wishes.out} at {page}"] if page else []
            shown.enter_context(framed(console, synthetic=plan.synthetic))
            for line in lines:
                # An address is what people copy: it is never broken over two lines.
                console.print(line, markup=False, soft_wrap=True)
            words, report = _trade(
                plan,
                wishes,
                ending,
                exchange=exchange,
                url=server.url,
                page=page,
                folder=folder,
                credentials=credentials,
            )
        print_closing(console, words, folder=folder, report=report)


def _trade(
    plan: "RehearsalPlan",
    wishes: _Wishes,
    ending: Ending,
    *,
    exchange: "PracticeExchange",
    url: str,
    page: str,
    folder: Path,
    credentials: "Keys",
) -> tuple[str, Path | None]:
    """Play the days, and give what is to be said of them, and the report.

    Args:
        url: of the exchange; page: the address of the page over the run folders, empty without one.
    """
    from engine.clock import system_now
    from engine.logs import run_log
    from engine.record.run_files import LOG_FILE
    from engine.record.run_record import REHEARSAL
    from engine.report.closing import fills_words
    from engine.report.console import progress_bar
    from engine.report.live import closing_words, live_console
    from engine.report.live_status import Past
    from engine.wiring.live.board_maker import board_maker
    from engine.wiring.live.paper import PaperRun
    from engine.wiring.live.paper_folder import paper_journal
    from engine.wiring.live.paper_status import status_of
    from engine.wiring.live.surroundings import Surroundings
    from engine.wiring.live.watch import Watch
    from engine.wiring.practice.rehearsal import make_client, on_practice, play

    watch = Watch(system_now)
    config = on_practice(plan.config, url)
    with live_console(quiet=wishes.quiet) as console, progress_bar(quiet=True) as progress, ExitStack() as opened:
        around = Surroundings(
            now=system_now,
            pause=ending.pause,
            ending=ending.is_wanted,
            notice=watch.notice(console.notice),
            progress=progress,
        )
        client = opened.enter_context(closing(make_client(config, credentials, around)))
        at = client.server_time()
        store = opened.enter_context(
            paper_journal(config, folder, at=at, accept_config=False, synthetic=plan.synthetic)
        )
        write_log = opened.enter_context(run_log(folder / LOG_FILE, strike_out=credentials.strike_out))
        run = PaperRun(
            config,
            folder,
            _also_shown(write_log, console.notice),
            around,
            client=client,
            store=store,
            watch=watch,
            synthetic=plan.synthetic,
            mode=REHEARSAL,
            context=board_maker(config, around, every=False),
        )
        status = status_of(run, watch, config, folder, page=page)
        console.follow(status)
        report = play(run, exchange, plan, around, speed=wishes.speed)
    done = Past().after_all(run.events)
    # The thread that drew the panel is gone: one thread asks, as it should be. There is no later day to be decided.
    return f"{closing_words(done, replace(status(), next_day=None))}{fills_words(run.events)}", report


def _also_shown(write_log: "LogWriter", notice: Callable[[str], None]) -> "LogWriter":
    """Show the lines of the log as they are written, where lines are shown: days go by while somebody looks."""

    def write(lines: "Iterable[LogLine]") -> None:
        for line in lines:
            write_log([line])
            if line.level != "DEBUG":
                notice(f"{line.at:%Y-%m-%d %H:%M} {line.text}")

    return write
