"""Which folder a paper run takes up, and under which configuration it may."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import ConfigError
from engine.core.events import Event, RunEnded, RunStarted
from engine.journal.sqlite import SqliteJournal
from engine.settings.config import Config
from engine.settings.reading import build_config
from engine.settings.registry import params_of
from engine.wiring.live.paper_folder import as_begun, check_label, make_folder, paper_folder, paper_journal

AT = datetime(2024, 1, 2, tzinfo=UTC)


def config_of(values: dict[str, Any]) -> Config:
    return build_config(values, params_of)


@contextmanager
def opened(config: Config, out: Path) -> Iterator[SqliteJournal]:
    make_folder(paper_folder(config, out))
    with paper_journal(config, paper_folder(config, out), at=AT, accept_config=False) as store:
        yield store


def begin(config: Config, out: Path, *events: Event) -> Path:
    with opened(config, out) as store:
        store.append_all(events or (RunEnded(last_day=AT.date()),))
    return paper_folder(config, out)


def edit(path: Path, **changes: Any) -> None:
    """Change sections of a `config.json`; a key that is set to Ellipsis is taken out."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for section, keys in changes.items():
        for key, value in keys.items():
            if value is ...:
                del content[section][key]
            else:
                content[section][key] = value
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_name_written_out_and_none_are_the_same_folder_and_configuration(tmp_path: Path) -> None:
    folder = begin(config_of({"name": "rotation"}), tmp_path)

    with opened(config_of({"name": None}), tmp_path) as store:
        assert len(store) == 1

    assert [path.name for path in tmp_path.iterdir()] == ["paper-rotation-simulated"]
    assert not (folder / "config-history.jsonl").exists()


def test_a_key_that_came_since_is_no_difference_and_no_other_configuration(tmp_path: Path) -> None:
    folder = begin(config_of({}), tmp_path)
    edit(folder / "config.json", data={"max_stale_sessions": ...}, strategy={"min_history_days": ...})

    with opened(config_of({}), tmp_path):
        pass

    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["data"]["max_stale_sessions"] == 3
    assert not (folder / "config-history.jsonl").exists()


def test_a_key_that_came_since_and_is_set_to_another_value_is_a_difference(tmp_path: Path) -> None:
    folder = begin(config_of({}), tmp_path)
    edit(folder / "config.json", data={"max_stale_sessions": ...})

    with (
        pytest.raises(ConfigError, match=r"data\.max_stale_sessions was 3, is 2"),
        opened(config_of({"data": {"max_stale_sessions": 2}}), tmp_path),
    ):
        pass


def test_a_coin_that_was_taken_out_of_the_basket_is_a_difference_still(tmp_path: Path) -> None:
    folder = begin(config_of({}), tmp_path)
    edit(folder / "config.json", strategy={"basket": {}})

    with pytest.raises(ConfigError, match=r"strategy\.basket\.ETH was None"), opened(config_of({}), tmp_path):
        pass


def test_a_kept_configuration_that_todays_program_would_not_take_is_compared_as_it_is(tmp_path: Path) -> None:
    folder = begin(config_of({}), tmp_path)
    edit(folder / "config.json", data={"crypto": "a provider of old"})

    with pytest.raises(ConfigError, match=r"data\.crypto was 'a provider of old'"), opened(config_of({}), tmp_path):
        pass


def test_blanks_of_a_name_are_hyphens_in_the_folders_but_an_older_folder_goes_on(tmp_path: Path) -> None:
    config = config_of({"name": "my bot"})

    assert paper_folder(config, tmp_path).name == "paper-my-bot-simulated"
    (tmp_path / "older" / "paper-my bot-simulated").mkdir(parents=True)
    assert paper_folder(config, tmp_path / "older").name == "paper-my bot-simulated"


def test_a_run_of_another_strategy_that_was_begun_when_every_name_was_rotation_goes_on(tmp_path: Path) -> None:
    begun, now = ({"name": name, "strategy": {"name": "hold"}} for name in ("rotation", None))
    begin(config_of(begun), tmp_path)

    assert as_begun(config_of(now), tmp_path) == config_of(begun)
    # Not into the folder of another strategy, nor past a folder of its own.
    timing = config_of({"strategy": {"name": "macd_timing"}})
    assert as_begun(timing, tmp_path) == timing
    begin(config_of(now), tmp_path)
    assert as_begun(config_of(now), tmp_path).name == "hold"


def test_a_run_keeps_the_label_of_its_first_start(tmp_path: Path) -> None:
    started = RunStarted(first_day=AT.date(), cash=Decimal(1), quote="USDT", core="BTC", label="first")
    folder = begin(config_of({}), tmp_path, started)

    check_label(folder, "first")
    check_label(folder, "")
    with pytest.raises(ConfigError, match=r"--label 'other': .* began under the label 'first', which it keeps"):
        check_label(folder, "other")


def test_a_run_that_began_without_a_label_gets_none_later(tmp_path: Path) -> None:
    folder = begin(config_of({}), tmp_path)

    check_label(tmp_path / "not begun", "late")
    with pytest.raises(ConfigError, match="began without a label"):
        check_label(folder, "late")
