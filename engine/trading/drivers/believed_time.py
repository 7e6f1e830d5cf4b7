"""The exchange's time, believed where two answers agree: one wrong answer must not end a day early."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

AGREEMENT = timedelta(seconds=2)
"""Answers travel for different times."""
MOST_QUESTIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What the exchange said, and our clock then."""

    at: datetime
    heard: datetime

    def agrees_with(self, earlier: "_Answer") -> bool:
        return abs((self.at - earlier.at) - (self.heard - earlier.heard)) <= AGREEMENT


class BelievedTime:
    """Asks once where the answer is what was to be expected after the last one, and again where it is not.

    Our clock only tells how much time went by between two answers: where it is wrong, one question more is asked.

    Args:
        ask: the exchange's server time.
        own_now: our clock.
        notice: told, in words, of an answer that is not believed.
    """

    def __init__(
        self, ask: Callable[[], datetime], *, own_now: Callable[[], datetime], notice: Callable[[str], None]
    ) -> None:
        self._ask = ask
        self._own_now = own_now
        self._notice = notice
        self._believed: _Answer | None = None

    def __call__(self) -> datetime:
        """Ask what time it is.

        Where no two answers agree, as with a clock that runs faster than ours, the earliest counts: a day that is
        decided late has lost nothing.
        """
        answers = [self._answer()]
        while not self._is_confirmed(answers):
            if len(answers) == MOST_QUESTIONS:
                answers.append(min(answers, key=lambda answer: answer.at))
                break
            answers.append(self._answer())
        self._believed = believed = answers[-1]
        for answer in answers:
            if answer.at - believed.at > AGREEMENT and not believed.agrees_with(answer):
                self._notice(f"the exchange said once that it is {answer.at:%Y-%m-%d %H:%M:%S} UTC: not believed")
                break
        return believed.at

    def last(self) -> datetime:
        """Give the time that was believed last; ask where none was yet."""
        return self() if self._believed is None else self._believed.at

    def _is_confirmed(self, answers: Sequence[_Answer]) -> bool:
        """Tell whether the last answer agrees with the one before it, or with what was believed before all of them."""
        others = [*answers[-2:-1], *([self._believed] if self._believed else [])]
        return any(answers[-1].agrees_with(other) for other in others)

    def _answer(self) -> _Answer:
        at = self._ask()
        return _Answer(at=at, heard=self._own_now())
