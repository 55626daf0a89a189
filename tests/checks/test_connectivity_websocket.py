"""WebSockets: opened on a server of another hand, and refused in every way."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
from aiohttp import WSCloseCode, web

from checks.kit.model import Outcome, Reason
from checks.kit.websocket import accept
from tests.checks.certs import Authority
from tests.checks.conftest import Reach, values
from tests.checks.servers import Answer, Server, http, reset, say


class Foreign:
    """aiohttp's server in a thread; ``codes`` are those of the close frames it got."""

    def __init__(self) -> None:
        self.codes: list[int | None] = []
        self.closed = threading.Event()
        self.port = 0
        self._ready = threading.Event()
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop

    async def _answer(self, request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        async for _ in opened:
            raise AssertionError("a message came")
        self.codes.append(opened.close_code)
        self.closed.set()
        return opened

    async def _serve(self, context: ssl.SSLContext | None) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/ws", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    @contextlib.contextmanager
    def running(self, context: ssl.SSLContext | None = None) -> Iterator[Foreign]:
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(context)))
        thread.start()
        assert self._ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(10)


@pytest.mark.parametrize("secure", [False, True])
def test_a_websocket_is_opened_and_closed_in_good_order(reach: Reach, authority: Authority, secure: bool) -> None:
    """The server sees a close frame that says done; the phases are those of the handshake."""
    context = authority.server()[0] if secure else None
    with Foreign().running(context) as server:
        scheme = "wss" if secure else "ws"
        reading = reach(f"{scheme}://127.0.0.1:{server.port}/ws", ca_file=authority.ca_file)
        assert server.closed.wait(10)
    assert server.codes == [WSCloseCode.OK]
    assert (reading.outcome, reading.facts["websocket"]) == (Outcome.OK, True)
    found = values(reading)
    assert found["connectivity_http_status_code"] == 101
    phases = {name for name in found if name.startswith("phase")}
    assert phases == {"phase:tcp", "phase:request", "phase:ttfb"} | ({"phase:tls"} if secure else set())


def test_an_address_without_a_websocket_refuses(reach: Reach) -> None:
    """The server's own 404."""
    with Foreign().running() as server:
        reading = reach(f"ws://127.0.0.1:{server.port}/other")
    assert (reading.reason, reading.detail) == (
        Reason.WEBSOCKET_REFUSED, "the server answered 404 to the WebSocket handshake",
    )  # fmt: skip
    assert reading.facts["websocket"] is False


def _switch(*fields: str, key: str = "") -> Answer:
    def answer(connection: socket.socket, head: bytes) -> None:
        found = re.search(rb"Sec-WebSocket-Key: (\S+)", head)
        assert found
        told = f"Sec-WebSocket-Accept: {key or accept(found[1].decode())}"
        lines = ("HTTP/1.1 101 Switching Protocols", told, *fields, "", "")
        connection.sendall("\r\n".join(lines).encode())
        connection.recv(100)

    return answer


_RIGHT = ("Upgrade: websocket", "Connection: Upgrade")


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (_switch(*_RIGHT, key="bWFu"), Reason.WEBSOCKET_REFUSED, "the answer 101 does not know our key"),
        (_switch("Upgrade: websocket"), Reason.WEBSOCKET_REFUSED, "the answer 101 lacks Connection: Upgrade"),
        (say(http(200, b"<html>")), Reason.WEBSOCKET_REFUSED, "the server answered 200 to the WebSocket handshake"),
        (say(http(302, b"", "Location: /x")), Reason.WEBSOCKET_REFUSED,
         "the server answered 302 to the WebSocket handshake"),
        (say(http(407)), Reason.PROXY_AUTH, "a proxy wants a name and a password"),
        (say(http(511)), Reason.CAPTIVE_PORTAL, "the network wants a sign-in first"),
        (say(b"\x81\x05hello"), Reason.HTTP_PROTOCOL, "the server closed the connection inside the head"),
        (reset, Reason.TCP_RESET, "the connection was reset while reading the answer"),
    ],
)  # fmt: skip
def test_what_is_no_websocket_has_its_reason(reach: Reach, answer: Answer, reason: Reason, detail: str) -> None:
    """A filter that cuts upgrades, a page in its place, a forged answer."""
    with Server(answer) as server:
        reading = reach(f"ws://127.0.0.1:{server.port}/")
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.FAILED, reason, detail)


def test_a_server_that_does_not_answer_the_handshake_times_out(reach: Reach) -> None:
    """As for any request."""
    with Server(lambda connection, _: time.sleep(1)) as server:
        assert reach(f"ws://127.0.0.1:{server.port}/", timeout=0.2).reason is Reason.HTTP_TIMEOUT
