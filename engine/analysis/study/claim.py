"""What a claim is, and the forms in which most of them are declared: an entry a test."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from engine.analysis.study import blocks, events, forecasts
from engine.analysis.study.court import Court
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, BTC, RUT
from engine.core.calendar import Ordinals
from engine.core.market import Floats

MIN_EVENTS, MIN_SPELLS, MIN_WEEKS, MIN_FLOW_WEEKS, MIN_YEARS, MIN_WEAK = 10, 5, 104, 52, 8, 5
LIQUIDITY = ("WALCL", "WTREGEN", "RRPONTSYD")
REVISED = "revised history"
ALTS = f"{ALT}/{BTC}"
HIGHS = "a new high of the index after at least 90 days without one"


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


def state(id: str, says: str, which: str, name: str, sign: int, *, primary: bool = False) -> Claim:
    """Declare what a market does after Fridays in a state."""
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


def event(
    id: str, says: str, what: str, find: Callable[[Court], Ordinals], name: str, days: int, *,
    primary: bool = False, needs: tuple[str, ...] = (),
) -> Claim:  # fmt: skip
    """Declare what a market gains in the days after events."""
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


def hit(id: str, says: str, what: str, find: Callable[[Court], Ordinals], name: str, days: int) -> Claim:
    """Declare how often it gains then."""
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


def value(
    id: str, says: str, exactly: str, find: Callable[[Court], Ordinals], of: Callable[[Court], Floats],
    width: int, *, sign: int = 1, apart: int | None = None, needs: tuple[str, ...] = (),
) -> Claim:  # fmt: skip
    """Declare a value at events against that of all days."""
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


def association(
    id: str, says: str, exactly: str, columns: Callable[[Court], tuple[Floats, ...]], sign: int, *,
    needs: tuple[str, ...], primary: bool = False, least: int = MIN_WEEKS, against: float = 0.0, caution: str = "",
) -> Claim:  # fmt: skip
    """Declare how two weekly columns go together, given others."""

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


def single(
    id: str, says: str, exactly: str, run: Callable[[Court], Outcome], sign: int = 1, *, least: int = MIN_EVENTS,
    needs: tuple[str, ...] = (), kind: Kind = Kind.TEST, primary: bool = True, caution: str = "",
) -> Claim:  # fmt: skip
    """Declare a test of its own."""
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


def forecast_claim(forecast: forecasts.Forecast) -> Claim:
    """Declare a dated forecast, scored by the data."""
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


def untestable(id: str, says: str, why: str) -> Claim:
    """Declare why a claim cannot be tested."""
    return Claim(id=id, row=id, says=says, exactly="", kind=Kind.UNTESTABLE, primary=True, why=why)


def highs_of(least_days: int) -> Callable[[Court], Ordinals]:
    """Give how the index's highs after so many days without one are found."""
    return lambda court: events.highs(court.record.bars[RUT], least_days)
