"""Which series a live run looks at, and where it looks for them."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.core.strategy import Universe
from engine.settings.config import Config
from engine.wiring.live.live_series import live_series
from strategies.hold import HoldParams

UNIVERSE = Universe(core="BTC", assets=("BTC",))
HEADER = "date,open,high,low,close,volume\n"


def test_files_in_a_folder_of_ones_own_home_are_read_again_when_they_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "prices" / "BTC.csv"
    file.parent.mkdir()
    file.write_text(f"{HEADER}2024-01-01,1,2,1,2,9\n", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    config = Config(strategy=HoldParams(), data=cast("Any", {"crypto": "csv", "csv_dir": "~/prices"}))
    nobody: Any = SimpleNamespace(progress=None, wait=None, quiet=None)
    coins, *_ = live_series(config, UNIVERSE, nobody, nobody, now=lambda: datetime(2024, 1, 3, tzinfo=UTC))

    before = len(coins.up_to("BTC", date(2024, 1, 2)))
    file.write_text(f"{HEADER}2024-01-01,1,2,1,2,9\n2024-01-02,2,3,2,3,9\n", encoding="utf-8")
    after = len(coins.up_to("BTC", date(2024, 1, 2)))

    assert (before, after) == (1, 2)
