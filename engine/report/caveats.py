"""What a reader must know before believing a figure, in plain words."""

from collections.abc import Mapping
from typing import Any

FEW_ROTATIONS = 30
NOT_ADVICE = "Not investment advice."
UNTESTED = "Untested: `study` tests the claims."


def rests_on(completed: int, *, rotates: bool = True) -> str:
    """Say on how many rotations the figures rest, or, where there are none to speak of, on how many round trips."""
    if not completed:
        if rotates:
            return "No rotation was completed: these figures say nothing about rotating."
        return "No round trip was completed: one purchase does not tell skill from luck."
    few = " - far too few to tell skill from luck" if completed < FEW_ROTATIONS else ""
    what = "rotation" if rotates else "round trip"
    return f"These figures rest on {completed} completed {what}{'s' if completed != 1 else ''}{few}."


def excess_rests_on(found: Mapping[str, Any]) -> str:
    """Say on how many events the excess over the core rests, and where that of random entries lies.

    Args:
        found: as `aligned.json` has it.
    """
    n, breakouts, chance = found["n"], found.get("breakouts"), found["random_entries"]
    events = f"{n} separate rotation{'s' if n != 1 else ''}"
    if breakouts is not None and breakouts < n:
        events += f" after {breakouts} breakout{'s' if breakouts != 1 else ''} of the index"
    rests = f"The excess over {found['core']}, {found['total_excess']:+.2f} (log), rests on n = {events}"
    if not chance["draws"]:
        return f"{rests}; the run is too short for random entries beside it."
    band = f"{chance['q05']:+.2f} to {chance['q95']:+.2f} in nine of ten cases"
    less = f"{chance['rank'].removesuffix(' below')} (p = {chance['p_up']:.2g})"
    return f"{rests}; random entries, as many and as long, give {band}, and less in {less}."


def claims_behind(study: Mapping[str, Any]) -> str:
    """Say what a study found of the claims that an entry bets on.

    Args:
        study: as `summary.json` has it.
    """
    said = "; ".join(f"{each['title'].lower()}: {each['verdict']}, n = {each['n']:,}" for each in study["claims"])
    return f"The claims behind an entry, tested on these bars ({study['folder']}): {said}."


def hindsight(*, synthetic: bool) -> str:
    """Say that the coins were picked afterwards; nothing of a market that is made up."""
    return "" if synthetic else "The coins were picked today for yesterday: that is hindsight, and it flatters."
