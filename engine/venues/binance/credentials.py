"""The keys of an exchange account: read from the environment or `.env`, shown nowhere.

Three kinds of key sign requests: HMAC-SHA256 with a secret, RSA and Ed25519 with a private key in a PEM file.
"""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from engine.core.errors import VenueError
from engine.machine.regular_files import regular
from engine.venues.binance.keys import KEY_VARIABLE, SECRET_VARIABLE

STRUCK_OUT = "***"
MISSING = (
    f"no keys for the exchange: set {KEY_VARIABLE} and {SECRET_VARIABLE} in the environment or in an untracked .env"
)

KeyKind: TypeAlias = Literal["HMAC", "Ed25519", "RSA"]

_PLAIN = re.compile(r"[!-~]+")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*")
_SIGNATURE = re.compile(r"(signature=)[^&\s\"'<>]+", re.IGNORECASE)
_SHORTEST_SECRET_LINE = 16
"""Shorter lines of a PEM file (the last one) are too short to be of use, and could be anything."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """A key and what signs with it; its text forms show neither.

    Attributes:
        api_key: sent with each signed request.
        secret: the HMAC secret, or the private key as unencrypted PKCS#8 PEM.
        kind: how requests are signed.
    """

    api_key: str
    secret: str
    kind: KeyKind

    def __repr__(self) -> str:
        return f"Credentials({STRUCK_OUT})"

    def strike_out(self, text: str) -> str:
        """Give `text` without the key, the secret, any line of a private key, or the value of a signature."""
        lines = [line for line in self.secret.splitlines() if len(line) >= _SHORTEST_SECRET_LINE]
        for secret in (self.secret, *(line for line in lines if "-----" not in line), self.api_key):
            text = text.replace(secret, STRUCK_OUT)
        return _SIGNATURE.sub(rf"\1{STRUCK_OUT}", text)


def read_credentials(environment: Mapping[str, str], *, dotenv: Path | None) -> Credentials | None:
    """Read the keys; the environment wins over the file.

    Args:
        environment: `os.environ`.
        dotenv: a file of NAME=value lines; None or a missing file: the environment alone.

    Returns:
        None where neither the key nor the secret is set.

    Raises:
        VenueError: only one of the two is set, one cannot be a key, or the private key's file cannot be used.
    """
    values = {**(_read_dotenv(dotenv) if dotenv is not None else {}), **{k: v for k, v in environment.items() if v}}
    api_key, secret = (values.get(name, "").strip() for name in (KEY_VARIABLE, SECRET_VARIABLE))
    if not api_key and not secret:
        return None
    for name, value, other in ((KEY_VARIABLE, api_key, SECRET_VARIABLE), (SECRET_VARIABLE, secret, KEY_VARIABLE)):
        if not value:
            raise VenueError(f"{name} is not set, but {other} is; the exchange wants both")
    if not _PLAIN.fullmatch(api_key):
        # requests would put the whole value into the text of its exception.
        raise VenueError(f"{KEY_VARIABLE} is not an API key: letters and digits without spaces are wanted")
    return _credentials(api_key, secret)


def exposed(dotenv: Path) -> str | None:
    """Say that others may read the file of the keys, and how to end that; None where it holds none, or they may not.

    Raises:
        VenueError: it cannot be read.
    """
    try:
        rights = dotenv.stat().st_mode
    except OSError:
        return None
    if not {KEY_VARIABLE, SECRET_VARIABLE} & _read_dotenv(dotenv).keys():
        return None
    readers = "everybody" if rights & stat.S_IROTH else "its group" if rights & stat.S_IRGRP else ""
    if not readers:
        return None
    return f"warning: {dotenv} can be read by {readers} on this machine, and holds keys; chmod 600 {dotenv} ends that"


def required(credentials: Credentials | None) -> Credentials:
    """Give the credentials, or the one sentence that says what is missing.

    Raises:
        VenueError: there are none.
    """
    if credentials is None:
        raise VenueError(MISSING)
    return credentials


def _credentials(api_key: str, secret: str) -> Credentials:
    if "PRIVATE KEY" in secret:
        return _private_key(api_key, secret.replace("\\n", "\n").encode())
    path = Path(secret)
    looks_like_path = secret.startswith("~") or secret.endswith((".pem", ".key")) or "/" in secret or "\\" in secret
    try:
        content = regular(path.expanduser()).read_bytes()
    # RuntimeError: no home folder; ValueError: a character that no file name has.
    except (OSError, RuntimeError, ValueError) as error:
        if looks_like_path:
            reason = error.strerror if isinstance(error, OSError) else "not a usable path"
        elif not _PLAIN.fullmatch(secret):
            reason = "not an HMAC secret either"
        else:
            return Credentials(api_key=api_key, secret=secret, kind="HMAC")
    else:
        return _private_key(api_key, content)
    # Outside the handler, so that no chained exception carries the value.
    raise VenueError(f"{SECRET_VARIABLE} names a private key file that cannot be read: {reason}")


def _private_key(api_key: str, pem: bytes) -> Credentials:
    # Only a run with such a key pays for the import.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415

    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        key = None
    if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey):
        raise VenueError(f"{SECRET_VARIABLE}: not a private key; an unencrypted Ed25519 or RSA key in PEM is wanted")
    # ccxt 4.5.90 takes a text of more than 120 characters for RSA: an Ed25519 key must not carry comments or CRLF.
    canonical = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kind: KeyKind = "Ed25519" if isinstance(key, Ed25519PrivateKey) else "RSA"
    return Credentials(api_key=api_key, secret=canonical.decode().strip(), kind=kind)


def _read_dotenv(path: Path) -> dict[str, str]:
    try:
        text = regular(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        text = None
    if text is None:
        raise VenueError(f"{path} cannot be read; a UTF-8 text of NAME=value lines is wanted")
    matches = [_ASSIGNMENT.fullmatch(line) for line in text.splitlines()]
    return {match[1]: _unquoted(match[2]) for match in matches if match is not None}


def _unquoted(value: str) -> str:
    if value[:1] in {"'", '"'}:
        inner, closing, _ = value[1:].partition(value[0])
        return inner if closing else value
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()
