"""Client order ids: short, plain, derived again by a restart, and never the same for two orders."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.order import (
    Side,
    client_order_id,
    day_named,
    epoch_named,
    restores_by_name,
    restoring_order_id,
    stem_of,
)
from engine.core.retry_policy import AttemptEnd
from tests.support.fakes import order_of

DAY = date(2024, 1, 31)
PURPOSES = st.fixed_dictionaries(
    {
        "account": st.text("ab-_0", min_size=1, max_size=8),
        "day": st.sampled_from([DAY, date(2024, 2, 1)]),
        "asset": st.text("ab-_0", min_size=1, max_size=8),
        "side": st.sampled_from(Side),
        "part": st.integers(1, 999),
        "attempt": st.integers(1, 999),
    }
)


def test_an_id_tells_a_person_what_the_order_was_for() -> None:
    name = client_order_id(account="rotation", day=DAY, asset="ETH", side=Side.BUY, part=2, attempt=3)

    assert name == "rotation-20240131-ETH-b2-3"


@given(st.text(), st.text(), st.sampled_from(Side), st.integers(1, 999), st.integers(1, 999))
def test_any_name_gives_an_id_that_an_exchange_accepts(
    account: str, asset: str, side: Side, part: int, attempt: int
) -> None:
    name = client_order_id(account=account, day=DAY, asset=asset, side=side, part=part, attempt=attempt)

    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,36}", name)


def test_the_longest_names_and_numbers_fill_36_characters() -> None:
    name = client_order_id(
        account="a" * 20, day=DAY, asset="LONGESTCOIN", side=Side.SELL, part=999, attempt=9999, epoch=99
    )

    assert len(name) == 36


def test_an_order_goes_on_after_a_reset_under_a_name_that_says_the_epoch_and_is_still_its_own() -> None:
    order = order_of("ETH", Side.BUY, "2", name="x7k2p9-20240131-ETH-b1-3")

    after = order.in_epoch(2)
    again = after.next_attempt(Decimal(1), ended=AttemptEnd.REFUSED)

    assert [after.client_order_id, again.client_order_id] == [
        "x7k2p9-20240131-ETH-b1-4e2",
        "x7k2p9-20240131-ETH-b1-5e2",
    ]
    assert [after.attempt, after.quantity, after.earlier] == [4, Decimal(2), order.earlier]
    assert [again.attempt, again.refused] == [5, 1]
    assert stem_of(after.client_order_id) == stem_of(order.client_order_id)


@pytest.mark.parametrize(
    ("name", "epoch", "restores"),
    [
        ("x7k2p9-20240131-ETH-b1-3", 1, False),
        ("x7k2p9-20240131-ETH-s12-1e14", 14, False),
        ("x7k2p9-20240131-ETH-r2p11-1", 2, True),
        # 36 + 2, part 1.
        ("x7k2p9-20240131-ETH-x1201-4", 38, True),
        ("x7k2p9-20240131-by-hand", 1, False),
        ("", 1, False),
    ],
)
def test_a_name_says_its_epoch_and_whether_it_puts_back_what_a_reset_wiped(
    name: str, epoch: int, *, restores: bool
) -> None:
    assert (epoch_named(name), restores_by_name(name)) == (epoch, restores)


def test_assets_with_names_in_other_scripts_have_ids_of_their_own() -> None:
    names = {
        client_order_id(account="rotation", day=DAY, asset=asset, side=Side.BUY)
        for asset in ("这是测试币456", "这是测试币457", "ETH", "1000000MOG", "1000000BOB")
    }

    assert len(names) == 5
    assert all(name.isascii() for name in names)


@given(PURPOSES, PURPOSES)
def test_two_purposes_share_an_id_only_if_they_are_the_same(one: dict[str, object], other: dict[str, object]) -> None:
    same_id = client_order_id(**one) == client_order_id(**other)  # type: ignore[arg-type] # drawn with the right types

    assert same_id == (one == other)


def test_an_order_for_another_quantity_is_otherwise_the_same() -> None:
    assert order_of("ETH", Side.BUY, "2").with_quantity(Decimal("1.5")) == order_of("ETH", Side.BUY, "1.5")


ASSETS_OF_EVERY_KIND = st.sampled_from(["BTC", "AVAX", "1000SATS", "1000CHEEMS", "BTC币", "A" * 30, "a-b", "2", "-"])


@given(
    st.sampled_from(["x7k2p9", "rotation", "eine lange Überschrift", ""]),
    st.lists(
        st.tuples(ASSETS_OF_EVERY_KIND, st.sampled_from(Side), st.integers(1, 1000)),
        unique=True,
        min_size=2,
        max_size=9,
    ),
    st.lists(
        st.tuples(ASSETS_OF_EVERY_KIND, st.integers(2, 999), st.integers(1, 1000)), unique=True, min_size=2, max_size=9
    ),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.lists(st.integers(1, 9999), unique=True, min_size=1, max_size=4),
    st.integers(2, 99),
)
def test_names_of_all_orders_and_attempts_fit_and_are_unique(
    account: str,
    plans: list[tuple[str, Side, int]],
    resets: list[tuple[str, int, int]],
    day: date,
    attempts: list[int],
    epoch: int,
) -> None:
    first = [
        client_order_id(account=account, day=day, asset=asset, side=side, part=part) for asset, side, part in plans
    ]
    first += [
        restoring_order_id(account=account, day=day, asset=asset, epoch=epoch, part=part)
        for asset, epoch, part in resets
    ]
    names = [f"{stem_of(name)}-{attempt}" for name in first for attempt in attempts]
    names += [f"{stem_of(name)}-{attempt}e{epoch}" for name in first[: len(plans)] for attempt in attempts]

    assert len(set(names)) == len(names) == len(attempts) * (2 * len(plans) + len(resets))
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,36}", name) for name in names), names
    # A name says whose order it is, and of which day.
    assert {day_named(name, account) for name in names} == {day}
    assert {day_named(name, "another") for name in names} == {None}


@pytest.mark.parametrize(
    "name", ["", "x7k2p9-", "x7k2p9-2024-BTC-b1-1", "x7k2p9-20240231-BTC-b1-1", "by-hand", "web_20240101"]
)
def test_a_name_that_no_run_gives_says_no_day(name: str) -> None:
    assert day_named(name, "x7k2p9") is None
