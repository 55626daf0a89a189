"""The local signing service: a real TLS WebSocket server that answers, hangs, or answers nonsense."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

import checks
from checks.kit import sign_service
from checks.kit.failure import NetError
from checks.kit.families import Address
from checks.kit.host import Host
from checks.kit.model import Meter, Reason
from checks.kit.net import Net
from tests.checks.certs import self_signed
from tests.checks.servers import Answer, Server, closed_port, http, reset, say
from tests.checks.test_connectivity_websocket import _RIGHT, _switch


@pytest.fixture(scope="module")
def vouched_by_itself(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return self_signed(tmp_path_factory.mktemp("service"), "localhost")


def version(port: int, seconds: float = 10.0) -> str:
    return sign_service.version(Net(), port, seconds)


def frame(payload: bytes, kind: int = 1, *, final: bool = True) -> bytes:
    """As a server sends it (RFC 6455 §5.2)."""
    head = bytes(((0x80 if final else 0) | kind,))
    if len(payload) < 126:
        return head + bytes((len(payload),)) + payload
    return head + struct.pack("!BH", 126, len(payload)) + payload


def says(*frames: bytes, at_once: bool = False) -> Answer:
    """Opens the WebSocket and says these frames: after the question, or with the answer to the handshake."""

    def answer(connection: socket.socket, head: bytes) -> None:
        late = b"" if at_once else b"".join(frames)
        _switch(*_RIGHT)(_Together(connection, b"".join(frames) if at_once else b""), head)  # type: ignore[arg-type]
        connection.sendall(late)
        connection.recv(100)

    return answer


class _Together:
    """A connection on which these bytes go out with the first ones."""

    def __init__(self, connection: socket.socket, more: bytes) -> None:
        self._connection, self._more = connection, more

    def sendall(self, data: bytes) -> None:
        self._connection.sendall(data + self._more)

    def recv(self, count: int) -> bytes:
        return self._connection.recv(count)


@contextlib.contextmanager
def foreign(context: ssl.SSLContext, heard: list[tuple[str, str]], reply: str) -> Iterator[int]:
    """aiohttp's server: what it hears, and where, stands in `heard`. Its port."""
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), [0]

    async def answer(request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        async for message in opened:
            heard.append((request.path, message.data))
            await opened.send_str(reply)
        heard.append(("close", str(opened.close_code)))
        return opened

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/{any:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port[0] = runner.addresses[0][1]
        ready.set()
        stop.append(asyncio.Event())
        await stop[0].wait()
        await runner.cleanup()

    stop: list[asyncio.Event] = []
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield port[0]
    finally:
        loop.call_soon_threadsafe(stop[0].set)
        thread.join(10)
        loop.close()


def test_the_version_is_asked_for_and_nothing_else(vouched_by_itself: ssl.SSLContext) -> None:
    """A server of another hand hears one text on one path, and an orderly end; bytes are counted."""
    heard: list[tuple[str, str]] = []
    meter = Meter()
    with foreign(vouched_by_itself, heard, "VGCA Sign Service 1.4.2.0") as port:
        assert sign_service.version(Net(meter=meter), port, 10) == "1.4.2.0"
    assert heard == [("/GetVersion", "GetVersion"), ("close", "1000")]
    assert meter.sockets == 1
    assert 0 < meter.sent < 1500


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("1.0", "1.0"),
        ('{"Status":0,\r\n "Version":"2.10.3"}', "2.10.3"),
        ("\ufeff3.1", "3.1"),
        ("ready for Nguyễn Thị A", ""),
        ("x" * 300 + " 1.2 ", "1.2"),
    ],
)
def test_only_the_number_of_the_version_is_taken(vouched_by_itself: ssl.SSLContext, message: str, found: str) -> None:
    """Whatever else stands there might name somebody."""
    with Server(says(frame(message.encode())), vouched_by_itself) as server:
        assert version(server.port) == found


@pytest.mark.parametrize("at_once", [False, True])
def test_an_answer_in_pieces_with_pings_between_is_whole(vouched_by_itself: ssl.SSLContext, at_once: bool) -> None:
    """RFC 6455 §5.4; also from a server that speaks before it is asked."""
    parts = (frame(b"1.", final=False), frame(b"still there", 9), frame(b"", 10), frame(b"2.3", 0))
    with Server(says(*parts, at_once=at_once), vouched_by_itself) as server:
        assert version(server.port) == "1.2.3"


def _fails(port: int, reason: Reason, seconds: float = 10.0) -> str:
    with pytest.raises(NetError) as caught:
        version(port, seconds)
    assert caught.value.reason is reason
    return caught.value.detail


