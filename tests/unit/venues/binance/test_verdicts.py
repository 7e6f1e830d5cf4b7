"""What an answer means, by status and code; the table is that of Binance's error documentation."""

import json

import pytest

from engine.venues.answers import RefusalKind
from engine.venues.binance.verdicts import Meaning, Reply, judge, refusal_kind, retry_after_seconds

GOOD, UNCERTAIN, LIMITED, CLOCK, REFUSED = Meaning


def reply(status: int, code: int | None = None, message: str = "why", *, retry_after: str | None = None) -> Reply:
    content = None if code is None else {"code": code, "msg": message}
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Reply(status=status, content=content, headers=headers, text="" if content else "<html>")


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (200, None, GOOD),  # whether it is readable, its reader says
        (0, None, UNCERTAIN),
        (200, 1, UNCERTAIN),  # System is under maintenance.
        (200, -2010, UNCERTAIN),
        (204, None, UNCERTAIN),
        (302, None, UNCERTAIN),
        (307, None, UNCERTAIN),
        (400, None, UNCERTAIN),
        (403, None, UNCERTAIN),
        (404, None, UNCERTAIN),
        (408, None, UNCERTAIN),
        (408, -1121, UNCERTAIN),
        (400, -1000, UNCERTAIN),
        (400, -1001, UNCERTAIN),
        (400, -1006, UNCERTAIN),
        (400, -1007, UNCERTAIN),
        (408, -1007, UNCERTAIN),
        (400, -1008, UNCERTAIN),
        (503, -1008, UNCERTAIN),
        (503, 1, UNCERTAIN),
        (500, None, UNCERTAIN),
        (502, None, UNCERTAIN),
        (503, None, UNCERTAIN),
        (504, None, UNCERTAIN),
        (500, -2010, UNCERTAIN),
        (503, -1003, UNCERTAIN),
        (429, None, LIMITED),
        (429, -1003, LIMITED),
        (429, -1015, LIMITED),
        (418, None, LIMITED),
        (418, -1003, LIMITED),
        (400, -1003, LIMITED),
        (403, -1015, LIMITED),
        (400, -1021, CLOCK),
        (400, -1013, REFUSED),
        (400, -1022, REFUSED),
        (400, -1100, REFUSED),
        (400, -1102, REFUSED),
        (400, -1111, REFUSED),
        (400, -1121, REFUSED),
        (400, -1127, REFUSED),
        (400, -1130, REFUSED),
        (400, -1131, REFUSED),
        (400, -2010, REFUSED),
        (400, -2011, REFUSED),
        (400, -2013, REFUSED),
        (400, -2026, REFUSED),
        (409, -2021, REFUSED),
        (401, -2014, REFUSED),
        (401, -2015, REFUSED),
        (400, -2015, REFUSED),
        (451, None, REFUSED),
        (451, 0, REFUSED),
    ],
)
def test_only_a_4xx_with_a_code_is_a_refusal(status: int, code: int | None, meaning: Meaning) -> None:
    verdict = judge(reply(status, code))

    assert verdict.meaning is meaning
    assert verdict.status == status
    assert verdict.code == (code or 0)


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, -1013, "Filter failure: LOT_SIZE", RefusalKind.FILTER),
        (400, -1013, "Filter failure: MARKET_LOT_SIZE", RefusalKind.FILTER),
        (400, -1013, "Filter failure: NOTIONAL", RefusalKind.FILTER),
        (400, -1013, "Filter failure: MAX_NUM_ORDERS", RefusalKind.FILTER),
        (400, -1013, "Invalid quantity.", RefusalKind.FILTER),
        (400, -1013, "Market is closed.", RefusalKind.MARKET_CLOSED),
        (400, -2010, "Market is closed.", RefusalKind.MARKET_CLOSED),
        (400, -2010, "Account has insufficient balance for requested action.", RefusalKind.BALANCE),
        (400, -2010, "Duplicate order sent.", RefusalKind.DUPLICATE),
        (400, -2010, "Filter failure: MAX_POSITION", RefusalKind.FILTER),
        (400, -2010, "This action is disabled on this account.", RefusalKind.OTHER),
        (400, -2010, "This symbol is not permitted for this account.", RefusalKind.OTHER),
        (400, -1111, "Parameter 'quantity' has too much precision.", RefusalKind.FILTER),
        (400, -1100, "Illegal characters found in parameter 'quantity'.", RefusalKind.OTHER),
        (400, -1121, "Invalid symbol.", RefusalKind.OTHER),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.", RefusalKind.CLOCK),
        (400, -1022, "Signature for this request is not valid.", RefusalKind.AUTHENTICATION),
        (401, -2014, "API-key format invalid.", RefusalKind.AUTHENTICATION),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", RefusalKind.AUTHENTICATION),
        (429, -1003, "Too many requests.", RefusalKind.RATE_LIMIT),
        (429, -1015, "Too many new orders.", RefusalKind.RATE_LIMIT),
        (400, -1015, "Too many new orders.", RefusalKind.RATE_LIMIT),
    ],
)
def test_why_an_order_was_not_placed(status: int, code: int, message: str, kind: RefusalKind) -> None:
    assert refusal_kind(judge(reply(status, code, message))) is kind


def test_the_pause_asked_for_is_kept_and_a_missing_one_is_that_of_the_minute_or_the_shortest_ban() -> None:
    assert judge(reply(429, -1003, retry_after="7")).wait_seconds == 7
    assert judge(reply(429)).wait_seconds == 60
    assert judge(reply(418)).wait_seconds == 120
    assert judge(reply(418, retry_after="86400")).wait_seconds == 86400
    assert judge(reply(503, retry_after="7")).wait_seconds is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("9" * 400, 259200),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("-1", None),
        ("٧", None),
    ],
)
def test_a_pause_is_a_number_of_seconds_and_at_most_the_longest_ban(header: str, seconds: float | None) -> None:
    assert retry_after_seconds({"Retry-After": header}) == seconds


@pytest.mark.parametrize("code", ["-2010", None, True, [], 1.5])
def test_a_code_that_is_no_number_is_none(code: object) -> None:
    verdict = judge(Reply(status=400, content={"code": code, "msg": "why"}))

    assert (verdict.meaning, verdict.code) == (UNCERTAIN, 0)


@pytest.mark.parametrize("content", ['{"code":-1}', "[]", "{}", '[{"code":-2011,"msg":"x"}]', '{"symbol":"BTCUSDT"}'])
def test_a_200_is_good_unless_it_is_a_notice(content: str) -> None:
    assert judge(Reply(status=200, content=json.loads(content))).meaning is GOOD
