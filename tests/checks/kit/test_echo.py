"""Echo messages as bytes and what a series of them says."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import echo, ping_system, ping_windows
from checks.kit.echo import Echoes
from checks.kit.failure import NetError
from checks.kit.model import Reason

NONCE = b"12345678"
ERROR = struct.Struct("@IBBBBII")


def _answer(family: str = "ipv4", *, kind: int | None = None, code: int = 0, nonce: bytes = NONCE) -> bytes:
    sent = bytearray(echo.request(family, 7, 3, nonce, 24))
    sent[0:4] = bytes((kind if kind is not None else {"ipv4": 0, "ipv6": 129}[family], code, 0, 0))
    sent[2:4] = echo.checksum(bytes(sent)).to_bytes(2, "big")
    return bytes(sent)


def _header(length: int = 5) -> bytes:
    return bytes([0x40 | length]) + bytes(length * 4 - 1)


def test_a_request_is_as_long_as_asked_and_sums_to_nothing() -> None:
    """RFC 792: header of 8 bytes, the Internet checksum over the whole; the nonce is there even when less is asked."""
    message = echo.request("ipv4", 7, 3, NONCE, 25)
    assert len(message) == 8 + 25
    assert message[0] == 8
    assert echo.checksum(message) == 0
    assert echo.request("ipv6", 7, 3, NONCE, 0)[8:] == NONCE


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_an_answer_of_ours_is_recognised(family: str) -> None:
    """With the id that a raw socket needs, and without where the kernel chose."""
    for ident in (7, None):
        assert echo.reply(family, _answer(family), ident, NONCE, header=False) == 3
    assert echo.reply("ipv4", _header(6) + _answer(), 7, NONCE, header=True) == 3


@pytest.mark.parametrize(
    "data",
    [
        _header() + _answer(nonce=b"xxxxxxxx"),
        _header() + _answer(kind=8),
        _header() + _answer(kind=3),
        _header() + _answer(code=1),
        _header() + _answer()[:15],
        _header() + _answer()[:7],
        _header(4) + _answer(),
        _header(15),
        _answer(),
        b"",
        _header() + _answer()[:-1] + b"\1",
    ],
    ids=["nonce", "request", "error", "code", "cut", "cut header", "short IP", "no body", "no IP", "empty", "checksum"],
)
def test_what_is_no_answer_of_ours_is_ignored(data: bytes) -> None:
    """Forged, cut off or another message."""
    assert echo.reply("ipv4", data, 7, NONCE, header=True) is None


def test_an_answer_to_another_program_is_ignored() -> None:
    """A raw socket hears them all."""
    assert echo.reply("ipv4", _header() + _answer(), 8, NONCE, header=True) is None


@pytest.mark.parametrize(
    ("family", "origin", "kind", "code", "note"),
    [
        ("ipv4", 2, 3, 1, "host_unreachable"),
        ("ipv4", 2, 3, 13, "prohibited"),
        ("ipv4", 2, 3, 3, "unreachable"),
        ("ipv4", 2, 11, 0, "time_exceeded"),
        ("ipv4", 2, 5, 0, ""),
        ("ipv4", 3, 1, 0, ""),
        ("ipv6", 3, 1, 3, "host_unreachable"),
        ("ipv6", 3, 2, 0, "too_big"),
        ("ipv4", 1, 0, 0, "not_sent"),
    ],
)
def test_an_error_about_a_request_of_ours_is_a_note(family: str, origin: int, kind: int, code: int, note: str) -> None:
    """By ICMP type and code (RFC 792, RFC 4443), for the right family only."""
    error = ERROR.pack(113, origin, kind, code, 0, 0, 0)
    asked = echo.request(family, 7, 3, NONCE, 24)
    assert echo.refusal(family, asked, error, NONCE) == note
    assert echo.refusal(family, asked[:8], error, NONCE) == note
    assert echo.refusal(family, echo.request(family, 7, 3, b"x" * 8, 24), error, NONCE) == ""


@given(st.sampled_from(["ipv4", "ipv6"]), st.binary(max_size=80), st.binary(max_size=40), st.booleans())
def test_arbitrary_bytes_raise_nothing(family: str, data: bytes, other: bytes, header: bool) -> None:
    """Whatever comes from the network or the kernel, an answer of ours holds our nonce."""
    found = echo.reply(family, data, None, NONCE, header=header)
    assert found is None or NONCE in data
    assert isinstance(echo.refusal(family, data, other, NONCE), str)
    echo.departure(other)
    echo.nanoseconds(other)
    ping_windows.summarise(family, [(0.01, data), (0.02, other)], 32, 1.0)


@given(st.text(max_size=300))
def test_arbitrary_output_of_ping_raises_nothing_but_what_is_said(text: str) -> None:
    """No output means no right to ping."""
    why = Reason.PERMISSION
    try:
        found = ping_system.parse(text, 3, 32, 1.0)
    except NetError as raised:
        why = raised.reason
    else:
        assert found.sent == 3
    assert why is Reason.PERMISSION


def _series(*rtts: float, sent: int = 0) -> Echoes:
    return Echoes(method="icmp_raw", sent=sent or len(rtts), rtts=rtts, stamps="kernel")


def test_loss_median_and_percentiles_are_of_the_answers() -> None:
    """Ranks are interpolated, as in spreadsheets."""
    found = _series(0.010, 0.020, 0.030, 0.040, sent=5)
    assert found.loss == pytest.approx(0.2)
    assert found.minimum == 0.010
    assert found.median == pytest.approx(0.025)
    assert found.p95 == pytest.approx(0.0385)
    assert found.spread == pytest.approx(0.0135)


def test_a_series_without_answers_has_loss_and_nothing_else() -> None:
    """Not zero: unknown."""
    found = _series(sent=4)
    assert found.loss == 1.0
    assert (found.minimum, found.median, found.p95, found.jitter, found.spread) == (None,) * 5
    assert _series(0.01).jitter is None


def test_jitter_is_that_of_rfc_3550_from_its_first_difference_on() -> None:
    """Alternating by 2 ms it is 2 ms at any length; over many, any mean of differences comes near the plain one."""
    for length in (2, 3, 10, 500):
        assert _series(*(0.010 + 0.002 * (number % 2) for number in range(length))).jitter == pytest.approx(0.002)
    plain, rtts = 0.0, tuple(0.010 + 0.001 * (number * number % 7) for number in range(400))
    for number in range(1, 400):
        plain += (abs(rtts[number] - rtts[number - 1]) - plain) / 16
    assert _series(*rtts).jitter == pytest.approx(plain, rel=1e-9)


IPUTILS = """PING 192.0.2.1 (192.0.2.1) 24(52) bytes of data.
32 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.286 ms
32 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.301 ms (DUP!)
32 bytes from 192.0.2.1: icmp_seq=4 ttl=64 time=1042 ms
From 192.0.2.10 icmp_seq=2 Destination Host Unreachable

