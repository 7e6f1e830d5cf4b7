"""`python -m engine review`, as typed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.core.events import OrderRejected
from engine.core.order import Side
from engine.journal.lock import only_writer
from engine.journal.sqlite import JOURNAL_FILE
from tests.support.command import ROOT, Outcome, call_command, entries_below, error_sentence, run_command
from tests.support.run_folders import (
    AT,
    BACKTEST,
    PAPER,
    day_number,
    decided,
    executed,
    order,
    story,
    write_backtest,
    write_paper,
)

SECOND = "backtest-other-20240107T000000Z"
HOSTILE = "[bold red]x[/] \x1b[31m<script>alert(1)</script>\u202e\x07"
WIDTH = 80
SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder of a backtest and of an older one."""
    write_backtest(tmp_path / "logs")
    write_backtest(tmp_path / "logs", name="backtest-rotation-20230106T000000Z")
    return tmp_path / "logs"


def review(out: Path, *arguments: str | Path) -> Outcome:
    return call_command("review", *arguments, "--out", out)


def shown(out: Path, *arguments: str | Path) -> str:
    """Give what a review prints that ends well."""
    outcome = review(out, *arguments)
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return outcome.stdout


def as_json(out: Path, *arguments: str | Path) -> Any:
    return json.loads(shown(out, *arguments, "--json"))


def assert_harmless(text: str) -> None:
    """Check that a terminal only shows it: no escape sequence but line ends, no markup that was taken for such."""
    assert all(sign.isprintable() or sign == "\n" for sign in text), repr(text)


def test_newest_run_is_the_default_and_begins_with_the_latest(out: Path) -> None:
    lines = shown(out).splitlines()

    assert lines[0] == f"{BACKTEST}  backtest of rotation"
    assert lines[1] == "2024-01-01 to 2024-01-05, 5 decision days, 1,000 -> 1,286 USDT"
    assert lines[3].startswith("figures   CAGR –, volatility –, Sharpe –, Calmar –; 5 decision days")
    assert lines[6] == "now       CORE since 2024-01-04 (time_exit): BTC 77.7%, cash 22.3%"
    titles = [line for line in lines if re.match(r"(Rotations|Held|Fills|Costs|Incidents|Warnings)", line)]
    assert titles == ["Rotations", "Held", "Fills", "Costs", "Incidents: none", "Warnings: none"]


def test_figures_of_a_year_are_left_out_of_few_days_though_an_older_summary_has_them(tmp_path: Path) -> None:
    # A summary as it was written before they were withheld: 9,314.9 percent a year out of five days.
    figures = dict.fromkeys(("cagr", "calmar", "volatility", "sharpe", "sortino"), 93.149)
    changes = {**figures, "benchmarks": {"BTC": {"return": 0.1, "max_drawdown": -0.25, **figures}, "ETH": None}}
    folder = write_backtest(tmp_path, changes=changes)
    other = write_backtest(tmp_path, name="backtest-rotation-20230106T000000Z")

    told, text, compared = as_json(tmp_path, folder), shown(tmp_path, folder), shown(tmp_path, folder, other)
    shown(tmp_path, folder, "--html")

    assert [told["figures"][name] for name in figures] == [None] * 5
    assert [told["benchmarks"]["BTC"][name] for name in figures] == [None] * 5
    assert (told["days"], told["figures"]["total_return"]) == (5, pytest.approx(0.286))
    words = "5 decision days are too few for volatility, Sharpe, Sortino"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert words in page
    assert words in " ".join(text.split())
    assert words in " ".join(compared.split())
    for everything in (text, compared, page.partition('<section id="sources"')[0]):
        assert not re.search(r"9,?314\.9|93\.15", everything)


def test_small_quantities_and_prices_are_shown_and_fit_the_line(tmp_path: Path) -> None:
    tiny = order(day_number(1), "BTC", Side.BUY, "123456.00000001", reason="start")
    events = [story()[0], decided(1, reason="start"), *executed(tiny, "0.0000000109", fee="0.0000013"), decided(2)]
    write_backtest(tmp_path, events=events)

    lines = shown(tmp_path).splitlines()

    (line,) = [line for line in lines if "buy  BTC" in line]
    assert line.split()[4:8] == ["123,456.00000001", "0.0000000109", "0.00135", "0.0000013"]
    assert max(len(line) for line in lines if not line.startswith("files: ")) <= WIDTH


