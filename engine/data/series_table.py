"""Every series that is known by its name: how often it has a value, when that is published, and where it is had."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.core.series import SeriesKind
from engine.data import publication as published
from engine.data.publication import Publication

DAILY, WEEKLY, MONTHLY = SeriesKind.DAILY, SeriesKind.WEEKLY, SeriesKind.MONTHLY
REVISED = "revised history"
RESCALED = "rescaled at dividends"
FILE_ONLY = "csv"
DEFAULT_LAG_DAYS: Mapping[SeriesKind, int] = MappingProxyType({DAILY: 1, WEEKLY: 7, MONTHLY: 45})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRule:
    """What is known of a series before any of its values.

    Attributes:
        kind: how often it has a value.
        publication: when a value became known.
        source: the live provider; `csv` where there is none, and only a user's file has it.
        id: its name there.
        remark: what a reader of figures made of it has to know; empty where there is nothing.
    """

    kind: SeriesKind
    publication: Publication
    source: str
    id: str = ""
    remark: str = ""


def _fred(kind: SeriesKind, publication: Publication, id: str, remark: str = "") -> SeriesRule:
    return SeriesRule(kind=kind, publication=publication, source="fred", id=id, remark=remark)


def _yahoo(id: str, remark: str = "") -> SeriesRule:
    return SeriesRule(kind=DAILY, publication=published.AT_THE_CLOSE, source="yahoo", id=id, remark=remark)


def _file(publication: Publication) -> SeriesRule:
    return SeriesRule(kind=DAILY, publication=publication, source=FILE_ONLY)


SERIES: Mapping[str, SeriesRule] = MappingProxyType(
    {
        "IWM_ADJCLOSE": _yahoo("IWM@adjusted", RESCALED),
        "IWN_ADJCLOSE": _yahoo("IWN@adjusted", RESCALED),
        "IWC_ADJCLOSE": _yahoo("IWC@adjusted", RESCALED),
        "SPY_ADJCLOSE": _yahoo("SPY@adjusted", RESCALED),
        "CPER_CLOSE": _yahoo("CPER"),
        "COPPER_CLOSE": _yahoo("HG=F"),
        "VIX_CBOE": _yahoo("^VIX"),
        "WALCL": _fred(WEEKLY, published.BALANCE_SHEET, "WALCL"),
        "WTREGEN": _fred(WEEKLY, published.BALANCE_SHEET, "WTREGEN"),
        "WRESBAL": _fred(WEEKLY, published.BALANCE_SHEET, "WRESBAL"),
        "RRPONTSYD": _fred(DAILY, published.REVERSE_REPO, "RRPONTSYD"),
        "TGA_DTS": _file(published.DAILY_STATEMENT),
        "DFF": _fred(DAILY, published.NEXT_MORNING, "DFF"),
        "HY_OAS": _fred(DAILY, published.NEXT_MORNING, "BAMLH0A0HYM2"),
        "DGS2": _fred(DAILY, published.NEXT_AFTERNOON, "DGS2"),
        "DGS10": _fred(DAILY, published.NEXT_AFTERNOON, "DGS10"),
        "NFCI": _fred(WEEKLY, published.FINANCIAL_CONDITIONS, "NFCI", REVISED),
        "M2SL": _fred(MONTHLY, published.MONEY_STOCK, "M2SL", REVISED),
        "FEDFUNDS": _fred(MONTHLY, published.MONTHLY_RATE, "FEDFUNDS"),
        "DXY": _fred(DAILY, published.BROAD_DOLLAR, "DTWEXBGS", REVISED),
        "BTC_ETF_FLOW": _file(published.FUND_FLOWS),
        "ETH_ETF_FLOW": _file(published.FUND_FLOWS),
        "SOL_ETF_FLOW": _file(published.FUND_FLOWS),
        "IWM_FLOW": _file(published.after_lag(1)),
    }
)


def any_other(kind: SeriesKind, lag_days: int | None) -> SeriesRule:
    """Give what is known of a series that is named by the configuration alone, or by nothing but a rule."""
    lag = DEFAULT_LAG_DAYS[kind] if lag_days is None else lag_days
    return SeriesRule(kind=kind, publication=published.after_lag(lag), source=FILE_ONLY)


def series_rule(
    name: str, *, source: str | None = None, kind: SeriesKind | None = None, lag_days: int | None = None
) -> SeriesRule:
    """Give what is known of a series, with what the configuration says of it over it.

    Args:
        source: provider, perhaps with the series' name there: `fred:UNRATE`.
        kind, lag_days: either of them takes the place of the rule of publication as well.
    """
    known = SERIES.get(name)
    rule = known or any_other(kind or DAILY, lag_days)
    if known is not None and (kind is not None or lag_days is not None):
        other = any_other(kind or known.kind, lag_days)
        rule = replace(known, kind=other.kind, publication=other.publication)
    if source is None:
        return rule
    provider, _, id_there = source.partition(":")
    same = id_there or (rule.id if provider == rule.source else "" if provider == FILE_ONLY else name)
    return replace(rule, source=provider, id=same)
