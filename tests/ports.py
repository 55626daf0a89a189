"""Ports of this machine for tests."""

from __future__ import annotations

import contextlib
import socket


def free_port(address: str = "127.0.0.1") -> int:
    """A port that neither UDP nor TCP uses."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_DGRAM) as one, socket.socket(family, socket.SOCK_STREAM) as other:
            one.bind((address, 0))
            with contextlib.suppress(OSError):
                other.bind((address, one.getsockname()[1]))
                return int(one.getsockname()[1])
