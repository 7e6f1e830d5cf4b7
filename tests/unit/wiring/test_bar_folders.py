"""Where the bars of a run are looked for."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from engine.settings.config import Config
from engine.wiring.data.providers import Providers
from strategies.hold import HoldParams


@pytest.mark.parametrize("name", ["csv_dir", "cache_dir"])
def test_a_folder_of_ones_own_home_is_found_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = Config(strategy=HoldParams(), data=cast("Any", {name: "~/prices"}))
    providers = Providers(
        config, now=lambda: datetime(2024, 1, 3, tzinfo=UTC), progress=cast("Any", None), stale_allowed=False
    )

    assert getattr(providers, name)() == tmp_path / "prices"
