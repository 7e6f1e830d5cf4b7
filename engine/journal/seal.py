"""The record of a journal that says what the files beside it were at an ordered end: so the chain reaches to them.

A seal is no event: nothing of the run follows from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """What a file was: its length in bytes, and their SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSealed:
    """The files of a run folder as they were.

    Attributes:
        config_sha256: digest of the effective configuration, as `summary.json` has it.
        files: by name; one that was not there is not named.
    """

    config_sha256: str
    files: Mapping[str, SealedFile]
