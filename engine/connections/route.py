"""The variables of the environment that decide how an address is reached, read by one rule for every library.

    authorities  REQUESTS_CA_BUNDLE, SSL_CERT_FILE, CURL_CA_BUNDLE: the first that is set names a file of certificates
    proxies      HTTPS_PROXY for https, HTTP_PROXY for http, else ALL_PROXY; NO_PROXY names hosts without one

Proxies may be written in small letters, which win. This machine's own addresses never go through a proxy.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

AUTHORITY_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
VARIABLES = (*AUTHORITY_VARIABLES, *PROXY_VARIABLES, *map(str.lower, PROXY_VARIABLES))
PROXY_SCHEMES = ("http", "https")
PORT_BY_SCHEME = {"http": 80, "https": 443}
NOT_ASKED = "no server was asked"


class SettingError(OSError):
    """A variable of the environment that cannot work, as one sentence; waiting does not mend it, nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A variable that is set, and what it says."""

    variable: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one address is reached.

    Attributes:
        origin: scheme, host and port of the address, for messages.
        host: its host alone.
        authorities: the file of certificates to trust; None for those that come with the libraries.
        proxy: its address, which may hold a password; None where there is none on the way.
    """

    origin: str
    host: str
    authorities: Setting | None
    proxy: Setting | None

    @property
    def proxy_shown(self) -> str:
        """The proxy's address without user and password."""
        return shown_proxy(self.proxy.value) if self.proxy else ""


def route_to(url: str, environment: Mapping[str, str]) -> Route:
    """Find out how `url` is reached.

    Args:
        environment: `os.environ`.

    Raises:
        SettingError: a variable that counts for this address cannot work.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or PORT_BY_SCHEME.get(parts.scheme)
    shown_host = f"[{host}]" if ":" in host else host
    return Route(
        origin=f"{parts.scheme}://{shown_host}{f':{parts.port}' if parts.port else ''}",
        host=host,
        authorities=_authorities(environment) if parts.scheme == "https" else None,
        proxy=None if is_direct(host, port, environment) else _proxy(parts.scheme, environment),
    )


def is_direct(host: str, port: int | None, environment: Mapping[str, str]) -> bool:
    """Tell whether no proxy is used for a host: it is this machine, or NO_PROXY names it.

    NO_PROXY lists hosts (`example.com` stands for all below it too), addresses, networks (`10.0.0.0/8`), each perhaps
    with a port, or `*`.
    """
    if is_loopback(host):
        return True
    listed = _either_case("NO_PROXY", environment)
    return any(_covers(entry, host, port) for entry in re.split(r"[\s,]+", listed.value if listed else "") if entry)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or address alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shown_proxy(value: str) -> str:
    """Give what a variable says of a proxy, without anything that may be a user or a password."""
    scheme, mark, rest = value.rpartition("://") if "@" not in value else _scheme_and_rest(value)
    if "@" in rest:
        return f"{scheme}{mark}***@{rest.rpartition('@')[2]}"
    return scheme + mark + re.sub(r":(?!\d+(?:/|$))[^/]+", ":***", rest)


def _scheme_and_rest(value: str) -> tuple[str, str, str]:
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)(://)(.*)", value, re.DOTALL)
    return (match[1], match[2], match[3]) if match else ("", "", value)


def _covers(entry: str, host: str, port: int | None) -> bool:
    name, wanted_port = entry.lower(), ""
    if re.fullmatch(r"[^:]+:\d+", entry):
        name, _, wanted_port = name.rpartition(":")
    if wanted_port and int(wanted_port) != port:
        return False
    if name == "*":
        return True
    try:
        return ip_address(host) in ip_network(name.strip("[]"), strict=False)
    except ValueError:
        name = name.removeprefix("*").removeprefix(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))


def _either_case(variable: str, environment: Mapping[str, str]) -> Setting | None:
    """Give a variable of proxies, in small letters if it is set so; None where it is not set, or set to nothing."""
    name = variable.lower() if variable.lower() in environment else variable
    value = environment.get(name, "").strip()
    return Setting(variable=name, value=value) if value else None


def _proxy(scheme: str, environment: Mapping[str, str]) -> Setting | None:
    named = _either_case(f"{scheme.upper()}_PROXY", environment) or _either_case("ALL_PROXY", environment)
    if named is None:
        return None
    address = named.value if "://" in named.value else f"http://{named.value}"
    problem = _proxy_problem(address)
    if problem:
        found = problem.replace("{shown}", shown_proxy(named.value))
        raise SettingError(f"{named.variable} {found}; set it to http://host:port, or unset it ({NOT_ASKED})")
    return Setting(variable=named.variable, value=address)


def _proxy_problem(address: str) -> str | None:
    malformed = "is not the address of a proxy ({shown})"
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return malformed
    if parts.scheme.startswith("socks"):
        return "names a SOCKS proxy ({shown}), a kind that is not supported: only HTTP proxies are"
    if parts.scheme not in PROXY_SCHEMES:
        return f"names a proxy of the kind {parts.scheme[:20]!r}, which is not supported: only HTTP proxies are"
    plain = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>')
    return None if usable and plain and parts.path in ("", "/") and not parts.query + parts.fragment else malformed


def _authorities(environment: Mapping[str, str]) -> Setting | None:
    for variable in AUTHORITY_VARIABLES:
        path = environment.get(variable, "")
        if path:
            problem = _file_problem(path)
            if problem:
                raise SettingError(
                    f"{variable} {problem}; set it to a file of certificates in PEM, or unset it ({NOT_ASKED})"
                )
            return Setting(variable=variable, value=path)
    return None


def _file_problem(path: str) -> str | None:
    if "\0" in path or not Path(path).exists():
        return f"names no file ({path})"
    if Path(path).is_dir():
        return f"names a folder ({path})"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return f"names a file without a readable certificate ({path})"
    except OSError as error:
        return f"names a file that cannot be read ({path}: {error.strerror})"
    return None
