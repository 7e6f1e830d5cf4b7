"""Faults that can be ordered: each strikes the nth request that it matches, and says what goes wrong there.

What happens to the answer, before or after the engine has executed the request:
    drop      the connection is closed without an answer
    reset     the connection is reset
    silence   no answer until the client has hung up
    delay     the answer comes `seconds` later
    http      an HTTP error `status` without JSON, as a gateway gives it
    error     an error of the exchange: `code`, and its usual status and text unless others are given
    empty, html, cut_json     an unreadable 200
    cut_body  the connection ends in mid-answer
What happens to an order inside the engine (the answer is right):
    partial   only the fraction `share` of it finds a counterpart
    late      the next `queries` looks for it find nothing
    late_trades   it is found, but the next `queries` looks for its trades find none
    stale_balances   the next `queries` looks at the account show the balances from before it
Standing conditions (a halted symbol, a thin book, a revoked key) are set by `control`, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

from engine.practice.errors import STATUS_AND_TEXT

AnswerFault = Literal["drop", "reset", "silence", "delay", "http", "error", "empty", "html", "cut_json", "cut_body"]
EngineFault = Literal["partial", "late", "late_trades", "stale_balances"]
Kind = Literal[AnswerFault, EngineFault]
When = Literal["before", "after"]

ANSWER_FAULTS: tuple[str, ...] = get_args(AnswerFault)
KINDS: tuple[str, ...] = get_args(Kind)
ORDER_PATH = "/api/v3/order"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One ordered fault.

    Attributes:
        kind: what goes wrong; see the module.
        when: whether the engine has executed the request by then.
        method, path, symbol: what requests it matches; None matches all under `/api/`.
        nth: it strikes the nth matching request from now on, counted from 1.
        times: how many matching requests in a row it strikes.
        seconds, status, code, message, retry_after, share, queries: what the kind needs.
    """

    kind: Kind
    when: When = "before"
    method: str | None = None
    path: str | None = None
    symbol: str | None = None
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    status: int | None = None
    code: int | None = None
    message: str | None = None
    retry_after: int | None = None
    share: Decimal = Decimal("0.5")
    queries: int = 1
    seen: int = field(default=0, repr=False)

    @property
    def spoils_answer(self) -> bool:
        """Whether it is the answer that goes wrong, not the order."""
        return self.kind in ANSWER_FAULTS

    def matches(self, *, method: str, path: str, symbol: str | None) -> bool:
        """Tell whether a request is of those that it is for."""
        return (
            (self.method is None or self.method == method)
            and (self.path is None or self.path == path)
            and (self.symbol is None or self.symbol == symbol)
        )


class FaultList:
    """The faults that are still to strike."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def striking(self, *, method: str, path: str, symbol: str | None) -> list[Fault]:
        """Count a request against every fault that it matches, and give those that strike it."""
        striking = []
        for fault in self.pending:
            if fault.matches(method=method, path=path, symbol=symbol):
                fault.seen += 1
                if fault.seen >= fault.nth:
                    striking.append(fault)
        if striking:
            self.pending = [fault for fault in self.pending if fault.seen < fault.nth + fault.times - 1]
        return striking


def fault_of(wanted: Mapping[str, object]) -> Fault:
    """Read a fault from plain values.

    Raises:
        ValueError: one sentence that names the key, the value and what is allowed.
    """
    unknown = [key for key in wanted if key not in _READERS]
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown key of a fault; known are {', '.join(_READERS)}")
    if wanted.get("kind") not in KINDS:
        raise ValueError(f"kind: {wanted.get('kind')!r} is not allowed; allowed are {', '.join(KINDS)}")
    values: dict[str, object] = {}
    for key, value in wanted.items():
        try:
            values[key] = None if value is None else _READERS[key](value)
        except (ValueError, TypeError, InvalidOperation):
            raise ValueError(f"{key}: {value!r} is not allowed; see engine.practice.faults.Fault") from None
    fault = Fault(**values)  # type: ignore[arg-type] # each value has just been read as the field's type
    if fault.kind == "error" and fault.code is None:
        raise ValueError(f"code: is missing; an error needs one, such as {', '.join(map(str, STATUS_AND_TEXT))}")
    if fault.nth < 1 or fault.times < 1:
        raise ValueError(f"nth: {fault.nth} with times: {fault.times} is not allowed; both count from 1")
    return fault


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _when(value: object) -> str:
    if value not in get_args(When):
        raise ValueError
    return str(value)


_READERS = {
    "kind": _text,
    "when": _when,
    "method": _text,
    "path": _text,
    "symbol": _text,
    "nth": _whole,
    "times": _whole,
    "seconds": lambda value: float(str(value)),
    "status": _whole,
    "code": _whole,
    "message": _text,
    "retry_after": _whole,
    "share": lambda value: Decimal(str(value)),
    "queries": _whole,
}