def test_run_by_name_by_path_and_from_its_own_folder(out: Path) -> None:
    assert shown(out, BACKTEST) == shown(out, out / BACKTEST) == shown(out)


def test_no_line_is_wider_than_eighty_columns(out: Path) -> None:
    incident = OrderRejected(
        at=AT, order=order(day_number(1), "ETH", Side.BUY, "123456.789", reason="start"), message="word " * 50
    )
    write_paper(out, events=[*story()[:-1], incident])

    text = shown(out, PAPER) + shown(out, "--list") + shown(out, BACKTEST, PAPER)

    paths = ("files: ", "3 runs in ")
    assert max(len(line) for line in text.splitlines() if not line.startswith(paths)) <= WIDTH


def test_a_price_of_many_digits_does_not_push_its_row_out_of_the_columns(out: Path) -> None:
    fills = out / BACKTEST / "fills.csv"
    head, *rows = fills.read_text(encoding="utf-8").splitlines()
    price = head.split(",").index("price")
    cells = [row.split(",") for row in rows]
    cells[1][price] = "0.00293995"
    fills.write_text("\n".join([head, *(",".join(row) for row in cells)]) + "\n", encoding="utf-8")

    lines = shown(out, BACKTEST).partition("\nFills")[2].partition("\nslip: ")[0].splitlines()

    assert any("0.00293995" in line for line in lines)
    heading, ends = lines[1], {len(line) for line in lines[2:] if ":" in line}
    assert ends == {len(heading)}


def test_last_rows_only(out: Path) -> None:
    text = shown(out, "--last", "2")

    assert "Fills, the last 2 of 5" in text
    assert "01-05 00:00 buy  BTC" in text
    assert "01-02 00:00 buy  BTC" not in text
    assert len(as_json(out, "--last", "2")["fills"]) == 2
    assert as_json(out, "--last", "2")["costs"]["fills"] == 5


@pytest.mark.parametrize(
    ("arguments", "fills"),
    [
        (["--symbol", "ETH"], 2),
        (["--symbol", "eth/usdt"], 2),
        (["--reason", "entry"], 2),
        (["--from", "2024-01-04"], 2),
        (["--to", "2024-01-01"], 1),
        (["--from", "2024-01-03", "--to", "2024-01-03"], 0),
        (["--symbol", "ETH", "--reason", "time_exit"], 1),
    ],
)
def test_filters(out: Path, arguments: list[str], fills: int) -> None:
    assert len(as_json(out, *arguments)["fills"]) == fills
    text = shown(out, *arguments)
    assert "below: only what is asked for" in text
    assert ("Fills: none" in text) == (fills == 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--symbol", "DOG"], "--symbol 'DOG': is not in this run; there are BTC, ETH"),
        (["--reason", "entri"], "--reason 'entri': is not in this run"),
        (["--from", "soon"], "--from 'soon' is not allowed; a date like 2018-01-31 is wanted"),
        (["--from", "2024-02-01", "--to", "2024-01-01"], "lies after"),
        (["--last", "0"], "--last"),
        (["--export", "pdf"], "csv, beancount, returns"),
        (["--list", BACKTEST], "--list takes no RUN"),
        (["--list", "--html"], "do not go together"),
        (["--html", "--json"], "do not go together"),
        ([BACKTEST, BACKTEST, "--html"], "--html takes one run"),
        (["backtest-rotation-2024010"], f"did you mean {BACKTEST}"),
        (["nothing"], "`review --list` shows the runs"),
        ([""], "there is no such folder"),
        ([BACKTEST, "nothing"], "'nothing': there is no such folder"),
        ([BACKTEST, "--unknown"], "--unknown"),
    ],
)
def test_wrong_use_is_one_sentence(out: Path, arguments: list[str], words: str) -> None:
    before = entries_below(out)

    assert words in error_sentence(review(out, *arguments), exit_code=2)
    assert entries_below(out) == before


@pytest.mark.parametrize("arguments", [[], ["--list"], ["--json"], ["--list", "--json"], ["x"]])
def test_without_any_run_it_is_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    assert "run" in error_sentence(review(tmp_path / "missing", *arguments), exit_code=2)
    (tmp_path / "empty").mkdir()
    assert "run" in error_sentence(review(tmp_path / "empty", *arguments), exit_code=2)


