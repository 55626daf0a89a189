"""Echo requests to one address and how long the answers took.

The most accurate way this device allows is used, and named: an ICMP socket (datagram, else raw) with the kernel's
timestamps, which stay right when every processor is busy; else the system's ``ping``. Never a TCP connect: it hides
loss behind retransmissions.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import sys
import time
from typing import Any

from checks.kit import echo
from checks.kit.echo import Echoes
from checks.kit.failure import NetError, from_os
from checks.kit.model import Reason

__all__ = ["Echoes", "ping", "target"]

MAX_COUNT = 1000
# Not in the socket module; the same on every Linux but alpha, hppa and sparc.
_SO_TIMESTAMPNS, _SO_TIMESTAMPING, _SO_BINDTODEVICE = 35, 37, 25
_SENDING = 1 << 1 | 1 << 4 | 1 << 7 | 1 << 11  # SOF_TIMESTAMPING_: TX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY
_IP_RECVERR, _IPV6_RECVERR, _MSG_ERRQUEUE = 11, 25, 0x2000
_ICMP_FILTER, _SOL_RAW, _ICMP6_FILTER = 1, 255, 1
_UNAVAILABLE = {errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT}
_ARRIVED, _DEPARTED = (socket.SOL_SOCKET, _SO_TIMESTAMPNS), (socket.SOL_SOCKET, _SO_TIMESTAMPING)
_STEP = 1_000_000  # ns: the wall clock moved against the monotonic one; slewing by NTP moves it 0.5 µs in 1 ms
_TIGHT = 20_000  # ns between the readings of both clocks, so that they belong together


def ping(
    address: str,
    *,
    count: int = 10,
    interval: float = 0.1,
    timeout: float = 1.0,
    size: int = 24,
    interface: str = "",
) -> Echoes:
    """Sends `count` echo requests of `size` payload bytes every `interval` seconds and waits `timeout` for each answer.

    `address` is a literal IPv4 or IPv6 one; a link-local one needs its zone, as ``fe80::1%eth0`` or as `interface`.
    Takes at most (count − 1) · interval + timeout seconds; the system's ping takes an interval of at least 0.2 and up
    to 2 s more. An answer counts once, when it comes in time and carries what this call sent.
    Raises NetError: PERMISSION when no way is open to this process, BAD_PARAMS, TCP_UNREACHABLE (no such protocol
    here); what is unreachable is loss with a note.
    """
    family, sockaddr = target(address, interface)
    if not 1 <= count <= MAX_COUNT or interval < 0 or timeout <= 0 or not 0 <= size <= 1400:
        raise NetError(Reason.BAD_PARAMS, "count, interval, timeout or size are out of range")
    if sys.platform == "win32":
        from checks.kit import ping_windows

        return ping_windows.ping(family, sockaddr, count=count, interval=interval, timeout=timeout, size=size)
    for method in ("icmp_datagram", "icmp_raw"):
        sock = _open(method, family, interface)
        if sock:
            with sock:
                return _Series(sock, method, family, sockaddr, size).run(count, interval, timeout)
    from checks.kit import ping_system

    zone = interface or address.partition("%")[2]
    return ping_system.ping(address.partition("%")[0], zone, count=count, interval=interval, timeout=timeout, size=size)


def target(address: str, interface: str = "", port: int = 0) -> tuple[str, tuple[Any, ...]]:
    """``ipv4`` or ``ipv6``, and the socket address of a literal one. Raises NetError BAD_PARAMS."""
    bare, _, zone = address.partition("%")
    with contextlib.suppress(OSError, ValueError):
        socket.inet_pton(socket.AF_INET, address)
        return "ipv4", (address, port)
    try:
        numeric = socket.inet_pton(socket.AF_INET6, bare)
    except (OSError, ValueError):
        raise NetError(Reason.BAD_PARAMS, "not an IP address") from None
    if numeric[0] != 0xFE or numeric[1] & 0xC0 != 0x80:
        return "ipv6", (bare, port, 0, 0)
    try:
        zone = zone or interface  # a number on Windows
        return "ipv6", (bare, port, 0, int(zone) if zone.isdecimal() else socket.if_nametoindex(zone))
    except (OSError, ValueError):
        raise NetError(Reason.BAD_PARAMS, "a link-local address without an interface of this device") from None


def _open(method: str, family: str, interface: str) -> socket.socket | None:
    """A socket for echo, or None where this process may not have one."""
    four = family == "ipv4"
    kind = socket.SOCK_DGRAM if method == "icmp_datagram" else socket.SOCK_RAW
    try:
        sock = socket.socket(
            socket.AF_INET if four else socket.AF_INET6, kind, socket.IPPROTO_ICMP if four else socket.IPPROTO_ICMPV6
        )
    except OSError as why:
        if why.errno in _UNAVAILABLE:
            return None
        raise from_os(why, Reason.INTERNAL, "when pinging") from None
    for level, name, value in _options(method, four, interface):
        # none of them is needed: without the device the route decides, without the stamps the process's clock
        with contextlib.suppress(OSError):
            sock.setsockopt(level, name, value)
    sock.setblocking(False)
    return sock


def _options(method: str, four: bool, interface: str) -> list[tuple[int, int, int | bytes]]:
    wanted: list[tuple[int, int, int | bytes]] = [
        (socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1),
        (socket.SOL_SOCKET, _SO_TIMESTAMPING, _SENDING),
        (socket.IPPROTO_IP, _IP_RECVERR, 1) if four else (socket.IPPROTO_IPV6, _IPV6_RECVERR, 1),
    ]
    if interface:
        wanted.append((socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.encode() + b"\0"))
    if method == "icmp_raw":  # only echo answers: a set bit keeps a type out
        refused = (1 << 256) - 1 ^ 1 << 129
        wanted.append(
            (_SOL_RAW, _ICMP_FILTER, struct.pack("@I", 0xFFFFFFFE))
            if four
            else (socket.IPPROTO_ICMPV6, _ICMP6_FILTER, refused.to_bytes(32, sys.byteorder))
        )
    return wanted


def _clocks() -> tuple[int, int]:
    """Monotonic and wall clock at one instant, ns: read again when something came between."""
    for _ in range(3):
        mono, wall = time.monotonic_ns(), time.time_ns()
        if time.monotonic_ns() - mono < _TIGHT:
            break
    return mono, wall


class _Series:
    """One series of requests on one socket."""

    def __init__(self, sock: socket.socket, method: str, family: str, sockaddr: tuple[Any, ...], size: int) -> None:
        self._sock, self._method, self._family, self._size = sock, method, family, size
        self._sockaddr = sockaddr
        random = os.urandom(echo.NONCE + 2)
        self._nonce, self._ident = random[2:], int.from_bytes(random[:2], "big")
        self._sent: dict[int, tuple[int, int]] = {}
        self._left: list[int] = []  # requests in the order in which the kernel numbers their departures
        self._departed: dict[int, int] = {}
        self._came: dict[int, tuple[int | None, tuple[int, int]]] = {}
        self._note = ""
        self._out = self._in = self._duplicates = 0

    def run(self, count: int, interval: float, timeout: float) -> Echoes:
        connected = self._connect()
        started = time.monotonic()
        for number in range(count if connected else 0):
            self._listen(started + number * interval)
            self._send(number)
        self._listen(time.monotonic() + timeout, count=count if connected else 0)
        self._errors()
        timed = [
            elapsed(self._sent[number], self._departed.get(number), *self._came[number])
            for number in sorted(self._came)
        ]
        return Echoes(
            method=self._method,
            sent=count,
            rtts=tuple(took for took, _ in timed if took <= timeout),
            stamps="kernel" if all(by_kernel for _, by_kernel in timed) else "process",
            duplicates=self._duplicates,
            note=self._note,
            bytes_sent=self._out,
            bytes_received=self._in,
        )

    def _connect(self) -> bool:
        # connected, the socket hears nobody else, and ICMP errors about what it sent reach its error queue
        try:
            self._sock.connect(self._sockaddr)
        except OSError as why:
            self._failed(why)
            return False
        return True

    def _send(self, number: int) -> None:
        message = echo.request(self._family, self._ident, number, self._nonce, self._size)
        for _ in range(2):
            self._sent[number] = _clocks()
            try:
                self._out += self._sock.send(message)
                self._left.append(number)
            except OSError as why:
                # an error of an earlier request is told by the next call, which then did not happen
                if self._errors():
                    continue
                self._failed(why)
            return

    def _failed(self, why: OSError) -> None:
        unreachable = {errno.ENETUNREACH: "net_unreachable", errno.EHOSTUNREACH: "host_unreachable"}
        self._note = self._note or unreachable.get(why.errno or 0, "not_sent")

    def _listen(self, until: float, count: int = -1) -> None:
        """Takes what comes until then, or until `count` requests have their answers."""
        poller = select.poll()
        poller.register(self._sock, select.POLLIN)
        while len(self._came) != count and (left := until - time.monotonic()) > 0:
            for _, event in poller.poll(left * 1000):
                if event & select.POLLIN:
                    self._take()
                if event & ~select.POLLIN and not self._errors():
                    self._settle()

    def _settle(self) -> None:
        # what raised the event was no entry in the error queue: reading the error clears it, or poll would spin
        self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def _take(self) -> None:
        try:
            data, control, _, _ = self._sock.recvmsg(self._size + 128, 256)
        except OSError:
            return
        now = _clocks()
        self._in += len(data)
        raw = self._method == "icmp_raw"
        sequence = echo.reply(
            self._family, data, self._ident if raw else None, self._nonce, header=raw and self._family == "ipv4"
        )
        if sequence is None or sequence not in self._sent:
            return
        if sequence in self._came:
            self._duplicates += 1
            return
        stamp = next((echo.nanoseconds(value) for level, kind, value in control if (level, kind) == _ARRIVED), None)
        self._came[sequence] = (stamp, now)

    def _errors(self) -> bool:
        """Empties the error queue; whether there was anything in it."""
        some = False
        while True:
            try:
                quoted, control, _, _ = self._sock.recvmsg(512, 512, _MSG_ERRQUEUE)
            except OSError:
                return some
            some = True
            self._error(quoted, {(level, kind): value for level, kind, value in control})

    def _error(self, quoted: bytes, control: dict[tuple[int, int], bytes]) -> None:
        error = (
            control.get((socket.IPPROTO_IP, _IP_RECVERR)) or control.get((socket.IPPROTO_IPV6, _IPV6_RECVERR)) or b""
        )
        departure = echo.departure(error)
        stamp = echo.nanoseconds(control.get(_DEPARTED, b""))
        if departure is None:
            self._note = echo.refusal(self._family, quoted, error, self._nonce) or self._note
        elif departure < len(self._left) and stamp is not None:
            self._departed[self._left[departure]] = stamp


def elapsed(
    sent: tuple[int, int], departed: int | None, arrived: int | None, now: tuple[int, int]
) -> tuple[float, bool]:
    """Seconds between the kernel's wall-clock stamps, and True; without them from `sent` to `now`, and False.

    `sent` and `now` are (monotonic, wall) in ns, read before the sending and after the receiving. The stamps are only
    believed when the wall clock was not set in between and they lie between the two; where only the departure has
    none (not every driver stamps it), it is `sent`.
    """
    whole = now[0] - sent[0]
    stepped = abs((now[1] - sent[1]) - whole) > _STEP
    if arrived is None or stepped or not 0 <= arrived - sent[1] <= whole:
        return whole / 1e9, False
    begun = departed if departed is not None and sent[1] <= departed <= arrived else sent[1]
    return (arrived - begun) / 1e9, True
