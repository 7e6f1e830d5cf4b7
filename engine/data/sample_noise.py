"""Reproducible chance for the sample market: integer arithmetic only, the same on every platform and numpy version.

Nothing here calls exp, log or a library's normal generator, whose last bits differ between builds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.market import Floats

_WORD = 2**64
_GAMMA = 0x9E3779B97F4A7C15
_BELL_TERMS = 8
_CHUNK = 2**16
# Standard deviation of a sum of independent integers, each uniform on 0.._CHUNK - 1; sqrt is exact by IEEE 754.
_BELL_DEVIATION = (_BELL_TERMS * (_CHUNK**2 - 1) / 12) ** 0.5
_LANES = 3
_JUMP_SHARE, _JUMP_SIZE = 0.04, 2.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Chance of one market, one value a day in each column; the first n days do not depend on how many follow.

    Attributes:
        shock: mean 0, deviation 1, bell-shaped with fat tails: what the close does.
        gap: uniform on -1..1; what the open does.
        reach_up, reach_down, trade: uniform on 0..1; how far high and low go, how much is traded.
    """

    shock: Floats
    gap: Floats
    reach_up: Floats
    reach_down: Floats
    trade: Floats


def splitmix64(seed: int, size: int) -> NDArray[np.uint64]:
    """Give the first `size` numbers of the SplitMix64 sequence that starts at `seed`.

    Source: Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators (OOPSLA 2014).
    """
    # Arrays of unsigned integers wrap around in silence, which is the arithmetic wanted.
    state = np.arange(1, size + 1, dtype=np.uint64) * np.uint64(_GAMMA) + np.uint64(seed % _WORD)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def noise(seed: int, days: int) -> Noise:
    """Draw the noise of one market.

    Args:
        seed: one for each market; neighbouring seeds give unrelated noise.
        days: number of days, from the market's first on.
    """
    key = int(splitmix64(seed, 1)[0])
    words = splitmix64(key, days * _LANES).reshape(days, _LANES)
    # Little-endian on purpose: the order of the 16-bit parts must not depend on the machine.
    parts = words.astype("<u8").view("<u2").astype(np.int64)
    bell = (parts[:, :_BELL_TERMS].sum(axis=1) - _BELL_TERMS * (_CHUNK - 1) / 2) / _BELL_DEVIATION
    uniform = (parts[:, _BELL_TERMS:] + 0.5) / _CHUNK
    gap, reach_up, reach_down, trade = (np.ascontiguousarray(uniform[:, column]) for column in range(4))
    return Noise(shock=_with_jumps(bell, trade), gap=2 * gap - 1, reach_up=reach_up, reach_down=reach_down, trade=trade)


def _with_jumps(bell: Floats, trade: Floats) -> Floats:
    """Stretch the shocks of the days that trade most, then bring the deviation back to 1."""
    deviation = (1 + _JUMP_SHARE * (_JUMP_SIZE**2 - 1)) ** 0.5
    stretched: Floats = np.where(trade > 1 - _JUMP_SHARE, bell * _JUMP_SIZE, bell) / deviation
    return stretched
