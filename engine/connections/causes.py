"""One table of what a failed connection came of, for every client: the library's exceptions -> cause and remedy.

requests and urllib3 wrap an error in an error in an error; curl has one number and one text. Both come down to a few
symptoms, and the first line of the table that fits them gives the sentence. No text of a library is passed on: it may
hold an address with a signature or a password.
"""

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.connections.route import Route, SettingError, route_to

UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
"""Of OpenSSL's verification: no issuer, signed by itself, by itself up the chain, no local issuer, one certificate."""
EXPIRED, NOT_YET_VALID = 10, 9

CURL_NO_PROXY_NAME, CURL_NO_HOST_NAME, CURL_NO_CONNECTION, CURL_TLS, CURL_LATE = 5, 6, 7, 35, 28
CURL_CERTIFICATE, CURL_BROKEN_OFF = 60, (18, 52, 55, 56, 92)

AUTHORITY_REMEDY = (
    "is signed by an authority that is not known here; where your network checks traffic, name the file of its"
    " certificates in REQUESTS_CA_BUNDLE or SSL_CERT_FILE"
)


class EndlessAnswerError(TimeoutError):
    """A server began its answer and did not end it in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a failed connection came of.

    Attributes:
        reason: cause and remedy, the tail of a sentence.
        lasting: waiting does not mend it.
        setting: a variable of the environment cannot work; nothing was sent.
    """

    reason: str
    lasting: bool = False
    setting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Symptoms:
    """What is seen of a failure, whichever library it comes from.

    Attributes:
        kinds: names of the classes of all errors in the chain, bases included.
        curl: libcurl's number; 0 where it is not libcurl.
        texts: what the errors say, to be searched and never shown.
        system: number of the operating system's error.
        answered: a status of HTTP has come in.
        verification: OpenSSL's number of what is wrong with a certificate.
    """

    kinds: frozenset[str]
    curl: int
    texts: str
    system: int
    verification: int
    answered: bool

    def tunnel_status(self) -> str:
        """Give the status with which a proxy refused to connect; empty where it did not."""
        found = re.search(r"(?:Tunnel connection failed: |CONNECT tunnel failed, response )(\d{3})", self.texts)
        return found[1] if found else ""

    def no_name(self) -> bool:
        return bool({"NameResolutionError", "gaierror"} & self.kinds) or self.curl == CURL_NO_HOST_NAME

    def no_connection(self) -> bool:
        return bool({"NewConnectionError", "ProxyError", "ConnectionRefusedError"} & self.kinds) or self.curl in (
            CURL_NO_CONNECTION,
            CURL_NO_PROXY_NAME,
        )

    def late(self) -> bool:
        return "TimeoutError" in self.kinds or "Timeout" in self.kinds or self.curl == CURL_LATE

    def endless(self) -> bool:
        return "EndlessAnswerError" in self.kinds or (self.curl == CURL_LATE and self.answered)

    def bad_certificate(self) -> bool:
        return self.verification > 0 or self.curl == CURL_CERTIFICATE or "SSLCertVerificationError" in self.kinds

    def other_tls(self) -> bool:
        return "SSLError" in self.kinds or self.curl == CURL_TLS

    def unknown_authority(self) -> bool:
        return self.verification in UNKNOWN_AUTHORITY or bool(
            re.search(r"local issuer|self[- ]signed|issuer certificate|unable to verify the first", self.texts)
        )

    def wrong_date(self) -> bool:
        return self.verification in (EXPIRED, NOT_YET_VALID) or bool(
            re.search(r"certificate has expired|certificate is not yet valid", self.texts)
        )

    def no_way(self) -> bool:
        return self.system in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)

    def refused(self) -> bool:
        return "ConnectionRefusedError" in self.kinds or self.system == errno.ECONNREFUSED

    def broken_off(self) -> bool:
        kinds = {"ConnectionResetError", "HTTPException", "BrokenPipeError"}
        return bool(kinds & self.kinds) or self.curl in CURL_BROKEN_OFF


