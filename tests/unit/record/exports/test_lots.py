"""Lots at cost: the oldest go first, no unit and no cost is lost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.core.money import exact
from engine.record.exports.lots import Lot, change_lots

AMOUNTS = st.decimals(min_value=-1000, max_value=1000, places=3)
PRICES = st.decimals(min_value=0, max_value=1000, places=3)


def lot(quantity: str, price: str) -> Lot:
    return Lot(quantity=Decimal(quantity), price=Decimal(price))


def amounts(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def test_a_buy_is_a_new_lot() -> None:
    change = change_lots((lot("1", "10"),), Decimal(2), price=Decimal(20))

    assert change.lots == (lot("1", "10"), lot("2", "20"))
    assert (change.reduced, change.cost, change.added) == amounts("0", "0", "2")


def test_a_sale_gives_up_the_oldest_lots_at_what_they_had_cost() -> None:
    change = change_lots((lot("1", "10"), lot("2", "20"), lot("3", "30")), Decimal("-2.5"), price=Decimal(99))

    assert change.lots == (lot("0.5", "20"), lot("3", "30"))
    assert (change.reduced, change.cost, change.added) == amounts("-2.5", "-40", "0")  # 1 x 10 + 1.5 x 20


def test_a_lot_that_is_given_up_whole_is_gone() -> None:
    assert change_lots((lot("1", "10"),), Decimal(-1), price=Decimal(99)).lots == ()


def test_more_than_is_held_is_a_lot_below_zero_at_the_price_of_the_sale() -> None:
    change = change_lots((lot("1", "10"),), Decimal(-3), price=Decimal(15))

    assert change.lots == (lot("-2", "15"),)
    assert (change.reduced, change.cost, change.added) == amounts("-1", "-10", "-2")


@given(st.lists(st.tuples(AMOUNTS, PRICES), max_size=20))
def test_units_and_costs_add_up_and_no_two_lots_differ_in_sign(changes: list[tuple[Decimal, Decimal]]) -> None:
    lots: tuple[Lot, ...] = ()
    held = invested = Decimal(0)
    for quantity, price in changes:
        change = change_lots(lots, quantity, price=price)
        lots = change.lots
        with exact():
            assert change.reduced + change.added == quantity
            held += quantity
            invested += change.cost + change.added * price

    with exact():
        assert sum(each.quantity for each in lots) == held
        assert sum(each.quantity * each.price for each in lots) == invested
    assert len({each.quantity > 0 for each in lots}) < 2
    assert all(each.quantity for each in lots)
