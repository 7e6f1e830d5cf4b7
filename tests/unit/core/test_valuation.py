"""What a ledger is worth at given prices."""

from decimal import Decimal

from engine.core.ledger import Ledger
from engine.core.valuation import valuation_of

LEDGER = Ledger(quote="USDT", cash=Decimal(100), positions={"BTC": Decimal(2), "ETH": Decimal(5)})


def test_weights_are_of_cash_and_positions_together() -> None:
    valued = valuation_of(LEDGER, {"BTC": Decimal(100), "ETH": Decimal(40), "SOL": Decimal(9)})

    # 100 + 2 x 100 + 5 x 40
    assert valued.equity == 500
    assert [(each.asset, each.value, each.weight) for each in valued.positions] == [
        ("BTC", Decimal(200), 0.4),
        ("ETH", Decimal(200), 0.4),
    ]


def test_a_missing_price_leaves_equity_and_weights_unknown_and_the_other_value_known() -> None:
    valued = valuation_of(LEDGER, {"BTC": Decimal(100)})

    assert valued.equity is None
    assert [(each.price, each.value, each.weight) for each in valued.positions] == [
        (Decimal(100), Decimal(200), None),
        (None, None, None),
    ]


def test_an_account_worth_nothing_has_no_weights() -> None:
    nothing = Ledger(quote="USDT", cash=Decimal(0), positions={"BTC": Decimal(2)})

    assert [each.weight for each in valuation_of(nothing, {"BTC": Decimal(0)}).positions] == [None]
