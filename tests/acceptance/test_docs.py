"""The documents, followed to the letter: examples run as pasted, commands end well, tables and maps match the tree."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.data.sample import SampleBars
from engine.data.sessions import NewYorkSessions
from engine.settings.config import Config
from engine.settings.reading import build_config, read_values
from engine.settings.registry import params_of
from tests.support.house_map import FILES, PAGE, file_map, page_with_map

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STRATEGIES = (ROOT / "strategies" / "README.md").read_text(encoding="utf-8")
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "engine/README.md",
    "engine/DECISIONS.md",
    "engine/MAP.md",
    "engine/analysis/README.md",
    "strategies/README.md",
    "logs/README.md",
    "tests/benchmarks/README.md",
)

SAMPLE = "--set data.crypto=sample --set data.index=sample"
OMITTED = "[...]"
FREE_MAPPINGS = {"strategy.basket", "account.instruments"}
"""Keys whose value is a mapping that the user makes."""
# What the runner of these tests says to its own processes must not reach the ones started here: coverage measured in a
# copy would be reported for files that are gone by then.
OWN_VARIABLES = ("COV_", "COVERAGE", "PYTEST_", "PRICES_DIR", "NO_COLOR", "COLUMNS")


def _blocks(text: str, language: str = "") -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [body for tongue, body in found if tongue == language]


def _commands(text: str) -> list[str]:
    lines = [line for block in _blocks(text) for line in block.splitlines()]
    return [line for line in lines if line.startswith("python -m engine ")]


def _offline(command: str) -> str:
    """Keep a command that says nothing of prices from asking the network for them."""
    return f"{command} {SAMPLE}" if " backtest " in command and "data." not in command else command


def _type(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type a line into a shell in a copy of the repository, where `python` is the one that runs this test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**environment, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _write_sample_csv(folder: Path) -> None:
    provider = SampleBars(NewYorkSessions().between)
    folder.mkdir()
    for symbol in ("BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE", "RUT"):
        bars = provider.load(symbol).bars
        columns = (bars.days, bars.open, bars.high, bars.low, bars.close, bars.volume)
        with (folder / f"{symbol}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("date", "open", "high", "low", "close", "volume"))
            writer.writerows(zip(*(column.tolist() for column in columns), strict=True))


def _copy_of_the_repository(copy: Path) -> Path:
    for part in ("engine", "strategies", "config", "tests/unit/strategies", "tests/support"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "logs").mkdir()
    (copy / "bin").mkdir()
    python = copy / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return copy


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, with a user's folder of CSV files."""
    copy = _copy_of_the_repository(tmp_path_factory.mktemp("copy") / "altfuse")
    _write_sample_csv(copy / "my_prices")
    return copy


