"""The kernel's tables of addresses and neighbours by rtnetlink(7), which needs no rights, and of this thread's network.

:func:`dump` asks; the parsers are pure and take any bytes.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator

from msgspec import Struct

GETADDR, GETNEIGH = 22, 30
_FAMILIES = {2: "ipv4", 10: "ipv6"}
_MESSAGE, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_NDMSG, _IFADDRMSG, _CACHE = struct.Struct("=BxxxiHBB"), struct.Struct("=BBBBi"), struct.Struct("=IIII")
_REQUEST_DUMP, _ERROR, _DONE = 0x301, 2, 3
_STATES = {
    0x01: "incomplete", 0x02: "reachable", 0x04: "stale", 0x08: "delay", 0x10: "probe", 0x20: "failed",
    0x40: "noarp", 0x80: "permanent",
}  # fmt: skip
_FOREVER = 0xFFFFFFFF
_PERMANENT, _DEPRECATED, _TENTATIVE = 0x80, 0x20, 0x40
_TICKS = 100  # USER_HZ
_MAX = 4 * 1024 * 1024


class Neighbour(Struct, frozen=True):
    """What the kernel knows of an address on its link. ``state`` is the NUD state; ``confirmed`` how many seconds ago
    the other side last proved to be there, None when it never did."""

    address: str
    index: int
    state: str
    confirmed: float | None = None


class Held(Struct, frozen=True):
    """An address this device has, and for how long: ``left`` in seconds, None for ever."""

    family: str
    address: str
    prefix: int
    index: int
    left: int | None
    usable: bool


def dump(kind: int, timeout: float = 1.0) -> bytes | None:
    """Everything the kernel answers to a dump request of `kind`; None where there is no netlink or it fails."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return None
    found = bytearray()
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_RAW, 0) as sock:
        sock.settimeout(timeout)
        # 16 bytes of zeros are a struct rtgenmsg of every family, and long enough for the strictest kernel
        sock.send(_MESSAGE.pack(_MESSAGE.size + 16, kind, _REQUEST_DUMP, 1, 0) + bytes(16))
        while len(found) < _MAX:
            part = sock.recv(65536)
            found += part
            ends = [number for number, _ in messages(part) if number in (_DONE, _ERROR)]
            if ends:
                return bytes(found) if ends[-1] == _DONE else None
    return None


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, body) of each whole netlink message."""
    while len(data) >= _MESSAGE.size:
        length, kind, *_ = _MESSAGE.unpack_from(data)
        if not _MESSAGE.size <= length <= len(data):
            return
        yield kind, data[_MESSAGE.size : length]
        data = data[length + 3 & ~3 :]


def attributes(data: bytes) -> dict[int, bytes]:
    """The route attributes by type."""
    found: dict[int, bytes] = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if not _ATTRIBUTE.size <= length <= len(data):
            break
        found[kind & 0x3FFF] = data[_ATTRIBUTE.size : length]
        data = data[length + 3 & ~3 :]
    return found


def parse_neighbours(data: bytes) -> Iterator[Neighbour]:
    """The neighbours in an answer to GETNEIGH."""
    for kind, body in messages(data):
        if kind != 28 or len(body) < _NDMSG.size:  # RTM_NEWNEIGH
            continue
        family, index, state, _, _ = _NDMSG.unpack_from(body)
        known = attributes(body[_NDMSG.size :])
        address = _address(family, known.get(1, b""))  # NDA_DST
        if address:
            cache = known.get(3, b"")  # NDA_CACHEINFO: confirmed, used, updated, references
            ago = _CACHE.unpack_from(cache)[0] / _TICKS if len(cache) >= _CACHE.size else None
            yield Neighbour(address, index, _STATES.get(state, "none"), ago if 2 in known else None)  # NDA_LLADDR


def parse_addresses(data: bytes) -> Iterator[Held]:
    """The addresses in an answer to GETADDR."""
    for kind, body in messages(data):
        if kind != 20 or len(body) < _IFADDRMSG.size:  # RTM_NEWADDR
            continue
        family, prefix, flags, _, index = _IFADDRMSG.unpack_from(body)
        known = attributes(body[_IFADDRMSG.size :])
        # IFA_LOCAL is our own, IFA_ADDRESS the peer's on a point-to-point link; IPv6 has only the latter
        address = _address(family, known.get(2) or known.get(1) or b"")
        if not address:
            continue
        flags = int.from_bytes(known[8][:4], "little" if _little() else "big") if 8 in known else flags  # IFA_FLAGS
        cache = known.get(6, b"")  # IFA_CACHEINFO: preferred, valid, created, updated
        left = _CACHE.unpack_from(cache)[1] if len(cache) >= _CACHE.size else _FOREVER
        forever = flags & _PERMANENT or left == _FOREVER
        usable = not flags & (_DEPRECATED | _TENTATIVE)
        yield Held(_FAMILIES[family], address, prefix, index, None if forever else left, usable)


def _little() -> bool:
    return struct.pack("=H", 1)[0] == 1


def _address(family: int, packed: bytes) -> str:
    if family in _FAMILIES and len(packed) == (4 if family == 2 else 16):
        # by the kernel's numbers, which are not Windows's: recorded answers are read everywhere
        return socket.inet_ntop(socket.AF_INET if family == 2 else socket.AF_INET6, packed)
    return ""
