"""Real servers, on loopback unless told otherwise, that answer exactly what a test says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

Answer = Callable[[socket.socket, bytes], None]


class Server:
    """Answers each connection with `answer(connection, request head)`; ``requests`` keeps the heads."""

    def __init__(
        self,
        answer: Answer,
        context: ssl.SSLContext | None = None,
        reads: bool = True,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._answer, self._context, self._reads = answer, context, reads
        self.requests: list[bytes] = []
        self.released = threading.Event()
        six = ":" in host
        self._socket = socket.create_server(
            (host, port), family=socket.AF_INET6 if six else socket.AF_INET, dualstack_ipv6=host == "::"
        )
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            head = _head(connection) if self._reads else b""
            self.requests.append(head)
            with contextlib.suppress(OSError), connection:
                self._answer(connection, head)

    def hold(self, connection: socket.socket, _: bytes) -> None:
        """Says nothing until the test is over."""
        self.released.wait(10)


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (part := connection.recv(4096)):
        head += part
    return head


def say(*parts: bytes) -> Answer:
    """An answer of `parts`, then an orderly end."""

    def answer(connection: socket.socket, _: bytes) -> None:
        for part in parts:
            connection.sendall(part)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)

    return answer


def http(status: int = 200, body: bytes = b"", *fields: str) -> bytes:
    """A whole HTTP/1.1 answer."""
    lines = (f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}", *fields, "", "")
    return "\r\n".join(lines).encode() + body


def reset(connection: socket.socket, _: bytes = b"") -> None:
    """Cuts the connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextlib.contextmanager
def blackhole() -> Iterator[int]:
    """A port that takes no further connection: its queue is full, and Linux drops the SYNs."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listening.getsockname())
        yield listening.getsockname()[1]


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
