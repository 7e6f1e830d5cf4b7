"""Few combinations in which every pair of values of two dimensions comes together at least once."""

from collections.abc import Mapping, Sequence
from itertools import combinations

Cell = Mapping[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def pairs_of(cell: Cell) -> set[Pair]:
    """Give the pairs of values that come together in a combination."""
    return set(combinations(cell.items(), 2))


def covering(dimensions: Mapping[str, Sequence[str]]) -> list[Cell]:
    """Give combinations that cover all pairs, the same ones at each call.

    Greedy: each takes a pair that is not covered yet, and of every other dimension the value that covers most.

    Args:
        dimensions: the values of each, by its name; at least two dimensions.
    """
    open_pairs = dict.fromkeys(
        ((first, a), (second, b))
        for first, second in combinations(dimensions, 2)
        for a in dimensions[first]
        for b in dimensions[second]
    )
    cells: list[Cell] = []
    while open_pairs:
        chosen = dict(next(iter(open_pairs)))
        for name in dimensions:
            if name not in chosen:
                chosen[name] = _best(name, dimensions[name], chosen, open_pairs, turn=len(cells))
        cell = {name: chosen[name] for name in dimensions}
        for pair in pairs_of(cell):
            open_pairs.pop(pair, None)
        cells.append(cell)
    return cells


def _best(name: str, values: Sequence[str], chosen: Cell, open_pairs: Mapping[Pair, None], *, turn: int) -> str:
    def gain(value: str) -> int:
        met = (((name, value), each) for each in chosen.items())
        return sum((one, two) in open_pairs or (two, one) in open_pairs for one, two in met)

    # From another value on each time: of equals not always the same one is taken.
    return max((values[(turn + n) % len(values)] for n in range(len(values))), key=gain)
