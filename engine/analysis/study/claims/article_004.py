"""What is claimed in article 004, small caps lead, followers follow: an entry a test."""

from engine.analysis.study import blocks, events
from engine.analysis.study.claim import (
    ALTS,
    HIGHS,
    MIN_WEEKS,
    Claim,
    Kind,
    association,
    event,
    highs_of,
    hit,
    single,
    value,
)
from engine.analysis.study.record import ALT, RUT
from engine.analysis.study.special import cycles, sequences, statements

CLAIMS: tuple[Claim, ...] = (
    event("004-1a", "Followers follow: the Nasdaq after small caps", HIGHS, highs_of(90), "QQQ", 126, primary=True),
    single(
        "004-3a",
        "First close above 2,600 in January 2026, up 15 % in the year",
        "the date, and 12 to 18 % since the year's start",
        statements.broke_2600,
        least=1,
        kind=Kind.FACT,
    ),
    single(
        "004-5a",
        "Crypto is the end of the chain",
        "lags of 8 weeks from Russell to alts less those from alts to Russell",
        lambda court: blocks.net(court.week(RUT), court.week(ALT), court.chance("004-5a")),
        least=MIN_WEEKS,
        needs=(ALT,),
    ),
    event(
        "004-6a",
        "A breakout, then altseason",
        "a breakout of the strategy",
        lambda court: court.breaks,
        ALTS,
        182,
        primary=True,
    ),
    hit("004-7a", "Mechanical, almost inevitable", HIGHS, highs_of(90), ALT, 126),
    single(
        "004-7b",
        "Inevitable means nine times in ten",
        "the same share against 0.9",
        statements.against_inevitable,
        needs=(ALT,),
        primary=False,
    ),
    single(
        "004-11a",
        "From bonds to stocks to small caps to coins",
        "the weakest of three links, lags of 8 weeks",
        sequences.chain,
        least=MIN_WEEKS,
        needs=("HY_OAS", "SPY", ALT),
    ),
    single(
        "004-12a",
        "Waiting for ETH is half a step late",
        "alts after highs of the Russell less after those of ETH",
        sequences.before_ether,
        needs=("ETH", ALT),
    ),
    single(
        "004-13a",
        "One need not wait for confirmation",
        "mean excess a rotation, Russell alone less both signals",
        statements.without_confirmation,
    ),
    association(
        "004-14a",
        "Small caps gain from better borrowing conditions",
        "change of the high-yield spread with Russell less S&P, by week",
        lambda court: (court.observed_change("HY_OAS"), court.week(RUT) - court.week("SPY")),
        -1,
        needs=("HY_OAS", "SPY"),
        primary=True,
    ),
    single(
        "004-16a",
        "Gains last longer than expected",
        "days of the last rally less the median of the earlier",
        cycles.longest_rally,
    ),
    single(
        "004-17a",
        "Pullbacks are absorbed while small caps are high",
        "median days until a dip of a tenth is made good",
        cycles.recovery_near_highs,
        -1,
    ),
    value(
        "004-21a",
        "The early profit, the late pay",
        "alt's first 91 days less the 91 after, after new highs, against all days",
        lambda court: events.thinned(court.highs, 182),
        sequences.early_profit,
        182,
        needs=(ALT,),
    ),
)
