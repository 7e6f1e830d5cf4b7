"""Bad input as users make it: one sentence, the exit code of the interface, and nothing left behind.

Most cases call the command's entry point in this process, because there are many; a few are processes of their own.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import (
    HEADER,
    call_command,
    entries_below,
    error_sentence,
    run_command,
    small_configuration,
    write_small_market,
)

CONFIGURATION, DATA = 2, 3
"""Exit codes of the interface."""

LINE = 29
"""A line of ETH.csv; line 2 is 2015-01-05, so this one is 2015-02-01."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A folder, the working directory, with `prices/`, a good market, and `bot.yaml`, a good configuration for it."""

    folder: Path

    def configure(self, values: Mapping[str, Any]) -> None:
        (self.folder / "bot.yaml").write_text(yaml.safe_dump(dict(values), sort_keys=False), encoding="utf-8")

    def lines(self, name: str) -> list[str]:
        return (self.folder / "prices" / name).read_text(encoding="utf-8").splitlines()

    def put_lines(self, name: str, lines: Sequence[str]) -> None:
        (self.folder / "prices" / name).write_text("\n".join([*lines, ""]), encoding="utf-8")

    def refused(self, *arguments: str | Path, exit_code: int) -> str:
        """Run a command that must fail and leave no trace; give its sentence."""
        before = entries_below(self.folder)

        sentence = error_sentence(call_command(*arguments), exit_code=exit_code)

        assert entries_below(self.folder) == before
        assert "\n" not in sentence
        return sentence

    def backtest_refused(self, *options: str | Path, exit_code: int) -> str:
        return self.refused("backtest", "bot.yaml", "--out", "runs/of/today", *options, exit_code=exit_code)


@pytest.fixture(scope="session")
def good_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "prices"
    write_small_market(folder)
    return folder


