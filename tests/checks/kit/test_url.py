"""Web addresses, read strictly."""

from __future__ import annotations

import pytest

from checks.kit.url import Url, join, parse, place, web


@pytest.mark.parametrize(
    ("text", "url", "authority"),
    [
        ("https://dichvucong.gov.vn", Url("https", "dichvucong.gov.vn", 443, "/"), "dichvucong.gov.vn"),
        ("HTTP://TSA.CA.GOV.VN:80/", Url("http", "tsa.ca.gov.vn", 80, "/"), "tsa.ca.gov.vn"),
        ("https://a:8443/x?y=z#part", Url("https", "a", 8443, "/x?y=z"), "a:8443"),
        ("http://[::1]:8420/", Url("http", "::1", 8420, "/"), "[::1]:8420"),
        ("http://a?q=/x", Url("http", "a", 80, "/?q=/x"), "a"),
        ("wss://a", Url("wss", "a", 443, "/"), "a"),
        ("ws://a:443/x", Url("ws", "a", 443, "/x"), "a:443"),
        ("http://a#b", Url("http", "a", 80, "/"), "a"),
    ],
)
def test_an_address_is_taken_apart(text: str, url: Url, authority: str) -> None:
    """The default port is left out of the Host header."""
    assert parse(text) == url
    assert url.authority == authority


@pytest.mark.parametrize(
    "text",
    ["", "a", "//a/",
     "file:///etc/passwd", "http://", "http:///x", "http://user:pin@a/", "http://a b/", "http://a\r\nX: y/", "http://é/",
     "http://a:b/", "http://a:0/", "http://a:65536/", "http://[::1/", "http://a\\b/", "http://a:80:80/",
     f"http://{'a' * 254}/"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """A header cannot be smuggled in, a user name cannot hide the host."""
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("https://b/x", "https://b/x"),
        ("//b/x", "https://b/x"),
        ("/x?y", "https://a:8443/x?y"),
        ("x", "https://a:8443/one/x"),
        ("?z=1", "https://a:8443/one/two?z=1"),
    ],
)
def test_a_redirect_leads_where_browsers_go(location: str, leads_to: str) -> None:
    """Absolute, other host, path, relative, query."""
    assert str(join(parse("https://a:8443/one/two?q=1/2"), location)) == leads_to


@pytest.mark.parametrize("location", ["ws://b/", "wss://b/x", "file:///etc/passwd", "http://b c/"])
def test_a_redirect_leads_to_web_pages_only(location: str) -> None:
    """Browsers follow none into a WebSocket."""
    with pytest.raises(ValueError):
        join(parse("https://a/"), location)


def test_an_address_of_the_web_is_no_websocket() -> None:
    """The message says what may stand there."""
    with pytest.raises(ValueError, match=r"^expected http://host\[:port\]/path or https://…$"):
        web("ws://a/")


@pytest.mark.parametrize(
    ("text", "found"),
    [("https://a/x", ("a", 443)), ("http://[::1]:81/", ("::1", 81)), ("A.example:853", ("a.example", 853)),
     ("[2001:db8::1]:53", ("2001:db8::1", 53)), ("192.0.2.1:1", ("192.0.2.1", 1))],
)  # fmt: skip
def test_a_place_is_a_host_and_a_port(text: str, found: tuple[str, int]) -> None:
    """Written as a web address, or as both."""
    assert place(text) == found


@pytest.mark.parametrize("text", ["", "a", "a:", "a:0", "a:65536", "2001:db8::1:53", "user@a:1", "ws://a/", "a:1/x"])
def test_what_names_no_place_is_refused(text: str) -> None:
    """An anchor that cannot be reached would make every failure this PC's own."""
    with pytest.raises(ValueError):
        place(text)
