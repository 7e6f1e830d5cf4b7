"""Which variables of the environment count for an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connections.route import SettingError, is_direct, route_to, shown_proxy

OUTSIDE = "https://data-api.binance.vision/api/v3/time"
PROXY = "http://proxy.example:3128"


def proxy_of(url: str, **environment: str) -> str | None:
    route = route_to(url, environment)
    return route.proxy.value if route.proxy else None


def test_https_goes_by_https_proxy_and_http_by_http_proxy() -> None:
    both = {"HTTPS_PROXY": "http://a:1", "HTTP_PROXY": "http://b:2", "ALL_PROXY": "http://c:3"}

    assert proxy_of("https://example.com", **both) == "http://a:1"
    assert proxy_of("http://example.com", **both) == "http://b:2"


def test_all_proxy_stands_in_for_the_one_that_is_not_set() -> None:
    assert proxy_of(OUTSIDE, ALL_PROXY=PROXY) == PROXY
    assert proxy_of(OUTSIDE, HTTP_PROXY=PROXY) is None


def test_small_letters_win_and_nothing_is_no_proxy() -> None:
    assert proxy_of(OUTSIDE, https_proxy="http://a:1", HTTPS_PROXY="http://b:2") == "http://a:1"
    assert proxy_of(OUTSIDE, https_proxy="", HTTPS_PROXY="http://b:2") is None


def test_a_proxy_may_lack_its_scheme() -> None:
    assert proxy_of(OUTSIDE, HTTPS_PROXY="proxy.example:3128") == PROXY


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "[::1]", "page.localhost"])
def test_this_machine_has_no_proxy(host: str) -> None:
    assert proxy_of(f"https://{host}:8765", HTTPS_PROXY=PROXY) is None


@pytest.mark.parametrize(
    ("listed", "host", "port", "direct"),
    [
        ("binance.vision", "data-api.binance.vision", 443, True),
        (".binance.vision", "data-api.binance.vision", 443, True),
        ("*.binance.vision", "data-api.binance.vision", 443, True),
        ("ance.vision", "data-api.binance.vision", 443, False),
        ("example.com, binance.vision", "binance.vision", 443, True),
        ("example.com binance.vision", "binance.vision", 443, True),
        ("BINANCE.VISION", "binance.vision", 443, True),
        ("binance.vision:443", "binance.vision", 443, True),
        ("binance.vision:8443", "binance.vision", 443, False),
        ("*", "binance.vision", 443, True),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.1.2.3", "10.1.2.3", 443, True),
        (",, ,", "binance.vision", 443, False),
        ("", "binance.vision", 443, False),
    ],
)
def test_no_proxy_names_hosts_and_networks(listed: str, host: str, port: int, direct: bool) -> None:
    assert is_direct(host, port, {"NO_PROXY": listed}) is direct


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://me:s3cr3t@proxy.example:3128", "http://***@proxy.example:3128"),
        ("me:s3cr3t@proxy.example:3128", "***@proxy.example:3128"),
        ("http://me:s3c@r3t@proxy.example", "http://***@proxy.example"),
        ("http://me:s3c://r3t@proxy.example", "http://***@proxy.example"),
        ("http://me:s3cr3t", "http://me:***"),
        ("htp:/x", "htp:/x"),
    ],
)
def test_a_proxy_is_shown_without_its_login(value: str, shown: str) -> None:
    assert shown_proxy(value) == shown


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_proxy_variable_holds_it_is_a_route_or_a_sentence_without_the_password(head: str, tail: str) -> None:
    value = f"{head}http://me:s3cr3t@{tail}"

    try:
        shown = route_to(OUTSIDE, {"HTTPS_PROXY": value}).proxy_shown
    except SettingError as error:
        shown = str(error)

    assert "s3cr3t" not in shown
