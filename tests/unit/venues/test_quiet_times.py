"""A pause that a server asked for is known to the next start."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.venues.quiet_times import QUIET_FILE, KeptQuietTimes

NOON = datetime(2024, 5, 10, 12, tzinfo=UTC)
HERE, THERE = "https://testnet.binance.vision", "https://data-api.binance.vision"


def test_a_pause_is_known_until_it_is_over_for_its_server_alone(tmp_path: Path) -> None:
    KeptQuietTimes(tmp_path / QUIET_FILE).keep(HERE, NOON + timedelta(minutes=10))
    KeptQuietTimes(tmp_path / QUIET_FILE).keep(THERE, NOON + timedelta(minutes=20))
    quiet = KeptQuietTimes(tmp_path / QUIET_FILE)

    assert quiet.until(HERE, NOON) == NOON + timedelta(minutes=10)
    assert quiet.until(HERE, NOON + timedelta(minutes=10)) is None
    assert quiet.until(THERE, NOON + timedelta(minutes=10)) == NOON + timedelta(minutes=20)
    assert quiet.until("http://127.0.0.1:8765", NOON) is None


def test_a_pause_longer_than_any_ban_is_of_a_clock_that_was_put_back(tmp_path: Path) -> None:
    quiet = KeptQuietTimes(tmp_path / QUIET_FILE)
    quiet.keep(HERE, NOON + timedelta(days=3, seconds=1))

    assert quiet.until(HERE, NOON) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"https://testnet.binance.vision": 5}', '{"https://testnet.binance.vision": "x"}']
)
def test_a_file_that_says_nothing_is_passed_over_and_written_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / QUIET_FILE).write_text(text, encoding="utf-8")
    quiet = KeptQuietTimes(tmp_path / QUIET_FILE)

    assert quiet.until(HERE, NOON) is None
    quiet.keep(HERE, NOON + timedelta(minutes=1))
    assert quiet.until(HERE, NOON) == NOON + timedelta(minutes=1)


def test_without_a_folder_nothing_is_kept_and_nothing_is_made(tmp_path: Path) -> None:
    quiet = KeptQuietTimes(tmp_path / "paper-rotation-simulated" / QUIET_FILE)
    quiet.keep(HERE, NOON + timedelta(minutes=1))

    assert quiet.until(HERE, NOON) is None
    assert list(tmp_path.iterdir()) == []
