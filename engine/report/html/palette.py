"""The colours of the page, by theme: one colour an asset and a meaning, in every chart and table.

Names are those of CSS custom properties; a figure names a colour `@btc`, and the page's script looks it up.
"""

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "page": "#f6f7f9",
    "card": "#ffffff",
    "ink": "#1b2230",
    "muted": "#566072",
    "line": "#e2e6ec",
    "accent": "#0b6b62",
    "strategy": "#15233f",
    "btc": "#c26a00",
    "eth": "#6a55cf",
    "basket": "#0c8577",
    "shade": "rgba(12, 133, 119, 0.11)",
    "gain": "#0c6b4f",
    "loss": "#b3261e",
    "warn": "#7a4b00",
    "warn-page": "#fff1d6",
    "gain-1": "#e9f5f0", "gain-2": "#d0ebe0", "gain-3": "#aeddcb", "gain-4": "#86ccb2",
    "loss-1": "#fcefed", "loss-2": "#f9dcd8", "loss-3": "#f4c2bb", "loss-4": "#eda399",
    "cash": "#c3c9d3",
    "coin-1": "#2f7fbf", "coin-2": "#c65b80", "coin-3": "#8b9c2c", "coin-4": "#b0643a",
    "coin-5": "#3f9fa8", "coin-6": "#9a63b8", "coin-7": "#d2a52e", "coin-8": "#717a8a",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "page": "#0f1319",
    "card": "#171c24",
    "ink": "#e7eaf0",
    "muted": "#a0a9b8",
    "line": "#2a313d",
    "accent": "#5fd3c3",
    "strategy": "#f1f4fa",
    "btc": "#f2a33a",
    "eth": "#a597ff",
    "basket": "#3cc7b5",
    "shade": "rgba(60, 199, 181, 0.15)",
    "gain": "#63d2a4",
    "loss": "#ff948a",
    "warn": "#ffd591",
    "warn-page": "#3a2c10",
    "gain-1": "#17292a", "gain-2": "#17352f", "gain-3": "#174537", "gain-4": "#185842",
    "loss-1": "#2b2024", "loss-2": "#3c2526", "loss-3": "#522a29", "loss-4": "#69302c",
    "cash": "#4a5363",
    "coin-1": "#63aee8", "coin-2": "#e889aa", "coin-3": "#b5c55a", "coin-4": "#dd9467",
    "coin-5": "#6cc5cd", "coin-6": "#c595e0", "coin-7": "#e6c462", "coin-8": "#98a1b0",
}  # fmt: skip
NAMED_ASSETS: Mapping[str, str] = {"BTC": "btc", "ETH": "eth", "basket": "basket"}
COIN_COLOURS = 8


def colour_of_asset(asset: str, place: int) -> str:
    """Name the colour of an asset; those without one of their own take turns by their place."""
    return f"@{NAMED_ASSETS.get(asset, f'coin-{place % COIN_COLOURS + 1}')}"
