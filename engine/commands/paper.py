"""`paper`: live paper trading until a signal ends it."""

import signal
import threading
from typing import Annotated

import typer

from engine.commands.loading import load_config
from engine.commands.options import DEFAULT_OUT, Assignments, ConfigPath, OutFolder, Quiet


def paper(
    config: ConfigPath,
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
    loaded = load_config(config, assigned)

    from engine.clock import system_now
    from engine.logs import run_log
    from engine.report.console import live_console, progress_bar
    from engine.wiring.paper import PaperRun, Surroundings, credentials_of, exchange_client, paper_folder, paper_journal

    ended = threading.Event()

    def pause(seconds: float) -> None:
        ended.wait(seconds)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with live_console(quiet=quiet) as notice, progress_bar(quiet=True) as progress:
        around = Surroundings(
            now=system_now,
            pause=pause,
            ending=ended.is_set,
            notice=notice,
            progress=progress,
        )
        credentials = credentials_of(loaded)
        client = exchange_client(loaded, credentials, around)
        folder = paper_folder(loaded, out)
        with (
            paper_journal(loaded, folder, at=client.server_time(), accept_config=accept_config) as store,
            run_log(folder / "run.log") as write_log,
        ):
            PaperRun(loaded, folder, write_log, around, client=client, store=store).run(once=once)
    if not quiet:
        typer.echo(f"files: {folder}")
