"""How tests speak with a process of the lab: JSON after its length, and bytes after theirs."""

from __future__ import annotations

import json
import socket


def ask(control: socket.socket, what: dict[str, object], who: str) -> bytes:
    """The answer of `who` to `what`. Raises AssertionError when its process has ended."""
    text = json.dumps(what).encode()
    control.sendall(len(text).to_bytes(4, "big") + text)
    return _exactly(control, int.from_bytes(_exactly(control, 4, who), "big"), who)


def _exactly(control: socket.socket, size: int, who: str) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = control.recv(size - len(data))
        if not part:
            raise AssertionError(f"{who}'s process has ended")
        data += part
    return bytes(data)
