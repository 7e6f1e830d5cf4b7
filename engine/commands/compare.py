"""`compare`: several configurations on the same bars, side by side."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.loading import load_config, say_own_files
from engine.commands.options import DEFAULT_OUT, Assignments, FromDay, OutFolder, Quiet, ToDay
from engine.core.errors import ConfigError

if TYPE_CHECKING:
    from engine.wiring.backtest.compare import Asked

FILE_ENDINGS = (".yaml", ".yml")


def compare(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="YAML file, e.g. config/rotation.yaml.", show_default=False)
    ],
    further: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONFIG|KEY=VALUE]...",
            help="Further YAML files; each KEY=VALUE is one more run of CONFIG, with this key set.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the runs as JSON.")] = False,
    from_day: FromDay = None,
    to_day: ToDay = None,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Run several configurations on the same bars and show them side by side; --set and dates hold for all."""
    asked = _asked([config, *(further or ())], assignments or (), from_day, to_day)
    say_own_files(quiet=quiet)

    from engine.clock import system_now
    from engine.record.review.plain import plain_runs
    from engine.record.run_folder import whole_folder
    from engine.report.console import make_console, progress_bar
    from engine.report.html.compare_page import write_compare_page
    from engine.report.side_by_side import print_runs
    from engine.wiring.backtest.compare import compare as run_all

    console = make_console(quiet=quiet)
    with whole_folder(out, f"compare-{system_now():%Y%m%dT%H%M%SZ}") as folder:
        with progress_bar(quiet=quiet) as progress:
            runs = run_all(asked, now=system_now, progress=progress, studies=out)
        page = write_compare_page(folder(), runs)
    if as_json:
        text = json.dumps(plain_runs(runs), indent=2, ensure_ascii=False, allow_nan=False)
        console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)
    else:
        print_runs(console, runs, page=folder() / page.name)


def _asked(
    configs: Sequence[str], assignments: Sequence[str], from_day: str | None, to_day: str | None
) -> "list[Asked]":
    """Give the configuration of each argument, by its label.

    Raises:
        ConfigError: the first is no file; one is neither a file nor KEY=VALUE; a configuration is wrong.
    """
    from engine.record.review.side_by_side import numbered
    from engine.wiring.backtest.compare import Asked

    first = configs[0]
    if not _is_file(first):
        raise ConfigError(f"CONFIG {first!r}: is no file; the first argument is a YAML file like config/rotation.yaml")
    found = []
    labels = numbered([Path(each).stem if _is_file(each) else each.strip() for each in configs])
    for text, label in zip(configs, labels, strict=True):
        is_file = _is_file(text)
        if not is_file and "=" not in text:
            raise ConfigError(
                f"{text!r}: is neither a file nor KEY=VALUE; name a YAML file, or a key like strategy.hold_weeks=12"
            )
        path, own = (Path(text), ()) if is_file else (Path(first), (text,))
        try:
            # What a run is about wins over what holds for all.
            config = load_config(path, [*assignments, *own], from_day=from_day, to_day=to_day, quiet=True)
        except ConfigError as error:
            named = str(path) if is_file else label
            raise ConfigError(str(error) if str(error).startswith(named) else f"{named}: {error}") from error
        found.append(Asked(label=label, config=config))
    return found


def _is_file(text: str) -> bool:
    try:
        return text.endswith(FILE_ENDINGS) or Path(text).is_file()
    except (OSError, ValueError):
        # A name that is too long, or holds a NUL.
        return False
