"""The core's weekly MACD is above its signal line."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.core.changes import Change, percent_text, price_text
from engine.core.chart import Chart, Curve, Marks, OnRecord
from engine.core.columns import distance_of
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Position, Rule, RuleCase, RuleParams
from strategies.signals.days import DailyMacd, OncePerHistory, WeekFacts

if TYPE_CHECKING:
    from strategies.signals.macd_changes import WeekAt


class MacdAbove(Rule[RuleParams, WeekFacts, DailyMacd]):
    """Holds while the last complete week closed with the MACD above its signal line."""

    title = "MACD above its signal line"

    def __init__(self, daily_macd: OncePerHistory[DailyMacd], *, core: str) -> None:
        self._daily_macd = daily_macd
        self._core = core

    def observe(self, history: History) -> DailyMacd:
        """Compute the weekly MACD."""
        return self._daily_macd.of(history)

    def read(self, facts: WeekFacts, position: Position) -> Reading:
        """Compare MACD and signal line."""
        return self.of_week(facts)

    def of_week(self, facts: WeekFacts) -> Reading:
        """Say it of a week."""
        return Reading(
            holds=facts.above_signal,
            value=facts.macd,
            threshold=facts.signal,
            distance=distance_of(facts.macd, facts.signal),
            since=facts.above_since,
        )

    def details(self, case: RuleCase[DailyMacd]) -> tuple[str, tuple[Condition, ...]]:
        """Say how far the week's close was from the other side."""
        return above_words(case.observed.on(case.day)), ()

    def changes(self, case: RuleCase[DailyMacd], *, holds: bool) -> Iterable[Change]:
        """Propose the weekly close on the other side."""
        from strategies.signals.macd_changes import turning  # noqa: PLC0415 - wanted where somebody explains

        return turning(case.observed.on(case.day))

    def unmoved(self, case: RuleCase[DailyMacd]) -> str:
        """Say that no positive close does."""
        return "no close of the last week puts the MACD on the other side of its signal line"

    def chart(self, past: OnRecord) -> Chart | None:
        """Draw it with its signal line."""
        words = "Of the weekly closes, with its signal line, as it was known at the end of each week."
        return weekly_chart(past, title=f"{self._core} weekly MACD", words=words)


def weekly_chart(past: OnRecord, *, title: str, words: str, marks: Sequence[Marks] = ()) -> Chart | None:
    """Draw the weekly MACD with its signal line, as the days' evidence has it; None where it has none."""
    weeks = past.seen_once("macd", "week", "macd", "signal")
    if not weeks:
        return None
    macd, signal = ([float(week[key]) for week in weeks] for key in ("macd", "signal"))
    return Chart(
        title=title,
        words=words,
        days=[week["week"] for week in weeks],
        curves=(
            Curve(name="MACD − signal", values=np.subtract(macd, signal).tolist(), tone="cash", shape="bars"),
            Curve(name="signal line", values=signal, tone="muted"),
            Curve(name="MACD", values=macd, tone="btc", width=1.7),
        ),
        marks=marks,
        tick="~s",
        decimals=1,
    )


def above_words(week: "WeekAt") -> str:
    """Say on which side of its signal line the MACD is, and how far the week's close was from the other."""
    macd, signal = float(week.line.weekly.macd[week.at]), float(week.line.weekly.signal[week.at])
    close, balance, sunday = week.line.closes[week.at], week.line.balances[week.at], week.sunday(week.at)
    side = "above" if week.is_above else "not above"
    sentence = f"week of {sunday}: MACD {price_text(macd)} is {side} its signal line {price_text(signal)}"
    if balance is None or balance <= 0:
        return sentence
    far = f"{percent_text(close / balance - 1)} {'above' if close > balance else 'below'}"
    return (
        f"{sentence}; {week.line.core.symbol} weekly close {price_text(close)} is {far} {price_text(balance)}, "
        "where the two meet"
    )
