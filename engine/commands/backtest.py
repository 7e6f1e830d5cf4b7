"""`backtest`: history -> run folder and summary."""

import gc
from typing import Annotated

import typer

from engine.commands.loading import given_label, load_config
from engine.commands.options import (
    DEFAULT_OUT,
    Assignments,
    ConfigOrDefault,
    Context,
    FromDay,
    Label,
    OutFolder,
    Quiet,
    ToDay,
)


def backtest(
    config: ConfigOrDefault = None,
    from_day: FromDay = None,
    to_day: ToDay = None,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
    context: Context = False,
    label: Label = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Skip report.html.")] = False,
) -> None:
    """Run the strategy over history and write a run folder."""
    # Two seconds of work leave no cycles worth a search; the collector would run hundreds of times over the imports.
    gc.disable()
    called = given_label(label)
    loaded = load_config(config, assignments, from_day=from_day, to_day=to_day, quiet=quiet)

    from engine.clock import system_now
    from engine.record.run_folder import one_shot_name, whole_folder
    from engine.report.console import progress_bar
    from engine.wiring.backtest.backtest import backtest as run_backtest
    from engine.wiring.backtest.backtest_folder import write_backtest

    with whole_folder(out, one_shot_name("backtest", loaded.name, system_now())) as folder:
        with progress_bar(quiet=quiet) as progress:
            if context:
                from engine.wiring.analysis.context import backtest_with_board

                run = backtest_with_board(loaded, now=system_now, progress=progress, studies=out, label=called)
            else:
                run = run_backtest(loaded, now=system_now, progress=progress, label=called, studies=out)
            if run.uses_systems and not context:
                from engine.wiring.analysis.context import with_used_systems

                run = with_used_systems(run)
        aligned = None
        if not no_report:
            from engine.wiring.backtest.aligned import aligned_of

            aligned = aligned_of(run)
        write_backtest(folder(), run, aligned=aligned)
        if not no_report:
            from engine.report.html.page import write_report

            write_report(folder())
    if not quiet:
        from engine.record.projections import own_fills
        from engine.record.review.round_trips import round_trips_of
        from engine.report.console import make_console
        from engine.report.terminal import print_backtest

        core = run.strategy.universe.core

        print_backtest(
            make_console(quiet=quiet),
            summary=run.summary,
            rotations=run.rotations,
            trips=round_trips_of(run.days, own_fills(run.fills), core=core),
            waiting=run.waiting,
            core=core,
            gaps=run.market.gaps,
            folder=folder(),
            has_report=not no_report,
            aligned=aligned,
        )
