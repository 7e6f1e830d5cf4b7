"""Ask the claim court about two hundred markets of which the truth is known, and hold it to what it promises.

    python -m tests.benchmarks.court [--seeds N]

Exit code 0 where every bound holds, 1 where one is missed; a bound that is missed is said, and no seed is exchanged.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.support.planted import (
    BLOCKS,
    PLANTED_WEEKS,
    Truth,
    claim,
    court_of,
    p_of,
    placebo_rank,
    planted,
    with_luck,
    with_placebos,
)

LEVEL = 0.05
LEAST = {"state": 5}
"""Below so many spells no verdict rests on the weeks of a state; ten is the least of the other blocks."""
A_BLOCK, ALL_BLOCKS, LEADS_FOUND, FALSE_LEADS = 0.10, 0.07, 0.95, 0.10


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What was measured, and what is promised of it."""

    what: str
    found: float
    promised: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.found >= self.promised if self.at_least else self.found <= self.promised


def measured(seeds: range) -> Iterator[Bound]:
    """Ask about every market."""
    nulls: dict[str, list[bool]] = {block: [] for block in BLOCKS}
    leads, lags, false_leads, too_few, noise, driven = [], [], [], [], [], []
    for seed in track(seeds, description="markets", disable=not sys.stdout.isatty()):
        court = court_of(planted(seed, Truth()))
        for block, run in BLOCKS.items():
            found = run(court, seed)
            if found.judged is not None and found.n >= LEAST.get(block, 10):
                nulls[block].append(p_of(found) <= LEVEL)
        lead = BLOCKS["lead"](court_of(planted(seed, Truth(lead=1.0))), seed)
        leads.append(p_of(lead) <= LEVEL)
        lags.append(lead.detail["best_lag"] == PLANTED_WEEKS)
        false_leads.append(p_of(BLOCKS["lead"](court_of(planted(seed, Truth(same=1.6))), seed)) <= LEVEL)
        lucky = claim("002-5b")(court_of(with_luck(planted(seed, Truth()))), seed)
        too_few.append(lucky.n < 10)
        noise.append(placebo_rank(with_placebos(seed, a_day=0.0))[0])
        driven.append(placebo_rank(with_placebos(seed, a_day=0.02))[0] == 1)
    for block, rejections in nulls.items():
        yield Bound(what=f"{block}: rejects where nothing is", found=_share(rejections), promised=A_BLOCK)
    together = [each for rejections in nulls.values() for each in rejections]
    yield Bound(what="all blocks: reject where nothing is", found=_share(together), promised=ALL_BLOCKS)
    yield Bound(what="lead of four weeks: found", found=_share(leads), promised=LEADS_FOUND, at_least=True)
    yield Bound(what="lead of four weeks: at its lag", found=_share(lags), promised=LEADS_FOUND, at_least=True)
    yield Bound(what="same week: taken for a lead", found=_share(false_leads), promised=FALSE_LEADS)
    yield Bound(what="one lucky event: too few", found=_share(too_few), promised=1.0, at_least=True)
    yield Bound(what="placebos: index first where it drives", found=_share(driven), promised=0.95, at_least=True)
    off = abs(sum(noise) / len(noise) - 4.5)
    yield Bound(what="placebos: mean rank of noise, off 4.5 by", found=off, promised=3 * 2.29 / len(noise) ** 0.5)


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=200, help="markets, from seed 0 on")
    bounds = list(measured(range(parser.parse_args().seeds)))
    table = Table("what", "found", "promised", "holds")
    for bound in bounds:
        sign = ">=" if bound.at_least else "<="
        table.add_row(bound.what, f"{bound.found:.3f}", f"{sign} {bound.promised:.2f}", "yes" if bound.holds else "NO")
    Console(width=None if sys.stdout.isatty() else 80).print(table)
    return 0 if all(bound.holds for bound in bounds) else 1


if __name__ == "__main__":
    sys.exit(main())
