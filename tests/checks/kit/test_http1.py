"""Requests as bytes, dates, and where answers end."""

from __future__ import annotations

import socket

import pytest

from checks.kit.failure import NetError
from checks.kit.http1 import Response, date, exchange, request
from checks.kit.model import Reason
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


def read_of(answer: bytes, *, enough: int, max_bytes: int = 100_000, find: bytes = b"") -> tuple[Response, int]:
    """What :func:`exchange` makes of `answer`, and how many bytes of it were left on the connection."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.sendall(answer)
        theirs.shutdown(socket.SHUT_WR)
        asked = b"GET / HTTP/1.1\r\n\r\n"
        found = exchange(mine, asked, timeout=5, max_bytes=max_bytes, enough=enough, find=find)
        left = b"".join(iter(lambda: mine.recv(65536), b""))
    return found, len(left)


HEAD = b"HTTP/1.1 200 OK\r\n"
BODY = bytes(60_000)
WAYS = [
    HEAD + b"Content-Length: 60000\r\n\r\n" + BODY,
    HEAD + b"\r\n" + BODY,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 60 * (b"3e8\r\n" + BODY[:1000] + b"\r\n") + b"0\r\n\r\n",
]


@pytest.mark.parametrize("answer", WAYS, ids=["length", "to the end", "chunks"])
def test_what_is_enough_ends_an_answer_however_it_is_framed(answer: bytes) -> None:
    """The rest stays on the connection; without `enough`, and with more than there is, nothing does."""
    found, left = read_of(answer, enough=12_288)
    assert 12_288 <= found.size < 12_288 + 16_384
    assert left > 25_000
    for all_of_it in (0, 70_000):
        found, left = read_of(answer, enough=all_of_it)
        assert (found.size, left) == (60_000, 0)


def test_text_that_is_looked_for_is_read_up_to_where_it_stands() -> None:
    """Past what would be enough without it, and to the end when it is not there."""
    answer = HEAD + b"Content-Length: 60003\r\n\r\n" + BODY[:30_000] + b"abc" + BODY[:30_000]
    found, left = read_of(answer, enough=1000, find=b"abc")
    assert found.found
    assert 30_003 <= found.size < 50_000
    assert left > 10_000
    assert not read_of(answer, enough=1000, find=b"xyz")[0].found


def test_enough_does_not_hide_an_answer_that_says_it_is_too_large() -> None:
    with pytest.raises(NetError) as why:
        read_of(WAYS[0], enough=1000, max_bytes=50_000)
    assert why.value.reason is Reason.HTTP_TOO_LARGE
