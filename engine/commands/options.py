"""Arguments and options that commands share."""

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from engine.core.errors import ConfigError

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
Context: TypeAlias = Annotated[
    bool, typer.Option("--context", help="Compute the whole board of the thesis too; nothing is decided by it.")
]
Label: TypeAlias = Annotated[
    str | None,
    typer.Option("--label", metavar="TEXT", help="What to call the run by in lists and comparisons; kept on record."),
]
DEFAULT_OUT = Path("logs")
own_folder: ContextVar[Path | None] = ContextVar("own_folder", default=None)
"""The folder of the user's own strategies, as the command was told; None: that of the working folder."""
_OwnFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--strategies",
        metavar="DIR",
        help="Where your own strategies (DIR/NAME.py) and rules (DIR/rules/NAME.py) lie; default: strategies/ here.",
        show_default=False,
    ),
]


def with_strategies(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--strategies`; files are loaded where the configuration names them, and only then."""

    @wraps(command)
    def called(*, strategies: Path | None = None, **options: Any) -> Any:
        if strategies is not None and not strategies.is_dir():
            raise ConfigError(f"--strategies {strategies}: is no folder; name the folder of your own strategies")
        before = own_folder.set(strategies)
        try:
            if strategies is not None:
                from engine.settings.strategy_files import open_own

                open_own(strategies)
            return command(**options)
        finally:
            own_folder.reset(before)

    # typer reads a command's options from its signature.
    option = inspect.Parameter("strategies", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_OwnFolder)
    taken = inspect.signature(command)
    called.__signature__ = taken.replace(parameters=[*taken.parameters.values(), option])  # type: ignore[attr-defined]
    called.__annotations__ = {**command.__annotations__, "strategies": _OwnFolder}
    return called
