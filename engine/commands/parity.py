"""`parity`: history through the live path, compared with the backtest."""

from engine.commands.loading import load_config
from engine.commands.options import DEFAULT_OUT, Assignments, ConfigPath, FromDay, OutFolder, Quiet, ToDay


def parity(
    config: ConfigPath,
    from_day: FromDay = None,
    to_day: ToDay = None,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Replay history through the live path on a practice exchange, and compare it with the backtest."""
    loaded = load_config(config, assignments, from_day=from_day, to_day=to_day, quiet=quiet)

    from engine.clock import system_now
    from engine.core.errors import CheckError
    from engine.record.run_folder import one_shot_name, whole_folder
    from engine.report.attribution import print_parity
    from engine.report.console import make_console, progress_bar
    from engine.wiring.analysis.parity import parity as run_parity
    from engine.wiring.analysis.parity import write_parity

    with whole_folder(out, one_shot_name("parity", loaded.name, system_now())) as folder:
        with progress_bar(quiet=quiet) as progress:
            run = run_parity(loaded, folder=folder(), now=system_now, progress=progress)
        write_parity(folder(), run)
    print_parity(make_console(quiet=quiet), summary=run.summary(), folder=folder())
    unexplained = run.comparison.unexplained
    if unexplained:
        more = f" (and {len(unexplained) - 1} more)" if len(unexplained) > 1 else ""
        raise CheckError(f"{unexplained[0].day}: {unexplained[0].kind}: {unexplained[0].what}{more}")
