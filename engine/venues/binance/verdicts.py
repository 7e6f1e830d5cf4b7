"""What an answer means, by HTTP status and Binance's code first: the exception classes of ccxt 4.5.90 mix the two.

A key that is revoked after a first success, for one, looks like throttling there.
Source: Binance spot API documentation, `errors.md` and `rest-api.md` (2026-07).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.venues.answers import RefusalKind
from engine.venues.quiet_times import LONGEST_PAUSE_SECONDS

OK, CLIENT_ERRORS, SERVER_ERRORS = 200, 400, 500
REQUEST_TIMEOUT, IP_BANNED, TOO_MANY_REQUESTS, RESTRICTED = 408, 418, 429, 451
PASSING = (REQUEST_TIMEOUT, IP_BANNED, 425, TOO_MANY_REQUESTS)
"""Refusals that waiting may mend; the third says that it was asked too early."""
BANNED_WAIT_SECONDS, LIMITED_WAIT_SECONDS = 120.0, 60.0
"""Pauses where the answer names none: the shortest ban, and the minute over which weight is counted."""

NO_SUCH_ORDER, ARCHIVED_ORDER = -2013, -2026
UNKNOWN_SYMBOL = -1121
WRONG_CLOCK, WRONG_SIGNATURE = -1021, -1022
# Unknown error, disconnected, unexpected answer, timeout, overloaded, shutting down: the engine may have acted.
UNCERTAIN_CODES = frozenset({-1000, -1001, -1006, -1007, -1008, -1016})
RATE_LIMIT_CODES = frozenset({-1003, -1015})
AUTHENTICATION_CODES = frozenset({-1002, WRONG_SIGNATURE, -2014, -2015})

_REFUSALS_BY_CODE = {
    WRONG_CLOCK: RefusalKind.CLOCK,
    -1111: RefusalKind.FILTER,
    -1013: RefusalKind.FILTER,
    **dict.fromkeys(AUTHENTICATION_CODES, RefusalKind.AUTHENTICATION),
}
# -1013 and -2010 gather several reasons; only their texts tell them apart.
_REFUSALS_BY_TEXT = {
    "Market is closed": RefusalKind.MARKET_CLOSED,
    "insufficient balance": RefusalKind.BALANCE,
    "Duplicate order": RefusalKind.DUPLICATE,
    "Filter failure": RefusalKind.FILTER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back of one request.

    Attributes:
        status: of HTTP; 0: no answer came, or only a part of one.
        content: the JSON of the answer, numbers with a point as Decimal; None where it is not JSON.
        text: the answer as text where it is not JSON; where no answer came, what happened instead.
        lasting: no answer came, and waiting does not mend it.
    """

    status: int
    content: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    lasting: bool = False


class Meaning(StrEnum):
    """What to do about an answer."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    """No verdict of the exchange: a read may be asked again, of an order nothing is known."""
    LIMITED = "limited"
    CLOCK = "clock"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer means.

    Attributes:
        status: of HTTP; code: Binance's; 0 where there is none.
        message: as the exchange put it, of any length; it may echo the request.
        wait_seconds: the pause the exchange asks for; only with LIMITED.
    """

    meaning: Meaning
    status: int
    code: int
    message: str
    wait_seconds: float | None = None


def judge(reply: Reply) -> Verdict:
    """Tell what an answer means; GOOD says that it is an answer, not yet that it is readable."""
    code = _code(reply.content)
    meaning = _meaning(reply, code)
    return Verdict(
        meaning=meaning,
        status=reply.status,
        code=code,
        message="" if meaning is Meaning.GOOD else _message(reply, code),
        wait_seconds=_wait_seconds(reply) if meaning is Meaning.LIMITED else None,
    )


def refusal_kind(verdict: Verdict) -> RefusalKind:
    """Tell why an order was not placed; for verdicts other than GOOD and UNCERTAIN."""
    if verdict.meaning is Meaning.LIMITED:
        return RefusalKind.RATE_LIMIT
    by_text = next((kind for text, kind in _REFUSALS_BY_TEXT.items() if text in verdict.message), None)
    return by_text or _REFUSALS_BY_CODE.get(verdict.code, RefusalKind.OTHER)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read the Retry-After header; None where it is missing or a date, which Binance does not send."""
    value = headers.get("Retry-After", "").strip()
    return min(float(value), LONGEST_PAUSE_SECONDS) if value.isascii() and value.isdecimal() else None


def _meaning(reply: Reply, code: int) -> Meaning:
    if reply.status == OK and not _is_notice(reply.content):
        return Meaning.GOOD
    if reply.status in (TOO_MANY_REQUESTS, IP_BANNED):
        return Meaning.LIMITED
    if reply.status == RESTRICTED:
        return Meaning.REFUSED
    is_refusal = CLIENT_ERRORS <= reply.status < SERVER_ERRORS and reply.status != REQUEST_TIMEOUT and code < 0
    if not is_refusal or code in UNCERTAIN_CODES:
        # A refusal is a 4xx with a code that can be read; all else, and every 5xx, says nothing of the engine.
        return Meaning.UNCERTAIN
    if code in RATE_LIMIT_CODES:
        return Meaning.LIMITED
    return Meaning.CLOCK if code == WRONG_CLOCK else Meaning.REFUSED


def _wait_seconds(reply: Reply) -> float:
    asked = retry_after_seconds(reply.headers)
    default = BANNED_WAIT_SECONDS if reply.status == IP_BANNED else LIMITED_WAIT_SECONDS
    return default if asked is None else asked


def _code(content: object) -> int:
    code = content.get("code") if isinstance(content, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else 0


def _is_notice(content: object) -> bool:
    """Tell a 200 that says something else than was asked: `{"code": 1, "msg": "System is under maintenance."}`."""
    return isinstance(content, dict) and "code" in content and "msg" in content


def _message(reply: Reply, code: int) -> str:
    if not reply.status:
        return reply.text
    if isinstance(reply.content, dict) and isinstance(reply.content.get("msg"), str):
        return f"{code} {reply.content['msg']}"
    return f"HTTP {reply.status} {reply.text}".rstrip()
