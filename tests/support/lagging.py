"""An exchange whose answers on orders, trades and the account come from copies that lag behind its books."""

import json
from datetime import timedelta
from urllib.parse import parse_qs

from engine.practice.calls import Answer, Call, encoded
from tests.support.live_rig import Rig

ORDER, TRADES, ACCOUNT = "/api/v3/order", "/api/v3/myTrades", "/api/v3/account"


class Lagging:
    """Answers by what was there so many seconds ago, for each kind of answer its own number."""

    def __init__(self, rig: Rig, *, order: float = 0, trades: float = 0, account: float = 0) -> None:
        self._rig = rig
        self._answer = rig.answer
        self._order, self._trades, self._account = order, trades, account
        self._books = [(rig.exchange.now - timedelta(days=1), dict(rig.exchange.account.free))]
        rig.answer = self

    def __call__(self, call: Call) -> Answer:
        match call.method, call.path:
            case "POST", path if path == ORDER:
                answer = self._answer(call)
                self._books.append((self._rig.exchange.now, dict(self._rig.exchange.account.free)))
                return answer
            case "GET", path if path == ORDER and self._is_hidden(call):
                return Answer(status=400, body=encoded({"code": -2013, "msg": "Order does not exist."}))
            case "GET", path if path == TRADES:
                return self._older_trades(self._answer(call))
            case "GET", path if path == ACCOUNT:
                return self._older_account(call)
        return self._answer(call)

    def _seen(self, seconds: float) -> int:
        return self._rig.exchange.clock.now() - int(seconds * 1000)

    def _is_hidden(self, call: Call) -> bool:
        asked = {name: values[0] for name, values in parse_qs(call.query).items()}
        own, theirs = asked.get("origClientOrderId"), asked.get("orderId")
        found = [each for each in self._rig.orders() if own == each.client_order_id or theirs == str(each.order_id)]
        return any(each.symbol == asked["symbol"] and each.at > self._seen(self._order) for each in found)

    def _older_trades(self, answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        rows = [row for row in json.loads(answer.body) if row["time"] <= self._seen(self._trades)]
        return Answer(body=encoded(rows))

    def _older_account(self, call: Call) -> Answer:
        exchange = self._rig.exchange
        then = exchange.now - timedelta(seconds=self._account)
        now, exchange.account.free = exchange.account.free, [free for at, free in self._books if at <= then][-1]
        exchange.account.version += 1
        try:
            return self._answer(call)
        finally:
            exchange.account.free = now
            exchange.account.version += 1