def test_damaged_run_is_one_sentence(out: Path) -> None:
    (out / BACKTEST / "fills.csv").write_bytes(b"\xff\x00")

    assert "fills.csv: is damaged" in error_sentence(review(out, BACKTEST), exit_code=3)
    assert "fills.csv: is damaged" in error_sentence(review(out, BACKTEST, BACKTEST), exit_code=3)


def test_newest_that_is_damaged_is_passed_over_aloud(out: Path) -> None:
    (out / BACKTEST / "summary.json").write_text("{", encoding="utf-8")

    outcome = review(out)

    assert outcome.exit_code == 0
    assert "backtest-rotation-20230106T000000Z" in outcome.stdout
    assert f"passed over, newer but not readable: {BACKTEST}: summary.json: is damaged" in outcome.stderr
    assert review(out, "--quiet") == Outcome(exit_code=0, stdout="", stderr="")


def test_list_shows_every_folder_newest_first(out: Path) -> None:
    write_paper(out)
    parity = out / "parity-rotation-20240108T000000Z"
    parity.mkdir()
    (parity / "summary.json").write_text('{"mode": "parity", "name": "rotation", "synthetic": false}')
    (out / "notes-of-mine").mkdir()
    with only_writer(out / PAPER / JOURNAL_FILE):
        text = shown(out, "--list")
        listed = as_json(out, "--list")

    assert "3 runs, 2 other folders" in text
    assert f"a bot is at work in it (process {os.getpid()})" in text
    assert "parity: holds two runs, backtest/ and live/" in text
    assert "has no summary.json; it is no run folder, or half of one" in " ".join(text.split())
    by_name = {entry["run"]: entry for entry in listed}
    assert list(by_name)[-3:] == [parity.name, BACKTEST, "backtest-rotation-20230106T000000Z"]
    assert by_name[PAPER]["running"]
    assert not by_name[BACKTEST]["running"]
    assert by_name[BACKTEST]["return"] == pytest.approx(0.286)
    assert by_name["notes-of-mine"]["problem"]


def test_review_reads_beside_a_bot_and_writes_nothing(out: Path) -> None:
    write_paper(out)
    with only_writer(out / PAPER / JOURNAL_FILE):
        before = entries_below(out)
        text = shown(out, PAPER)
        after = entries_below(out)

    assert text.splitlines()[0] == f"{PAPER}  paper run of rotation-simulated"
    assert text.splitlines()[1] == f"a bot is at work in it (process {os.getpid()})"
    assert after == before


def test_two_runs_are_compared(out: Path) -> None:
    longer = [*story()[:-2], replace(decided(5), next_state="ROTATED", reason="entry")]
    write_backtest(out, name=SECOND, events=longer)

    text = shown(out, BACKTEST, SECOND)
    compared = as_json(out, BACKTEST, SECOND)

    assert "both decide the same 5 days" in text
    assert "Rotations: 1 of 2 begin on the same day" in text
    assert "Days in another state: 1, 20.0% of the common ones" in text
    assert compared["figures"]["rotations"] == {"first": 1, "second": 2, "difference": 1}
    assert compared["states"] == [
        {"since": "2024-01-05", "until": "2024-01-05", "days": 1, "first": "CORE", "second": "ROTATED"}
    ]


def test_quiet_prints_nothing(out: Path) -> None:
    for arguments in ([], ["--list"], [BACKTEST, BACKTEST], ["--json"], ["--export", "csv"]):
        assert review(out, *arguments, "--quiet") == Outcome(exit_code=0, stdout="", stderr="")


def test_html_is_written_and_named(out: Path) -> None:
    text = shown(out, BACKTEST, "--html")

    assert text == f"report: {out / BACKTEST / 'report.html'}\n"
    assert (out / BACKTEST / "report.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")


@pytest.mark.parametrize("kind", ["csv", "beancount", "returns"])
def test_exports_are_printed_as_they_are(out: Path, kind: str) -> None:
    text = shown(out, BACKTEST, "--export", kind)

    assert "2024-01-0" in text
    assert len(text.splitlines()) >= 5


