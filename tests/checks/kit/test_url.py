"""Web addresses, read strictly."""

from __future__ import annotations

import pytest

from checks.kit.url import Url, join, parse


@pytest.mark.parametrize(
    ("text", "url", "authority"),
    [
        ("https://dichvucong.gov.vn", Url("https", "dichvucong.gov.vn", 443, "/"), "dichvucong.gov.vn"),
        ("HTTP://TSA.CA.GOV.VN:80/", Url("http", "tsa.ca.gov.vn", 80, "/"), "tsa.ca.gov.vn"),
        ("https://a:8443/x?y=z#part", Url("https", "a", 8443, "/x?y=z"), "a:8443"),
        ("http://[::1]:8420/", Url("http", "::1", 8420, "/"), "[::1]:8420"),
        ("http://a?q=/x", Url("http", "a", 80, "/?q=/x"), "a"),
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
     "http://a:b/", "http://a:0/", "http://a:65536/", "http://[::1/", "http://a\\b/", "http://a:80:80/"],
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
