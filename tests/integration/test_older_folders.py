"""Run folders of an older program: read, checked, and gone on with, without a question."""

import csv
import json
import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.calendar import decision_instant
from engine.core.events import AccountReset
from engine.dashboard.board import Board
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.practice import api
from engine.practice.calls import Call
from tests.support.command import Outcome, call_command, run_command
from tests.support.practice import signed_query
from tests.support.rehearsal import KEY, Rehearsal

INPUTS = Path(__file__).resolve().parents[1] / "support" / "inputs" / "1b666dd"
BEGUN, ENTERED, LEFT, LAST = date(2020, 10, 31), date(2020, 11, 8), date(2020, 11, 17), date(2020, 12, 2)
"""The first decision day, the entry, and the last day in the folders; the last day of the made-up prices to decide."""
HOLD_WEEKS = 3
VENUES = ("binance-testnet", "simulated")
RUNS = ("backtest-rotation-20261127T212833Z", *(f"paper-rotation-{venue}" for venue in VENUES))


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class OlderRun(Rehearsal):
    """The practice exchange as the older program left it, and today's program on a copy of the folder."""

    def __init__(self, place: Path, venue: str) -> None:
        super().__init__(place / "prices", place / "runs", {}, days=(BEGUN, LAST))
        self._venue = venue
        if venue == "binance-testnet":
            self._trade_again()
        self.exchange.advance(decision_instant(LEFT + timedelta(days=1)) - self.exchange.now)

    @property
    def folder(self) -> Path:
        return self.out / f"paper-rotation-{self._venue}"

    def arguments(self, *more: str) -> list[str]:
        settings = {
            "venue.base_url": self.url,
            "data.crypto": "venue",
            "live.poll_seconds": "0.001",
            "live.grace_seconds": "0",
        }
        assigned = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        return ["paper", "rotation.yaml", "--venue", self._venue, "--out", "runs", *assigned, *more]

    def _trade_again(self) -> None:
        """Place the orders of the record: an exchange that knew nothing of them would have been reset."""
        for row in csv_rows(self.folder / "fills.csv"):
            day = date.fromisoformat(row["decision_day"])
            self.exchange.advance(decision_instant(day) + timedelta(minutes=2) - self.exchange.now)
            order = {
                "symbol": row["symbol"].replace("/", ""),
                "side": row["side"].upper(),
                "type": "MARKET",
                "quantity": row["quantity"],
                "newClientOrderId": row["client_order_id"],
            }
            query = signed_query(self.exchange, order, key=KEY)
            placed = api.answer(self.exchange, Call(method="POST", path="/api/v3/order", query=query, api_key=KEY.name))
            assert json.loads(placed.body)["status"] == "FILLED", placed


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the inputs, as the working folder."""
    copy = tmp_path / "older"
    shutil.copytree(INPUTS, copy)
    monkeypatch.chdir(copy)
    return copy


def verified(folder: Path, *more: str) -> Outcome:
    outcome = call_command("verify", str(folder), *more)
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return outcome


def head_of(outcome: Outcome) -> str:
    return dict(line.split() for line in outcome.stdout.splitlines()[1:] if line.startswith("head"))["head"]


def decided(folder: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in (folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["rotation", "null"])
@pytest.mark.parametrize("venue", VENUES)
def test_a_paper_folder_goes_on_without_a_question_and_its_chain_holds(place: Path, venue: str, name: str) -> None:
    configuration = place / "rotation.yaml"
    text = configuration.read_text(encoding="utf-8")
    assert text.count("\nname: rotation ") == 1
    configuration.write_text(text.replace("\nname: rotation ", f"\nname: {name} "), encoding="utf-8")
    run = OlderRun(place, venue)
    recorded = decided(run.folder)
    noted = head_of(verified(run.folder))

    with run.open():
        outcome = run.run()

    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    verified(run.folder, "--head", noted)
    after = decided(run.folder)
    assert after[: len(recorded)] == recorded
    assert [date.fromisoformat(day["day"]) for day in after] == [
        BEGUN + timedelta(days=number) for number in range((LAST - BEGUN).days + 1)
    ]
    (rotation,) = csv_rows(run.folder / "rotations.csv")
    ended = ENTERED + timedelta(weeks=HOLD_WEEKS)
    assert (rotation["entry_day"], rotation["exit_day"]) == (str(ENTERED), str(ended))
    ids = [row["client_order_id"] for row in csv_rows(run.folder / "fills.csv") if row["decision_day"] == str(ended)]
    # The name in the ids is the one under which the run began: the exchange is asked by it.
    assert sorted(each.rsplit("-", 2)[0] for each in ids) == [
        f"rotation-{ended:%Y%m%d}-{asset}" for asset in ("BTC", "ETH", "SOL")
    ]
    assert not [event for event in read_journal(run.folder / JOURNAL_FILE) if isinstance(event, AccountReset)]
    assert not (run.folder / "config-history.jsonl").exists()
    assert sorted(path.name for path in run.out.iterdir()) == sorted(RUNS)


def test_every_run_folder_is_reviewed_and_listed(place: Path) -> None:
    listed = call_command("review", "--list", "--json", "--out", "runs")
    assert {run["run"]: run["problem"] for run in json.loads(listed.stdout)} == dict.fromkeys(RUNS)

    for run in RUNS:
        words = call_command("review", run, "--out", "runs")
        values = json.loads(call_command("review", run, "--json", "--out", "runs").stdout)
        assert words.exit_code == 0, words
        assert str(ENTERED) in words.stdout
        assert (values["name"], values["rotations"][0]["entry_day"]) == ("rotation", str(ENTERED))
        assert call_command("review", run, "--html", "--out", "runs").exit_code == 0
        assert str(ENTERED) in (place / "runs" / run / "report.html").read_text(encoding="utf-8")


def test_the_dashboard_reads_every_run_folder(place: Path) -> None:
    board = Board(place / "runs")

    assert {row.name: row.outline.problem for row in board.folders.rows()} == dict.fromkeys(RUNS, "")
    for name in RUNS:
        view = board.run(name)
        assert view is not None
        assert not view.problem
        assert view.live or view.record
        assert board.report(name)


def test_an_old_backtest_is_explained_by_its_folder(place: Path) -> None:
    explained = run_command("explain", f"runs/{RUNS[0]}", "--day", str(ENTERED), folder=place)

    assert explained.exit_code == 0, explained
    assert explained.stdout.startswith(f"rotation  {ENTERED}: entry, CORE -> ROTATED")
