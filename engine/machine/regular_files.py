"""Which of a user's files are read: a pipe or a device may never come to an end, or never begin."""

import errno
import stat
from pathlib import Path

HANDED_OVER = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""What a shell opened for the program, as in `<(command)`: somebody writes there, or it ends at once."""


def regular(path: Path) -> Path:
    """Give a path back if what lies there can be read to its end; a folder is for its reader to complain of.

    Raises:
        OSError: there is nothing, or a pipe, a device or the like.
    """
    mode = path.stat().st_mode
    if not (str(path).startswith(HANDED_OVER) or stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a pipe, a device or the like, and no regular file", str(path))
    return path
