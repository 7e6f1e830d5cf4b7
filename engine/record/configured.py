"""The configuration that a folder keeps, and what it says where a record has no better source; else its default."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.core.orders_in_flight import SELL_WAIT_DAYS
from engine.record.run_files import CONFIG_FILE

USUAL_QUOTE, USUAL_CORE = "USDT", "BTC"


def kept_config(folder: Path) -> Mapping[str, Any] | None:
    """Give what `config.json` holds; None where there is none, or none that can be read."""
    try:
        content = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def configured_quote(config: Mapping[str, Any] | None) -> str:
    """Name the currency that a run counts in."""
    return str(_value(config, "account", "quote") or USUAL_QUOTE)


def configured_core(config: Mapping[str, Any] | None) -> str:
    """Name the asset that rotations and positions are compared with."""
    return str(_value(config, "strategy", "core") or USUAL_CORE)


def configured_sell_wait_days(config: Mapping[str, Any] | None) -> int:
    """Give for how many days buys wait for a sell."""
    days = _value(config, "account", "sell_wait_days")
    return days if isinstance(days, int) else SELL_WAIT_DAYS


def _value(config: Mapping[str, Any] | None, section: str, key: str) -> object:
    values = (config or {}).get(section)
    return values.get(key) if isinstance(values, Mapping) else None
