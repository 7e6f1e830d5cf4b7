"""The book of fills: double entries that add up to zero, and balances that never round."""

from decimal import Decimal, Inexact
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import CheckError
from engine.core.ledger import FEES, OUTSIDE, OWN, VENUE, Ledger, Posting, postings_of
from engine.core.order import RESET_BUY_BACK, Fill, Side
from tests.support.fakes import fill_of

EMPTY = Ledger(quote="USDT", cash=Decimal(1000))
RICH = Ledger(quote="USDT", cash=Decimal("1E+9"))
QUANTITIES = st.decimals(min_value="1E-8", max_value="1E+9", places=8).map(str)
FILLS = st.builds(
    fill_of,
    st.sampled_from(["BTC", "ETH", "这是测试币456"]),
    st.sampled_from(Side),
    QUANTITIES,
    QUANTITIES,
    fee=st.decimals(min_value=0, max_value=1000, places=12).map(str),
    fee_asset=st.sampled_from(["USDT", "BNB", "BTC"]),
)


def test_a_buy_moves_cash_and_fee_out_and_the_asset_in() -> None:
    after = EMPTY.apply(fill_of("ETH", Side.BUY, "2", "100.5", fee="0.201"))

    assert after.cash == Decimal("798.799")  # 1000 - 201 - 0.201
    assert after.positions == {"ETH": Decimal(2)}
    assert EMPTY.positions == {}


def test_a_position_sold_whole_is_no_position_any_more() -> None:
    bought = EMPTY.apply(fill_of("ETH", Side.BUY, "2", "100"))

    after = bought.apply(fill_of("ETH", Side.SELL, "2", "110", fee="0.22"))

    assert after.cash == Decimal("1019.78")
    assert after.positions == {}
    assert after.quantity("ETH") == 0


def test_a_fee_is_taken_from_its_own_asset() -> None:
    in_the_asset = EMPTY.apply(fill_of("ETH", Side.BUY, "2", "100", fee="0.002", fee_asset="ETH"))
    holder = Ledger(quote="USDT", cash=Decimal(1000), positions={"BNB": Decimal("0.5")})
    in_a_third = holder.apply(fill_of("ETH", Side.BUY, "2", "100", fee="0.4", fee_asset="BNB"))

    assert (in_the_asset.cash, in_the_asset.positions) == (Decimal(800), {"ETH": Decimal("1.998")})
    assert (in_a_third.cash, in_a_third.positions) == (Decimal(800), {"ETH": Decimal(2), "BNB": Decimal("0.1")})


@pytest.mark.parametrize(("held", "outside"), [("0", "-0.4"), ("0.3", "-0.1")])
def test_a_fee_in_a_coin_of_which_we_hold_too_little_is_ours_as_far_as_we_have_it(held: str, outside: str) -> None:
    positions = {"BNB": Decimal(held)} if Decimal(held) else {}
    before = Ledger(quote="USDT", cash=Decimal(1000), positions=positions)

    after = before.apply(fill_of("ETH", Side.BUY, "2", "100", fee="0.4", fee_asset="BNB"))

    assert (after.positions, after.outside) == ({"ETH": Decimal(2)}, {"BNB": Decimal(outside)})


def test_a_fee_in_a_coin_that_is_sold_whole_is_paid_by_the_rest_of_the_account() -> None:
    before = Ledger(quote="USDT", cash=Decimal(0), positions={"BNB": Decimal(10)})

    after = before.apply(fill_of("BNB", Side.SELL, "10", "500", fee="0.01", fee_asset="BNB"))

    assert (after.cash, after.positions, after.outside) == (Decimal(5000), {}, {"BNB": Decimal("-0.01")})


def test_of_a_sale_beyond_what_is_held_the_rest_of_the_account_sells_the_rest_and_gets_its_proceeds() -> None:
    # In two trades, each with its fee: the first fee takes of what the second trade sells.
    before = Ledger(quote="USDT", cash=Decimal(0), positions={"BNB": Decimal(10)})

    first = before.apply(fill_of("BNB", Side.SELL, "6", "500", fee="0.006", fee_asset="BNB"))
    after = first.apply(fill_of("BNB", Side.SELL, "4", "500", fee="0.004", fee_asset="BNB"))

    assert first.positions == {"BNB": Decimal("3.994")}
    # 6 and 3.994 at 500 are ours; 0.006 at 500 are not. The exchange's account as a whole lost 10.01 BNB.
    assert (after.cash, after.positions) == (Decimal(4997), {})
    assert after.outside == {"BNB": Decimal("-0.01"), "USDT": Decimal(3)}


def test_a_buy_beyond_the_cash_is_paid_by_the_rest_of_the_account() -> None:
    after = EMPTY.apply(fill_of("ETH", Side.BUY, "2", "501", fee="1", fee_asset="USDT"))

    assert (after.cash, after.positions, after.outside) == (Decimal(0), {"ETH": Decimal(2)}, {"USDT": Decimal(-3)})


