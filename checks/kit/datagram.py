"""One question to a server over UDP, or over TCP with a length before each message, and how long its answer took.

A connected socket with a port of the system's choosing takes answers from that server alone. Where the kernel
stamps what it receives (SO_TIMESTAMPNS, Linux), the time until this process woke up is taken off.
"""

from __future__ import annotations

import errno
import re
import socket
import struct
import sys
import time
from collections.abc import Callable

from msgspec import Struct

MAX_DATAGRAM = 65535
_STAMP = 35 if sys.platform == "linux" else 0  # SO_TIMESTAMPNS and SCM_TIMESTAMPNS; Python 3.11 does not name them
_TIMESPEC = struct.Struct("@ll")
_LENGTH = struct.Struct("!H")
Accept = Callable[[bytes], bool]


class Endpoint(Struct, frozen=True):
    """A server as it is configured: a name or an address, and a port."""

    host: str
    port: int


class Used(Struct):
    """What was used of the network: sockets opened, bytes handed to and got from the system."""

    sockets: int = 0
    sent: int = 0
    received: int = 0

    def add(self, other: Used) -> None:
        self.sockets += other.sockets
        self.sent += other.sent
        self.received += other.received


class Reply(Struct, frozen=True):
    """An answer, when its question was sent (wall clock, seconds) and how long it took (seconds)."""

    data: bytes
    sent: float
    took: float


class NoReply(Exception):
    """No answer. ``why`` is ``silent``, ``junk`` (only what was not accepted came), ``closed`` (nobody listens),
    ``unreachable``, ``forbidden`` (by this device) or ``cut`` (a TCP answer that ended early)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def endpoint(text: str, port: int) -> Endpoint:
    """``host``, ``host:port``, ``address`` or ``[address]:port``; `port` where none is named. Raises ValueError."""
    host, named = text, str(port)
    if text.startswith("["):
        host, closing, rest = text[1:].partition("]")
        named = named if closing and not rest else rest[1:] if rest.startswith(":") else ""
    elif text.count(":") == 1:
        host, _, named = text.partition(":")
    whole = re.fullmatch("[!-~]+", host) and re.fullmatch("[0-9]{1,5}", named)
    if not whole or not 0 < int(named) < 65536:
        raise ValueError(f"{text!r} is no server: expected host, host:port or [address]:port")
    return Endpoint(host, int(named))


def udp(server: Endpoint, data: bytes, accept: Accept, timeout: float, used: Used) -> Reply:
    """The first datagram from `server` that `accept` takes; others are waited past. Raises NoReply.

    `server` is looked up when it is a name, which may hang: only where somebody else ends this process.
    """
    family, sockaddr = _resolved(server, socket.SOCK_DGRAM)
    with _opened(family, socket.SOCK_DGRAM, used) as sock:
        if _STAMP:
            sock.setsockopt(socket.SOL_SOCKET, _STAMP, 1)
        try:
            sock.connect(sockaddr)
            wall, started = time.time(), time.perf_counter()
            used.sent += sock.send(data)
            answer, ended = _first(sock, accept, started + timeout, used)
        except OSError as why:
            raise NoReply(_named(why)) from None
        return Reply(answer, wall, max(ended - started, 0.0))


def tcp(server: Endpoint, data: bytes, timeout: float, used: Used) -> Reply:
    """The answer to `data` over a connection of its own, both with their length before them (RFC 1035 §4.2.2).
    ``took`` counts from before the connection. Raises NoReply."""
    family, sockaddr = _resolved(server, socket.SOCK_STREAM)
    with _opened(family, socket.SOCK_STREAM, used) as sock:
        try:
            wall, started = time.time(), time.perf_counter()
            until = started + timeout
            sock.settimeout(max(timeout, 0.001))
            sock.connect(sockaddr)
            sock.sendall(_LENGTH.pack(len(data)) + data)
            used.sent += _LENGTH.size + len(data)
            (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size, until, used))
            answer = _exactly(sock, length, until, used)
            return Reply(answer, wall, time.perf_counter() - started)
        except OSError as why:
            raise NoReply(_named(why)) from None


def _resolved(server: Endpoint, kind: socket.SocketKind) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """The address the system likes best."""
    try:
        family, _, _, _, sockaddr = socket.getaddrinfo(server.host, server.port, type=kind)[0]
    except (OSError, UnicodeError):
        raise NoReply("unreachable") from None
    return family, sockaddr


def _opened(family: socket.AddressFamily, kind: socket.SocketKind, used: Used) -> socket.socket:
    try:
        sock = socket.socket(family, kind)
    except OSError as why:
        raise NoReply(_named(why)) from None
    used.sockets += 1
    return sock


def _first(sock: socket.socket, accept: Accept, until: float, used: Used) -> tuple[bytes, float]:
    junk = False
    while (left := until - time.perf_counter()) > 0:
        sock.settimeout(left)
        try:
            answer, ended = _received(sock)
        except TimeoutError:
            break
        used.received += len(answer)
        if accept(answer):
            return answer, ended
        junk = True
    raise NoReply("junk" if junk else "silent")


def _received(sock: socket.socket) -> tuple[bytes, float]:
    """A datagram and when it came, on ``perf_counter``."""
    if not _STAMP:
        return sock.recv(MAX_DATAGRAM), time.perf_counter()
    answer, extra, _, _ = sock.recvmsg(MAX_DATAGRAM, socket.CMSG_SPACE(_TIMESPEC.size))
    ended, wall = time.perf_counter(), time.time_ns()
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _STAMP and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            late = (wall - seconds * 10**9 - nanoseconds) / 1e9
            if 0 <= late < 1:  # else the clock was set meanwhile
                ended -= late
    return answer, ended


def _exactly(sock: socket.socket, size: int, until: float, used: Used) -> bytes:
    found = b""
    while len(found) < size:
        left = until - time.perf_counter()
        if left <= 0:
            raise NoReply("silent")
        sock.settimeout(left)
        part = sock.recv(size - len(found))
        if not part:
            raise NoReply("cut")
        used.received += len(part)
        found += part
    return found


def _named(why: OSError) -> str:
    if isinstance(why, TimeoutError):
        return "silent"
    known = {errno.ECONNREFUSED: "closed", errno.EACCES: "forbidden", errno.EPERM: "forbidden"}
    cut = {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE}
    return known.get(why.errno or 0, "cut" if why.errno in cut else "unreachable")
