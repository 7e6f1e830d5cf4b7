"""Changes of closes and parameters: in words, scaled, applied."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.core.changes import Change, ParameterValue, SetClose, SetParameter, percent_text, price_text, together
from strategies.rotation import RotationParams
from tests.support.markets import coin_bars, history_of, index_bars

TUESDAY = date(2025, 9, 16)


def close(after: float, *, before: float = 100.0, day: date = TUESDAY, symbol: str = "RUT") -> SetClose:
    return SetClose(symbol=symbol, day=day, before=before, after=after)


def parameter(name: str, before: ParameterValue, after: ParameterValue) -> SetParameter:
    return SetParameter(key=f"strategy.{name}", before=before, after=after)


def test_closes_put_to_one_price_are_said_together() -> None:
    change = Change(
        parts=(
            close(2442.74, before=2403.03),
            close(2442.74, before=2407.34, day=date(2025, 9, 17)),
            SetParameter(key="strategy.macd.valid_weeks", before=8, after=19),
        ),
        effect="that confirms it",
    )

    assert change.sentence == (
        "RUT closes of 2025-09-16 and 2025-09-17 above 2,442.74 instead of 2,403.03 and 2,407.34 "
        "(+1.65 %, +1.47 %); strategy.macd.valid_weeks 19 instead of 8: that confirms it"
    )


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (close(99.5), "RUT close of 2025-09-16 below 99.50 instead of 100.00 (-0.50 %)"),
        # Two decimals would show the same price twice.
        (close(100.000123), "RUT close of 2025-09-16 above 100.0001 instead of 100.0000 (+0.00012 %)"),
        (parameter("breakout.valid_weeks", None, 3), "strategy.breakout.valid_weeks 3 instead of null"),
        (parameter("confirmations", ("blue_sky",), ()), "strategy.confirmations [] instead of [blue_sky]"),
        (parameter("rebalance_drift", 0.05, 0.031), "strategy.rebalance_drift 0.031 instead of 0.05"),
    ],
)
def test_a_part_says_what_is_what_it_was_and_how_far(part: SetClose | SetParameter, sentence: str) -> None:
    assert Change(parts=(part,)).sentence == sentence


@pytest.mark.parametrize(
    ("before", "after", "half"),
    [(18, 19, 18), (18, 16, 17), (18, 15, 17), (8, 13, 10), (0.4, 0.2, 0.3), (None, 4, None), (("a",), (), ("a",))],
)
def test_half_of_a_parameter_is_rounded_towards_what_it_was(
    before: ParameterValue, after: ParameterValue, half: ParameterValue
) -> None:
    part = parameter("x", before, after)

    assert part.of(0.5).after == (pytest.approx(half) if isinstance(half, float) else half)
    assert part.of(1) == part


@given(some.floats(0.5, 1000), some.floats(0.5, 1000), some.floats(0, 1))
def test_a_share_of_a_change_is_that_share_of_its_size(before: float, after: float, share: float) -> None:
    whole = Change(parts=(close(after, before=before),))

    assert whole.of(share).size == pytest.approx(whole.size * share, abs=1e-9)


def test_the_size_of_a_change_is_its_largest_relative_move() -> None:
    parts = (close(101.0), close(95.0, symbol="BTC"), SetParameter(key="strategy.hold_weeks", before=18, after=17))

    assert Change(parts=parts).size == pytest.approx(1 / 18)
    assert SetParameter(key="strategy.macd.valid_weeks", before=0, after=3).size == 3
    assert SetParameter(key="strategy.breakout.valid_weeks", before=None, after=3).size == 1


def test_an_applied_close_leaves_every_bar_valid_and_the_rest_alone() -> None:
    history = history_of(
        coin_bars("BTC", TUESDAY, [10.0, 11.0, 12.0]), index_bars("RUT", TUESDAY, [100.0, 101.0, 102.0])
    )

    changed = Change(parts=(close(150.0), close(50.0, day=date(2025, 9, 18)))).applied_to(history)

    assert changed["RUT"].close.tolist() == [150.0, 101.0, 50.0]
    assert (changed["RUT"].high >= changed["RUT"].close).all()
    assert (changed["RUT"].low <= changed["RUT"].close).all()
    assert changed["RUT"].open.tolist() == history["RUT"].open.tolist()
    assert changed["BTC"] is history["BTC"]
    assert history["RUT"].close.tolist() == [100.0, 101.0, 102.0]


def test_a_day_without_a_bar_cannot_be_changed() -> None:
    history = history_of(index_bars("RUT", TUESDAY, [100.0]))

    with pytest.raises(ValueError, match="RUT has no bar on 2025-09-20"):
        Change(parts=(close(150.0, day=date(2025, 9, 20)),)).applied_to(history)


def test_parameters_are_set_by_their_keys_of_the_configuration_and_validated() -> None:
    params = RotationParams()
    change = Change(
        parts=(
            SetParameter(key="strategy.macd.valid_weeks", before=8, after=10),
            SetParameter(key="strategy.hold_weeks", before=18, after=5),
        )
    )

    changed = change.applied_to_params(params)

    assert isinstance(changed, RotationParams)
    assert (changed.macd.valid_weeks, changed.hold_weeks) == (10, 5)
    assert changed.model_copy(update={"hold_weeks": 18, "macd": params.macd}) == params
    with pytest.raises(ValueError, match="hold_weeks"):
        Change(parts=(SetParameter(key="strategy.hold_weeks", before=18, after=0),)).applied_to_params(params)


def test_of_two_moves_of_one_close_the_larger_stays() -> None:
    change = together(
        [Change(parts=(close(101.0),), effect="a"), Change(parts=(close(103.0), close(90.0, symbol="BTC")), effect="b")]
    )

    assert change.parts == (close(103.0), close(90.0, symbol="BTC"))
    assert change.effect == "a; b"


@pytest.mark.parametrize(
    ("price", "text"), [(2442.74, "2,442.74"), (-5.5, "-5.50"), (0.0123456, "0.01235"), (1.0, "1.00")]
)
def test_prices_are_written_with_separators_and_small_ones_with_their_digits(price: float, text: str) -> None:
    assert price_text(price) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.010218, "1.02 %"), (-0.5, "50.00 %"), (69.1007, "6,910.07 %"), (0, "0.00 %"), (3.21e-6, "0.00032 %")],
)
def test_percent_never_shows_a_move_as_none(fraction: float, text: str) -> None:
    assert percent_text(fraction) == text
