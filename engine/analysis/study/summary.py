"""A study in five sentences; no rank stands in one without its n."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

TOP = 0.9
NOT_SPECIAL = "the Russell is not special"
LEAD, HIGHS = "001-8a", "002-5a"
OF_CLAIMS = ("supported", "contradicted", "not supported", "too few events", "untestable")
OF_DATES = ("open", "came true", "did not come true")


def sentences(study: Mapping[str, Any]) -> Iterator[str]:
    """Give the sentences.

    Args:
        study: as `study.json` has it.
    """
    counts = Counter(study["rows"].values())
    said, dated = (", ".join(f"{counts[verdict]} {verdict}" for verdict in of) for of in (OF_CLAIMS, OF_DATES))
    yield (
        f"Of {len(study['rows'])} rows of the thesis, on data up to {study['end']}: {said}; of what was said of dates "
        f"{dated}."
    )
    results = {result["id"]: result for result in study["results"]}
    yield _lead(results[LEAD])
    yield _highs(results[HIGHS])
    strategy = study["strategy"]
    if not strategy:
        yield "The strategy has no decision day on these data, so nothing is said of its rotations."
        return
    yield _rotations(strategy)
    yield _placebos(strategy)


def _lead(lead: Mapping[str, Any]) -> str:
    if lead["effect"] is None:
        return f"Whether small caps lead alts cannot be told: n = {lead['n']} weeks."
    return (
        f"That small caps lead alts is {lead['verdict']}: over n = {lead['n']} weeks the highest correlation at a lag "
        f"of 1 to 26 weeks is {lead['effect']:.2f} (p = {lead['p']:.2g}), at {_weeks(lead['detail']['best_lag'])}."
    )


def _weeks(count: int) -> str:
    return f"{count} week{'s' if count != 1 else ''}"


def _highs(highs: Mapping[str, Any]) -> str:
    n, effect = highs["n"], highs["effect"]
    if effect is None:
        return f"New highs of small caps after 90 days without: n = {n}; nothing can be said of what followed."
    return (
        f"After n = {n} new highs of small caps the typical alt did {effect:+.3f} (log) in 126 days against all such "
        f"spans: {highs['verdict']}; {highs['min_n']} separate events are wanted."
    )


def _rotations(strategy: Mapping[str, Any]) -> str:
    both, chance = strategy["ablation"]["both"], strategy["random_entries"]
    return (
        f"The strategy's excess over Bitcoin of {both['total_excess']:+.2f} (log) rests on n = {both['n']} rotations; "
        f"moved round the calendar they have a lower one in {_of(chance['rank'])} cases (p = {chance['p_up']:.2g})."
    )


def _of(rank: str) -> str:
    return rank.removesuffix(" below")


def _placebos(strategy: Mapping[str, Any]) -> str:
    place, shifts = strategy["placebo_rank"], strategy["shifted_r2k"]
    n = strategy["ablation"]["both"]["n"]
    words = (
        f"Driven by other markets the same rule ranks the Russell {place['rank']} of {place['of']} (n = {n} rotations) "
        f"and above {_of(shifts['rank'])} of its own states, moved in time"
    )
    below = int(shifts["rank"].partition(" ")[0])
    is_special = place["rank"] == 1 and shifts["draws"] and below >= TOP * shifts["draws"]
    return f"{words}." if is_special else f"{words}: {NOT_SPECIAL}."
