"""Providers and venues are found by the names of their files, and each offers what one of its kind is asked for."""

import inspect
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

import engine
from engine.core.errors import ConfigError
from engine.settings.config import Config, VenueSettings, names_of
from engine.settings.sections import json_schema
from engine.venues.binance.hosts import MARKET_DATA
from engine.wiring.data.providers import Providers
from engine.wiring.live.live_venue import venue_of
from strategies.hold import HoldParams

ENGINE = Path(engine.__file__).parent
ASKED_FOR: Mapping[str, tuple[str, ...]] = {
    "crypto": ("given",),
    "index": ("given", "kind"),
    "values": ("given", "rule_of", "name"),
}
SECTIONS = {
    "crypto": ("Data", "crypto"),
    "index": ("Data", "index"),
    "macro": ("Data", "macro"),
    "venue": ("VenueSettings", "name"),
}
OWN_CRYPTO = """
from engine.settings.config import OwnSettings
from pydantic import Field
class Settings(OwnSettings):
    shelf: int = Field(3, ge=1, description="Whose bars.")
def provider(given):
    return Settings.model_validate(given.config.data).shelf
"""
OWN_VENUE = """
from engine.settings.config import OwnSettings
from engine.wiring.venue import simulated
class Settings(OwnSettings):
    room: str = "A"
venue = simulated.venue
"""
SAID = """
import json
from engine.settings.reading import build_config
from engine.settings.sections import json_schema
from engine.core.errors import ConfigError
from engine.settings.registry import params_of
from engine.wiring.live.live_venue import venue_of
from engine.venues.binance.hosts import MARKET_DATA
from engine.wiring.live.live_venue import venue_of
from engine.wiring.data.providers import Providers
def said(**values):
    try:
        config = build_config(values, params_of)
    except ConfigError as error:
        return str(error)
    providers = Providers(config, now=None, progress=None, stale_allowed=False)
    return [config.effective()["data"].get("shelf"), config.effective()["venue"].get("room"), providers.coins()]
own = {"crypto": "my-shop"}
sections = json_schema([params_of("hold")])["$defs"]
print(json.dumps({
    "used": said(data={**own, "shelf": 7}, venue={"name": "paper-lab", "room": "B"}),
    "default": said(data=own),
    "misspelt": said(data={**own, "shelff": 7}),
    "wrong": said(data={**own, "shelf": 0}),
    "elsewhere": said(data={"shelf": 7}),
    "venue": venue_of(build_config({"venue": {"name": "paper-lab"}}, params_of)).network,
    "schema": [sorted(sections[each]["properties"]) for each in ("Data", "VenueSettings")],
}))
"""
FILES = [(kind, name) for kind in ASKED_FOR for name in names_of(kind)]


def providers(tmp_path: Path, **data: Any) -> Providers:
    values = {"csv_dir": tmp_path, "macro_dir": tmp_path, "cache_dir": tmp_path, **data}
    config = Config(strategy=HoldParams(), data=cast("Any", values))
    return Providers(
        config, now=lambda: datetime(2024, 1, 3, tzinfo=UTC), progress=cast("Any", print), stale_allowed=True
    )


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_every_file_offers_a_provider_of_the_form_of_its_kind(kind: str, name: str) -> None:
    module = import_module(f"engine.wiring.{kind}.{name}")

    assert tuple(inspect.signature(module.provider).parameters) == ASKED_FOR[kind]


@pytest.mark.parametrize("name", [name for name in names_of("crypto") if name != "venue"])
def test_every_name_of_coins_makes_a_provider_and_asks_nothing_yet(tmp_path: Path, name: str) -> None:
    assert callable(providers(tmp_path, crypto=name).coins().load)


@pytest.mark.parametrize("name", names_of("index"))
def test_every_name_of_the_index_makes_a_provider_and_asks_nothing_yet(tmp_path: Path, name: str) -> None:
    given = providers(tmp_path, index=name)

    assert callable(given.index().load)
    assert callable(given.us_symbols().load)


@pytest.mark.parametrize("name", names_of("values"))
def test_every_source_of_values_makes_a_provider_and_asks_nothing_yet(tmp_path: Path, name: str) -> None:
    assert callable(providers(tmp_path).values(name, cast("Any", None), "WALCL").load)


def test_a_venues_candles_are_for_live_runs_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^data\.crypto: venue is not allowed here"):
        providers(tmp_path, crypto="venue").coins()


@pytest.mark.parametrize("kind", SECTIONS)
def test_the_names_of_the_files_are_what_the_configuration_allows(kind: str) -> None:
    section, key = SECTIONS[kind]

    allowed = json_schema([HoldParams])["$defs"][section]["properties"][key]["enum"]

    assert sorted(allowed) == [*names_of(kind)]


@pytest.mark.parametrize("name", names_of("venue"))
def test_every_venue_is_found_by_its_name_and_asks_for_keys_where_it_has_an_account(name: str) -> None:
    venue = venue_of(Config(strategy=HoldParams(), venue=VenueSettings(name=name)))

    assert venue.network == (name if venue.has_account else MARKET_DATA)
    assert venue.has_account == (name != "simulated")


@pytest.mark.parametrize(
    ("macro", "folder", "expected"),
    [("auto", None, "fred"), ("auto", "there", "csv"), ("csv", "there", "csv"), ("fred", "there", "fred")],
)
def test_a_way_of_finding_series_says_the_source_of_one_without_its_own(
    tmp_path: Path, macro: str, folder: str | None, expected: str
) -> None:
    assert providers(tmp_path, macro=macro, macro_dir=folder).usual_source("fred") == expected


def test_a_file_of_a_provider_or_a_venue_is_all_that_one_takes_with_keys_of_its_own(tmp_path: Path) -> None:
    engine = shutil.copytree(ENGINE, tmp_path / "engine")
    (engine / "wiring" / "crypto" / "my_shop.py").write_text(OWN_CRYPTO)
    (engine / "wiring" / "venue" / "paper_lab.py").write_text(OWN_VENUE)
    (tmp_path / "strategies").symlink_to(ENGINE.parent / "strategies")

    said = json.loads(
        subprocess.run([sys.executable, "-c", SAID], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    )

    assert said["used"] == [7, "B", 7]
    assert said["default"] == [None, None, 3]
    assert said["misspelt"] == "data.shelff: unknown key; did you mean shelf?"
    assert said["wrong"].startswith("data.shelf: 0 is not allowed: ")
    assert said["elsewhere"].startswith("data.shelf: unknown key; ")
    assert said["venue"] == MARKET_DATA
    assert ["shelf" in said["schema"][0], "room" in said["schema"][1]] == [True, True]


def test_names_are_listed_without_importing_a_provider() -> None:
    seen = "[name for name in sys.modules if name.startswith('engine.wiring') or name.startswith('engine.data')]"
    code = f"import sys; import engine.settings.config; print({seen})"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
