"""`explain`: why a day was decided so, of a configuration or of a run, and what kept it from trading."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.clock import system_now
from engine.journal.codec import EventCodec
from engine.journal.sqlite import SqliteJournal
from engine.settings.reading import build_config, read_values
from engine.settings.registry import params_of
from engine.wiring.backtest.backtest import backtest
from strategies.rotation import RotationState
from tests.support.command import (
    PRICES,
    call_command,
    error_sentence,
    only_run_folder,
    run_command,
    small_configuration,
    write_small_market,
)

needs_prices = pytest.mark.skipif(not (PRICES / "RUT.csv").exists(), reason="the real prices are not at hand")
REAL = [f"--set=data.csv_dir={PRICES}", "--set=data.crypto=csv", "--set=data.index=csv"]
DAY = "2016-03-01"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    write_small_market(folder / "prices")
    (folder / "small.yaml").write_text(yaml.safe_dump(small_configuration(folder / "prices")), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(market: Path) -> Path:
    """A run folder of the small market."""
    outcome = call_command("backtest", market / "small.yaml", "--out", market / "logs", "--quiet")
    assert outcome.exit_code == 0, outcome
    return only_run_folder(market / "logs")


@pytest.fixture(scope="module")
def paper_run(market: Path) -> Path:
    """The folder of a live run that decided as the backtest did: its journal, and the configuration."""
    config = build_config(read_values(market / "small.yaml"), params_of)
    folder = market / "paper" / "paper-rotation-simulated"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config.effective()), encoding="utf-8")
    done = backtest(config, now=system_now, progress=_Silent())
    with SqliteJournal(
        folder / "journal.sqlite", EventCodec(RotationState), at=datetime(2026, 1, 1, tzinfo=UTC)
    ) as journal:
        journal.append_all(done.events)
    return folder


class _Silent:
    def __call__(self, line: str) -> None: ...

    def expect(self, total: int) -> None: ...

    def advance(self) -> None: ...


def explained(*arguments: str | Path) -> dict[str, Any]:
    outcome = call_command("explain", *arguments, "--json")
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    content: dict[str, Any] = json.loads(outcome.stdout)
    return content


def decision_on(run: Path, day: str) -> dict[str, Any]:
    lines = map(json.loads, (run / "decisions.jsonl").read_text(encoding="utf-8").splitlines())
    return next(line for line in lines if line["day"] == day)


def days_with(run: Path, reason: str) -> list[str]:
    lines = map(json.loads, (run / "decisions.jsonl").read_text(encoding="utf-8").splitlines())
    return [line["day"] for line in lines if line["reason"] == reason]


def test_a_day_is_shown_as_a_tree_in_80_columns_with_the_smallest_change(market: Path) -> None:
    outcome = run_command("explain", market / "small.yaml", "--day", DAY)

    assert outcome.exit_code == 0, outcome
    lines = outcome.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"rotation  {DAY}: ")
    assert any(line.startswith(("✓ ", "✗ ")) for line in lines)
    assert any(line.startswith("├── ") for line in lines)
    assert any(line.startswith("Smallest change that would have flipped it (to ") for line in lines)


def test_the_record_and_the_explanation_of_every_kind_of_day_agree(run: Path) -> None:
    reasons = {"start": 1, "entry": 3, "time_exit": 3, "hold": 3}
    for reason, count in reasons.items():
        for day in days_with(run, reason)[:count]:
            told, recorded = explained(run, "--day", day), decision_on(run, day)

            assert [told[key] for key in ("state", "next_state", "reason")] == [
                recorded[key] for key in ("state", "next_state", "reason")
            ]
            assert told["note"] == ""
            assert bool(told["flips"]) == (told["otherwise"] == "")
            assert told["tree"]["holds"] == (reason != "hold")


def test_what_was_held_on_the_evening_before_is_what_a_rebalancing_is_explained_from(
    market: Path, tmp_path: Path
) -> None:
    arguments = ("--set", "strategy.rebalance_drift=0.004")
    assert call_command("backtest", market / "small.yaml", "--out", tmp_path, "--quiet", *arguments).exit_code == 0
    folder = only_run_folder(tmp_path)

    for day in days_with(folder, "rebalance")[:3]:
        told = explained(folder, "--day", day)

        assert (told["reason"], told["note"]) == ("rebalance", "")
        assert [part["key"] for part in told["flips"][0]["parts"]] == ["strategy.rebalance_drift"]


def test_a_run_may_be_named_by_its_name_under_out(run: Path) -> None:
    assert explained(run.name, "--out", run.parent, "--day", DAY) == explained(run, "--day", DAY)


def test_a_run_holds_the_configuration_that_it_had(market: Path, tmp_path: Path) -> None:
    arguments = ("--set", "strategy.hold_weeks=9", "--set", "notify=[json://token@host]")
    assert call_command("backtest", market / "small.yaml", "--out", tmp_path, "--quiet", *arguments).exit_code == 0
    folder = only_run_folder(tmp_path)

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))

    assert config["strategy"]["hold_weeks"] == 9
    assert "token" not in (folder / "config.json").read_text(encoding="utf-8")
    entry = days_with(folder, "time_exit")[0]
    assert explained(folder, "--day", entry)["note"] == ""


def test_a_decision_that_todays_bars_no_longer_give_is_said(run: Path) -> None:
    told = explained(run, "--day", days_with(run, "time_exit")[0], "--set", "strategy.hold_weeks=20")

    assert told["note"].startswith(
        "the run recorded time_exit (ROTATED -> CORE), and from today's bars it is hold (ROTATED -> ROTATED)"
    )


def test_a_paper_run_is_explained_from_its_journal(market: Path, run: Path, paper_run: Path) -> None:
    for reason in ("start", "entry", "time_exit", "hold"):
        day = days_with(run, reason)[0]

        assert explained(paper_run, "--day", day) == explained(run, "--day", day)


def test_a_paper_run_on_its_venues_candles_says_where_else_bars_may_be(paper_run: Path) -> None:
    sentence = error_sentence(
        call_command("explain", paper_run, "--day", DAY, "--set", "data.crypto=venue"), exit_code=2
    )

    assert "say where such bars are, for instance with --set data.crypto=auto" in sentence


def test_the_changes_of_the_json_are_parts_that_can_be_applied(run: Path) -> None:
    flip = explained(run, "--day", days_with(run, "entry")[0])["flips"][0]

    assert flip["size"] > 0
    assert flip["sentence"]
    for part in flip["parts"]:
        assert set(part) in ({"symbol", "day", "close", "was"}, {"key", "value", "was"})


def test_blocked_counts_every_day_once(market: Path, run: Path) -> None:
    counted = explained(run, "--blocked")

    alone = sum(sum(causes.values()) for causes in counted["alone"].values())
    assert alone + counted["several"] == counted["waiting"]
    assert counted["entries"] == len(days_with(run, "entry"))
    assert counted["days"] == len((run / "decisions.jsonl").read_text(encoding="utf-8").splitlines())
    outcome = call_command("explain", run, "--blocked")
    assert outcome.exit_code == 0
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    assert "several at once" in outcome.stdout


def test_days_on_which_several_were_missing_are_counted_for_none_alone() -> None:
    counted = explained("config/rotation.yaml", "--blocked", "--set=data.crypto=sample", "--set=data.index=sample")

    alone = sum(sum(causes.values()) for causes in counted["alone"].values())
    assert alone + counted["several"] == counted["waiting"]
    # Two conditions can be missing at once here: in this market a basket asset is always tradable.
    assert 0 < 2 * counted["several"] == sum(counted["among"].values())


def test_blocked_counts_a_span(run: Path) -> None:
    halves = [("--to", "2016-06-30"), ("--from", "2016-07-01")]

    parts = [explained(run, "--blocked", *half) for half in halves]

    whole = explained(run, "--blocked")
    for key in ("days", "waiting", "entries", "several"):
        assert sum(part[key] for part in parts) == whole[key]
    assert (parts[0]["last_day"], parts[1]["first_day"]) == ("2016-06-30", "2016-07-01")


def test_a_strategy_that_does_not_explain_itself_is_shown_by_its_evidence(market: Path) -> None:
    told = explained(market / "small.yaml", "--day", DAY, "--set", "strategy={name: hold}")

    assert told["reason"] == "hold"
    assert told["flips"] == []
    assert told["otherwise"] == "the strategy hold does not say what would: it is not made of rules"


def test_the_timing_by_the_macd_explains_itself(market: Path) -> None:
    told = explained(
        market / "small.yaml", "--day", DAY, "--set", "strategy={name: macd_timing, macd: {warmup_weeks: 30}}"
    )

    assert [part["name"] for part in told["tree"]["parts"]] == ["MACD above its signal line"]
    assert len(told["flips"]) == 1


def test_quiet_prints_nothing(market: Path) -> None:
    outcome = call_command("explain", market / "small.yaml", "--day", DAY, "--quiet")

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "explain: either --day DATE or --blocked is wanted"),
        (("--day", DAY, "--blocked"), "explain: either --day DATE or --blocked is wanted"),
        (("--day", DAY, "--to", DAY), "explain: --from and --to are for --blocked; --day names one day"),
        (("--day", "2014-01-01"), "--day 2014-01-01 was not decided; the decision days are 2015-05-25 to 2017-12-31"),
        (("--day", "2018-01-01"), "--day 2018-01-01 was not decided; the decision days are 2015-05-25 to 2017-12-31"),
        (("--day", "yesterday"), "--day 'yesterday' is not allowed; a date like 2018-01-31 is wanted"),
        (("--blocked", "--from", "2030-01-01"), "no day between them was decided; the decision days are 2015-05-25"),
    ],
)
def test_wrong_usage_exits_2_with_one_sentence(arguments: tuple[str, ...], sentence: str, market: Path) -> None:
    assert sentence in error_sentence(call_command("explain", market / "small.yaml", *arguments), exit_code=2)


def test_a_target_that_is_not_there_exits_2(tmp_path: Path) -> None:
    outcome = call_command("explain", "nowhere", "--day", DAY, "--out", tmp_path)

    assert "there is no such file, and no such folder" in error_sentence(outcome, exit_code=2)


@pytest.mark.parametrize("damage", ["no config", "broken config"])
def test_a_damaged_run_folder_exits_3(damage: str, run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for path in run.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    if damage == "broken config":
        (folder / "config.json").write_text("{", encoding="utf-8")
    else:
        (folder / "config.json").unlink()

    sentence = error_sentence(call_command("explain", folder, "--day", DAY), exit_code=3)

    assert str(folder) in sentence


@needs_prices
@pytest.mark.parametrize(
    ("day", "name", "sentence"),
    [
        (
            "2025-09-18",
            "RUT breakout in force",
            "RUT close 2,467.70 is 1.02 % above the ceiling 2,442.74, session 1 of 3: "
            "two more closes above 2,442.74 confirm",
        ),
        (
            "2025-09-18",
            "golden cross in force",
            "no golden cross in force: the last, of 2025-05-11, ran out on 2025-07-06",
        ),
    ],
)
def test_on_the_real_prices_the_sentences_are_those_that_were_promised(day: str, name: str, sentence: str) -> None:
    told = explained("config/rotation.yaml", "--day", day, *REAL)

    by_name = {part["name"]: part["sentence"] for part in told["tree"]["parts"]}
    assert by_name[name] == sentence
    (flip, *_) = told["flips"]
    assert flip["reason"] == "entry"
    closes = {part["day"]: part["close"] for part in flip["parts"] if part.get("symbol") == "RUT"}
    assert list(closes) == ["2025-09-16", "2025-09-17"]
    assert all(close == pytest.approx(2442.74, abs=0.01) for close in closes.values())


@needs_prices
def test_every_rotation_on_the_real_prices_is_explained_both_ways() -> None:
    counted = explained("config/rotation.yaml", "--blocked", *REAL)
    assert counted["entries"] >= 4

    for day in (date(2020, 11, 17), date(2021, 3, 23)):
        told = explained("config/rotation.yaml", "--day", day.isoformat(), *REAL)
        assert told["reason"] in {"entry", "time_exit", "support_lost"}
        assert told["flips"]


KILL = ("--set", "risk.max_drawdown=0.027", "--set", "window.from=2015-11-10", "--set", "window.to=2016-01-10")
"""Acts on 2015-11-16, a day into the first rotation of the small market."""


def test_while_the_kill_switch_holds_the_day_is_explained_by_it(market: Path) -> None:
    acted = explained(market / "small.yaml", "--day", "2015-11-16", *KILL)
    later = explained(market / "small.yaml", "--day", "2015-12-20", *KILL)

    assert (acted["reason"], acted["state"], acted["next_state"]) == ("kill_switch", "ROTATED", "CASH")
    assert (later["reason"], later["state"], later["next_state"]) == ("hold", "CASH", "CASH")
    for day in (acted, later):
        assert (day["tree"]["name"], day["tree"]["holds"], day["flips"], day["note"]) == ("kill switch", True, [], "")
        assert "the kill switch holds since 2015-11-16" in day["tree"]["sentence"]
        assert "risk.max_drawdown above 0.02" in day["otherwise"]


def test_days_on_which_the_kill_switch_holds_are_counted_by_themselves(market: Path) -> None:
    counted = explained(market / "small.yaml", "--blocked", *KILL)

    # From 2015-11-16 to 2016-01-10, both included.
    assert counted["killed"] == 56
    assert counted["days"] == 62
    assert counted["waiting"] + counted["entries"] <= 6
    shown = call_command("explain", market / "small.yaml", "--blocked", *KILL)
    assert "the kill switch held on 56 days" in shown.stdout


def test_what_was_sold_as_delisted_is_said_of_its_day(market: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices"
    shutil.copytree(market / "prices", prices)
    lines = (prices / "ETH.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line[:10] <= "2015-12-05" or line[0] == "d"]
    (prices / "ETH.csv").write_text("".join(kept), encoding="utf-8")
    delisted = ("--set", f"data.csv_dir={prices}", "--set", "strategy.delisted_after_days=7")

    of_the_day = explained(market / "small.yaml", "--day", "2015-12-12", *delisted)
    of_the_next = explained(market / "small.yaml", "--day", "2015-12-13", *delisted)

    assert of_the_day["booked"] == [
        "ETH has had no bar since 2015-12-05; it is sold in the books at its last close less 50 %"
    ]
    assert of_the_next["booked"] == []
