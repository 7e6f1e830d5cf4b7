"""Small over Nasdaq: small caps gain on the large ones of technology (rows 000-1, 000-12)."""

from strategies.rules.small_over_large import SmallOverLarge


class SmallOverNasdaq(SmallOverLarge):
    """Holds while the ratio of the two funds is above its mean of the last weeks."""

    large = "QQQ"
    rows = ("000-1", "000-12")
