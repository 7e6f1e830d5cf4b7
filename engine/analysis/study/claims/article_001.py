"""What is claimed in article 001, a breakout of the Russell 2000 as a delayed fuse: an entry a test."""

from engine.analysis.study import blocks, events
from engine.analysis.study.claim import LIQUIDITY, MIN_WEEKS, MIN_YEARS, Claim, association, event, single, value
from engine.analysis.study.record import ALT, BTC, RUT
from engine.analysis.study.special import seasons, sequences

CLAIMS: tuple[Claim, ...] = (
    association(
        "001-5a",
        "Small caps and alts move together beyond stocks and liquidity",
        "weekly correlation, given SPY and the change of net liquidity",
        lambda court: (court.week(RUT), court.week(ALT), court.week("SPY"), court.liquidity_change(1, known=False)),
        1,
        needs=(ALT, "SPY", *LIQUIDITY),
        primary=True,
    ),
    value(
        "001-7a",
        "After a shock and 90 quiet days the correlation comes back",
        "correlation of days 91 to 180 after a shock of Bitcoin less that of days 1 to 90, against all days",
        lambda court: events.shocks(court.record),
        sequences.correlation_returns,
        180,
    ),
    single(
        "001-8a",
        "A breakout of small caps is a delayed fuse for alts",
        "highest correlation at a lag of 1 to 26 weeks",
        lambda court: blocks.lead(court.week(RUT), court.week(ALT), court.chance("001-8a")),
        least=MIN_WEEKS,
        needs=(ALT,),
    ),
    single(
        "001-12a",
        "Gold and tech, then small caps, then crypto",
        "share of changes of the leading phase in that order",
        sequences.phases_in_order,
        needs=("GLD", "SPY", "QQQ", "SLV", "COPPER", ALT),
    ),
    single(
        "001-15a",
        "Net liquidity works like QE for alts",
        "13-week change of known net liquidity with the alt's next quarter",
        lambda court: blocks.shift(court.liquidity_change(13, known=True), court.ahead(ALT, 13), margin=26, width=13),
        needs=(ALT, *LIQUIDITY),
    ),
    event(
        "001-15b",
        "Cash that the Treasury spends lifts alts",
        "a fall of its account by 100 bn in four weeks",
        lambda court: events.treasury_falls(court.record),
        ALT,
        91,
        needs=("WTREGEN",),
    ),
    single(
        "001-17a",
        "Bitcoin peaks 18 to 19 weeks after a golden cross",
        "highest of 26 weeks in weeks 16 to 21, against all days",
        seasons.peak_after_cross,
    ),
    event(
        "001-17b",
        "Bitcoin gains in the 18 weeks after a golden cross",
        "a golden cross",
        lambda court: events.crosses(court.record),
        BTC,
        126,
    ),
    single(
        "001-20a",
        "Summer is the doldrums",
        "Bitcoin's months May to August less the others",
        seasons.summer_months,
        -1,
        least=MIN_YEARS,
    ),
    single(
        "001-22a",
        "There is a mid-year correction",
        "deepest fall of June to August less that of the other quarters",
        seasons.summer_fall,
        -1,
        least=MIN_YEARS,
    ),
)
