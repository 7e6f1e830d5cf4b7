"""API keys and the signatures made with them: HMAC-SHA256, Ed25519, RSA (PKCS#1 v1.5 with SHA-256).

The signed text is the exact query string followed by the exact body, without the signature itself.
Source: binance-spot-api-docs, testnet/rest-api.md, "SIGNED Endpoint security" (2026-07).
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

KEY_BYTES = 16
"""As hexadecimal digits behind the names of their variables they fit 80 columns, and are copied whole."""


class ApiKey(Protocol):
    """A key that an account is reached with."""

    @property
    def name(self) -> str:
        """What stands in the header X-MBX-APIKEY."""
        ...

    def signed(self, text: bytes, signature: str) -> bool:
        """Tell whether the signature, as it stands in the request, was made with this key."""
        ...


@dataclass(frozen=True, slots=True)
class HmacKey:
    """A key with a shared secret; the signature is hexadecimal in any case."""

    name: str
    secret: str = field(repr=False)

    def signed(self, text: bytes, signature: str) -> bool:
        """Tell whether the signature was made with this key."""
        expected = hmac.digest(self.secret.encode(), text, "sha256").hex()
        return hmac.compare_digest(expected.encode(), signature.lower().encode())


@dataclass(frozen=True, slots=True)
class AsymmetricKey:
    """A key of which the exchange knows the public half; the signature is base64, percent-encoded or not."""

    name: str
    public_key: Ed25519PublicKey | RSAPublicKey

    def signed(self, text: bytes, signature: str) -> bool:
        """Tell whether the signature was made with this key."""
        try:
            content = base64.b64decode(unquote(signature), validate=True)
            if isinstance(self.public_key, Ed25519PublicKey):
                self.public_key.verify(content, text)
            else:
                self.public_key.verify(content, text, PKCS1v15(), SHA256())
        except (binascii.Error, InvalidSignature):
            return False
        return True


def make_hmac_key() -> HmacKey:
    """Make a key that opens this process's practice account and nothing else."""
    return HmacKey(name=secrets.token_hex(KEY_BYTES), secret=secrets.token_hex(KEY_BYTES))


def public_key_of(name: str, pem: str) -> AsymmetricKey:
    """Read the public half of an Ed25519 or RSA key.

    Raises:
        ValueError: the text is no such key.
    """
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey | RSAPublicKey):
        raise ValueError(f"a key of type {type(key).__name__} is not allowed; Ed25519 and RSA are")
    return AsymmetricKey(name=name, public_key=key)


def split_signature(text: str) -> tuple[str, str | None]:
    """Take `signature=` out of a query string or body; None where there is none."""
    head, mark, tail = text.rpartition("signature=")
    if not mark or (head and not head.endswith("&")):
        return text, None
    signature, _, rest = tail.partition("&")
    return (head + rest if rest else head.removesuffix("&")), signature
