"""Who is answered by the dashboard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ConfigError
from engine.dashboard.access import Access
from engine.machine.serving import is_loopback

TOKEN = "sixteen-letters-"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1"])
def test_loopback_wants_no_token(host: str) -> None:
    assert Access(host=host).admits(authorization=None, cookie=None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.1.example.org", ""])
def test_any_other_address_wants_a_token(host: str) -> None:
    with pytest.raises(ConfigError, match="ALTFUSE_DASHBOARD_TOKEN"):
        Access(host=host)
    assert not Access(host=host, token=TOKEN).admits(authorization=None, cookie=None)


@pytest.mark.parametrize(
    "token", ["", "fifteen-letters", "sixteen-letters€", " " * 20, "\t" * 20, f" {TOKEN}", f"{TOKEN}\n"]
)
def test_a_short_or_strange_token_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Access(host="127.0.0.1", token=token)
    assert not token or token not in str(refused.value)


def test_the_token_is_not_in_what_is_printed_of_it() -> None:
    assert TOKEN not in repr(Access(host="0.0.0.0", token=TOKEN))


def test_token_and_cookie_are_taken_as_they_were_given_and_no_other() -> None:
    access = Access(host="0.0.0.0", token=TOKEN)

    assert access.admits(authorization=f"Bearer {TOKEN}", cookie=None)
    assert access.admits(authorization=None, cookie=access.pass_for_token())
    assert not access.admits(authorization=TOKEN, cookie=None)
    assert not access.admits(authorization=None, cookie=TOKEN)
    # A wrong token is not mended by a right cookie.
    assert not access.admits(authorization="Bearer x", cookie=access.pass_for_token())
    assert not access.admits(authorization="Basic x", cookie=access.pass_for_token())
    assert not access.admits(authorization=None, cookie=Access(host="::", token=TOKEN + "x").pass_for_token())


@given(st.text())
def test_no_other_text_is_the_token(text: str) -> None:
    assert Access(host="::", token=TOKEN).is_token(text) == (text == TOKEN)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("127.0.0.1:8080", True),
        ("localhost", True),
        ("[::1]:8080", True),
        ("evil.example:8080", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
        ("localhost:80:evil", False),
        ("localhost:", False),
        ("localhost:0", False),
        ("localhost:65536", False),
        ("localhost:8080 ", False),
        ("localhost:80, evil.example", False),
        ("localhost:١", False),
        ("user@localhost", False),
        ("localhost/", False),
        ("localhost.", False),
        ("[::1", False),
        ("[::1]evil", False),
        ("[::1]:80:80", False),
        ("::1", False),
        ("[localhost]", False),
        ("[127.0.0.1]evil.example", False),
    ],
)
def test_on_loopback_only_its_own_names_are_answered(header: str, known: bool) -> None:
    assert Access(host="127.0.0.1").knows_host([header]) == known


def test_a_request_with_no_host_or_two_is_not_answered() -> None:
    for access in (Access(host="127.0.0.1"), Access(host="0.0.0.0", token=TOKEN)):
        assert not access.knows_host([])
        assert not access.knows_host(["localhost", "localhost"])


def test_with_a_token_on_another_address_any_name_may_lead_here() -> None:
    assert Access(host="0.0.0.0", token=TOKEN).knows_host(["bot.example:8080"])
    assert not Access(host="0.0.0.0", token=TOKEN).knows_host(["bot.example:80:80"])
    assert not is_loopback("0.0.0.0")
