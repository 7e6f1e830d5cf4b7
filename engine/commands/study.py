"""`study`: every claim of the thesis that can be tested, tested on the record."""

import difflib
import json
from collections.abc import Collection
from typing import Annotated

import typer

from engine.commands.loading import given_day, load_config
from engine.commands.options import DEFAULT_OUT, Assignments, ConfigOrDefault, OutFolder, Quiet
from engine.core.errors import ConfigError


def study(
    config: ConfigOrDefault = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ROW", help="Show these rows only, e.g. 001-8; repeatable, or with commas."),
    ] = None,
    to_day: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Cut every series at this day.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print study.json.")] = False,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Test the thesis's claims on the data, honestly: n before the effect, one family, one verdict a row."""
    from engine.analysis.study.claims import CLAIMS
    from engine.analysis.study.distributions import require

    rows = _rows(only or (), {claim.row for claim in CLAIMS} | {"001-14"})
    until = given_day("--to", to_day)
    loaded = load_config(config, assignments, quiet=quiet)
    require()

    from engine.analysis.study.plain import plain_study
    from engine.clock import system_now
    from engine.record.run_files import STUDY_FILE
    from engine.record.run_folder import one_shot_name, whole_folder
    from engine.report.console import make_console, progress_bar
    from engine.report.html.study_page import write_study_page
    from engine.report.study import print_study
    from engine.wiring.analysis.study import study as run_study

    with whole_folder(out, one_shot_name("study", loaded.name, system_now())) as folder:
        with progress_bar(quiet=quiet) as progress:
            found = plain_study(run_study(loaded, to=until, now=system_now, progress=progress))
        text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (folder() / STUDY_FILE).write_text(text, encoding="utf-8")
        write_study_page(folder(), found)
    console = make_console(quiet=quiet)
    if as_json:
        console.print(text.rstrip("\n"), soft_wrap=True, markup=False, highlight=False, emoji=False)
    else:
        print_study(console, found, only=rows, folder=folder())


def _rows(only: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    rows = tuple(row.strip() for text in only for row in text.split(",") if row.strip())
    for row in rows:
        if row not in known:
            near = difflib.get_close_matches(row, sorted(known), n=1, cutoff=0.3)
            hint = f"did you mean {near[0]}?" if near else "rows are written like 001-8"
            raise ConfigError(f"--only {row!r} is not allowed: no claim of that row is tested; {hint}")
    return rows
