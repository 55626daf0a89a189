"""Which addresses are never connected to, whoever names them: a target, a name's answer or a redirect.

What is refused either leads to the machine that measures, or to a service that trusts whoever reaches it on its own
link: link-local addresses with the metadata services of clouds among them. ``ipaddress`` would cost the resident
agent 0.3 MB.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

_THIS_NETWORK, _LOOPBACK, _MULTICAST = 0, 127, range(224, 240)
_LINK_LOCAL = b"\xa9\xfe"
_BROADCAST = b"\xff" * 4
_METADATA = {bytes((100, 100, 100, 200)), socket.inet_pton(socket.AF_INET6, "fd00:ec2::254")}
_LOOPBACK6 = bytes(15) + b"\x01"
# Where an IPv6 address carries an IPv4 one: the prefix, and the places of its four bytes.
_LAST, _RFC6052_48 = (12, 13, 14, 15), (6, 7, 9, 10)
_CARRIERS: tuple[tuple[bytes, tuple[int, int, int, int]], ...] = (
    (bytes(10) + b"\xff\xff", _LAST),  # mapped, RFC 4291 §2.5.5.2
    (bytes(12), _LAST),  # compatible, RFC 4291 §2.5.5.1
    (bytes(8) + b"\xff\xff\x00\x00", _LAST),  # translated, RFC 2765 §2.1
    (b"\x20\x02", (2, 3, 4, 5)),  # 6to4, RFC 3056 §2
    (b"\x00\x64\xff\x9b" + bytes(8), _LAST),  # NAT64, RFC 6052 §2.1
    (b"\x00\x64\xff\x9b\x00\x01", _LAST),  # NAT64 of one's own, RFC 8215: the length of its prefix is not known
    (b"\x00\x64\xff\x9b\x00\x01", _RFC6052_48),
)


def forbidden(address: str, loopback: bool = False) -> bool:
    """Whether nothing may connect to `address`, an IPv4 or IPv6 one without brackets; a zone is overlooked.

    Loopback is refused like the others unless `loopback` is set. What is no address is refused.
    """
    number = packed(address)
    return number is None or any(_refused(one, loopback) for one in (number, *_carried(number)))


def is_loopback(host: str) -> bool:
    """Whether `host`, as it is written, names this very machine: a loopback literal, or ``localhost`` (RFC 6761)."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    number = packed(host)
    return number is not None and (number == _LOOPBACK6 or (len(number) == 4 and number[0] == _LOOPBACK))


def is_literal(host: str) -> bool:
    """Whether `host` is an address of IPv4, or of IPv6 with or without its zone, and no name."""
    return packed(host) is not None


def packed(address: str) -> bytes | None:
    """The bytes of an address, 4 or 16; a zone is overlooked. None when it is none."""
    bare, _, zone = address.partition("%")
    for family in (socket.AF_INET6,) if zone else (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):
            return socket.inet_pton(family, bare)
    return None


def _carried(packed: bytes) -> Iterator[bytes]:
    if len(packed) == 16 and packed != _LOOPBACK6:
        for prefix, places in _CARRIERS:
            if packed.startswith(prefix):
                yield bytes(packed[place] for place in places)


def _refused(packed: bytes, loopback: bool) -> bool:
    if packed in _METADATA:
        return True
    if len(packed) == 4:
        if packed[0] == _LOOPBACK:
            return not loopback
        return (
            packed[0] == _THIS_NETWORK or packed[0] in _MULTICAST or packed[:2] == _LINK_LOCAL or packed == _BROADCAST
        )
    if packed == _LOOPBACK6:
        return not loopback
    link_local = packed[0] == 0xFE and packed[1] & 0xC0 == 0x80
    return link_local or packed[0] == 0xFF or not any(packed)
