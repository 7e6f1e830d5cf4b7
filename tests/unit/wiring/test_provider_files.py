"""Providers are found by the names of their files, and each offers what one of its kind is asked for."""

import inspect
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

from engine.config import Config, json_schema, names_of
from engine.core.errors import ConfigError
from engine.wiring.providers import Providers
from strategies.hold import HoldParams

ASKED_FOR: Mapping[str, tuple[str, ...]] = {
    "crypto": ("given",),
    "index": ("given", "kind"),
    "values": ("given", "rule_of", "name"),
}
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


def test_the_names_of_the_files_are_what_the_configuration_allows() -> None:
    data = json_schema([HoldParams])["$defs"]["Data"]["properties"]

    assert (data["crypto"]["enum"], data["index"]["enum"]) == ([*names_of("crypto")], [*names_of("index")])
    assert {"auto", "binance", "csv", "sample", "venue", "yahoo"} <= {*names_of("crypto")}


def test_names_are_listed_without_importing_a_provider() -> None:
    seen = "[name for name in sys.modules if name.startswith('engine.wiring') or name.startswith('engine.data')]"
    code = f"import sys; import engine.config; print({seen})"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
