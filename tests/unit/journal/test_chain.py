"""The hash chain: what is altered, removed, moved or put in is named at its first record."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journal.chain import GENESIS, BrokenChainError, Head, Record, digest, follow, next_record

Tampering = Callable[[list[Record]], list[Record]]
BODIES = ("a", "b", "c", "d", "e")


def chain_of(*bodies: str) -> list[Record]:
    head, records = Head(), []
    for body in bodies:
        record = next_record(head, "Said", body)
        head = Head(sequence=record.sequence, hash=record.hash)
        records.append(record)
    return records


def renumbered(records: list[Record]) -> list[Record]:
    return [record._replace(sequence=place) for place, record in enumerate(records, start=1)]


def altered(place: int, **changes: str) -> Tampering:
    return lambda records: [r._replace(**changes) if r.sequence == place else r for r in records]  # type: ignore[arg-type]


def rewritten(place: int, body: str) -> Tampering:
    """Alter a record and give it the hash that fits."""

    def tamper(records: list[Record]) -> list[Record]:
        old = records[place - 1]
        new = next_record(Head(sequence=place - 1, hash=old.previous), old.type, body)
        return [*records[: place - 1], new, *records[place:]]

    return tamper


def first_broken(records: list[Record]) -> tuple[int, str]:
    with pytest.raises(BrokenChainError) as broken:
        list(follow(records))
    return broken.value.sequence, broken.value.problem


def test_the_hash_is_one_that_anybody_can_compute() -> None:
    first, second = chain_of('{"x":"é"}', "b")

    # The JSON array by hand: quotes inside are escaped, é is \\u00e9.
    text = f'[1,"Said","{{\\"x\\":\\"\\u00e9\\"}}","{"0" * 64}"]'
    assert first.hash == hashlib.sha256(text.encode("ascii")).hexdigest()
    assert first.previous == GENESIS == "0" * 64
    assert second.previous == first.hash


@given(st.lists(st.text(), max_size=6))
def test_an_untouched_chain_is_followed_to_its_end(bodies: list[str]) -> None:
    records = chain_of(*bodies)

    assert list(follow(records)) == records


@given(
    st.tuples(st.integers(), st.text(), st.text(), st.text()), st.tuples(st.integers(), st.text(), st.text(), st.text())
)
def test_text_cannot_move_between_columns_unseen(
    one: tuple[int, str, str, str], other: tuple[int, str, str, str]
) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


@pytest.mark.parametrize(
    ("tamper", "place", "problem"),
    [
        (altered(3, body="x"), 3, "was altered: its type or body is not what was written"),
        (altered(3, type="Kept"), 3, "was altered: its type or body is not what was written"),
        (altered(3, hash="f" * 64), 3, "was altered: its hash is not the one written"),
        (altered(3, previous="f" * 64), 3, "was altered: it does not carry the hash of the record before"),
        (altered(3, previous="f" * 64, body="x"), 3, "was altered: neither its link nor its hash is right"),
        (altered(3, body="x", hash="f" * 64), 3, "was altered: its type, body or hash is not what was written"),
        (altered(5, body="x"), 5, "was altered: its type, body or hash is not what was written"),
        (altered(5, hash="f" * 64), 5, "was altered: its type, body or hash is not what was written"),
        (altered(1, previous="f" * 64), 1, "was altered: it does not carry the hash of the record before"),
        (rewritten(3, "x"), 3, "was rewritten: record 4 carries another hash for it"),
        (rewritten(1, "x"), 1, "was rewritten: record 2 carries another hash for it"),
        (lambda r: [r[0], *r[2:]], 2, "is missing"),
        (lambda r: [r[0], *r[3:]], 2, "is missing, and all up to 3"),
        (lambda r: r[1:], 1, "is missing"),
        (
            # Written anew behind the gap: the links fit, the numbers do not.
            lambda r: [*r[:2], next_record(Head(sequence=3, hash=r[1].hash), "Said", "d")],
            3,
            "is missing",
        ),
        (lambda r: [r[0]._replace(sequence=0), *r], 0, "stands where record 1 is wanted"),
        (
            lambda r: renumbered([r[0], *r[2:]]),
            2,
            "holds what was written as record 3: the order was changed, or records were removed",
        ),
        (
            lambda r: renumbered([r[0], r[2], r[1], *r[3:]]),
            2,
            "holds what was written as record 3: the order was changed, or records were removed",
        ),
        (
            # Put in by somebody who knows how a record is made: it fits, and the one behind it does not.
            lambda r: renumbered([*r[:2], next_record(Head(sequence=2, hash=r[1].hash), "Said", "x"), *r[2:]]),
            4,
            "holds what was written as record 3: the order was changed, or records were removed",
        ),
        (
            lambda r: [next_record(Head(sequence=0, hash="f" * 64), "Said", "a"), *r[1:]],
            1,
            "was rewritten: it does not carry the zeros of a first record",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_first_broken_record_is_named_with_what_is_wrong(tamper: Tampering, place: int, problem: str) -> None:
    assert first_broken(tamper(chain_of(*BODIES))) == (place, problem)


@given(st.integers(1, 5), st.sampled_from(["type", "body", "previous", "hash"]), st.text(max_size=3))
def test_any_alteration_of_one_column_is_found_at_its_record(place: int, column: str, text: str) -> None:
    tampered = altered(place, **{column: text})(chain_of(*BODIES))

    assert (first_broken(tampered)[0] if tampered != chain_of(*BODIES) else place) == place


def test_the_records_before_the_broken_one_are_given() -> None:
    records = chain_of(*BODIES)
    stream = follow(altered(3, body="x")(records))

    assert [next(stream), next(stream)] == records[:2]


def test_a_tail_cut_off_is_not_seen_without_a_head() -> None:
    records = chain_of(*BODIES)

    assert list(follow(records[:3])) == records[:3]
