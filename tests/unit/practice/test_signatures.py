"""Signatures: the examples of Binance's documentation, and keys of all three kinds."""

import base64
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.practice.signatures import HmacKey, make_hmac_key, public_key_of, split_signature

# The documentation's own key and requests: testnet/rest-api.md, "SIGNED Endpoint Examples for POST /api/v3/order".
DOCUMENTED = HmacKey(
    name="vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    secret="NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
)
QUERY = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
BODY = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
ONE_STRING = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
MIXED = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"


def test_the_documented_examples_are_signed() -> None:
    assert DOCUMENTED.signed(f"{QUERY}&{BODY}".encode(), ONE_STRING)
    # Query and body follow one another without anything between them.
    assert DOCUMENTED.signed(f"{QUERY}{BODY}".encode(), MIXED)
    assert not DOCUMENTED.signed(f"{QUERY}{BODY}".encode(), ONE_STRING)


def test_a_hexadecimal_signature_may_be_in_capitals() -> None:
    assert DOCUMENTED.signed(f"{QUERY}{BODY}".encode(), MIXED.upper())


@pytest.mark.parametrize("signature", ["", "zz", "é", MIXED[:-1]])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    assert not DOCUMENTED.signed(f"{QUERY}{BODY}".encode(), signature)


def test_an_ed25519_key_signs_in_base64_with_or_without_percent_signs() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    key = public_key_of("key", pem_of(private))
    signature = base64.b64encode(private.sign(b"a=1")).decode()

    assert key.signed(b"a=1", signature)
    assert key.signed(b"a=1", quote(signature, safe=""))
    assert not key.signed(b"a=2", signature)
    assert not key.signed(b"a=1", "not base64!")


def test_an_rsa_key_signs_with_pkcs1_and_sha256() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = public_key_of("key", pem_of(private))
    signature = base64.b64encode(private.sign(b"a=1", padding.PKCS1v15(), SHA256())).decode()

    assert key.signed(b"a=1", signature)
    assert not key.signed(b"a=2", signature)


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="Ed25519 and RSA are"):
        public_key_of("key", pem_of(ec.generate_private_key(ec.SECP256R1())))


@pytest.mark.parametrize(
    ("text", "rest", "signature"),
    [
        ("a=1&signature=x", "a=1", "x"),
        ("a=1&signature=x&b=2", "a=1&b=2", "x"),
        ("signature=x&b=2", "b=2", "x"),
        ("signature=x", "", "x"),
        ("a=1", "a=1", None),
        ("a=1&mysignature=x", "a=1&mysignature=x", None),
    ],
)
def test_the_signature_is_taken_out_of_what_was_signed(text: str, rest: str, signature: str | None) -> None:
    assert split_signature(text) == (rest, signature)


def test_a_secret_is_not_shown() -> None:
    key = make_hmac_key()

    assert key.secret not in repr(key)
    assert key.secret != make_hmac_key().secret


def pem_of(private: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
