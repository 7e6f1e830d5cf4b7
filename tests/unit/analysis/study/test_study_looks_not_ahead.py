"""What predicts uses nothing before it was known; and a court that took observation dates for publication is caught.

Each driver of a prediction, an event or a state is read on some Fridays from the record, and from one in which every
value that became known later is another. Both have to say the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.study import events
from engine.analysis.study.claims import CLAIMS
from engine.analysis.study.court import Court
from engine.analysis.study.record import ALT_COINS, RUT, Record, flow_weeks
from engine.analysis.study.special import money
from engine.core.calendar import Ordinals, days_of, instants_after
from engine.core.market import BarSeries, Floats
from engine.core.series import ValueSeries
from tests.support.markets import faulty_market
from tests.support.series_market import with_faulty_series
from tests.support.study_worlds import record_of

Driver = Callable[[Court], tuple[Ordinals, Floats]]
"""Days, and what is said on each."""


def marks(of: Callable[[Court], Ordinals]) -> Driver:
    """Give for each day how many events there were by it."""

    def driver(court: Court) -> tuple[Ordinals, Floats]:
        days = court.record.days
        return days, np.searchsorted(of(court), days, side="right").astype(np.float64)

    return driver


def weekly(of: Callable[[Court], Floats]) -> Driver:
    """Give a column of Fridays."""
    return lambda court: (court.record.fridays, of(court))


OF_SERIES: Mapping[str, Driver] = {
    "000-4a": lambda court: (court.record.days, court.record.rate_changes(court.record.days, 182)),
    "000-18b": weekly(lambda court: flow_weeks(court.record, "ETH_ETF_FLOW", known=True)),
    "000-20a": weekly(lambda court: court.record.rate_changes(court.record.fridays, 63)),
    "001-15a": weekly(lambda court: court.liquidity_change(13, known=True)),
    "001-15b": marks(lambda court: events.treasury_falls(court.record)),
    "002-1a": weekly(money.known_money),
}
SAME_ON_FRIDAYS = "001-15a"
"""A Wednesday's balance sheet is out by Friday night whatever the holidays; on other days it is not."""
OF_PRICES: Mapping[str, Driver] = {
    "002-5a": marks(lambda court: court.highs),
    "002-5c": marks(lambda court: court.breaks),
    "002-5e": weekly(lambda court: court.states("new high", court.record.fridays)),
    "002-7a": marks(lambda court: events.gaps(court.record)),
    "003-6a": marks(lambda court: events.retests(court.record.bars[RUT])),
    "001-17b": marks(lambda court: events.crosses(court.record)),
    "001-7a": marks(lambda court: events.shocks(court.record)),
    "004-12a": marks(lambda court: events.ether_highs(court.record)),
    "003-15a": weekly(lambda court: court.week("BTC", 13)),
}


@pytest.fixture(scope="module")
def record() -> Record:
    history = with_faulty_series(faulty_market(4, years=5, coins=ALT_COINS), 4)
    assets, treasury = history.values["WALCL"], history.values["WTREGEN"]
    changed = {
        "WALCL": replace(assets, values=assets.values + 2e7),
        "WTREGEN": replace(treasury, values=4 * treasury.values),
    }
    return record_of(replace(history, values={**history.values, **changed}))


def otherwise_after(record: Record, day: int) -> Record:
    """Give a record in which all that became known after a day's end is another."""
    instant = instants_after(days_of(np.array([day])))[0]

    def values(series: ValueSeries) -> ValueSeries:
        return replace(series, values=np.where(series.known_at > instant, 3 * series.values + 7e6, series.values))

    def bars(series: BarSeries) -> BarSeries:
        later = series.known_at > instant
        return replace(
            series,
            close=np.where(later, 9 * series.close, series.close),
            low=np.where(later, series.close, series.low),
        )

    return replace(
        record,
        bars={name: bars(series) for name, series in record.bars.items()},
        values={name: values(series) for name, series in record.values.items()},
    )


def by_observation_date(record: Record) -> Record:
    """Give the mutant: a value counts as known at the end of the day that it is about."""
    values = {
        name: replace(series, known_at=instants_after(days_of(series.ordinals)))
        for name, series in record.values.items()
    }
    return replace(record, values=values)


def sees_the_future(driver: Driver, record: Record, *, every: int, mutated: bool = False) -> bool:
    """Tell whether a driver says on some day what it could not know; one day in `every` is looked at."""
    made = by_observation_date if mutated else lambda same: same
    days, honest = driver(Court(record=made(record), draws=1))
    for day in range(int(record.days[400]), record.end, every):
        until = int(np.searchsorted(days, day, side="right"))
        _, other = driver(Court(record=made(otherwise_after(record, day)), draws=1))
        if not np.array_equal(other[:until], honest[:until], equal_nan=True):
            return True
    return False


@pytest.mark.parametrize("test", [*OF_SERIES, *OF_PRICES])
def test_a_driver_says_nothing_that_was_not_known(test: str, record: Record) -> None:
    assert not sees_the_future({**OF_SERIES, **OF_PRICES}[test], record, every=500 if test in OF_PRICES else 37)


@pytest.mark.parametrize("test", [test for test in OF_SERIES if test != SAME_ON_FRIDAYS])
def test_observation_dates_taken_for_publication_are_caught(test: str, record: Record) -> None:
    assert sees_the_future(OF_SERIES[test], record, every=5, mutated=True)


def test_liquidity_taken_by_its_dates_is_caught_on_other_days_than_fridays(record: Record) -> None:
    daily: Driver = lambda court: (court.record.days, court.record.known_liquidity(court.record.days))  # noqa: E731

    assert not sees_the_future(daily, record, every=37)
    assert sees_the_future(daily, record, every=5, mutated=True)


def test_observation_dates_taken_for_publication_change_the_results(record: Record) -> None:
    of = {claim.id: claim for claim in CLAIMS}
    honest, mutant = (Court(record=each, draws=20) for each in (record, by_observation_date(record)))
    for test in ("000-18b", "001-15b"):
        found = [of[test].run(court) for court in (honest, mutant)]
        assert (found[0].effect, found[0].events) != (found[1].effect, found[1].events)


@pytest.mark.parametrize("test", OF_SERIES)
def test_a_driver_says_something_at_all(test: str, record: Record) -> None:
    # What is never defined would look at nothing, too.
    _, said = OF_SERIES[test](Court(record=record, draws=1))
    assert len(set(said[np.isfinite(said)].tolist())) >= 2
