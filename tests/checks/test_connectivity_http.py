"""Reaching HTTP servers: what works, and every way in which the answer can be wrong."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from checks.connectivity import PHASES
from checks.kit.model import Outcome, Reason
from tests.checks.conftest import Reach, values
from tests.checks.servers import Answer, Server, blackhole, closed_port, http, reset, say


def test_a_working_system_is_ok_with_the_phases_that_ran(reach: Reach) -> None:
    """A literal address over plain HTTP has no dns and no tls phase."""
    with Server(say(http(200, b"xin chao"))) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/trang?x=1")
    found = values(reading)
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.OK, None, "")
    assert set(found) == {
        "connectivity_up", "phase:tcp", "phase:request", "phase:ttfb", "phase:transfer", "connectivity_duration",
        "connectivity_http_status_code", "connectivity_received", "connectivity_family_up:ipv4",
        "connectivity_family_connect:ipv4",
    }  # fmt: skip
    assert found["connectivity_up"] == 1
    assert found["connectivity_http_status_code"] == 200
    assert found["connectivity_received"] == 8
    assert sum(found[f"phase:{name}"] for name in ("tcp", "request", "ttfb")) <= found["connectivity_duration"]
    assert reading.facts == {
        "http_version": "1.1", "redirects": 0, "final_host": "127.0.0.1", "address_family": "ipv4", "ipv4": "works",
        "proxy": "none",
    }  # fmt: skip


def test_the_request_names_host_and_program_and_nothing_of_this_device(reach: Reach) -> None:
    """The request is exactly these lines."""
    with Server(say(http())) as server:
        reach(f"http://127.0.0.1:{server.port}/a?b=c")
    assert server.requests == [
        f"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUser-Agent: sansang-agent\r\nAccept: */*\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
    ]


def test_a_name_is_resolved_and_timed(reach: Reach) -> None:
    """A name has a dns phase."""
    with Server(say(http())) as server:
        reading = reach(f"http://hethong.example:{server.port}/")
    assert "phase:dns" in values(reading)


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (http(503), Reason.HTTP_STATUS, "the server answered 503, expected 200-399"),
        (http(407), Reason.PROXY_AUTH, "a proxy wants a name and a password"),
        (http(511), Reason.CAPTIVE_PORTAL, "the network wants a sign-in first"),
        (b"220 mail.example ESMTP\r\n", Reason.HTTP_PROTOCOL, "the answer is not HTTP/1.1"),
        (b"\x16\x03\x01\x00\xff" * 40 + b"\n", Reason.HTTP_PROTOCOL, "the answer is not HTTP/1.1"),
        (b"", Reason.HTTP_PROTOCOL, "the server closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nConte", Reason.HTTP_PROTOCOL, "the server closed the connection inside the head"),
        (b"HTTP/1.1 200 OK\r\n broken\r\n\r\n", Reason.HTTP_PROTOCOL, "a header of the answer is malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", Reason.HTTP_PROTOCOL,
         "the server closed the connection inside the body"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nshort", Reason.HTTP_PROTOCOL,
         "the Content-Length is not a number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Reason.HTTP_PROTOCOL,
         "the body comes in a transfer coding that was not asked for"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Reason.HTTP_PROTOCOL,
         "a chunk of the body is malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", Reason.HTTP_PROTOCOL,
         "a chunk of the body is malformed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9, Reason.HTTP_PROTOCOL, "the server sends interim answers only"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20000, Reason.HTTP_TOO_LARGE,
         "the head of the answer is past 65536 bytes"),
        (b"HTTP/1.1 200 " + b"x" * 70000, Reason.HTTP_TOO_LARGE, "the head of the answer is past 65536 bytes"),
        (http(200, b"x" * 1001), Reason.HTTP_TOO_LARGE, "the body of the answer is past 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000, Reason.HTTP_TOO_LARGE, "the body of the answer is past 1000 bytes"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_answer_fails_with_its_reason(reach: Reach, answer: bytes, reason: Reason, detail: str) -> None:
    """The system was measured and does not work: that is data, not an error."""
    with Server(say(answer)) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", max_bytes=1000)
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.FAILED, reason, detail)
    assert values(reading)["connectivity_up"] == 0
    assert "phase:tcp" in values(reading)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.0 200 OK\n\nhello",
        b"HTTP/1.1 200\r\ncontent-length: 5\r\nX-Empty:\r\n\r\nhello and what is not read",
    ],
)
def test_every_framing_of_a_body_is_understood(reach: Reach, answer: bytes) -> None:
    """Interim answers, chunks with extensions and trailers, HTTP/1.0 without a length, a status without words."""
    with Server(say(*(answer[at : at + 7] for at in range(0, len(answer), 7)))) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", expect_body="hello")
    assert reading.outcome is Outcome.OK
    assert values(reading)["connectivity_received"] == 5


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_never_has_a_body_ends_with_its_head(reach: Reach, status: int) -> None:
    """The Content-Length of such an answer speaks of another body."""
    with Server(say(f"HTTP/1.1 {status} x\r\nContent-Length: 10\r\n\r\n".encode())) as server:
        assert reach(f"http://127.0.0.1:{server.port}/").outcome is Outcome.OK


def test_a_missing_text_fails_and_a_text_across_two_packets_is_found(reach: Reach) -> None:
    """The body is searched piece by piece without holding it."""
    body = "Cổng dịch vụ công quốc gia".encode()
    whole = http(200, body)

    def slowly(connection: socket.socket, _: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in (whole[:-12], whole[-12:-5], whole[-5:]):
            connection.sendall(part)
            time.sleep(0.02)

    with Server(slowly) as server:
        found = reach(f"http://127.0.0.1:{server.port}/", expect_body="dịch vụ công")
        missed = reach(f"http://127.0.0.1:{server.port}/", expect_body="bảo trì")
    assert found.outcome is Outcome.OK
    assert (missed.reason, missed.detail) == (Reason.HTTP_BODY, "the answer lacks the expected text")


def test_a_refused_connection_has_no_phase(reach: Reach) -> None:
    """Nothing ran to its end, so nothing is timed."""
    reading = reach(f"http://127.0.0.1:{closed_port()}/")
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.TCP_REFUSED)
    assert values(reading) == {"connectivity_up": 0.0, "connectivity_family_up:ipv4": 0.0}


def test_a_blackhole_ends_in_tcp_timeout(reach: Reach) -> None:
    """A server that drops every SYN costs one phase's time, no more."""
    started = time.monotonic()
    with blackhole() as port:
        reading = reach(f"http://127.0.0.1:{port}/", timeout=0.3)
    assert (reading.reason, reading.detail) == (Reason.TCP_TIMEOUT, "no answer in time when connecting")
    assert time.monotonic() - started < 5


