"""The configuration: defaults, what is allowed, and one sentence for what is not."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.core.errors import ConfigError
from engine.core.strategy import StrategyParams
from engine.settings import yaml_core
from engine.settings.config import Config
from engine.settings.reading import build_config, read_values
from engine.settings.registry import params_of

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "rotation.yaml"

# The defaults of the public interface, once more.
INTERFACE = yaml.safe_load("""
name: null
strategy:
  name: rotation
  core: BTC
  index: RUT
  basket: {ETH: 0.5}
  basket_equal: [SOL, BNB, XRP, ADA, AVAX, LINK, DOGE]
  min_history_days: 30
  breakout: {mode: auto, level: null, lookback_years: 5, min_age_weeks: 26, buffer: 0.0,
             confirm_sessions: 3, tolerance: 0.0, loss_sessions: 3, valid_weeks: null}
  macd: {fast: 12, slow: 26, signal: 9, valid_weeks: 8, warmup_weeks: 100}
  hold_weeks: 18
  exit_to: core
  cash_reserve: 0.005
  rebalance_drift: null
  confirmations: []
window: {from: 2018-01-01, to: null}
account: {cash: 100000, quote: USDT, instruments: {}, sell_wait_days: 2}
costs: {commission: 0.001, slippage: 0.0005}
data: {crypto: auto, index: auto, macro: auto, csv_dir: null, macro_dir: null, series: {}, cache_dir: null,
       max_stale_sessions: 3, jumps: note}
