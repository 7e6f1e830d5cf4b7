"""Parameters of a request: each has a form, must be given once, and must be known to the endpoint."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import parse_qsl

from engine.core.money import ZERO
from engine.practice.clock import DAY
from engine.practice.errors import ApiError, illegal_characters, missing_parameter

DECIMAL_RANGE = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
WHOLE_RANGE = "^[0-9]{1,20}$"
SYMBOL_RANGE = r"^[\w\-._&&[^a-z]]{1,50}$"
CLIENT_ID_RANGE = "^[a-zA-Z0-9-_]{1,36}$"

_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_WHOLE = re.compile(r"[0-9]{1,20}")
_SYMBOL = re.compile(r"[\w\-.]{1,50}")
_CLIENT_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}")
USEFUL_DECIMALS = 8
MOST_SYMBOLS = 100
MICROSECONDS_FROM = 10**14
"""A time stamp of so many digits counts microseconds; Binance takes both."""


class Parameters:
    """What was sent, by name; keeps count of what an endpoint has read.

    Raises:
        ApiError: -1101, one is there twice; -1105, one is empty.
    """

    def __init__(self, query: str, body: str) -> None:
        sent = _pairs(query)
        for name, value in _pairs(body).items():
            # A parameter in both places: that of the query string counts.
            sent.setdefault(name, value)
        self._sent = sent
        self._read: set[str] = set()

    def peek(self, name: str) -> str | None:
        """Give a value without counting it as read."""
        return self._sent.get(name)

    def text(self, name: str) -> str | None:
        """Read a value as it is."""
        self._read.add(name)
        value = self._sent.get(name)
        if value == "":
            raise ApiError(-1105, f"Parameter '{name}' was empty.")
        return value

    def required(self, name: str) -> str:
        """Read a value that must be there."""
        value = self.text(name)
        if value is None:
            raise missing_parameter(name)
        return value

    def one_of(self, name: str, allowed: Iterable[str], *, error: ApiError, default: str | None = None) -> str:
        """Read one of a set of words; mandatory without a default, and `error` where it is none of them."""
        value = self.required(name) if default is None else self.text(name) or default
        if value not in allowed:
            raise error
        return value

    def symbol(self) -> str:
        """Read the mandatory `symbol`; whether there is such a symbol is not its concern."""
        return _checked_symbol(self.required("symbol"))

    def symbols(self) -> list[str] | None:
        """Read `symbol` or `symbols`, a JSON list; None where neither is given."""
        one, many = self.text("symbol"), self.text("symbols")
        if one is not None and many is not None:
            raise ApiError(-1128)
        if one is not None:
            return [_checked_symbol(one)]
        if many is None:
            return None
        try:
            names = json.loads(many)
        except ValueError:
            names = None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise illegal_characters("symbols", r'^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\]$')
        if len(names) > MOST_SYMBOLS:
            raise ApiError(-1101, f"Too many parameters; expected '{MOST_SYMBOLS}' and received '{len(names)}'.")
        if len(set(names)) < len(names):
            raise ApiError(-1151)
        return [_checked_symbol(name) for name in names]

    def decimal(self, name: str) -> Decimal | None:
        """Read a positive decimal in plain digits: no sign, no exponent, eight useful decimals."""
        value = self._formed(name, _DECIMAL, DECIMAL_RANGE)
        if value is None:
            return None
        if len(value.partition(".")[2].rstrip("0")) > USEFUL_DECIMALS:
            raise ApiError(-1111, f"Parameter '{name}' has too much precision.")
        number = Decimal(value)
        if number == ZERO:
            raise ApiError(-1013, f"Invalid {'price' if name == 'price' else 'quantity'}.")
        return number

    def whole(self, name: str) -> int | None:
        """Read a whole number."""
        value = self._formed(name, _WHOLE, WHOLE_RANGE)
        return None if value is None else int(value)

    def limit(self, *, default: int, most: int) -> int:
        """Read `limit`; more than the most is the most."""
        value = self.whole("limit")
        return default if value is None else min(max(value, 1), most)

    def time(self, name: str) -> int | None:
        """Read a time stamp in milliseconds or microseconds, and give milliseconds."""
        value = self.whole(name)
        return value if value is None or value < MICROSECONDS_FROM else value // 1000

    def span(self) -> tuple[int | None, int | None]:
        """Read startTime and endTime, at most 24 hours apart."""
        start, end = self.time("startTime"), self.time("endTime")
        if start is not None and end is not None and end - start > DAY:
            raise ApiError(-1127)
        return start, end

    def client_id(self, name: str) -> str | None:
        """Read a client order id."""
        return self._formed(name, _CLIENT_ID, CLIENT_ID_RANGE)

    def _formed(self, name: str, form: re.Pattern[str], legal_range: str) -> str | None:
        value = self.text(name)
        if value is not None and not form.fullmatch(value):
            raise illegal_characters(name, legal_range)
        return value

    def done(self) -> None:
        """Pass when everything that was sent has been read.

        Raises:
            ApiError: -1104, or -1101 where the endpoint reads nothing.
        """
        unread = self._sent.keys() - self._read
        if not unread:
            return
        sent, read = len(self._sent), len(self._sent) - len(unread)
        if not self._read:
            raise ApiError(-1101, f"Too many parameters; expected '0' and received '{sent}'.")
        raise ApiError(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")


def _pairs(text: str) -> dict[str, str]:
    if not text:
        return {}
    pairs = parse_qsl(text, keep_blank_values=True)
    sent = dict(pairs)
    if len(sent) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ApiError(-1101, f"Duplicate values for parameter '{twice}' detected.")
    return sent


def _checked_symbol(name: str) -> str:
    if not _SYMBOL.fullmatch(name) or any("a" <= letter <= "z" for letter in name):
        raise illegal_characters("symbol", SYMBOL_RANGE)
    return name
