"""The ready configurations: each says its claim and its rows, is what it says, and runs on the sample."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.core.context import OffersSystems, systems_of
from engine.core.rule import System
from engine.settings.reading import build_config, read_values
from engine.settings.registry import params_of, strategy_of
from tests.support.command import ROOT, call_command, only_run_folder

CONFIGS = sorted(path for path in (ROOT / "config").glob("*.yaml") if path.name != "rotation.yaml")
ROW = re.compile(r"\b00[0-4]-\d{1,2}\b")
SAMPLE = ("--set=data.crypto=sample", "--set=data.index=sample", "--from=2020-06-01", "--to=2021-05-31")
ARTICLES = {"000", "001", "002", "003", "004"}


def strategy_in(path: Path) -> OffersSystems:
    strategy = strategy_of(build_config(read_values(path), params_of))
    assert isinstance(strategy, OffersSystems)
    return strategy


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_names_itself_and_sets_its_strategy_alone(path: Path) -> None:
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))

    assert set(values) == {"name", "strategy"}
    assert values["name"] == path.stem


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_says_its_claim_with_rows_and_each_systems_rows_beside_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))

    assert ROW.findall(head)
    assert "claim" in head
    for each in systems_of(strategy_in(path), every=False):
        assert isinstance(each.rule, System)
        line = next(line for line in text.splitlines() if re.match(rf"\s*- .*\b{each.name}\b", line))
        assert set(ROW.findall(line)) & set(each.rule.rows), line
        assert set(ROW.findall(line)) <= {*each.rule.rows, "001-3"}, line


def test_every_article_has_its_recipe() -> None:
    assert {row[:3] for path in CONFIGS for row in ROW.findall(path.read_text(encoding="utf-8"))} == ARTICLES
    assert len(CONFIGS) >= len(ARTICLES)


def test_the_readme_lists_them() -> None:
    listed = re.findall(r"^\| `config/([\w-]+)\.yaml`", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(listed) == [path.stem for path in CONFIGS]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_runs_on_the_sample(path: Path, tmp_path: Path) -> None:
    ended = call_command("backtest", path, "--no-report", "--out", tmp_path, *SAMPLE)

    assert ended.exit_code == 0, ended.stderr
    folder = only_run_folder(tmp_path)
    assert folder.name.startswith(f"backtest-{path.stem}-")
    used = [each.name for each in systems_of(strategy_in(path), every=False)]
    assert (folder / "context.csv").exists() == bool(used)
    rules = json.loads((folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()[0])["rules"]
    assert set(used) <= set(rules)
    assert all(rules[name]["holds"] is not None for name in used), "on the sample every series is there"
