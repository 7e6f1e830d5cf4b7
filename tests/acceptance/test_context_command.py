"""`context`: where the thesis stands on a day, on whatever data there are."""

import ast
import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.dashboard.board import Board
from engine.dashboard.pages import run_fragment
from engine.data.csv_files import read_csv_bars
from engine.data.digest import bars_sha256
from tests.support.command import (
    FIRST_DAY,
    LAST_DAY,
    ROOT,
    call_command,
    error_sentence,
    no_network,
    only_run_folder,
    run_command,
    small_configuration,
    write_small_market,
)
from tests.support.real_series import AT_HAND, MACRO, PRICES

KEYS = {"name", "rows", "group", "state", "value", "threshold", "since", "distance", "sentence", "reason"}
SAMPLE = ("--set=data.crypto=sample", "--set=data.index=sample")
SYSTEMS = 37


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    return folder


@pytest.fixture
def macro(tmp_path: Path) -> Path:
    """Give a folder in which the Treasury's account holds a trillion."""
    folder = tmp_path / "macro"
    folder.mkdir()
    days = (date(2014, 6, 4) + timedelta(weeks=week) for week in range(200))
    rows = "".join(f"{day},1000000\n" for day in days)
    (folder / "WTREGEN.csv").write_text(f"date,value\n{rows}")
    return folder


def configuration(tmp_path: Path, market: Path, macro: Path, **strategy: Any) -> Path:
    values = small_configuration(market)
    values["strategy"] = {**values["strategy"], **strategy}
    values["data"] = {**values["data"], "macro": "csv", "macro_dir": str(macro)}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def shown(*arguments: str | Path) -> dict[str, Any]:
    ended = call_command("context", *arguments, "--json")
    assert ended.exit_code == 0, ended.stderr
    return dict(json.loads(ended.stdout))


def system(board: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in board["systems"] if each["name"] == name]
    return dict(found)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "context.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_day_has_every_system_with_the_keys_of_the_interface(tmp_path: Path, market: Path, macro: Path) -> None:
    board = shown(configuration(tmp_path, market, macro))

    assert (board["day"], board["phase"], len(board["systems"])) == (str(LAST_DAY), None, SYSTEMS)
    assert all(set(each) >= KEYS for each in board["systems"])
    full = system(board, "tga_full")
    assert {key: full[key] for key in KEYS - {"sentence"}} == {
        "name": "tga_full",
        "rows": ["001-13"],
        "group": "liquidity and rates",
        "state": "lit",
        "value": 1e6,
        "threshold": 8e5,
        "distance": 2e5,
        "since": str(FIRST_DAY),
        "reason": None,
    }
    assert board["strategy"]["state"] in ("CORE", "ROTATED")
    assert board["strategy"]["asked"]["parts"]


