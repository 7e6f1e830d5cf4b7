"""The registry: every claim of the thesis that is marked as one to test, as one declared entry a test.

Adding a claim is adding an entry: it is run, joins the family, and is shown by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from engine.analysis.study import blocks, events, forecasts
from engine.analysis.study.court import Court
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, BTC, RUT, flow_weeks
from engine.analysis.study.special import cycles, money, seasons, sequences, statements
from engine.core.calendar import Ordinals
from engine.core.market import Floats

MIN_EVENTS, MIN_SPELLS, MIN_WEEKS, MIN_FLOW_WEEKS, MIN_YEARS, MIN_WEAK = 10, 5, 104, 52, 8, 5
LIQUIDITY = ("WALCL", "WTREGEN", "RRPONTSYD")
REVISED = "revised history"
ALTS = f"{ALT}/{BTC}"
LIQUIDITY_SINCE = date(2013, 10, 1).toordinal()


class Kind(StrEnum):
    """What sort of statement a claim is."""

    TEST = "test"
    UNIVERSAL = "universal"
    FACT = "fact"
    FORECAST = "forecast"
    UNTESTABLE = "untestable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One test of a claim.

    Attributes:
        id: of the test; row: of the thesis, whom it quotes.
        says: the claim in words; exactly: what is tested.
        sign: the direction claimed: 1, -1, or 0 for none.
        least: the n below which no verdict rests on it.
        run: gives the outcome, needing the series `needs`.
        primary: whether the row's verdict is this test's.
        caution: what every reader of the figure has to know.
        why: of an untestable claim.
    """

    id: str
    row: str
    says: str
    exactly: str
    sign: int = 0
    least: int = 1
    kind: Kind = Kind.TEST
    needs: tuple[str, ...] = ()
    primary: bool = False
    run: Callable[[Court], Outcome] = lambda _: Outcome(n=0)
    caution: str = ""
    why: str = ""


def _state(id: str, says: str, which: str, name: str, sign: int, *, primary: bool = False) -> Claim:
    return Claim(
        id=id,
        row=id[:-1],
        says=says,
        exactly=f"weekly return of {name} after Fridays in the state '{which}', less the other weeks",
        sign=sign,
        least=MIN_SPELLS,
        needs=(name,) if which == "new high" else ("DFF", name),
        primary=primary,
        run=lambda court: court.state(which, name, sign=sign),
    )


def _event(
    id: str, says: str, what: str, find: Callable[[Court], Ordinals], name: str, days: int, *,
    primary: bool = False, needs: tuple[str, ...] = (),
) -> Claim:  # fmt: skip
    return Claim(
        id=id,
        row=id[:-1],
        says=says,
        exactly=f"{name} in the {days} days after {what}, less the mean of all such spans",
        sign=1,
        least=MIN_EVENTS,
        needs=(name, *needs),
        primary=primary,
        run=lambda court: court.event(find(court), name, days),
    )


def _hit(id: str, says: str, what: str, find: Callable[[Court], Ordinals], name: str, days: int) -> Claim:
    return Claim(
        id=id,
        row=id[:-1],
        says=says,
        exactly=f"how often {name} gains in the {days} days after {what}, against all such spans",
        sign=1,
        least=MIN_EVENTS,
        needs=(name,),
        primary=True,
        run=lambda court: court.hit(find(court), name, days),
    )


def _value(
    id: str, says: str, exactly: str, find: Callable[[Court], Ordinals], of: Callable[[Court], Floats],
    width: int, *, sign: int = 1, apart: int | None = None, needs: tuple[str, ...] = (),
) -> Claim:  # fmt: skip
    return Claim(
        id=id,
        row=id[:-1],
        says=says,
        exactly=exactly,
        sign=sign,
        least=MIN_EVENTS,
        needs=needs,
        primary=True,
        run=lambda court: blocks.value(court.record.days, of(court), find(court), width=width, sign=sign, apart=apart),
    )


