"""The time of an answer is that of all its steps; a clock that the test moves measures it."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.connections.causes import EndlessAnswerError
from engine.connections.transport import BrokenConnectionError, HttpAnswer, Transport
from tests.support.patience import PATIENCE_SECONDS

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
ENDLESS_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
ENDLESS_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def serving(answer: Callable[[socket.socket], None], *, reads: bool = True, at_once: bool = False) -> Iterator[str]:
    """Answer one connection after another, on a free port of 127.0.0.1.

    Args:
        reads: whether the request is read before it is answered.
        at_once: answer each in a thread of its own.
    """

    def answered(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if reads:
                connection.recv(65536)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    if at_once:
                        threading.Thread(target=answered, args=(connection,)).start()
                    else:
                        answered(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # Wakes a thread that waits for a connection; closing does not.
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def ask(
    url: str, elapsed: Callable[[], float], seconds: float | None = 5, *, trusted: Path | None = None
) -> HttpAnswer:
    """Ask once, with a client of its own."""
    transport = Transport(url, {} if trusted is None else {"SSL_CERT_FILE": str(trusted)}, elapsed=elapsed)
    try:
        return transport.send("/", timeout_seconds=seconds)
    finally:
        transport.close()


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


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
    with serving(answer) as url, pytest.raises(BrokenConnectionError) as caught:
        ask(url, lambda: float(next(seconds)))

    assert any(isinstance(error, EndlessAnswerError) for error in chain(caught.value))
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
    with serving(whole, reads=False) as url:
        assert ask(url.replace("http", "https"), lambda: 0.0, trusted=certificate).text == "ok"

    seconds = count()
    without_end = encrypted(certificate, endless(ENDLESS_BODY, b" "))
    with serving(without_end, reads=False) as url, pytest.raises(BrokenConnectionError) as caught:
        ask(url.replace("http", "https"), lambda: float(next(seconds)), trusted=certificate)
    assert any(isinstance(error, EndlessAnswerError) for error in chain(caught.value))


def test_an_answer_that_comes_in_pieces_in_time_is_whole() -> None:
    def answer(connection: socket.socket) -> None:
        for piece in (HEAD[:9], HEAD[9:], b"o", b"k"):
            connection.sendall(piece)

    with serving(answer) as url:
        assert ask(url, lambda: 0.0).text == "ok"


def test_each_answer_has_its_own_time() -> None:
    now = [0.0]
    with serving(lambda connection: connection.sendall(HEAD + b"ok")) as url:
        transport = Transport(url, {}, elapsed=lambda: now[0])
        for _ in range(3):
            assert transport.send("/", timeout_seconds=5).text == "ok"
            now[0] += 100
        transport.close()


def test_without_a_bound_nothing_is_cut_off() -> None:
    with serving(lambda connection: connection.sendall(HEAD + b"ok")) as url:
        assert ask(url, lambda: 0.0, None).text == "ok"


def test_a_compressed_answer_is_given_as_it_was() -> None:
    packed = gzip.compress(b"o" * 1000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with serving(lambda connection: connection.sendall(head + packed)) as url:
        assert ask(url, lambda: 0.0).text == "o" * 1000
    with (
        serving(lambda connection: connection.sendall(head + b"x" * len(packed))) as url,
        pytest.raises(BrokenConnectionError),
    ):
        ask(url, lambda: 0.0)


def test_answers_that_are_waited_for_at_once_come_on_connections_of_their_own() -> None:
    all_asked = threading.Barrier(3)

    def answer(connection: socket.socket) -> None:
        all_asked.wait(PATIENCE_SECONDS)
        connection.sendall(HEAD + b"ok")

    with serving(answer, at_once=True) as url, ThreadPoolExecutor(3) as threads:
        transport = Transport(url, {})
        asked = [threads.submit(transport.send, "/", timeout_seconds=PATIENCE_SECONDS) for _ in range(3)]
        assert [each.result().text for each in asked] == ["ok"] * 3
        transport.close()


def test_a_host_of_which_one_address_does_not_answer_is_reached_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda connection: connection.sendall(HEAD + b"ok")) as url:
        port = int(url.rpartition(":")[2])
        # Nobody listens on the first.
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
        resolve = socket.getaddrinfo

        def both(host: Any, *args: Any, **options: Any) -> Any:
            return found if host == "two.addresses" else resolve(host, *args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", both)
        assert ask(f"http://two.addresses:{port}", lambda: 0.0).text == "ok"


def test_a_name_that_is_not_known_is_an_error_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(BrokenConnectionError) as caught:
        ask("http://nowhere.invalid", lambda: 0.0)
    assert any("Failed to resolve" in str(error) for error in chain(caught.value))
