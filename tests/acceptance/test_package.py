"""The package as a newcomer meets it: the top level, what `--help` costs, what CI runs."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "strategies",
    "engine",
    "config",
    "tests",
    "logs",
    "LICENSE",
    "CHANGELOG.md",
}
HEAVY = {"pandas", "numpy", "backtrader", "ccxt", "yfinance", "ta", "fastparquet", "exchange_calendars", "pydantic"}
NEEDED_FOR_HELP = re.compile(r"engine(\.__main__|\.cli|\.commands(\.\w+)?|\.core(\.errors)?|\.machine(\.output)?)?")
PYTEST_CLOSING_LINE = "===== 3 passed in 0.01s ====="


def _declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


def _imported_modules() -> set[str]:
    def imports(path: Path) -> Iterator[str]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield node.module

    files = [path for folder in ("engine", "strategies") for path in (ROOT / folder).rglob("*.py")]
    return {module.split(".")[0] for path in files for module in imports(path)}


def _imported_distributions() -> set[str]:
    ours_or_builtin = sys.stdlib_module_names | {"engine", "strategies"}
    distributions = importlib.metadata.packages_distributions()
    return {
        canonicalize_name(distribution)
        for module in _imported_modules() - ours_or_builtin
        for distribution in distributions.get(module, [module])
    }


def _is_command(path: Path) -> bool:
    """Tell whether a file of engine/commands is a command: it defines a function of its own name, or a group `app`."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    variables = {
        target.id
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return path.stem in functions or "app" in variables


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _commands_in(script: str) -> list[str]:
    """Put together what the README tells a newcomer to type, of the parts that CI runs."""
    found = dict(re.findall(r"""^(\w+)=['"](.*)['"]$""", script, flags=re.MULTILINE))
    found["install_tests"] = found["install_tests"].replace("$install_runtime", found["install_runtime"])
    return [
        " && ".join(found[part] for part in ("new_environment", "install_builder", install, then))
        for install, then in (("install_runtime", "main_job"), ("install_tests", "tests"))
    ]


def _executable(path: Path, body: str) -> None:
    path.write_text(f"#!/usr/bin/env bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def _run_ci(tmp_path: Path, python: str) -> subprocess.CompletedProcess[str]:
    _executable(tmp_path / "python", python)
    for other in ("python3.11", "python3.12", "python3.13"):
        _executable(tmp_path / other, "exit 1")
    return subprocess.run(
        [ROOT / ".ci" / "run"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path), "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


def _run_ci_with_stubs(tmp_path: Path, *, fails: str | None) -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` with a `python` that makes an environment of stubs, of which one fails."""
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    said = {"pip": "Successfully installed stubs", "python": PYTEST_CLOSING_LINE}
    for name in ("pip", "python", "ruff", "mypy", "lint-imports"):
        status = int(name == fails)
        _executable(stubs / name, f"echo '{said.get(name, name)}'; exit {status}")
    make_environment = f'mkdir -p "$3/bin" && cp "{stubs}"/* "$3/bin"'
    return _run_ci(tmp_path, f'case "$2" in venv) {make_environment};; *) exit 0;; esac')


def test_the_top_level_holds_the_named_entries_and_dot_files_only() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")

    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    entries = {line.split("/")[0].strip('"') for line in listing.splitlines()}

    assert {entry for entry in entries if not entry.startswith(".")} <= TOP_LEVEL


def test_the_licence_is_the_one_that_the_package_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    title = " ".join((ROOT / "LICENSE").read_text(encoding="utf-8").split()[:6])

    assert project["license"] == "GPL-3.0-or-later"
    assert title == "GNU GENERAL PUBLIC LICENSE Version 3,"


def test_every_dependency_declared_is_imported() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in _declared()}

    assert declared - _imported_distributions() == set()


def test_every_library_imported_is_declared() -> None:
    # pydantic-core is released with pydantic, which pins it to the digit.
    declared = {canonicalize_name(requirement.name) for requirement in _declared()} | {"pydantic-core"}

    assert _imported_distributions() - declared == set()


def test_help_lists_every_command() -> None:
    helped = _python("-m", "engine", "--help")

    commands = {path.stem for path in (ROOT / "engine" / "commands").glob("*.py") if _is_command(path)}
    assert helped.returncode == 0, helped.stderr
    assert {"backtest", "config"} <= commands
    for command in commands:
        assert re.search(rf"^\W*{command}\b", helped.stdout, flags=re.MULTILINE), command


def test_help_imports_nothing_heavy() -> None:
    helped = _python("-X", "importtime", "-m", "engine", "--help")

    imported = {line.rpartition("|")[2].strip() for line in helped.stderr.splitlines() if "|" in line}
    assert helped.returncode == 0
    assert "engine.cli" in imported
    assert {module.split(".")[0] for module in imported} & HEAVY == set()
    ours = {module for module in imported if module.split(".")[0] in {"engine", "strategies"}}
    assert {module for module in ours if not NEEDED_FOR_HELP.fullmatch(module)} == set()


def test_the_readme_holds_the_commands_that_ci_runs() -> None:
    commands = _commands_in((ROOT / ".ci" / "shared.sh").read_text(encoding="utf-8"))

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^```\n(python -m venv .*)\n```$", readme, flags=re.MULTILINE) == commands


def test_ci_refuses_a_python_that_is_not_supported(tmp_path: Path) -> None:
    ran = _run_ci(tmp_path, 'case "$1" in --version) echo Python 3.10.4;; *) exit 1;; esac')

    assert ran.returncode == 1
    assert ran.stderr == ".ci/run: python is Python 3.10.4, not Python 3.11, 3.12 or 3.13\n"


@pytest.mark.parametrize("step", ["ruff", "mypy", "lint-imports", "python"])
def test_ci_fails_when_one_step_fails_and_still_ends_with_the_closing_line_of_the_tests(
    step: str, tmp_path: Path
) -> None:
    ran = _run_ci_with_stubs(tmp_path, fails=step)

    assert ran.returncode == 1
    assert ran.stdout.splitlines()[-1] == PYTEST_CLOSING_LINE


def test_ci_passes_when_every_step_passes(tmp_path: Path) -> None:
    ran = _run_ci_with_stubs(tmp_path, fails=None)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == PYTEST_CLOSING_LINE


def test_ci_stops_at_once_when_the_lock_cannot_be_installed(tmp_path: Path) -> None:
    ran = _run_ci_with_stubs(tmp_path, fails="pip")

    assert ran.returncode == 1
    assert ".ci/run: failed: python -m venv .venv && .venv/bin/pip install" in ran.stderr
    assert PYTEST_CLOSING_LINE not in ran.stdout
