"""Routes without rights: a packet's hop limit, and the queue in which Linux keeps the errors that come back (ip(7)
``IP_RECVERR``), which say who sent them and, by the kernel's clock, when. Elsewhere :func:`available` is false.

Every probe of a route has the same addresses and ports, so that routers which share load send all of them one way
(Augustin et al., Paris traceroute, 2006), and that from one run to the next.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from checks.kit.failure import from_os
from checks.kit.model import Reason
from checks.kit.net import Address

PORT = 33434  # where traceroute knocks; nothing listens there
SOURCE_PORT = 33433
SILENT = 8  # hops in a row that may say nothing before the route counts as ended
WAIT = 1.0
_RECVERR, _RECVERR6 = 11, 25
_MTU_DISCOVER, _MTU_DISCOVER6 = 10, 23
_TIMESTAMP = 35  # SO_TIMESTAMPNS
_ERRQUEUE = 0x2000
_REFUSED, _REFUSED6 = (2, 3), (4,)
_PROHIBITED, _PROHIBITED6 = (9, 10, 13), (1, 5, 6)
_PENDING = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPROTO, errno.ENOPROTOOPT}


Ask = Callable[[int, float], tuple[list["Reply"], int]]  # hop, until → replies, how many probes


class Reply(Struct, frozen=True):
    """What a hop answered. ``kind`` is ``exceeded`` (a router on the way), ``reached`` (the target), ``unreachable`` or
    ``prohibited`` (a router that goes no further). ``rtt`` in seconds."""

    ttl: int
    address: str
    rtt: float
    kind: str


class Route(Struct, frozen=True):
    """A route as it answered: ``asked`` is how many probes hop 1, 2, … got; ``sent`` and ``received`` are bytes."""

    replies: tuple[Reply, ...]
    asked: tuple[int, ...]
    sent: int = 0
    received: int = 0

    @property
    def end(self) -> Reply | None:
        """The reply of the target, or of who goes no further; None when nobody said so."""
        return min((reply for reply in self.replies if reply.kind != "exceeded"), key=lambda it: it.ttl, default=None)


class Error(Struct, frozen=True):
    """An entry of the error queue: ICMP type and code, what the next link takes (``big`` only), who sent it."""

    kind: str
    mtu: int
    offender: str
    data: bytes = b""
    at: float = 0.0


def available() -> bool:
    """Whether this system has what it takes."""
    return sys.platform == "linux"


def parse_error(data: bytes, target: str) -> Error | None:
    """A ``struct sock_extended_err`` with its offender (linux/errqueue.h) about a packet to `target`; None for one that
    no router sent, or that is cut short."""
    if len(data) < 24:
        return None
    _, origin, kind, code, _, info, _ = struct.unpack("=IBBBBII", data[:16])
    family = struct.unpack("=H", data[16:18])[0]
    if origin == 2 and family == socket.AF_INET:
        offender = socket.inet_ntop(socket.AF_INET, data[20:24])
        name = _name4(kind, code, offender == target)
    elif origin == 3 and family == socket.AF_INET6 and len(data) >= 40:
        offender = socket.inet_ntop(socket.AF_INET6, data[24:40])
        name = _name6(kind, code, offender == target)
    else:
        return None
    return Error(name, info if name == "big" else 0, offender) if name else None


def _name4(kind: int, code: int, target: bool) -> str:
    if kind == 11:
        return "exceeded" if code == 0 else ""
    if kind != 3:
        return ""
    if code == 4:
        return "big"
    if target and code in _REFUSED:
        return "reached"
    return "prohibited" if code in _PROHIBITED else "unreachable"


def _name6(kind: int, code: int, target: bool) -> str:
    if kind in (2, 3):
        return "big" if kind == 2 else "exceeded" if code == 0 else ""
    if kind != 1:
        return ""
    if target and code in _REFUSED6:
        return "reached"
    return "prohibited" if code in _PROHIBITED6 else "unreachable"


def source(address: Address) -> str:
    """This device's own address on the way to `address`; nothing is sent. Raises NetError."""
    sock = open_probe(address, socket.SOCK_DGRAM)
    with contextlib.closing(sock):
        try:
            sock.connect((address.sockaddr[0], PORT, *address.sockaddr[2:]))
            return str(sock.getsockname()[0])
        except OSError as why:
            raise from_os(why, Reason.TCP_TIMEOUT, "when tracing") from None


