"""Whatever reads a record says of the stored run folders what it said when they were stored (tests/support/said.py)."""

import pytest

from tests.support.said import SAID, STORED, said_of


@pytest.mark.parametrize("what", STORED)
def test_a_stored_run_is_told_as_before(what: str) -> None:
    assert said_of(STORED[what]) == (SAID / f"{what}.txt").read_text(encoding="utf-8")
