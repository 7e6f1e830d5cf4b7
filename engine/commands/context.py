"""`context`: where the thesis stands on a day, or on every day of a span."""

import gc
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.loading import given_day, load_config
from engine.commands.options import DEFAULT_OUT, Assignments, ConfigOrDefault, OutFolder, Quiet
from engine.core.errors import ConfigError

if TYPE_CHECKING:
    from engine.settings.config import Config


def context(
    config: ConfigOrDefault = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DATE", help="The day to show; default: the last decision day.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    from_day: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Write context.csv, from this day on.")
    ] = None,
    to_day: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Write context.csv, up to this day.")
    ] = None,
    all_days: Annotated[
        bool, typer.Option("--all-days", help="With --from or --to: a row a day, not only where the state changes.")
    ] = False,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Show where the thesis stands: every system, lit or not, since when, and what it needs."""
    # As in a backtest: the collector would run hundreds of times over the imports.
    gc.disable()
    wanted, first, last = given_day("--day", day), given_day("--from", from_day), given_day("--to", to_day)
    is_span = first is not None or last is not None
    if is_span and (wanted is not None or as_json):
        raise ConfigError(
            f"--from and --to write context.csv; {'--day' if wanted is not None else '--json'} does not go with them"
        )
    if all_days and not is_span:
        raise ConfigError("--all-days is for --from and --to; without them one day is shown")
    if first and last and first > last:
        raise ConfigError(f"--from {first}: lies after --to {last}")
    loaded = load_config(config, assignments, quiet=quiet)
    if is_span:
        _write(loaded, out, first, last, all_days=all_days, quiet=quiet)
    else:
        _show(loaded, out, wanted, as_json=as_json, quiet=quiet)


def _show(config: "Config", out: Path, day: date | None, *, as_json: bool, quiet: bool) -> None:
    from engine.clock import system_now
    from engine.report.console import make_console, progress_bar
    from engine.report.context import print_stand, stand_values
    from engine.wiring.analysis.context import see
    from engine.wiring.backtest.quoted_study import verdicts_of_bars

    with progress_bar(quiet=quiet) as progress:
        seen = see(config, now=system_now, progress=progress)
        verdicts = verdicts_of_bars(out, seen.market.history, seen.strategy.universe)
        stand = seen.stand_on(day, verdicts=verdicts, now=system_now, progress=progress)
    console = make_console(quiet=quiet)
    if as_json:
        text = json.dumps(stand_values(stand), indent=2, ensure_ascii=False)
        console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)
    else:
        print_stand(console, stand)


def _write(config: "Config", out: Path, first: date | None, last: date | None, *, all_days: bool, quiet: bool) -> None:
    from engine.clock import system_now
    from engine.record.context_file import in_order, write_context
    from engine.record.run_files import CONTEXT_FILE
    from engine.record.run_folder import one_shot_name, whole_folder
    from engine.report.console import make_console, progress_bar
    from engine.report.synthetic import framed
    from engine.wiring.analysis.context import see

    with progress_bar(quiet=quiet) as progress:
        context = (seen := see(config, now=system_now, progress=progress)).context
    core = context.core
    begin, end = max(first or core.first_day, core.first_day), min(last or core.last_day, core.last_day)
    if begin > end:
        raise ConfigError(
            f"--from {first or core.first_day} --to {last or core.last_day}: {core.symbol} has no bar between them; "
            f"the days are {core.first_day} to {core.last_day}"
        )
    with whole_folder(out, one_shot_name("context", config.name, system_now())) as folder:
        rows = in_order([system.states(begin, end, all_days=all_days) for system in context.systems])
        write_context(folder() / CONTEXT_FILE, rows)
    console = make_console(quiet=quiet)
    with framed(console, synthetic=seen.synthetic):
        console.print(f"{len(context.systems)} systems, {begin} to {end}", highlight=False)
        console.print(f"written: {folder() / CONTEXT_FILE}", soft_wrap=True, markup=False, highlight=False)
