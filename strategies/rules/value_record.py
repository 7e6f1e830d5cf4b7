"""Value record: the fund of small value shares has just closed at a record (row 003-1)."""

import numpy as np
from pydantic import Field, StrictInt

from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.records import is_record, last_marked
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of

FUND = "IWN_ADJCLOSE"


class ValueRecordParams(RuleParams):
    """Parameters of a value record."""

    within_sessions: StrictInt = Field(10, ge=1, le=36500, description="Last sessions of which one is a record.")


class ValueRecord(SightedSystem[ValueRecordParams]):
    """Holds while one of the last closes is a record."""

    Params = ValueRecordParams
    needs = (FUND,)
    rows = ("003-1",)
    group = Group.SMALL_CAPS
    remark = "total return, which comes to a record earlier than the index ^RUJ itself"

    def column(self, sight: Sight) -> Column:
        """Count the sessions since the last record."""
        fund = sight.series(FUND)
        places = last_known(np.arange(len(fund), dtype=np.float64), last_marked(is_record(fund.values)))
        position = sight.last_positions(fund)
        since = position - last_known(places, position)
        threshold = float(self.params.within_sessions)
        return sight.column(compare_all(since, "<", threshold), since, "<", threshold)

    def says(self, reading: Reading) -> str:
        """Say how many sessions ago the last record was."""
        if reading.value is None:
            return "IWN with its dividends has no record close"
        sessions = number_of(reading)
        ago = "its last close" if not sessions else f"{sessions:,.0f} session{'s' if sessions > 1 else ''} old"
        return f"the last record close of IWN with its dividends is {ago}"
