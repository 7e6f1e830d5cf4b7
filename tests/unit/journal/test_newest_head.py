"""The head that is kept outside a journal's folder."""

from pathlib import Path

import pytest

from engine.journal.chain import Head
from engine.journal.newest_head import NewestHead

HEAD, LATER = Head(sequence=3, hash="a" * 64), Head(sequence=4, hash="b" * 64)


def test_the_head_kept_last_is_known_and_no_other(tmp_path: Path) -> None:
    newest = NewestHead(tmp_path / "state" / "heads", tmp_path / "journal.sqlite")

    assert not newest.is_known_as(HEAD)
    newest.keep(HEAD)
    assert newest.is_known_as(HEAD)
    newest.keep(LATER)
    assert newest.is_known_as(LATER)
    assert not newest.is_known_as(HEAD)


def test_each_journal_has_its_own(tmp_path: Path) -> None:
    one, other = (NewestHead(tmp_path / "heads", tmp_path / name / "journal.sqlite") for name in ("one", "other"))

    one.keep(HEAD)

    assert not other.is_known_as(HEAD)


def test_a_folder_named_by_another_way_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    NewestHead(tmp_path / "heads", tmp_path / "run" / "journal.sqlite").keep(HEAD)

    assert NewestHead(tmp_path / "heads", tmp_path / "link" / "journal.sqlite").is_known_as(HEAD)


def test_without_a_folder_nothing_is_known(tmp_path: Path) -> None:
    newest = NewestHead(None, tmp_path / "journal.sqlite")

    newest.keep(HEAD)

    assert not newest.is_known_as(HEAD)


def test_what_cannot_be_written_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "heads").write_text("a file", encoding="utf-8")
    newest = NewestHead(tmp_path / "heads", tmp_path / "journal.sqlite")

    newest.keep(HEAD)

    assert not newest.is_known_as(HEAD)


def test_a_head_that_could_not_be_followed_by_a_later_one_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = NewestHead(tmp_path / "heads", tmp_path / "journal.sqlite")
    newest.keep(HEAD)

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.journal.newest_head.fresh_file", full)
    newest.keep(LATER)

    assert not newest.is_known_as(HEAD)
    assert not newest.is_known_as(LATER)
