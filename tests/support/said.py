"""All that the program says of the stored run folders, as text: so that what it said before can be held against it.

    python -m tests.support.said        writes `inputs/said/` anew: only where what is said is meant to change

Floating numbers are cut to nine digits, since other machines' sums may differ in the last ones; the place of the
folder, and when its files were written, are left out. Of a report it is the words and what is drawn, not the page.
"""

import hashlib
import html
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from engine.dashboard import pages
from engine.dashboard.board import Board
from engine.record.run_record import read_run
from engine.report.html import page
from engine.wiring.analysis.export import EXPORTS, export_run
from tests.support.command import call_command

INPUTS = Path(__file__).parent / "inputs"
SAID = INPUTS / "said"
STORED: Mapping[str, Path] = {
    "backtest": INPUTS / "24a97b0" / "runs" / "backtest-rotation-20261128T000000Z",
    "paper-simulated": INPUTS / "24a97b0" / "runs" / "paper-rotation-simulated",
    "paper-on-an-exchange": INPUTS / "24a97b0" / "runs" / "paper-rotation-binance-testnet",
    "backtest-without-a-journal": INPUTS / "1b666dd" / "runs" / "backtest-rotation-20261127T212833Z",
    "older-paper-simulated": INPUTS / "1b666dd" / "runs" / "paper-rotation-simulated",
    "older-paper-on-an-exchange": INPUTS / "1b666dd" / "runs" / "paper-rotation-binance-testnet",
}
WRITTEN = 1_800_000_000
"""When the copies' files are made to look as if they were written, in seconds since 1970."""
SHOWN = ("review", "list")
"""Of these there is the text, of the others a digest."""
NUMBER = re.compile(r"-?\d+\.\d{6,}(e[+-]?\d+)?")


def said_of(folder: Path) -> str:
    """Give the words of a review and its place in the list, and of all else that is said a digest."""
    with tempfile.TemporaryDirectory() as name, mock.patch.object(page, "plotly_script", return_value=""):
        runs = Path(name) / "runs"
        copy = Path(shutil.copytree(folder, runs / folder.name))
        for path in (*copy.iterdir(), copy):
            os.utime(path, (WRITTEN, WRITTEN))
        texts = {what: say(copy).replace(str(runs), "RUNS") for what, say in SAYINGS.items()}
    digests = {what: hashlib.sha256(text.encode()).hexdigest() for what, text in texts.items() if what not in SHOWN}
    return "\n".join([*(f"{what}: {digest}" for what, digest in digests.items()), *(texts[what] for what in SHOWN)])


def _command(*arguments: str) -> Callable[[Path], str]:
    def say(folder: Path) -> str:
        given = [str(folder) if each == "RUN" else each for each in arguments]
        outcome = call_command(*given, "--out", str(folder.parent))
        return f"{outcome.stdout}{outcome.stderr}exit code {outcome.exit_code}\n"

    return say


def _verify(folder: Path) -> str:
    outcome = call_command("verify", str(folder))
    return f"{outcome.stdout}{outcome.stderr}exit code {outcome.exit_code}\n"


def _values(*arguments: str) -> Callable[[Path], str]:
    say = _command(*arguments, "--json")
    return lambda folder: _listed(json.loads(say(folder).rpartition("exit code")[0]))


def _export(kind: str) -> Callable[[Path], str]:
    def say(folder: Path) -> str:
        text = io.StringIO()
        export_run(folder, kind, to=text)
        return text.getvalue()

    return say


def _report(folder: Path) -> str:
    made = page.report_html(read_run(folder))
    (content,) = re.findall(r'<script type="application/json" id="content">(.*?)</script>', made, flags=re.DOTALL)
    return f"{_words(made)}\n{_listed(json.loads(content))}"


def _dashboard(folder: Path) -> str:
    board = Board(folder.parent)
    view = board.run(folder.name)
    assert view is not None
    return _words(pages.run_fragment(view)) + _words(pages.runs_fragment(board.folders.rows(), out="runs"))


SAYINGS: Mapping[str, Callable[[Path], str]] = {
    "review": _command("review", "RUN"),
    "json": _values("review", "RUN"),
    "part": _values("review", "RUN", "--from", "2020-11-09", "--to", "2020-11-30", "--symbol", "ETH", "--last", "3"),
    "list": _values("review", "--list"),
    "comparison": _values("review", "RUN", "RUN"),
    "verify": _verify,
    **{kind: _export(kind) for kind in EXPORTS},
    "report": _report,
    "dashboard": _dashboard,
}


def _words(made: str) -> str:
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", made, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def _listed(content: Any) -> str:
    return NUMBER.sub(lambda found: f"{float(found[0]):.9g}", json.dumps(content, indent=1, ensure_ascii=False))


def main() -> None:
    """Write down what is said now."""
    SAID.mkdir(exist_ok=True)
    for what, folder in STORED.items():
        (SAID / f"{what}.txt").write_text(said_of(folder), encoding="utf-8")


if __name__ == "__main__":
    main()
