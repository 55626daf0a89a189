"""What time servers of tests say."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

from tests.checks.datagrams import Said

EPOCH = 2_208_988_800
Speech = Callable[[bytes], Said]


def stamp(seconds: float) -> bytes:
    """Seconds since 1970 as an NTP timestamp of whichever era."""
    whole = seconds + EPOCH
    return struct.pack("!II", int(whole) % 2**32, int(whole % 1 * 2**32))


def reply(
    question: bytes,
    *,
    ahead: float = 0.0,
    leap: int = 0,
    stratum: int = 2,
    mode: int = 4,
    root_delay: float = 0.001,
    root_dispersion: float = 0.001,
    origin: bytes | None = None,
    transmit: bytes | None = None,
) -> bytes:
    """A server's answer, `ahead` seconds before the right time."""
    now = time.time() + ahead
    head = struct.pack("!BBBb", leap << 6 | 4 << 3 | mode, stratum, 6, -20)
    short = struct.pack("!II", int(root_delay * 65536), int(root_dispersion * 65536))
    return b"".join(
        [
            head, short, b"\x7f\0\0\1", stamp(now - 60), question[40:48] if origin is None else origin, stamp(now),
            stamp(now) if transmit is None else transmit,
        ]
    )  # fmt: skip
