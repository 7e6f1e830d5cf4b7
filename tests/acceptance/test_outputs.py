"""Standard output and standard error that are full, closed or not read, of commands as typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT

FULL = Path("/dev/full")
SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")
SPAN = ("--from", "2020-01-01", "--to", "2020-02-01")
BACKTEST = ("backtest", "config/rotation.yaml", *SAMPLE, *SPAN, "--no-report")
EXPLAIN = ("explain", "config/rotation.yaml", *SAMPLE, "--day", "2020-03-05")
COMMANDS = {
    "help": ("--help",),
    "no command": (),
    "no command below config": ("config",),
    "version": ("--version",),
    "schema": ("config", "schema"),
    "show": ("config", "show", "config/rotation.yaml"),
    "backtest": BACKTEST,
    "explain": EXPLAIN,
    "explain as JSON": (*EXPLAIN, "--json"),
    "practice exchange": ("exchange", "--port", "0"),
}
CANNOT = "error: the result cannot be written to standard output: "


def shell(line: str, arguments: tuple[str, ...], out: Path) -> subprocess.CompletedProcess[str]:
    """Type a line into a shell, `$@` standing for the command."""
    extra = ("--out", str(out)) if arguments[:1] == ("backtest",) else ()
    return subprocess.run(
        ["bash", "-c", line, "bash", sys.executable, "-m", "engine", *arguments, *extra],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not FULL.exists(), reason="wants a device that is always full")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_standard_output_is_one_sentence(tmp_path: Path, name: str) -> None:
    done = shell('"$@" > /dev/full', COMMANDS[name], tmp_path)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"{CANNOT}No space left on device; ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["show", "backtest"])
def test_a_closed_standard_output_is_one_sentence(tmp_path: Path, name: str) -> None:
    done = shell('"$@" >&-', COMMANDS[name], tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{CANNOT}it is closed; send it to a file or a terminal that takes it\n"


@pytest.mark.parametrize("line", ['"$@" 2> /dev/full', '"$@" 2>&-'])
def test_what_is_said_on_the_side_stops_no_run(tmp_path: Path, line: str) -> None:
    done = shell(line, BACKTEST, tmp_path)

    assert done.returncode == 0
    assert "synthetic" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("line", ['"$@" > /dev/full 2> /dev/full', '"$@" >&- 2>&-'])
def test_an_error_keeps_its_code_where_nothing_can_be_said(tmp_path: Path, line: str) -> None:
    # A file of that name would be prices, not a configuration, and is not there.
    assert shell(line, ("backtest", "missing.yaml"), tmp_path).returncode == 2


def test_nothing_is_wrong_with_a_full_output_that_is_not_written_to(tmp_path: Path) -> None:
    done = shell('"$@" --quiet > /dev/full', BACKTEST, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["help", "schema", "show", "backtest", "explain"])
def test_a_reader_that_has_read_enough_is_no_failure(tmp_path: Path, name: str) -> None:
    done = shell('set -o pipefail; "$@" | head -n 1', COMMANDS[name], tmp_path)

    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "error" not in done.stderr


@pytest.mark.parametrize("name", ["backtest", "explain"])
def test_a_piped_table_has_no_blanks_at_the_ends_of_its_lines(tmp_path: Path, name: str) -> None:
    lines = shell('"$@"', COMMANDS[name], tmp_path).stdout.splitlines()

    assert lines
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("umask", "folder", "file"), [(0o077, 0o700, 0o600), (0o022, 0o755, 0o644), (0o002, 0o775, 0o664)]
)
def test_a_run_folder_has_the_rights_that_the_umask_gives(tmp_path: Path, umask: int, folder: int, file: int) -> None:
    out = tmp_path / "runs"

    done = shell(f'umask {umask:03o}; "$@"', tuple(word for word in BACKTEST if word != "--no-report"), out)

    assert done.returncode == 0
    (run,) = out.iterdir()
    assert [oct(path.stat().st_mode & 0o777) for path in (out, run)] == [oct(folder)] * 2
    rights = {path.name: oct(path.stat().st_mode & 0o777) for path in run.iterdir()}
    assert rights == dict.fromkeys(rights, oct(file))
    assert {"summary.json", "config.json", "run.log", "report.html"} <= set(rights)
    assert os.listdir(out) == [run.name]  # noqa: PTH208 - hidden ones too