@pytest.mark.parametrize("place", ["reason", "message", "note"])
def test_hostile_texts_are_shown_and_not_acted_on(out: Path, place: str) -> None:
    told = story()
    refused = order(day_number(1), "ETH", Side.BUY, "1", reason="start")
    match place:
        case "reason":
            write_backtest(out, name=SECOND, events=[told[0], decided(1, reason=HOSTILE), *told[2:]])
        case "message":
            rejected = OrderRejected(at=AT, order=refused, message=HOSTILE)
            write_paper(out, name=SECOND, events=[*told[:-1], rejected])
        case _:
            write_backtest(out, name=SECOND, changes={"notes": [HOSTILE]})

    text = shown(out, SECOND) + shown(out, SECOND, BACKTEST) + shown(out, "--list")

    assert_harmless(text)
    if place != "reason":
        assert "[bold red]x[/]" in text


def test_hostile_names_are_shown_and_not_acted_on(out: Path) -> None:
    hostile = HOSTILE.replace("/", "|")
    write_backtest(out, name=f"backtest-{hostile}-20240108T000000Z", changes={"name": hostile, "mode": "backtest"})
    (out / f"broken-{hostile}").mkdir()

    newest, listed = shown(out), shown(out, "--list")
    error = review(out, out / f"broken-{hostile}")

    assert "[bold red]x[|]" in newest
    assert "[bold red]x[|]" in listed
    for text in (newest, listed, error.stderr):
        assert_harmless(text)
    assert error.exit_code == 3


def test_files_that_are_not_what_the_journal_makes_of_them_are_warned_of(out: Path) -> None:
    folder = write_paper(out)
    header = "time,decision_day,symbol,side,quantity,price,notional,fee,fee_asset,order_id,client_order_id,reason"
    row = "2024-01-02T00:00:01Z,2024-01-01,BTC/USDT,buy,9,101,909,1,USDT,7,rotation-20240101-BTC-b1-1,start"
    # As it was after the first fill: the next one came, and then the bot was killed.
    (folder / "fills.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    lagging = as_json(out, PAPER)["warnings"]
    (folder / "fills.csv").write_text(f"{header}\n{row.replace(',9,', ',8,')}\n", encoding="utf-8")

    assert lagging == []
    assert as_json(out, PAPER)["warnings"] == [
        {"at": None, "text": "fills.csv: row 1 is not what the journal makes of it"}
    ]
    assert "fills.csv: row 1 is not what the journal makes of it" in shown(out, PAPER)


def test_json_of_hostile_texts_is_json(out: Path) -> None:
    write_backtest(out, name=SECOND, changes={"notes": [HOSTILE], "name": HOSTILE})

    assert as_json(out, SECOND)["name"] == HOSTILE
    assert as_json(out, SECOND)["warnings"][0]["text"] == HOSTILE


def keys_of(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            if key.islower():
                yield key
            yield from keys_of(value)
    elif isinstance(content, list):
        for value in content:
            yield from keys_of(value)


def test_every_key_of_the_json_is_documented(out: Path) -> None:
    page = (ROOT / "logs" / "README.md").read_text(encoding="utf-8")
    rejected = OrderRejected(at=AT, order=order(day_number(1), "ETH", Side.BUY, "1", reason="start"), message="no")
    write_paper(out, events=[*story()[:-1], rejected])

    contents = [as_json(out, PAPER), as_json(out), as_json(out, "--list"), as_json(out, BACKTEST, PAPER)]

    assert {key for key in keys_of(contents) if f"`{key}`" not in page} == set()


def test_no_colour_where_none_is_wanted_and_eighty_columns_in_a_pipe(out: Path) -> None:
    outcome = run_command("review", "--out", out, environment={"NO_COLOR": "1", "COLUMNS": "200"})

    assert outcome.exit_code == 0
    assert_harmless(outcome.stdout)


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--list"], ["--export", "csv"]])
def test_reader_that_goes_away_is_no_failure(out: Path, arguments: list[str]) -> None:
    line = [sys.executable, "-m", "engine", "review", "--out", str(out), *arguments]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaints = process.stderr.read()

    assert (process.returncode, complaints) == (0, b"")


def test_the_readme_shows_what_a_review_of_the_sample_prints(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```\n(backtest-rotation-\d+T\d+Z  backtest.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    made = call_command("backtest", ROOT / "config" / "rotation.yaml", *SAMPLE, "--out", tmp_path, "--no-report")
    assert made.exit_code == 0, made

    lines = iter([line.rstrip() for line in shown(tmp_path).splitlines()])

    for line in example.splitlines()[1:]:
        if line != "[...]":
            assert line in lines, f"not printed, or not here: {line}"
