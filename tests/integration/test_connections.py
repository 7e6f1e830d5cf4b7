"""What a failed connection came of, through the real libraries of every client: ccxt twice, yfinance and FRED once."""

import errno
import http.server
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import certifi
import pytest

from engine.core.errors import DataError, EngineError, VenueError
from engine.data.binance import BinanceBars
from engine.data.failures import UnreachableError
from engine.data.fred import FredValues
from engine.data.yahoo import YahooBars
from engine.venues.binance.client import RestClient
from engine.venues.binance.spot import BinanceSpot
from tests.support.binance_server import BinanceServer, klines, send
from tests.support.fred_server import FredServer
from tests.support.tls import NOW, YEAR, Authority, Proxy, proxying, tls_listening
from tests.support.yahoo_server import YahooServer, session_row

AT = datetime(2024, 5, 11, 12, tzinfo=UTC)
FRIDAY = date(2024, 5, 10)
SECONDS = 10.0


@dataclass
class Asked:
    """One client, asked once: what it said, and how often it tried."""

    environment: Mapping[str, str]
    base_url: str | None = None
    seconds: float = SECONDS
    retries: int = 2
    waits: list[float] = field(default_factory=list)


Client: TypeAlias = Callable[[Asked], None]


def market_data(asked: Asked) -> None:
    BinanceBars(
        base_url=asked.base_url,
        quote="USDT",
        max_retries=asked.retries,
        timeout_seconds=asked.seconds,
        sleep=asked.waits.append,
        now=lambda: AT,
        progress=lambda _: None,
        environment=asked.environment,
    ).fetch("BTC", since=None, until=FRIDAY)


def signed(asked: Asked) -> None:
    client = RestClient(
        network="binance-testnet",
        base_url=asked.base_url,
        credentials=None,
        timeout_seconds=asked.seconds,
        now=lambda: AT,
        environment=asked.environment,
    )
    reply = client.send("GET time", {})
    client.close()
    if reply.status != 200:
        raise VenueError(reply.text)


def yahoo(asked: Asked) -> None:
    YahooBars(
        market="index",
        base_url=asked.base_url,
        max_retries=asked.retries,
        timeout_seconds=asked.seconds,
        sleep=asked.waits.append,
        now=lambda: AT,
        progress=lambda _: None,
        environment=asked.environment,
    ).fetch("RUT", since=None, until=FRIDAY)


def fred(asked: Asked) -> None:
    FredValues(
        base_url=asked.base_url,
        max_retries=asked.retries,
        timeout_seconds=asked.seconds,
        sleep=asked.waits.append,
        progress=lambda _: None,
        remark=lambda _: None,
        environment=asked.environment,
    ).fetch("WALCL", "WALCL")


CLIENTS = {"market data": market_data, "signed": signed, "yahoo": yahoo, "fred": fred}
HOSTS: Mapping[Client, str] = {
    market_data: "https://data-api.binance.vision",
    signed: "https://testnet.binance.vision",
    yahoo: "https://query2.finance.yahoo.com",
    fred: "https://fred.stlouisfed.org",
}


