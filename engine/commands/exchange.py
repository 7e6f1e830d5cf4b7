"""`exchange`: a practice exchange on loopback, until it is interrupted."""

import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.options import DEFAULT_OUT, Assignments, OutFolder, Quiet

if TYPE_CHECKING:
    from engine.practice.exchange import PracticeExchange
    from engine.practice.signatures import HmacKey
    from engine.wiring.practice.exchange import PracticeMarket

DEFAULT_PORT = 8765


def exchange(
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")] = (
        DEFAULT_PORT
    ),
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder of BTC.csv, ETH.csv, …; without it the sample market."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="DATE", help="Where its clock starts; without it a year before the last bar."),
    ] = None,
    speed: Annotated[
        float,
        typer.Option("--speed", metavar="N", min=0, help="Seconds there for one here; 0 stands still until steered."),
    ] = 1.0,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Run a Binance-compatible practice exchange on 127.0.0.1; end it with Ctrl-C."""
    from engine.clock import system_now
    from engine.machine.serving import serve_until_signalled
    from engine.practice.server import LOOPBACK, serve
    from engine.practice.signatures import make_hmac_key
    from engine.wiring.practice.exchange import (
        checked_speed,
        instant_of_option,
        practice_exchange,
        practice_market,
        settings_of,
    )

    settings = settings_of(assignments or ())
    start = None if at is None else instant_of_option(at)
    market = practice_market(data, index=settings.index)
    key = make_hmac_key()
    opened = practice_exchange(
        market,
        keys=[key],
        wall=system_now,
        at=start,
        speed=checked_speed(speed),
        allowance=settings.allowance,
        commission=settings.commission,
        slippage=settings.slippage,
    )

    def say(url: str) -> None:
        if not quiet:
            bot = _command(url, data, market, assignments or (), out)
            _introduce(opened, market, url=url, key=key, bot=bot)
            if data is not None and not (data / f"{settings.index}.csv").exists():
                typer.echo(f"the bot also wants {data / settings.index}.csv, the index, which is not there")

    serve_until_signalled(partial(serve, opened, address=(LOOPBACK, port)), started=say)
    if market.synthetic and not quiet:
        typer.echo("practice exchange closed; its market was synthetic")


def _introduce(opened: "PracticeExchange", market: "PracticeMarket", *, url: str, key: "HmacKey", bot: str) -> None:
    typer.echo(f"practice exchange at {url}, {market.source}, clock at {opened.now:%Y-%m-%d %H:%M} UTC")
    from engine.practice.api import SPEAKS_AS
    from engine.report.printable import printable
    from engine.wiring.live.live_venue import venue_named

    for line in market.left_out:
        # Named by whoever made the file, who may have put into the name what a terminal acts on.
        typer.echo(f"not served: {printable(line)}")
    typer.echo("in another terminal, with keys made for this process and worthless elsewhere:")
    # Lines to be copied: each stands alone, and nothing right after a secret would be copied along.
    for name, value in zip(venue_named(SPEAKS_AS).exchange.key_names, (key.name, key.secret), strict=True):
        typer.echo(f"export {name}={value}")
    typer.echo(bot)
    if opened.clock.stands_still:
        typer.echo("its clock stands until it is moved; a day on:")
        typer.echo(f"curl -d '{{\"advance_seconds\": 86400}}' {url}/practice/clock")


def _command(url: str, data: Path | None, market: "PracticeMarket", assignments: Sequence[str], out: Path) -> str:
    """Give the command that sets a bot on this exchange.

    The bot has no grace: it decides a day at the first instant of the next one, where the clock starts and where a
    step of a day leads, so that orders fill on that day.
    """
    from engine.practice.api import SPEAKS_AS
    from engine.settings.yaml_core import quoted

    provider = "sample" if market.synthetic else "csv"
    settings = {
        "venue.base_url": url,
        "data.crypto": provider,
        "data.index": provider,
        **({} if data is None else {"data.csv_dir": quoted(str(data.absolute()))}),
        "live.grace_seconds": "0",
        "live.poll_seconds": "1",
    }
    assigned = [*assignments, *(f"{key}={value}" for key, value in settings.items())]
    words = [
        *(_shortest(Path(sys.executable)), "-m", "engine", "paper"),
        *("--venue", SPEAKS_AS),
        *(["--out", str(out)] if out != DEFAULT_OUT else []),
        *(word for each in assigned for word in ("--set", each)),
    ]
    return shlex.join(words)


def _shortest(path: Path) -> str:
    """Name a file from here, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
