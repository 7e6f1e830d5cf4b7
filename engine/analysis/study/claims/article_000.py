"""What is claimed in article 000, the season of altcoins and the Russell 2000: an entry a test."""

from datetime import date

import numpy as np

from engine.analysis.study import blocks
from engine.analysis.study.claim import ALTS, MIN_FLOW_WEEKS, REVISED, Claim, association, event, single, state
from engine.analysis.study.court import Court
from engine.analysis.study.record import ALT, BTC, RUT, flow_weeks
from engine.analysis.study.special import money
from engine.core.market import Floats


def _last_week(column: Floats) -> Floats:
    """Give a weekly column as it was a week before."""
    return np.append(np.nan, column[:-1]) if len(column) else column


def _ether_then_flow(court: Court) -> tuple[Floats, ...]:
    flow = flow_weeks(court.record, "ETH_ETF_FLOW", known=False)
    return _last_week(court.week("ETH")), flow, _last_week(flow)


def _flow_then_ether(court: Court) -> tuple[Floats, ...]:
    flow = flow_weeks(court.record, "ETH_ETF_FLOW", known=True)
    return _last_week(flow), court.week("ETH"), _last_week(court.week("ETH"))


CLAIMS: tuple[Claim, ...] = (
    state("000-4a", "Coins fall behind when rates are raised", "hiking", ALT, -1, primary=True),
    state("000-4b", "Small caps fall behind when rates are raised", "hiking", RUT, -1),
    association(
        "000-5a",
        "Risk assets are tied to cheap capital",
        "change of the 2-year yield with the typical alt, by week",
        lambda court: (court.observed_change("DGS2"), court.week(ALT)),
        -1,
        needs=("DGS2", ALT),
        primary=True,
    ),
    association(
        "000-5b",
        "Risk assets are tied to easy conditions",
        "change of NFCI with the typical alt, by week",
        lambda court: (court.observed_change("NFCI"), court.week(ALT)),
        -1,
        needs=("NFCI", ALT),
        caution=REVISED,
    ),
    single(
        "000-6a",
        "A flood of money made alts soar",
        "12-month change of M2 with the typical alt's half year, by month",
        money.money_and_alts,
        needs=("M2SL", ALT),
        caution=REVISED,
    ),
    event(
        "000-10a",
        "The election of 2024 would lift coins",
        "5 November 2024",
        lambda _: np.array([date(2024, 11, 5).toordinal()]),
        ALT,
        126,
        primary=True,
    ),
    association(
        "000-13a",
        "Altcoins are highly correlated with the Russell 2000",
        "weekly correlation, against 0.5 ('large')",
        lambda court: (court.week(RUT), court.week(ALT)),
        1,
        needs=(ALT,),
        primary=True,
        against=0.5,
    ),
    association(
        "000-13b",
        "Altcoins are correlated with the Russell 2000",
        "weekly correlation, against none",
        lambda court: (court.week(RUT), court.week(ALT)),
        1,
        needs=(ALT,),
    ),
    association(
        "000-18a",
        "A surge of ETH draws money into its funds",
        "ETH last week with the flow of this one, given the flow before",
        _ether_then_flow,
        1,
        needs=("ETH", "ETH_ETF_FLOW"),
        primary=True,
        least=MIN_FLOW_WEEKS,
    ),
    association(
        "000-18b",
        "Money that flows into the funds lifts ETH",
        "known flow last week with ETH of this one, given ETH before",
        _flow_then_ether,
        1,
        needs=("ETH", "ETH_ETF_FLOW"),
        least=MIN_FLOW_WEEKS,
    ),
    single(
        "000-19a",
        "Profit from Bitcoin moves on to alts",
        "Bitcoin's last quarter with the next one of alts against Bitcoin",
        lambda court: blocks.shift(court.week(BTC, 13), court.ahead(ALTS, 13), margin=26, width=13),
        needs=(ALT,),
    ),
    state("000-20a", "Small caps may rally while rates stay as they are", "unchanged", RUT, 1, primary=True),
)
