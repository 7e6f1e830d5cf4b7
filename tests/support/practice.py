"""Small practice exchanges, and calls to them that are signed as a client signs."""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from engine.core.market import BarSeries
from engine.practice.api import answer
from engine.practice.calls import Answer, Call
from engine.practice.clock import PracticeClock
from engine.practice.exchange import PracticeExchange
from engine.practice.signatures import HmacKey
from tests.support.markets import coin_bars

KEY = HmacKey(name="practice-key", secret="practice-secret")
FIRST = date(2024, 1, 1)
NOON = timedelta(hours=12)


class WallClock:
    """A wall clock that only moves when told to."""

    def __init__(self) -> None:
        self.at = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def run(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def instant(day: date, *, hours: float = 0) -> datetime:
    """Give an instant of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)


def bitcoin(*closes: float | None, opens: list[float | None] | None = None, first: date = FIRST) -> BarSeries:
    """Build bars of BTC: a close a day from 2024-01-01 on, None where there is no bar."""
    return coin_bars("BTC", first, closes, opens=opens)


def practice(
    *bars: BarSeries,
    at: datetime | None = None,
    speed: float = 0.0,
    wall: Callable[[], datetime] | None = None,
    **options: Any,
) -> PracticeExchange:
    """Open an exchange: without bars, of BTC at 40,000 for ten days; its clock stands at noon of the first day."""
    return PracticeExchange(
        bars or [bitcoin(*[40_000.0] * 10)],
        clock=PracticeClock(at or instant(FIRST, hours=12), speed=speed, wall=wall or WallClock()),
        keys=[KEY],
        **options,
    )


def signed_query(exchange: PracticeExchange, parameters: Mapping[str, object], *, key: HmacKey = KEY) -> str:
    """Give the query string of a signed request at the exchange's own time."""
    query = urlencode({"timestamp": exchange.clock.now(), **parameters})
    return f"{query}&signature={hmac.new(key.secret.encode(), query.encode(), 'sha256').hexdigest()}"


def call(exchange: PracticeExchange, method: str, path: str, **parameters: object) -> Answer:
    """Make a signed call."""
    query = signed_query(exchange, parameters)
    return answer(exchange, Call(method=method, path=f"/api/v3/{path}", query=query, api_key=KEY.name))


def ask(exchange: PracticeExchange, method: str, path: str, **parameters: object) -> Any:
    """Make a signed call and give the content of the answer."""
    return json.loads(call(exchange, method, path, **parameters).body)


def look(exchange: PracticeExchange, path: str, **parameters: object) -> Any:
    """Make a public call and give the content of the answer."""
    return json.loads(answer(exchange, Call(method="GET", path=f"/api/v3/{path}", query=urlencode(parameters))).body)


def steer(exchange: PracticeExchange, path: str, content: object) -> Any:
    """Steer through the control path and give the content of the answer."""
    return json.loads(answer(exchange, Call(method="POST", path=f"/practice/{path}", body=json.dumps(content))).body)


def buy(exchange: PracticeExchange, quantity: str, **parameters: object) -> Any:
    """Send a market buy of BTC and give the content of the answer."""
    wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": quantity, **parameters}
    return ask(exchange, "POST", "order", **wanted)


def balance(exchange: PracticeExchange, asset: str) -> tuple[str, str]:
    """Give the free and locked text of an asset, as the account shows it."""
    rows = {row["asset"]: row for row in ask(exchange, "GET", "account")["balances"]}
    return rows[asset]["free"], rows[asset]["locked"]
