"""Run records made by hand: fills and resets of the exchange on chosen days, and equity curves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from engine.core.events import AccountReset, Event, OrderFilled, RunStarted
from engine.core.ledger import Ledger
from engine.core.order import RESET_BUY_BACK, Fill, Side
from engine.journal.sqlite import JournalContent
from engine.record.before_journals import events_of
from engine.record.record_rows import DecisionRow
from engine.record.run_record import RunRecord
from tests.support.fakes import DAY, NOON, fill_of

CASH = Decimal(1000)
LAST_DAY = DAY + timedelta(days=100)
COINS = ("BTC", "1INCH", "这是测试币456", "T", "TRUE", "Ab", "X.1INCH", "aB")
FEE_ASSETS = ("USDT", "BNB", *COINS[:3])
AMOUNTS = st.decimals(min_value="1E-8", max_value="1E+9", places=8).map(str)
FILLS = st.builds(
    fill_of,
    st.sampled_from(COINS),
    st.sampled_from(Side),
    AMOUNTS,
    AMOUNTS,
    fee=st.decimals(min_value=0, max_value=1000, places=12).map(str),
    fee_asset=st.sampled_from(FEE_ASSETS),
    reason=st.sampled_from(["entry", 'a "quoted" \\ reason\n2024-01-01 open Assets:Mine', RESET_BUY_BACK]),
)


@st.composite
def records(draw: st.DrawFn) -> RunRecord:
    """Draw a paper run of any fills on any days, in any order, with resets between them that write off what is held."""
    ledger = Ledger(quote="USDT", cash=CASH)
    events: list[Event] = []
    for number in range(draw(st.integers(0, 12))):
        at = NOON + timedelta(days=draw(st.integers(0, 99)))
        if draw(st.integers(0, 5)):
            fill = replace(draw(FILLS), at=at)
            events.append(OrderFilled(fill=fill))
            ledger = ledger.apply(fill)
        else:
            events.append(reset_of(ledger, epoch=number, at=at, written_off=dict(ledger.positions)))
            ledger = ledger.after_reset(ledger.positions)
    return record_of(events)


def reset_of(
    ledger: Ledger, *, written_off: Mapping[str, Decimal], epoch: int = 2, at: datetime = NOON
) -> AccountReset:
    """Make a reset that writes off what is named."""
    kept = {asset: held for asset, held in ledger.positions.items() if asset not in written_off}
    return AccountReset(
        at=at, epoch=epoch, forgotten="BTC-buy", cash=ledger.cash, positions=kept, written_off=written_off
    )


def record_of(events: Sequence[Event], *, days: Sequence[date] = (DAY, LAST_DAY), **named: Any) -> RunRecord:
    """Make the record of a paper run of these events."""
    started = RunStarted(first_day=days[0], cash=CASH, quote="USDT", core="BTC")
    return record_with_equity(dict.fromkeys(days, 1000.0), events=(started, *events), **named)


def backtest_record(*fills: Fill, **named: Any) -> RunRecord:
    """Make the record of a backtest, which has rows and no journal."""
    return record_with_equity({DAY: 1000.0, LAST_DAY: 1000.0}, fills=fills, **named)


def record_with_equity(equity: Mapping[date, float], **named: Any) -> RunRecord:
    """Make the record of a run with this equity at the close of each day."""
    decisions = [
        DecisionRow(
            day=day,
            state="CORE",
            next_state="CORE",
            reason="hold",
            evidence={},
            targets={"BTC": 0.995},
            closes={"BTC": 100.5},
            equity=value,
            cash=value,
        )
        for day, value in equity.items()
    ]
    plain: dict[str, Any] = {
        "folder": Path("logs/run"),
        "mode": "paper",
        "summary": {},
        "config": None,
        "fills": (),
        "rotations": (),
        "benchmarks": {},
        "journal": None,
        "decisions": decisions,
        **named,
    }
    if "events" in named:
        plain["journal"] = JournalContent(events=tuple(named["events"]), seal=None, is_sealed=False)
    else:
        rows = {key: plain[key] for key in ("config", "decisions", "fills")}
        plain["events"] = events_of(**rows, synthetic=False, log=())
    return RunRecord(**plain)
