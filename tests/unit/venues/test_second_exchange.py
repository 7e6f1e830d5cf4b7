"""What a second exchange needs is on the page, and nothing else of the engine knows the first."""

import re
from pathlib import Path

import engine

ENGINE = Path(engine.__file__).parent
HEAD = "\n## What a second exchange needs\n"
ROOMS = ("venues/binance/", "practice/", "wiring/venue/", "wiring/crypto/")
"""Binance's own, its likeness, and where providers and venues are chosen by name."""
ON_PURPOSE = {
    "commands/exchange.py": "says what the practice exchange is like",
    "core/instrument.py": "the source of the built-in rules",
    "core/order.py": "the source of what a name may be made of",
    "data/binance.py": "its public candles as a provider",
    "wiring/practice/exchange.py": "the source of what a symbol may be made of",
    "wiring/analysis/reconcile.py": "names a provider that may be set",
}


def listed() -> list[str]:
    section = (ENGINE / "README.md").read_text(encoding="utf-8").partition(HEAD)[2].partition("\n## ")[0]
    named = re.findall(r"^- (.+?): ", section, flags=re.MULTILINE)
    return [path for names in named for path in re.findall(r"`([\w/]+\.py)`", names)]


def test_the_page_lists_every_file_of_the_first_exchange_and_they_are_there() -> None:
    files = [path for path in listed() if (ENGINE / path).is_file()]

    assert files == listed()
    own = {f"venues/binance/{each.name}" for each in (ENGINE / "venues" / "binance").glob("*.py")}
    assert {path for path in files if path.startswith("venues/")} == own - {"venues/binance/__init__.py"}
    assert {path for path in files if path.startswith("wiring/venue/")} == {
        f"wiring/venue/{each.name}" for each in (ENGINE / "wiring" / "venue").glob("binance*.py")
    }


def test_no_other_file_names_the_exchange() -> None:
    named = {
        path
        for each in ENGINE.rglob("*.py")
        if not (path := each.relative_to(ENGINE).as_posix()).startswith(ROOMS)
        and re.search("binance|testnet", each.read_text(encoding="utf-8"), re.IGNORECASE)
    }

    assert named == set(ON_PURPOSE)
