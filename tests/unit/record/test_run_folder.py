"""The run folder: whole or not there."""

import csv
import json
import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.core.errors import ConfigError, DataError
from engine.core.order import Side
from engine.record.projections import rotations_of
from engine.record.run_folder import growing_folder, one_shot_name, whole_folder, write_run_files
from tests.support.fakes import decided, fill_of

NAME = "backtest-bot-20240131T235958Z"


def test_a_run_is_named_by_mode_name_and_second() -> None:
    assert one_shot_name("backtest", "bot", datetime(2024, 1, 31, 23, 59, 58, 999, tzinfo=UTC)) == NAME


def test_blanks_of_a_name_are_hyphens_in_that_of_a_folder() -> None:
    at = datetime(2024, 1, 31, 23, 59, 58, tzinfo=UTC)

    assert one_shot_name("backtest", "my  first bot", at) == "backtest-my-first-bot-20240131T235958Z"


def test_a_folder_takes_its_name_when_all_of_it_is_written(tmp_path: Path) -> None:
    with whole_folder(tmp_path, NAME) as folder:
        (folder() / "a.txt").write_text("a", encoding="utf-8")
        inside = folder()
        seen_meanwhile = [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")]

    assert inside != folder() == tmp_path / NAME
    assert seen_meanwhile == []
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert [path.name for path in folder().iterdir()] == ["a.txt"]


def test_others_may_look_into_a_run_folder(tmp_path: Path) -> None:
    with whole_folder(tmp_path, NAME) as folder:
        pass

    assert stat.S_IMODE(folder().stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("failure", "seen"),
    [
        (DataError("BTC: bad row"), DataError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(28, "No space left"), ConfigError),
    ],
)
def test_nothing_half_written_stays_behind_when_the_work_fails(
    tmp_path: Path, failure: BaseException, seen: type[BaseException]
) -> None:
    def write_half(folder: Path) -> None:
        (folder / "half.txt").write_text("half", encoding="utf-8")
        raise failure

    with pytest.raises(seen), whole_folder(tmp_path, NAME) as folder:
        write_half(folder())

    assert list(tmp_path.iterdir()) == []


def test_parents_are_made_and_taken_away_again_when_the_work_fails(tmp_path: Path) -> None:
    parent = tmp_path / "some" / "logs"

    with whole_folder(parent, NAME):
        pass
    with pytest.raises(ValueError, match="no"), whole_folder(tmp_path / "other" / "logs", NAME):
        raise ValueError("no")

    assert (parent / NAME).is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["some"]


def test_a_parent_that_held_other_runs_stays(tmp_path: Path) -> None:
    (tmp_path / "logs" / "older").mkdir(parents=True)

    with pytest.raises(ValueError, match="no"), whole_folder(tmp_path / "logs", NAME):
        raise ValueError("no")

    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["older"]


def test_runs_of_the_same_second_get_numbers(tmp_path: Path) -> None:
    folders = []
    for _ in range(3):
        with whole_folder(tmp_path, NAME) as folder:
            pass
        folders.append(folder().name)

    assert folders == [NAME, f"{NAME}-2", f"{NAME}-3"]


def test_a_name_that_is_taken_while_a_run_is_written_is_not_overwritten(tmp_path: Path) -> None:
    with whole_folder(tmp_path, NAME) as slow:
        with whole_folder(tmp_path, NAME) as quick:
            (quick() / "quick.txt").touch()
        (slow() / "slow.txt").touch()

    assert (quick().name, slow().name) == (NAME, f"{NAME}-2")
    assert [path.name for path in quick().iterdir()] == ["quick.txt"]


def test_a_parent_that_is_a_file_is_an_error_and_stays_a_file(tmp_path: Path) -> None:
    file = tmp_path / "logs"
    file.write_text("a file", encoding="utf-8")

    for parent in (file, file / "below"):
        refusal = pytest.raises(ConfigError, match=r"^--out .*logs.*: cannot be written: .+; name a folder")
        with refusal, whole_folder(parent, NAME):
            pytest.fail("the block must not begin")

    assert file.read_text(encoding="utf-8") == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_parent_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(ConfigError, match="cannot be written: Permission denied"), whole_folder(tmp_path, NAME):
        pytest.fail("the block must not begin")

    tmp_path.chmod(0o700)


def test_a_name_in_another_script_is_a_folder_like_any(tmp_path: Path) -> None:
    name = one_shot_name("backtest", "测" * 64, datetime(2024, 1, 31, tzinfo=UTC))

    with whole_folder(tmp_path, name) as folder:
        pass

    assert folder().name == name


def test_the_files_hold_the_rows_of_the_record(tmp_path: Path) -> None:
    days = [
        decided(date(2024, 1, 1), reason="start"),
        decided(date(2024, 1, 2), "CORE", "ROTATED", reason="entry"),
    ]

    write_run_files(
        tmp_path,
        summary={"name": "这是测试", "cagr": None},
        days=days,
        fills=[fill_of("ETH", Side.BUY, "1", "2")],
        rotations=rotations_of(days),
    )

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "decisions.jsonl",
        "equity.csv",
        "fills.csv",
        "rotations.csv",
        "summary.json",
    ]
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == {"name": "这是测试", "cagr": None}
    lines = (tmp_path / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["day"] for line in lines] == ["2024-01-01", "2024-01-02"]
    for name, rows in (("fills.csv", 1), ("rotations.csv", 1), ("equity.csv", 2)):
        content = (tmp_path / name).read_bytes()
        assert content.endswith(b"\n")
        assert b"\r" not in content
        assert len(list(csv.DictReader(content.decode().splitlines()))) == rows


def test_a_run_without_fills_has_files_with_their_header_alone(tmp_path: Path) -> None:
    write_run_files(tmp_path, summary={}, days=[decided()], fills=[], rotations=[])

    assert (tmp_path / "rotations.csv").read_text(encoding="utf-8").startswith("rotation,entry_day,")
    assert len((tmp_path / "fills.csv").read_text(encoding="utf-8").splitlines()) == 1


def test_a_figure_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        write_run_files(tmp_path, summary={"cagr": float("nan")}, days=[decided()], fills=[], rotations=[])


def test_a_folder_that_grows_is_there_under_its_name_from_the_start_and_stays_with_a_decision(tmp_path: Path) -> None:
    for name in (NAME, f"{NAME}-2"):
        with growing_folder(tmp_path / "logs", NAME) as folder:
            assert (folder.name, folder.is_dir()) == (name, True)
            (folder / "decisions.jsonl").write_text("{}\n", encoding="utf-8")

    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [NAME, f"{NAME}-2"]


def test_a_folder_that_grows_leaves_nothing_where_nothing_was_decided(tmp_path: Path) -> None:
    with growing_folder(tmp_path / "logs", NAME) as folder:
        (folder / "decisions.jsonl").touch()
    with pytest.raises(ZeroDivisionError), growing_folder(tmp_path / "logs", NAME):
        _ = 1 / 0

    assert not (tmp_path / "logs").exists()


def test_a_folder_that_grows_below_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for parent in (tmp_path / "file", tmp_path / "file" / "below"):
        refusal = pytest.raises(ConfigError, match=r"^--out .*file.*: cannot be written: .+; name a folder")
        with refusal, growing_folder(parent, NAME):
            pytest.fail("the block must not begin")
