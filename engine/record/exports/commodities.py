"""Names of coins as beancount allows them: legal, readable where they can be, and reversible.

A name that is legal stays. Others are `X.` and their characters, of which all but capitals and digits are written as
`'`, the number of hexadecimal digits that follow, and their code point in these: `1INCH` is `X.1INCH`, `Ab` `X.A'262`.
"""

import re

LEGAL = re.compile(r"[A-Z][A-Z0-9'._-]*[A-Z0-9]")
"""Of beancount's syntax; not the futures' names, which begin with a slash, nor single letters, which are flags too."""
WORDS = ("TRUE", "FALSE", "NULL")
"""Legal by their form, and read as something else."""
MARK = "X."


def commodity_of(asset: str) -> str:
    """Give the commodity of an asset; two assets never share one."""
    if LEGAL.fullmatch(asset) and asset not in WORDS and not asset.startswith(MARK):
        return asset
    return MARK + "".join(char if re.fullmatch("[A-Z0-9]", char) else _escape(char) for char in asset)


def _escape(char: str) -> str:
    digits = f"{ord(char):X}"
    return f"'{len(digits)}{digits}"
