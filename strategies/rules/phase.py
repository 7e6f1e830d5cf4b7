"""Phase: capital is in one of the phases in which small caps or crypto lead (rows 001-9 to 001-12)."""

from itertools import chain
from typing import Annotated, Self

import numpy as np
from pydantic import Field, StrictInt, model_validator

from engine.core.basket_index import BASKET
from engine.core.columns import Column
from engine.core.market import Floats, History
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.phases import PAIRS, Phases, phases_of, scaled_changes
from strategies.signals.sight import CORE, Sight, SightedSystem
from strategies.signals.weeks import complete_sundays, in_last_week, values_by_week
from strategies.signals.words import number_of

NAMES = ("gold and large technology", "small caps and silver", "crypto and copper")


class PhaseParams(RuleParams):
    """Parameters of the phase."""

    phases: tuple[Annotated[StrictInt, Field(ge=1, le=3)], ...] = Field((2, 3), description="Phases in which it holds.")
    change_weeks: StrictInt = Field(26, ge=1, le=5200, description="Weeks over which the ratios change.")
    scale_weeks: StrictInt = Field(104, ge=2, le=5200, description="Weeks of which the changes' deviation is taken.")
    scale_least: StrictInt = Field(52, ge=2, le=5200, description="Changes that must be there for a deviation.")
    hold_weeks: StrictInt = Field(4, ge=1, le=5200, description="Weeks that a phase must lead to take over.")

    @model_validator(mode="after")
    def _can_be_known(self) -> Self:
        if self.scale_least > self.scale_weeks:
            raise ValueError(
                f"scale_least {self.scale_least} is not allowed with scale_weeks {self.scale_weeks}: "
                "of so many weeks no more changes can be there"
            )
        return self


class Phase(SightedSystem[PhaseParams]):
    """Holds while the phase is one of those."""

    Params = PhaseParams
    needs = tuple(
        dict.fromkeys(name for pairs in PAIRS.values() for pair in pairs for name in pair if name not in (BASKET, CORE))
    )
    rows = ("001-9", "001-10", "001-11", "001-12")
    group = Group.ROTATION
    phase_names = NAMES
    remark = "without new issues and speculative technology, which have no free daily history here"

    def column(self, sight: Sight) -> Column:
        """Find the phase of the last complete week, in which no score may be missing."""
        phases = self._over_time(sight)
        phase = in_last_week(phases.phase.astype(np.float64), phases.sundays, sight.days)
        return sight.column(np.isin(phase, self.params.phases), phase)

    def over_time(self, history: History) -> Phases:
        """Give the phases of all complete weeks, with their scores."""
        return self._over_time(Sight(history, self.setting))

    def says(self, reading: Reading) -> str:
        """Name the phase."""
        phase = int(number_of(reading))
        return f"capital is in phase {phase}, {NAMES[phase - 1]}"

    def _over_time(self, sight: Sight) -> Phases:
        params, days = self.params, sight.days
        ratios = {phase: [sight.ratio(*pair) for pair in pairs] for phase, pairs in PAIRS.items()}
        sundays = complete_sundays(*chain.from_iterable(ratios.values()), days=days)
        moves: dict[int, list[Floats]] = {}
        for phase, pairs in ratios.items():
            moves[phase] = []
            for pair in pairs:
                move = scaled_changes(
                    values_by_week(pair, sundays),
                    change_weeks=params.change_weeks,
                    scale_weeks=params.scale_weeks,
                    scale_least=params.scale_least,
                )
                sight.require_of(pair, ~np.isnan(in_last_week(move, sundays, days)), _NO_SCORE)
                moves[phase].append(move)
        return phases_of(sundays, moves, hold_weeks=params.hold_weeks)


_NO_SCORE = "its change in the last complete week has no value, or nothing by which it is scaled"
