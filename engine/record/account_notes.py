"""What befell the account beside its trades, in sentences: coins that count as delisted, and the kill switch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.core.events import AssetDelisted, DayDecided, Event, KillSwitchRearmed
from engine.record.run_log import delisting_words

LIVE = "nothing is traded until a person re-arms it (paper --rearm)"


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitch:
    """The kill switch of a run, folded from its events.

    Attributes:
        highest: the highest equity of a decision, of the run or since it was re-armed.
        acted: the decision with which it acted; None while it does not hold.
    """

    highest: Decimal | None = None
    acted: DayDecided | None = None

    def after(self, event: DayDecided | KillSwitchRearmed) -> "KillSwitch":
        """Give it after one more event."""
        if isinstance(event, KillSwitchRearmed):
            return KillSwitch()
        if self.acted is not None and event.killed:
            return self
        highest = event.equity if self.highest is None else max(self.highest, event.equity)
        if self.acted is None and not event.killed and highest is self.highest:
            return self
        return KillSwitch(highest=highest, acted=event if event.killed else None)

    @property
    def fall(self) -> float:
        """By how much equity was below its highest when it acted, as a fraction; 0 while it does not hold."""
        from engine.core.kill_switch import fall_of  # noqa: PLC0415 - most runs have none

        return fall_of(self.acted.equity, self.highest) if self.acted is not None else 0.0

    @property
    def words(self) -> str:
        """Say since when it holds, and why; empty while it does not."""
        if self.acted is None or not self.highest:
            return ""
        return (
            f"the kill switch holds since {self.acted.day}: equity of {self.acted.equity:,.2f} was {self.fall:.1%} "
            f"under its highest, {self.highest:,.2f}"
        )


def kill_switch_of(events: Iterable[Event]) -> KillSwitch:
    """Give the kill switch as a run's events leave it."""
    switch = KillSwitch()
    for event in events:
        if isinstance(event, DayDecided | KillSwitchRearmed):
            switch = switch.after(event)
    return switch


def held_in_cash(switch: KillSwitch, *, mode: str) -> str:
    """Say why nothing is traded; empty where the kill switch does not hold.

    Args:
        mode: of the run; in a paper run alone a person may re-arm it.
    """
    until = LIVE if mode == "paper" else f"nothing is traded from then on: a {mode} is never re-armed"
    return f"{switch.words}; {until}" if switch.words else ""


def account_notes(events: Iterable[Event], *, mode: str) -> Iterator[str]:
    """Give the sentences for the notes of a summary, in order."""
    switch = KillSwitch()
    for event in events:
        match event:
            case AssetDelisted(day=day):
                yield f"{day}: {delisting_words(event)}"
            case DayDecided():
                switch = switch.after(event)
            case KillSwitchRearmed(at=at):
                acted = switch.acted
                switch = switch.after(event)
                if acted is not None:
                    yield f"the kill switch acted on {acted.day}, and was re-armed on {at.date()}"
            case _:
                pass
    if words := held_in_cash(switch, mode=mode):
        yield words
