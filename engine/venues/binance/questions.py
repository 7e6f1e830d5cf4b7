"""Asks the exchange until it answers, at the pace it grants; sends an order once.

Every text that leaves here has the secrets struck out, also where the exchange echoes them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from engine.core.errors import BadAnswerError, NoAnswerError, NoMarketError, NoServiceError, VenueError
from engine.venues.binance import reading
from engine.venues.binance.client import MOST_AT_ONCE, Call, PublicCall, RestClient, is_signed
from engine.venues.binance.credentials import Credentials, required
from engine.venues.binance.keys import KEY_VARIABLE, SECRET_VARIABLE
from engine.venues.binance.pace import Pace
from engine.venues.binance.reading import UnreadableError
from engine.venues.binance.signer import Parameters
from engine.venues.binance.verdicts import (
    AUTHENTICATION_CODES,
    CLIENT_ERRORS,
    PASSING,
    RESTRICTED,
    SERVER_ERRORS,
    UNKNOWN_SYMBOL,
    WRONG_SIGNATURE,
    Meaning,
    Reply,
    Verdict,
    judge,
)

FIRST_WAIT_SECONDS, LONGEST_BACKOFF_SECONDS = 0.5, 30.0
EXCERPT_CHARACTERS = 160

T = TypeVar("T")


class Questions:
    """Puts questions and orders to the exchange.

    Args:
        place: the venue's name, for messages.
        max_retries: tries of a read after the first.
        sleep: waits a number of seconds between tries.
        notice: called with a line for each retry.
        insists: whether it is asked again where waiting hardly helps, too: a live run has nowhere else to go.
    """

    def __init__(
        self,
        *,
        place: str,
        client: RestClient,
        credentials: Credentials | None,
        pace: Pace,
        max_retries: int,
        sleep: Callable[[float], None],
        notice: Callable[[str], None],
        insists: bool = True,
    ) -> None:
        self._insists = insists
        self._place = place
        self._client = client
        self._credentials = credentials
        self._pace = pace
        self._max_retries = max_retries
        self._sleep = sleep
        self._notice = notice

    def answer(
        self,
        call: Call,
        parameters: Parameters,
        read: Callable[[object], T],
        *,
        refusals: Mapping[int, T] = MappingProxyType({}),
        max_retries: int | None = None,
        first: tuple[Reply, Verdict] | None = None,
    ) -> T:
        """Ask until there is a readable answer.

        Args:
            read: gives the fact in an answer, or raises UnreadableError.
            refusals: what a refusal comes to, by its code; any other is an error.
            max_retries: tries after the first; None for as many as of any read.
            first: what the first try has brought; None where it is still to be made.

        Raises:
            NoAnswerError: there is none past all retries; BadAnswerError where there is one that cannot be.
            NoServiceError: it serves this address nothing.
            PausedError: it wants no request for long.
            NoMarketError: the exchange does not know the market.
            VenueError: the exchange refuses.
        """
        retries = self._max_retries if max_retries is None else max_retries
        failures = clock_failures = 0
        while True:
            reply, verdict = first or self.send_once(call, parameters)
            first = None
            problem = verdict.message
            if verdict.meaning is Meaning.GOOD:
                try:
                    return read(reply.content)
                except UnreadableError as error:
                    problem = self.unreadable(error, reply)
            if verdict.meaning is Meaning.REFUSED:
                if verdict.code in refusals:
                    return refusals[verdict.code]
                raise self._failure(call, verdict)
            clock_failures += verdict.meaning is Meaning.CLOCK
            if verdict.meaning is Meaning.CLOCK and clock_failures == 1:
                continue  # send_once asks for the exchange's time first
            if not self._insists and _is_final(reply):
                raise self._no_service(reply, problem)
            failures += 1
            if failures > retries:
                tries = "1 try" if failures == 1 else f"{failures} tries"
                # A list is what was asked for, right or wrong; all else is as good as none.
                kind = BadAnswerError if isinstance(reply.content, list) else NoAnswerError
                raise kind(f"{self._place}: {call}: {problem}; given up after {tries}")
            if verdict.meaning is not Meaning.LIMITED:
                self._wait(call, failures, problem)

    def answers(
        self,
        call: PublicCall,
        asked: Sequence[tuple[Parameters, Callable[[object], T]]],
        *,
        weight: int,
        refusals: Mapping[int, T] = MappingProxyType({}),
    ) -> Sequence[T]:
        """Ask several things at once, as far as the weight of a minute reaches, each until there is an answer.

        Args:
            asked: for each its parameters and what reads its answer.
            weight: of one request.

        Raises:
            VenueError: as `answer` raises, for the first that is not answered.
        """
        found: list[T] = []
        while len(found) < len(asked):
            self._pace.wait()
            at_once = asked[len(found) :][: min(MOST_AT_ONCE, self._pace.room(weight))]
            replies = self._client.send_together(call, [parameters for parameters, _ in at_once])
            for (parameters, read), first in zip(at_once, [self._judged(reply) for reply in replies], strict=True):
                found.append(self.answer(call, parameters, read, refusals=refusals, first=first))
        return found

    def send_once(self, call: Call, parameters: Parameters) -> tuple[Reply, Verdict]:
        """Send one request, once, when the exchange takes it.

        Raises:
            VenueError: nothing was sent: keys are missing, the exchange's time cannot be had, or it wants a long pause.
        """
        if is_signed(call):
            required(self._credentials)
            # A read that is refused for its time is asked again, an order is not: an exchange's clock that is moved on
            # as soon as a day is decided would refuse the orders of that day, one a cycle.
            if call == "POST order" or not self._client.knows_exchange_time():
                self.synchronise()
        self._pace.wait()
        return self._judged(self._client.send(call, parameters))

    def _judged(self, reply: Reply) -> tuple[Reply, Verdict]:
        """Tell what an answer means, and keep in mind what it says of the rate of requests and of our clock."""
        verdict = judge(reply)
        # Where there is no answer, the words are ours: cause and remedy, whole.
        words = self.shown(verdict.message) if reply.status else self._struck_out(verdict.message)
        verdict = replace(verdict, message=words)
        if verdict.meaning is Meaning.CLOCK:
            self._client.forget_exchange_time()
        self._pace.note(reply, verdict)
        return reply, verdict

    def synchronise(self) -> datetime:
        """Ask for the exchange's time, and sign by it from now on."""
        at = self.answer("GET time", {}, reading.server_time)
        self._client.set_exchange_time(at)
        return at

    def _failure(self, call: Call, verdict: Verdict) -> VenueError:
        """Put a refusal into one sentence."""
        if verdict.code == WRONG_SIGNATURE:
            return VenueError(
                f"{self._place} refuses the signature ({verdict.message}): {SECRET_VARIABLE} must be the secret, or the"
                f" private key, that belongs to {KEY_VARIABLE}"
            )
        if verdict.code in AUTHENTICATION_CODES:
            return VenueError(
                f"{self._place} refuses the key ({verdict.message}): {KEY_VARIABLE} must be a valid key of this"
                " network, with trading enabled and open to this address"
            )
        if verdict.status == RESTRICTED:
            return self._no_service_text(f"HTTP {RESTRICTED}, restricted location: {verdict.message}")
        kind = NoMarketError if verdict.code == UNKNOWN_SYMBOL else VenueError
        return kind(f"{self._place}: {call} is refused: {verdict.message}")

    def _no_service(self, reply: Reply, problem: str) -> VenueError:
        if not reply.status:
            return NoServiceError(f"{self._place}: {problem}")
        return self._no_service_text(problem if problem.startswith("HTTP") else f"HTTP {reply.status}, {problem}")

    def _no_service_text(self, why: str) -> VenueError:
        return NoServiceError(f"{self._place}: the exchange does not serve this address ({why})")

    def shown(self, text: str) -> str:
        """Give the beginning of a text on one line, without secrets."""
        # Struck out before it is cut: half a key is still no longer found.
        line = " ".join(self._struck_out(text).split())
        return line if len(line) <= EXCERPT_CHARACTERS else f"{line[:EXCERPT_CHARACTERS]}…"

    def _struck_out(self, text: str) -> str:
        return self._credentials.strike_out(text) if self._credentials else text

    def unreadable(self, error: UnreadableError, reply: Reply) -> str:
        """Say what is wrong with an answer."""
        said = reply.text or ("it is empty" if reply.content is None else error)
        return self.shown(f"the answer (HTTP {reply.status}) is not readable: {said}")

    def _wait(self, call: Call, failures: int, problem: str) -> None:
        seconds = _backoff_seconds(failures)
        self._notice(f"{self._place}: {call}: {problem}; trying again in {seconds:g} seconds")
        self._sleep(seconds)


def patience_seconds(*, max_retries: int, timeout_seconds: float) -> float:
    """Give how long one question is asked again at the most, where no answer comes at all."""
    waits = sum(_backoff_seconds(failures) for failures in range(1, max_retries + 1))
    return waits + (max_retries + 1) * timeout_seconds


def _is_final(reply: Reply) -> bool:
    """Tell whether waiting hardly helps: there is no way, or what is in between refuses."""
    is_refused = CLIENT_ERRORS <= reply.status < SERVER_ERRORS
    return (is_refused and reply.status not in PASSING) or reply.lasting


def _backoff_seconds(failures: int) -> float:
    return float(min(FIRST_WAIT_SECONDS * 2 ** (failures - 1), LONGEST_BACKOFF_SECONDS))
