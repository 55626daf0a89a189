"""The HTTP client against a raw socket server: what it takes, and what it refuses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from agent.http import Address, Client, HttpError, split_address
from agent.reply import Reader

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def serving(*replies: bytes | None, keep: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives each request the next of `replies`, closing after each unless `keep`; None closes at once."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        waiting = list(replies)
        while waiting:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                while waiting:
                    request = _request(connection)
                    if not request:
                        break
                    seen.append(request)
                    reply = waiting.pop(0)
                    if reply is None:
                        break
                    connection.sendall(reply)
                    if not keep:
                        break

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.close()


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    return data


def get(reply: bytes, **options: Any) -> bytes:
    with serving(reply) as (url, _):
        return Client(url, timeout=3, **options).request("GET", "/x").body


def code(reply: bytes, **options: int) -> tuple[str, str]:
    with pytest.raises(HttpError) as caught:
        get(reply, **options)
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://a.vn", Address(True, "a.vn", 443, "", "a.vn")),
        ("http://a.vn:8420/x/y/", Address(False, "a.vn", 8420, "/x/y", "a.vn:8420")),
        ("http://[::1]:8420", Address(False, "::1", 8420, "", "[::1]:8420")),
        ("https://[2001:db8::1]/p", Address(True, "2001:db8::1", 443, "/p", "[2001:db8::1]")),
    ],
)
def test_an_address_is_taken_apart(url: str, parts: Address) -> None:
    """With its port, its prefix and IPv6."""
    assert split_address(url) == parts


@pytest.mark.parametrize("url", ["ftp://a.vn", "a.vn", "http://", "http://a.vn:x", "http://a.vn:"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """With one line that repeats it."""
    with pytest.raises(HttpError) as caught:
        split_address(url)
    assert str(caught.value) == f"{url!r} is not an http or https address"


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (OK + b"Content-Length: 2\r\n\r\nhi", b"hi"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n ho\r\n0\r\nT: x\r\n\r\n", b"hi ho"),
        (OK + b"\r\nto the end", b"to the end"),
        (b"HTTP/1.1 204 \r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.0 200\r\nContent-Length: 1\r\n\r\nx", b"x"),
    ],
)
def test_a_good_reply_is_read(reply: bytes, body: bytes) -> None:
    """By length, in chunks, to the end, after interim replies."""
    assert get(reply) == body


HEAD = ("protocol", "the reply does not begin like HTTP/1.1")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"hello\r\n\r\n", HEAD),
        (b"HTTP/2 200 OK\r\n\r\n", HEAD),
        (b"HTTP/1.1 20 OK\r\n\r\n", HEAD),
        (b"HTTP/1.1 2000 OK\r\n\r\n", HEAD),
        (b"HTTP/1.1  200 OK\r\n\r\n", HEAD),
        (
            OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ("protocol", "the reply has both Content-Length and Transfer-Encoding"),
        ),
        (
            OK + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            ("protocol", "the reply has two content-length headers"),
        ),
        (OK + b"Content-Length: +1\r\n\r\nx", ("protocol", "a length in the reply is not a number")),
        (OK + b"Content-Length: 1_0\r\n\r\nx", ("protocol", "a length in the reply is not a number")),
        (OK + b"Transfer-Encoding: gzip\r\n\r\nx", ("protocol", "the reply's transfer coding is not chunked")),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", ("protocol", "a length in the reply is not a number")),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n", ("protocol", "a chunk is longer than it says")),
        (OK + b"A : b\r\n\r\n", ("protocol", "a header of the reply is malformed")),
        (OK + b" folded\r\n\r\n", ("protocol", "a header of the reply is malformed")),
        (OK + b"A: b\n\r\n", ("protocol", "a line of the reply's head does not end with CR LF")),
        (OK + b"A: b\r\n" * 101 + b"\r\n", ("too_large", "the reply has more than 100 headers")),
        (OK + b"A: " + b"b" * 20000 + b"\r\n\r\n", ("too_large", "the reply's head is larger than 16384 bytes")),
        (OK + b"Content-Length: 11\r\n\r\n", ("too_large", "the reply is larger than 10 bytes")),
        (OK + b"\r\n" + b"x" * 11, ("too_large", "the reply is larger than 10 bytes")),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n6\r\n",
            ("too_large", "the reply is larger than 10 bytes"),
        ),
        (OK + b"Content-Length: 5\r\n\r\nabc", ("closed", "the connection was closed before the reply's end")),
        (OK + b"Conte", ("closed", "the connection was closed before the reply's end")),
        (b"HTTP/1.1 103 \r\n\r\n" * 5, ("protocol", "only interim replies came")),
    ],
)
def test_a_bad_reply_is_refused(reply: bytes, why: tuple[str, str]) -> None:
    """What two readers could take for different things, what is too large, what is cut off."""
    assert code(reply, max_body=10) == why


def test_a_connection_is_kept_and_used_again() -> None:
    """Two requests, one connection."""
    reply = OK + b"Content-Length: 1\r\n\r\nx"
    with serving(reply, reply, keep=True) as (url, seen):
        client = Client(url, timeout=3)
        client.request("GET", "/one")
        first = client._connection
        client.request("POST", "/two", b"", [("X-A", "b")])
        assert client._connection is first
        client.close()
    assert seen[0].startswith(b"GET /one HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-A: b\r\nContent-Length: 0\r\n" in seen[1]


def test_a_kept_connection_that_was_closed_is_opened_again() -> None:
    """Nothing of a reply had come: the request is sent once more."""
    reply = OK + b"Content-Length: 1\r\n\r\nx"
    with serving(reply, reply) as (url, seen):
        client = Client(url, timeout=3)
        assert [client.request("GET", "/").body for _ in range(2)] == [b"x", b"x"]
    assert len(seen) == 2


def test_a_fresh_connection_that_is_closed_is_not_retried() -> None:
    """Only a kept one may have been stale."""
    with serving(None, OK + b"\r\n") as (url, seen):
        with pytest.raises(HttpError) as caught:
            Client(url, timeout=3).request("GET", "/")
        assert (caught.value.code, len(seen)) == ("closed", 1)


def test_a_reply_that_began_is_not_asked_for_again() -> None:
    """The server may have acted on the request."""
    reply = OK + b"Content-Length: 1\r\n\r\nx"
    with serving(reply, OK + b"Content-Le", keep=True) as (url, seen):
        client = Client(url, timeout=1)
        client.request("GET", "/")
        with pytest.raises(HttpError):
            client.request("GET", "/")
        assert len(seen) == 2


def test_the_deadline_is_for_the_whole_request() -> None:
    """A server that sends a byte now and then does not extend it."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    with pytest.raises(HttpError) as caught:
        Client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.5).request("GET", "/")
    stop.set()
    thread.join()
    listener.close()
    assert caught.value.code in ("timeout", "protocol")


def test_a_header_cannot_smuggle_a_line() -> None:
    """Line ends in a value are refused before anything is sent."""
    with pytest.raises(HttpError) as caught:
        Client("http://127.0.0.1:1").request("GET", "/", headers=[("A", "b\r\nC: d")])
    assert str(caught.value) == "a header holds a line end"


def test_every_way_of_cutting_a_reply_reads_the_same() -> None:
    """Arriving byte by byte or in one piece makes no difference."""
    reply = OK + b"A: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    pieces = [bytes([byte]) for byte in reply]
    found = Reader(lambda: pieces.pop(0) if pieces else b"").response()
    assert (found.status, found.headers["a"], found.body, found.keep_alive) == (200, "b", b"hi", True)
