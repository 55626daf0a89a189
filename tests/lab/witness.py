"""Sees every echo on an interface with the kernel's timestamps: what a tool that makes no mistake would report."""

from __future__ import annotations

import socket
import struct

from msgspec import Struct

from tests.lab.namespaces import Namespace

SO_TIMESTAMPNS, SO_RCVBUFFORCE, PACKET_OUTGOING, ETH_P_ALL = 35, 33, 4, 0x0003
_REQUESTS, _REPLIES = {(4, 8), (6, 128)}, {(4, 0), (6, 129)}
_TIME = struct.Struct("@qq")


class Echo(Struct, frozen=True):
    """One echo on the wire. ``sent`` is the kernel's wall time in seconds, ``rtt`` seconds, None without answer."""

    sent: float
    rtt: float | None


class Witness:
    """Watches `interface` of `space` until :meth:`close`. Timestamps are of the moment a packet passes the device."""

    def __init__(self, space: Namespace, interface: str = "line") -> None:
        self._socket = space.call(lambda: _watch(interface))

    def take(self) -> list[Echo]:
        """The echoes seen since the last call, in the order in which they were sent."""
        sent: dict[tuple[int, bytes], int] = {}
        back: dict[tuple[int, bytes], int] = {}
        for outgoing, packet, when in self._packets():
            version = packet[0] >> 4
            head = packet[(packet[0] & 15) * 4 :] if version == 4 else packet[40:]
            if len(head) < 8 or packet[9 if version == 4 else 6] != (1 if version == 4 else 58):
                continue
            kind, key = (version, head[0]), (version, head[4:8])
            if outgoing and kind in _REQUESTS:
                sent[key] = when
            elif not outgoing and kind in _REPLIES:
                back.setdefault(key, when)
        return [Echo(at / 1e9, (back[key] - at) / 1e9 if key in back else None) for key, at in sent.items()]

    def close(self) -> None:
        self._socket.close()

    def _packets(self) -> list[tuple[bool, bytes, int]]:
        found: list[tuple[bool, bytes, int]] = []
        while True:
            try:
                packet, notes, _, address = self._socket.recvmsg(128, 64)
            except BlockingIOError:
                return found
            for _, kind, data in notes:
                if kind == SO_TIMESTAMPNS and packet:
                    seconds, nanoseconds = _TIME.unpack(data[: _TIME.size])
                    found.append((address[2] == PACKET_OUTGOING, packet, seconds * 1_000_000_000 + nanoseconds))


def _watch(interface: str) -> socket.socket:
    watching = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, socket.htons(ETH_P_ALL))
    watching.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 * 1024 * 1024)
    watching.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    watching.bind((interface, 0))
    return watching
