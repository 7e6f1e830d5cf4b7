"""Keys are read from the environment or .env, and shown nowhere."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from engine.core.errors import VenueError
from engine.venues.binance.credentials import Credentials, exposed, read_credentials, required

KEY, SECRET = "BINANCE_TESTNET_API_KEY", "BINANCE_TESTNET_API_SECRET"


def pem(
    key: object, *, form: PrivateFormat = PrivateFormat.PKCS8, lock: KeySerializationEncryption | None = None
) -> bytes:
    content: bytes = key.private_bytes(Encoding.PEM, form, lock or NoEncryption())  # type: ignore[attr-defined] # any private key
    return content


def read(tmp_path: Path, secret: str, *, key: str = "theKey") -> Credentials:
    return required(read_credentials({KEY: key, SECRET: secret}, dotenv=tmp_path / "none"))


def test_keys_come_from_the_environment() -> None:
    credentials = required(read_credentials({KEY: " theKey ", SECRET: "theSecret\n"}, dotenv=None))

    assert (credentials.api_key, credentials.secret, credentials.kind) == ("theKey", "theSecret", "HMAC")


def test_keys_come_from_a_dotenv_file_with_its_quotes_comments_and_exports(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(
        b"\xef\xbb\xbf# keys of the testnet\r\n"
        b"OTHER=1\r\n"
        b"export BINANCE_TESTNET_API_KEY = 'the#Key'  # from the site\r\n"
        b"not an assignment\r\n"
        b"BINANCE_TESTNET_API_SECRET=the#Secret # a comment\r\n"
    )

    credentials = required(read_credentials({}, dotenv=path))

    assert (credentials.api_key, credentials.secret) == ("the#Key", "the#Secret")


def test_the_environment_wins_over_the_file_unless_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"{KEY}=fromFile\n{SECRET}=fromFile\n")

    credentials = required(read_credentials({KEY: "fromEnvironment", SECRET: ""}, dotenv=path))

    assert (credentials.api_key, credentials.secret) == ("fromEnvironment", "fromFile")


def test_no_keys_at_all_is_not_an_error_until_they_are_needed(tmp_path: Path) -> None:
    none = read_credentials({}, dotenv=tmp_path / ".env")

    assert none is None
    with pytest.raises(VenueError) as caught:
        required(none)
    assert caught.value.exit_code == 4
    assert str(caught.value) == (
        "no keys for the exchange: set BINANCE_TESTNET_API_KEY and BINANCE_TESTNET_API_SECRET"
        " in the environment or in an untracked .env"
    )


@pytest.mark.parametrize(("present", "absent"), [(KEY, SECRET), (SECRET, KEY)])
def test_one_without_the_other_is_named(present: str, absent: str) -> None:
    with pytest.raises(VenueError, match=f"^{absent} is not set, but {present} is"):
        read_credentials({present: "value"}, dotenv=None)


def test_ed25519_and_rsa_keys_are_read_from_their_files(tmp_path: Path) -> None:
    ed25519, rsa = tmp_path / "ed25519.pem", tmp_path / "rsa.key"
    ed25519.write_bytes(pem(Ed25519PrivateKey.generate()))
    rsa.write_bytes(pem(generate_rsa(65537, 2048), form=PrivateFormat.TraditionalOpenSSL))

    assert read(tmp_path, str(ed25519)).kind == "Ed25519"
    assert read(tmp_path, str(rsa)).kind == "RSA"
    assert read(tmp_path, str(rsa)).secret.startswith("-----BEGIN PRIVATE KEY-----\n")


def test_an_ed25519_key_with_a_comment_and_windows_line_ends_stays_short_enough_for_ccxt(tmp_path: Path) -> None:
    # ccxt 4.5.90 signs with RSA whatever has more than 120 characters.
    content = pem(Ed25519PrivateKey.generate())
    path = tmp_path / "key"
    path.write_bytes(b"Key of the testnet\r\n" + content.replace(b"\n", b"\r\n") + b"\r\n\r\n")

    credentials = read(tmp_path, str(path))

    assert credentials.secret == content.decode().strip()
    assert len(credentials.secret) == 118


def test_a_private_key_may_stand_in_the_variable_itself(tmp_path: Path) -> None:
    content = pem(Ed25519PrivateKey.generate()).decode()

    assert read(tmp_path, content).secret == content.strip()
    assert read(tmp_path, content.replace("\n", "\\n")).secret == content.strip()


def test_a_path_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    for secret in (str(tmp_path / "missing.pem"), "~/missing.pem", "missing.key", str(tmp_path)):
        with pytest.raises(
            VenueError, match=r"^BINANCE_TESTNET_API_SECRET names a private key file that cannot be read"
        ):
            read(tmp_path, secret)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_a_key_file_without_permission_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pem(Ed25519PrivateKey.generate()))
    path.chmod(0)

    with pytest.raises(VenueError, match="Permission denied"):
        read(tmp_path, str(path))


def test_other_kinds_of_keys_are_refused_in_one_sentence(tmp_path: Path) -> None:
    ed25519 = Ed25519PrivateKey.generate()
    contents = [
        pem(generate_private_key(SECP256K1())),
        pem(ed25519, lock=BestAvailableEncryption(b"password")),
        ed25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        pem(ed25519)[:60],
        b"\xff\xfe nothing",
        b"",
    ]
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.pem"
        path.write_bytes(content)

        with pytest.raises(VenueError) as caught:
            read(tmp_path, str(path))

        assert str(caught.value) == (
            "BINANCE_TESTNET_API_SECRET: not a private key; an unencrypted Ed25519 or RSA key in PEM is wanted"
        )


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(VenueError) as caught:
        read(tmp_path, "theSecret", key=key)

    assert key not in str(caught.value)


@pytest.mark.parametrize("secret", ["two words", "g\x00h", "geheimnisß", "x" * 5000 + "ß"])
def test_what_cannot_be_a_secret_is_refused_without_showing_it(tmp_path: Path, secret: str) -> None:
    with pytest.raises(VenueError) as caught:
        read(tmp_path, secret)

    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_dotenv_file_that_is_no_text_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"BINANCE_TESTNET_API_KEY=\xff\xfe")

    with pytest.raises(VenueError, match="cannot be read; a UTF-8 text of NAME=value lines is wanted") as caught:
        read_credentials({}, dotenv=path)

    assert caught.value.__context__ is None


def test_credentials_show_nothing_of_themselves() -> None:
    credentials = Credentials(api_key="theKey", secret="theSecret", kind="HMAC")

    for shown in (repr(credentials), str(credentials), f"{credentials}", f"{[credentials]}", f"{credentials!r:>40}"):
        assert "theKey" not in shown
        assert "theSecret" not in shown


def test_secrets_are_struck_out_of_a_text_line_by_line_of_a_private_key() -> None:
    secret = pem(Ed25519PrivateKey.generate()).decode().strip()
    middle = secret.splitlines()[1]
    credentials = Credentials(api_key="theKey", secret=secret, kind="Ed25519")

    struck_out = credentials.strike_out(f"X-MBX-APIKEY: theKey, GET /?a=1&signature=Zm9v%3D&b=2, {middle}, {secret}")

    assert struck_out == "X-MBX-APIKEY: ***, GET /?a=1&signature=***&b=2, ***, ***"


@pytest.mark.parametrize(
    ("rights", "readers"),
    [(0o644, "everybody"), (0o604, "everybody"), (0o640, "its group"), (0o600, None), (0o400, None)],
)
def test_a_dotenv_file_of_keys_that_others_may_read_is_warned_of(
    tmp_path: Path, rights: int, readers: str | None
) -> None:
    path = tmp_path / ".env"
    path.write_text(f"{KEY}=theKey\n", encoding="utf-8")
    path.chmod(rights)

    warning = exposed(path)

    if readers is None:
        assert warning is None
    else:
        assert (
            warning
            == f"warning: {path} can be read by {readers} on this machine, and holds keys; chmod 600 {path} ends that"
        )


def test_a_dotenv_file_without_our_keys_is_nobody_s_business(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert exposed(path) is None

    path.write_text("OTHER=1\n", encoding="utf-8")
    path.chmod(0o644)

    assert exposed(path) is None
