"""The command line: finds the command, and turns errors into one sentence and an exit code.

Nothing heavy is imported here; a command imports what it needs when it is called.
"""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

import typer

from engine import __version__
from engine.commands import (
    backtest,
    compare,
    config,
    context,
    dashboard,
    exchange,
    explain,
    init,
    paper,
    parity,
    rehearse,
    review,
    study,
    verify,
)
from engine.commands.options import with_strategies
from engine.commands.program import program_name
from engine.core.errors import ConfigError, EngineError
from engine.machine.output import guard_outputs

MAX_ERROR_LINES = 3
INTERRUPTED = 130

app = typer.Typer(
    name="engine",
    help="Paper-trading bot: a Russell 2000 breakout and a BTC weekly MACD golden cross rotate BTC into altcoins. "
    "Simulation and paper trading only; not investment advice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("backtest")(with_strategies(backtest.backtest))
app.command("paper")(with_strategies(paper.paper))
app.command("rehearse")(with_strategies(rehearse.rehearse))
app.command("parity")(with_strategies(parity.parity))
app.command("compare")(with_strategies(compare.compare))
app.command("study")(with_strategies(study.study))
app.command("explain")(with_strategies(explain.explain))
app.command("context")(with_strategies(context.context))
app.command("review")(with_strategies(review.review))
app.command("verify")(with_strategies(verify.verify))
app.command("exchange")(with_strategies(exchange.exchange))
app.command("dashboard")(with_strategies(dashboard.dashboard))
app.command("init")(with_strategies(init.init))
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"engine {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),  # noqa: FBT001, FBT003
) -> None:
    pass


def main() -> NoReturn:
    """Run a command and exit: 0 done, 2 usage or configuration, 3 data, 4 venue, 5 a check failed."""
    # Nothing here multiplies matrices; starting a thread a core for it costs a tenth of a backtest.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Nobody's plugin reads along; looking for some among all that is installed costs a fortieth.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    guard_outputs()
    try:
        _run()
    finally:
        # What an error has cut short may be full or gone as well; the error is said, and its code stays.
        with suppress(ConfigError, SystemExit):
            sys.stdout.flush()
        # The process ends: searching all it holds for cycles a last time costs another fifth.
        gc.freeze()


def _run() -> NoReturn:
    try:
        code = _called()
        # Here, where what cannot be written is still a sentence.
        sys.stdout.flush()
    except EngineError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        _complain(f"{error.format_message().rstrip('.')} (see --help)")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        _complain("interrupted")
        sys.exit(INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _called() -> object:
    """Run what was typed; where that names no command, print how to name one."""
    try:
        return app(prog_name=program_name(), standalone_mode=False)
    except typer.TyperException as error:
        if type(error).__name__ != "NoArgsIsHelpError":
            raise
        typer.echo(error.format_message())
        return 2


def _complain(message: str) -> None:
    from engine.report.printable import printable  # noqa: PLC0415 - wanted where something went wrong only

    # A name of a folder, or what an exchange says, may hold what a terminal would act on.
    lines = [printable(line) for line in message.splitlines() if line.strip()][:MAX_ERROR_LINES]
    typer.echo("\n".join(["error: " + (lines[0] if lines else "unknown"), *lines[1:]]), err=True)
