"""The figures of the README's verdict, worked out again from the CSV files by loops over days, each event day named.

The prices are not in the repository; without them nothing here runs.
"""

import json
import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.support import slow_study as slow
from tests.support.command import PRICES, ROOT, call_command, only_run_folder
from tests.support.slow_rotations import Trial
from tests.support.slow_series import read_rows

MACRO = PRICES.parent / "macro"
pytestmark = pytest.mark.skipif(
    not all((PRICES / f"{name}.csv").exists() for name in ("BTC", "RUT", "ETH", "NVDA")) or not MACRO.is_dir(),
    reason="the real prices are not at hand",
)
LAST_DAY = "2025-12-31"
COINS = ("BTC", *slow.ALTS)
HIGHS_OF_90 = ("2016-11-14", "2018-05-16", "2020-11-13", "2021-11-02")
HIGHS_OF_A_YEAR = ("2016-11-14", "2020-11-13")
BREAKOUTS = ("2016-11-16", "2020-11-17", "2021-11-04")
MONTHS = ("2016-11-30", "2017-04-28", "2017-09-29", "2018-05-31", "2020-11-30", "2021-04-30", "2024-11-29")
TOPS = ("2013-12-04", "2017-12-16", "2021-11-08")
ROTATIONS = (
    ("2018-09-02", "2019-01-06"),
    ("2019-02-17", "2019-06-23"),
    ("2020-02-02", "2020-03-13"),
    ("2020-11-17", "2021-03-23"),
    ("2021-08-22", "2021-11-23"),
)
ORDER = ["NVDA", "QQQ", "RUT", "SLV", "GLD", "COPPER", "SPY", "1/VIX"]


@pytest.fixture(scope="module")
def world() -> slow.World:
    names = (*COINS, "RUT", "SPY", "QQQ", "GLD", "SLV", "NVDA", "VIX")
    return slow.world_of_files(PRICES, MACRO, names, (), last=date.fromisoformat(LAST_DAY))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("logs")
    files = ("data.crypto=csv", "data.index=csv", f"data.csv_dir={PRICES}", "data.macro=csv", f"data.macro_dir={MACRO}")
    settings = [part for each in (*files, "study.draws=9") for part in ("--set", each)]
    outcome = call_command("study", *settings, "--to", LAST_DAY, "--out", out)
    assert outcome.exit_code == 0, outcome
    content: dict[str, Any] = json.loads((only_run_folder(out) / "study.json").read_text(encoding="utf-8"))
    return content


def result(study: dict[str, Any], test: str) -> dict[str, Any]:
    (one,) = (each for each in study["results"] if each["id"] == test)
    return dict(one)


def ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def excess_after(world: slow.World, days: Sequence[str], span: int) -> float:
    """Give what the typical alt did after the days, less what it did after all days."""
    gains = {day: world.gain("ALT", day, day + span) for day in world.grid}
    every = [gain for gain in gains.values() if gain is not None]
    after = [gains[ordinal(day)] for day in days]
    return fmean(gain for gain in after if gain is not None) - fmean(every)


def test_the_data_are_those_of_the_readme(world: slow.World) -> None:
    assert date.fromordinal(world.end).isoformat() == LAST_DAY


@pytest.mark.parametrize(
    ("test", "days", "effect"),
    [
        ("002-5a", HIGHS_OF_90, -0.004),
        ("002-5b", HIGHS_OF_A_YEAR, 0.878),
        ("002-5c", BREAKOUTS, 0.248),
        ("002-5d", MONTHS, 0.550),
    ],
)
def test_what_the_typical_alt_did_after_each_sort_of_event(
    test: str, days: Sequence[str], effect: float, world: slow.World, study: dict[str, Any]
) -> None:
    found = result(study, test)

    by_hand = excess_after(world, days, 126)

    assert found["events"] == list(days)
    assert found["n"] == len(days)
    assert found["effect"] == pytest.approx(by_hand, abs=1e-9)
    assert round(by_hand, 3) == effect


def test_each_of_those_days_is_a_record_after_ninety_without(world: slow.World) -> None:
    closes = world.closes["RUT"]
    for day in HIGHS_OF_90:
        before = [close for other, close in closes.items() if other < ordinal(day)]
        recent = [other for other in world.records if ordinal(day) - 90 < other < ordinal(day)]
        assert closes[ordinal(day)] > max(before)
        assert recent == []


def test_how_often_a_gain_followed(world: slow.World, study: dict[str, Any]) -> None:
    gains = [world.gain("ALT", ordinal(day), ordinal(day) + 126) for day in HIGHS_OF_90]

    assert sum(gain > 0 for gain in gains if gain is not None) == 2
    assert result(study, "004-7a")["effect"] == 0.5