def _assoc(
    id: str, says: str, exactly: str, columns: Callable[[Court], tuple[Floats, ...]], sign: int, *,
    needs: tuple[str, ...], primary: bool = False, least: int = MIN_WEEKS, against: float = 0.0, caution: str = "",
) -> Claim:  # fmt: skip
    def run(court: Court) -> Outcome:
        x, y, *given = columns(court)
        return court.assoc(id, x, y, given=given, against=against)

    return Claim(
        id=id,
        row=id[:-1],
        says=says,
        exactly=exactly,
        sign=sign,
        least=least,
        needs=needs,
        primary=primary,
        run=run,
        caution=caution,
    )


def _one(
    id: str, says: str, exactly: str, run: Callable[[Court], Outcome], sign: int = 1, *, least: int = MIN_EVENTS,
    needs: tuple[str, ...] = (), kind: Kind = Kind.TEST, primary: bool = True, caution: str = "",
) -> Claim:  # fmt: skip
    return Claim(
        id=id,
        row=id[:-1],
        says=says,
        exactly=exactly,
        sign=sign,
        least=least,
        kind=kind,
        needs=needs,
        primary=primary,
        run=run,
        caution=caution,
    )


def _forecast(forecast: forecasts.Forecast) -> Claim:
    return Claim(
        id=forecast.id,
        row=forecast.row,
        says=forecast.rule,
        exactly=f"made {forecast.made} by {forecast.author}, due {forecast.due or 'when the market decides'}",
        kind=Kind.FORECAST,
        needs=forecasts.NEEDS.get(forecast.id, ()),
        primary=forecast.id != "001-18a",
        run=lambda court: forecasts.scored(forecast, court.record),
    )


def _untestable(id: str, says: str, why: str) -> Claim:
    return Claim(id=id, row=id, says=says, exactly="", kind=Kind.UNTESTABLE, primary=True, why=why)


def _last_week(column: Floats) -> Floats:
    """Give a weekly column as it was a week before."""
    return np.append(np.nan, column[:-1]) if len(column) else column


def _ether_then_flow(court: Court) -> tuple[Floats, ...]:
    flow = flow_weeks(court.record, "ETH_ETF_FLOW", known=False)
    return _last_week(court.week("ETH")), flow, _last_week(flow)


def _flow_then_ether(court: Court) -> tuple[Floats, ...]:
    flow = flow_weeks(court.record, "ETH_ETF_FLOW", known=True)
    return _last_week(flow), court.week("ETH"), _last_week(court.week("ETH"))


def _since(court: Court, column: Floats, first: int) -> Floats:
    return np.where(court.record.fridays >= first, column, np.nan)


def _from_low(court: Court) -> Floats:
    return cycles.days_to_rally(court)


def _of(least_days: int) -> Callable[[Court], Ordinals]:
    return lambda court: events.highs(court.record.bars[RUT], least_days)


_HIGHS = "a new high of the index after at least 90 days without one"

