"""The registry: every row of the thesis that is marked as one to test, each with one primary test."""

import re
from collections import Counter
from pathlib import Path

import pytest

from engine.analysis.study.claim import Kind
from engine.analysis.study.claims import CLAIMS, bills_claim

MARKED = [
    "000-4",
    "000-5",
    "000-6",
    "000-10",
    "000-13",
    "000-16",
    "000-18",
    "000-19",
    "000-20",
    "001-5",
    "001-7",
    "001-8",
    "001-12",
    "001-14",
    "001-15",
    "001-17",
    "001-18",
    "001-20",
    "001-22",
    "002-1",
    "002-3",
    "002-4",
    "002-5",
    "002-6",
    "002-7",
    "002-8",
    "002-9",
    "002-13",
    "002-14",
    "002-15",
    "002-18",
    "002-19",
    "003-3",
    "003-4",
    "003-6",
    "003-8",
    "003-9",
    "003-10",
    "003-14",
    "003-15",
    "004-1",
    "004-3",
    "004-5",
    "004-6",
    "004-7",
    "004-11",
    "004-12",
    "004-13",
    "004-14",
    "004-15",
    "004-16",
    "004-17",
    "004-21",
]
"""The rows of the thesis whose kind is T, in its order."""
PAGE = Path(__file__).parents[5] / "shared" / "thesis.md"
REGISTRY = (*CLAIMS, bills_claim(has_file=False))


def test_every_row_to_test_is_in_the_registry_and_no_other() -> None:
    assert {claim.row for claim in REGISTRY} == set(MARKED)


@pytest.mark.skipif(not PAGE.exists(), reason="the page of the thesis is not at hand")
def test_those_are_the_rows_that_the_page_marks() -> None:
    cells = [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in PAGE.read_text().splitlines()]
    rows = [row for row in cells if row[0][:3].isdigit()]
    assert [row[0] for row in rows if "T" in re.sub(r"\(.*?\)| ", "", row[-1]).split(",")] == MARKED


def test_each_row_has_one_primary_test() -> None:
    assert Counter(claim.row for claim in REGISTRY if claim.primary) == Counter(set(MARKED))


def test_a_test_is_named_by_its_row_and_a_letter() -> None:
    for claim in REGISTRY:
        letter = claim.id.removeprefix(claim.row)
        assert letter == "" if claim.kind is Kind.UNTESTABLE else letter in set("abcde"), claim.id


def test_names_are_unique() -> None:
    assert len({claim.id for claim in REGISTRY}) == len(REGISTRY)


def test_the_primary_tests_are_those_with_a_star() -> None:
    primary = {claim.row: claim.id for claim in REGISTRY if claim.primary}
    not_a = {"001-18": "b", "002-5": "e", "003-9": "c", "003-10": "b", "001-14": "", "004-15": ""}
    assert primary == {row: row + not_a.get(row, "a") for row in MARKED}


def test_what_is_said_in_plain_words_is_short_and_unlike_the_others() -> None:
    assert all(len(claim.says) <= 120 for claim in REGISTRY)
    assert len({claim.says for claim in REGISTRY}) == len(REGISTRY)


@pytest.mark.parametrize(
    ("tests", "least"),
    [
        (("000-4a", "000-20a", "002-5e", "002-9a"), 5),
        (("000-13a", "001-8a", "004-5a", "004-11a"), 104),
        (("000-18a", "000-18b"), 52),
        (("001-20a", "001-22a"), 8),
        (("002-5a", "000-19a", "002-1a", "004-17a", "000-6a"), 10),
    ],
)
def test_the_least_n_is_that_of_the_block(tests: tuple[str, ...], least: int) -> None:
    by_id = {claim.id: claim for claim in REGISTRY}
    assert [by_id[test].least for test in tests] == [least] * len(tests)


def test_revised_history_is_said_of_every_test_that_rests_on_it() -> None:
    assert all(claim.caution for claim in REGISTRY if {"NFCI", "M2SL"} & set(claim.needs))
