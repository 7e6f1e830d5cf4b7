"""Where signed requests may go: Binance's sandboxes and this machine, and nowhere else.

Production hosts are not on the list, so no configuration can name one.
"""

from collections.abc import Mapping

from engine.core.errors import VenueError
from engine.venues.origins import HTTPS_PORT, Origin, origin_of

MARKET_DATA = "binance-market-data"
"""Production's public prices, for venues that only look: it has no account, and its client takes no keys."""
CANDLES = "binance-candles"
"""The same for a provider of bars, which takes them from any address: nothing is ever signed for it."""
WITHOUT_KEYS = (MARKET_DATA, CANDLES)

ADDRESSES: Mapping[str, str] = {
    "binance-testnet": "https://testnet.binance.vision",
    "binance-demo": "https://demo-api.binance.com",
    MARKET_DATA: "https://data-api.binance.vision",
    CANDLES: "https://data-api.binance.vision",
}
MARKET_DATA_HOST = "data-api.binance.vision"
SANDBOX_HOSTS = ("testnet.binance.vision", "api1.testnet.binance.vision", "demo-api.binance.com")
ALLOWED = f"allowed are https on {', '.join(SANDBOX_HOSTS)}, and 127.0.0.0/8, ::1 and localhost"


def allowed_origin(network: str, base_url: str | None) -> Origin:
    """Give the one origin that a client of `network` may talk to.

    Args:
        base_url: replaces scheme://host[:port]; None for the network's own address.

    Raises:
        VenueError: something may be signed for it, and it is neither a sandbox of Binance nor this machine.
    """
    origin = origin_of(ADDRESSES[network] if base_url is None else base_url, allowed=ALLOWED)
    if network == CANDLES:
        return origin
    hosts = (MARKET_DATA_HOST,) if network == MARKET_DATA else SANDBOX_HOSTS
    is_sandbox = origin.host in hosts and origin.scheme == "https" and origin.port == HTTPS_PORT
    if not is_sandbox and not origin.is_loopback:
        raise VenueError(f"venue.base_url: {origin} is not a sandbox; {ALLOWED}")
    return origin
