"""The locks: what runs, what the tests need besides, and what builds; one resolution, everything pinned and hashed."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.newer_index import NEWER, sha256_of, write_index, write_wheel

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("requirements.lock", "requirements-study.lock", "requirements-test.lock", "requirements-build.lock")
RUNTIME, STUDY, TEST, BUILD = (ROOT / "config" / name for name in NAMES)
PYTHONS = ("3.11.0", "3.12.0", "3.13.0")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One entry of a lock: a requirement of the form `name==version ; marker`, and its hashes."""

    requirement: Requirement
    hashes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version


@cache
def _pins(*locks: Path) -> list[Pin]:
    pins: list[Pin] = []
    for line in "".join(lock.read_text(encoding="utf-8") for lock in locks).splitlines():
        text = line.split("#")[0].strip().removesuffix("\\").strip()
        if text.startswith("--hash=sha256:"):
            pins[-1].hashes.append(text)
        elif text:
            pins.append(Pin(requirement=Requirement(text)))
    return pins


def _versions(python: str, *locks: Path) -> list[tuple[str, str]]:
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    return [
        (pin.name, pin.version)
        for pin in _pins(*locks)
        if pin.requirement.marker is None or pin.requirement.marker.evaluate(environment)
    ]


def _declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = project["dependencies"] + [text for extra in extras for text in project["optional-dependencies"][extra]]
    return [Requirement(text) for text in texts]


def _needs(name: str, extras: set[str]) -> list[Requirement]:
    """Give what an installed package requires here, with these extras of it."""
    requirements = [Requirement(text) for text in importlib.metadata.requires(name) or []]
    return [
        needed
        for needed in requirements
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras or {""})
    ]


@pytest.mark.parametrize("lock", [RUNTIME, STUDY, TEST, BUILD], ids=lambda lock: lock.name)
def test_a_lock_names_no_host_and_no_path(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")

    assert not re.findall(r"://|file:|--(?:extra-)?index|--find-links|--trusted-host|(?:^|\s)[/~]", text)


@pytest.mark.parametrize("lock", [RUNTIME, STUDY, TEST, BUILD], ids=lambda lock: lock.name)
def test_every_pin_has_a_version_and_hashes(lock: Path) -> None:
    assert _pins(lock)
    for pin in _pins(lock):
        assert pin.version
        assert pin.hashes, pin.requirement


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("locks", "extras"),
    [((RUNTIME,), ()), ((RUNTIME, STUDY), ("study",)), ((RUNTIME, TEST), ("test",))],
    ids=["runs", "study", "tests"],
)
def test_the_locks_pin_every_dependency_once_and_within_its_bounds(
    locks: tuple[Path, ...], extras: tuple[str, ...], python: str
) -> None:
    pinned = _versions(python, *locks)
    version_by_name = dict(pinned)

    assert len(pinned) == len(version_by_name)
    for declared in _declared(*extras):
        assert version_by_name[canonicalize_name(declared.name)] in declared.specifier, declared


def test_what_is_in_two_locks_is_the_same_in_both() -> None:
    versions: dict[str, set[str]] = {}
    for pin in _pins(RUNTIME, STUDY, TEST, BUILD):
        versions.setdefault(pin.name, set()).add(pin.version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_what_only_tests_need_is_not_in_the_lock_of_what_runs() -> None:
    only_tests = {canonicalize_name(needed.name) for needed in _declared("test")[len(_declared()) :]}

    assert only_tests & {pin.name for pin in _pins(RUNTIME)} == set()
    assert only_tests <= {pin.name for pin in _pins(TEST)}


@pytest.mark.parametrize("locks", [(RUNTIME,), (RUNTIME, STUDY), (RUNTIME, TEST)], ids=["runs", "study", "tests"])
def test_whatever_a_pinned_package_requires_is_pinned_in_the_same_words_extras_included(
    locks: tuple[Path, ...],
) -> None:
    # pip before 23.3 takes `coverage[toml]` for another package than `coverage`, and looks for its newest release.
    pinned = {(pin.name, frozenset(pin.requirement.extras)) for pin in _pins(*locks)}
    bare = {name for name, _ in pinned}
    installed = {canonicalize_name(found.name) for found in importlib.metadata.distributions()}

    for name, extras in sorted(pinned):
        for needed in _needs(name, set(extras)) if name in installed else []:
            wanted = (canonicalize_name(needed.name), frozenset(needed.extras))
            assert wanted in pinned if needed.extras else wanted[0] in bare, f"{name}: {needed}"


def test_nothing_else_comes_as_source_than_what_the_builder_is_locked_for() -> None:
    assert [pin.name for pin in _pins(BUILD)] == ["setuptools"]


def test_the_lock_of_what_runs_holds_no_second_parquet_library() -> None:
    assert "pyarrow" not in {pin.name for pin in _pins(RUNTIME)}


def test_the_image_holds_what_runs_and_nothing_of_the_tests() -> None:
    recipe = (ROOT / "config" / "deploy" / "Dockerfile").read_text(encoding="utf-8")

    assert set(re.findall(r"-r (config/\S+)", recipe)) == {f"config/{lock.name}" for lock in (RUNTIME, BUILD)}
    assert TEST.name not in recipe


def _pip(index: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check"]
    return subprocess.run(
        [*pip, "install", "--dry-run", "--no-cache-dir", "--index-url", index.as_uri(), *arguments],
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_index_that_has_newer_releases_is_found_out_by_what_is_not_pinned(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    base = write_wheel(tmp_path / "files", "made-up-base", "1.0")
    top = write_wheel(tmp_path / "files", "made-up-top", "2.0", requires=("made-up-base[more]>=1",))
    write_index(tmp_path / "files", tmp_path / "index")
    lock = tmp_path / "lock"
    top_line = f"made-up-top==2.0 --hash=sha256:{sha256_of(top)}\n"

    lock.write_text(f"{top_line}made-up-base[more]==1.0 --hash=sha256:{sha256_of(base)}\n", encoding="utf-8")
    locked = _pip(tmp_path / "index", "--require-hashes", "-r", str(lock))
    lock.write_text(top_line, encoding="utf-8")
    leaking = _pip(tmp_path / "index", "--require-hashes", "-r", str(lock))
    free = _pip(tmp_path / "index", "made-up-base")

    assert locked.returncode == 0, locked.stderr
    assert "Would install made-up-base-1.0 made-up-top-2.0" in locked.stdout
    assert leaking.returncode != 0
    assert f"made-up-base-{NEWER}" in free.stdout
