"""`compare`, and `review` of three runs and more: the same rows, as a table, as JSON and on a page."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import call_command, error_sentence, only_run_folder, small_configuration, write_small_market

WIDTH = 80


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(small_configuration(folder), sort_keys=False), encoding="utf-8")
    return path


def compared(*arguments: str | Path) -> list[dict[str, Any]]:
    done = call_command("compare", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_each_row_is_the_backtest_of_its_configuration(small: Path, tmp_path: Path) -> None:
    rows = compared(small, "strategy.hold_weeks=3", "strategy.exit_to=cash", "--to=2016-12-31", f"--out={tmp_path}")

    assert [row["label"] for row in rows] == ["small", "strategy.hold_weeks=3", "strategy.exit_to=cash"]
    for row, own in zip(rows, ([], ["--set=strategy.hold_weeks=3"], ["--set=strategy.exit_to=cash"]), strict=True):
        out = tmp_path / row["label"]
        done = call_command("backtest", small, *own, "--to=2016-12-31", f"--out={out}", "--no-report", "--quiet")
        assert done.exit_code == 0, done.stderr
        folder = only_run_folder(out)
        assert row["summary"] == json.loads((folder / "summary.json").read_text())
        assert row["settings"] == row["summary"]["settings"]
        with (folder / "rotations.csv").open() as file:
            in_file = [*csv.DictReader(file)]
        written = [
            {key: "" if value is None else str(value) for key, value in each.items()} for each in row["rotations"]
        ]
        assert written == in_file
        with (folder / "equity.csv").open() as file:
            shares = [1 - float(day["cash"]) / float(day["equity"]) for day in csv.DictReader(file)]
        assert row["exposure"] == pytest.approx(math.fsum(shares) / len(shares), abs=1e-9)
    assert rows[1]["settings"] == {**rows[0]["settings"], "strategy.hold_weeks": 3}
    assert rows[0]["summary"]["total_return"] != rows[1]["summary"]["total_return"]


def test_the_table_fits_eighty_columns_and_the_page_is_whole(small: Path, tmp_path: Path) -> None:
    twice = ["strategy.hold_weeks=3"] * 2
    done = call_command("compare", small, *twice, "strategy.hold_weeks=12", f"--out={tmp_path}")

    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert all(len(line) <= WIDTH for line in lines if not line.startswith("page: "))
    for label in ("small", "strategy.hold_weeks=3", "strategy.hold_weeks=3#2", "strategy.hold_weeks=12"):
        assert any(line.split()[:1] == [label] for line in lines)
    folder = only_run_folder(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["compare.html"]
    assert lines[-1] == f"page: {folder / 'compare.html'}"
    assert (folder / "compare.html").read_text(encoding="utf-8").count("<polyline") == len(lines[4:-2]) - 1


def test_its_folder_is_no_run(small: Path, tmp_path: Path) -> None:
    compared(small, f"--out={tmp_path}")

    assert "there is no run yet" in error_sentence(call_command("review", "--list", f"--out={tmp_path}"), exit_code=2)


@pytest.mark.parametrize(
    ("further", "sentence"),
    [
        ("strategy.hold_week=3", "strategy.hold_week=3: strategy.hold_week: unknown key; did you mean hold_weeks?"),
        ("nothing", "'nothing': is neither a file nor KEY=VALUE"),
        ("no.yaml", "no.yaml: cannot be read"),
    ],
)
def test_what_is_no_configuration_is_said_and_leaves_nothing(
    small: Path, tmp_path: Path, further: str, sentence: str
) -> None:
    done = call_command("compare", small, further, f"--out={tmp_path / 'out'}")

    assert error_sentence(done, exit_code=2).startswith(sentence)
    assert not (tmp_path / "out").exists()


def test_a_run_that_fails_is_named_and_leaves_nothing(small: Path, tmp_path: Path) -> None:
    done = call_command("compare", small, "window.from=2030-01-01", f"--out={tmp_path / 'out'}")

    assert error_sentence(done, exit_code=3).startswith("window.from=2030-01-01: BTC: no decision day")
    assert not (tmp_path / "out").exists()


def test_a_key_is_no_first_configuration() -> None:
    assert "is no file" in error_sentence(call_command("compare", "strategy.hold_weeks=3"), exit_code=2)


def test_finished_runs_make_the_same_rows(small: Path, tmp_path: Path) -> None:
    label = "three weeks"
    for own in ([f"--label={label}", "--set=strategy.hold_weeks=3"], [], ["--set=strategy.exit_to=cash"]):
        done = call_command("backtest", small, *own, f"--out={tmp_path / 'runs'}", "--no-report", "--quiet")
        assert done.exit_code == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    by_change = {
        "strategy.hold_weeks=3": next(name for name in names if _summary(tmp_path / "runs" / name)["label"]),
        "strategy.exit_to=cash": next(
            name for name in names if "strategy.exit_to" in _summary(tmp_path / "runs" / name)["settings"]
        ),
    }
    (plain,) = set(names) - set(by_change.values())

    done = call_command("review", plain, *by_change.values(), "--json", f"--out={tmp_path / 'runs'}")
    rows = json.loads(done.stdout)

    assert [row["label"] for row in rows] == [plain, label, by_change["strategy.exit_to=cash"]]
    for row, fresh in zip(rows, compared(small, *by_change, f"--out={tmp_path / 'page'}"), strict=True):
        assert row.keys() == fresh.keys()
        assert {**row, "label": "", "summary": {**row["summary"], "label": None}} == {**fresh, "label": ""}
    table = call_command("review", plain, *by_change.values(), f"--out={tmp_path / 'runs'}").stdout.splitlines()
    assert all(len(line) <= WIDTH for line in table)
    assert any(line.startswith(label) for line in table)
    listed = call_command("review", "--list", f"--out={tmp_path / 'runs'}").stdout
    assert f"rotation · {label} · " in listed
    as_list = json.loads(call_command("review", "--list", "--json", f"--out={tmp_path / 'runs'}").stdout)
    assert {row["label"] for row in as_list} == {label, None}
    assert all(row["strategy"] == "rotation" and row["settings"] for row in as_list)


def _written(rotation: dict[str, Any]) -> dict[str, str]:
    return {key: "" if value is None else str(value) for key, value in rotation.items()}


def _summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found
