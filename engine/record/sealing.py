"""The seal of a run folder's files, and which of them are not what they were.

Files that only grow are held to what they were for good; those written anew, as long as nothing happened after.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from engine.journal.seal import FilesSealed, SealedFile
from engine.record.run_files import (
    ALIGNED_FILE,
    CONFIG_FILE,
    CONFIG_HISTORY_FILE,
    CONTEXT_FILE,
    DECISIONS_FILE,
    EQUITY_FILE,
    FILLS_FILE,
    LOG_FILE,
    ROTATIONS_FILE,
    SUMMARY_FILE,
)

GROWING_FILES = (DECISIONS_FILE, LOG_FILE, CONFIG_HISTORY_FILE)
SEALED_FILES = (
    *GROWING_FILES, FILLS_FILE, ROTATIONS_FILE, EQUITY_FILE, SUMMARY_FILE, CONFIG_FILE, CONTEXT_FILE, ALIGNED_FILE,
)  # fmt: skip
"""`report.html` is not among them: it can be made again at any time, by another version too."""


def seal_of(contents: Mapping[str, bytes], config_sha256: str) -> FilesSealed:
    """Seal the files of a run, given by name as `file_contents` reads them."""
    return FilesSealed(
        config_sha256=config_sha256,
        files={name: SealedFile(size=len(content), sha256=_digest(content)) for name, content in contents.items()},
    )


def resealed(seal: FilesSealed, contents: Mapping[str, bytes], config_sha256: str) -> FilesSealed:
    """Seal the configuration anew, and leave the other files as they were sealed."""
    fresh = seal_of(contents, config_sha256)
    changed = {name: fresh.files[name] for name in (CONFIG_FILE, CONFIG_HISTORY_FILE) if name in fresh.files}
    return FilesSealed(config_sha256=config_sha256, files={**seal.files, **changed})


def file_contents(folder: Path) -> Mapping[str, bytes]:
    """Read the files that are sealed and checked, as far as they are there and can be read."""
    found = {}
    for name in SEALED_FILES:
        with suppress(OSError):
            found[name] = (folder / name).read_bytes()
    return found


def altered_since(contents: Mapping[str, bytes], seal: FilesSealed, *, is_last: bool) -> Iterator[str]:
    """Say which files are not what they were when they were sealed, a sentence each.

    Args:
        contents: by name, of the files that are there.
        is_last: whether nothing happened after.
    """
    for name, sealed in seal.files.items():
        if not is_last and name not in GROWING_FILES:
            continue
        content = contents.get(name)
        if content is None:
            yield f"{name}: is not there any more"
        elif _digest(content[: sealed.size] if name in GROWING_FILES else content) != sealed.sha256:
            yield f"{name}: is not what it was when the run ended"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
