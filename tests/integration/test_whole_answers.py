"""The time of an answer is that of all its steps; a clock that the test moves measures it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.connections.whole_answers import WholeAnswers

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
ENDLESS_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
ENDLESS_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def serving(answer: Callable[[socket.socket], None], *, reads: bool = True) -> Iterator[str]:
    """Answer one connection after another, on a free port of 127.0.0.1.

    Args:
        reads: whether the request is read before it is answered.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        if reads:
                            connection.recv(65536)
                        answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # Wakes a thread that waits for a connection; closing does not.
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def session(elapsed: Callable[[], float]) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, WholeAnswers(elapsed=elapsed))
    return session


def endless(beginning: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(endless(b"HTTP/1.1 200 OK\r\nX-Endless: ", b"a"), id="head"),
        pytest.param(endless(ENDLESS_BODY, b" "), id="body"),
        pytest.param(endless(ENDLESS_CHUNKS, b"1\r\n \r\n"), id="chunks"),
    ],
)
def test_an_answer_without_end_is_left_when_its_time_is_over(answer: Callable[[socket.socket], None]) -> None:
    # Each look at this clock is a second later, and it is looked at before each piece is read.
    seconds = count()
    with serving(answer) as url, pytest.raises(requests.RequestException, match="Read timed out"):
        session(lambda: float(next(seconds))).get(url, timeout=5)

    assert next(seconds) <= 8


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a key and a certificate of 127.0.0.1 that it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + plain)
    return path


def encrypted(certificate: Path, answer: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answered(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            answer(secure)

    return answered


def test_an_encrypted_answer_is_held_to_its_time_too(certificate: Path) -> None:
    whole = encrypted(certificate, lambda connection: connection.sendall(HEAD + b"ok"))
    with serving(whole, reads=False) as url, session(lambda: 0.0) as asking:
        assert asking.get(url.replace("http", "https"), timeout=5, verify=str(certificate)).text == "ok"

    seconds = count()
    without_end = encrypted(certificate, endless(ENDLESS_BODY, b" "))
    with (
        serving(without_end, reads=False) as url,
        session(lambda: float(next(seconds))) as asking,
        pytest.raises(requests.RequestException, match="Read timed out"),
    ):
        asking.get(url.replace("http", "https"), timeout=5, verify=str(certificate))


def test_an_answer_that_comes_in_pieces_in_time_is_whole() -> None:
    def answer(connection: socket.socket) -> None:
        for piece in (HEAD[:9], HEAD[9:], b"o", b"k"):
            connection.sendall(piece)

    with serving(answer) as url:
        assert session(lambda: 0.0).get(url, timeout=5).text == "ok"


def test_each_answer_has_its_own_time() -> None:
    now = [0.0]
    with serving(lambda connection: connection.sendall(HEAD + b"ok")) as url, session(lambda: now[0]) as asking:
        for _ in range(3):
            assert asking.get(url, timeout=5).text == "ok"
            now[0] += 100


def test_without_a_bound_nothing_is_cut_off() -> None:
    with serving(lambda connection: connection.sendall(HEAD + b"ok")) as url:
        assert session(lambda: 0.0).get(url).text == "ok"


def test_a_host_of_which_one_address_does_not_answer_is_reached_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda connection: connection.sendall(HEAD + b"ok")) as url:
        port = int(url.rpartition(":")[2])
        # Nobody listens on the first.
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
        resolve = socket.getaddrinfo

        def both(host: Any, *args: Any, **options: Any) -> Any:
            return found if host == "two.addresses" else resolve(host, *args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", both)
        assert session(lambda: 0.0).get(f"http://two.addresses:{port}", timeout=5).text == "ok"


def test_a_name_that_is_not_known_is_an_error_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(requests.ConnectionError, match="Failed to resolve"):
        session(lambda: 0.0).get("http://nowhere.invalid", timeout=5)