def test_the_weekly_correlation_and_the_best_lag(world: slow.World, study: dict[str, Any]) -> None:
    x, y = slow.joined((world.week("RUT", friday), world.week("ALT", friday)) for friday in world.fridays)
    n = len(x)
    lags = {k: slow.correlation(x, [y[(t + k) % n] for t in range(n)]) for k in range(1, 27)}
    best = max(lags, key=lambda k: lags[k])

    together, lead = result(study, "000-13b"), result(study, "001-8a")
    assert (n, round(slow.correlation(x, y), 2)) == (537, 0.25)
    assert together["effect"] == pytest.approx(slow.correlation(x, y), abs=1e-9)
    assert (best, round(lags[best], 3)) == (16, 0.075)
    assert (lead["n"], lead["detail"]["best_lag"]) == (n, best)
    assert lead["effect"] == pytest.approx(lags[best], abs=1e-9)


def test_weeks_in_new_territory(world: slow.World, study: dict[str, Any]) -> None:
    inside: list[float] = []
    others: list[float] = []
    for friday in world.fridays:
        state, gain = world.in_state("new high", friday - 7), world.week("ALT", friday)
        if state is not None and gain is not None:
            (inside if state else others).append(gain)

    found = result(study, "002-5e")
    assert (len(inside), len(inside) + len(others), found["n"]) == (102, 537, 11)
    assert found["effect"] == pytest.approx(fmean(inside) - fmean(others), abs=1e-9)
    assert round(found["effect"], 3) == 0.046


def test_each_bear_market_began_within_thirty_days_of_a_record(world: slow.World, study: dict[str, Any]) -> None:
    closes = world.closes["BTC"]
    for day in TOPS:
        top = ordinal(day)
        higher = [other for other in closes if other > top and closes[other] > closes[top]]
        lows = [close for other, close in closes.items() if top < other < min(higher)]
        assert min(higher) - top > 365
        assert min(lows) <= closes[top] / 2
        assert any(top - 30 < made <= top for made in world.records)

    found = result(study, "002-8a")
    assert found["events"] == list(TOPS)
    assert (found["effect"], found["verdict"]) == (1.0, "contradicted")


@pytest.fixture(scope="module")
def trial(world: slow.World, study: dict[str, Any]) -> Trial:
    first, last = (ordinal(study["strategy"][key]) for key in ("first_day", "last_day"))
    opens = {name: _opens(PRICES / f"{name}.csv") for name in COINS}
    return Trial(world=world, opens=opens, days=range(first, last + 1))


def _opens(path: Path) -> dict[int, float]:
    return {ordinal(row["date"]): float(row["open"]) for row in read_rows(path)}


def test_the_rotations_and_what_they_brought(trial: Trial, study: dict[str, Any]) -> None:
    spans = [(ordinal(entry) - trial.days[0], ordinal(leave) - trial.days[0]) for entry, leave in ROTATIONS]

    total = math.fsum(trial.excess(entry, leave) for entry, leave in spans)

    both = study["strategy"]["ablation"]["both"]
    assert [(each["entry"], each["exit"]) for each in both["rotations"]] == list(ROTATIONS)
    assert both["total_excess"] == pytest.approx(total, abs=1e-9)
    assert round(total, 2) == 0.86


def test_the_same_rotations_moved_round_the_calendar(trial: Trial, study: dict[str, Any]) -> None:
    first, count = trial.days[0], len(trial.days)
    spans = [(ordinal(entry) - first, ordinal(leave) - first) for entry, leave in ROTATIONS]
    total = math.fsum(trial.excess(entry, leave) for entry, leave in spans)

    below = 0
    for shift in range(126, count - 126, 7):
        moved = [((entry + shift) % count, leave - entry) for entry, leave in spans]
        below += sum(trial.excess(at, min(at + length, count - 1)) for at, length in moved) < total

    assert study["strategy"]["random_entries"]["rank"] == f"{below} of 382 below"
    assert below == 335


def test_the_rank_among_placebos(trial: Trial, world: slow.World, study: dict[str, Any]) -> None:
    totals = {}
    for name in ORDER:
        of = world.closes[name.removeprefix("1/")]
        driver = {day: 1 / close for day, close in of.items()} if name == "1/VIX" else of
        totals[name] = trial.total(trial.play(trial.index(driver), "both"))

    assert sorted(totals, key=lambda name: -totals[name]) == ORDER
    assert study["strategy"]["placebo_rank"] == {"rank": 3, "of": 8, "order": ORDER}


def test_the_readme_says_these_figures() -> None:
    words = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    for figure in (
        "weekly correlation 0.25, n = 537",
        "best of 26 lags: 0.07 at 16 weeks",
        ", ".join(HIGHS_OF_90),
        "-0.004 (log) in 126 days",
        ", ".join(BREAKOUTS),
        "+0.25 (log)",
        "11 spells | +4.6 %",
        ", ".join(TOPS),
        "+0.86 (log) rests on n = 5 rotations",
        "335 of 382 cases",
        "the Russell is 3 of 8",
    ):
        assert figure in words, figure
