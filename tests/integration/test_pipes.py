"""A pipe in place of a user's file is refused in a sentence, and not waited for."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from engine.core.errors import EngineError
from engine.data.csv_files import read_csv_bars
from engine.data.csv_values import CsvValues
from engine.data.series_table import series_rule
from engine.record.file_reading import text_of
from engine.settings.reading import build_config, read_values
from engine.settings.registry import params_of
from engine.venues.binance.credentials import read_credentials
from engine.venues.binance.keys import KEY_VARIABLE, SECRET_VARIABLE
from engine.wiring.practice.exchange import practice_market

NO_FILE = "it is a pipe, a device or the like, and no regular file"
READERS: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "configuration": ("bot.yaml", read_values, NO_FILE),
    "bars": ("BTC.csv", lambda path: read_csv_bars(path, "BTC", index=False), NO_FILE),
    "bars of an exchange": ("BTC.csv", lambda path: practice_market(path.parent), NO_FILE),
    "series": ("WALCL.csv", lambda path: CsvValues(path.parent, series_rule).load("WALCL"), NO_FILE),
    "keys": (
        ".env",
        lambda path: read_credentials({}, dotenv=path),
        "cannot be read; a UTF-8 text of NAME=value lines",
    ),
    "private key": (
        "key.pem",
        lambda path: read_credentials({KEY_VARIABLE: "k", SECRET_VARIABLE: str(path)}, dotenv=None),
        NO_FILE,
    ),
    "record": ("summary.json", text_of, NO_FILE),
    "strategy": (
        "own.py",
        lambda path: build_config({"strategy": {"name": "own"}}, partial(params_of, folder=path.parent)),
        "own: own cannot be loaded",
    ),
}


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Make a pipe into which somebody writes, so that reading it would fail this test and not hang it."""
    made: list[Path] = []

    def write(path: Path) -> None:
        with suppress(BrokenPipeError):
            path.write_bytes(b"x\n")

    def make(name: str) -> Path:
        path = tmp_path / name
        os.mkfifo(path)
        made.append(path)
        threading.Thread(target=write, args=(path,), daemon=True).start()
        return path

    yield make
    for path in made:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("what", READERS)
def test_a_pipe_is_not_read_and_the_sentence_names_it(what: str, pipe: Callable[[str], Path]) -> None:
    name, read, sentence = READERS[what]
    path = pipe(name)

    with pytest.raises(EngineError) as refused:
        read(path)

    assert sentence in str(refused.value)
    assert (SECRET_VARIABLE if what == "private key" else path.stem) in str(refused.value)


def test_a_pipe_that_a_shell_has_opened_for_the_program_is_read() -> None:
    # As in `backtest <(sed … bot.yaml)`.
    reading, writing = os.pipe()
    os.write(writing, b"name: handed over\n")
    os.close(writing)

    try:
        assert read_values(Path(f"/dev/fd/{reading}")) == {"name": "handed over"}
    finally:
        os.close(reading)
