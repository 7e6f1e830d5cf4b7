"""What `data.*` may be beside an exchange: bars and fills are all real, or all made up."""

from collections.abc import Mapping

from engine.core.errors import ConfigError
from engine.data.choose import AUTO, SAMPLE
from engine.settings.config import Config
from engine.venues.origins import origin_of
from engine.wiring.live.live_venue import venue_of

PROVIDER_KEYS = ("crypto", "index")
SERIES_KEY = "macro"
"""On `auto` it follows the others: what is made up then is made up as a whole."""
BESIDE_SYNTHETIC = (AUTO, "venue", SAMPLE)
"""What asks for no bars of its own; everything else does."""


def check_live_data(config: Config) -> None:
    """Check, before any exchange is asked, that `data.*` can work.

    Raises:
        ConfigError: real and synthetic bars are mixed, or the sample is named beside an exchange that is not of this
            machine and so has real prices.
    """
    providers = _providers(config)
    sample = next((key for key, name in providers.items() if name == SAMPLE), None)
    if sample is None:
        return
    for key, name in providers.items():
        if name not in BESIDE_SYNTHETIC:
            raise ConfigError(
                f"{sample} sample with {key} {name}: synthetic and real bars are never mixed; "
                "choose sample for both or for neither"
            )
    if not may_be_synthetic(config):
        raise _not_for_real_prices(config, sample)


def may_be_synthetic(config: Config) -> bool:
    """Tell whether the exchange can be one of made-up prices: a real one's are not, one of this machine may be."""
    address = config.venue.base_url
    return address is not None and origin_of(address, allowed=venue_of(config).exchange.allowed).is_loopback


def config_beside(config: Config, *, synthetic: bool) -> Config:
    """Give the configuration that holds beside an exchange, whose prices are made up or are not.

    Beside made-up prices every bar is of the sample, and the configuration that is kept says so.

    Raises:
        ConfigError: a provider of real bars beside made-up prices, or the sample beside real ones.
    """
    for key, name in _providers(config).items():
        if synthetic and name not in BESIDE_SYNTHETIC:
            raise ConfigError(
                f"{key}: {name} is not allowed beside an exchange that says that its prices are made up "
                f"(venue.base_url {config.venue.base_url}); allowed are {', '.join(BESIDE_SYNTHETIC)}"
            )
        if not synthetic and name == SAMPLE:
            raise _not_for_real_prices(config, key)
    return on_sample(config) if synthetic else config


def on_sample(config: Config) -> Config:
    """Give the same configuration with every bar of the sample."""
    sample = dict.fromkeys(PROVIDER_KEYS, SAMPLE)
    return config.model_copy(update={"data": config.data.model_copy(update=sample)})


def possible_configs(config: Config) -> Mapping[bool, Config]:
    """Give the configurations that may come to hold once the exchange has answered, by whether it is synthetic."""
    names = _providers(config).values()
    possible = {} if SAMPLE in names else {False: config}
    if may_be_synthetic(config) and all(name in BESIDE_SYNTHETIC for name in names):
        possible[True] = on_sample(config)
    return possible


def _providers(config: Config) -> dict[str, str]:
    return {f"data.{key}": getattr(config.data, key) for key in (*PROVIDER_KEYS, SERIES_KEY)}


def _not_for_real_prices(config: Config, key: str) -> ConfigError:
    place = config.venue.base_url or config.venue.name
    return ConfigError(
        f"{key}: sample is not allowed for `paper` on {place}, whose prices are real; "
        "`python -m engine rehearse` trades on the sample"
    )
