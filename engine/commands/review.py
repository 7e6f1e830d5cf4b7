"""`review`: what a run did, for a person or as JSON; the list of runs; two runs compared, or more side by side."""

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.loading import given_day, say_own_files
from engine.commands.options import DEFAULT_OUT, Assignments, OutFolder, Quiet
from engine.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from engine.record.review.selection import Selection


def review(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Run folder: a path, or a name under --out. Default: the newest."),
    ] = None,
    other: Annotated[
        str | None, typer.Argument(metavar="[RUN2]", help="A second run, to compare with.", show_default=False)
    ] = None,
    further: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN3]...", help="Further ones: all are shown side by side.", show_default=False),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the runs under --out, newest first.")] = False,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="Show the last N rows of each table.")
    ] = None,
    from_day: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First decision day to show.")] = None,
    to_day: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last decision day to show.")] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", metavar="ETH", help="Only this coin.")] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="WORD", help="Only this reason: entry, support_lost ...")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Write report.html into the run folder.")] = False,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Compare a paper run with the backtest of its days.")
    ] = False,
    export: Annotated[
        str | None, typer.Option("--export", metavar="KIND", help="Print the ledger: csv, beancount or returns.")
    ] = None,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> int:
    """Review a run: what happened lately, rotations, fills, what was held, costs, warnings, incidents."""
    wanted = [("--list", show_list), ("--html", html), ("--reconcile", reconcile), ("--export", export is not None)]
    _check_uses(wanted, run=run, other=other, as_json=as_json)
    selection = _selection(from_day, to_day, symbol, reason, last)

    from engine.report.console import make_console

    console = make_console(quiet=quiet)
    if show_list:
        _list(console, out, as_json=as_json)
        return 0
    folder = _folder(run, out, quiet=quiet)
    if other is not None and further:
        _side_by_side(
            console, [folder, *(_folder(each, out, quiet=quiet) for each in (other, *further))], as_json=as_json
        )
    elif other is not None:
        _compare(console, folder, _folder(other, out, quiet=quiet), as_json=as_json)
    elif html:
        _write_report(console, folder, quiet=quiet)
    elif reconcile:
        return _reconcile(console, folder, assignments or (), as_json=as_json, quiet=quiet)
    elif export is not None:
        _export(console, folder, export)
    else:
        _review(console, folder, selection, as_json=as_json)
    return 0


def _check_uses(wanted: list[tuple[str, bool]], *, run: str | None, other: str | None, as_json: bool) -> None:
    named = [option for option, is_wanted in wanted if is_wanted]
    if len(named) > 1:
        raise ConfigError(f"{named[0]} and {named[1]} do not go together; ask for one at a time")
    if named and other is not None:
        raise ConfigError(f"{named[0]} takes one run; RUN2 {other!r} is for comparing two")
    if named == ["--list"] and run is not None:
        raise ConfigError(f"--list takes no RUN, and {run!r} was given; it lists what is in --out")
    if as_json and named and named[0] in ("--html", "--export"):
        raise ConfigError(f"{named[0]} and --json do not go together; ask for one at a time")


def _selection(
    from_day: str | None, to_day: str | None, symbol: str | None, reason: str | None, last: int | None
) -> "Selection":
    from engine.record.review.selection import Selection

    first, until = given_day("--from", from_day), given_day("--to", to_day)
    if first and until and first > until:
        raise ConfigError(f"--from {first}: lies after --to {until}")
    asset = symbol.partition("/")[0].upper() if symbol is not None else None
    return Selection(first_day=first, last_day=until, asset=asset, reason=reason, most=last)


def _folder(run: str | None, out: Path, *, quiet: bool) -> Path:
    from engine.record.run_list import find_run, newest_run
    from engine.report.printable import printable

    if run is not None:
        return find_run(run, out)
    entry, damaged = newest_run(out)
    if damaged and not quiet:
        typer.echo(f"passed over, newer but not readable: {printable(damaged[0].folder.name)}: "
                   f"{printable(damaged[0].problem)}", err=True)  # fmt: skip
    return entry.folder


def _list(console: "Console", out: Path, *, as_json: bool) -> None:
    from engine.record.run_list import list_runs

    entries = list_runs(out)
    if not entries:
        raise ConfigError(f"--out {out}: there is no run yet; `backtest` and `paper` make some")
    if as_json:
        from engine.record.review.plain import plain_list

        _print_json(console, plain_list(entries))
    else:
        from engine.report.run_list import print_list

        print_list(console, entries, out)


def _review(console: "Console", folder: Path, selection: "Selection", *, as_json: bool) -> None:
    from engine.journal.lock import writer_of
    from engine.journal.sqlite import JOURNAL_FILE
    from engine.record.file_check import altered_in
    from engine.record.review.facts import review_of
    from engine.record.review.selection import checked_selection
    from engine.record.run_record import read_run

    record = read_run(folder)
    altered = () if record.journal is None else altered_in(folder, record.journal)
    reviewed = review_of(record, checked_selection(selection, record), altered=altered)
    writer = writer_of(folder / JOURNAL_FILE)
    if as_json:
        from engine.record.review.plain import plain_review

        _print_json(console, plain_review(reviewed, writer=writer))
    else:
        from engine.report.review import print_review

        print_review(console, reviewed, writer=writer)


def _compare(console: "Console", first: Path, second: Path, *, as_json: bool) -> None:
    from engine.record.review.comparison import compare_runs
    from engine.record.run_record import read_run

    comparison = compare_runs(read_run(first), read_run(second))
    if as_json:
        from engine.record.review.plain import plain_comparison

        _print_json(console, plain_comparison(comparison))
    else:
        from engine.report.run_comparison import print_comparison

        print_comparison(console, comparison)


def _side_by_side(console: "Console", folders: list[Path], *, as_json: bool) -> None:
    from engine.record.review.side_by_side import compared_records
    from engine.record.run_record import read_run

    runs = compared_records([read_run(folder) for folder in folders])
    if as_json:
        from engine.record.review.plain import plain_runs

        _print_json(console, plain_runs(runs))
    else:
        from engine.report.side_by_side import print_runs

        print_runs(console, runs)


def _write_report(console: "Console", folder: Path, *, quiet: bool) -> None:
    from engine.report.html.page import write_report

    write_report(folder)
    say_own_files(quiet=quiet)
    console.print(f"report: {folder / 'report.html'}", soft_wrap=True, markup=False)


def _reconcile(
    console: "Console", folder: Path, assignments: list[str] | tuple[()], *, as_json: bool, quiet: bool
) -> int:
    from engine.clock import system_now
    from engine.report.console import progress_bar
    from engine.wiring.analysis.reconcile import print_reconciliation

    with progress_bar(quiet=quiet) as progress:
        code = print_reconciliation(
            console, folder, assignments=assignments, as_json=as_json, now=system_now, progress=progress
        )
    say_own_files(quiet=quiet)
    return code


def _export(console: "Console", folder: Path, kind: str) -> None:
    from engine.wiring.analysis.export import export_run

    text = io.StringIO(newline="")
    export_run(folder, kind, to=text)
    if console.quiet:
        return
    # As it is: a console would break long lines and take brackets for markup.
    sys.stdout.write(text.getvalue())
    sys.stdout.flush()


def _print_json(console: "Console", content: Any) -> None:
    text = json.dumps(content, indent=2)
    console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)
