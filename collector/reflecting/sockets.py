"""UDP sockets that tell when a packet came, with which TTL and DSCP, and to which address of this machine (Linux)."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from typing import Any

from msgspec import Struct

LONGEST = 9216
"""Octets of the longest packet that is read: a jumbo frame's. A longer one is cut off, and told."""
_ROOM = 512
# Not all in the socket module of Python 3.11; the same on every Linux but alpha, hppa and sparc.
_SO_TIMESTAMPNS, _SO_RXQ_OVFL, _SO_RCVBUFFORCE = 35, 40, 33
_IP_PKTINFO, _IP_RECVTTL, _IP_TTL, _IP_RECVTOS, _IP_TOS = 8, 12, 2, 13, 1
TTL = 255
"""Of answers too (RFC 5357 §4.2.1): who asked sees how many routers are on the way back."""
BUFFER = 1 << 22
"""Octets that may wait for this process: 0.1 s at 20,000 packets a second. Without CAP_NET_ADMIN it is at most
net.core.rmem_max."""
_TIMESPEC, _INT, _PKTINFO = struct.Struct("@ll"), struct.Struct("@i"), struct.Struct("@i4s4s")
_ANY_INTERFACE = bytes(4)
_DSCP = 0xFC
Control = list[tuple[int, int, bytes]]


class Received(Struct, frozen=True):
    """A packet. ``came`` is in ns since 1970, by the kernel; ``control`` sends the answer from the address the packet
    came to, with its DSCP and without its ECN; ``whole`` is False when it was cut off."""

    data: bytes
    source: tuple[Any, ...]
    came: int
    ttl: int
    control: Control
    whole: bool
    lost: int


def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets for `host`: one of each family for ``::`` or nothing, on the same port. Raises OSError."""
    if host not in ("", "::"):
        return [_bound(host, port)]
    first = _bound("::", port)
    try:
        return [first, _bound("0.0.0.0", first.getsockname()[1])]  # noqa: S104 - it was asked for
    except OSError:
        first.close()
        raise


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)[0]
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for level, name, value in _options(family):
            with contextlib.suppress(OSError):  # what it would tell is then not told
                sock.setsockopt(level, name, value)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _options(family: int) -> list[tuple[int, int, int]]:
    own = [(socket.IPPROTO_IP, name, 1) for name in (_IP_RECVTTL, _IP_RECVTOS, _IP_PKTINFO)]
    own.append((socket.IPPROTO_IP, _IP_TTL, TTL))
    if family == socket.AF_INET6:
        names = (socket.IPV6_RECVHOPLIMIT, socket.IPV6_RECVTCLASS, socket.IPV6_RECVPKTINFO)
        own = [(socket.IPPROTO_IPV6, name, 1) for name in names]
        own.append((socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, TTL))
    common = ((_SO_TIMESTAMPNS, 1), (_SO_RXQ_OVFL, 1), (socket.SO_RCVBUF, BUFFER), (_SO_RCVBUFFORCE, BUFFER))
    return [*((socket.SOL_SOCKET, name, value) for name, value in common), *own]


def receive(sock: socket.socket) -> Received:
    """The next packet. Raises BlockingIOError when there is none."""
    data, control, flags, source = sock.recvmsg(LONGEST, _ROOM)
    came, ttl, lost, back = 0, 0, 0, []
    for level, kind, value in control:
        if level == socket.SOL_SOCKET:
            if kind == _SO_TIMESTAMPNS:
                seconds, rest = _TIMESPEC.unpack_from(value)
                came = seconds * 1_000_000_000 + rest
            elif kind == _SO_RXQ_OVFL:
                lost = _INT.unpack_from(value)[0] & 0xFFFFFFFF
        elif level == socket.IPPROTO_IP:
            if kind == _IP_TTL:
                ttl = _INT.unpack_from(value)[0]
            elif kind == _IP_TOS and value[0] & _DSCP:
                back.append((level, kind, _INT.pack(value[0] & _DSCP)))
            elif kind == _IP_PKTINFO:
                _, here, _ = _PKTINFO.unpack_from(value)
                back.append((level, kind, _PKTINFO.pack(0, here, b"\0\0\0\0")))
        elif level == socket.IPPROTO_IPV6:
            if kind == socket.IPV6_HOPLIMIT:
                ttl = _INT.unpack_from(value)[0]
            elif kind == socket.IPV6_TCLASS and (dscp := _INT.unpack_from(value)[0] & _DSCP):
                back.append((level, kind, _INT.pack(dscp)))
            elif kind == socket.IPV6_PKTINFO:
                link_local = value[:2] == b"\xfe\x80"
                back.append((level, kind, value if link_local else value[:16] + _ANY_INTERFACE))
    return Received(data, source, came or time.time_ns(), ttl, back, not flags & socket.MSG_TRUNC, lost)
