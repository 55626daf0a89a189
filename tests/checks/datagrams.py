"""A server that answers datagrams exactly as a test says."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Self

Said = bytes | Sequence[bytes] | None


def place(address: str, port: int) -> str:
    """``host:port`` as settings have it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Datagrams:
    """Says over UDP what `speech` makes of a datagram: one, several or none. Use as a context manager; ``place`` is
    where it listens, ``asked`` keeps what came."""

    def __init__(self, speech: Callable[[bytes], Said], address: str = "127.0.0.1", port: int = 0) -> None:
        self._speech = speech
        self.asked: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self.port = int(self._socket.getsockname()[1])
        self.place = place(address, self.port)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # "not connected", and yet it ends the receive that waits
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, peer = self._socket.recvfrom(65535)
            if peer is None:  # shut down
                return
            if question:
                self.asked.append(question)
                said = self._speech(question)
                for part in [said] if isinstance(said, bytes) else said or []:
                    self._socket.sendto(part, peer)