@pytest.fixture(params=list(CLIENTS.values()), ids=list(CLIENTS))
def client(request: pytest.FixtureRequest) -> Client:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Services:
    """Binance, Yahoo and FRED in one server, told apart by path; a drip sends a byte now and then, without an end."""

    def __init__(self) -> None:
        self.binance = BinanceServer(now=AT)
        self.binance.candles["BTCUSDT"] = klines(date(2024, 5, 8), [60_000.0, 61_000.0, 62_000.0])
        self.yahoo = YahooServer()
        self.yahoo.rows["^RUT"] = [session_row(FRIDAY, 2060.0)]
        self.fred = FredServer()
        self.fred.values["WALCL"] = {"2024-05-08": "7353000"}
        self.drip = ""
        self.released = threading.Event()
        services = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                if services.drip:
                    services.let_drip(self)
                    return
                send(self, services.answering(parts.path).answer(parts.path, query), services.released)

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        self.handler = Handler

    def answering(self, path: str) -> BinanceServer | YahooServer | FredServer:
        if path.startswith("/graph"):
            return self.fred
        return self.binance if path.startswith("/api/v3") else self.yahoo

    def let_drip(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        begun, piece = {
            "head": (head + b"X-Long: ", b"x"),
            "body": (head + b"Content-Length: 100000\r\n\r\n", b" "),
            "chunks": (head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        }[self.drip]
        try:
            handler.wfile.write(begun)
            while not self.released.wait(0.05):
                handler.wfile.write(piece)
        except OSError:
            handler.close_connection = True


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def tls(services: Services, authority: Authority) -> Iterator[str]:
    with tls_listening(services.handler, authority.server_context(), services.released) as url:
        yield url


@pytest.fixture
def proxy(tls: str) -> Iterator[Proxy]:
    proxy = Proxy()
    proxy.port_behind = urlsplit(tls).port
    with proxying(proxy):
        yield proxy


def failure(client: Client, asked: Asked) -> str:
    with pytest.raises(EngineError) as caught:
        client(asked)
    if client is not signed:
        # Under `auto` it leads on to the cache and the sample.
        assert isinstance(caught.value, UnreachableError)
        assert isinstance(caught.value, DataError)
    return str(caught.value)


@pytest.mark.parametrize(
    ("environment", "tries", "sentence"),
    [
        (
            {"HTTPS_PROXY": "htp:/x"},
            0,
            "binance-testnet: HTTPS_PROXY is not the address of a proxy (htp:/x); set it to http://host:port, or unset"
            " it (no server was asked)",
        ),
        (
            {"HTTPS_PROXY": "http://me:s3cr3t@127.0.0.1:9"},
            2,
            "binance-testnet: GET time: https://testnet.binance.vision cannot be reached: the proxy"
            " http://***@127.0.0.1:9 does not answer; start it, correct or unset HTTPS_PROXY, or name"
            " testnet.binance.vision in NO_PROXY; given up after 3 tries",
        ),
    ],
)
def test_the_venue_is_asked_again_only_where_waiting_may_help_and_says_the_whole_remedy(
    environment: Mapping[str, str], tries: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    waits: list[float] = []
    venue = BinanceSpot(
        network="binance-testnet",
        base_url=None,
        credentials=None,
        timeout_seconds=SECONDS,
        max_retries=2,
        sleep=waits.append,
        now=lambda: AT,
        notice=lambda _: None,
    )

    with pytest.raises(VenueError) as caught:
        venue.server_time()

    assert str(caught.value) == sentence
    assert len(waits) == tries


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_an_authority_that_a_variable_names_is_trusted(
    client: Client, tls: str, authority: Authority, variable: str
) -> None:
    client(Asked({variable: str(authority.certificate)}, base_url=tls))


def test_an_unknown_authority_is_said_once_with_the_variables_that_name_one(client: Client, tls: str) -> None:
    asked = Asked({}, base_url=tls)

    sentence = failure(client, asked)

    assert f"{tls} cannot be trusted: its certificate is signed by an authority that is not known here" in sentence
    assert "REQUESTS_CA_BUNDLE or SSL_CERT_FILE" in sentence
    assert asked.waits == []


def test_an_authority_that_the_named_file_lacks_is_said_with_the_variable_that_counts(
    client: Client, tls: str, authority: Authority
) -> None:
    asked = Asked({"SSL_CERT_FILE": str(authority.certificate), "REQUESTS_CA_BUNDLE": certifi.where()}, base_url=tls)

    assert f"is not in the file of REQUESTS_CA_BUNDLE ({certifi.where()})" in failure(client, asked)


def test_a_certificate_that_has_run_out_is_said(client: Client, services: Services, authority: Authority) -> None:
    context = authority.server_context(ends_at=NOW - YEAR)
    with tls_listening(services.handler, context, services.released) as url:
        sentence = failure(client, Asked({"SSL_CERT_FILE": str(authority.certificate)}, base_url=url))

    assert "its certificate has run out or is not valid yet; check this machine's clock" in sentence


def test_a_certificate_of_another_name_is_said(client: Client, services: Services, authority: Authority) -> None:
    context = authority.server_context(names=("login.example",))
    with tls_listening(services.handler, context, services.released) as url:
        sentence = failure(client, Asked({"SSL_CERT_FILE": str(authority.certificate)}, base_url=url))

    assert "its certificate is of another name" in sentence


def test_a_server_without_tls_is_said(client: Client, services: Services) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), services.handler) as plain:
        thread = threading.Thread(target=plain.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sentence = failure(client, Asked({}, base_url=f"https://127.0.0.1:{plain.server_address[1]}"))
        plain.shutdown()
        thread.join()

    assert "what answers there does not speak TLS" in sentence


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.pem", "names no file"),
        ("empty.pem", "names a file without a readable certificate"),
        ("", "names a folder"),
    ],
)
def test_a_variable_that_names_no_authority_is_said_and_nobody_is_asked(
    client: Client, services: Services, tls: str, tmp_path: Path, variable: str, name: str, problem: str
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    asked = Asked({variable: str(tmp_path / name)}, base_url=tls)

    sentence = failure(client, asked)

    assert f"{variable} {problem} ({tmp_path / name})" in sentence
    assert "set it to a file of certificates in PEM, or unset it" in sentence
    assert asked.waits == []
    assert (services.binance.time_requests, services.yahoo.paths) == (0, [])


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_leads_out(client: Client, proxy: Proxy, authority: Authority, variable: str) -> None:
    client(Asked({variable: proxy.url, "SSL_CERT_FILE": str(authority.certificate)}))

    assert f"{urlsplit(HOSTS[client]).hostname}:443" in proxy.asked


def test_a_proxy_is_given_its_login_and_it_is_shown_nowhere(client: Client, proxy: Proxy, authority: Authority) -> None:
    proxy.login = "Basic bWU6c2VjcmV0"  # me:secret
    trusted = {"SSL_CERT_FILE": str(authority.certificate)}
    client(Asked({**trusted, "HTTPS_PROXY": proxy.url.replace("//", "//me:secret@")}))

    wrong = Asked({**trusted, "HTTPS_PROXY": proxy.url.replace("//", "//me:s3cr3t@")})
    sentence = failure(client, wrong)

    port = urlsplit(proxy.url).port
    assert f"the proxy http://***@127.0.0.1:{port} wants a login (HTTP 407)" in sentence
    assert "HTTPS_PROXY" in sentence
    assert "s3cr3t" not in sentence
    assert wrong.waits == []


def test_a_proxy_that_does_not_connect_is_said(client: Client, proxy: Proxy) -> None:
    proxy.port_behind = None

    sentence = failure(client, Asked({"HTTPS_PROXY": proxy.url}))

    assert f"the proxy {proxy.url} of HTTPS_PROXY does not connect to it (HTTP 403)" in sentence
    assert "in NO_PROXY" in sentence


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy_is_named_without_its_password(client: Client, scheme: str) -> None:
    port = closed_port()

    sentence = failure(client, Asked({"HTTPS_PROXY": f"{scheme}://me:s3cr3t@127.0.0.1:{port}"}))

    assert f"cannot be reached: the proxy {scheme}://***@127.0.0.1:{port} does not answer" in sentence
    assert "HTTPS_PROXY" in sentence
    assert "s3cr3t" not in sentence


def test_a_proxy_whose_name_does_not_resolve_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", no_names)

    sentence = failure(client, Asked({"HTTPS_PROXY": "http://nowhere.onion:3128"}))

    assert "the name of the proxy http://nowhere.onion:3128 does not resolve" in sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("htp:/x", "HTTPS_PROXY is not the address of a proxy (htp:/x)"),
        ("http://", "HTTPS_PROXY is not the address of a proxy (http://)"),
        ("http://me:s3cr3t@127.0.0.1:port", "HTTPS_PROXY is not the address of a proxy (http://***@127.0.0.1:port)"),
        ("ftp://127.0.0.1:3128", "HTTPS_PROXY names a proxy of the kind 'ftp', which is not supported"),
        ("socks5h://me:s3cr3t@127.0.0.1:9050", "HTTPS_PROXY names a SOCKS proxy (socks5h://***@127.0.0.1:9050)"),
        ("socks4://127.0.0.1:9050", "HTTPS_PROXY names a SOCKS proxy (socks4://127.0.0.1:9050)"),
    ],
)
def test_a_proxy_that_cannot_be_one_is_said_once(client: Client, value: str, words: str) -> None:
    asked = Asked({"HTTPS_PROXY": value})

    sentence = failure(client, asked)

    assert words in sentence
    assert "set it to http://host:port, or unset it" in sentence
    assert "s3cr3t" not in sentence
    assert asked.waits == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_this_machine_is_reached_without_a_proxy(client: Client, tls: str, authority: Authority, variable: str) -> None:
    # Nobody listens there; asked for, it would be found dead.
    dead = f"http://127.0.0.1:{closed_port()}"

    client(Asked({variable: dead, "SSL_CERT_FILE": str(authority.certificate)}, base_url=tls))


