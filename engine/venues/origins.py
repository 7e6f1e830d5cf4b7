"""Addresses of exchanges: taken apart strictly, and held to one origin."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from engine.core.errors import VenueError

HTTPS_PORT, HTTP_PORT = 443, 80


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


def target_at(origin: Origin, url: str) -> str:
    """Give path and query of a request, which may go to `origin` alone.

    Raises:
        VenueError: it would go elsewhere. The path and query, which carry the signature, are not shown.
    """
    server = str(origin)
    if not url.startswith(f"{server}/"):
        # As it is spelt: another spelling of the same place is nothing that this bot writes.
        only = f"this bot talks to {origin} alone"
        raise VenueError(f"a request to {origin_of(url, allowed=only)} was stopped before it was sent: {only}")
    return url.removeprefix(server)


def origin_of(url: str, *, allowed: str) -> Origin:
    """Take an address apart.

    Args:
        allowed: which addresses are, as the tail of a sentence.

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
        raise VenueError(f"an exchange's address is not of the form https://host[:port]; {allowed}")
    default = HTTPS_PORT if parts.scheme == "https" else HTTP_PORT
    return Origin(scheme=parts.scheme, host=host, port=default if port is None else port)
