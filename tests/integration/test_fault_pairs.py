"""Every pair of two faults at once: account, order, answers, market, exchange and journal, through real HTTP.

Of each dimension a combination has one value, and all pairs of values of two dimensions come together in one at least:
not the product, which nobody can wait for. tests/support/pair_soundness.py says what must hold in all of them.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import pytest

from engine.practice.faults import ORDER_PATH, Fault
from tests.integration.test_fault_matrix import TROUBLES
from tests.support.disturbed import END, Case, Outcome, Rig
from tests.support.pair_cells import ENDS, FEES, JOURNALS, LAGS, MARKETS, OWN, RESETS, Script
from tests.support.pair_soundness import pair_problems
from tests.support.pairwise import Cell, covering, pairs_of

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

SHARE = 1 if "WHOLE_MATRIX" in os.environ else 16
"""Without that variable one combination of so many is tried, half a minute of one core."""
SHARDS = 8
MOST_SHOWN = 5
# A silence takes real time, and says no more than a dropped connection.
ORDERS_IN_TROUBLE = (
    "none",
    "disabled for a day",
    "LOT_SIZE",
    "NOTIONAL",
    "market closed",
    "balance",
    "balance five times",
    "disabled",
    "bad symbol",
    "clock",
    "key",
    "429",
    "too many orders",
    "418 for an hour",
    "HTTP 502, executed",
    "HTTP 502, not executed",
    "-1007, executed",
    "half",
    "half, answer lost",
    "little five times",
    "nothing five times, answers lost",
    "found late by 3, answer lost",
    "trades late by 3, answer lost",
)
DIMENSIONS: Mapping[str, Sequence[str]] = {
    "order": ORDERS_IN_TROUBLE,
    "at": tuple(MARKETS),
    "fees": tuple(FEES),
    "own": OWN,
    "lag": tuple(LAGS),
    "market": ENDS,
    "reset": RESETS,
    "journal": JOURNALS,
}
CALM: Cell = {name: values[0] for name, values in DIMENSIONS.items()}
ALONE: Sequence[Cell] = [{**CALM, name: value} for name, values in DIMENSIONS.items() for value in values[1:]]
ACCOUNTS: Sequence[Cell] = [{**CALM, "fees": fees, "own": own} for fees in FEES for own in OWN]
"""What an account can be, where nothing else goes wrong: of two faults one may hide what comes of the other."""
CELLS = [*ALONE, *(cell for cell in ACCOUNTS if cell not in ALONE), *covering(DIMENSIONS)]


def _faults(cell: Cell) -> tuple[Fault, ...]:
    if cell["order"] not in TROUBLES:
        return ()
    symbol = MARKETS[cell["at"]]
    return tuple(
        replace(fault, method="POST", path=ORDER_PATH, symbol=symbol) for fault in TROUBLES[cell["order"]].faults
    )


def _is_refused(cell: Cell) -> bool:
    trouble = TROUBLES.get(cell["order"])
    if trouble is None:
        return cell["order"] != "none"
    return trouble.expected(MARKETS[cell["at"]]) in {"short", "left"}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("pairs")).open() as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(rig: Rig) -> Outcome:
    return rig.play(Case(name="undisturbed", last=END))


def _violations(cells: Sequence[Cell], rig: Rig, undisturbed: Outcome) -> list[str]:
    violations = []
    for cell in cells:
        script = Script(rig=rig, cell=cell, is_refused=_is_refused(cell))
        case = script.case(_faults(cell))
        outcome = rig.play(case)
        found = list(pair_problems(outcome, undisturbed, script))
        violations += [f"{case.name}: {problem}" for problem in found]
        rig.forget(outcome)
    return violations


def _check(name: str, cells: Sequence[Cell], rig: Rig, undisturbed: Outcome) -> None:
    violations = _violations(cells, rig, undisturbed)
    print(f"{name}: {len(cells)} of {len(CELLS)} combinations")
    shown = "\n".join(violations[:MOST_SHOWN])
    assert not violations, f"{len(violations)} violations in {len(cells)} combinations:\n{shown}"


@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_is_lost_doubled_stuck_or_forgotten_where_two_things_go_wrong(
    rig: Rig, undisturbed: Outcome, shard: int
) -> None:
    _check(f"shard {shard}", CELLS[shard :: SHARDS * SHARE], rig, undisturbed)


def test_all_pairs_of_values_come_together() -> None:
    pairs = set().union(*map(pairs_of, covering(DIMENSIONS)))
    sizes = [len(values) for values in DIMENSIONS.values()]
    every = sum(one * two for one, two in combinations(sizes, 2))

    print(f"{every} pairs of values of {len(DIMENSIONS)} dimensions in {len(CELLS)} combinations")
    assert len(pairs) == every
