"""Where signed requests may go: Binance's sandboxes and this machine, and nowhere else.

Production hosts are not on the list, so no configuration can name one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from engine.core.errors import VenueError

Network: TypeAlias = Literal["binance-testnet", "binance-demo", "binance-market-data"]
MARKET_DATA: Network = "binance-market-data"
"""Production's public prices, for venues that only look: it has no account, and its client takes no keys."""

DEFAULT_URLS: Mapping[Network, str] = {
    "binance-testnet": "https://testnet.binance.vision",
    "binance-demo": "https://demo-api.binance.com",
    MARKET_DATA: "https://data-api.binance.vision",
}
MARKET_DATA_HOST = "data-api.binance.vision"
SANDBOX_HOSTS = ("testnet.binance.vision", "api1.testnet.binance.vision", "demo-api.binance.com")
HTTPS_PORT, HTTP_PORT = 443, 80
ALLOWED = f"allowed are https on {', '.join(SANDBOX_HOSTS)}, and 127.0.0.0/8, ::1 and localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Scheme, host and port of an address."""

    scheme: str
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        if self.host == "localhost":
            return True
        try:
            address = ip_address(self.host)
        except ValueError:
            return False
        # ::1 is the one IPv6 form: mapped IPv4 addresses are another spelling that nobody needs.
        return address.is_loopback and (address.version == 4 or str(address) == "::1")  # noqa: PLR2004 - the protocol

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = HTTPS_PORT if self.scheme == "https" else HTTP_PORT
        return f"{self.scheme}://{host}" + ("" if self.port == default else f":{self.port}")


def sandbox_origin(network: Network, base_url: str | None) -> Origin:
    """Give the one origin that a client of `network` may talk to.

    Args:
        base_url: replaces scheme://host[:port]; None for the network's own address.

    Raises:
        VenueError: it is neither a sandbox of Binance nor this machine.
    """
    origin = origin_of(DEFAULT_URLS[network] if base_url is None else base_url)
    hosts = (MARKET_DATA_HOST,) if network == MARKET_DATA else SANDBOX_HOSTS
    is_sandbox = origin.host in hosts and origin.scheme == "https" and origin.port == HTTPS_PORT
    if not is_sandbox and not origin.is_loopback:
        raise VenueError(f"venue.base_url: {origin} is not a sandbox; {ALLOWED}")
    return origin


def target_at(origin: Origin, url: str) -> str:
    """Give path and query of a request, which may go to `origin` alone.

    Raises:
        VenueError: it would go elsewhere. The path and query, which carry the signature, are not shown.
    """
    server = str(origin)
    if not url.startswith(f"{server}/"):
        # As it is spelt: another spelling of the same place is nothing that this bot writes.
        raise VenueError(
            f"a request to {origin_of(url)} was stopped before it was sent: this bot talks to {origin} alone"
        )
    return url.removeprefix(server)


def origin_of(url: str) -> Origin:
    """Take an address apart.

    Raises:
        VenueError: it is no plain http or https address. Parsers disagree on user names, backslashes and control
            characters in addresses, so none is accepted.
    """
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \\")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        plain, host, port = False, None, None
    if not plain or host is None or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise VenueError(f"an exchange's address is not of the form https://host[:port]; {ALLOWED}")
    default = HTTPS_PORT if parts.scheme == "https" else HTTP_PORT
    return Origin(scheme=parts.scheme, host=host, port=default if port is None else port)
