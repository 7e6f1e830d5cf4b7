"""The panel of a live run: what it says, in whatever room there is; and the words at the end."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from engine.core.events import OrderFilled
from engine.core.order import Side
from engine.core.orders_in_flight import OrderInFlight, Stage
from engine.core.out_of_position import OutOfPosition
from engine.core.reading import Reading
from engine.core.valuation import ValuedPosition
from engine.report.live import closing_words, live_console, live_lines
from engine.report.live_status import LiveStatus, Notice, Past
from tests.support.fakes import DAY, NOON, decided, fill_of, order_of

RULES = {
    "breakout": Reading(holds=False, value=2027.07, threshold=2442.74, distance=-415.67, since=date(2023, 11, 2)),
    "golden_cross": Reading(holds=True, value=4050.97, threshold=2984.20, since=date(2023, 10, 29)),
    "net_liquidity": Reading(holds=None, reason="WALCL is stale"),
}
BUY = order_of("ETH", Side.BUY, "2", name="bot-20240101-ETH-b1-1")
STATUS = LiveStatus(
    venue="binance-testnet",
    folder=Path("logs/paper-rotation-binance-testnet"),
    exchange_time=NOON,
    heard_seconds=7.4,
    next_day=DAY + timedelta(days=1),
    due=datetime(2024, 1, 3, 0, 1, tzinfo=UTC),
    decision=decided(DAY, "CORE", "ROTATED", reason="entry", evidence={"index": {"close": 1.0}}, rules=RULES),
    state_since=DAY,
    quote="USDT",
    cash=Decimal("500.5"),
    equity=Decimal("100000.125"),
    marks="at the closes of 2024-01-01",
    holdings=tuple(
        ValuedPosition(asset=asset, quantity=Decimal("1234.5678"), price=None, value=Decimal(12437), weight=0.125)
        for asset in ("ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")
    ),
    orders=(OrderInFlight(order=BUY, stage=Stage.UNRESOLVED, since=NOON, message="no answer within 10 seconds"),),
    incidents=(Notice(at=NOON, text="trying again"), Notice(at=NOON + timedelta(minutes=1), text="no answer")),
    bars_day=DAY,
    bars_at=NOON,
)


def text_of(status: LiveStatus, *, width: int = 80, height: int = 24) -> str:
    return "\n".join(line.plain for line in live_lines(status, width=width, height=height))


@pytest.mark.parametrize(
    "words",
    [
        "paper on binance-testnet, logs/paper-rotation-binance-testnet",
        "2024-01-02 12:00:00 UTC, heard 7 s ago",
        "2024-01-02 is decided at 2024-01-03 00:01:00 UTC, in 12 h 01 min",
        "CORE -> ROTATED since 2024-01-01; on 2024-01-01: entry",
        "100,000.12 USDT, cash 500.50",
        "at the closes of 2024-01-01",
        "ETH   12.5%    12,437.00 1,235",
        "buy 2 ETH/USDT [bot-20240101-ETH-b1-1] unresolved since",
        "rules      ✗ breakout: 2,027.07 against 2,442.74, since 2023-11-02",
        "✓ golden_cross: 4,050.97 against 2,984.20, since 2023-10-29",
        "? net_liquidity: not known: WALCL is stale",
        "up to 2024-01-01, came 2024-01-02 12:00:00 UTC",
        "2024-01-02 12:01:00 no answer",
    ],
)
def test_the_panel_says_at_80_by_24(words: str) -> None:
    assert words in text_of(STATUS)


def test_while_the_kill_switch_holds_the_panel_and_the_words_at_the_end_say_why_nothing_is_traded() -> None:
    words = "the kill switch holds since 2024-01-01: equity of 900.00 was 25.0% under its highest, 1,200.00; nothing is"
    status = replace(STATUS, killed=f"{words} traded until a person re-arms it (paper --rearm)")

    shown = " ".join(text_of(status).split())
    # It is the last to make room.
    small = " ".join(text_of(status, height=6).split())

    assert f"killed {words} traded until a person re-arms it (paper --rearm)" in shown
    assert "killed the kill switch holds since 2024-01-01" in small
    assert f"{words[0].upper()}{words[1:]} traded until a person" in closing_words(Past(), status)
    assert "killed" not in text_of(STATUS)


def test_panel_and_the_words_at_the_end_quote_a_study_of_the_bars() -> None:
    quoting = replace(STATUS, claims="The claims behind an entry: a fuse: supported, n = 7.")

    shown = [line.plain for line in live_lines(quoting, width=80, height=30)]
    assert "claims     The claims behind an entry: a fuse: supported, n = 7." in shown
    assert quoting.claims in closing_words(Past(), quoting)
    assert not any(line.plain.startswith("claims") for line in live_lines(STATUS, width=80, height=30))


def test_evidence_is_shown_by_its_names_where_no_rules_are_on_record() -> None:
    status = replace(STATUS, decision=decided(evidence={"momentum": {"score": 1.5, "rank": 2, "gap": None}}))

    assert "momentum   score 1.50, rank 2" in text_of(status)


def test_nothing_known_yet_is_said_in_words() -> None:
    status = replace(
        STATUS, exchange_time=None, next_day=None, due=None, decision=None, equity=None, bars_day=None, bars_at=None
    )

    for words in ("has not told its time yet", "not known yet", "nothing decided yet", "none came since the start"):
        assert words in text_of(status)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=-5), "due now"),
        (timedelta(seconds=59), "in 59 s"),
        (timedelta(minutes=9, seconds=5), "in 9 min 05 s"),
        (timedelta(hours=5, minutes=7), "in 5 h 07 min"),
        (timedelta(days=2, hours=3), "in 2 d 3 h"),
    ],
)
def test_the_time_until_the_next_decision_is_in_words(left: timedelta, words: str) -> None:
    assert f"2024-01-02 12:00:00 UTC, {words}" in text_of(replace(STATUS, due=NOON, exchange_time=NOON - left))


@given(width=st.integers(1, 200), height=st.integers(1, 60))
def test_no_line_is_too_long_and_there_are_never_too_many(width: int, height: int) -> None:
    lines = live_lines(STATUS, width=width, height=height)

    assert len(lines) <= height
    assert max(line.cell_len for line in lines) <= width


def test_in_one_line_the_state_is_left_and_in_two_the_open_order_too() -> None:
    assert text_of(STATUS, height=1).startswith("state      CORE -> ROTATED")
    assert [line.split()[0] for line in text_of(STATUS, height=3).splitlines()] == ["state", "equity", "orders"]


def test_words_of_an_exchange_cannot_steer_the_terminal() -> None:
    order = replace(STATUS.orders[0], message="\x1b]0;owned\x07 [red]x[/] \x1b[2J")
    status = replace(STATUS, orders=(order,), incidents=(Notice(at=NOON, text="\x1b[31m\r\n[/nothing]"),))
    console = Console(file=io.StringIO(), width=120)

    for line in live_lines(status, width=120, height=40):
        console.print(line)

    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[red]x[/]" in shown


def test_the_words_at_the_end_count_what_was_done_and_name_what_is_open() -> None:
    done = Past().after_all([decided(), OrderFilled(fill=fill_of("ETH", Side.BUY, "1", "1"))])

    words = closing_words(done, STATUS)

    assert words == (
        "binance-testnet: 1 day decided (2024-01-01), 1 order filled. ROTATED since 2024-01-01 (last decision entry), "
        "equity 100,000.12 USDT at the closes of 2024-01-01. Not settled: buy 2 ETH/USDT [bot-20240101-ETH-b1-1] "
        "unresolved. 2024-01-02 is decided from 2024-01-03 00:01:00 UTC on."
    )


def test_the_words_at_the_end_of_a_run_without_an_event() -> None:
    nothing = replace(STATUS, decision=None, next_day=None, orders=())

    assert closing_words(Past(), nothing) == "binance-testnet: no day decided, no order filled. No order is open."


class Stream(io.StringIO):
    """A stderr of either kind."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def shown_on(stream: Stream, monkeypatch: pytest.MonkeyPatch, *, quiet: bool = False, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", stream)
    with live_console(quiet=quiet) as console:
        console.notice("first [/bold] words")
        console.notice("first [/bold] words")
        console.notice("second words")
        console.follow(lambda: STATUS)
    return stream.getvalue()


