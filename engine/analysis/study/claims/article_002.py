"""What is claimed in article 002, small caps and crypto, a broader look: an entry a test."""

from datetime import date

import numpy as np

from engine.analysis.study import events
from engine.analysis.study.claim import (
    HIGHS,
    LIQUIDITY,
    MIN_WEAK,
    REVISED,
    Claim,
    Kind,
    association,
    event,
    highs_of,
    single,
    state,
    value,
)
from engine.analysis.study.court import Court
from engine.analysis.study.record import ALT, RUT
from engine.analysis.study.special import cycles, money, sequences
from engine.core.market import Floats

LIQUIDITY_SINCE = date(2013, 10, 1).toordinal()


def _since(court: Court, column: Floats, first: int) -> Floats:
    return np.where(court.record.fridays >= first, column, np.nan)


CLAIMS: tuple[Claim, ...] = (
    single(
        "002-1a",
        "The Russell foretells alts better than money does",
        "squared error of M2 less that of the Russell, out of sample",
        money.horse_race,
        needs=("M2SL", "SPY", "GLD", ALT, *LIQUIDITY),
        caution=REVISED,
    ),
    association(
        "002-3a",
        "Small caps rise when conditions ease",
        "change of NFCI with the Russell, by week",
        lambda court: (court.observed_change("NFCI"), court.week(RUT)),
        -1,
        needs=("NFCI",),
        primary=True,
        caution=REVISED,
    ),
    association(
        "002-3b",
        "Small caps rise with net liquidity",
        "change of net liquidity with the Russell, by week, from October 2013",
        lambda court: (_since(court, court.liquidity_change(1, known=False), LIQUIDITY_SINCE), court.week(RUT)),
        1,
        needs=LIQUIDITY,
    ),
    single(
        "002-4a",
        "Alts and the Russell share liquidity",
        "the smaller of two correlations with net liquidity, by quarter",
        money.shared_liquidity,
        needs=(ALT, *LIQUIDITY),
    ),
    event("002-5a", "Alts rise after new highs of small caps", HIGHS, highs_of(90), ALT, 126),
    event(
        "002-5b", "Alts rise after highs that took a year", "a new high after a year without", highs_of(365), ALT, 126
    ),
    event(
        "002-5c",
        "Alts rise after a confirmed breakout",
        "a breakout of the strategy",
        lambda court: court.breaks,
        ALT,
        126,
    ),
    event(
        "002-5d",
        "Alts rise after the strongest monthly close",
        "a record close of a month",
        lambda court: events.month_highs(court.record.bars[RUT]),
        ALT,
        126,
    ),
    state("002-5e", "Alts rise while small caps push to new territory", "new high", ALT, 1, primary=True),
    value(
        "002-6a",
        "Breakouts lift Bitcoin first, then alts",
        "Bitcoin up a fifth before the typical alt (1, 0.5, 0), against all days",
        lambda court: court.breaks,
        sequences.bitcoin_first,
        182,
        needs=(ALT,),
    ),
    event(
        "002-7a",
        "The Russell at its high, coins below theirs: they catch up",
        "the gap opens",
        lambda court: events.gaps(court.record),
        ALT,
        182,
        primary=True,
    ),
    single(
        "002-8a",
        "No bear market of coins began with small caps at highs",
        "bear market tops with a record in the 30 days before",
        cycles.tops_near_highs,
        -1,
        kind=Kind.UNIVERSAL,
    ),
    single(
        "002-9a",
        "Bear markets begin with weak small caps",
        "Bitcoin halved within a year: Russell 10 % down less near its high",
        cycles.halved_after_weakness,
        least=MIN_WEAK,
    ),
    state("002-14a", "Coins gain when rates are cut", "cutting", ALT, 1, primary=True),
    state("002-14b", "Small caps gain when rates are cut", "cutting", RUT, 1),
    single(
        "002-19a",
        "This cycle is longer",
        "days from low to top, the last less the mean of the earlier",
        cycles.longer_cycle,
    ),
)
