"""Only sandboxes and this machine are talked to."""

import pytest

from engine.core.errors import VenueError
from engine.venues.binance.hosts import CANDLES, SANDBOX_HOSTS, allowed_origin
from engine.venues.origins import origin_of, target_at


def test_each_network_has_its_own_address() -> None:
    assert str(allowed_origin("binance-testnet", None)) == "https://testnet.binance.vision"
    assert str(allowed_origin("binance-demo", None)) == "https://demo-api.binance.com"


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8080",
        "http://127.255.255.254/",
        "https://localhost:8443",
        "http://LOCALHOST:1",
        "http://[::1]:8080",
        "https://api1.testnet.binance.vision",
        "https://TESTNET.binance.vision:443",
    ],
)
def test_sandboxes_and_this_machine_are_allowed(base_url: str) -> None:
    assert allowed_origin("binance-testnet", base_url).host in (
        *SANDBOX_HOSTS,
        "127.0.0.1",
        "127.255.255.254",
        "localhost",
        "::1",
    )


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.binance.com",
        "https://api1.binance.com",
        "https://api-gcp.binance.com",
        "https://api.binance.us",
        "https://data-api.binance.vision",
        "https://fapi.binance.com",
        "https://testnet.binance.vision.evil.example",
        "https://eviltestnet.binance.vision",
        "https://testnet.binance.vision.",
        "https://testnet.binance.vision@api.binance.com",
        "https://127.0.0.1@api.binance.com",
        "http://user:password@127.0.0.1:8080",
        "https://api.binance.com\\@testnet.binance.vision",
        "https://api.binance.com#@127.0.0.1",
        "https://testnet.binance.vision:8443",
        "http://testnet.binance.vision",
        "http://128.0.0.1",
        "http://0.0.0.0:80",
        "http://10.0.0.1",
        "http://0177.0.0.1",
        "http://2130706433",
        "http://[::ffff:127.0.0.1]",
        "http://[::2]",
        "http://127.0.0.1.nip.example",
        "http://localhost.example",
        "http://localhost:99999",
        "http://[::1",
        "ftp://127.0.0.1",
        "127.0.0.1:8080",
        "https://",
        "",
        "https://testnet.binance.vision\t.example",
        " https://testnet.binance.vision",
        "https://ｔestnet.binance.vision",
    ],
)
def test_anything_else_is_refused_in_one_sentence(base_url: str) -> None:
    with pytest.raises(VenueError, match=r"allowed are https on testnet\.binance\.vision, api1") as caught:
        allowed_origin("binance-testnet", base_url)

    assert "\n" not in str(caught.value)


def test_a_client_of_one_origin_does_not_reach_another_one_that_is_allowed() -> None:
    origin = allowed_origin("binance-testnet", "http://127.0.0.1:8080")
    assert target_at(origin, "http://127.0.0.1:8080/api/v3/account?signature=1") == "/api/v3/account?signature=1"

    for url in (
        "http://127.0.0.1:8081/",
        "http://127.0.0.1:808/",
        "http://127.0.0.1:8080",
        "https://127.0.0.1:8080/",
        "https://testnet.binance.vision/api/v3/order",
    ):
        with pytest.raises(VenueError, match=r"stopped before it was sent"):
            target_at(origin, url)


def test_a_stopped_request_does_not_show_its_signature() -> None:
    origin = allowed_origin("binance-testnet", None)

    with pytest.raises(VenueError) as caught:
        target_at(origin, "https://api.binance.com/api/v3/order?symbol=BTCUSDT&signature=0123456789abcdef")

    assert str(caught.value) == (
        "a request to https://api.binance.com was stopped before it was sent:"
        " this bot talks to https://testnet.binance.vision alone"
    )


def test_an_address_is_written_without_the_port_that_goes_without_saying() -> None:
    assert str(origin_of("https://localhost:443/", allowed="")) == "https://localhost"
    assert str(origin_of("http://[::1]:8080/api", allowed="")) == "http://[::1]:8080"


def test_the_market_data_host_is_for_looking_only() -> None:
    origin = allowed_origin("binance-market-data", None)

    assert str(origin) == "https://data-api.binance.vision"
    with pytest.raises(VenueError, match="is not a sandbox"):
        allowed_origin("binance-testnet", "https://data-api.binance.vision")
    with pytest.raises(VenueError, match="is not a sandbox"):
        allowed_origin("binance-market-data", "https://api.binance.com")


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        (None, "https://data-api.binance.vision"),
        ("https://testnet.binance.vision", "https://testnet.binance.vision"),
        ("https://api.binance.com/", "https://api.binance.com"),
        ("http://10.1.2.3:8080", "http://10.1.2.3:8080"),
    ],
)
def test_candles_come_from_any_address_since_nothing_is_signed_for_them(base_url: str | None, origin: str) -> None:
    assert str(allowed_origin(CANDLES, base_url)) == origin