def test_a_host_that_no_proxy_names_is_reached_without_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    dead = f"http://127.0.0.1:{closed_port()}"

    if client is yahoo:  # libcurl looks names up itself; this one it never does
        asked = Asked({"HTTPS_PROXY": dead, "NO_PROXY": ".onion"}, base_url="https://nowhere.onion")
    else:
        asked = Asked({"HTTPS_PROXY": dead, "NO_PROXY": "yahoo.com, binance.vision, stlouisfed.org"})
    assert "does not resolve; check the network and its DNS" in failure(client, asked)


def test_a_name_that_does_not_resolve_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", no_names)

    base_url = "https://nowhere.onion" if client is yahoo else None
    host = urlsplit(base_url or HOSTS[client]).hostname
    assert f"cannot be reached: the name {host} does not resolve" in failure(client, Asked({}, base_url=base_url))


def test_a_refused_connection_is_said(client: Client) -> None:
    url = f"https://127.0.0.1:{closed_port()}"

    sentence = failure(client, Asked({}, base_url=url))

    assert f"{url} cannot be reached: the connection is refused" in sentence


@pytest.mark.parametrize("client", [market_data, signed, fred])  # libcurl's connections cannot be replaced
def test_a_network_that_is_not_there_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)

    assert "there is no network on the way to it" in failure(client, Asked({}, base_url="https://127.0.0.1:8443"))


@pytest.mark.parametrize("drip", ["head", "body", "chunks"])
def test_an_answer_that_never_ends_is_given_up(
    client: Client, services: Services, tls: str, authority: Authority, drip: str
) -> None:
    services.drip = drip
    asked = Asked({"SSL_CERT_FILE": str(authority.certificate)}, base_url=tls, seconds=1.5, retries=0)

    sentence = failure(client, asked)

    assert f"{tls} begins an answer and does not end it within 1.5 seconds" in sentence
    assert "venue.timeout_seconds" in sentence


def no_names(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
