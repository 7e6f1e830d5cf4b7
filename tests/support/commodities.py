"""The asset that a commodity of beancount stands for: the way back from `commodity_of`."""

from engine.record.exports.commodities import MARK


def asset_of(commodity: str) -> str:
    """Give the asset that a commodity of `commodity_of` stands for."""
    if not commodity.startswith(MARK):
        return commodity
    asset, at = "", len(MARK)
    while at < len(commodity):
        width = int(commodity[at + 1]) if commodity[at] == "'" else 0
        asset += chr(int(commodity[at + 2 : at + 2 + width], 16)) if width else commodity[at]
        at += 2 + width if width else 1
    return asset
