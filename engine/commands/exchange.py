"""`exchange`: a practice exchange on loopback, until it is interrupted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.practice.exchange import PracticeExchange

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
) -> None:
    """Run a Binance-compatible practice exchange on 127.0.0.1; end it with Ctrl-C."""
    from engine.clock import system_now
    from engine.practice.signatures import make_hmac_key
    from engine.wiring.exchange import instant_of_option, practice_exchange, practice_market

    start = None if at is None else instant_of_option(at)
    market = practice_market(data)
    key = make_hmac_key()
    opened = practice_exchange(market, keys=[key], wall=system_now, at=start, speed=speed)

    def say(url: str) -> None:
        typer.echo(
            f"practice exchange at {url}, {market.source}, clock at {opened.now:%Y-%m-%d %H:%M} UTC; keys made for "
            f"this process, worthless elsewhere: BINANCE_TESTNET_API_KEY={key.name} "
            # Nothing stands right after the secret that would be copied along.
            f"BINANCE_TESTNET_API_SECRET={key.secret}\n"
            "point the bot at it: python -m engine paper CONFIG "
            f"--venue binance-testnet --set venue.base_url={url} --set data.crypto=venue"
        )

    _serve_until_signalled(opened, port=port, say=say)
    if market.synthetic:
        typer.echo("practice exchange closed; its market was synthetic")


def _serve_until_signalled(opened: "PracticeExchange", *, port: int, say: "Callable[[str], None]") -> None:
    import asyncio
    import signal

    from engine.practice.server import LOOPBACK, serve

    async def run() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        await serve(opened, address=(LOOPBACK, port), started=say, ended=ended)

    asyncio.run(run())
