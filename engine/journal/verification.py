"""The check of a journal from its first record to its last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.journal.chain import BrokenChainError, Head, Record, follow, head_of
from engine.journal.codec import decided_day
from engine.journal.database import DamagedJournalError
from engine.journal.sqlite import stored_records, strangers_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the check of a journal's chain found.

    Attributes:
        first_day, last_day: decision days among the records that are whole; None where no day was decided.
        head: the last whole record. Whoever notes it can tell later that records were cut off or all was written anew.
        broken: the first broken record and what is wrong with it; None where all are whole.
        strangers: what is in the file beside the journal, in words.
        noted: the sequence number of the record whose hash was noted; None where none was, or it is not there.
    """

    first_day: date | None
    last_day: date | None
    head: Head
    broken: BrokenChainError | None
    strangers: tuple[str, ...]
    noted: int | None


def verify_journal(path: Path, *, head: str | None = None) -> Verification:
    """Check every link of a journal's chain.

    Args:
        head: a hash noted earlier, to be looked for in the chain.

    Raises:
        DataError: there is no journal, it is foreign or locked, or nothing of it can be read.
    """
    # The chain may break before the damage.
    records, broken = _readable(path)
    last, first_day, last_day = Head(), None, None
    noted = last.sequence if head == last.hash else None
    try:
        for record in follow(records):
            last = head_of(record)
            noted = last.sequence if record.hash == head else noted
            last_day = decided_day(record.type, record.body) or last_day
            first_day = first_day or last_day
    except BrokenChainError as error:
        broken = error
    return Verification(
        first_day=first_day,
        last_day=last_day,
        head=last,
        broken=broken,
        strangers=() if broken else strangers_in(path),
        noted=noted,
    )


def _readable(path: Path) -> tuple[Sequence[Record], BrokenChainError | None]:
    """Read the records up to where the file cannot be read any more; that place is a finding, if not the first."""
    records: list[Record] = []
    try:
        for record in stored_records(path):
            records.append(record)  # noqa: PERF402 - those before the damage are wanted
    except DamagedJournalError:
        if not records:
            raise
        return records, BrokenChainError(records[-1].sequence + 1, "cannot be read: the file is damaged there")
    return records, None