@pytest.mark.parametrize(("cash", "held"), [("-0.01", "1"), ("1", "-0.67")])
def test_no_holding_is_ever_negative(cash: str, held: str) -> None:
    with pytest.raises(CheckError, match=r"would hold -0\.\d+ (USDT|BNB)"):
        Ledger(quote="USDT", cash=Decimal(cash), positions={"BNB": Decimal(held)})


def test_a_fee_that_takes_the_last_of_a_coin_is_ours() -> None:
    before = Ledger(quote="USDT", cash=Decimal(1000), positions={"BNB": Decimal("0.4")})

    after = before.apply(fill_of("ETH", Side.BUY, "2", "100", fee="0.4", fee_asset="BNB"))

    assert (after.positions, after.outside) == ({"ETH": Decimal(2)}, {})


def test_what_restores_is_paid_and_received_by_the_rest_of_the_account() -> None:
    bought = fill_of("ETH", Side.BUY, "2", "100", fee="0.002", fee_asset="ETH", reason=RESET_BUY_BACK)

    after = EMPTY.apply(bought)

    assert (after.cash, after.positions) == (EMPTY.cash, {})
    assert after.outside == {"ETH": Decimal("1.998"), "USDT": Decimal(-200)}
    assert after.after_reset(()).outside == {}


def test_equity_is_cash_and_positions_at_the_closes() -> None:
    ledger = Ledger(quote="USDT", cash=Decimal("10.5"), positions={"ETH": Decimal("0.1"), "BTC": Decimal("0.002")})

    equity = ledger.equity({"ETH": Decimal("2000.55"), "BTC": Decimal(50000), "SOL": Decimal(1)})

    assert equity == Decimal("310.555")  # 10.5 + 200.055 + 100


def test_equity_wants_a_close_of_every_held_asset() -> None:
    with pytest.raises(KeyError):
        Ledger(quote="USDT", cash=Decimal(0), positions={"ETH": Decimal(1)}).equity({"BTC": Decimal(1)})


def test_amounts_that_do_not_fit_are_an_error_and_not_rounded() -> None:
    huge = Ledger(quote="USDT", cash=Decimal("1E+100"))

    with pytest.raises(Inexact):
        huge.apply(fill_of("ETH", Side.BUY, "1", "1E-30"))
    with pytest.raises(Inexact):
        Ledger(quote="USDT", cash=Decimal("1E+100"), positions={"ETH": Decimal("1E-30")}).equity({"ETH": Decimal(1)})


def test_postings_carry_amounts_of_any_length_whatever_the_context() -> None:
    # 13 digits times 20.
    fill = fill_of("ETH", Side.BUY, "12345.67891234", "1234.6543210987654321")

    amounts = [posting.amount for posting in postings_of(fill, RICH) if posting.asset == "USDT"]

    assert amounts[:2] == [fill.notional.copy_negate(), fill.notional]


@given(FILLS)
def test_the_postings_of_a_fill_add_up_to_zero_for_every_asset(fill: Fill) -> None:
    postings = postings_of(fill, EMPTY)

    for asset in {posting.asset for posting in postings}:
        assert sum(Fraction(posting.amount) for posting in postings if posting.asset == asset) == 0
    assert {OWN, VENUE, FEES} <= {posting.account for posting in postings} <= {OWN, OUTSIDE, VENUE, FEES}


@given(st.lists(FILLS, max_size=12))
def test_what_the_account_has_lost_is_what_venue_and_fees_have_gained(fills: list[Fill]) -> None:
    ledger = EMPTY
    postings: list[Posting] = []
    for fill in fills:
        postings += postings_of(fill, ledger)
        ledger = ledger.apply(fill)

    gained: dict[str, Fraction] = {}
    for posting in postings:
        if posting.account in (VENUE, FEES):
            gained[posting.asset] = gained.get(posting.asset, Fraction(0)) + Fraction(posting.amount)
    for asset in ("BTC", "ETH", "这是测试币456", "BNB"):
        outside = Fraction(ledger.outside.get(asset, Decimal(0)))
        assert Fraction(ledger.quantity(asset)) + outside == -gained.get(asset, 0)
    assert Fraction(ledger.cash) + Fraction(ledger.outside.get("USDT", 0)) == 1000 - gained.get("USDT", 0)


@given(st.lists(FILLS, max_size=12))
def test_no_fill_is_rounded_and_no_empty_position_is_kept(fills: list[Fill]) -> None:
    ledger = EMPTY
    cash = Fraction(1000)
    for fill in fills:
        ledger = ledger.apply(fill)
        sign = -1 if fill.side is Side.BUY else 1
        cash += sign * Fraction(fill.quantity) * Fraction(fill.price)
        cash -= Fraction(fill.fee) if fill.fee_asset == "USDT" else 0

    assert Fraction(ledger.cash) + Fraction(ledger.outside.get("USDT", 0)) == cash
    assert all(held > 0 for held in ledger.positions.values())
    assert ledger.cash >= 0
