"""A receiver of remote write written for tests: real HTTP on loopback, answers as the test says, keeps what it took."""

from __future__ import annotations

import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import cramjam
from aiohttp import web

from tests.ports import free_port

Labels = tuple[tuple[str, str], ...]
Sample = tuple[Labels, int, float]
Answer = Callable[["Fake", list[Sample]], "web.StreamResponse | Awaitable[web.StreamResponse]"]


def take(_fake: Fake, _samples: list[Sample]) -> web.Response:
    return web.Response(status=204)


class Fake:
    """``answer`` says what becomes of a request; those answered with 2xx are kept in ``taken``."""

    def __init__(self) -> None:
        self.answer: Answer = take
        self.port = 0
        self.requests: list[tuple[dict[str, str], list[Sample]]] = []
        self.taken: list[Sample] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/write"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        samples = read(await request.read())
        self.requests.append((dict(request.headers), samples))
        answer = self.answer(self, samples)
        reply = answer if isinstance(answer, web.StreamResponse) else await answer
        if 200 <= reply.status < 300:
            self.taken += samples
        return reply


@asynccontextmanager
async def receiving(fake: Fake, tls: ssl.SSLContext | None = None) -> AsyncIterator[Fake]:
    """`fake` listening, with `tls` if given; on the port it had before, if it had one."""
    app = web.Application(client_max_size=10**8)
    app.router.add_post("/api/v1/write", fake.handle)
    runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    fake.port = fake.port or free_port()
    await web.TCPSite(runner, "127.0.0.1", fake.port, ssl_context=tls).start()
    try:
        yield fake
    finally:
        await runner.cleanup()


def read(body: bytes) -> list[Sample]:
    """The samples of a request, decoded by the letter of the specification."""
    message = bytes(cramjam.snappy.decompress_raw(body)) if body else b""
    found: list[Sample] = []
    for number, one in fields(message):
        assert number == 1
        labels: list[tuple[str, str]] = []
        samples: list[tuple[int, float]] = []
        for inner, payload in fields(one):
            if inner == 1:
                name, text = (part.decode() for _, part in fields(payload))
                labels.append((name, text))
            else:
                (_, value), (_, at) = fields(payload)
                samples.append((int.from_bytes(at, "big"), struct.unpack("<d", value)[0]))
        found += [(tuple(labels), *sample) for sample in samples]
    return found


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a protobuf message: number and payload; a varint's as eight bytes, big-endian."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint().to_bytes(8, "big")
            continue
        size = 8 if kind == 1 else varint()
        assert kind in (1, 2), kind
        yield key >> 3, message[place : place + size]
        place += size
        assert place <= len(message)
