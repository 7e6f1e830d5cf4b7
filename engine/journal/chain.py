"""The hash chain of a journal: each record carries the hash of the one before. Pure; knows no file and no event.

What a chain proves: no record was altered, removed, inserted or moved without every later hash being computed anew. It
cannot prove that nothing was cut off at its end, nor that all of it was not written anew: for that, note a head.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

GENESIS = "0" * 64
"""What the first record carries in the place of a hash before it."""
SEARCHED_RECORDS = 100_000
"""How far from its place the old place of a moved record is looked for."""


class Record(NamedTuple):
    """One line of the journal as it is stored: sequence number from 1, type and body of the event, the two hashes.

    A tuple in the order of its columns: a run of seconds writes thousands.
    """

    sequence: int
    type: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last record's sequence number and hash; 0 and zeros where there is none."""

    sequence: int = 0
    hash: str = GENESIS


class BrokenChainError(Exception):
    """The first record that does not follow from those before it, and what is wrong with it."""

    def __init__(self, sequence: int, problem: str) -> None:
        super().__init__(f"record {sequence} {problem}")
        self.sequence = sequence
        self.problem = problem


def head_of(record: Record) -> Head:
    """Give the head of a chain that ends with a record."""
    return Head(sequence=record.sequence, hash=record.hash)


def digest(sequence: int, type: str, body: str, previous: str) -> str:
    """Give the SHA-256, in hex, of the compact JSON array `[sequence,type,body,previous]` in ASCII."""
    # An array, because plain concatenation would let text move between two columns unseen.
    text = f"[{sequence},{quoted(type)},{quoted(body)},{quoted(previous)}]"
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def next_record(head: Head, type: str, body: str) -> Record:
    """Give the record that follows `head`."""
    sequence = head.sequence + 1
    return Record(
        sequence=sequence,
        type=type,
        body=body,
        previous=head.hash,
        hash=digest(sequence, type, body, head.hash),
    )


def follow(records: Iterable[Record], head: Head = Head()) -> Iterator[Record]:
    """Give the records, ascending from the first, as long as each follows from the one before.

    Args:
        head: the record before the first of them.

    Raises:
        BrokenChainError: at the first that does not; where two records contradict each other, at the altered one.
    """
    stream = iter(records)
    record = next(stream, None)
    while record is not None:
        following = next(stream, None)
        if not _follows(record, head):
            raise _diagnosis(record, head, following)
        # A record rewritten together with its hash is told only by the next one, which still carries the old hash.
        if following is not None and following.previous != record.hash and _is_whole(following):
            sequence, told_by = record.sequence, following.sequence
            if told_by == sequence + 1:
                raise BrokenChainError(sequence, f"was rewritten: record {told_by} carries another hash for it")
        head = head_of(record)
        yield record
        record = following


def _is_whole(record: Record) -> bool:
    return _digest_of(record) == record.hash


def _digest_of(record: Record) -> str:
    return digest(record.sequence, record.type, record.body, record.previous)


def _follows(record: Record, head: Head) -> bool:
    return record.sequence == head.sequence + 1 and record.previous == head.hash and _is_whole(record)


def _diagnosis(record: Record, head: Head, following: Record | None) -> BrokenChainError:
    expected = head.sequence + 1
    if record.sequence > expected:
        last = record.sequence - 1
        return BrokenChainError(expected, "is missing" + (f", and all up to {last}" if last > expected else ""))
    if record.sequence < expected:
        return BrokenChainError(record.sequence, f"stands where record {expected} is wanted")
    return BrokenChainError(expected, _problem(record, head, following))


def _problem(record: Record, head: Head, following: Record | None) -> str:
    if record.previous != head.hash:
        return _problem_of_link(record, head)
    if following is not None and following.previous == record.hash:
        return "was altered: its type or body is not what was written"
    if following is not None and following.previous == _digest_of(record):
        return "was altered: its hash is not the one written"
    return "was altered: its type, body or hash is not what was written"


def _problem_of_link(record: Record, head: Head) -> str:
    if digest(record.sequence, record.type, record.body, head.hash) == record.hash:
        return "was altered: it does not carry the hash of the record before"
    if _is_whole(record):
        return "was rewritten: it does not carry the zeros of a first record"
    old_place = _old_place(record)
    if old_place is not None:
        return f"holds what was written as record {old_place}: the order was changed, or records were removed"
    return "was altered: neither its link nor its hash is right"


def _old_place(record: Record) -> int | None:
    first, last = max(1, record.sequence - SEARCHED_RECORDS), record.sequence + SEARCHED_RECORDS
    places = (
        place
        for place in range(first, last + 1)
        if digest(place, record.type, record.body, record.previous) == record.hash
    )
    return next(places, None)
