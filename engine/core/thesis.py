"""How systems are put in order where the thesis is shown as a whole: the groups that it is read in."""

from enum import StrEnum


class Group(StrEnum):
    """What a system tells of, in the order in which it is shown; a system of nobody's thesis has none of them."""

    SMALL_CAPS = "small caps"
    ROTATION = "capital rotation"
    LIQUIDITY = "liquidity and rates"
    TECHNICALS = "crypto technicals"
    FLOWS = "flows"
    CAUTIONS = "cautions"
