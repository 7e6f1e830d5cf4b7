"""`verify`: check the hash chain of a run's journal."""

import re
from typing import Annotated

import typer

from engine.commands.options import DEFAULT_OUT, Assignments, OutFolder, Quiet
from engine.core.errors import CheckError, ConfigError

HASH = re.compile(r"[0-9a-f]{64}")


def verify(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Run folder: a path, or a name under --out.", show_default=False)
    ],
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HASH", help="A head noted earlier; it must still be in the chain."),
    ] = None,
    assignments: Assignments = None,  # noqa: ARG001 - every command takes --set; here is no configuration to set
    out: OutFolder = DEFAULT_OUT,
    quiet: Quiet = False,
) -> None:
    """Check the journal's hash chain, and that the run's files are what it makes of them."""
    wanted = _hash(head) if head is not None else None

    from engine.journal.sqlite import JOURNAL_FILE
    from engine.journal.tables import named
    from engine.journal.verification import verify_journal
    from engine.record.file_check import altered_in
    from engine.record.run_list import find_run

    folder = find_run(run, out)
    path = folder / JOURNAL_FILE
    found = verify_journal(path, head=wanted)
    if found.broken is not None:
        raise CheckError(f"{path}: {found.broken}")
    if found.strangers:
        raise CheckError(f"{path}: holds what is no journal's: {named(found.strangers)}")
    if wanted is not None and found.noted is None:
        raise CheckError(
            f"{path}: the noted head {wanted} is not in the chain of {found.head.sequence} records: "
            "records were cut off, or all of it was written anew"
        )
    altered = altered_in(folder)
    if altered:
        more = f" (and {len(altered) - 1} more)" if len(altered) > 1 else ""
        raise CheckError(f"{folder}: {altered[0]}{more}; the journal itself is whole")
    if quiet:
        return
    days = f"{found.first_day} to {found.last_day}" if found.first_day else "none decided yet"
    typer.echo(f"{path}: every record follows from the one before")
    typer.echo(f"records  {found.head.sequence}")
    typer.echo(f"days     {days}")
    typer.echo(f"head     {found.head.hash}")
    if found.noted is not None:
        typer.echo(f"noted    record {found.noted}, {found.head.sequence - found.noted} written since")


def _hash(text: str) -> str:
    if not HASH.fullmatch(text.strip().lower()):
        raise ConfigError(f"--head {text!r}: 64 hexadecimal digits are wanted, as `verify` prints them")
    return text.strip().lower()
