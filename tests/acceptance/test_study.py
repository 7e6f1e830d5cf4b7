"""`study` as a user types it: on the sample, on files that are short or missing, and on what it does not judge."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from engine.analysis.study import distributions
from tests.support.browser import PHONE, chromium, watched_page
from tests.support.command import (
    Outcome,
    call_command,
    entries_below,
    error_sentence,
    only_run_folder,
    small_configuration,
    write_small_market,
)

SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--set", "study.draws=19")
FEW = ("--set", "study.draws=9")
RESULT_KEYS = {
    "id", "row", "title", "claim", "n", "min_n", "effect", "interval", "p", "p_up", "p_lo", "q", "q_by", "verdict",
    "leaning", "events", "detail",
}  # fmt: skip
WIDTH = 80
PATH_LINES = ("files: ", "not there: ")
"""What begins so may hold a path, and is not broken."""


def study(out: Path, *arguments: str | Path) -> Outcome:
    return call_command("study", *arguments, "--out", out)


@pytest.fixture(scope="module")
def on_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    out = tmp_path_factory.mktemp("logs")
    return study(out, *SAMPLE), only_run_folder(out)


@pytest.fixture(scope="module")
def found(on_sample: tuple[Outcome, Path]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((on_sample[1] / "study.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder, coins=("BTC", "ETH", "SOL", "BNB", "XRP"))
    (folder / "macro").mkdir()
    return folder


def configuration(folder: Path, market: Path, **data: Any) -> Path:
    values = small_configuration(market)
    # A folder without a file: nothing is asked of the network.
    values["data"] = {**values["data"], "macro": "csv", "macro_dir": str(market / "macro"), **data}
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def study_json(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((only_run_folder(folder) / "study.json").read_text(encoding="utf-8"))
    return content


def result(content: dict[str, Any], test: str) -> dict[str, Any]:
    (one,) = (each for each in content["results"] if each["id"] == test)
    return dict(one)


def test_a_study_ends_well_and_leaves_its_two_files(on_sample: tuple[Outcome, Path]) -> None:
    outcome, folder = on_sample

    assert outcome.exit_code == 0, outcome
    assert re.fullmatch(r"study-rotation-\d{8}T\d{6}Z", folder.name)
    assert set(entries_below(folder)) == {"study.json", "study.html"}


def test_made_up_prices_are_named_in_the_first_and_the_last_line(
    on_sample: tuple[Outcome, Path], found: dict[str, Any]
) -> None:
    lines = on_sample[0].stdout.splitlines()

    assert "synthetic" in lines[0]
    assert "synthetic" in lines[-1]
    assert found["synthetic"] is True


def test_the_table_fits_eighty_columns_and_says_n_before_the_effect(on_sample: tuple[Outcome, Path]) -> None:
    lines = on_sample[0].stdout.splitlines()

    assert [line for line in lines if len(line) > WIDTH and not line.startswith(PATH_LINES)] == []
    (head,) = (line for line in lines if line.split()[:2] == ["row", "claim"])
    assert head.split() == ["row", "claim", "n", "effect", "interval", "q_by", "verdict"]
    assert "too few events" in on_sample[0].stdout
    assert "fewer than 9,999 draws" in on_sample[0].stdout


def test_the_detectable_effect_stands_beside_what_is_not_supported(
    on_sample: tuple[Outcome, Path], found: dict[str, Any]
) -> None:
    wanted = [each for each in found["results"] if each["verdict"] == "not supported" and each["mde"] is not None]
    assert wanted
    assert on_sample[0].stdout.replace("\n", " ").count("mde") >= len(wanted)


def test_study_json_holds_what_the_page_says(found: dict[str, Any]) -> None:
    assert {"end", "data", "family", "rows", "results", "strategy"} <= set(found)
    assert found["family"]["size"] == len(found["family"]["members"])
    assert len(found["rows"]) == 53
    for each in found["results"]:
        assert set(each) >= RESULT_KEYS
        assert each["claim"] in {"greater", "less", "none"}
        assert (each["q_by"] is not None) == (each["id"] in found["family"]["members"])
        assert all(date.fromisoformat(day) for day in each["events"])
    strategy = found["strategy"]
    assert set(strategy["ablation"]) == {"both", "r2k", "macd", "either"}
    assert [late["weeks"] for late in strategy["delay"]] == list(range(27))
    assert strategy["shifted_r2k"]["draws"] == 199
    assert strategy["placebo_rank"]["of"] == len(strategy["placebo"]) == len(strategy["placebo_rank"]["order"])
    assert set(strategy["random_entries"]) == {"draws", "mean", "q05", "q95", "p_up", "p_lo", "rank"}


def test_intervals_and_events_are_absent_where_the_page_says_so(found: dict[str, Any]) -> None:
    for test in ("001-8a", "002-4a", "004-11a"):
        assert result(found, test)["interval"] is None
    for test in ("002-5e", "000-13a", "001-8a", "001-20a", "001-22a", "000-19a"):
        assert result(found, test)["events"] == []


def test_no_rank_stands_in_a_sentence_without_its_n(found: dict[str, Any]) -> None:
    assert len(found["summary"]) == 5
    assert all("n = " in sentence for sentence in found["summary"] if re.search(r"\b\d+ of \d+\b", sentence))


def test_the_page_opens_on_a_phone_without_a_network_and_without_complaint(on_sample: tuple[Outcome, Path]) -> None:
    page = on_sample[1] / "study.html"
    with chromium() as browser, watched_page(browser, size=PHONE, dark=True) as watched:
        watched.page.goto(page.as_uri())

        assert watched.complaints == []
        assert watched.requests == [page.as_uri()]
        assert not watched.is_wider_than_its_window()
        assert watched.page.locator("article.claim").count() == 70
        assert watched.page.locator(".aligned polyline.mean").count() == 1
        assert "SYNTHETIC" in watched.page.locator("body").inner_text()


def test_only_chooses_what_is_shown_and_the_family_stays_whole(tmp_path: Path, found: dict[str, Any]) -> None:
    outcome = study(tmp_path, *SAMPLE, "--only", "001-8,002-5", "--only", "004-3")

    rows = re.findall(r"^(\d{3}-\d+)[a-e]? ", outcome.stdout, flags=re.MULTILINE)
    assert set(rows) == {"001-8", "002-5", "004-3"}
    assert study_json(tmp_path) == found


def test_an_unknown_row_is_answered_with_the_nearest(tmp_path: Path) -> None:
    sentence = error_sentence(study(tmp_path / "logs", *SAMPLE, "--only", "01-8"), exit_code=2)

    assert "--only '01-8'" in sentence
    assert "did you mean 001-8?" in sentence
    assert not (tmp_path / "logs").exists()


def test_json_is_what_the_file_holds(tmp_path: Path, market: Path) -> None:
    outcome = study(tmp_path / "logs", configuration(tmp_path, market), *FEW, "--json")

    assert outcome.exit_code == 0
    assert json.loads(outcome.stdout) == study_json(tmp_path / "logs")


def test_what_has_no_file_is_untestable_and_the_rest_is_tested(tmp_path: Path, market: Path) -> None:
    macro = tmp_path / "macro"
    macro.mkdir()
    outcome = study(tmp_path / "logs", configuration(tmp_path, market, macro_dir=str(macro)), *FEW)

    found = study_json(tmp_path / "logs")
    assert outcome.exit_code == 0
    assert result(found, "002-3a")["verdict"] == "untestable"
    assert result(found, "002-3a")["why"].startswith("no such file: NFCI")
    assert result(found, "000-13b")["p"] is not None
    assert "not there: NFCI" in outcome.stdout


def test_an_empty_flow_file_gives_n_0_and_too_few(tmp_path: Path, market: Path) -> None:
    macro = tmp_path / "macro"
    macro.mkdir()
    (macro / "ETH_ETF_FLOW.csv").write_text("date,value\n", encoding="utf-8")
    study(tmp_path / "logs", configuration(tmp_path, market, macro_dir=str(macro)), *FEW)

    flow = result(study_json(tmp_path / "logs"), "000-18a")
    assert (flow["n"], flow["verdict"]) == (0, "too few events")


def test_a_flow_file_that_is_empty_after_the_cut_likewise(tmp_path: Path, market: Path) -> None:
    macro = tmp_path / "macro"
    macro.mkdir()
    (macro / "ETH_ETF_FLOW.csv").write_text("date,value\n2017-12-01,5.5\n", encoding="utf-8")
    config = configuration(tmp_path, market, macro_dir=str(macro))
    study(tmp_path / "logs", config, *FEW, "--to", "2017-06-30")

    flow = result(study_json(tmp_path / "logs"), "000-18a")
    assert (flow["n"], flow["verdict"]) == (0, "too few events")


def test_to_cuts_every_series(tmp_path: Path, market: Path) -> None:
    config = configuration(tmp_path, market)
    outcome = study(tmp_path / "a", config, *FEW, "--to", "2017-03-31")
    short = tmp_path / "short"
    (short / "macro").mkdir(parents=True)
    for file in market.glob("*.csv"):
        lines = file.read_text(encoding="utf-8").splitlines()
        kept = [lines[0], *(line for line in lines[1:] if line[:10] <= "2017-03-31")]
        (short / file.name).write_text("\n".join([*kept, ""]), encoding="utf-8")
    study(tmp_path / "b", configuration(tmp_path, short), *FEW)

    cut, again = study_json(tmp_path / "a"), study_json(tmp_path / "b")
    assert "data up to 2017-03-31" in outcome.stdout
    assert cut["end"] == "2017-03-31"
    assert {**cut, "absent": 0, "results": 0} == {**again, "absent": 0, "results": 0}
    assert [{**each, "why": 0} for each in cut["results"]] == [{**each, "why": 0} for each in again["results"]]


def test_a_backtest_of_the_same_days_lays_the_same_rotations_side_by_side(tmp_path: Path, market: Path) -> None:
    config, last_day = configuration(tmp_path, market), "2015-12-10"
    study(tmp_path / "a", config, *FEW, "--to", last_day)
    later = rewritten(market, tmp_path / "later", "")
    path = later / "ETH.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    # What comes after the last day is none of the run's business.
    kept = [row if row[:10] <= last_day else f"{row[:10]},900,999,800,950,1" for row in rows]
    path.write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    call_command("backtest", configuration(tmp_path, later), "--to", last_day, "--out", tmp_path / "b")

    strategy = study_json(tmp_path / "a")["strategy"]
    aligned = json.loads((only_run_folder(tmp_path / "b") / "aligned.json").read_text(encoding="utf-8"))
    # Both end in mid-rotation, and neither knows the open of the next day.
    assert strategy["aligned"]["rotations"][-1]["exit"] is None
    assert [aligned[key] for key in ("aligned", "random_entries")] == [
        strategy[key] for key in ("aligned", "random_entries")
    ]
    assert aligned["total_excess"] == strategy["ablation"]["both"]["total_excess"]


def test_a_day_before_the_data_is_refused(tmp_path: Path, market: Path) -> None:
    sentence = error_sentence(
        study(tmp_path / "logs", configuration(tmp_path, market), *FEW, "--to", "2014-06-30"), exit_code=3
    )

    assert "BTC" in sentence
    assert "2015-01-05" in sentence
    assert not any((tmp_path / "logs").glob("*"))


def rewritten(market: Path, folder: Path, name: str, *, first: str = "0", last: str = "9") -> Path:
    """Copy a market with one of its files cut."""
    (folder / "macro").mkdir(parents=True)
    for file in market.glob("*.csv"):
        lines = file.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines[1:] if file.stem != name or first <= line[:10] <= last]
        (folder / file.name).write_text("\n".join([lines[0], *kept, ""]), encoding="utf-8")
    return folder


def test_nothing_is_computed_of_windows_before_the_first_session(tmp_path: Path, market: Path) -> None:
    late = rewritten(market, tmp_path / "late", "RUT", first="2016-08-01")

    # numpy complains of the mean of nothing, which is an error here.
    outcome = study(tmp_path / "a", configuration(tmp_path, late), *FEW)

    assert (outcome.exit_code, outcome.stderr) == (0, "")


def test_an_index_that_starts_later_shortens_what_rests_on_it(tmp_path: Path, market: Path) -> None:
    late = rewritten(market, tmp_path / "late", "RUT", first="2016-01-04")
    outcome = study(tmp_path / "a", configuration(tmp_path, late), *FEW)
    study(tmp_path / "b", configuration(tmp_path, market), *FEW)

    assert outcome.exit_code == 0, outcome
    # 52 Fridays of 2015 less are joined; a week is a return from the Friday before.
    weeks = [result(study_json(tmp_path / name), "000-13b")["n"] for name in ("a", "b")]
    assert weeks[0] == 103
    assert weeks[1] > weeks[0]


def test_a_series_cut_short_shortens_its_sample(tmp_path: Path, market: Path) -> None:
    short = rewritten(market, tmp_path / "short", "ETH", last="2016-12-31")
    outcome = study(tmp_path / "a", configuration(tmp_path, short), *FEW)
    study(tmp_path / "b", configuration(tmp_path, market), *FEW)

    assert outcome.exit_code == 0, outcome
    cut, whole = (study_json(tmp_path / name) for name in ("a", "b"))
    assert cut["data"]["ETH"] != whole["data"]["ETH"]
    assert cut["data"]["RUT"] == whole["data"]["RUT"]
    assert result(cut, "003-9c")["detail"]["weeks"] < result(whole, "003-9c")["detail"]["weeks"] - 50


def test_another_strategy_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "hold.yaml"
    path.write_text("strategy: {name: hold}\ndata: {crypto: sample, index: sample}\n", encoding="utf-8")

    sentence = error_sentence(study(tmp_path / "logs", path), exit_code=2)

    assert "strategy.name 'hold'" in sentence
    assert not any((tmp_path / "logs").glob("*"))


@pytest.fixture
def without_scipy() -> Iterator[None]:
    distributions._stats.cache_clear()
    with mock.patch.dict(sys.modules, {"scipy.stats": None, "scipy": None}):
        yield
    distributions._stats.cache_clear()


@pytest.mark.usefixtures("without_scipy")
def test_without_scipy_it_is_said_what_to_install(tmp_path: Path) -> None:
    sentence = error_sentence(study(tmp_path / "logs", *SAMPLE, "--quiet"), exit_code=2)

    assert "scipy is not installed" in sentence
    assert "altfuse[study]" in sentence
    assert not any((tmp_path / "logs").glob("*"))


def test_nothing_half_written_stays(tmp_path: Path, market: Path) -> None:
    full = OSError(28, "No space left on device")
    with mock.patch("engine.report.html.study_page.study_html", side_effect=full):
        outcome = study(tmp_path / "logs", configuration(tmp_path, market), *FEW)

    assert outcome.exit_code != 0
    assert "Traceback" not in outcome.stderr
    assert not any((tmp_path / "logs").glob("*"))


def test_a_study_is_no_run_and_is_named_as_what_it_is(on_sample: tuple[Outcome, Path]) -> None:
    folder = on_sample[1]

    listed = call_command("review", "--list", "--out", folder.parent)
    asked = call_command("review", folder.name, "--out", folder.parent)

    assert "there is no run yet" in error_sentence(listed, exit_code=2)
    assert "study.html" in error_sentence(asked, exit_code=2)


def test_days_of_events_lie_within_the_data(found: dict[str, Any]) -> None:
    last = date.fromisoformat(found["end"]) + timedelta(days=0)
    dated = [each for each in found["results"] if each["detail"].get("author") is None]
    assert all(date.fromisoformat(day) <= last for each in dated for day in each["events"])