CLAIMS: tuple[Claim, ...] = (
    _state("000-4a", "Coins fall behind when rates are raised", "hiking", ALT, -1, primary=True),
    _state("000-4b", "Small caps fall behind when rates are raised", "hiking", RUT, -1),
    _assoc(
        "000-5a",
        "Risk assets are tied to cheap capital",
        "change of the 2-year yield with the typical alt, by week",
        lambda court: (court.observed_change("DGS2"), court.week(ALT)),
        -1,
        needs=("DGS2", ALT),
        primary=True,
    ),
    _assoc(
        "000-5b",
        "Risk assets are tied to easy conditions",
        "change of NFCI with the typical alt, by week",
        lambda court: (court.observed_change("NFCI"), court.week(ALT)),
        -1,
        needs=("NFCI", ALT),
        caution=REVISED,
    ),
    _one(
        "000-6a",
        "A flood of money made alts soar",
        "12-month change of M2 with the typical alt's half year, by month",
        money.money_and_alts,
        needs=("M2SL", ALT),
        caution=REVISED,
    ),
    _event(
        "000-10a",
        "The election of 2024 would lift coins",
        "5 November 2024",
        lambda _: np.array([date(2024, 11, 5).toordinal()]),
        ALT,
        126,
        primary=True,
    ),
    _assoc(
        "000-13a",
        "Altcoins are highly correlated with the Russell 2000",
        "weekly correlation, against 0.5 ('large')",
        lambda court: (court.week(RUT), court.week(ALT)),
        1,
        needs=(ALT,),
        primary=True,
        against=0.5,
    ),
    _assoc(
        "000-13b",
        "Altcoins are correlated with the Russell 2000",
        "weekly correlation, against none",
        lambda court: (court.week(RUT), court.week(ALT)),
        1,
        needs=(ALT,),
    ),
    _assoc(
        "000-18a",
        "A surge of ETH draws money into its funds",
        "ETH last week with the flow of this one, given the flow before",
        _ether_then_flow,
        1,
        needs=("ETH", "ETH_ETF_FLOW"),
        primary=True,
        least=MIN_FLOW_WEEKS,
    ),
    _assoc(
        "000-18b",
        "Money that flows into the funds lifts ETH",
        "known flow last week with ETH of this one, given ETH before",
        _flow_then_ether,
        1,
        needs=("ETH", "ETH_ETF_FLOW"),
        least=MIN_FLOW_WEEKS,
    ),
    _one(
        "000-19a",
        "Profit from Bitcoin moves on to alts",
        "Bitcoin's last quarter with the next one of alts against Bitcoin",
        lambda court: blocks.shift(court.week(BTC, 13), court.ahead(ALTS, 13), margin=26, width=13),
        needs=(ALT,),
    ),
    _state("000-20a", "Small caps may rally while rates stay as they are", "unchanged", RUT, 1, primary=True),
    _assoc(
        "001-5a",
        "Small caps and alts move together beyond stocks and liquidity",
        "weekly correlation, given SPY and the change of net liquidity",
        lambda court: (court.week(RUT), court.week(ALT), court.week("SPY"), court.liquidity_change(1, known=False)),
        1,
        needs=(ALT, "SPY", *LIQUIDITY),
        primary=True,
    ),
    _value(
        "001-7a",
        "After a shock and 90 quiet days the correlation comes back",
        "correlation of days 91 to 180 after a shock of Bitcoin less that of days 1 to 90, against all days",
        lambda court: events.shocks(court.record),
        sequences.correlation_returns,
        180,
    ),
    _one(
        "001-8a",
        "A breakout of small caps is a delayed fuse for alts",
        "highest correlation at a lag of 1 to 26 weeks",
        lambda court: blocks.lead(court.week(RUT), court.week(ALT), court.chance("001-8a")),
        least=MIN_WEEKS,
        needs=(ALT,),
    ),
    _one(
        "001-12a",
        "Gold and tech, then small caps, then crypto",
        "share of changes of the leading phase in that order",
        sequences.phases_in_order,
        needs=("GLD", "SPY", "QQQ", "SLV", "COPPER", ALT),
    ),
    _one(
        "001-15a",
        "Net liquidity works like QE for alts",
        "13-week change of known net liquidity with the alt's next quarter",
        lambda court: blocks.shift(court.liquidity_change(13, known=True), court.ahead(ALT, 13), margin=26, width=13),
        needs=(ALT, *LIQUIDITY),
    ),
    _event(
        "001-15b",
        "Cash that the Treasury spends lifts alts",
        "a fall of its account by 100 bn in four weeks",
        lambda court: events.treasury_falls(court.record),
        ALT,
        91,
        needs=("WTREGEN",),
    ),
    _one(
        "001-17a",
        "Bitcoin peaks 18 to 19 weeks after a golden cross",
        "highest of 26 weeks in weeks 16 to 21, against all days",
        seasons.peak_after_cross,
    ),
    _event(
        "001-17b",
        "Bitcoin gains in the 18 weeks after a golden cross",
        "a golden cross",
        lambda court: events.crosses(court.record),
        BTC,
        126,
    ),
    _one(
        "001-20a",
        "Summer is the doldrums",
        "Bitcoin's months May to August less the others",
        seasons.summer_months,
        -1,
        least=MIN_YEARS,
    ),
    _one(
        "001-22a",
        "There is a mid-year correction",
        "deepest fall of June to August less that of the other quarters",
        seasons.summer_fall,
        -1,
        least=MIN_YEARS,
    ),
    _one(
        "002-1a",
        "The Russell foretells alts better than money does",
        "squared error of M2 less that of the Russell, out of sample",
        money.horse_race,
        needs=("M2SL", "SPY", "GLD", ALT, *LIQUIDITY),
        caution=REVISED,
    ),
    _assoc(
        "002-3a",
        "Small caps rise when conditions ease",
        "change of NFCI with the Russell, by week",
        lambda court: (court.observed_change("NFCI"), court.week(RUT)),
        -1,
        needs=("NFCI",),
        primary=True,
        caution=REVISED,
    ),
    _assoc(
        "002-3b",
        "Small caps rise with net liquidity",
        "change of net liquidity with the Russell, by week, from October 2013",
        lambda court: (_since(court, court.liquidity_change(1, known=False), LIQUIDITY_SINCE), court.week(RUT)),
        1,
        needs=LIQUIDITY,
    ),
    _one(
        "002-4a",
        "Alts and the Russell share liquidity",
        "the smaller of two correlations with net liquidity, by quarter",
        money.shared_liquidity,
        needs=(ALT, *LIQUIDITY),
    ),
    _event("002-5a", "Alts rise after new highs of small caps", _HIGHS, _of(90), ALT, 126),
    _event("002-5b", "Alts rise after highs that took a year", "a new high after a year without", _of(365), ALT, 126),
    _event(
        "002-5c",
        "Alts rise after a confirmed breakout",
        "a breakout of the strategy",
        lambda court: court.breaks,
        ALT,
        126,
    ),
    _event(
        "002-5d",
        "Alts rise after the strongest monthly close",
        "a record close of a month",
        lambda court: events.month_highs(court.record.bars[RUT]),
        ALT,
        126,
    ),
    _state("002-5e", "Alts rise while small caps push to new territory", "new high", ALT, 1, primary=True),
    _value(
        "002-6a",
        "Breakouts lift Bitcoin first, then alts",
        "Bitcoin up a fifth before the typical alt (1, 0.5, 0), against all days",
        lambda court: court.breaks,
        sequences.bitcoin_first,
        182,
        needs=(ALT,),
    ),
    _event(
        "002-7a",
        "The Russell at its high, coins below theirs: they catch up",
        "the gap opens",
        lambda court: events.gaps(court.record),
        ALT,
        182,
        primary=True,
    ),
    _one(
        "002-8a",
        "No bear market of coins began with small caps at highs",
        "bear market tops with a record in the 30 days before",
        cycles.tops_near_highs,
        -1,
        kind=Kind.UNIVERSAL,
    ),
    _one(
        "002-9a",
        "Bear markets begin with weak small caps",
        "Bitcoin halved within a year: Russell 10 % down less near its high",
        cycles.halved_after_weakness,
        least=MIN_WEAK,
    ),
    _state("002-14a", "Coins gain when rates are cut", "cutting", ALT, 1, primary=True),
    _state("002-14b", "Small caps gain when rates are cut", "cutting", RUT, 1),
    _one(
        "002-19a",
        "This cycle is longer",
        "days from low to top, the last less the mean of the earlier",
        cycles.longer_cycle,
    ),
    _assoc(
        "003-3a",
        "Small caps beat large ones when fear falls",
        "change of the VIX with Russell less S&P, by week",
        lambda court: (court.week("VIX"), court.week(RUT) - court.week("SPY")),
        -1,
        needs=("VIX", "SPY"),
        primary=True,
    ),
    _value(
        "003-4a",
        "New highs come with the start of rallies of coins",
        "days to the nearest start of a rally, against all days",
        _of(90),
        _from_low,
        182,
        sign=-1,
        apart=126,
    ),
    _event(
        "003-6a",
        "Resistance turned support lifts Bitcoin",
        "a retest of the broken level that held",
        lambda court: events.retests(court.record.bars[RUT]),
        BTC,
        182,
        primary=True,
    ),
    _hit(
        "003-8a",
        "Each high after a year was the start of a rise",
        "a new high after a year without",
        _of(365),
        BTC,
        126,
    ),
    _event("003-9a", "ETH is strong after new highs", _HIGHS, _of(90), "ETH", 126),
    _event("003-9b", "ETH beats Bitcoin after new highs", _HIGHS, _of(90), f"ETH/{BTC}", 126),
    _state("003-9c", "ETH is strong while small caps make new highs", "new high", "ETH", 1, primary=True),
    _event("003-10a", "Alts beat Bitcoin after new highs", _HIGHS, _of(90), ALTS, 126),
    _state("003-10b", "Alts are more resilient while small caps make new highs", "new high", ALTS, 1, primary=True),
    _one(
        "003-14a",
        "Timing is more critical than the correlation",
        "highest less lowest total excess, 0 to 12 weeks late",
        statements.delay_sensitivity,
    ),
    _one(
        "003-15a",
        "The old trajectory is re-enacted",
        "what followed the most similar half year, with what followed this one",
        sequences.alike_before,
        needs=(ALT,),
    ),
    _event("004-1a", "Followers follow: the Nasdaq after small caps", _HIGHS, _of(90), "QQQ", 126, primary=True),
    _one(
        "004-3a",
        "First close above 2,600 in January 2026, up 15 % in the year",
        "the date, and 12 to 18 % since the year's start",
        statements.broke_2600,
        least=1,
        kind=Kind.FACT,
    ),
    _one(
        "004-5a",
        "Crypto is the end of the chain",
        "lags of 8 weeks from Russell to alts less those from alts to Russell",
        lambda court: blocks.net(court.week(RUT), court.week(ALT), court.chance("004-5a")),
        least=MIN_WEEKS,
        needs=(ALT,),
    ),
    _event(
        "004-6a",
        "A breakout, then altseason",
        "a breakout of the strategy",
        lambda court: court.breaks,
        ALTS,
        182,
        primary=True,
    ),
    _hit("004-7a", "Mechanical, almost inevitable", _HIGHS, _of(90), ALT, 126),
    _one(
        "004-7b",
        "Inevitable means nine times in ten",
        "the same share against 0.9",
        statements.against_inevitable,
        needs=(ALT,),
        primary=False,
    ),
    _one(
        "004-11a",
        "From bonds to stocks to small caps to coins",
        "the weakest of three links, lags of 8 weeks",
        sequences.chain,
        least=MIN_WEEKS,
        needs=("HY_OAS", "SPY", ALT),
    ),
    _one(
        "004-12a",
        "Waiting for ETH is half a step late",
        "alts after highs of the Russell less after those of ETH",
        sequences.before_ether,
        needs=("ETH", ALT),
    ),
    _one(
        "004-13a",
        "One need not wait for confirmation",
        "mean excess a rotation, Russell alone less both signals",
        statements.without_confirmation,
    ),
    _assoc(
        "004-14a",
        "Small caps gain from better borrowing conditions",
        "change of the high-yield spread with Russell less S&P, by week",
        lambda court: (court.observed_change("HY_OAS"), court.week(RUT) - court.week("SPY")),
        -1,
        needs=("HY_OAS", "SPY"),
        primary=True,
    ),
    _one(
        "004-16a",
        "Gains last longer than expected",
        "days of the last rally less the median of the earlier",
        cycles.longest_rally,
    ),
    _one(
        "004-17a",
        "Pullbacks are absorbed while small caps are high",
        "median days until a dip of a tenth is made good",
        cycles.recovery_near_highs,
        -1,
    ),
    _value(
        "004-21a",
        "The early profit, the late pay",
        "alt's first 91 days less the 91 after, after new highs, against all days",
        lambda court: events.thinned(court.highs, 182),
        sequences.early_profit,
        182,
        needs=(ALT,),
    ),
    *map(_forecast, forecasts.ledger()),
    _untestable(
        "004-15",
        "Regulation, funds and custody make a supercycle",
        "it states nothing measurable; flows are judged in 000-18",
    ),
)


def bills_claim(*, has_file: bool) -> Claim:
    """Give the claim of row 001-14, which wants a series that is free and not among those at hand."""
    says = "Reserve management buys 40 bn a month"
    if not has_file:
        return _untestable(
            "001-14",
            says,
            "WSHOBL and TREAST are not in the data; both are free at FRED: put WSHOBL.csv into data.macro_dir",
        )
    return _one(
        "001-14a", says, "change of WSHOBL over the last four weeks is at least 40 bn", money.bills_bought,
        least=1, kind=Kind.FACT, needs=("WSHOBL",),
    )  # fmt: skip
