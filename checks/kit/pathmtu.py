"""The largest packet that a path carries, without rights: by UDP packets that may not be fragmented, or by what becomes
of one full TCP segment. Linux only, as :mod:`checks.kit.trace`.

A black hole (RFC 2923) is a link that swallows large packets while nobody says "too big" (RFC 1191, RFC 8201).
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import time
from collections.abc import Callable

from msgspec import Struct

from checks.kit import trace
from checks.kit.failure import from_os
from checks.kit.model import Reason
from checks.kit.net import Address

LOWEST = {"ipv4": 576, "ipv6": 1280}  # what every link must carry: RFC 791 §3.1, RFC 8200 §5
HIGHEST = 1500
_INFO = struct.Struct("=8B24I")  # struct tcp_info, as far as total_retrans
_STATE, _OPTIONS, _SEGMENT, _UNACKED, _PATH = 0, 5, 10, 12, 21
_ESTABLISHED, _TIMESTAMPS = 1, 1
_SEGMENT_WAIT = 1.2  # three copies of a segment are out by then, RFC 6298 §2 with Linux's least RTO of 0.2 s


class Fit(Struct, frozen=True):
    """Whether a packet of ``size`` bytes, IP header included, got through: ``reached``, ``silent`` or ``big``, with who
    said so ("" is this device) and what its next link takes (bytes, 0 when it does not say)."""

    kind: str
    size: int
    who: str = ""
    mtu: int = 0


class Mtu(Struct, frozen=True):
    """``mtu`` (bytes) is None when nothing can be said: the target does not answer such packets, or time ran out.
    ``limited_at`` is the router that named it; ``sent`` and ``received`` are bytes."""

    mtu: int | None
    limited_at: str | None
    blackhole: bool
    sent: int = 0
    received: int = 0


_UNKNOWN = Mtu(None, None, blackhole=False)


def search(fit: Callable[[int], Fit], low: int, high: int, until: float, *, exact: bool = True) -> Mtu:
    """The largest size from `low` to `high` that `fit` lets through, until `until` (monotonic). A `fit` that tests less
    than it is asked to has reached its own limit: that is the answer. Unless it is to be `exact`, the ``mtu`` of a
    black hole is not searched for."""
    found, failure, size = 0, Fit("reached", 0), low
    while low <= high:
        tried = fit(size)
        jump = not found
        if tried.kind == "reached":
            found, low = tried.size, size + 1
            if tried.size < size:
                break
        elif not found:
            return _UNKNOWN
        elif tried.kind == "silent" and not exact:
            return Mtu(None, None, blackhole=True)
        else:
            failure, jump = tried, found <= tried.mtu < size
            high = tried.mtu if jump else size - 1
        if time.monotonic() >= until:
            return _UNKNOWN
        size = high if jump else (low + high + 1) // 2
    return Mtu(found, failure.who or None, blackhole=failure.kind == "silent")


def udp(address: Address, until: float, *, exact: bool = True) -> Mtu:
    """By packets to a port on which nothing listens: the target says so when it got one whole. Raises NetError."""
    sock = trace.open_probe(address, socket.SOCK_DGRAM)
    with contextlib.closing(sock):
        try:
            sock.connect((address.sockaddr[0], trace.PORT, *address.sockaddr[2:]))
            probe = _Packets(sock, str(address.sockaddr[0]))
            found = search(lambda size: probe.fit(size, until), LOWEST[address.family], HIGHEST, until, exact=exact)
        except OSError as why:
            raise from_os(why, Reason.TCP_TIMEOUT, "when probing") from None
    return Mtu(found.mtu, found.limited_at, found.blackhole, probe.sent, probe.received)


class _Packets:
    """A packet's first two bytes are its size, as far as routers quote them."""

    def __init__(self, sock: socket.socket, target: str) -> None:
        self.sock, self.target = sock, target
        self.headers = 48 if sock.family == socket.AF_INET6 else 28
        self.wait = trace.WAIT
        self.sent = self.received = 0

    def fit(self, size: int, until: float) -> Fit:
        for wait in (self.wait, trace.WAIT, self.wait):  # a Linux target refuses once a second, after a few
            started = time.monotonic()
            try:
                trace.post(self.sock, struct.pack("!H", size).ljust(size - self.headers, b"\0"))
            except OSError as why:
                if why.errno != errno.EMSGSIZE:
                    raise
                return Fit("big", size)
            self.sent += size - self.headers
            found = self._answer(size, min(until, started + wait))
            if found:
                self.wait = min(self.wait, max(0.25, (time.monotonic() - started) * 4))
                return found
        return Fit("silent", size)

    def _answer(self, size: int, until: float) -> Fit | None:
        while wanted := trace.wait(self.sock, select.POLLIN, until):
            for error in trace.errors(self.sock, self.target):
                self.received += len(error.data)
                about = struct.unpack("!H", error.data[:2])[0] if len(error.data) >= 2 else size
                if about == size and error.kind in ("reached", "big"):
                    return Fit(error.kind, size, error.offender, error.mtu)
            with contextlib.suppress(OSError):
                if self.sock.recv(2048) and wanted & select.POLLIN:
                    return Fit("reached", size)
        return None


def tcp(address: Address, until: float) -> Mtu:
    """By one full segment of an unfinished request to a TCP server, on a connection that is then cut. This is what
    matters to people: where a router lowers the segments that both ends agree on, ``mtu`` is what they lead to, and no
    black hole is seen. Raises NetError when there is no connection."""
    sent = [0]

    def fit(size: int) -> Fit:
        with contextlib.closing(_connected(address, size, until)) as sock:
            return _segment(sock, size, until, sent)

    found = search(fit, LOWEST[address.family], HIGHEST, until)
    return Mtu(found.mtu, found.limited_at, found.blackhole, sent[0])


def _connected(address: Address, size: int, until: float) -> socket.socket:
    sock = trace.open_probe(address, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, size - _around(sock))
        sock.settimeout(max(min(until - time.monotonic(), 3.0), 0.001))
        sock.connect(address.sockaddr)
    except OSError as why:
        sock.close()
        raise from_os(why, Reason.TCP_TIMEOUT, "when connecting") from None
    return sock


def _segment(sock: socket.socket, size: int, until: float, sent: list[int]) -> Fit:
    first = _info(sock)
    options = 12 if first[_OPTIONS] & _TIMESTAMPS else 0
    tested = min(first[_SEGMENT] + options + _around(sock), size)
    secure = sock.getpeername()[1] == 443
    # the beginning of a long message: the server takes it and waits for the rest
    data = b"\x16\x03\x01\x40\x00" if secure else b"GET / HTTP/1.1\r\nX: "
    data = data.ljust(first[_SEGMENT], b"\0" if secure else b"a")
    with contextlib.suppress(OSError):
        sent[0] += sock.send(data)
    end = min(until, time.monotonic() + _SEGMENT_WAIT)
    while time.monotonic() < end:
        now = _info(sock)
        if now[_STATE] == _ESTABLISHED and now[_PATH] < tested:
            return Fit("big", size, mtu=now[_PATH])
        if not now[_UNACKED] or now[_STATE] != _ESTABLISHED:
            return Fit("reached", tested)
        time.sleep(0.01)
    return Fit("silent", size)


def _around(sock: socket.socket) -> int:
    """Bytes of IP and TCP header; TCP counts its options to the segment (RFC 6691)."""
    return 60 if sock.family == socket.AF_INET6 else 40


def _info(sock: socket.socket) -> tuple[int, ...]:
    return _INFO.unpack(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size))