def test_what_cannot_be_had_says_why_and_how_to_get_it(tmp_path: Path, market: Path, macro: Path) -> None:
    board = shown(configuration(tmp_path, market, macro))

    assert system(board, "rate_cuts")["state"] == "unknown"
    assert f"data.macro is csv, and DFF.csv is not in data.macro_dir ({macro})" in system(board, "rate_cuts")["reason"]
    outflow = system(board, "small_cap_outflow")["reason"]
    assert outflow.startswith("IWM_FLOW could not be had: no free source: put IWM_FLOW.csv into data.macro_dir (")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file.write_text("date,value\n2014-06-04,1000000\n"), "is of 2014-06-04, which is stale"),
        (lambda file: file.write_text(file.read_text()[:-16] + "2018-"), "line"),
        (lambda file: file.write_text("date,value\n2014-06-04,many\n"), "many"),
        (lambda file: file.write_text("<!DOCTYPE html>\n<p>429</p>\n"), "WTREGEN.csv"),
        (lambda file: file.write_bytes(bytes(range(256)) * 40), "WTREGEN.csv"),
        (lambda file: file.write_text(""), "WTREGEN.csv"),
        (lambda file: file.write_text("date,value\n"), "holds a header and no row"),
        (lambda file: (file.unlink(), file.mkdir()), "WTREGEN.csv"),
        (
            lambda file: file.write_text("date,open,high,low,close,volume\n2014-06-04,1,1,1,1,1\n"),
            "WTREGEN.csv",
        ),
    ],
    ids=["stale", "half-written", "no number", "HTML", "bytes", "empty", "no rows", "a folder", "bars"],
)
def test_a_spoilt_file_makes_its_systems_unknown_in_a_sentence_and_nothing_else(
    tmp_path: Path, market: Path, macro: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    spoil(macro / "WTREGEN.csv")

    board = shown(configuration(tmp_path, market, macro))

    full = system(board, "tga_full")
    assert (full["state"], full["value"], full["distance"]) == ("unknown", None, None)
    assert reason in full["reason"]
    assert "\n" not in full["reason"]
    assert system(board, "season")["state"] != "unknown"


@pytest.mark.parametrize("name", ["ETH", "RUT"])
def test_bars_that_are_not_there_make_unknown_what_needs_them(
    tmp_path: Path, market: Path, macro: Path, name: str
) -> None:
    own = tmp_path / "prices"
    own.mkdir()
    for file in market.glob("*.csv"):
        if file.stem != name:
            (own / file.name).write_bytes(file.read_bytes())

    board = shown(configuration(tmp_path, own, macro))

    wanted = {"ETH": "eth_leads", "RUT": "blue_sky"}[name]
    assert system(board, wanted)["state"] == "unknown"
    assert f"{name} could not be had" in system(board, wanted)["reason"]
    assert system(board, "tga_full")["state"] == "lit"
    assert board["strategy"]["state"] is None
    assert name in board["strategy"]["problem"]


def test_without_the_core_there_is_no_day(tmp_path: Path, market: Path, macro: Path) -> None:
    own = tmp_path / "prices"
    own.mkdir()
    (own / "RUT.csv").write_bytes((market / "RUT.csv").read_bytes())

    ended = call_command("context", configuration(tmp_path, own, macro))

    assert "BTC.csv" in error_sentence(ended, exit_code=3)


def test_a_condition_is_named_as_decisions_name_it_and_told_with_its_parameters(
    tmp_path: Path, market: Path, macro: Path
) -> None:
    config = configuration(tmp_path, market, macro, confirmations=[{"tga_full": {"usd_million": 2e6}}])

    board = shown(config)

    assert [system(board, name)["state"] for name in ("tga_full", "tga_full#2")] == ["unlit", "lit"]
    assert (system(board, "tga_full")["used"], system(board, "tga_full")["parameters"]) == (
        True,
        "usd_million: 2000000.0",
    )
    assert not system(board, "tga_full#2")["used"]


def test_in_eighty_columns_each_system_has_a_line(tmp_path: Path, market: Path, macro: Path) -> None:
    ended = call_command("context", configuration(tmp_path, market, macro))

    lines = ended.stdout.splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert len([line for line in lines if re.match(r"[●○?▲] \w", line)]) == SYSTEMS
    assert re.search(r"^● tga_full +1000000 +800,000 +200,000 2015-01-05 001-13$", ended.stdout, re.MULTILINE)
    for group in ("small caps", "capital rotation", "liquidity and rates", "crypto technicals", "flows", "cautions"):
        assert any(line.startswith(f"{group}  ") for line in lines)


def test_the_newest_study_of_the_same_bars_has_its_verdicts_shown(tmp_path: Path, market: Path, macro: Path) -> None:
    config, out = configuration(tmp_path, market, macro), tmp_path / "logs"
    data = {name: read_csv_bars(market / f"{name}.csv", name, index=name == "RUT") for name in ("BTC", "ETH", "RUT")}
    same = {name: bars_sha256(bars) for name, bars in data.items()}
    other = {**same, "ETH": "another"}
    studies = [("01", "supported", same, 9999), ("02", "not supported", same, 9999), ("03", "supported", other, 9999),
               ("04", "supported", same, 999)]  # fmt: skip
    for day, verdict, digests, draws in studies:
        folder = out / f"study-rotation-202601{day}T000000Z"
        folder.mkdir(parents=True)
        study = {"rows": {"001-13": verdict, "002-1": "untestable"}, "data": digests, "draws": draws, "results": []}
        (folder / "study.json").write_text(json.dumps(study))
    (out / "study-rotation-20260105T000000Z").mkdir()

    ended = call_command("context", config, "--out", out)
    call_command("backtest", config, "--context", "--out", out)

    assert "study: 001-13 not supported" in ended.stdout
    (report,) = out.glob("backtest-*/report.html")
    assert "study: 001-13 not supported" in report.read_text(encoding="utf-8")


def test_a_span_is_written_by_days_whether_or_not_the_strategy_decided_them(
    tmp_path: Path, market: Path, macro: Path
) -> None:
    config, out = configuration(tmp_path, market, macro), tmp_path / "logs"

    # The first decision is of 2015-05-25.
    ended = call_command("context", config, "--from", "2015-01-10", "--to", "2015-03-01", "--out", out)

    assert ended.exit_code == 0, ended.stderr
    folder = only_run_folder(out)
    assert re.fullmatch(r"context-rotation-\d{8}T\d{6}Z", folder.name)
    rows = rows_of(folder)
    first = [row["system"] for row in rows if row["day"] == "2015-01-10"]
    assert (len(first), len(set(first))) == (SYSTEMS, SYSTEMS)
    assert [row for row in rows if row["system"] == "tga_full"] == [
        {"day": "2015-01-10", "system": "tga_full", "value": "1000000", "state": "lit"}
    ]
    assert {row["state"] for row in rows} <= {"lit", "unlit", "unknown"}


def test_all_days_have_a_row_a_day_and_a_system(tmp_path: Path, market: Path, macro: Path) -> None:
    config, out = configuration(tmp_path, market, macro), tmp_path / "logs"

    call_command("context", config, "--from", "2015-01-10", "--to", "2015-01-19", "--all-days", "--out", out)

    assert len(rows_of(only_run_folder(out))) == 10 * SYSTEMS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--day", "2031-01-01"], "--day 2031-01-01 has no bar of BTC; the days are 2015-01-05 to 2017-12-31"),
        (["--day", "yesterday"], "--day 'yesterday' is not allowed"),
        (["--all-days"], "--all-days is for --from and --to"),
        (["--from", "2016-01-01", "--json"], "--json does not go with them"),
        (["--to", "2016-01-01", "--day", "2016-01-01"], "--day does not go with them"),
        (["--from", "2016-02-01", "--to", "2016-01-01"], "--from 2016-02-01: lies after --to 2016-01-01"),
        (["--from", "2031-01-01"], "BTC has no bar between them; the days are 2015-01-05 to 2017-12-31"),
        (["--set", "strategy=hold"], "strategy"),
        (["--set", "strategy={name: hold}"], "strategy.name: hold has no system of the thesis"),
    ],
)
def test_bad_input_is_a_sentence(tmp_path: Path, market: Path, macro: Path, arguments: list[str], words: str) -> None:
    config = configuration(tmp_path, market, macro)

    ended = call_command("context", config, *arguments, "--out", tmp_path / "logs")

    assert words in error_sentence(ended, exit_code=2)
    assert not (tmp_path / "logs").exists()