def test_a_server_that_says_nothing_ends_in_http_timeout(reach: Reach) -> None:
    """The request was taken; the answer never came."""
    with Server(lambda connection, _: time.sleep(1)) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", timeout=0.2)
    assert (reading.reason, reading.detail) == (Reason.HTTP_TIMEOUT, "no answer in time while reading the answer")
    assert {name for name in values(reading) if name.startswith("phase")} == {"phase:tcp", "phase:request"}


def test_a_server_that_drips_is_slow_and_does_not_stretch_the_deadline(reach: Reach) -> None:
    """Each byte restarts no clock, and an answer that began is told from none: its first byte has its phase."""

    def drip(connection: socket.socket, _: bytes) -> None:
        for _number in range(100):
            connection.sendall(b"H")
            time.sleep(0.05)

    started = time.monotonic()
    with Server(drip) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", timeout=0.3)
    assert (reading.reason, reading.detail) == (Reason.HTTP_SLOW, "the answer began and did not end in time")
    assert "phase:ttfb" in values(reading)
    assert "phase:transfer" not in values(reading)
    assert time.monotonic() - started < 3


def test_ten_gigabytes_are_not_read(reach: Reach) -> None:
    """An answer that says how long it is, is refused at once; one that does not, after max_bytes."""
    for head in (b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"):
        sent: list[int] = []

        def pour(connection: socket.socket, _: bytes, head: bytes = head, sent: list[int] = sent) -> None:
            connection.sendall(head)
            while True:
                sent.append(connection.send(b"x" * 65536))

        with Server(pour) as server:
            reading = reach(f"http://127.0.0.1:{server.port}/", max_bytes=100_000)
        assert (reading.reason, reading.detail) == (
            Reason.HTTP_TOO_LARGE, "the body of the answer is past 100000 bytes",
        )  # fmt: skip
        assert sum(sent) < 50_000_000


def test_where_little_is_enough_the_rest_is_neither_read_nor_waited_for(reach: Reach) -> None:
    """The server has announced more than it sends; it sees the connection end."""
    cut = threading.Event()

    def pour(connection: socket.socket, head: bytes) -> None:
        if head.startswith(b"GET /moved"):
            connection.sendall(http(302, b"x" * 500, "Location: /"))
            return
        with contextlib.suppress(ConnectionResetError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 20_000)
            connection.recv(1)
        cut.set()

    with Server(pour) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/moved", enough=16384)
        assert cut.wait(5)
    found = values(reading)
    assert reading.outcome is Outcome.OK
    assert 16384 + 500 <= found["connectivity_received"] <= 20_500
    assert {"phase:ttfb", "phase:transfer"} <= set(found)


def test_little_is_not_enough_of_an_answer_that_must_hold_a_text(reach: Reach) -> None:
    """It is read on until the text has come, and to its end when the text does not."""
    with Server(say(http(200, b"x" * 50_000 + b"chao"))) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert reach(url, enough=100, expect_body="chao").outcome is Outcome.OK
        assert reach(url, enough=100, expect_body="bao tri").reason is Reason.HTTP_BODY


def test_the_runs_own_deadline_bounds_every_phase(reach: Reach) -> None:
    """A phase may take 10 s, but not past the deadline that the runner set."""
    started = time.monotonic()
    with Server(lambda connection, _: time.sleep(2)) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", timeout=10, seconds=0.3)
    assert reading.reason is Reason.HTTP_TIMEOUT
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("reads", [True, False])
def test_a_reset_is_told_from_an_end(reach: Reach, reads: bool) -> None:
    """A firewall that cuts connections with RST shows as such."""
    with Server(reset, reads=reads) as server:
        assert reach(f"http://127.0.0.1:{server.port}/").reason is Reason.TCP_RESET


def _moving(*locations: str) -> Answer:
    """Redirects path ``/n`` to the n-th location, everything past them is 200."""

    def answer(connection: socket.socket, head: bytes) -> None:
        number = int(head.split(b" ")[1].strip(b"/") or b"0")
        whole = http(302, b"moved", f"Location: {locations[number]}") if number < len(locations) else http(200, b"end")
        say(whole)(connection, head)

    return answer


def test_redirects_are_followed_and_counted(reach: Reach) -> None:
    """Phases are those of the first answer, bytes of all, the status of the last."""
    with Server(_moving("/1", "2")) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/")
    assert reading.outcome is Outcome.OK
    assert reading.facts["redirects"] == 2
    assert values(reading)["connectivity_received"] == 13
    assert values(reading)["connectivity_http_status_code"] == 200


def test_redirects_end_at_their_bound(reach: Reach) -> None:
    """After max_redirects the address leads nowhere."""
    with Server(_moving("/1", "/2", "/3", "/4")) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", max_redirects=3)
    assert (reading.reason, reading.detail) == (Reason.HTTP_REDIRECTS, "the server redirects more than 3 times")
    assert len(server.requests) == 4


def test_a_redirect_loop_ends_where_it_closes(reach: Reach) -> None:
    """An address that was asked already would answer the same again."""
    with Server(_moving("/1", "/2", "/1")) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", max_redirects=10)
    assert (reading.reason, reading.detail) == (Reason.HTTP_REDIRECTS, "the server redirects in a circle")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "javascript:alert(1)", "//user@127.0.0.1/", "http://a b/", "ws://a/"]
)
def test_a_redirect_to_what_is_no_web_address_fails(reach: Reach, location: str) -> None:
    """Only http and https are ever followed."""
    with Server(_moving(location)) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/")
    assert (reading.reason, reading.detail) == (
        Reason.HTTP_REDIRECTS, "the server redirects to what is no web address",
    )  # fmt: skip


def test_without_redirects_allowed_the_redirect_is_the_answer(reach: Reach) -> None:
    """An operator may want exactly the redirect."""
    with Server(_moving("/1")) as server:
        reading = reach(f"http://127.0.0.1:{server.port}/", max_redirects=0, expect_status="302")
    assert reading.outcome is Outcome.OK
    assert len(server.requests) == 1


def test_the_second_of_two_addresses_is_tried(reach: Reach) -> None:
    """A dead first address costs time but not the reading."""
    dead = closed_port()

    def lookup(host: bytes, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("127.0.0.1", dead)), (2, 1, 6, "", ("127.0.0.1", port))]

    with Server(say(http())) as server:
        assert reach(f"http://name.example:{server.port}/", lookup=lookup).outcome is Outcome.OK


def test_every_phase_is_a_phase(reach: Reach) -> None:
    """The label's values are those that are documented."""
    with Server(say(http())) as server:
        found = values(reach(f"http://name.example:{server.port}/"))
    assert {name.partition(":")[2] for name in found if name.startswith("phase:")} == set(PHASES) - {"tls", "proxy"}
