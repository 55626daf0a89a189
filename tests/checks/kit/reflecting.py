"""A reflector for tests of the sender: it does to each packet what its script says, and nothing by chance."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from checks.kit import stamp

Script = Callable[[int, bytes], list[bytes]]
"""What goes back, in that order, for the n-th packet that came (from 0), given its plain answer."""


def faithful(_: int, answer: bytes) -> list[bytes]:
    return [answer]


@contextlib.contextmanager
def reflecting(
    script: Script = faithful,
    *,
    key: bytes = b"",
    shift: Callable[[int], int] = lambda _: 0,
    address: str = "127.0.0.1",
) -> Iterator[int]:
    """Its port. `shift` is by how many ns its clock is ahead at the n-th packet."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 0))
        thread = threading.Thread(target=_serve, args=(sock, script, key, shift))
        thread.start()
        try:
            yield int(sock.getsockname()[1])
        finally:
            with socket.socket(family, socket.SOCK_DGRAM) as last:
                last.sendto(b"", sock.getsockname())
            thread.join()


def _serve(sock: socket.socket, script: Script, key: bytes, shift: Callable[[int], int]) -> None:
    number = 0
    while True:
        data, source = sock.recvfrom(65535)
        if not data:
            return
        now = time.time_ns() + shift(number)
        error = stamp.ErrorEstimate(scale=10)
        answer = stamp.reflect(data, number=number, came=now, at=now, error=error, ttl=64, key=key)
        for back in script(number, answer):
            sock.sendto(back, source)
        number += 1