_Line: TypeAlias = tuple[Callable[[_Symptoms, Route], bool], str, bool]
_TABLE: tuple[_Line, ...] = (
    (
        lambda seen, _: seen.endless(),
        "{origin} begins an answer and does not end it within {seconds:g} seconds; where the line is slow, raise"
        " venue.timeout_seconds",
        False,
    ),
    (
        lambda seen, _: seen.tunnel_status() == "407",
        "{origin} cannot be reached: the proxy {proxy} wants a login (HTTP 407); write it into {variable}, as"
        " http://user:password@host:port",
        True,
    ),
    (
        lambda seen, _: bool(seen.tunnel_status()),
        "{origin} cannot be reached: the proxy {proxy} of {variable} does not connect to it (HTTP {status}); have it"
        " allowed there, or name {host} in NO_PROXY",
        False,
    ),
    (
        lambda seen, route: route.proxy is not None and (seen.no_name() or seen.curl == CURL_NO_PROXY_NAME),
        "{origin} cannot be reached: the name of the proxy {proxy} does not resolve; correct or unset {variable}, or"
        " name {host} in NO_PROXY",
        False,
    ),
    (
        lambda seen, route: route.proxy is not None and seen.no_connection() and not seen.bad_certificate(),
        "{origin} cannot be reached: the proxy {proxy} does not answer; start it, correct or unset {variable}, or name"
        " {host} in NO_PROXY",
        False,
    ),
    (
        # Of several variables the first counts: a file that is named in another one would change nothing.
        lambda seen, route: route.authorities is not None and seen.bad_certificate() and seen.unknown_authority(),
        "{origin} cannot be trusted: its certificate is signed by an authority that is not in the file of"
        " {authorities}, which is what counts here; name a file there that holds it",
        True,
    ),
    (
        lambda seen, _: seen.bad_certificate() and seen.unknown_authority(),
        "{origin} cannot be trusted: its certificate " + AUTHORITY_REMEDY,
        True,
    ),
    (
        lambda seen, _: seen.bad_certificate() and seen.wrong_date(),
        "{origin} cannot be trusted: its certificate has run out or is not valid yet; check this machine's clock",
        True,
    ),
    (
        lambda seen, _: seen.bad_certificate(),
        "{origin} cannot be trusted: its certificate is of another name, or otherwise not valid; somebody else answers"
        " in its place, perhaps a login page of the network",
        True,
    ),
    (
        lambda seen, _: seen.other_tls(),
        "{origin} cannot be reached: what answers there does not speak TLS; check the address, and what your network"
        " puts in between{through}",
        False,
    ),
    (
        lambda seen, _: seen.no_name(),
        "{origin} cannot be reached: the name {host} does not resolve; check the network and its DNS, or name the proxy"
        " that leads out in HTTPS_PROXY",
        False,
    ),
    (
        lambda seen, _: seen.no_way(),
        "{origin} cannot be reached: there is no network on the way to it; check the connection, or name the proxy that"
        " leads out in HTTPS_PROXY",
        False,
    ),
    (
        lambda seen, _: seen.refused(),
        "{origin} cannot be reached: the connection is refused; check that a server listens there and no firewall"
        " forbids it",
        False,
    ),
    (
        lambda seen, _: seen.late(),
        "{origin} gives no answer within {seconds:g} seconds{through}; check the network, or raise"
        " venue.timeout_seconds",
        False,
    ),
    (
        lambda seen, _: seen.broken_off(),
        "{origin} cannot be reached, or broke off its answer{through}; check the network, and what it puts in between",
        False,
    ),
)
_ANYTHING_ELSE = "{origin} cannot be reached{through}; check the network"


def failure_of(error: BaseException, *, url: str, environment: Mapping[str, str], timeout_seconds: float) -> Failure:
    """Put what went wrong with a connection into cause and remedy.

    Args:
        error: as the library raised it, with what it wraps.
        url: the address that was asked; its path and query are not shown.
        environment: as the request went by it.
        timeout_seconds: the longest wait that the request had.
    """
    chain = list(_chain(error))
    setting = next((link for link in chain if isinstance(link, SettingError)), None)
    if setting is not None:
        return Failure(reason=str(setting), lasting=True, setting=True)
    try:
        route = route_to(url, environment)
    except SettingError as changed:
        return Failure(reason=str(changed), lasting=True, setting=True)
    seen = _symptoms(chain)
    sentence, lasting = next(
        ((text, lasting) for fits, text, lasting in _TABLE if fits(seen, route)), (_ANYTHING_ELSE, False)
    )
    variable = route.proxy.variable if route.proxy else ""
    through = f" through the proxy {route.proxy_shown} of {variable}" if route.proxy else ""
    reason = sentence.format(
        origin=route.origin,
        host=route.host,
        proxy=route.proxy_shown,
        variable=variable,
        authorities=f"{route.authorities.variable} ({route.authorities.value})" if route.authorities else "",
        through=through,
        status=seen.tunnel_status(),
        seconds=timeout_seconds,
    )
    return Failure(reason=reason, lasting=lasting)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it wraps: as cause, as context, as argument, or as urllib3's reason."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = (link.__cause__, link.__context__, getattr(link, "reason", None), *link.args)
        waiting += [found for found in inner if isinstance(found, BaseException)]


def _symptoms(chain: list[BaseException]) -> _Symptoms:
    answers = [getattr(link, "response", None) for link in chain]
    systems = [getattr(answer, "infos", {}) for answer in answers if answer is not None]
    return _Symptoms(
        kinds=frozenset(kind.__name__ for link in chain for kind in type(link).__mro__),
        curl=next((int(code) for link in chain if (code := _curl_code(link))), 0),
        texts=" ".join(str(link) for link in chain),
        system=next(
            (
                number
                for number in (
                    *(value for infos in systems if isinstance(infos, dict) for value in infos.values()),
                    *(link.errno for link in chain if isinstance(link, OSError) and not isinstance(link, _NUMBERED)),
                )
                if isinstance(number, int) and number > 0
            ),
            0,
        ),
        verification=next((link.verify_code for link in chain if isinstance(link, ssl.SSLCertVerificationError)), 0),
        answered=any(getattr(answer, "status_code", 0) for answer in answers),
    )


_NUMBERED = (ssl.SSLError, socket.gaierror)
"""Errors whose number is not the operating system's."""


def _curl_code(link: BaseException) -> int:
    # curl_cffi's errors carry libcurl's number as `code`; nothing else here does.
    code = getattr(link, "code", 0)
    return code if isinstance(code, int) and type(link).__module__.startswith("curl_cffi") else 0
