"""What is claimed in article 003, the record of the Russell 2000 Value: an entry a test."""

from engine.analysis.study import events
from engine.analysis.study.claim import ALTS, HIGHS, Claim, association, event, highs_of, hit, single, state, value
from engine.analysis.study.record import ALT, BTC, RUT
from engine.analysis.study.special import cycles, sequences, statements

CLAIMS: tuple[Claim, ...] = (
    association(
        "003-3a",
        "Small caps beat large ones when fear falls",
        "change of the VIX with Russell less S&P, by week",
        lambda court: (court.week("VIX"), court.week(RUT) - court.week("SPY")),
        -1,
        needs=("VIX", "SPY"),
        primary=True,
    ),
    value(
        "003-4a",
        "New highs come with the start of rallies of coins",
        "days to the nearest start of a rally, against all days",
        highs_of(90),
        cycles.days_to_rally,
        182,
        sign=-1,
        apart=126,
    ),
    event(
        "003-6a",
        "Resistance turned support lifts Bitcoin",
        "a retest of the broken level that held",
        lambda court: events.retests(court.record.bars[RUT]),
        BTC,
        182,
        primary=True,
    ),
    hit(
        "003-8a",
        "Each high after a year was the start of a rise",
        "a new high after a year without",
        highs_of(365),
        BTC,
        126,
    ),
    event("003-9a", "ETH is strong after new highs", HIGHS, highs_of(90), "ETH", 126),
    event("003-9b", "ETH beats Bitcoin after new highs", HIGHS, highs_of(90), f"ETH/{BTC}", 126),
    state("003-9c", "ETH is strong while small caps make new highs", "new high", "ETH", 1, primary=True),
    event("003-10a", "Alts beat Bitcoin after new highs", HIGHS, highs_of(90), ALTS, 126),
    state("003-10b", "Alts are more resilient while small caps make new highs", "new high", ALTS, 1, primary=True),
    single(
        "003-14a",
        "Timing is more critical than the correlation",
        "highest less lowest total excess, 0 to 12 weeks late",
        statements.delay_sensitivity,
    ),
    single(
        "003-15a",
        "The old trajectory is re-enacted",
        "what followed the most similar half year, with what followed this one",
        sequences.alike_before,
        needs=(ALT,),
    ),
)