def open_probe(address: Address, kind: int, source_port: int = 0) -> socket.socket:
    """A non-blocking socket to `address` whose errors are kept, bound to `source_port` when it is free. The caller
    connects and closes it. Raises NetError."""
    six = address.family == "ipv6"
    try:
        sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
    except OSError as why:
        raise from_os(why, Reason.TCP_TIMEOUT, "when opening a probe") from None
    try:
        level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
        sock.setsockopt(level, _RECVERR6 if six else _RECVERR, 1)
        sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.SOCK_DGRAM:  # 3: never fragment, and believe no earlier "too big"
            sock.setsockopt(level, _MTU_DISCOVER6 if six else _MTU_DISCOVER, 3)
        with contextlib.suppress(OSError):
            sock.bind(("", source_port))
        sock.setblocking(False)
    except OSError as why:
        sock.close()
        raise from_os(why, Reason.TCP_TIMEOUT, "when opening a probe") from None
    return sock


def limit(sock: socket.socket, ttl: int) -> None:
    """Sets how many hops what `sock` sends may take."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)


def wait(sock: socket.socket, events: int, until: float) -> int:
    """Which of `events` (or an error) happened to `sock` by `until` (monotonic), 0 when none did."""
    poll = select.poll()
    poll.register(sock, events)
    found = poll.poll(max(until - time.monotonic(), 0) * 1000)
    return found[0][1] if found else 0


def errors(sock: socket.socket, target: str) -> Iterator[Error]:
    """What is in the error queue of `sock` now."""
    while True:
        try:
            data, extra, _, _ = sock.recvmsg(2048, 512, _ERRQUEUE)
        except OSError:
            return
        found = next((entry for *_, row in extra if (entry := parse_error(row, target))), None)
        if found:
            yield Error(found.kind, found.mtu, found.offender, data, stamp(extra))


def stamp(extra: list[tuple[int, int, bytes]]) -> float:
    """When the kernel received a packet (epoch seconds); now, when it does not say."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP and len(data) == 16:
            seconds, nanoseconds = struct.unpack("qq", data)
            return float(seconds + nanoseconds * 1e-9)
    return time.time()


def post(sock: socket.socket, data: bytes) -> None:
    """Sends `data`. An error that an earlier packet caused is reported by the next call: it is not this one's."""
    try:
        sock.send(data)
    except OSError as why:
        if why.errno not in _PENDING:
            raise
        sock.send(data)


class _Udp:
    """Probes one hop after the other from one socket; a probe's first two bytes say which it is."""

    def __init__(self, sock: socket.socket, target: str) -> None:
        self.sock, self.target = sock, target
        self.sent_at: dict[tuple[int, int], float] = {}
        self.sent = self.received = 0

    def ask(self, ttl: int, probes: int, until: float) -> list[Reply]:
        limit(self.sock, ttl)
        for number in range(probes):
            self.sent_at[ttl, number] = time.time()
            data = bytes((ttl, number)) * 8
            post(self.sock, data)
            self.sent += len(data)
        replies: list[Reply] = []
        while any(key[0] == ttl for key in self.sent_at) and wait(self.sock, select.POLLIN, until):
            for reply in [*self._answers(ttl), *self._errors(ttl)]:
                replies.append(reply)
                until = min(until, time.monotonic() + max(0.3, reply.rtt * 2))
        return replies

    def _errors(self, ttl: int) -> Iterator[Reply]:
        for error in errors(self.sock, self.target):
            self.received += len(error.data)
            if error.kind != "big" and (key := self._key(error.data, ttl)):
                yield Reply(key[0], error.offender, max(error.at - self.sent_at.pop(key), 0.0), error.kind)

    def _answers(self, ttl: int) -> Iterator[Reply]:
        with contextlib.suppress(OSError):
            data, extra, _, _ = self.sock.recvmsg(2048, 128)
            self.received += len(data)
            if key := self._key(b"", ttl):
                yield Reply(key[0], self.target, max(stamp(extra) - self.sent_at.pop(key), 0.0), "reached")

    def _key(self, data: bytes, ttl: int) -> tuple[int, int] | None:
        """Which probe it is about: as quoted, else (some routers quote only eight bytes) the oldest to this hop."""
        if len(data) >= 2:
            return (data[0], data[1]) if (data[0], data[1]) in self.sent_at else None
        return next((key for key in self.sent_at if key[0] == ttl), None)


