"""Slippage and fees of fills, worked out by hand."""

from decimal import Decimal

import pytest

from engine.record.review.costs import costs_of, priced_fills
from tests.support.run_records import decision, fill, record


def test_slippage_is_positive_where_a_fill_is_worse_than_the_close_it_was_decided_at() -> None:
    decisions = [decision(1, closes={"BTC": 100.0})]
    fills = [fill(1, "buy", "2", "101"), fill(1, "sell", "1", "101"), fill(1, "buy", "1", "5", asset="ETH")]

    bought, sold, unknown = priced_fills(record(decisions, fills=fills))

    assert [bought.slippage, bought.slippage_quote] == pytest.approx([0.01, 2.0])
    assert [sold.slippage, sold.slippage_quote] == pytest.approx([-0.01, -1.0])
    assert (unknown.close, unknown.slippage, unknown.slippage_quote) == (None, None, None)


def test_costs_add_up_with_fees_in_coins_at_the_price_of_their_fill() -> None:
    decisions = [decision(1, equity=1000.0, closes={"BTC": 100.0})]
    fills = [
        fill(1, "sell", "1", "99", fee="0.5"),
        fill(1, "buy", "2", "101", fee="0.002", fee_asset="BTC"),
    ]

    costs = costs_of(priced_fills(record(decisions, fills=fills)))

    # Fees 0.5 + 0.002 x 101; slippage 1 + 2 on 300 at the decision prices; both over an equity of 1000.
    assert costs.fees == {"USDT": Decimal("0.5"), "BTC": Decimal("0.002")}
    assert costs.fees_quote == Decimal("0.702")
    assert costs.traded == 301
    assert costs.fee_share == pytest.approx(0.702 / 301)
    assert costs.slippage_quote == pytest.approx(3.0)
    assert costs.slippage_share == pytest.approx(0.01)
    assert costs.share_of_equity == pytest.approx(0.003702)


def test_costs_that_cannot_be_known_are_none() -> None:
    in_a_third_coin = fill(1, "buy", "1", "100", fee="0.01", fee_asset="BNB")
    nothing = costs_of([])
    third = costs_of(priced_fills(record([decision(1)], fills=[in_a_third_coin])))

    assert (nothing.fills, nothing.slippage_quote, nothing.fee_share, nothing.slippage_share) == (0, None, None, None)
    assert (third.fees_quote, third.fee_share, third.share_of_equity) == (None,) * 3


def test_the_slippage_of_one_fill_is_that_of_the_run() -> None:
    fills = priced_fills(record([decision(1, closes={"BTC": 100.0})], fills=[fill(1, "buy", "2", "101")]))

    assert costs_of(fills).slippage_share == pytest.approx(0.01)
    assert fills[0].slippage == pytest.approx(0.01)


def test_what_bought_back_after_a_reset_is_no_fill_of_the_strategy() -> None:
    bought_back = fill(1, "buy", "1", "200", fee="1", reason="reset_buy_back")
    assert bought_back.restores

    assert priced_fills(record([decision(1, closes={"BTC": 100.0})], fills=[bought_back])) == ()
