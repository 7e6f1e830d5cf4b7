"""Two series side by side."""

from dataclasses import replace

import numpy as np

from engine.core.series import ValueSeries


def on_common_dates(first: ValueSeries, second: ValueSeries) -> tuple[ValueSeries, ValueSeries]:
    """Cut two series to the dates that both have; a value of a date is known when both are.

    Each has the names of both, as a ratio has: where a value is missing, either may lack it.
    """
    ordinals, in_first, in_second = np.intersect1d(
        first.ordinals, second.ordinals, assume_unique=True, return_indices=True
    )
    known_at = np.maximum(first.known_at[in_first], second.known_at[in_second])
    name = f"{first.name}/{second.name}"
    return (
        replace(first, name=name, ordinals=ordinals, values=first.values[in_first], known_at=known_at),
        replace(second, name=name, ordinals=ordinals, values=second.values[in_second], known_at=known_at),
    )
