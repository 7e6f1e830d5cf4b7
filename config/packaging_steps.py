"""What setuptools is told beyond `pyproject.toml`, in one step of its build.

A wheel holds the default configuration as `engine/rotation.yaml`, copied from `config/rotation.yaml`, the one source. A
source distribution holds the whole checkout: it builds the wheel, and runs the tests.
"""

import os
from pathlib import Path

from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_CONFIG = Path("config") / "rotation.yaml"
IN_WHEEL = Path("engine") / "rotation.yaml"
FILES = (".importlinter", ".gitignore", "CHANGELOG.md")
FOLDERS = (".ci", ".github", "config", "engine", "logs", "strategies", "tests")
PASSED_OVER = ("__pycache__", ".hypothesis")
RUN_FOLDERS = "logs"
"""Of this folder only the page that explains it: the rest is what runs left."""


class BuildWithConfig(build_py):
    """Copies the default configuration into the wheel, and names every file of a source distribution."""

    def run(self) -> None:
        """Build; in an editable install the checkout's own file is read."""
        super().run()
        if not self.editable_mode:
            self.copy_file(str(ROOT / DEFAULT_CONFIG), str(self._copy()))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:  # noqa: FBT001, FBT002 - setuptools' signature
        """List the files of the wheel."""
        return [*super().get_outputs(include_bytecode), *([] if self.editable_mode else [str(self._copy())])]

    def get_source_files(self) -> list[str]:
        """List the files of a source distribution, relative to the root."""
        return sorted({*super().get_source_files(), *FILES, *_files_below(ROOT, FOLDERS)})

    def _copy(self) -> Path:
        return Path(self.build_lib) / IN_WHEEL


def _files_below(root: Path, folders: tuple[str, ...]) -> list[str]:
    found = []
    for folder in folders:
        for place, inner, names in os.walk(root / folder):
            inner[:] = [name for name in inner if name not in PASSED_OVER and folder != RUN_FOLDERS]
            kept = [name for name in names if folder != RUN_FOLDERS or name == "README.md"]
            found += [str((Path(place) / name).relative_to(root)) for name in kept if not name.endswith(".pyc")]
    return found
