"""The name under which the program was called, for texts that a user types again."""

import sys
from pathlib import Path

SCRIPT = "altfuse"


def program_name() -> str:
    """Give `altfuse` for the console script, else `python -m engine`."""
    return SCRIPT if Path(sys.argv[0]).stem == SCRIPT else "python -m engine"
