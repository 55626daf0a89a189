"""Requests as bytes, dates, and where answers end."""

from __future__ import annotations

import socket

import pytest

from checks.kit.http1 import date, exchange, request
from checks.kit.url import parse

URL = parse("http://a.example:8080/x?y=z")


def test_a_proxy_is_told_the_whole_address_and_who_asks() -> None:
    """The server's name stays in Host."""
    lines = request(URL, fields=("Proxy-Authorization: Basic eA==",), whole=True).decode().split("\r\n")
    assert lines[:2] == ["GET http://a.example:8080/x?y=z HTTP/1.1", "Host: a.example:8080"]
    assert lines[-4:] == ["Proxy-Authorization: Basic eA==", "Connection: close", "", ""]


def test_a_request_has_one_connection_header() -> None:
    """An upgrade brings its own."""
    assert request(URL, fields=("Connection: Upgrade",)).count(b"Connection:") == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("Sun, 06 Nov 1994 08:49:37 GMT", 784111777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
     ("Sunday, 06-Nov-94 08:49:37 GMT", 0), ("Sun Nov  6 08:49:37 1994", 0), ("", 0),
     ("Sun, 06 Nov 1994 08:49:37 +0700", 0), ("Sun, 31 Feb 1994 08:49:37 GMT", 0)],
)  # fmt: skip
def test_a_date_is_read_as_servers_must_write_it(text: str, seconds: int) -> None:
    """RFC 9110 §5.6.7; the obsolete forms are not trusted with a clock."""
    assert date(text) == seconds


@pytest.mark.parametrize(
    ("asked", "switch", "answer", "status"),
    [
        (b"HEAD / HTTP/1.1\r\n\r\n", False, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", 200),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", False, b"HTTP/1.1 200 Established\r\n\r\nSSH-2.0", 200),
        (b"GET / HTTP/1.1\r\n\r\n", True, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching\r\n\r\n\x88\0", 101),
        (b"GET / HTTP/1.1\r\n\r\n", True, b"HTTP/1.1 403 No\r\nContent-Length: 99\r\n\r\n", 403),
    ],
)  # fmt: skip
def test_an_answer_without_a_body_ends_with_its_head(asked: bytes, switch: bool, answer: bytes, status: int) -> None:
    """The connection stays open, and nobody waits for what does not come; the transfer did not run."""
    mine, theirs = socket.socketpair()
    told: list[str] = []
    with mine, theirs:
        theirs.sendall(answer)
        found = exchange(mine, asked, timeout=5, max_bytes=10, switch=switch, told=lambda name, _: told.append(name))
    assert (found.status, found.size, told) == (status, 0, ["request", "ttfb"])
