"""`dashboard`: a read-only local page over the run folders, until it is interrupted."""

import os
from functools import partial
from typing import Annotated

import typer

from engine.commands.options import DEFAULT_OUT, Assignments, OutFolder, Quiet
from engine.core.errors import ConfigError

DEFAULT_PORT = 8080


def dashboard(
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")] = (
        DEFAULT_PORT
    ),
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Where to listen; any but a loopback address wants ALTFUSE_DASHBOARD_TOKEN in the environment.",
        ),
    ] = "127.0.0.1",
    assignments: Assignments = None,  # noqa: ARG001 - every command takes --set; here is no configuration to set
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Show all runs, and what a running bot is at, in a browser; read only; end it with Ctrl-C."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: is no folder; name the folder of the run folders")

    from engine.dashboard.access import TOKEN_VARIABLE, Access
    from engine.dashboard.server import serve
    from engine.machine.serving import serve_until_signalled

    # Whoever sets it empty wants none.
    access = Access(host=host, token=os.environ.get(TOKEN_VARIABLE) or None)

    def say(url: str) -> None:
        if not quiet:
            token = " with the token" if access.token is not None else ""
            typer.echo(f"dashboard of {out} at {url}{token}; Ctrl-C ends it")

    def warn(line: str) -> None:
        typer.echo(line, err=True)

    serve_until_signalled(partial(serve, out, access, port=port, warn=warn), started=say)
