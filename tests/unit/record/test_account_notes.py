"""What befell the account beside its trades, and that every reader is told: log, incidents, panel, review."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from engine.core.calendar import decision_instant
from engine.core.events import AssetDelisted, DayDecided, Event, KillSwitchRearmed, OrderFilled, RunEnded
from engine.core.order import Side
from engine.journal.codec import EventCodec
from engine.record.account_notes import account_notes, held_in_cash, kill_switch_of
from engine.record.review.facts import review_of
from engine.record.review.incidents import IncidentKind, incidents_of
from engine.record.review.plain import plain_review
from engine.record.review.selection import Selection
from engine.record.run_log import log_line
from engine.record.run_record import read_run
from engine.report.live_status import Past
from strategies.hold import HoldState
from tests.support.fakes import DAY, NOON, decided
from tests.support.run_folders import day_number, executed, order, story, write_paper
from tests.support.run_folders import decided as story_day

SOLD = AssetDelisted(day=DAY, asset="ADA", last_bar=DAY - timedelta(days=14), penalty=0.5)
LEFT = replace(SOLD, penalty=None)
REARMED = KillSwitchRearmed(at=NOON)


def killed(equity: str, *, acts: bool = False) -> DayDecided:
    day = decided(DAY, "ROTATED" if acts else "CASH", "CASH", reason="kill_switch" if acts else "hold", equity=equity)
    return replace(day, killed=True)


FALL = [decided(equity="1000"), decided(equity="1200"), killed("900", acts=True), killed("1500")]


def test_the_kill_switch_is_told_by_the_equity_at_which_it_acted() -> None:
    switch = kill_switch_of(FALL)

    # 900 is a quarter under 1200; what was still held later is another matter.
    assert switch.fall == 0.25
    assert switch.words == (
        "the kill switch holds since 2024-01-01: equity of 900.00 was 25.0% under its highest, 1,200.00"
    )
    assert held_in_cash(switch, mode="paper").endswith("until a person re-arms it (paper --rearm)")
    assert held_in_cash(switch, mode="backtest").endswith("a backtest is never re-armed")
    # `rehearse` has no --rearm.
    assert held_in_cash(switch, mode="rehearsal").endswith(
        "nothing is traded from then on: a rehearsal is never re-armed"
    )


def test_before_it_acts_and_after_it_is_re_armed_there_is_nothing_to_say() -> None:
    assert held_in_cash(kill_switch_of(FALL[:2]), mode="paper") == ""
    assert held_in_cash(kill_switch_of([*FALL, REARMED, decided(equity="10")]), mode="paper") == ""
    assert list(account_notes(FALL[:2], mode="paper")) == []


def test_the_notes_tell_of_all_that_happened_in_order() -> None:
    notes = list(account_notes([SOLD, *FALL, REARMED, decided(equity="100"), killed("50", acts=True)], mode="paper"))

    assert notes == [
        "2024-01-01: ADA has had no bar since 2023-12-18; it is sold in the books at its last close less 50 %",
        "the kill switch acted on 2024-01-01, and was re-armed on 2024-01-02",
        "the kill switch holds since 2024-01-01: equity of 50.00 was 50.0% under its highest, 100.00; "
        "nothing is traded until a person re-arms it (paper --rearm)",
    ]


def test_log_incidents_and_panel_say_it() -> None:
    events: list[Event] = [LEFT, *FALL, REARMED]

    lines = [log_line(event) for event in events]
    incidents = list(incidents_of(events))
    past = Past().after_all(events[:-1])

    assert [line.level for line in lines] == ["WARNING", "DEBUG", "DEBUG", "WARNING", "DEBUG", "WARNING"]
    assert lines[0].text.endswith("it is left as it is: only a backtest sells in the books")
    assert "re-armed by a person" in lines[-1].text
    assert [(each.kind, each.at) for each in incidents] == [
        (IncidentKind.DELISTED, decision_instant(DAY)),
        (IncidentKind.KILLED, decision_instant(DAY)),
        (IncidentKind.KILLED, NOON),
    ]
    assert past.kill_switch.words
    assert not past.after(REARMED).kill_switch.words
    assert [each.text.partition(":")[0] for each in past.after(REARMED).incidents][::2] == ["delisted"]


def test_both_events_come_back_from_a_journal_as_they_were() -> None:
    codec = EventCodec(HoldState)
    day = replace(killed("900", acts=True), memory=HoldState())

    for event in (SOLD, LEFT, REARMED, day):
        name, body = codec.encode_readably(event)
        assert codec.fresh().decode(name, body, where="here") == event
    # A run that knows neither has nothing of them on record.
    assert "killed" not in codec.fresh().encode(replace(day, killed=False))[1]


def test_a_review_says_why_nothing_is_traded(tmp_path: Path) -> None:
    acts = story_day(5, reason="kill_switch", next_state="CASH", equity=Decimal(1), killed=True)
    folder = write_paper(tmp_path, events=[*story()[:-2], acts])

    review = review_of(read_run(folder), Selection())

    assert "the kill switch holds since 2024-01-05: equity of 1.00 was" in review.killed
    assert plain_review(review, writer=None)["killed"] == review.killed


def test_a_sale_in_the_books_has_no_slippage_and_is_missed_nowhere(tmp_path: Path) -> None:
    *before, last = [event for event in story() if not isinstance(event, RunEnded)]
    sale = order(day_number(4), "ETH", Side.SELL, "1", reason="delisted")
    booked = [event for event in executed(sale, "5") if isinstance(event, OrderFilled)]
    without = [
        replace(event, closes={}) if isinstance(event, DayDecided) else event for event in (*before, *booked, last)
    ]

    costs = review_of(read_run(write_paper(tmp_path, events=without)), Selection()).costs

    # None of the others has a close on record either, and each of those is counted.
    assert costs.unpriced == costs.fills - 1
