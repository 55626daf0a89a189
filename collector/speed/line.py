"""The connection under a test: what the kernel is asked to do with it, and what it tells of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from typing import Any

from checks.kit import tcpinfo
from checks.kit.ndt7 import BBRInfo, ConnectionInfo, TCPInfo

HIGH, LOW = 1 << 18, 1 << 16
"""Bytes that wait in the process before the sender stops, and before it goes on."""
NOTSENT = 1 << 17
"""Bytes that the kernel keeps unsent: enough to be busy, and few enough for a measurement message to pass soon."""
_SO_MAX_PACING_RATE, _TCP_NOTSENT_LOWAT = 47, 25
_MAX_PACED = 0xFFFFFFFF


class Line:
    """Wraps the transport of one connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._socket: Any = transport.get_extra_info("socket")

    def prepare_to_send(self, rate: float) -> None:
        """BBR, few bytes in queues, and no faster than `rate` bit/s on the wire; each where the system has it."""
        self.transport.set_write_buffer_limits(high=HIGH, low=LOW)
        if sys.platform != "linux" or self._socket is None:
            return
        self._set(socket.IPPROTO_TCP, tcpinfo.TCP_CONGESTION, b"bbr")
        self._set(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, NOTSENT)
        if rate / 8 < _MAX_PACED:
            self._set(socket.SOL_SOCKET, _SO_MAX_PACING_RATE, struct.pack("=I", int(rate / 8)))

    def tcp(self, elapsed: int = 0) -> TCPInfo | None:
        return tcpinfo.read(self._socket, elapsed) if self._open else None

    def bbr(self, elapsed: int = 0) -> BBRInfo | None:
        return tcpinfo.bbr(self._socket, elapsed) if self._open else None

    @property
    def congestion(self) -> str:
        return tcpinfo.congestion(self._socket) if self._open else ""

    def connection(self, uuid: str) -> ConnectionInfo:
        get = self.transport.get_extra_info
        return ConnectionInfo(client=_text(get("peername")), server=_text(get("sockname")), uuid=uuid)

    @property
    def _open(self) -> bool:
        """Only then does the number of the socket mean this connection."""
        return self._socket is not None and not self.transport.is_closing()

    def _set(self, level: int, option: int, value: int | bytes) -> None:
        with contextlib.suppress(OSError):
            self._socket.setsockopt(level, option, value)


def _text(address: Any) -> str:
    """``address:port``, an IPv6 address in brackets."""
    if not isinstance(address, tuple):
        return ""
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"
