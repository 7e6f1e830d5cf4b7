"""A record of the study from a history, for both of the programs that are compared."""

from collections.abc import Mapping

from engine.analysis.study.record import ALT_COINS, BTC, MACRO, RUT, US, Record, cut_bars, cut_values
from engine.core.calendar import days_of
from engine.core.market import BarSeries, History
from engine.core.series import ValueSeries
from tests.support.slow_series import PUBLISHED, SlowSeries
from tests.support.slow_study import World


def record_of(history: History) -> Record:
    """Give all that the study looks at, up to Bitcoin's last day."""
    end = int(history[BTC].ordinals[-1])
    names = [name for name in (BTC, RUT, *ALT_COINS, *US) if name in history.series]
    return Record(
        bars={name: cut_bars(history[name], end) for name in names},
        values={name: cut_values(history.values[name], end) for name in MACRO if name in history.values},
        absent={},
        digests={},
    )


def world_of(record: Record) -> World:
    """Give the same as plain mappings."""
    closes = {name: column_of(bars, "close") for name, bars in record.bars.items()}
    if "COPPER_CLOSE" in record.values:
        copper = record.values["COPPER_CLOSE"]
        closes["COPPER"] = dict(zip(copper.ordinals.tolist(), copper.values.tolist(), strict=True))
    return World(
        closes=closes,
        lows=column_of(record.bars[RUT], "low"),
        series={name: _series(record.values[name]) for name in PUBLISHED if name in record.values},
        end=record.end,
    )


def opens_of(record: Record) -> Mapping[str, Mapping[int, float]]:
    """Give the opens of Bitcoin and the coins."""
    return {name: column_of(record.bars[name], "open") for name in (BTC, *ALT_COINS) if name in record.bars}


def column_of(bars: BarSeries, name: str) -> dict[int, float]:
    """Give one column by day."""
    return dict(zip(bars.ordinals.tolist(), getattr(bars, name).tolist(), strict=True))


def _series(series: ValueSeries) -> SlowSeries:
    kind, published = PUBLISHED[series.name]
    dates = days_of(series.ordinals).tolist()
    return SlowSeries(kind, dates, series.values.tolist(), [published(day) for day in dates])