venue: {name: simulated, base_url: null, max_retries: 8, timeout_seconds: 10, settle_seconds: 60}
live: {poll_seconds: 20, grace_seconds: 60}
notify: []
""")


def build(values: Mapping[str, Any] | None = None) -> Config:
    return build_config(values or {}, params_of)


def refused(values: Mapping[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        build(values)
    return str(caught.value)


def leaves(values: Mapping[str, Any], *above: str) -> Iterator[tuple[str, Any]]:
    """Give every key path with its value; an empty mapping is a value."""
    for key, value in values.items():
        if isinstance(value, dict) and value and key != "basket":
            yield from leaves(value, *above, key)
        else:
            yield ".".join((*above, key)), value


def comparable(value: Any) -> Any:
    """Read dates and numbers alike, whether JSON or YAML gave them."""
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        return Decimal(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return value.isoformat() if isinstance(value, date) else value


OURS = {
    "live.index_wait_seconds": 21600,
    "strategy.exits": ["support_lost", "time_exit"],
    "strategy.reentry": "new_cross",
    "strategy.tranches.entry": 1,
    "strategy.tranches.exit": 1,
    "strategy.weights": "fixed",
    "strategy.universe": "listed",
    "risk.max_drawdown": None,
    "risk.volatility_target": None,
    "strategy.delisted_after_days": None,
    "strategy.delisting_penalty": 0.5,
    "study.alpha": 0.1,
    "study.draws": 9999,
}
"""Keys beyond the interface."""


def test_the_defaults_are_those_of_the_interface_key_by_key() -> None:
    effective = dict(leaves(build().effective()))

    # Null is the strategy's name, and so it is in force.
    wanted = dict(leaves(INTERFACE)) | OURS | {"name": "rotation"}
    assert effective.keys() == wanted.keys()
    assert {key: comparable(value) for key, value in effective.items()} == {
        key: comparable(value) for key, value in wanted.items()
    }


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    shipped = dict(leaves(read_values(SHIPPED)))

    assert shipped == dict(leaves(INTERFACE)) | OURS
    assert build(read_values(SHIPPED)) == build()


@pytest.mark.parametrize(
    "section", ["strategy", "window", "account", "costs", "risk", "data", "venue", "live", "notify"]
)
def test_an_empty_section_means_its_defaults(section: str) -> None:
    assert build({section: None}) == build()


def test_a_key_that_is_left_out_takes_its_default_and_the_others_stand() -> None:
    config = build({"strategy": {"macd": {"fast": 10}}, "costs": {"slippage": 0}})

    effective = config.effective()
    assert (effective["strategy"]["macd"]["fast"], effective["strategy"]["macd"]["slow"]) == (10, 26)
    assert (config.costs.slippage, config.costs.commission) == (Decimal(0), Decimal("0.001"))


def test_money_is_read_to_the_digit_that_was_typed() -> None:
    config = build({"account": {"cash": 0.1}, "costs": {"commission": 0.00075}})

    assert (config.account.cash, config.costs.commission) == (Decimal("0.1"), Decimal("0.00075"))


def test_another_strategy_has_keys_of_its_own() -> None:
    config = build({"strategy": {"name": "hold", "core": "ETH"}})

    assert config.effective()["strategy"] == {"name": "hold", "core": "ETH", "cash_reserve": 0.005}
    assert refused({"strategy": {"name": "hold", "hold_weeks": 3}}).startswith("strategy.hold_weeks: unknown key")


def test_a_configuration_is_frozen() -> None:
    config: Any = build()

    with pytest.raises(ValueError, match="frozen"):
        config.name = "other"
    with pytest.raises(ValueError, match="frozen"):
        config.window.to = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"stratgy": {}}, "stratgy: unknown key; did you mean strategy?"),
        ({"strategy": {"hold_week": 3}}, "strategy.hold_week: unknown key; did you mean hold_weeks?"),
        ({"strategy": {"macd": {"slwo": 3}}}, "strategy.macd.slwo: unknown key; did you mean slow?"),
        (
            {"strategy": {"breakout": {"confirm": 3}}},
            "strategy.breakout.confirm: unknown key; did you mean confirm_sess",
        ),
        ({"window": {"form": "2020-01-01"}}, "window.form: unknown key; did you mean from?"),
        ({"window": {"from_": "2020-01-01"}}, "window.from_: unknown key; did you mean from?"),
        ({"account": {"instruments": {"UNI": {"lot_step": 1, "lot": 1}}}}, "account.instruments.UNI.lot: unknown key"),
        ({"zzz": 1}, "zzz: unknown key; known here: name, strategy, window, account, costs, risk, data"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_one(values: dict[str, Any], sentence: str) -> None:
    assert refused(values).startswith(sentence)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("strategy.hold_weeks", "many"),
        ("strategy.hold_weeks", 18.0),
        ("strategy.hold_weeks", 0),
        ("strategy.core", 1),
        ("strategy.core", ""),
        ("strategy.basket.ETH", "half"),
        ("strategy.basket_equal", "SOL"),
        ("strategy.cash_reserve", 1),
        ("strategy.cash_reserve", float("nan")),
        ("strategy.exit_to", "bonds"),
        ("strategy.breakout.lookback_years", 1),
        ("window.from", 20180101),
        ("window.from", "yesterday"),
        ("window.to", "2020-02-30"),
        ("account.cash", 0),
        ("account.cash", "lots"),
        ("account.cash", float("inf")),
        ("account.quote", "usd t"),
        ("account.instruments", []),
        ("costs.commission", -0.001),
        ("costs.slippage", 1),
        ("data.crypto", "coinbase"),
        ("data.max_stale_sessions", -1),
        ("venue.name", "binance"),
        ("venue.base_url", "ftp://localhost"),
        ("venue.max_retries", None),
        ("venue.timeout_seconds", 0),
        ("live.poll_seconds", "20"),
        ("notify", "mail"),
        ("name", "  "),
        ("name", "a/b"),
        ("name", "a" * 65),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_key(path: str, value: Any) -> None:
    values: Any = value
    for key in reversed(path.split(".")):
        values = {key: values}

    sentence = refused(values)

    assert sentence.startswith(f"{path}: ")
    assert "is not allowed: " in sentence
    assert "\n" not in sentence


# One key of each type that takes a number.
NUMBERS = (
    "strategy.hold_weeks", "strategy.cash_reserve", "strategy.basket.ETH", "strategy.rebalance_drift",
    "strategy.macd.fast", "strategy.breakout.buffer", "strategy.breakout.valid_weeks", "account.cash",
    "costs.commission", "data.max_stale_sessions", "venue.timeout_seconds", "live.grace_seconds", "window.from",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("account: {cash: 100:00}", "account.cash: '100:00' is not allowed: a number is wanted"),
        ("account: {cash: 1_000}", "account.cash: '1_000' is not allowed: a number is wanted"),
        ("account: {cash: 1e308}", "account.cash: 1e308 is not allowed: at most 1,000,000,000,000,000 is allowed"),
        ("account: {cash: .inf}", "account.cash: .inf is not allowed: a finite number is wanted"),
        ("account: {cash: .nan}", "account.cash: .nan is not allowed: a finite number is wanted"),
        ("costs: {commission: 1e-300}", "costs.commission: 1e-300 is not allowed: at most 18 digits after the point"),
        ("strategy: {hold_weeks: yes}", "strategy.hold_weeks: yes is not allowed: a whole number is wanted"),
        ("strategy: {hold_weeks: 1e1}", "strategy.hold_weeks: 1e1 is not allowed: a whole number is wanted"),
        ("strategy: {hold_weeks: 1_8}", "strategy.hold_weeks: 1_8 is not allowed: a whole number is wanted"),
        ("strategy: {basket_equal: [true]}", "strategy.basket_equal.0: true is not allowed: text is wanted; for the"),
        ("strategy: {basket_equal: [~]}", "strategy.basket_equal.0: null is not allowed: text is wanted; for the word"),
        ('strategy: {hold_weeks: "18"}', "strategy.hold_weeks: '18' is not allowed: a whole number is wanted"),
        ('name: ""', "name: '' is not allowed"),
        ("name: ' '", "name: ' ' is not allowed"),
        ("7: 1", "key 7 is not allowed: text is wanted"),
        ("strategy: {confirmations: [{calm: {5: 1}}]}", "strategy.confirmations.0.calm: key 5 is not allowed: text is"),
        ("strategy: {confirmations: [{not: 2024-01-31}]}", "strategy.confirmations.0.not: 2024-01-31 is not allowed:"),
        ("list: {dict: 1}", "list: unknown key"),
        ("account: {true: 1}", "account: key true is not allowed: text is wanted"),
        ("strategy: {basket_equal: [0x10]}", "strategy.basket_equal.0: 0x10 is not allowed: text is wanted"),
        ("live: {poll_seconds: 1e308}", "live.poll_seconds: 1e308 is not allowed"),
    ],
)
def test_what_is_refused_is_named_as_it_was_written(text: str, sentence: str) -> None:
    values = yaml_core.load(text)
    assert isinstance(values, dict)

    assert refused(values).startswith(sentence)


@pytest.mark.parametrize(
    ("key", "written", "wanted"),
    [
        ("days", "1_000", "a whole number"),
        ("days", "100:00", "a whole number"),
        ("share", "1_0.5", "a number"),
        ("eager", "yes", "true or false"),
        ("eager", "off", "true or false"),
    ],
)
def test_a_strategy_of_ones_own_is_given_no_text_for_a_number(key: str, written: str, wanted: str) -> None:
    class Params(StrategyParams):
        name: str = "own"
        days: int = 200
        share: float = 0.5
        eager: bool = False

    with pytest.raises(ConfigError, match=rf"^strategy.{key}: '{written}' is not allowed: {wanted} is wanted$"):
        build_config({"strategy": {"name": "own", key: written}}, lambda _: Params)


def test_numbers_are_those_that_were_written_for_people() -> None:
    text = "account: {cash: 0100000}\nstrategy: {hold_weeks: 012, breakout: {buffer: 1e-2}, basket_equal: [NO, SOL]}"
    values = yaml_core.load(text)
    assert isinstance(values, dict)

    effective = build(values).effective()

    assert effective["account"]["cash"] == "100000"
    assert effective["strategy"]["hold_weeks"] == 12
    assert effective["strategy"]["breakout"]["buffer"] == 0.01
    assert effective["strategy"]["basket_equal"] == ["NO", "SOL"]


@pytest.mark.parametrize("path", NUMBERS)
def test_true_is_not_a_number(path: str) -> None:
    values: Any = True
    for key in reversed(path.split(".")):
        values = {key: values}

    assert refused(values).startswith(f"{path}: true is not allowed: ")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"strategy": {"basket": {"ETH": 0.7, "SOL": 0.7}}}, "strategy.basket: weights add up to 1.4; at most 1"),
        ({"strategy": {"basket_equal": []}}, "strategy.basket: weights add up to 0.5; 1 is wanted when basket_equal"),
        (
            {"strategy": {"basket": {"ETH": 1.5}}},
            "strategy.basket.ETH 1.5 is not allowed; a weight above 0 and up to 1",
        ),
        ({"strategy": {"breakout": {"mode": "fixed"}}}, "strategy.breakout.level null is not allowed with mode fixed"),
        ({"strategy": {"macd": {"fast": 26}}}, "strategy.macd.fast 26 must be below strategy.macd.slow 26"),
        (
            {"window": {"from": date(2020, 1, 2), "to": date(2020, 1, 1)}},
            "window.to 2020-01-01 is before window.from 2020-01-02; dates must ascend",
        ),
        ({"data": {"crypto": "csv"}}, "data.csv_dir null is not allowed with a csv provider"),
    ],
)
def test_a_rule_over_several_keys_names_them(values: dict[str, Any], sentence: str) -> None:
    assert refused(values).startswith(sentence)


def test_several_wrong_values_are_counted() -> None:
    assert refused({"live": {"poll_seconds": -1, "grace_seconds": -1}}).endswith(" (and 1 more)")


def test_a_long_value_is_shortened_to_keep_the_sentence_a_line() -> None:
    assert len(refused({"venue": {"name": "x" * 5000}})) < 200


@pytest.mark.parametrize("section", [[1], "BTC", 3])
def test_a_section_wants_keys(section: object) -> None:
    assert refused({"strategy": section}).startswith(f"strategy: {section!r} is not allowed; keys with values")
    assert "costs: " in refused({"costs": section})


def test_without_a_name_the_strategys_is_taken_and_is_the_same_configuration() -> None:
    assert build({"name": None, "strategy": {"name": "hold"}}).name == "hold"
    assert build({"strategy": {"name": "macd_timing"}}).effective()["name"] == "macd_timing"
    assert build({}).sha256() == build({"name": "rotation"}).sha256()


@pytest.mark.parametrize(("name", "shown"), [(None, "null"), (3, "3"), (["rotation"], "['rotation']")])
def test_the_strategys_name_is_text(name: object, shown: str) -> None:
    assert refused({"strategy": {"name": name}}).startswith(f"strategy.name: {shown} is not allowed")


def test_a_text_of_digits_is_not_a_date() -> None:
    assert refused({"window": {"from": "1514764800"}}).startswith("window.from: ")


@pytest.mark.parametrize("path", ["live.poll_seconds", "live.grace_seconds", "strategy.breakout.level"])
def test_infinity_is_not_a_number_of_anything(path: str) -> None:
    values: Any = float("inf")
    for key in reversed(path.split(".")):
        values = {key: values}

    assert refused(values).startswith(f"{path}: ")


def test_the_digest_is_that_of_the_effective_configuration() -> None:
    plain, spelt_out = build(), build(read_values(SHIPPED))

    assert re.fullmatch("[0-9a-f]{64}", plain.sha256())
    assert plain.sha256() == spelt_out.sha256()
    assert build({"costs": {"slippage": "0.0005"}, "name": "rotation"}).sha256() == plain.sha256()
    assert build({"strategy": {"hold_weeks": 17}}).sha256() != plain.sha256()


def test_keys_that_came_later_change_the_digest_only_where_they_are_set() -> None:
    # As it was before `data.macro`, `data.macro_dir`, `data.series` and `strategy.exits` were there.
    assert build().sha256() == "982550f37e0ab7703d82b61b002a0a1f153f1203a6a41be0da239930d0f66e12"
    assert build({"data": {"macro": "auto", "series": {}}}).sha256() == build().sha256()
    assert build({"data": {"macro": "fred"}}).sha256() != build().sha256()
    assert build({"strategy": {"exits": ["support_lost", "time_exit"]}}).sha256() == build().sha256()
    assert build({"strategy": {"exits": ["support_lost"]}}).sha256() != build().sha256()
    assert (
        build(
            {"strategy": {"reentry": "new_cross", "weights": "fixed", "universe": "listed", "tranches": {"exit": 1}}}
        ).sha256()
        == build().sha256()
    )
    assert build({"risk": {"max_drawdown": None}}).sha256() == build().sha256()
    assert build({"risk": {"volatility_target": 0.5}}).sha256() != build().sha256()
    assert build({"strategy": {"delisted_after_days": None, "delisting_penalty": 0.5}}).sha256() == build().sha256()
    assert build({"strategy": {"delisted_after_days": 14}}).sha256() != build().sha256()
    assert build({"risk": {"max_drawdown": None}}).sha256() == build().sha256()
    assert build({"risk": {"max_drawdown": 0.3}}).sha256() != build().sha256()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"macro_dri": "x"}, "data.macro_dri: unknown key; did you mean macro_dir?"),
        ({"series": {"U": {"sorce": "fred"}}}, "data.series.U.sorce: unknown key; did you mean source?"),
        (
            {"series": {"U": {"source": "fredd"}}},
            "data.series.U.source: fredd is not allowed: csv, fred or yahoo is wanted, with its name there after a "
            "colon where that is another",
        ),
        (
            {"macro": "csv"},
            "data.macro_dir null is not allowed with data.macro csv; name the folder of the CSV files",
        ),
        ({"series": {"U": {"lag_days": -1}}}, "data.series.U.lag_days: -1 is not allowed"),
    ],
)
def test_a_wrong_source_of_a_series_is_named_by_its_key(data: Mapping[str, Any], said: str) -> None:
    assert refused({"data": data}).startswith(said)


def test_the_order_of_the_keys_does_not_change_the_digest() -> None:
    one = build({"account": {"cash": 5, "quote": "EUR"}, "name": "a"})
    other = build({"name": "a", "account": {"quote": "EUR", "cash": 5}})

    assert one.sha256() == other.sha256()
