"""The signing service of this PC (VGCA Sign Service): does it answer with its version.

One address and one operation, written here and nowhere else: other operations open windows or sign. It shows a
certificate that nobody vouches for, so this is the one place where TLS is not verified; what is exchanged never leaves
the machine. Not yet proven on a PC: the protocol is read from programs that speak it.
"""

from __future__ import annotations

import binascii
import os
import re
import socket
import ssl
import struct
import time
from typing import Any

from checks.kit import http1, websocket
from checks.kit.failure import NetError, from_os
from checks.kit.families import Address
from checks.kit.model import Reason
from checks.kit.url import Url

HOST, PATH, QUESTION = "127.0.0.1", "/GetVersion", b"GetVersion"
MAX_MESSAGE = 4096
UNINSTALL = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall",
    r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
)
_MAX_FRAMES = 32
_FINAL, _MASKED, _RESERVED = 0x80, 0x80, 0x70
_CONTINUED, _TEXT, _CLOSE, _PING, _PONG = 0, 1, 8, 9, 10
_VERSION = re.compile(r"\d+(?:\.\d+){1,5}")
_SILENT = {Reason.TCP_TIMEOUT, Reason.TLS_TIMEOUT, Reason.HTTP_TIMEOUT, Reason.HTTP_SLOW}
_GONE = {Reason.TCP_REFUSED, Reason.TCP_UNREACHABLE}
_BROKEN = {Reason.TCP_RESET, Reason.TLS_HANDSHAKE, Reason.HTTP_PROTOCOL, Reason.HTTP_TOO_LARGE}


def version(net: Any, port: int, timeout: float) -> str:
    """The version number that the service behind this PC's own `port` says, empty when it says none.

    Raises NetError: SERVICE_STOPPED, SERVICE_TIMEOUT, SERVICE_MALFORMED, or what says something of this device only.
    """
    until = time.monotonic() + timeout
    try:
        sock = net.connect([Address("ipv4", (HOST, port))], timeout).sock
        try:
            sock = _unverified(sock, until)
            return _number(_ask(net, sock, port, until))
        finally:
            net.close(sock)
    except NetError as why:
        raise _explained(why) from None


def installed(host: Any) -> bool:
    """Whether Windows lists the service among its programs. Not yet proven on a PC."""
    for key in UNINSTALL:
        for name in host.registry_names(key):
            shown = host.registry(f"{key}\\{name}", "DisplayName")
            if isinstance(shown, str) and "vgca" in shown.lower() and "sign" in shown.lower():
                return True
    return False


def _explained(why: NetError) -> NetError:
    for reasons, reason in (
        (_SILENT, Reason.SERVICE_TIMEOUT),
        (_GONE, Reason.SERVICE_STOPPED),
        (_BROKEN, Reason.SERVICE_MALFORMED),
    ):
        if why.reason in reasons:
            return NetError(reason, why.detail)
    return why


def _unverified(sock: socket.socket, until: float) -> ssl.SSLSocket:
    """TLS as such services have had it since Windows 7: old versions and short keys included, and nobody verified."""
    if sock.getpeername()[0] != HOST:
        raise NetError(Reason.SERVICE_MALFORMED, "it is not this PC that answers")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        sock.settimeout(max(until - time.monotonic(), 0.001))
        secured = context.wrap_socket(sock, do_handshake_on_connect=False)
        try:
            secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured
    except (ssl.SSLError, ValueError) as why:
        if isinstance(why, TimeoutError):
            raise NetError(Reason.TLS_TIMEOUT, "no answer in time during the TLS handshake") from None
        raise NetError(Reason.TLS_HANDSHAKE, "it does not speak TLS") from None
    except OSError as why:
        raise from_os(why, Reason.TLS_TIMEOUT, "during the TLS handshake") from None


