"""Binance's error codes and texts, as the practice exchange answers them.

Source: binance-spot-api-docs, testnet/errors.md and testnet/rest-api.md (2026-07).
"""

from collections.abc import Mapping
from types import MappingProxyType

OK = 200
BAD_REQUEST = 400
UNAUTHORIZED = 401
TOO_MANY_REQUESTS = 429
BANNED = 418
SERVER_ERROR = 500
BAD_GATEWAY = 502
UNAVAILABLE = 503
GATEWAY_TIMEOUT = 504

STATUS_AND_TEXT: Mapping[int, tuple[int, str]] = MappingProxyType(
    {
        1: (UNAVAILABLE, "System is under maintenance."),
        -1000: (SERVER_ERROR, "An unknown error occurred while processing the request."),
        -1001: (SERVER_ERROR, "Internal error; unable to process your request. Please try again."),
        -1003: (
            TOO_MANY_REQUESTS,
            "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
        ),
        -1006: (
            SERVER_ERROR,
            "An unexpected response was received from the message bus. Execution status unknown.",
        ),
        -1007: (
            GATEWAY_TIMEOUT,
            "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        ),
        -1008: (
            UNAVAILABLE,
            "Server is currently overloaded with other requests. Please try again in a few minutes.",
        ),
        -1013: (BAD_REQUEST, "Market is closed."),
        -1015: (TOO_MANY_REQUESTS, "Too many new orders; current limit is 50 orders per 10 SECOND."),
        -1021: (BAD_REQUEST, "Timestamp for this request is outside of the recvWindow."),
        -1022: (BAD_REQUEST, "Signature for this request is not valid."),
        -1115: (BAD_REQUEST, "Invalid timeInForce."),
        -1116: (BAD_REQUEST, "Invalid orderType."),
        -1117: (BAD_REQUEST, "Invalid side."),
        -1120: (BAD_REQUEST, "Invalid interval."),
        -1121: (BAD_REQUEST, "Invalid symbol."),
        -1127: (BAD_REQUEST, "More than 24 hours between startTime and endTime."),
        -1128: (BAD_REQUEST, "Combination of optional parameters invalid."),
        -1131: (BAD_REQUEST, "recvWindow must be less than 60000."),
        -1151: (BAD_REQUEST, "Symbol is present multiple times in the list."),
        -2010: (BAD_REQUEST, "Account has insufficient balance for requested action."),
        -2011: (BAD_REQUEST, "Unknown order sent."),
        -2013: (BAD_REQUEST, "Order does not exist."),
        -2014: (UNAUTHORIZED, "API-key format invalid."),
        -2015: (UNAUTHORIZED, "Invalid API-key, IP, or permissions for action."),
        -2026: (
            BAD_REQUEST,
            "Order was canceled or expired with no executed qty over 90 days ago and has been archived.",
        ),
    }
)
"""HTTP status and text of a code where nothing more special is said."""

CLOCK_AHEAD = "Timestamp for this request was 1000ms ahead of the server's time."


class ApiError(Exception):
    """A refusal in the exchange's own words: status, code, message, further headers."""

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        usual_status, usual_message = STATUS_AND_TEXT.get(code, (BAD_REQUEST, "An unknown error occurred."))
        self.code = code
        self.message = usual_message if message is None else message
        self.status = usual_status if status is None else status
        self.headers = headers
        super().__init__(f"{code} {self.message}")


def filter_failure(name: str) -> ApiError:
    """Say which filter an order fails."""
    return ApiError(-1013, f"Filter failure: {name}")


def illegal_characters(name: str, legal_range: str) -> ApiError:
    """Say that a parameter is not of the form it must have."""
    return ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal_range}'.")


def missing_parameter(name: str) -> ApiError:
    """Say that a mandatory parameter is not there."""
    return ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def missing_both(first: str, second: str) -> ApiError:
    """Say that one of two parameters must be there."""
    return ApiError(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def not_required(name: str) -> ApiError:
    """Say that a parameter does not go with the others."""
    return ApiError(-1106, f"Parameter '{name}' sent when not required.")
