"""A proxy on loopback between an agent and its collector that keeps what it saw and can lose a request or a reply."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import Any, Literal

Fate = Literal["pass", "lose request", "lose reply"]


class Proxy:
    """``fate`` says what becomes of the n-th batch, from 1; everything else passes."""

    def __init__(self, target: int, fate: Callable[[int], Fate]) -> None:
        self.target, self.fate = target, fate
        self.port = 0
        self.requests: list[bytes] = []
        self.replies: list[bytes] = []
        self.batches = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def decide(self, request: bytes) -> Fate:
        with self.lock:
            self.requests.append(request)
            if not request.startswith(b"POST /v1/results "):
                return "pass"
            self.batches += 1
            return self.fate(self.batches)


@contextmanager
def proxy(target: int, fate: Callable[[int], Fate] = lambda _: "pass") -> Iterator[Proxy]:
    """A proxy to the collector at the loopback port `target`."""
    made = Proxy(target, fate)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while request := message(self.rfile):
                fate = made.decide(request)
                reply = b"" if fate == "lose request" else ask(made.target, request)
                made.replies.append(reply)
                if fate != "pass" or not reply:
                    return
                self.wfile.write(reply)

    with listening(Handler) as made.port:
        yield made


@contextmanager
def replaying(reply: bytes) -> Iterator[int]:
    """The port of a server that answers every request with the same bytes."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while message(self.rfile):
                self.wfile.write(reply)

    with listening(Handler) as port:
        yield port


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed: its own test says whether that matters."""


@contextmanager
def listening(handler: type[socketserver.StreamRequestHandler]) -> Iterator[int]:
    """The loopback port at which `handler` serves."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def ask(port: int, request: bytes) -> bytes:
    """The reply of who listens there; nothing when nobody does."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request)
            return message(connection.makefile("rb"))
    except OSError:
        return b""


def message(stream: BufferedIOBase) -> bytes:
    """One HTTP message with a Content-Length, or without a body; nothing at the end of the stream."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    length = next((int(line[15:]) for line in head.lower().splitlines() if line.startswith(b"content-length:")), 0)
    return head + stream.read(length)
