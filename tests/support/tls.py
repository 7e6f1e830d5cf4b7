"""TLS on loopback: an authority of our own, servers that it vouches for, and a proxy that leads every name to one."""

import contextlib
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = (
    "localhost",
    "data-api.binance.vision",
    "testnet.binance.vision",
    "*.finance.yahoo.com",
    "*.yahoo.com",
    "fred.stlouisfed.org",
)
"""Those whom the clients ask, all of them this machine here."""
NOW = datetime.now(UTC)
YEAR = timedelta(days=365)

SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """Signs certificates; its own is in `certificate`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        self.certificate = folder / "authority.pem"
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        own = self._signed(self._name, self._key.public_key(), NOW + YEAR).add_extension(constraints, critical=True)
        content = (
            own.add_extension(SIGNS, critical=True)
            .sign(self._key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
        self.certificate.write_bytes(content)

    def server_context(self, *, names: tuple[str, ...] = NAMES, ends_at: datetime = NOW + YEAR) -> ssl.SSLContext:
        """Make what a server needs, with a certificate for 127.0.0.1 and `names`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        if names == NAMES:
            alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        made = self._signed(subject, key.public_key(), ends_at).add_extension(
            x509.SubjectAlternativeName(alternatives), critical=False
        )
        path = self._folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _signed(self, subject: x509.Name, key: Any, ends_at: datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 2 * YEAR)
            .not_valid_after(ends_at)
            # Python 3.13 verifies strictly: each names the key of its authority, which says that it signs.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


@contextlib.contextmanager
def tls_listening(
    handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext, released: threading.Event
) -> Iterator[str]:
    """Run a handler behind TLS on a free port of 127.0.0.1 and give its address."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: Any, client_address: Any) -> None:
            # In the thread of the connection; a client that does not trust us ends the handshake.
            with contextlib.suppress(OSError), context.wrap_socket(request, server_side=True) as connection:
                super().finish_request(connection, client_address)

    with _serving(Server(("127.0.0.1", 0), handler)) as port:
        try:
            yield f"https://127.0.0.1:{port}"
        finally:
            released.set()


class Proxy:
    """What a proxy is told to do, and what it was asked.

    Attributes:
        port_behind: of the server that every name leads to; None: it refuses with `status`.
        login: what it wants as `Proxy-Authorization`; empty for nothing.
    """

    def __init__(self) -> None:
        self.port_behind: int | None = None
        self.status = "403 Forbidden"
        self.login = ""
        self.asked: list[str] = []
        self.url = ""


@contextlib.contextmanager
def proxying(proxy: Proxy) -> Iterator[Proxy]:
    """Answer CONNECT on a free port of 127.0.0.1 while the block runs."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = self.request.recv(4096)
                if not piece:
                    return
                head += piece
            text = head.decode("latin-1")
            proxy.asked.append(text.split(" ", 2)[1])
            if proxy.login and f"proxy-authorization: {proxy.login}".lower() not in text.lower():
                self.request.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            elif proxy.port_behind is None:
                self.request.sendall(f"HTTP/1.1 {proxy.status}\r\nContent-Length: 0\r\n\r\n".encode())
            else:
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", proxy.port_behind)) as behind:
                    _joined(self.request, behind)

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with _serving(Server(("127.0.0.1", 0), Handler)) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy


def _joined(one: socket.socket, other: socket.socket) -> None:
    while True:
        for ready in select.select([one, other], [], [])[0]:
            piece = ready.recv(65536)
            if not piece:
                return
            (other if ready is one else one).sendall(piece)


@contextlib.contextmanager
def _serving(server: TCPServer) -> Iterator[int]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
