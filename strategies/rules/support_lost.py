"""The support of the breakout was lost after the entry: the rotation ends."""

from collections.abc import Iterable

from engine.core.changes import Change, percent_text, price_text
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Exit, Position, RuleCase, RuleParams
from strategies.rules.breakout import support_words
from strategies.signals.days import BreakoutFacts, DailyBreakout
from strategies.signals.setting import RotationSetting


class SupportLost(Exit[RuleParams, BreakoutFacts, DailyBreakout]):
    """Holds once support was lost at a session later than the last one known at the entry."""

    # The breakout's chart shows it.
    is_drawn = False
    setting: RotationSetting

    @property
    def title(self) -> str:
        """Name the index."""
        return f"{self.setting.index} support lost"

    def observe(self, history: History) -> DailyBreakout:
        """Follow losses of support through all sessions."""
        return self.setting.daily_breakout.of(history)

    def read(self, facts: BreakoutFacts, position: Position) -> Reading:
        """Compare the last close with the support, or with that which was lost."""
        _, entry_session = position.entered
        lost = facts.loss_session is not None and facts.loss_session > entry_session
        support = facts.lost_support if lost else facts.support
        threshold = None if support is None else support * (1 - self.setting.breakout.tolerance)
        return self.reading(holds=lost, value=facts.close, threshold=threshold, sign="<", position=position)

    def details(self, case: RuleCase[DailyBreakout]) -> tuple[str, tuple[Condition, ...]]:
        """Say at which session, and how far below it closed; or where the close is."""
        breakout, (_, entry_session) = case.observed.on(case.day), case.position.entered
        bars, loss = breakout.bars, case.observed.at(case.day).loss_session
        if case.reading.holds and loss is not None:
            at = bars.position_at(loss) or 0
            support, close = float(breakout.columns.support[at - 1]), float(bars.close[at])
            count = breakout.params.loss_sessions
            words = (
                f"lost at the session of {loss}: {bars.symbol} close {price_text(close)} is "
                f"{percent_text(close / support - 1)} below the support {price_text(support)}, "
                f"close {count} of {count} below"
            )
        elif breakout.in_breakout:
            words = support_words(breakout)
        else:
            words = f"no support of {bars.symbol} was lost after {entry_session}"
        return words, ()

    def changes(self, case: RuleCase[DailyBreakout], *, holds: bool) -> Iterable[Change]:
        """Propose closes that would have lost the support, or kept it."""
        from strategies.signals.breakout_changes import keeping, losing  # noqa: PLC0415 - wanted where somebody explains

        return losing(case.observed.on(case.day)) if holds else keeping(case.observed.on(case.day))

    def unmoved(self, case: RuleCase[DailyBreakout]) -> str:
        """Say which sessions count."""
        entry_day, entry_session = case.position.entered
        return f"a rotation entered on {entry_day} is left at a session of {self.setting.index} after {entry_session}"
