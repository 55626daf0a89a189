"""Time servers for tests: each answers exactly what a test says."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence

EPOCH = 2_208_988_800
Speech = Callable[[bytes], bytes | Sequence[bytes] | None]


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


class TimeServer:
    """Says over UDP what `speech` makes of a question: one datagram, several or none. ``asked`` keeps the questions."""

    def __init__(self, speech: Speech, address: str = "127.0.0.1") -> None:
        self._speech = speech
        self.asked: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        port = self._socket.getsockname()[1]
        self.place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> TimeServer:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                question, peer = self._socket.recvfrom(2048)
                if question:
                    self.asked.append(question)
                    said = self._speech(question)
                    for part in [said] if isinstance(said, bytes) else said or []:
                        self._socket.sendto(part, peer)