def _ask(net: Any, sock: socket.socket, port: int, until: float) -> bytes:
    behind = bytearray()

    def wants(_headers: dict[str, str], part: bytes) -> bool:
        behind.extend(part)
        return True

    key = binascii.b2a_base64(os.urandom(16), newline=False).decode("ascii")
    fields = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13")
    head = http1.request(Url("wss", HOST, port, PATH), fields=fields)
    left = max(until - time.monotonic(), 0.001)
    answer = net.request(sock, head, left, 0, switch=True, wants=wants)
    if answer.status != websocket.SWITCHED:
        raise NetError(Reason.SERVICE_MALFORMED, f"the server answered {answer.status} to the WebSocket handshake")
    if fault := websocket.wrong(answer.headers, key):
        raise NetError(Reason.SERVICE_MALFORMED, fault)
    talk = _Talk(sock, behind, until)
    talk.send(_TEXT, QUESTION)
    message = talk.message()
    sock.settimeout(1.0)
    talk.send(_CLOSE, struct.pack("!H", 1000))
    return message


class _Talk:
    """Frames on an opened WebSocket (RFC 6455 §5), until one deadline."""

    def __init__(self, sock: socket.socket, held: bytearray, until: float) -> None:
        self._sock, self._held, self._until = sock, held, until

    def send(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        hidden = bytes(one ^ mask[at % 4] for at, one in enumerate(payload))
        self._guarded(lambda: self._sock.sendall(bytes((_FINAL | kind, _MASKED | len(payload))) + mask + hidden))

    def message(self) -> bytes:
        """The first whole text message. Pings are answered. Raises NetError."""
        text, begun = b"", False
        for _ in range(_MAX_FRAMES):
            final, kind, payload = self._frame(MAX_MESSAGE - len(text))
            if kind == _PING:
                self.send(_PONG, payload[:125])
            elif kind == _CLOSE:
                raise NetError(Reason.SERVICE_MALFORMED, "it closed without an answer")
            elif kind == (_CONTINUED if begun else _TEXT):
                text, begun = text + payload, True
                if final:
                    return text
            elif kind != _PONG:
                raise NetError(Reason.SERVICE_MALFORMED, "it sent what is no text")
        raise NetError(Reason.SERVICE_MALFORMED, "its answer does not end")

    def _frame(self, most: int) -> tuple[bool, int, bytes]:
        first, second = self._exactly(2)
        size = second & ~_MASKED
        if size == 126:
            (size,) = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._exactly(8))
        if first & _RESERVED or second & _MASKED:
            raise NetError(Reason.SERVICE_MALFORMED, "it sent a frame that no server may send")
        if size > most:
            raise NetError(Reason.SERVICE_MALFORMED, f"its answer is past {MAX_MESSAGE} bytes")
        return bool(first & _FINAL), first & 0x0F, self._exactly(size)

    def _exactly(self, count: int) -> bytes:
        while len(self._held) < count:
            part = self._guarded(lambda: self._sock.recv(4096))
            if not part:
                raise NetError(Reason.SERVICE_MALFORMED, "it closed without an answer")
            self._held += part
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def _guarded(self, action: Any) -> Any:
        left = self._until - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
            return action()
        except TimeoutError:
            raise NetError(Reason.HTTP_TIMEOUT, "it opened the connection and says nothing") from None
        except ssl.SSLError:
            raise NetError(Reason.SERVICE_MALFORMED, "its TLS broke off") from None
        except OSError as why:
            raise from_os(why, Reason.HTTP_TIMEOUT, "while it answered") from None


def _number(message: bytes) -> str:
    try:
        text = " ".join(message.decode("utf-8-sig").split())
    except UnicodeDecodeError:
        raise NetError(Reason.SERVICE_MALFORMED, "its answer is no text") from None
    if not text or not text.isprintable():
        raise NetError(Reason.SERVICE_MALFORMED, "its answer is no text")
    found = _VERSION.search(text)
    return found[0][:64] if found else ""