--- 192.0.2.1 ping statistics ---
4 packets transmitted, 2 received, +1 duplicates, +1 errors, 50% packet loss, time 603ms
"""
BUSYBOX = """PING fe80::1%eth0 (fe80::1%3): 24 data bytes
32 bytes from fe80::1: seq=0 ttl=64 time=0.412 ms
32 bytes from fe80::1: seq=1 ttl=64 time=0.398 ms

--- fe80::1%eth0 ping statistics ---
2 packets transmitted, 2 packets received, 0% packet loss
"""


def test_the_output_of_iputils_is_understood() -> None:
    """Duplicates counted apart, what came too late is lost, and why."""
    found = ping_system.parse(IPUTILS, 4, 32, 1.0)
    assert (found.method, found.stamps, found.sent) == ("system_ping", "tool", 4)
    assert found.rtts == pytest.approx((0.000286,))
    assert (found.duplicates, found.note, found.bytes_sent, found.bytes_received) == (1, "host_unreachable", 128, 96)


def test_the_output_of_busybox_is_understood() -> None:
    """It counts from 0; this is what OpenWrt has."""
    found = ping_system.parse(BUSYBOX, 2, 32, 1.0)
    assert found.rtts == pytest.approx((0.000412, 0.000398))
    assert (found.loss, found.note) == (0.0, "")


@pytest.mark.parametrize(
    "text", ["", "ping: socket: Operation not permitted\n", "ping: permission denied (are you root?)\n"]
)
def test_a_ping_that_may_not_either_is_a_matter_of_rights(text: str) -> None:
    """Not loss: nothing was measured."""
    with pytest.raises(NetError) as caught:
        ping_system.parse(text, 3, 32, 1.0)
    assert caught.value.reason is Reason.PERMISSION


def test_answers_of_windows_are_bounded_by_the_systems_milliseconds() -> None:
    """Recorded from the documentation's structures; not yet proven on a PC."""
    four = struct.Struct("<4sII").pack
    replies = [
        (0.0034, four(b"\xc0\0\2\1", 0, 2)),
        (0.0500, four(b"\xc0\0\2\1", 0, 2)),
        (1.0, b""),
        (0.1, four(b"\xc0\0\2\1", 11003, 0)),
        (0.1, four(b"\xc0\0\2\1", 0, 1500)),
    ]
    found = ping_windows.summarise("ipv4", replies, 32, 1.0)
    assert found.rtts == (0.003, 0.003)
    assert (found.sent, found.note, found.method) == (5, "host_unreachable", "windows_api")
    six = struct.pack("<28xII", 0, 12)
    assert ping_windows.summarise("ipv6", [(0.0121, six)], 32, 1.0).rtts == (0.0121,)