def test_elsewhere_than_on_a_terminal_notices_are_plain_lines_each_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(Stream(is_terminal=False), monkeypatch) == "first [/bold] words\nsecond words\n"


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_on(Stream(is_terminal=True), monkeypatch, TERM="dumb")

    assert shown == "first [/bold] words\nsecond words\n"


def test_a_quiet_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(Stream(is_terminal=True), monkeypatch, quiet=True) == ""


def test_a_terminal_is_given_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_on(Stream(is_terminal=True), monkeypatch)

    assert shown.index("\x1b[?1049h") < shown.index("\x1b[?25l") < shown.rindex("\x1b[?25h")
    assert shown.rindex("\x1b[?1049l") > shown.rindex("\x1b[?1049h")


def test_without_colour_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = shown_on(Stream(is_terminal=True), monkeypatch)
    plain = shown_on(Stream(is_terminal=True), monkeypatch, NO_COLOR="1")

    assert "\x1b[33m" not in plain
    assert "\x1b[?1049h" in coloured


def test_made_up_prices_stand_on_top_however_little_room_there_is() -> None:
    for height in (1, 2, 30):
        first, *_ = live_lines(replace(STATUS, synthetic=True), width=90, height=height)

        assert first.plain == "synthetic sample market: made-up prices that show how the program works"
    assert "binance-testnet, on made-up (synthetic) prices: " in closing_words(Past(), replace(STATUS, synthetic=True))


def test_the_panel_of_a_rehearsal_names_it_and_the_address_of_its_page() -> None:
    rehearsal = replace(STATUS, mode="rehearsal", venue="practice exchange", page="http://127.0.0.1:8080")

    shown = "\n".join(line.plain for line in live_lines(rehearsal, width=90, height=40))

    assert "rehearsal on practice exchange, " in shown
    assert "page       http://127.0.0.1:8080" in shown


OUT = OutOfPosition(asset="BTC", since=DAY, weight=0.0, reason="not wholly bought: other: -2010 may not place orders")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 12)])
def test_a_coin_out_of_position_is_shown_and_said_at_the_end(width: int, height: int) -> None:
    status = replace(STATUS, out_of_position=(OUT,))

    assert "BTC (0.00% of equity) since 2024-01-01" in text_of(status, width=width, height=height)
    assert f"Out of position: {OUT.words}." in closing_words(Past(), status)
    assert "position:" not in text_of(STATUS)
