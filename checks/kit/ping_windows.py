"""Echo requests by the IP Helper library of Windows, which needs no rights. Written from the documentation: not yet
proven on a PC.
"""

from __future__ import annotations

import ctypes
import struct
import time
from typing import Any

from checks.kit.echo import Echoes
from checks.kit.failure import NetError
from checks.kit.model import Reason

_INVALID = ctypes.c_void_p(-1).value
_SUCCESS, _TIMED_OUT = 0, 11010  # IP_SUCCESS, IP_REQ_TIMED_OUT of ipexport.h
_NOTES = {11002: "net_unreachable", 11003: "host_unreachable", 11009: "too_big", 11013: "time_exceeded"}
# ICMP_ECHO_REPLY begins with the address; ICMPV6_ECHO_REPLY with a packed IPV6_ADDRESS_EX of 26 bytes, padded to 28
_STATUS = {"ipv4": struct.Struct("<4xII"), "ipv6": struct.Struct("<28xII")}
_ROOM = 256


def ping(family: str, sockaddr: tuple[Any, ...], *, count: int, interval: float, timeout: float, size: int) -> Echoes:
    """As :func:`checks.kit.icmp.ping`, each request when the one before is answered, lost, or `interval` has passed."""
    library: Any = ctypes.WinDLL("iphlpapi")  # type: ignore[attr-defined,unused-ignore]
    create = library.IcmpCreateFile if family == "ipv4" else library.Icmp6CreateFile
    create.restype = ctypes.c_void_p
    handle = create()
    if handle == _INVALID:
        raise NetError(Reason.PERMISSION, "this device forbids it when pinging")
    answers: list[tuple[float, bytes]] = []
    try:
        for _ in range(count):
            started = time.perf_counter()
            found = _once(library, handle, family, sockaddr, bytes(size), timeout)
            answers.append((time.perf_counter() - started, found))
            time.sleep(max(0.0, interval - (time.perf_counter() - started)))
    finally:
        library.IcmpCloseHandle(ctypes.c_void_p(handle))
    return summarise(family, answers, size + 8, timeout)


def _once(library: Any, handle: int, family: str, sockaddr: tuple[Any, ...], payload: bytes, timeout: float) -> bytes:
    import socket

    room = ctypes.create_string_buffer(_ROOM + len(payload))
    milliseconds, length = max(1, round(timeout * 1000)), ctypes.c_uint16(len(payload))
    if family == "ipv4":
        to = struct.unpack("<I", socket.inet_aton(str(sockaddr[0])))[0]
        done = library.IcmpSendEcho(
            ctypes.c_void_p(handle), ctypes.c_uint32(to), payload, length, None, room, len(room), milliseconds
        )
    else:
        there = _sockaddr6(str(sockaddr[0]), int(sockaddr[3]))
        done = library.Icmp6SendEcho2(
            ctypes.c_void_p(handle), None, None, None, _sockaddr6("::", 0), there, payload, length, None, room,
            len(room), milliseconds,
        )  # fmt: skip
    return room.raw if done else b""


def _sockaddr6(address: str, scope: int) -> bytes:
    """A ``SOCKADDR_IN6``; 23 is AF_INET6 there."""
    import socket

    return struct.pack("<HHI16sI", 23, 0, 0, socket.inet_pton(socket.AF_INET6, address), scope)


def summarise(family: str, answers: list[tuple[float, bytes]], length: int, timeout: float) -> Echoes:
    """The series of these calls: seconds each took, and its reply buffer (empty without an answer). Pure.

    The system tells whole milliseconds, cut off; the call itself takes longer than the round trip on a busy PC. The
    round trip is the call's time, but never past the next millisecond of what the system says.
    """
    rtts: list[float] = []
    note = ""
    for took, reply in answers:
        if len(reply) < _STATUS[family].size:
            continue
        status, milliseconds = _STATUS[family].unpack_from(reply)
        if status == _SUCCESS and milliseconds / 1000 <= timeout:
            rtts.append(min(took, (milliseconds + 1) / 1000))
        elif status not in (_SUCCESS, _TIMED_OUT):
            note = _NOTES.get(status, "unreachable")
    return Echoes(
        method="windows_api",
        sent=len(answers),
        rtts=tuple(rtts),
        stamps="process",
        note=note,
        bytes_sent=length * len(answers),
        bytes_received=length * len(rtts),
    )
