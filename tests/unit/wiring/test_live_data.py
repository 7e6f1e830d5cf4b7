"""Bars and fills are all real or all made up: which `data.*` may stand beside which exchange."""

from typing import Any

import pytest

from engine.core.errors import ConfigError
from engine.settings.config import Config
from engine.settings.reading import build_config
from engine.settings.registry import params_of
from engine.wiring.live.live_data import check_live_data, config_beside, may_be_synthetic, possible_configs

LOOPBACK = "http://127.0.0.1:8765"
TESTNET = "https://testnet.binance.vision"


def config(crypto: str = "auto", index: str = "auto", *, base_url: str | None = None) -> Config:
    values: dict[str, Any] = {
        "data": {"crypto": crypto, "index": index, "csv_dir": "prices"},
        "venue": {"base_url": base_url},
    }
    return build_config(values, params_of)


@pytest.mark.parametrize(("base_url", "may_be"), [(None, False), (TESTNET, False), (LOOPBACK, True)])
def test_only_an_exchange_of_this_machine_may_be_of_made_up_prices(base_url: str | None, may_be: bool) -> None:
    assert may_be_synthetic(config(base_url=base_url)) is may_be


@pytest.mark.parametrize("crypto", ["auto", "venue", "sample"])
@pytest.mark.parametrize("index", ["auto", "sample"])
def test_beside_made_up_prices_every_bar_is_of_the_sample(crypto: str, index: str) -> None:
    asked = config(crypto, index, base_url=LOOPBACK)

    held = config_beside(asked, synthetic=True)

    assert (held.data.crypto, held.data.index) == ("sample", "sample")
    assert held.strategy == asked.strategy
    assert possible_configs(asked)[True] == held


@pytest.mark.parametrize(
    ("crypto", "index"), [("binance", "auto"), ("yahoo", "auto"), ("csv", "auto"), ("auto", "yahoo"), ("venue", "csv")]
)
def test_real_bars_beside_made_up_prices_are_refused(crypto: str, index: str) -> None:
    asked = config(crypto, index, base_url=LOOPBACK)

    with pytest.raises(ConfigError, match=r"allowed are auto, venue, sample$"):
        config_beside(asked, synthetic=True)

    assert set(possible_configs(asked)) == {False}


@pytest.mark.parametrize(("crypto", "index"), [("sample", "auto"), ("auto", "sample"), ("sample", "sample")])
def test_the_sample_beside_real_prices_is_refused(crypto: str, index: str) -> None:
    asked = config(crypto, index, base_url=LOOPBACK)

    check_live_data(asked)
    with pytest.raises(ConfigError, match=f": sample is not allowed for `paper` on {LOOPBACK}"):
        config_beside(asked, synthetic=False)
    for base_url in (None, TESTNET):
        with pytest.raises(ConfigError, match=r": sample is not allowed for `paper` on (simulated|https)"):
            check_live_data(config(crypto, index, base_url=base_url))


@pytest.mark.parametrize("crypto", ["auto", "binance", "yahoo", "csv", "venue"])
@pytest.mark.parametrize("index", ["auto", "yahoo", "csv"])
def test_beside_real_prices_nothing_changes(crypto: str, index: str) -> None:
    asked = config(crypto, index, base_url=LOOPBACK)

    check_live_data(asked)

    assert config_beside(asked, synthetic=False) is asked


@pytest.mark.parametrize(("crypto", "index"), [("sample", "csv"), ("sample", "yahoo"), ("binance", "sample")])
def test_a_mixture_is_refused_whatever_the_exchange(crypto: str, index: str) -> None:
    for base_url in (None, LOOPBACK):
        with pytest.raises(ConfigError, match="synthetic and real bars are never mixed"):
            check_live_data(config(crypto, index, base_url=base_url))
