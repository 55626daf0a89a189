"""A collector of a few lines: speaks the contract on loopback, remembers everything, misbehaves on request."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from checks.kit import wire
from checks.kit.wire import Ack, Batch

Reply = tuple[int, dict[str, str], bytes]
Trick = Callable[["Collector", str, bytes], Reply | None]
"""Given the collector, the path and the body: a reply in place of the right one, or None for the right one.
An empty header ``-close`` cuts the connection without a word."""


class Key:
    """Verifies one device's signatures."""

    def __init__(self, public: bytes) -> None:
        self._key = VerifyKey(public)

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(message, signature)
        except BadSignatureError:
            return False
        return True


class Collector:
    """What it stored, by (epoch, seq), and what it was told is lost. ``leases`` are its answers to those who ask for
    one, the last of them for ever; ``wants`` is what they asked; ``directives`` stand in every acknowledgement."""

    def __init__(self) -> None:
        self.stored: dict[tuple[int, int], bytes] = {}
        self.times_stored: dict[tuple[int, int], int] = {}
        self.gaps: dict[tuple[int, int], str] = {}
        self.batches: list[Batch] = []
        self.sizes: list[int] = []
        self.keys: dict[str, Key] = {}
        self.tokens = {"good": "27259"}
        self.config: dict[str, Any] = {"etag": "one", "unit": "27259", "jobs": [], "push": {}}
        self.requests: list[str] = []
        self.tricks: list[Trick] = []
        self.leases: list[Any] = []
        self.wants: list[Any] = []
        self.directives: list[dict[str, Any]] = []
        self.unreadable: Callable[[Any], bool] = lambda result: False
        self.url = ""

    def durable(self, epoch: int) -> int:
        """Everything of `epoch` below this number is here or declared lost."""
        number = 1
        while (epoch, number) in self.stored or (epoch, number) in self.gaps:
            number += 1
        return number

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Reply:
        self.requests.append(f"{method} {path}")
        if self.tricks:
            reply = self.tricks.pop(0)(self, path, body)
            if reply is not None:
                return reply
        if path == "/v1/results":
            return self.results(body)
        if path == "/v1/enrol":
            return self.enrol(json.loads(body))
        if path == "/v1/config":
            return self.configure(headers)
        if path == "/v1/leases" and self.leases:
            return self.lease(headers, body)
        return error(404, "not_found")

    def results(self, body: bytes) -> Reply:
        self.sizes.append(len(body))
        try:
            envelope = wire.take_apart(body)
            if envelope.agent not in self.keys:
                return error(401, "unknown_agent")
            batch = wire.unseal(envelope, self.keys[envelope.agent])
        except wire.WireError as why:
            return error(400, why.code)
        if any(self.unreadable(result) for result in batch.results):
            return error(400, "invalid")
        self.store(batch)
        ack = Ack(
            agent=batch.agent,
            epoch=batch.epoch,
            batch=wire.digest(body),
            durable=self.durable(batch.epoch),
            config=self.config["etag"],
            directives=self.directives,
        )
        return 200, {"Content-Type": "application/json"}, msgspec.json.encode(ack)

    def store(self, batch: Batch) -> None:
        self.batches.append(batch)
        for result in batch.results:
            number = (batch.epoch, result.seq)
            self.stored[number] = msgspec.json.encode(result)
            self.times_stored[number] = self.times_stored.get(number, 0) + 1
        for gap in batch.gaps:
            self.gaps.update({(batch.epoch, seq): gap.reason for seq in range(gap.first, gap.last + 1)})

    def enrol(self, asked: dict[str, str]) -> Reply:
        public, proof = base64.b64decode(asked["public_key"]), base64.b64decode(asked["proof"])
        if not Key(public).verify(b"sansang.enrol.v1\0" + asked["token"].encode() + public, proof):
            return error(400, "bad_proof")
        if asked["token"] not in self.tokens:
            return error(401, "bad_token")
        device = str(uuid.uuid5(uuid.NAMESPACE_OID, asked["public_key"]))
        self.keys[device] = Key(public)
        return ok({"device": device, "unit": self.tokens[asked["token"]], "status": "active"})

    def configure(self, headers: Any) -> Reply:
        key = self.keys.get(headers["Sansang-Agent"])
        signature = base64.b64decode(headers["Sansang-Signature"])
        if key is None or not key.verify(b"sansang.get.v1\0/v1/config", signature):
            return error(401, "bad_signature")
        if headers.get("If-None-Match") == self.config["etag"]:
            return 304, {}, b""
        return ok(self.config)

    def lease(self, headers: Any, body: bytes) -> Reply:
        key = self.keys.get(headers["Sansang-Agent"])
        signature = base64.b64decode(headers["Sansang-Signature"])
        if key is None or not key.verify(b"sansang.lease.v1\0" + body, signature):
            return error(401, "bad_signature")
        self.wants.append(json.loads(body))
        return ok({} if "release" in self.wants[-1] else self.leases.pop(0) if len(self.leases) > 1 else self.leases[0])


def ok(value: Any) -> Reply:
    return 200, {"Content-Type": "application/json"}, msgspec.json.encode(value)


def error(status: int, code: str, **headers: str) -> Reply:
    body = msgspec.json.encode({"error": code, "message": f"refused: {code}"})
    return status, {"Content-Type": "application/json", **headers}, body


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens on a port of its own; ``url`` is its address."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, answer = collector.answer(self.command, self.path, self.headers, body)
            if "-close" in headers:
                self.wfile.write(answer)
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
