"""What each system declares of itself, against the page that lists them and against the groups of the specification."""

import re
from pathlib import Path
from typing import Any

import pytest

from engine.core.rule import System
from engine.core.thesis import Group
from strategies.rotating.rule_files import rule_class, rule_names

PAGE = Path(__file__).resolve().parents[4] / "strategies" / "README.md"
ROW = re.compile(r"00\d-\d{1,2}")
GROUPS = {
    "small caps": "blue_sky record_after_drought monthly_record retest_held weekly_support value_record volume_thrust "
    "participation",
    "capital rotation": "small_over_large small_over_nasdaq nvda_tires eth_leads altseason lag_gap risk_appetite chain "
    "phase",
    "liquidity and rates": "rate_cuts cheap_capital net_liquidity tga_full tga_falls reserve_management credit_easy "
    "m2_grows calm",
    "crypto technicals": "quiet_90 correlation_back long_trend timeframes season",
    "flows": "eth_flows btc_flows",
    "cautions": "small_cap_weakness small_cap_outflow alts_down_only tightening",
}


def _systems() -> dict[str, type[System[Any]]]:
    found = {name: rule_class(name, "a test") for name in rule_names()}
    # A system of one's own, tried in the folder, may be of nobody's thesis.
    return {name: each for name, each in found.items() if issubclass(each, System) and (each.group or each.rows)}


def test_each_system_stands_in_its_group() -> None:
    wanted = {name: group for group, names in GROUPS.items() for name in names.split()}

    assert {name: each.group for name, each in _systems().items()} == wanted
    assert [group.value for group in Group] == list(GROUPS)


def test_cautions_are_those_in_the_group_of_cautions() -> None:
    systems = _systems()

    assert {name for name, each in systems.items() if each.caution} == set(GROUPS["cautions"].split())


@pytest.mark.parametrize("name", sorted(_systems()))
def test_rows_and_caution_are_those_of_the_page(name: str) -> None:
    line = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}`"))
    system = _systems()[name]
    *_, cell, _ = line.split("|")
    listed = ROW.findall(cell)
    if " to " in cell:
        article, first = listed[0].split("-")
        listed = [f"{article}-{row}" for row in range(int(first), int(listed[-1].split("-")[1]) + 1)]

    assert sorted(system.rows) == sorted(listed)
    assert system.caution == (", a caution" in line)
