"""Further entry conditions: found by file name, and each a function of what was known."""

from datetime import date, timedelta

import pytest

from engine.core.calendar import decision_instant
from strategies.confirmations import confirmation, confirmation_names
from tests.support.markets import coin_bars, faulty_market, history_of, index_bars

MONDAY = date(2024, 1, 1)


def test_confirmations_are_the_files_of_their_folder() -> None:
    assert "blue_sky" in confirmation_names()
    assert confirmation_names() == sorted(confirmation_names())


def test_an_unknown_confirmation_is_answered_with_the_nearest_and_with_all() -> None:
    with pytest.raises(ValueError, match=r"'blue_ski' is not allowed; did you mean blue_sky\? found: .*blue_sky"):
        confirmation("blue_ski")


def test_blue_sky_is_a_last_close_at_or_above_every_close_before() -> None:
    # Monday to Friday, and Monday again.
    index = index_bars("RUT", MONDAY, [10.0, 12.0, 11.0, 12.0, 11.5, 13.0])
    history = history_of(coin_bars("BTC", MONDAY, [1.0] * 10), index)

    holds = confirmation("blue_sky")(history, core="BTC", index="RUT")

    week = [holds(MONDAY + timedelta(days=n)) for n in range(8)]
    # Before the first session nothing holds; the weekend has Friday's state.
    assert not holds(MONDAY - timedelta(days=1))
    assert week == [True, True, False, True, False, False, False, True]


@pytest.mark.parametrize("name", confirmation_names())
def test_every_confirmation_gives_the_same_answer_from_what_was_known_then(name: str) -> None:
    history = faulty_market(3)
    whole = confirmation(name)(history, core="BTC", index="RUT")

    for days in range(0, history["BTC"].last_day.toordinal() - history["BTC"].first_day.toordinal(), 97):
        day = history["BTC"].first_day + timedelta(days=days)
        known = confirmation(name)(history.known_by(decision_instant(day)), core="BTC", index="RUT")
        assert known(day) == whole(day)
