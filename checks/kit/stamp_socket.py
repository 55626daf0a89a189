"""A UDP socket to one reflector, with the kernel's stamps of what leaves and what comes where it gives them (Linux)."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Iterator

from msgspec import Struct

from checks.kit import echo
from checks.kit.failure import from_os
from checks.kit.icmp import target
from checks.kit.model import Reason

LARGEST = 65535
TTL = 255
"""Of every packet (RFC 5357 §4.2.1): what is missing when it comes is the number of routers on the way."""
LONGEST = 1_000_000_000
"""Nanoseconds that an arrival may have waited for this process."""
# Not in the socket module; the same on every Linux but alpha, hppa and sparc.
_SO_TIMESTAMPNS, _SO_TIMESTAMPING, _MSG_ERRQUEUE = 35, 37, 0x2000
_SENDING = 1 << 1 | 1 << 4 | 1 << 7 | 1 << 11  # SOF_TIMESTAMPING_: TX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY
_STAMPED = sys.platform == "linux"
_ERROR = struct.calcsize("@IBBBBII")
_TIGHT = 20_000  # ns between the readings of both clocks, so that they belong together


class Arrival(Struct, frozen=True):
    """A datagram and when it came, on the wall clock and on the monotonic one (ns); ``kernel`` says who stamped it."""

    data: bytes
    at: int
    back: int
    kernel: bool


def connected(address: str, port: int, dscp: int) -> socket.socket:
    """A socket that hears only that reflector, and does not block. Raises NetError."""
    family, sockaddr = target(address, port=port)
    four = family == "ipv4"
    sock = socket.socket(socket.AF_INET if four else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        for level, name, value in _options(four, dscp):
            with contextlib.suppress(OSError):  # none of them is needed
                sock.setsockopt(level, name, value)
        sock.setblocking(False)
        sock.connect(sockaddr)
    except OSError as why:
        sock.close()
        raise from_os(why, Reason.TCP_UNREACHABLE, "to the reflector") from None
    return sock


def arrivals(sock: socket.socket, most: int) -> Iterator[Arrival]:
    """What has come and was not read, at most that many. Raises ConnectionRefusedError when nobody listens there."""
    for _ in range(most):
        try:
            if not _STAMPED:
                data = sock.recv(LARGEST)
                mono, wall = clocks()
                yield Arrival(data, wall, mono, False)
                continue
            data, control, _, _ = sock.recvmsg(LARGEST, 128)
        except BlockingIOError:
            return
        mono, wall = clocks()
        at = next((echo.nanoseconds(value) for level, kind, value in control if _is_stamp(level, kind)), None)
        waited = 0 if at is None else wall - at
        if 0 <= waited < LONGEST:
            yield Arrival(data, wall - waited, mono - waited, at is not None)
        else:  # the clock was set while it waited
            yield Arrival(data, wall, mono, False)


def departures(sock: socket.socket) -> Iterator[tuple[int, int]]:
    """(how many datagrams were sent before it, when it left: wall clock, ns) for what has left since."""
    while _STAMPED:
        try:
            _, control, _, _ = sock.recvmsg(1, 256, _MSG_ERRQUEUE)
        except OSError:
            return
        found: dict[str, int | None] = {}
        for level, kind, value in control:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPING):
                found["at"] = echo.nanoseconds(value)
            elif len(value) >= _ERROR:
                found["number"] = echo.departure(value)
        number, at = found.get("number"), found.get("at")
        if number is not None and at is not None:
            yield number, at


def clocks() -> tuple[int, int]:
    """Monotonic and wall clock at one instant, ns: read again when something came between."""
    for _ in range(3):
        mono, wall = time.monotonic_ns(), time.time_ns()
        if time.monotonic_ns() - mono < _TIGHT:
            break
    return mono, wall


def _is_stamp(level: int, kind: int) -> bool:
    return level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS


def _options(four: bool, dscp: int) -> Iterator[tuple[int, int, int]]:
    if _STAMPED:
        yield socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1
        yield socket.SOL_SOCKET, _SO_TIMESTAMPING, _SENDING
    yield socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20
    if four:
        yield socket.IPPROTO_IP, socket.IP_TTL, TTL
    else:
        yield socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, TTL
    if dscp and four:
        yield socket.IPPROTO_IP, socket.IP_TOS, dscp << 2
    elif dscp:
        yield socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2
