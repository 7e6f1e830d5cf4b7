"""`explain`: why a day was decided as it was, and what kept the strategy from trading."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.loading import given_day, load_config, say_own_files
from engine.commands.options import DEFAULT_OUT, Assignments, OutFolder, Quiet
from engine.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from engine.wiring.analysis.explain_past import Past


def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG|RUN", help="YAML file, or a run folder: a path, or a name under --out.", show_default=False
        ),
    ],
    day: Annotated[str | None, typer.Option("--day", metavar="DATE", help="The decision day to explain.")] = None,
    blocked: Annotated[
        bool, typer.Option("--blocked", help="Count which condition alone kept it from trading.")
    ] = False,
    from_day: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="With --blocked: count from this day on.")
    ] = None,
    to_day: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="With --blocked: count up to this day.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Tell why it traded, or did not, on a day, and what would have made the difference."""
    # As in a backtest: the collector would run hundreds of times over the imports.
    gc.disable()
    wanted, first, last = given_day("--day", day), given_day("--from", from_day), given_day("--to", to_day)
    if blocked == (wanted is not None):
        raise ConfigError("explain: either --day DATE or --blocked is wanted")
    if not blocked and (first or last):
        raise ConfigError("explain: --from and --to are for --blocked; --day names one day")

    from engine.report.console import make_console

    days = (first, last) if wanted is None else (wanted, wanted)
    past = _past(target, assignments, out, days, quiet=quiet)
    console = make_console(quiet=quiet)

    from engine.report.explanation import blocked_values, day_values, print_blocked, print_day
    from engine.wiring.analysis.explain import explain_blocked, explain_day

    if wanted is not None:
        explained = explain_day(past, wanted)
        if as_json:
            console.print_json(data=day_values(explained))
        else:
            print_day(console, explained)
    else:
        counted = explain_blocked(past, first=first, last=last)
        if as_json:
            console.print_json(data=blocked_values(counted))
        else:
            print_blocked(console, counted)


def _past(
    target: str,
    assignments: "Sequence[str] | None",
    out: Path,
    days: "tuple[date | None, date | None]",
    *,
    quiet: bool,
) -> "Past":
    folder = next((path for path in (Path(target), out / target) if path.is_dir()), None)
    if folder is None and not Path(target).exists() and Path(target).suffix not in (".yaml", ".yml"):
        raise ConfigError(
            f"CONFIG|RUN {target!r}: there is no such file, and no such folder here or in {out}; "
            "name a configuration or a run folder"
        )

    from engine.clock import system_now
    from engine.report.console import progress_bar
    from engine.wiring.analysis.explain_past import past_of_config, past_of_run

    first, last = days
    with progress_bar(quiet=quiet) as progress:
        if folder is None:
            config = load_config(Path(target), assignments, quiet=quiet)
            return past_of_config(config, now=system_now, progress=progress, first=first, last=last)
        past = past_of_run(folder, assignments or (), now=system_now, progress=progress, first=first, last=last)
    say_own_files(quiet=quiet)
    return past
