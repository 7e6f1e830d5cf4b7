"""`config schema` and `config show`: what can be set, and what is set."""

import json
from typing import Annotated

import typer

from engine.commands.loading import load_config
from engine.commands.options import Assignments, ConfigPath, with_strategies

app = typer.Typer(help="Show the configuration's schema, or the configuration in force.", no_args_is_help=True)


@app.command("schema")
def schema() -> None:
    """Print a JSON schema of the configuration, for editors to complete and check it."""
    from engine.report.console import print_result
    from engine.settings.registry import params_of, strategy_names
    from engine.settings.sections import json_schema

    print_result(json.dumps(json_schema([params_of(name) for name in strategy_names()]), indent=2))


@app.command("show")
@with_strategies
def show(
    config: ConfigPath,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
) -> None:
    """Print the configuration in force: the file, what is set over it, and every default."""
    from engine.report.console import print_result
    from engine.settings import yaml_core

    effective = load_config(config, assignments).effective()
    text = json.dumps(effective, indent=2) if as_json else yaml_core.dump(effective)
    print_result(text.rstrip("\n"))