_HUGE = b"\x81\x7f" + struct.pack("!Q", 2**40)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (say(http(200, b"<html>")), "the server answered 200 to the WebSocket handshake"),
        (say(http(403)), "the server answered 403 to the WebSocket handshake"),
        (_switch(*_RIGHT, key="bWFu"), "the answer 101 does not know our key"),
        (say(b"hello\r\n\r\n"), "the answer is not HTTP/1.1"),
        (reset, ""),
        (says(_HUGE), "its answer is past 4096 bytes"),
        (says(frame(b"x" * 3000, final=False), frame(b"x" * 3000, 0)), "its answer is past 4096 bytes"),
        (says(*[frame(b"", 1 if not at else 0, final=False) for at in range(40)]), "its answer does not end"),
        (says(frame(b"\xff\xfe1.2")), "its answer is no text"),
        (says(frame(b"")), "its answer is no text"),
        (says(frame(b"\x00\x01")), "its answer is no text"),
        (says(frame(b"1.2", 2)), "it sent what is no text"),
        (says(frame(b"1.2", 0)), "it sent what is no text"),
        (says(b"\xc1\x03abc"), "it sent a frame that no server may send"),
        (says(b"\x81\x83\x00\x00\x00\x001.2"), "it sent a frame that no server may send"),
        (says(frame(b"\x03\xe8", 8)), "it closed without an answer"),
        (_switch(*_RIGHT), "it closed without an answer"),
    ],
)  # fmt: skip
def test_nonsense_is_malformed(vouched_by_itself: ssl.SSLContext, answer: Answer, detail: str) -> None:
    """Something else on the port, or a broken service: pages, garbage, frames without end."""
    with Server(answer, vouched_by_itself) as server:
        assert detail in _fails(server.port, Reason.SERVICE_MALFORMED)


def test_something_without_tls_is_malformed() -> None:
    """Another program holds the port."""
    with Server(say(http(200, b"hi")), reads=False) as server:
        assert _fails(server.port, Reason.SERVICE_MALFORMED) == "it does not speak TLS"


def test_a_closed_port_is_a_stopped_service() -> None:
    """Nothing listens."""
    _fails(closed_port(), Reason.SERVICE_STOPPED)


def test_silence_is_a_service_that_hangs(vouched_by_itself: ssl.SSLContext) -> None:
    """Before TLS, before the WebSocket, and after it."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        _fails(mute.getsockname()[1], Reason.SERVICE_TIMEOUT, 0.3)
    for open_first in (False, True):
        silent = threading.Event()

        def hold(connection: socket.socket, head: bytes, open_first: bool = open_first) -> None:
            if open_first:
                _switch(*_RIGHT)(connection, head)
            silent.wait(10)  # noqa: B023

        with Server(hold, vouched_by_itself) as server:
            _fails(server.port, Reason.SERVICE_TIMEOUT, 1.0)
            silent.set()


def test_no_other_host_and_no_other_path_can_be_said() -> None:
    """The function takes neither; the constants are those of the one harmless operation on this machine."""
    assert list(inspect.signature(sign_service.version).parameters) == ["net", "port", "timeout"]
    assert (sign_service.HOST, sign_service.PATH) == ("127.0.0.1", "/GetVersion")


def test_a_connection_that_leads_elsewhere_is_refused(vouched_by_itself: ssl.SSLContext) -> None:
    """Whatever the primitives did: without verification nobody but this machine is spoken to."""

    class Astray(Net):
        def connect(self, addresses: object, timeout: float, window: int = 0) -> object:  # type: ignore[override]
            return super().connect([Address("ipv4", ("127.0.0.2", port))], timeout, window)

    with Server(say(b""), vouched_by_itself, host="127.0.0.2") as server:
        port = server.port
        with pytest.raises(NetError, match="not this PC"):
            sign_service.version(Astray(), port, 5)
        assert server.requests in ([], [b""])


def unverified(source: str) -> list[str]:
    """What in a source turns verification of TLS off."""
    names = {"CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "_create_stdlib_context"}
    found = []
    for node in ast.walk(ast.parse(source)):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in names:
            found.append(name)
        if isinstance(node, ast.Assign):
            turned = [one.attr for one in node.targets if isinstance(one, ast.Attribute)]
            off = isinstance(node.value, ast.Constant) and not node.value.value
            found += [one for one in turned if one == "check_hostname" and off]
    return found


def test_nowhere_else_is_tls_not_verified() -> None:
    """In all that runs on a PC; and the search would find it."""
    top = Path(checks.__path__[0]).parent
    files = [file for folder in ("checks", "agent") for file in sorted((top / folder).rglob("*.py"))]
    guilty = {file.name: found for file in files if (found := unverified(file.read_text("utf-8")))}
    assert guilty == {"sign_service.py": ["CERT_NONE", "check_hostname"]} or guilty == {
        "sign_service.py": ["check_hostname", "CERT_NONE"]
    }


class Windows(Host):
    """A registry in which these programs are installed."""

    def __init__(self, *programs: object) -> None:
        self._programs = dict(enumerate(programs))

    def registry_names(self, key: str) -> list[str]:
        return [str(number) for number in self._programs] if key == sign_service.UNINSTALL[1] else []

    def registry(self, key: str, value: str) -> str | int | None:
        found = self._programs[int(key.rpartition("\\")[2])]
        return found if value == "DisplayName" and isinstance(found, str | int) else None


def test_windows_says_whether_the_service_is_installed() -> None:
    """By the name it shows among the programs; not yet proven on a PC."""
    assert sign_service.installed(Windows("7-Zip", None, "VGCA Sign Service 1.0"))
    assert not sign_service.installed(Windows("VGCA Token Manager", 5))
    assert not sign_service.installed(Host("/nonexistent"))