@pytest.fixture(scope="module")
def pasted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository into which the examples of strategies/README.md were pasted."""
    copy = _copy_of_the_repository(tmp_path_factory.mktemp("pasted") / "altfuse")
    places = re.findall(r"`(strategies/\S+\.py)`[^`]*:\n\n```python$", STRATEGIES, flags=re.MULTILINE)
    assert places == ["strategies/above_mean.py", "strategies/rules/momentum.py", "strategies/rules/profit_taken.py"]
    for place, example in zip(places, _blocks(STRATEGIES, "python"), strict=True):
        (copy / place).write_text(example, encoding="utf-8")
    (copy / "my_series").mkdir()
    for place, text in _pasted_series().items():
        (copy / place).write_text(text, encoding="utf-8")
    return copy


def _pasted_series() -> dict[str, str]:
    """Give the files of the example of a series."""
    (values,), (settings,) = _blocks(STRATEGIES, "csv"), _blocks(STRATEGIES, "yaml")[-1:]
    return {"my_series/SURVEY.csv": values, "survey.yaml": settings}


def _newest_run(copy: Path, name: str) -> Path:
    return max(copy.glob(f"logs/backtest-{name}-*"), key=lambda folder: folder.stat().st_mtime_ns)


@pytest.mark.parametrize("command", _commands(README))
def test_a_command_of_the_readme_ends_well(command: str, copy: Path) -> None:
    typed = _type(_offline(command), copy)

    assert typed.returncode == 0, typed.stderr
    assert typed.stdout or ">" in command


def test_the_readme_shows_what_the_sample_run_really_prints(copy: Path) -> None:
    (shown,) = [block for block in _blocks(README) if block.startswith("synthetic sample market")]

    # Where a study of these bars lies, a backtest quotes it.
    for study in (copy / "logs").glob("study-*"):
        shutil.rmtree(study)
    typed = _type(f"python -m engine backtest config/rotation.yaml {SAMPLE}", copy)

    lines = iter([line.rstrip() for line in typed.stdout.splitlines()])
    for line in shown.splitlines():
        if line and line != OMITTED:
            is_path = line.startswith(("files: ", "report: "))
            wanted = line.partition("-rotation-")[0] if is_path else line
            assert any(printed.startswith(wanted) for printed in lines), f"not printed, or not here: {line}"
    assert typed.stdout.splitlines()[-1] == shown.splitlines()[-1]


def test_the_readme_names_every_command(copy: Path) -> None:
    def listed(command: str) -> list[str]:
        text = _type(command, copy).stdout.partition("Commands:")[2]
        return re.findall(r"^  (\w+)  ", text, flags=re.MULTILINE)

    commands = listed("python -m engine --help")
    groups = {command: listed(f"python -m engine {command} --help") for command in commands}

    assert {"backtest", "config"} <= set(commands)
    for command, parts in groups.items():
        for typed in [f"{command} {part}" for part in parts] or [command]:
            assert f"python -m engine {typed}" in README, typed
            assert f"`{typed}`" in README, typed


def test_the_readme_keeps_its_promises_to_a_hurried_reader_on_the_first_screen() -> None:
    first_screen = "\n".join(README.splitlines()[:25])

    assert "-m engine backtest config/rotation.yaml" in first_screen
    assert "-m pytest" in first_screen
    assert "Nothing here can send an order to a production exchange." in first_screen
    assert "What comes out" in first_screen


def _keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and key not in FREE_MAPPINGS:
            yield from _keys(value, f"{key}.")
        else:
            yield key


def _comment_by_key(text: str) -> dict[str, str]:
    """Give the comment of each line that sets a key, by the key's path; the file indents by two spaces."""
    path: list[str] = []
    comments = {}
    for line in text.splitlines():
        found = re.match(r"^( *)(\w+):(.*)$", line)
        if found:
            indent, name, rest = found.groups()
            path = [*path[: len(indent) // 2], name]
            comments[".".join(path)] = rest.partition(" # ")[2].strip()
    return comments


def test_every_key_stands_in_the_configuration_file_with_a_comment() -> None:
    comments = _comment_by_key((ROOT / "config" / "rotation.yaml").read_text(encoding="utf-8"))

    for key in _keys(build_config({}, params_of).effective()):
        assert key in comments, f"{key} is not in config/rotation.yaml"
        section, _, name = key.rpartition(".")
        beside = [comment for other, comment in comments.items() if other.rpartition(".")[0] == section]
        # One comment may speak of two keys, if it names the other.
        assert comments[key] or any(name in comment for comment in beside), f"{key} has no comment"


def test_the_configuration_file_shows_the_defaults() -> None:
    in_file: Config = build_config(read_values(ROOT / "config" / "rotation.yaml"), params_of)

    assert in_file == build_config({}, params_of)


def test_the_example_strategy_runs_as_pasted(pasted: Path) -> None:
    command, _, _, _ = _commands(STRATEGIES)
    (shown,) = [block for block in _blocks(STRATEGIES) if block.startswith("synthetic sample market")]

    typed = _type(command, pasted)

    assert typed.returncode == 0, typed.stderr
    excerpt = [line for line in shown.splitlines() if line != OMITTED]
    assert typed.stdout.splitlines()[: len(excerpt)] == excerpt
    days = (_newest_run(pasted, "above-mean") / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(days[0])["reason"] == "start"
    assert {json.loads(day)["reason"] for day in days[1:]} == {"hold", "above_mean", "below_mean"}


def test_the_example_strategy_that_looks_ahead_is_found_out_as_the_page_says(tmp_path: Path) -> None:
    copy = _copy_of_the_repository(tmp_path / "altfuse")
    example, honest = _blocks(STRATEGIES, "python")[0], "<= day.toordinal()"
    assert example.count(honest) == 1
    (leak,) = re.findall(r"With `(<= .*?)` in `at`", STRATEGIES)
    (copy / "strategies" / "above_mean.py").write_text(example.replace(honest, leak), encoding="utf-8")

    typed = _type(_commands(STRATEGIES)[0], copy)

    assert typed.returncode == 5
    assert typed.stderr in _blocks(STRATEGIES)
    assert list((copy / "logs").iterdir()) == []


def test_the_example_confirmation_runs_as_pasted(pasted: Path) -> None:
    _, command, _, _ = _commands(STRATEGIES)

    typed = _type(command, pasted)

    assert typed.returncode == 0, typed.stderr
    with (_newest_run(pasted, "rotation") / "rotations.csv").open(encoding="utf-8", newline="") as file:
        exits = [row["exit_day"] for row in csv.DictReader(file)]
    assert len(exits) == 9
    assert all(date.fromisoformat(day) for day in exits)


def test_the_example_exit_runs_as_pasted_and_ends_rotations_under_its_name(pasted: Path) -> None:
    _, _, command, _ = _commands(STRATEGIES)

    typed = _type(command, pasted)

    assert typed.returncode == 0, typed.stderr
    with (_newest_run(pasted, "rotation") / "rotations.csv").open(encoding="utf-8", newline="") as file:
        assert "profit_taken" in {row["exit_reason"] for row in csv.DictReader(file)}


def _business_day(day: date) -> date:
    """Give the first business day from a day of these years on; Columbus Day alone falls on one of those asked."""
    while day.weekday() >= 5 or day == date(2020, 10, 12):
        day += timedelta(days=1)
    return day


def test_the_example_series_runs_as_pasted_and_no_value_counts_before_it_is_known(pasted: Path) -> None:
    command, files = _commands(STRATEGIES)[-1], _pasted_series()
    assert all(place in STRATEGIES and len(text.splitlines()) < 30 for place, text in files.items())
    _write_sample_csv(pasted / "my_prices")
    values = [
        (date.fromisoformat(row["date"]), float(row["value"]))
        for row in csv.DictReader(io.StringIO(files["my_series/SURVEY.csv"]))
    ]

    typed = _type(command, pasted)

    assert typed.returncode == 0, typed.stderr
    folder = _newest_run(pasted, "rotation")
    source = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["data_sources"]["SURVEY"]
    assert (source["source"], source["last"]) == ("csv SURVEY.csv", str(values[-1][0]))
    said = {}
    for line in (folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines():
        day = json.loads(line)
        if "series" in day["rules"]:
            said[date.fromisoformat(day["day"])] = (day["rules"]["series"]["value"], day["rules"]["series"]["holds"])
    for day, (value, holds) in said.items():
        known = [each for each in values if _business_day(each[0] + timedelta(days=10)) <= day]
        is_there = len(known) > 3 and day <= known[-1][0] + timedelta(days=100)
        wanted = round(known[-1][1] - known[-4][1], 10) if is_there else None
        assert (value, holds) == (wanted, None if wanted is None else wanted > 0), day
    assert {holds for _, holds in said.values()} == {True, False, None}


def test_the_examples_pass_the_tests_that_run_over_every_file_found(pasted: Path) -> None:
    typed = _type('python -m pytest -q -p no:cacheprovider tests/unit/strategies -k "above_mean or momentum"', pasted)

    assert typed.returncode == 0, typed.stdout
    passed = re.search(r"(\d+) passed", typed.stdout)
    assert passed, typed.stdout
    # Eight promises of a strategy and one of a confirmation; more may come.
    assert int(passed[1]) >= 9


def test_the_examples_pass_the_linter(pasted: Path) -> None:
    places = "strategies/above_mean.py strategies/rules/momentum.py strategies/rules/profit_taken.py"

    typed = _type(f"python -m ruff check {places} && python -m ruff format --check {places}", pasted)

    assert typed.returncode == 0, typed.stdout


def test_the_schema_and_the_names_found_know_a_pasted_strategy(pasted: Path) -> None:
    schema = json.loads(_type("python -m engine config schema", pasted).stdout)
    misspelt = _type("python -m engine config show config/rotation.yaml --set strategy.name=above_meen", pasted)

    assert "mean_days" in schema["$defs"]["AboveMeanParams"]["properties"]
    assert misspelt.returncode == 2
    assert "did you mean above_mean?" in misspelt.stderr


def test_the_page_on_run_folders_names_every_file_key_and_column(copy: Path) -> None:
    page = (ROOT / "logs" / "README.md").read_text(encoding="utf-8")
    assert _type(f"python -m engine backtest config/rotation.yaml {SAMPLE} --set name=page", copy).returncode == 0
    folder = _newest_run(copy, "page")

    names = {path.name for path in folder.iterdir()}
    names |= set(json.loads((folder / "summary.json").read_text(encoding="utf-8")))
    decision = json.loads((folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    names |= {*decision, *decision["index"], *decision["macd"]}
    for table in folder.glob("*.csv"):
        names |= set(table.read_text(encoding="utf-8").splitlines()[0].split(","))

    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_maps_are_those_of_the_house_as_it_stands() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page_with_map(page) == page
    assert FILES.read_text(encoding="utf-8") == file_map()


@pytest.mark.parametrize("page", ["README.md", "DECISIONS.md"])
def test_every_file_that_the_pages_of_the_engine_name_is_there(page: str) -> None:
    text = (ROOT / "engine" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./]+\.(?:py|md|json|lock))`", text))
    rooms = [ROOT / room for room in ("engine", "strategies", "tests", "config")]
    there = {file.as_posix() for room in rooms for file in room.rglob("*.*")} | {"README.md"}

    assert named
    assert {name for name in named if not any(f"/{each}".endswith(f"/{name}") for each in there)} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_that_are_there(document: str) -> None:
    page = ROOT / document

    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target
