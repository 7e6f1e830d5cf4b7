"""Arguments and options that commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ConfigPath: TypeAlias = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="YAML file, e.g. config/rotation.yaml.", show_default=False)
]
ConfigOrDefault: TypeAlias = Annotated[
    Path | None,
    typer.Argument(
        metavar="CONFIG", help="YAML file; without one the built-in default configuration.", show_default=False
    ),
]
Assignments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY.PATH=VALUE", help="Set a configuration key; repeatable; wins over the file."),
]
OutFolder: TypeAlias = Annotated[Path, typer.Option("--out", metavar="DIR", help="Parent of the run folder.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
FromDay: TypeAlias = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="First decision day; wins over window.from.")
]
ToDay: TypeAlias = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Last decision day; wins over window.to.")
]
DEFAULT_OUT = Path("logs")
