"""`config show` and `config schema` as typed, also where their reader goes away."""

import json
import subprocess
import sys

import pytest
import yaml

from tests.support.command import ROOT, run_command

SHOW = ("config", "show", "config/rotation.yaml")


@pytest.mark.parametrize("arguments", [("config", "schema"), SHOW, (*SHOW, "--json")])
def test_a_reader_that_goes_away_is_no_failure(arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as shown:
        assert shown.stdout is not None
        assert shown.stderr is not None
        shown.stdout.close()
        said = shown.stderr.read()

    assert (shown.returncode, said) == (0, b"")


def test_yaml_and_json_show_the_same_to_the_last_line() -> None:
    as_yaml, as_json = run_command(*SHOW), run_command(*SHOW, "--json")

    assert (as_yaml.exit_code, as_json.exit_code) == (0, 0)
    assert as_yaml.stdout.endswith("\n")
    assert not as_yaml.stdout.endswith("\n\n")
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)


def test_the_schema_knows_the_parameters_of_every_rule() -> None:
    schema = json.loads(run_command("config", "schema").stdout)
    fields = schema["$defs"]["RotationParams"]["properties"]
    confirmations, exits = (
        {
            name: values
            for choice in fields[key]["items"]["anyOf"]
            for name, values in choice.get("properties", {}).items()
        }
        for key in ("confirmations", "exits")
    )

    assert confirmations["quiet_90"]["properties"]["days"]["default"] == 90
    assert "at_least" in confirmations
    assert exits["basket_stop"]["properties"]["limit"]["default"] == 0.2
    assert "quiet_90" not in exits
