"""Who may look: addresses, the token, and the hosts by which a browser may call this page. Pure; knows no server."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.core.errors import ConfigError
from engine.machine.serving import is_loopback

TOKEN_VARIABLE = "ALTFUSE_DASHBOARD_TOKEN"
LEAST_CHARACTERS = 16
COOKIE = "altfuse_dashboard"
SCHEME = "Bearer "
HOST = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)
"""A Host header (RFC 9110, 7.2): a name or an address, and perhaps a port."""
MOST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Decides whether a request is answered.

    Attributes:
        host: where the server listens; token: None where none is wanted, never shown.

    Raises:
        ConfigError: the host is not loopback's and there is no token, or the token is too short.
    """

    host: str
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise ConfigError(
                f"--host {self.host}: others can reach it, so a token is wanted; set {TOKEN_VARIABLE} in the "
                f"environment to {LEAST_CHARACTERS} characters or more"
            )
        if self.token is not None and not _is_fit(self.token):
            raise ConfigError(
                f"{TOKEN_VARIABLE}: {LEAST_CHARACTERS} or more characters of plain ASCII without blanks are wanted"
            )

    def knows_host(self, headers: Sequence[str]) -> bool:
        """Tell whether a request's Host headers may be answered: there is one, and it names a host and perhaps a port.

        On loopback, a foreign name is somebody else's page calling.
        """
        name = host_of(headers[0]) if len(headers) == 1 else None
        return name is not None and (not is_loopback(self.host) or is_loopback(name))

    def admits(self, *, authorization: str | None, cookie: str | None) -> bool:
        """Tell whether a request carries the token, or the cookie that was given for it."""
        if self.token is None:
            return True
        if authorization is not None:
            return authorization.startswith(SCHEME) and self.is_token(authorization.removeprefix(SCHEME))
        return cookie is not None and _same(cookie, self.pass_for_token())

    def is_token(self, offered: str) -> bool:
        """Compare in a time that says nothing of the token."""
        return self.token is not None and _same(offered, self.token)

    def pass_for_token(self) -> str:
        """Give what the cookie holds: made of the token, from which the token cannot be told."""
        return hmac.new((self.token or "").encode(), b"altfuse dashboard", "sha256").hexdigest()


def host_of(header: str) -> str | None:
    """Give the name or address in a Host header, without its port; None where it is no such header."""
    found = HOST.fullmatch(header)
    if found is None or (found["port"] is not None and not 0 < int(found["port"]) <= MOST_PORT):
        return None
    return found["bracketed"] or found["name"]


def _same(offered: str, wanted: str) -> bool:
    # Digests first: a comparison of texts of other lengths ends sooner.
    key = b"compared"
    return hmac.compare_digest(
        hmac.digest(key, offered.encode("utf-8", "surrogateescape"), "sha256"),
        hmac.digest(key, wanted.encode(), "sha256"),
    )


def _is_fit(token: str) -> bool:
    # A blank at an end does not survive a header or a form.
    return len(token) >= LEAST_CHARACTERS and token.isascii() and token.isprintable() and " " not in token