def test_a_users_own_system_says_its_group_and_rows(tmp_path: Path, market: Path, macro: Path) -> None:
    rules = tmp_path / "own" / "rules"
    rules.mkdir(parents=True)
    (rules / "any_day.py").write_text(
        '"""Any day."""\n'
        "import numpy as np\n"
        "from engine.core.columns import column\n"
        "from engine.core.rule import RuleParams, System\n"
        "class AnyDay(System[RuleParams]):\n"
        '    """Holds always."""\n'
        '    rows, group, remark = ("009-1",), "my own", "it means nothing"\n'
        "    def observe(self, history):\n"
        '        """Hold."""\n'
        "        core = history[self.setting.core]\n"
        "        return column(core, holds=np.ones(len(core), dtype=bool))\n"
    )
    config = configuration(tmp_path, market, macro, confirmations=["any_day"])

    board = shown(config, "--strategies", tmp_path / "own")

    own = system(board, "any_day")
    assert (own["group"], own["rows"], own["state"], own["used"]) == ("my own", ["009-1"], "lit", True)
    assert own["remark"] == "it means nothing"


def test_without_network_and_files_it_is_of_the_sample_and_says_so_first_and_last(tmp_path: Path) -> None:
    with no_network(tmp_path) as environment:
        ended = run_command("context", "--out", tmp_path / "logs", environment=environment)

    lines = ended.stdout.splitlines()
    assert ended.exit_code == 0, ended.stderr
    assert "synthetic" in lines[0]
    assert "synthetic" in lines[-1]
    assert "the built-in default" in ended.stderr
    assert not [line for line in lines if line.startswith("? ")], "every system is known on the sample"
    assert "phase " in ended.stdout


RECORD = ("decisions.jsonl", "fills.csv", "rotations.csv", "equity.csv", "run.log")


def test_a_backtest_with_context_has_the_board_beside_the_same_record(
    tmp_path: Path, market: Path, macro: Path
) -> None:
    config = configuration(tmp_path, market, macro)
    for out, more in (("plain", []), ("board", ["--context"])):
        assert call_command("backtest", config, "--out", tmp_path / out, "--no-report", *more).exit_code == 0
    plain, board = (only_run_folder(tmp_path / out) for out in ("plain", "board"))

    rows = rows_of(board)

    assert not (plain / "context.csv").exists()
    assert all((plain / name).read_bytes() == (board / name).read_bytes() for name in RECORD)
    first = json.loads((board / "decisions.jsonl").read_text().splitlines()[0])["day"]
    assert [row["day"] for row in rows[:SYSTEMS]] == [first] * SYSTEMS
    assert call_command("verify", board).exit_code == call_command("review", board).exit_code == 0
    (board / "context.csv").write_text((board / "context.csv").read_text().replace("unlit", "lit", 1))
    assert "context.csv: row" in call_command("verify", board).stderr