@pytest.fixture
def desk(tmp_path: Path, good_market: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    shutil.copytree(good_market, tmp_path / "prices")
    monkeypatch.chdir(tmp_path)
    desk = Desk(folder=tmp_path)
    desk.configure(small_configuration(Path("prices")))
    return desk


def test_the_market_and_the_configuration_that_are_spoiled_below_are_good(desk: Desk) -> None:
    done = call_command("backtest", "bot.yaml", "--out", "runs/of/today")

    assert (done.exit_code, done.stderr) == (0, "")
    assert len(list((desk.folder / "runs/of/today").iterdir())) == 1


# ---- the configuration file


FILES: Mapping[str, tuple[str | bytes, Sequence[str]]] = {
    "an open bracket": ("name: a\nstrategy:\n  basket: {ETH: 0.5\n", ["bot.yaml, line 4", "YAML"]),
    "a tab": ("name: a\nstrategy:\n\tcore: BTC\n", ["bot.yaml, line 3", "YAML"]),
    "two colons": ("name: a: b\n", ["bot.yaml, line 1", "YAML"]),
    "a percent sign": ("costs: {slippage: %5}\n", ["bot.yaml, line 1", "YAML"]),
    "a key twice": ("name: a\nwindow: {}\nname: b\n", ["bot.yaml, line 3", "'name' is given twice"]),
    "a list": ("- name\n- strategy\n", ["bot.yaml", "a list", "keys with values"]),
    "a sentence": ("hold bitcoin\n", ["bot.yaml", "keys with values"]),
    "a number": ("5\n", ["bot.yaml", "keys with values"]),
    "a day that does not exist": ("window: {from: 2018-02-30}\n", ["bot.yaml", "2018-02-30", "2018-01-31"]),
    "two documents": ("name: a\n---\nname: b\n", ["bot.yaml, line 2", "YAML"]),
    "a Python object": ("name: !!python/object/apply:os.getcwd []\n", ["bot.yaml, line 1", "YAML"]),
    "a control character": ("name: a\x01\n", ["bot.yaml", "YAML"]),
    "UTF-16": ("name: a\n".encode("utf-16"), ["bot.yaml", "UTF-8"]),
    "a number as a key": ("strategy: {5: BTC}\n", ["strategy: key 5", "text is wanted"]),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_configuration(desk: Desk, case: str) -> None:
    content, words = FILES[case]
    (desk.folder / "bot.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())

    assert_says(desk.backtest_refused(exit_code=CONFIGURATION), words)


def test_a_configuration_that_is_not_there(desk: Desk) -> None:
    sentence = desk.refused("backtest", "bto.yaml", "--out", "runs", exit_code=CONFIGURATION)

    assert_says(sentence, ["bto.yaml", "No such file", "config/rotation.yaml"])


def test_a_configuration_that_is_a_folder(desk: Desk) -> None:
    sentence = desk.refused("backtest", "prices", "--out", "runs", exit_code=CONFIGURATION)

    assert_says(sentence, ["prices", "Is a directory", "config/rotation.yaml"])


def test_prices_given_for_a_configuration(desk: Desk) -> None:
    sentence = desk.refused("backtest", "prices/BTC.csv", "--out", "runs", exit_code=CONFIGURATION)

    assert_says(sentence, ["prices/BTC.csv", "keys with values"])


# ---- its keys and values: the key, the value as YAML, and what the sentence must name


UNKNOWN_KEYS = [
    ("stratgy", "{}", ["stratgy", "unknown key", "strategy"]),
    ("windw.from", "2018-01-01", ["windw", "unknown key", "window"]),
    ("strategy.hold_week", "18", ["strategy.hold_week", "unknown key", "hold_weeks"]),
    ("strategy.macd.fats", "12", ["strategy.macd.fats", "unknown key", "fast"]),
    ("strategy.breakout.lookback", "5", ["strategy.breakout.lookback", "unknown key", "lookback_years"]),
    ("data.csvdir", "prices", ["data.csvdir", "unknown key", "csv_dir"]),
    ("account.instruments.ETH", "{lotstep: 1}", ["account.instruments.ETH.lotstep", "unknown key", "lot_step"]),
    ("qqq", "1", ["qqq", "unknown key", "strategy", "window", "account", "costs"]),
]
WRONG_TYPES = [
    ("strategy.hold_weeks", "many", ["strategy.hold_weeks", "many", "whole number"]),
    ("strategy.hold_weeks", "18 weeks", ["strategy.hold_weeks", "18 weeks", "whole number"]),
    ("strategy.hold_weeks", "true", ["strategy.hold_weeks", "true", "whole number"]),
    ("strategy.hold_weeks", "18.0", ["strategy.hold_weeks", "18.0", "whole number"]),
    ("strategy.hold_weeks", "null", ["strategy.hold_weeks", "null", "whole number"]),
    ("strategy.hold_weeks", "[18]", ["strategy.hold_weeks", "[18]", "whole number"]),
    ("strategy.cash_reserve", "0.5%", ["strategy.cash_reserve", "0.5%", "number"]),
    ("strategy.cash_reserve", "0,005", ["strategy.cash_reserve", "0,005", "number"]),
    ("strategy.core", "5", ["strategy.core", "5", "text"]),
    ("strategy.core", "[BTC]", ["strategy.core", "['BTC']", "text"]),
    ("strategy.macd", "12", ["strategy.macd", "12", "keys with values"]),
    ("strategy.macd", "[12, 26, 9]", ["strategy.macd", "[12, 26, 9]", "keys with values"]),
    ("strategy.basket", "[ETH]", ["strategy.basket", "['ETH']", "keys with values"]),
    ("strategy.basket", "{ETH: half}", ["strategy.basket.ETH", "half", "number"]),
    ("strategy.basket", "{ETH: true}", ["strategy.basket.ETH", "true", "number"]),
    ("strategy.basket", "{1: 1.0}", ["strategy.basket", "key 1", "text"]),
    ("strategy.basket_equal", "SOL", ["strategy.basket_equal", "SOL", "a list"]),
    ("strategy.basket_equal", "{SOL: 1}", ["strategy.basket_equal", "SOL", "a list"]),
    ("strategy.confirmations", "blue_sky", ["strategy.confirmations", "blue_sky", "a list"]),
    ("strategy", "rotation", ["strategy", "'rotation'", "keys with values"]),
    ("strategy.name", "5", ["strategy.name", "5", "a file in strategies/"]),
    ("window", "2018", ["window", "2018", "keys with values"]),
    ("window.from", "2018", ["window.from", "2018", "a date like 2018-01-31"]),
    ("window.from", "01.02.2018", ["window.from", "01.02.2018", "a date like 2018-01-31"]),
    ("window.from", "yesterday", ["window.from", "yesterday", "a date like 2018-01-31"]),
    ("window.from", "2018-01-01 10:00:00", ["window.from", "2018-01-01 10:00:00", "a date like 2018-01-31"]),
    ("window.from", "null", ["window.from", "null", "like 2018-01-31"]),
    ("window.from", "'2018-02-30'", ["window.from", "2018-02-30", "calendar", "2018-01-31"]),
    ("account", "100000", ["account", "100000", "keys with values"]),
    ("account.cash", "lots", ["account.cash", "lots", "number"]),
    ("account.cash", "true", ["account.cash", "true", "number"]),
    ("account.instruments", "[ETH]", ["account.instruments", "['ETH']", "keys with values"]),
    ("account.instruments", "{ETH: 5}", ["account.instruments.ETH", "5", "keys with values"]),
    ("account.instruments", "{ETH: {}}", ["account.instruments.ETH.lot_step", "missing"]),
    ("data.csv_dir", "5", ["data.csv_dir", "5", "folder"]),
    ("data.csv_dir", '"a\\0b"', ["data.csv_dir", "zero byte"]),
    ("live.poll_seconds", "fast", ["live.poll_seconds", "fast", "number"]),
    ("notify", "me@example.org", ["notify", "me@example.org", "a list"]),
    ("name", "5", ["name", "5", "text"]),
    ("name", "[a]", ["name", "text"]),
]
NOT_ALLOWED = [
    ("strategy.basket", "{ETH: 0.6, BTC: 0.6}", ["strategy.basket", "1.2", "at most 1"]),
    ("strategy.basket", "{ETH: 1.5}", ["strategy.basket.ETH", "1.5", "up to 1"]),
    ("strategy.basket", "{ETH: -0.5}", ["strategy.basket.ETH", "-0.5", "above 0"]),
    ("strategy.basket", "{ETH: 0}", ["strategy.basket.ETH", "0", "above 0"]),
    ("strategy.basket", "{ETH: .nan}", ["strategy.basket.ETH", "nan"]),
    ("strategy.basket", "{ETH: 0.5}", ["strategy.basket", "0.5", "1 is wanted", "basket_equal"]),
    ("strategy.basket", "{}", ["strategy.basket", "add up to 0", "basket_equal"]),
    ("strategy.basket", "{ETH: 0.5, RUT: 0.5}", ["strategy.index", "RUT", "only looked at"]),
    ("strategy.basket", "{ETH: 0.5, PEPE: 0.5}", ["account.instruments", "PEPE", "lot_step"]),
    ("strategy.core", "PEPE", ["account.instruments", "PEPE", "lot_step"]),
    ("strategy.index", "BTC", ["strategy.index", "BTC", "only looked at"]),
    ("strategy.name", "Rotation", ["strategy.name", "'Rotation'", "did you mean rotation?", "hold, macd_timing"]),
    ("strategy.name", "momentum", ["strategy.name", "'momentum'", "hold, macd_timing, rotation"]),
    ("strategy.name", "''", ["strategy.name", "''", "hold, macd_timing, rotation"]),
    ("strategy.confirmations", "[bluesky]", ["strategy.confirmations", "'bluesky'", "did you mean blue_sky?"]),
    ("strategy.confirmations", "[moon]", ["strategy.confirmations", "'moon'", "blue_sky"]),
    ("strategy.exit_to", "bonds", ["strategy.exit_to", "bonds", "'core' or 'cash'"]),
    ("strategy.hold_weeks", "0", ["strategy.hold_weeks", "0", "greater than or equal to 1"]),
    ("strategy.cash_reserve", "1", ["strategy.cash_reserve", "1", "less than 1"]),
    ("strategy.rebalance_drift", "0", ["strategy.rebalance_drift", "0", "greater than 0"]),
    ("strategy.breakout", "{mode: fixed}", ["strategy.breakout.level", "null", "mode fixed"]),
    ("strategy.breakout", "{mode: fixed, level: -5}", ["strategy.breakout.level", "-5", "greater than 0"]),
    ("strategy.breakout.mode", "manual", ["strategy.breakout.mode", "manual", "'auto' or 'fixed'"]),
    ("strategy.breakout.lookback_years", "1", ["strategy.breakout.lookback_years", "1", "equal to 2"]),
    ("strategy.breakout.lookback_years", "2.5", ["strategy.breakout.lookback_years", "2.5", "whole number"]),
    ("strategy.breakout.min_age_weeks", "105", ["strategy.breakout.min_age_weeks", "105", "lookback_years"]),
    ("strategy.macd.fast", "6", ["strategy.macd.fast", "6", "below strategy.macd.slow 6"]),
    ("strategy.macd.fast", "26", ["strategy.macd.fast", "26", "below strategy.macd.slow 6"]),
    ("strategy.macd.fast", "0", ["strategy.macd.fast", "0", "equal to 1"]),
    ("window", "{from: 2017-01-01, to: 2016-01-01}", ["window.to 2016-01-01", "window.from 2017-01-01"]),
    ("account.cash", "-1", ["account.cash", "-1", "greater than 0"]),
    ("account.cash", ".inf", ["account.cash", ".inf", "finite"]),
    ("account.quote", "usdt", ["account.quote", "usdt", "capital letters"]),
    ("account.instruments", "{ETH: {lot_step: 0}}", ["account.instruments.ETH.lot_step", "0", "greater than 0"]),
    (
        "account.instruments",
        "{ETH: {lot_step: 0.01, maximum_quantity: 0.001}}",
        ["account.instruments.ETH", "maximum_quantity", "0.001", "0.01"],
    ),
    ("costs.commission", "1", ["costs.commission", "1", "less than 1"]),
    ("costs.slippage", "0.999999999", ["costs.slippage", "0.999999999", "less than or equal to 0.99"]),
    ("costs.slippage", "-0.1", ["costs.slippage", "-0.1", "equal to 0"]),
    ("data.crypto", "kraken", ["data.crypto", "kraken", "'binance'", "'csv'", "'sample'"]),
    ("data.crypto", "venue", ["data.crypto", "venue", "paper"]),
    ("data.crypto", "sample", ["data.crypto sample", "data.index csv", "never mixed"]),
    ("data.index", "sample", ["data.index sample", "data.crypto csv", "never mixed"]),
    ("data.index", "binance", ["data.index", "binance", "'yahoo'", "'csv'"]),
    ("data.csv_dir", "null", ["data.csv_dir", "null", "folder of the CSV files"]),
    ("data.max_stale_sessions", "-1", ["data.max_stale_sessions", "-1", "equal to 0"]),
    ("venue.name", "binance", ["venue.name", "binance", "'simulated'", "'binance-testnet'"]),
    ("venue.base_url", "ftp://localhost", ["venue.base_url", "ftp://localhost", "an address like"]),
    ("name", "a/b", ["name", "a/b", "without /"]),
    ("name", "''", ["name", "at least 1 character"]),
    ("name", "x" * 65, ["name", "at most 64 characters"]),
]
VALUES = [
    pytest.param(path, text, words, id=f"{path}={text[:40]}")
    for path, text, words in (*UNKNOWN_KEYS, *WRONG_TYPES, *NOT_ALLOWED)
]


@pytest.mark.parametrize(("path", "text", "words"), VALUES)
def test_a_wrong_value_in_the_file(desk: Desk, path: str, text: str, words: Sequence[str]) -> None:
    desk.configure(with_value(small_configuration(Path("prices")), path, yaml.safe_load(text)))

    assert_says(desk.backtest_refused(exit_code=CONFIGURATION), words)


@pytest.mark.parametrize(("path", "text", "words"), VALUES)
def test_a_wrong_value_by_set(desk: Desk, path: str, text: str, words: Sequence[str]) -> None:
    assert_says(desk.backtest_refused("--set", f"{path}={text}", exit_code=CONFIGURATION), words)


def test_a_coin_in_the_basket_twice(desk: Desk) -> None:
    basket = ["--set", "strategy.basket={ETH: 0.5}"]

    beside_its_weight = desk.backtest_refused(
        *basket, "--set", "strategy.basket_equal=[SOL, ETH]", exit_code=CONFIGURATION
    )
    within_the_list = desk.backtest_refused(
        *basket, "--set", "strategy.basket_equal=[SOL, SOL]", exit_code=CONFIGURATION
    )
    within_the_weights = desk.backtest_refused("--set", "strategy.basket={ETH: 0.5, ETH: 0.5}", exit_code=CONFIGURATION)

    assert_says(beside_its_weight, ["strategy.basket_equal", "ETH", "twice"])
    assert_says(within_the_list, ["strategy.basket_equal", "SOL", "twice"])
    assert_says(within_the_weights, ["--set strategy.basket", "'ETH' is given twice"])


@pytest.mark.parametrize("command", [("backtest",), ("config", "show")])
def test_an_account_kept_in_what_is_traded(desk: Desk, command: tuple[str, ...]) -> None:
    sentence = desk.refused(*command, "bot.yaml", "--set", "account.quote=BTC", exit_code=CONFIGURATION)

    assert_says(sentence, ["account.quote", "BTC", "USDT"])


def test_config_show_refuses_what_backtest_refuses(desk: Desk) -> None:
    sentence = desk.refused("config", "show", "bot.yaml", "--set", "strategy.hold_week=3", exit_code=CONFIGURATION)

    assert_says(sentence, ["strategy.hold_week", "hold_weeks"])


# ---- options


OPTIONS = [
    (["--set", "strategy.hold_weeks"], ["--set 'strategy.hold_weeks'", "key.path=value"]),
    (["--set", "=5"], ["--set '=5'", "key.path=value"]),
    (["--set", "strategy..core=BTC"], ["--set 'strategy..core=BTC'", "key.path=value"]),
    (["--set", "strategy.hold_weeks.x=5"], ["--set 'strategy.hold_weeks.x=5'", "strategy.hold_weeks is 6"]),
    (["--set", "strategy.macd={fast: 5"], ["--set strategy.macd", "YAML"]),
    (["--set", "window.from=2018-02-30"], ["--set window.from", "2018-02-30"]),
    (["--from", "2017-02-30"], ["--from '2017-02-30'", "2018-01-31"]),
    (["--from", "2017"], ["--from '2017'", "2018-01-31"]),
    (["--from", "20170101"], ["--from '20170101'", "2018-01-31"]),
    (["--to", "yesterday"], ["--to 'yesterday'", "2018-01-31"]),
    (["--to", ""], ["--to ''", "2018-01-31"]),
    (["--to", "[2017-01-01"], ["--to '[2017-01-01'", "2018-01-31"]),
    (["--from", "2017-06-01", "--to", "2016-06-01"], ["window.to 2016-06-01", "window.from 2017-06-01"]),
    (["--to", "2014-12-31"], ["window.to 2014-12-31", "window.from 2015-01-05"]),
    (["--form", "2017-01-01"], ["--form", "--from", "--help"]),
    (["--quiet=5"], ["--quiet", "--help"]),
    (["second.yaml"], ["second.yaml", "--help"]),
    (["--from"], ["--from", "--help"]),
    (["--set"], ["--set", "--help"]),
]


@pytest.mark.parametrize(("options", "words"), [pytest.param(o, w, id=" ".join(o)) for o, w in OPTIONS])
def test_a_wrong_option(desk: Desk, options: Sequence[str], words: Sequence[str]) -> None:
    assert_says(desk.backtest_refused(*options, exit_code=CONFIGURATION), words)


USAGES = [
    (["backtset", "bot.yaml"], ["backtset", "backtest", "--help"]),
    (["--verison"], ["--verison", "--version", "--help"]),
    (["bot.yaml"], ["bot.yaml", "--help"]),
    (["parity"], ["CONFIG", "--help"]),
    (["config", "shwo", "bot.yaml"], ["shwo", "show", "--help"]),
    (["config", "show"], ["CONFIG", "--help"]),
    (["config", "schema", "bot.yaml"], ["bot.yaml", "--help"]),
]


@pytest.mark.parametrize(("arguments", "words"), [pytest.param(a, w, id=" ".join(a)) for a, w in USAGES])
def test_a_wrong_usage(desk: Desk, arguments: Sequence[str], words: Sequence[str]) -> None:
    assert_says(desk.refused(*arguments, exit_code=CONFIGURATION), words)


# ---- the window and the data


WINDOWS = [
    (["--from", "2013-01-01", "--to", "2013-06-01"], ["BTC", "2013-01-01 to 2013-06-01", "2015-05-25 to 2017-12-31"]),
    (["--from", "2018-01-01"], ["BTC", "2018-01-01 to the end", "2015-05-25 to 2017-12-31"]),
    # The warm-up of 20 weeks from Monday 2015-01-05 ends with Sunday 2015-05-24.
    (["--to", "2015-05-24"], ["BTC", "2015-01-05 to 2015-05-24", "2015-05-25 to 2017-12-31"]),
    (["--set", "strategy.macd.warmup_weeks=157"], ["BTC", "156 weeks", "157", "strategy.macd.warmup_weeks"]),
    (["--set", "strategy.breakout.min_age_weeks=104"], ["RUT", "2014-01-02 to 2017-12-29", "252", "min_age_weeks"]),
]


@pytest.mark.parametrize(("options", "words"), [pytest.param(o, w, id=" ".join(o)) for o, w in WINDOWS])
def test_a_window_without_a_day_to_decide(desk: Desk, options: Sequence[str], words: Sequence[str]) -> None:
    assert_says(desk.backtest_refused(*options, exit_code=DATA), words)


ROWS = [
    ("2015-02-01,1,2,1,nan,5", "close is nan"),
    ("2015-02-01,1,2,1,NaN,5", "close is NaN"),
    ("2015-02-01,1,2,1,,5", "close is empty"),
    ("2015-02-01,,2,1,1,5", "open is empty"),
    ("2015-02-01,1,2,1,n/a,5", "close 'n/a' is not a plain number"),
    ("2015-02-01,1,2,1,$1.5,5", "close '$1.5' is not a plain number"),
    ('2015-02-01,1,2,1,"1,000.5",5', "close '1,000.5' is not a plain number"),
    ("2015-02-01,1,2,1,1.5,lots", "volume 'lots' is not a plain number"),
    ("2015-02-01,1,2,1,-1.5,5", "close -1.5 is not a positive number"),
    ("2015-02-01,1,2,0,1.5,5", "low 0.0 is not a positive number"),
    ("2015-02-01,1,2,1,inf,5", "close inf"),
    ("2015-02-01,1,1,2,1,5", "high 1.0 is below low 2.0"),
    ("2015-02-01,1,2,1,3,5", "close 3.0 lies outside low 1.0 and high 2.0"),
    ("2015-02-01,1,2,1,1.5,-5", "volume -5.0 is negative"),
    ("2015-02-01,1,2,1,1.5", "5 columns where the header has 6"),
    ("2015-02-01,1,2,1,1.5,5,6", "7 columns where the header has 6"),
    ("2015-02-01;1;2;1;1.5;5", "where the header has 6"),
    ("", "is blank"),
    ("01/02/2015,1,2,1,1.5,5", "date '01/02/2015' is not of the form 2024-01-31"),
    ("1422748800,1,2,1,1.5,5", "date '1422748800' is not of the form 2024-01-31"),
    ("2015-02-01T00:00:00Z,1,2,1,1.5,5", "date '2015-02-01T00:00:00Z' is not of the form 2024-01-31"),
    ("2015-01-31,1,2,1,1.5,5", "date 2015-01-31 is given twice"),
    ("2015-01-30,1,2,1,1.5,5", "date 2015-01-30 comes after 2015-01-31"),
]


@pytest.mark.parametrize(("row", "reason"), [pytest.param(row, reason, id=row or "blank") for row, reason in ROWS])
@pytest.mark.parametrize("name", ["ETH.csv", "RUT.csv"])
def test_a_row_that_is_no_bar(desk: Desk, name: str, row: str, reason: str) -> None:
    if name == "RUT.csv":
        # The index has no rows on weekends: give it the days of the coin.
        desk.put_lines(name, desk.lines("ETH.csv"))
    lines = desk.lines(name)
    assert lines[LINE - 1].startswith("2015-02-01")
    lines[LINE - 1] = row
    desk.put_lines(name, lines)

    assert_says(desk.backtest_refused(exit_code=DATA), [f"prices/{name}, line {LINE}", reason])


def test_a_date_that_is_not_in_the_calendar(desk: Desk) -> None:
    lines = desk.lines("ETH.csv")
    lines[LINE - 1] = lines[LINE - 1].replace("2015-02-01", "2015-02-30")
    desk.put_lines("ETH.csv", lines)

    # A process of its own: a crash would take the tests along.
    ran = run_command("backtest", "bot.yaml", "--out", "runs", folder=desk.folder)

    assert_says(error_sentence(ran, exit_code=DATA), [f"prices/ETH.csv, line {LINE}", "2015-02-30", "calendar"])


def _without_file(name: str) -> Callable[[Desk], object]:
    return lambda desk: (desk.folder / "prices" / name).unlink()


def _with_content(name: str, content: str | bytes) -> Callable[[Desk], object]:
    encoded = content if isinstance(content, bytes) else content.encode()
    return lambda desk: (desk.folder / "prices" / name).write_bytes(encoded)


def _without_days(name: str, first: str, last: str) -> Callable[[Desk], object]:
    def spoil(desk: Desk) -> None:
        header, *rows = desk.lines(name)
        desk.put_lines(name, [header, *(row for row in rows if not first <= row[:10] <= last)])

    return spoil


def _with_header(name: str, header: str) -> Callable[[Desk], object]:
    return lambda desk: desk.put_lines(name, [header, *desk.lines(name)[1:]])


def _folder_in_its_place(desk: Desk) -> None:
    (desk.folder / "prices" / "ETH.csv").unlink()
    (desk.folder / "prices" / "ETH.csv").mkdir()


def _rows_swapped(desk: Desk) -> None:
    lines = desk.lines("ETH.csv")
    lines[LINE - 1], lines[LINE] = lines[LINE], lines[LINE - 1]
    desk.put_lines("ETH.csv", lines)


def _without_header(desk: Desk) -> None:
    desk.put_lines("ETH.csv", desk.lines("ETH.csv")[1:])


def _renamed(desk: Desk) -> None:
    prices = desk.folder / "prices"
    (prices / "ETH.csv").rename(prices / "ETHUSDT.csv")


def _another_folder_beside(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "prices")


def _file_for_the_folder(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "prices")
    (desk.folder / "prices").write_text(HEADER, encoding="utf-8")


def _empty_folder(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "prices")
    (desk.folder / "prices").mkdir()


def _separated_by_semicolons(desk: Desk) -> None:
    desk.put_lines("ETH.csv", [line.replace(",", ";") for line in desk.lines("ETH.csv")])


FAULTS: Mapping[str, tuple[Callable[[Desk], object], Sequence[str]]] = {
    "no file of a coin": (_without_file("ETH.csv"), ["prices/ETH.csv", "no such file", "BTC.csv", "RUT.csv"]),
    "no file of BTC": (_without_file("BTC.csv"), ["prices/BTC.csv", "no such file", "ETH.csv", "RUT.csv"]),
    "no file of the index": (_without_file("RUT.csv"), ["prices/RUT.csv", "no such file", "BTC.csv", "ETH.csv"]),
    "a file of another name": (_renamed, ["prices/ETH.csv", "no such file", "ETHUSDT.csv"]),
    "a folder for a file": (_folder_in_its_place, ["prices/ETH.csv", "is a folder"]),
    "no folder": (_another_folder_beside, ["prices/BTC.csv", "no folder prices", "data.csv_dir"]),
    "a file for the folder": (_file_for_the_folder, ["prices/BTC.csv", "prices is not a folder", "data.csv_dir"]),
    "an empty folder": (_empty_folder, ["prices/BTC.csv", "no CSV file"]),
    "an empty file": (_with_content("ETH.csv", ""), ["prices/ETH.csv", "is empty", HEADER]),
    "blank lines alone": (_with_content("ETH.csv", "\n\n\n"), ["prices/ETH.csv", "is empty", HEADER]),
    "a header alone": (_with_content("ETH.csv", HEADER + "\n"), ["prices/ETH.csv", "no row"]),
    "a header alone, of the index": (_with_content("RUT.csv", HEADER), ["prices/RUT.csv", "no row"]),
    "no header": (_without_header, ["prices/ETH.csv, line 1", "date", HEADER]),
    "no close": (
        _with_header("ETH.csv", "date,open,high,low,price,volume"),
        ["prices/ETH.csv, line 1", "lacks the column close"],
    ),
    "a column twice": (
        _with_header("ETH.csv", "date,open,high,low,close,close"),
        ["prices/ETH.csv, line 1", "column close twice"],
    ),
    "semicolons": (_separated_by_semicolons, ["prices/ETH.csv, line 1", "';'", "commas"]),
    "a web page": (_with_content("ETH.csv", "<html>\n<body>404</body>\n"), ["prices/ETH.csv, line 1", "<html>"]),
    "UTF-16": (_with_content("ETH.csv", HEADER.encode("utf-16")), ["prices/ETH.csv, line 1", "UTF-8"]),
    "a zero byte": (_with_content("ETH.csv", HEADER + "\n2015-01-05,1\0"), ["prices/ETH.csv, line 2", "zero byte"]),
    "a row out of order": (_rows_swapped, [f"prices/ETH.csv, line {LINE + 1}", "2015-02-01", "2015-02-02", "ascend"]),
    "a week without a bar of BTC": (
        _without_days("BTC.csv", "2016-03-07", "2016-03-13"),
        ["BTC", "2016-03-07 to 2016-03-13", "every week"],
    ),
    # 2017 had 251 sessions.
    "an index that ends a year before BTC": (
        _without_days("RUT.csv", "2017-01-01", "2017-12-31"),
        ["RUT", "ends on 2016-12-30", "251 sessions before 2017-12-31", "window.to"],
    ),
    "an index without four sessions": (
        _without_days("RUT.csv", "2016-03-07", "2016-03-10"),
        ["RUT", "2016-03-07 to 2016-03-10", "4 sessions", "at most 3", "data.max_stale_sessions"],
    ),
    "BTC too short for the warm-up": (
        _without_days("BTC.csv", "2015-05-18", "2017-12-31"),
        ["BTC", "19 weeks", "2015-05-17", "needs 20", "strategy.macd.warmup_weeks"],
    ),
    "BTC that ends with the warm-up": (
        _without_days("BTC.csv", "2015-05-25", "2017-12-31"),
        ["BTC", "no decision day", "2015-05-25"],
    ),
    # All sessions of 2017 make 251; a ceiling wants 252 that are four weeks old.
    "an index too short for a ceiling": (
        _without_days("RUT.csv", "2014-01-01", "2016-12-31"),
        ["RUT", "251 sessions", "2017-01-03 to 2017-12-29", "252"],
    ),
    "an index that begins after BTC ends": (
        lambda desk: (
            _without_days("RUT.csv", "2014-01-01", "2015-12-31")(desk),
            _without_days("BTC.csv", "2016-01-01", "2017-12-31")(desk),
        ),
        ["RUT", "begins on 2016-01-04", "BTC", "2015-12-31"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_prices_that_cannot_be_used(desk: Desk, fault: str) -> None:
    spoil, words = FAULTS[fault]
    spoil(desk)

    assert_says(desk.backtest_refused(exit_code=DATA), words)


def test_three_missing_sessions_are_no_error_but_are_reported(desk: Desk) -> None:
    _without_days("RUT.csv", "2016-03-07", "2016-03-09")(desk)

    done = call_command("backtest", "bot.yaml", "--out", "runs")

    assert (done.exit_code, done.stderr) == (0, "")
    assert "RUT: no bar on 2016-03-07 to 2016-03-09 (3 sessions)" in " ".join(done.stdout.split())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="wants files that this user may not read")
@pytest.mark.parametrize(
    ("name", "exit_code", "reason"),
    [("prices/ETH.csv", DATA, "Permission denied"), ("bot.yaml", CONFIGURATION, "is not readable")],
)
def test_a_file_that_may_not_be_read(desk: Desk, name: str, exit_code: int, reason: str) -> None:
    (desk.folder / name).chmod(0)

    sentence = error_sentence(call_command("backtest", "bot.yaml", "--out", "runs"), exit_code=exit_code)

    assert_says(sentence, [name, reason])
    assert not (desk.folder / "runs").exists()


# ---- --out


@pytest.mark.parametrize("out", ["bot.yaml", "bot.yaml/runs/of/today", "new/" + "x" * 300])
def test_an_out_folder_that_cannot_be_made(desk: Desk, out: str) -> None:
    sentence = desk.refused("backtest", "bot.yaml", "--out", out, exit_code=CONFIGURATION)

    assert_says(sentence, [f"--out {out}", "cannot be written", "name a folder"])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="wants a folder that this user may not write")
def test_an_out_folder_that_may_not_be_written(desk: Desk) -> None:
    (desk.folder / "locked").mkdir(mode=0o500)

    for out in ("locked", "locked/runs"):
        sentence = desk.refused("backtest", "bot.yaml", "--out", out, exit_code=CONFIGURATION)
        assert_says(sentence, [f"--out {out}", "Permission denied"])


def test_runs_of_before_stay_when_a_run_fails(desk: Desk) -> None:
    earlier = desk.folder / "runs" / "of" / "today" / "backtest-earlier"
    earlier.mkdir(parents=True)
    (earlier / "summary.json").write_text("{}", encoding="utf-8")
    _without_file("ETH.csv")(desk)

    desk.backtest_refused(exit_code=DATA)

    assert [path.name for path in earlier.parent.iterdir()] == ["backtest-earlier"]


# ---- as processes of their own


PROCESSES: Mapping[str, tuple[int, Sequence[str], Sequence[str]]] = {
    "no configuration": (CONFIGURATION, ["backtest", "bto.yaml"], ["bto.yaml", "No such file"]),
    "an unknown key": (CONFIGURATION, ["backtest", "bot.yaml", "--set", "strategy.cor=BTC"], ["strategy.cor", "core"]),
    "an unknown option": (CONFIGURATION, ["backtest", "bot.yaml", "--form", "x"], ["--form", "--from"]),
    "an unknown command": (CONFIGURATION, ["backtset", "bot.yaml"], ["backtset", "backtest"]),
    "a coin without a file": (DATA, ["backtest", "bot.yaml", "--set", "strategy.basket={SOL: 1.0}"], ["SOL.csv"]),
    "too little history": (
        DATA,
        ["backtest", "bot.yaml", "--set", "strategy.macd.warmup_weeks=500"],
        ["BTC", "500", "strategy.macd.warmup_weeks"],
    ),
}


@pytest.mark.parametrize("case", PROCESSES)
def test_bad_input_in_a_process_of_its_own(desk: Desk, case: str) -> None:
    exit_code, arguments, words = PROCESSES[case]
    before = entries_below(desk.folder)

    ran = run_command(*arguments, folder=desk.folder)

    assert_says(error_sentence(ran, exit_code=exit_code), words)
    assert entries_below(desk.folder) == before


def test_quiet_prints_the_error_all_the_same(desk: Desk) -> None:
    _without_file("ETH.csv")(desk)

    assert_says(desk.backtest_refused("--quiet", exit_code=DATA), ["prices/ETH.csv", "no such file"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("strategy.hold_weeks", 1_000_000),
        ("strategy.hold_weeks", 10**12),
        ("strategy.macd.valid_weeks", 1_000_000),
        ("strategy.breakout.valid_weeks", 10**12),
    ],
)
def test_more_weeks_than_the_calendar_has_are_refused_or_mean_never(desk: Desk, path: str, value: int) -> None:
    done = call_command("backtest", "bot.yaml", "--out", "runs", "--set", f"{path}={value}")

    if done.exit_code:
        assert_says(error_sentence(done, exit_code=CONFIGURATION), [path, str(value)])


# ---- helpers


def assert_says(sentence: str, words: Sequence[str]) -> None:
    """Check that a sentence names all it should, and is one that a person reads at a glance."""
    missing = [word for word in words if word not in sentence]
    assert not missing, f"{missing} not in {sentence!r}"
    assert len(sentence) < 500, sentence
    # Words of Python that mean nothing to a user.
    for word in ("tuple", "dictionary", "pathlib", "class", "Errno", "Error", "NoneType", "datetime."):
        assert word not in sentence, sentence


def with_value(values: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Lay a value over nested mappings at a path of keys."""
    key, _, rest = path.partition(".")
    return {**values, key: with_value(values.get(key) or {}, rest, value) if rest else value}
