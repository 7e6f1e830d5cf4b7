"""Files and folders under temporary names, with the rights that the process gives to any other file.

`tempfile` makes what only its owner may read, whatever the umask says; what is renamed into its place would keep that.
"""

import os
import secrets
from pathlib import Path


def fresh_folder(parent: Path, prefix: str) -> Path:
    """Make an empty folder of a name that nobody has: the prefix and eight signs.

    Raises:
        OSError: the parent cannot be written.
    """
    while True:
        folder = parent / f"{prefix}{secrets.token_hex(4)}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def fresh_file(folder: Path, prefix: str, suffix: str = "") -> tuple[int, Path]:
    """Make an empty file of a name that nobody has, and open it to be written.

    Returns:
        Its descriptor, which the caller closes, and its path.

    Raises:
        OSError: the folder cannot be written.
    """
    while True:
        path = folder / f"{prefix}{secrets.token_hex(4)}{suffix}"
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), path
        except FileExistsError:
            continue
