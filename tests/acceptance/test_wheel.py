"""What is installed: the source distribution, the wheel that it builds, the console script, the configuration."""

import importlib.metadata
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from tests.support.command import ROOT, run_command

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LEAST_SETUPTOOLS = Version("77")
MADE_BY_SETUPTOOLS = {"PKG-INFO", "setup.cfg"}


def _setuptools_is_there() -> bool:
    try:
        return Version(importlib.metadata.version("setuptools")) >= LEAST_SETUPTOOLS
    except importlib.metadata.PackageNotFoundError:
        return False


def _checkout(target: Path) -> set[str]:
    """Copy what is under version control, or would be; give the names of the files."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = {name for name in listing.split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return names


def _built(kind: str, source: Path, out: Path) -> Path:
    call = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(out)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=source, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.splitlines()[-1]


@pytest.mark.skipif(not _setuptools_is_there(), reason="setuptools 77 or later builds it, and is not installed")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_the_source_distribution_is_the_whole_checkout_and_builds_a_wheel_that_runs_anywhere(tmp_path: Path) -> None:
    names = _checkout(tmp_path / "checkout")
    sdist = _built("sdist", tmp_path / "checkout", tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    held = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    wheel = _built("wheel", source, tmp_path)
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    empty = tmp_path / "empty"
    empty.mkdir()

    written = run_command("init", folder=empty, environment={"PYTHONPATH": str(installed)})
    sample = ("--set", "data.crypto=sample", "--set", "data.index=sample", "--to", "2018-03-31", "--no-report")
    ran = run_command("backtest", *sample, folder=empty, environment={"PYTHONPATH": str(installed)})

    made = {name for name in held - names if ".egg-info/" not in name}
    assert names - held == set()
    assert made <= MADE_BY_SETUPTOOLS
    assert (written.exit_code, ran.exit_code) == (0, 0), written.stderr + ran.stderr
    assert (empty / "rotation.yaml").read_bytes() == (ROOT / "config" / "rotation.yaml").read_bytes()
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"engine", "strategies"}
    assert "altfuse = engine.cli:main" in next(installed.glob("*.dist-info/entry_points.txt")).read_text()


def test_the_step_that_setuptools_is_told_of_is_there() -> None:
    file, _, name = PROJECT["tool"]["setuptools"]["cmdclass"]["build_py"].rpartition(".")

    assert f"class {name}(build_py):" in (ROOT / f"{file.replace('.', '/')}.py").read_text(encoding="utf-8")


def test_the_console_script_is_the_same_program_under_its_own_name(tmp_path: Path) -> None:
    module, _, function = PROJECT["project"]["scripts"]["altfuse"].partition(":")
    script = tmp_path / "altfuse"
    # As pip writes it.
    script.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n", encoding="utf-8")

    def typed(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, script, *arguments], env={"PYTHONPATH": str(ROOT)}, cwd=tmp_path,
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        ).stdout  # fmt: skip

    assert typed("backtest", "--help").startswith("Usage: altfuse backtest [OPTIONS] [CONFIG]")
    assert typed("init").endswith("then: altfuse backtest rotation.yaml\n")
    assert run_command("backtest", "--help").stdout.startswith("Usage: python -m engine backtest [OPTIONS] [CONFIG]")


def test_what_backtrader_makes_the_compiler_say_does_not_reach_anybody(tmp_path: Path) -> None:
    # Its bytecode is looked for where there is none, as after an installation from a wheel.
    code = (
        "import sys, warnings, numpy, pydantic\n"
        f"sys.pycache_prefix = {str(tmp_path)!r}\n"
        "warnings.simplefilter('always')\n"
        "import engine.trading.drivers.historical\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )

    assert (done.returncode, done.stderr) == (0, "")
