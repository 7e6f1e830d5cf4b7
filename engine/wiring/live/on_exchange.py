"""What the venues of live runs share that are exchanges: an account there, and orders that are sent once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from engine.core.events import Event
from engine.core.instrument import Instrument
from engine.core.planner import Planner
from engine.ports import Venue
from engine.trading.epochs import EpochKeeper
from engine.trading.session import Session
from engine.venues.answers import MarketRules
from engine.venues.exchange import Exchange
from engine.venues.exchange_account import ExchangeAccount
from engine.venues.exchange_venue import ExchangeVenue
from engine.wiring.live.live_exchange import market_quotes
from engine.wiring.live.live_venue import LiveVenue, VenueSetting


def on_exchange(exchange: Exchange, network: str) -> LiveVenue:
    """Give a network of an exchange as a venue, or what takes its place by `venue.base_url`."""
    return LiveVenue(exchange=exchange, network=network, opened=_opened, account_check=_account_check)


def _opened(given: VenueSetting, instruments: Mapping[str, Instrument], listed: Mapping[str, MarketRules]) -> Venue:
    return ExchangeVenue(
        client=given.client,
        instruments=instruments,
        quote=given.config.account.quote,
        commission=given.config.costs.commission,
        listed=listed,
        booked_trades=given.booked,
        market=market_quotes(given.config, given.client, given.around),
        started_at=given.client.server_time(),
        settle_seconds=given.settle_seconds,
        sleep=given.first_sends.pause,
        ending=given.around.ending,
    )


def _account_check(
    given: VenueSetting, session: Session, planner: Planner, events: Callable[[], Sequence[Event]]
) -> Callable[[datetime], None]:
    account = ExchangeAccount(
        given.client,
        quote=given.config.account.quote,
        account=planner.account,
        booked=given.booked,
        settle_seconds=given.settle_seconds,
        sleep=given.first_sends.pause,
        ending=given.around.ending,
    )
    return EpochKeeper(
        session,
        account,
        planner,
        place=given.config.venue.name,
        events=events,
        first_sends=given.first_sends,
        notice=given.around.notice,
    ).check
