"""What comes in and what goes out, free of any HTTP library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.practice.errors import BAD_GATEWAY, OK, ApiError
from engine.practice.faults import Fault

JSON = "application/json;charset=UTF-8"
HTML = "text/html"
Delivery = Literal["send", "drop", "reset", "silence", "cut"]

GATEWAY_PAGE = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request: the exact query string and body as they were sent, for the signature is over those."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    api_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, and how it is to be delivered.

    Attributes:
        delivery: sent, or the connection dropped, reset, left silent, or cut in mid-body.
        delay_seconds: how long to wait before that.
    """

    status: int = OK
    body: bytes = b"{}"
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = "send"
    delay_seconds: float = 0.0


def encoded(content: object) -> bytes:
    """Write JSON as Binance does, without blanks and with every letter as itself."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def refusal(error: ApiError, headers: Mapping[str, str]) -> Answer:
    """Give the answer that an error is."""
    return Answer(
        status=error.status,
        body=encoded({"code": error.code, "msg": error.message}),
        headers={**headers, **error.headers},
    )


def spoilt(fault: Fault, answer: Answer) -> Answer:
    """Give what the client gets instead of the right answer."""
    match fault.kind:
        case "drop" | "reset" | "silence":
            spoiled = replace(answer, delivery=fault.kind)
        case "cut_body":
            spoiled = replace(answer, delivery="cut")
        case "delay":
            spoiled = replace(answer, delay_seconds=fault.seconds)
        case "empty":
            spoiled = replace(answer, status=OK, body=b"")
        case "html":
            spoiled = replace(answer, status=OK, body=GATEWAY_PAGE % (OK, OK), content_type=HTML)
        case "cut_json":
            spoiled = replace(answer, status=OK, body=answer.body[: max(1, len(answer.body) // 2)])
        case "http":
            spoiled = _gateway_error(fault, answer)
        case "error":
            spoiled = _error(fault, answer)
        case "partial" | "late" | "late_trades" | "stale_balances":
            spoiled = answer
    return spoiled


def _gateway_error(fault: Fault, answer: Answer) -> Answer:
    status = fault.status or BAD_GATEWAY
    page = GATEWAY_PAGE % (status, status)
    return replace(_with_retry(fault, answer), status=status, body=page, content_type=HTML)


def _error(fault: Fault, answer: Answer) -> Answer:
    code = -1000 if fault.code is None else fault.code
    usual = ApiError(code, fault.message, status=fault.status)
    return replace(
        _with_retry(fault, answer), status=usual.status, body=encoded({"code": usual.code, "msg": usual.message})
    )


def _with_retry(fault: Fault, answer: Answer) -> Answer:
    if fault.retry_after is None:
        return answer
    return replace(answer, headers={**answer.headers, "Retry-After": str(fault.retry_after)})