def circles(replies: Iterable[Reply], times: int = 2) -> bool:
    """Whether one router stands at `times` hops with another one between each two."""
    seen: dict[str, list[int]] = {}
    place, last = 0, ""
    for reply in sorted(replies, key=lambda it: it.ttl):
        place += reply.address != last
        last = reply.address
        places = seen.setdefault(last, [])
        if place not in places:
            places.append(place)
    return any(len(places) >= times for places in seen.values())


def udp(address: Address, hops: int, probes: int, until: float, silent: int = SILENT) -> Route:
    """The route to `address` by UDP, at most `hops` far, until `until` (monotonic) or until `silent` hops in a row say
    nothing. Raises NetError."""
    sock = open_probe(address, socket.SOCK_DGRAM, SOURCE_PORT)
    with contextlib.closing(sock):
        try:
            sock.connect((address.sockaddr[0], PORT, *address.sockaddr[2:]))
            probe = _Udp(sock, str(address.sockaddr[0]))
            route = _walk(hops, until, lambda ttl, end: (probe.ask(ttl, probes, end), probes), silent)
        except OSError as why:
            raise from_os(why, Reason.TCP_TIMEOUT, "when tracing") from None
    return Route(route.replies, route.asked, probe.sent, probe.received)


def tcp(address: Address, hops: int, probes: int, until: float) -> Route:
    """The route to `address`, port included, by TCP connections that are closed at once. Raises NetError."""

    def ask(ttl: int, end: float) -> tuple[list[Reply], int]:
        replies: list[Reply] = []
        for number in range(probes):
            reply = _connect(address, ttl, end)
            if reply is None:
                return replies, number + 1
            replies.append(reply)
        return replies, probes

    return _walk(hops, until, ask, SILENT)


def _walk(hops: int, until: float, ask: Ask, silent: int) -> Route:
    replies: list[Reply] = []
    asked: list[int] = []
    heard = 0
    while len(asked) < hops and len(asked) - heard < silent and time.monotonic() < until:
        ttl = len(asked) + 1
        found, count = ask(ttl, min(until, time.monotonic() + WAIT))
        replies += found
        asked.append(count)
        heard = ttl if found else heard
        if any(reply.kind != "exceeded" for reply in found) or circles(replies, 3):
            break
    last = min((reply.ttl for reply in replies if reply.kind != "exceeded"), default=hops)
    return Route(tuple(reply for reply in replies if reply.ttl <= last), tuple(asked[:last]))


def _connect(address: Address, ttl: int, until: float) -> Reply | None:
    sock, target = open_probe(address, socket.SOCK_STREAM, SOURCE_PORT), str(address.sockaddr[0])
    with contextlib.closing(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        limit(sock, ttl)
        at, started = time.time(), time.monotonic()
        number = sock.connect_ex(address.sockaddr)
        if number not in (0, errno.EINPROGRESS, errno.ECONNREFUSED):
            raise from_os(OSError(number, ""), Reason.TCP_TIMEOUT, "when tracing")
        if not wait(sock, select.POLLOUT, until):
            return None
        took = time.monotonic() - started
        for error in errors(sock, target):
            return None if error.kind == "big" else Reply(ttl, error.offender, max(error.at - at, 0.0), error.kind)
        if number == errno.EINPROGRESS:
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return Reply(ttl, target, took, "reached") if number in (0, errno.ECONNREFUSED) else None
