"""Client order ids: short, plain, derived again by a restart, and never the same for two orders."""

import re
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.core.order import Side, client_order_id
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
    name = client_order_id(account="a" * 20, day=DAY, asset="LONGESTCOIN", side=Side.SELL, part=999, attempt=9999)

    assert len(name) == 36


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