def test_a_backtest_has_the_systems_that_it_decides_by_named_as_its_decisions_name_them(
    tmp_path: Path, market: Path, macro: Path
) -> None:
    asked = [{"tga_full": {"usd_million": 2e6}}, {"not": {"all": ["tga_full", "season"]}}]
    config = configuration(tmp_path, market, macro, confirmations=asked)

    assert call_command("backtest", config, "--out", tmp_path / "logs", "--no-report").exit_code == 0

    folder = only_run_folder(tmp_path / "logs")
    state = {(row["day"], row["system"]): row["state"] for row in rows_of(folder)}
    assert {name for _, name in state} == {"tga_full", "tga_full#2", "season"}
    decisions = [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]
    compared = 0
    for name in ("tga_full", "tga_full#2", "season"):
        said = ""
        for decision in decisions:
            said = state.get((decision["day"], name), said)
            reading = decision["rules"].get(name)
            if reading is not None:
                assert {True: "lit", False: "unlit", None: "unknown"}[reading["holds"]] == said
                compared += 1
    assert compared > SYSTEMS


def test_the_report_shows_the_board_where_there_is_one_and_else_names_the_command(
    tmp_path: Path, market: Path, macro: Path
) -> None:
    config = configuration(tmp_path, market, macro)
    pages = {}
    for out, more in (("plain", []), ("board", ["--context"])):
        assert call_command("backtest", config, "--out", tmp_path / out, *more).exit_code == 0
        pages[out] = (only_run_folder(tmp_path / out) / "report.html").read_text(encoding="utf-8")

    assert f"context CONFIG --day {LAST_DAY}" in pages["plain"]
    assert 'class="thesis"' not in pages["plain"]
    assert ".thesis" not in pages["plain"]
    assert pages["board"].count('class="lamp"') == SYSTEMS
    board = Board(tmp_path / "board").run(only_run_folder(tmp_path / "board").name)
    plain = Board(tmp_path / "plain").run(only_run_folder(tmp_path / "plain").name)
    assert board is not None
    assert plain is not None
    assert run_fragment(board).count('class="lamp"') == SYSTEMS
    assert "context CONFIG" in run_fragment(plain)


def test_a_board_of_a_strategy_without_a_thesis_is_refused(tmp_path: Path, market: Path, macro: Path) -> None:
    config = configuration(tmp_path, market, macro)

    for command in ("backtest", "paper"):
        ended = call_command(command, config, "--context", "--set", "strategy={name: hold}", "--out", tmp_path / "logs")
        assert "strategy.name: hold has no system of the thesis" in error_sentence(ended, exit_code=2)
    assert not (tmp_path / "logs").exists()


def test_a_default_run_loads_nothing_of_it(tmp_path: Path, market: Path, macro: Path) -> None:
    arguments = ["engine", "backtest", str(configuration(tmp_path, market, macro)), "--out", str(tmp_path / "logs")]
    loaded = (
        "import sys\nsys.argv = " + repr(arguments) + "\n"
        "import engine.cli\n"
        "try:\n    engine.cli.main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "print([name for name in sys.modules if 'context' in name and name.startswith(('engine.', 'strategies.'))])\n"
        "print([name for name in sys.modules if name.startswith('strategies.rules.') and 'season' in name])\n"
    )

    done = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)

    # The command itself, what an event is made of, and the columns of the file.
    light = ["engine.commands.context", "engine.core.context_rows", "engine.record.context_file"]
    assert sorted(ast.literal_eval(done.stdout.splitlines()[-2])) == light
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not AT_HAND, reason="the real prices and series are not at hand")
def test_on_the_real_series_the_marks_of_the_thesis_are_met(tmp_path: Path) -> None:
    data = [f"--set=data.csv_dir={PRICES}", f"--set=data.macro_dir={MACRO}"]
    data += [f"--set=data.{key}=csv" for key in ("crypto", "index", "macro")]

    call_command("context", *data, "--from", "2015-01-01", "--to", "2025-12-31", "--out", tmp_path / "logs")

    rows = rows_of(only_run_folder(tmp_path / "logs"))
    changes = {name: [row["day"] for row in rows if row["system"] == name] for name in ("rate_cuts", "lag_gap")}
    assert {"2024-09-20", "2025-03-21"} <= set(changes["rate_cuts"])
    assert changes["lag_gap"][1] == "2015-09-07"
    phase = [(row["day"], row["value"], row["state"]) for row in rows if row["system"] == "phase"]
    assert phase[-2:] == [("2024-07-07", "1", "unlit"), ("2025-10-26", "2", "lit")]
