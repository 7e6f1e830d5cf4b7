"""`account`, `costs` and `risk` of the configuration -> the terms on which a strategy is run."""

from collections.abc import Iterable, Sequence

from engine.core.events import Event, RunStarted
from engine.core.fills import Costs
from engine.core.instrument import Instrument, built_in_instrument, symbol_of
from engine.core.ledger import Ledger
from engine.core.sizing import Sizing
from engine.settings.config import Account, Config
from engine.settings.risk import RiskSettings
from engine.trading.terms import Terms


def terms_of(config: Config, assets: Sequence[str]) -> Terms:
    """Give the terms of a run through history.

    Raises:
        ConfigError: an asset has no trading rules.
    """
    return Terms(
        name=config.name,
        start=first_ledger(config.account),
        instruments=instruments_of(config.account, assets),
        costs=Costs(commission=config.costs.commission, slippage=config.costs.slippage),
        sell_wait_days=config.account.sell_wait_days,
        max_drawdown=config.risk.max_drawdown,
        sizing=sizing_of(config.risk),
    )


def first_ledger(account: Account, events: Iterable[Event] = ()) -> Ledger:
    """Give what the account begins with, or by the record of a run began with: the configuration may have changed."""
    began = next((event for event in events if isinstance(event, RunStarted)), account)
    return Ledger(quote=began.quote, cash=began.cash)


def instruments_of(account: Account, assets: Sequence[str]) -> dict[str, Instrument]:
    """Give the trading rules by asset: configured over built in.

    Raises:
        ConfigError: an asset is in neither.
    """
    instruments = {}
    for asset in assets:
        rules = account.instruments.get(asset)
        instruments[asset] = (
            built_in_instrument(asset, account.quote)
            if rules is None
            else Instrument(
                symbol=symbol_of(asset, account.quote),
                lot_step=rules.lot_step,
                minimum_notional=rules.minimum_notional,
                maximum_quantity=rules.maximum_quantity,
            )
        )
    return instruments


def sizing_of(risk: RiskSettings) -> Sizing | None:
    """Give what scales targets; None where nothing does."""
    if risk.volatility_target is None:
        return None
    from engine.core.volatility_target import VolatilityTarget  # noqa: PLC0415 - off by default

    return VolatilityTarget(risk.volatility_target)
