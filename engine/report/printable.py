"""Text out of a record, made harmless: it may come from an exchange, a configuration, or somebody else's folder."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """Replace what a terminal acts on rather than shows: escape sequences, line ends, marks that turn the direction."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else REPLACEMENT for sign in text)
