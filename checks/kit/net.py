"""Blocking network primitives with a deadline: resolve, connect, secure, request.

Blocking, because a blocking connect measures the network (+0.08 ms) where an event loop measures itself
(+0.64 ms). Each takes the seconds it may use, returns what it found with how long it took, and raises
:class:`NetError`. A check gets them as ``env.net``.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from checks.kit import http1, tls
from checks.kit.failure import UNMEASURED, NetError, from_os
from checks.kit.http1 import Response
from checks.kit.model import Reason
from checks.kit.tls import Certificate, Secured, Trust
from checks.kit.url import Url

__all__ = ["UNMEASURED", "Address", "Connection", "Net", "NetError", "Resolved", "Response", "Secured", "Trust", "Url"]

MAX_HANGING = 8
# glibc says EAI_AGAIN for a name server that answers SERVFAIL and for one that never answers (5 s by default):
# only the time that passed tells them apart.
AGAIN_IS_TIMEOUT = 3.0
_NO_ADDRESS = {getattr(socket, name) for name in ("EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)}
_FAMILIES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
_WORST = (Reason.TCP_RESET, Reason.TCP_REFUSED, Reason.TCP_TIMEOUT, Reason.TCP_UNREACHABLE)
Lookup = Callable[..., Sequence[tuple[Any, ...]]]


class Address(Struct, frozen=True):
    """Where to connect to. ``family`` is ``ipv4`` or ``ipv6``."""

    family: str
    sockaddr: tuple[Any, ...]


class Resolved(Struct, frozen=True):
    """A host's addresses in the system's order of preference. ``took`` (seconds) is None for a literal address."""

    addresses: tuple[Address, ...]
    took: float | None


class Connection(Struct, frozen=True):
    """A connected socket, which address answered and how long that connect took (seconds)."""

    sock: socket.socket
    address: Address
    took: float


class Net:
    """The primitives over this device's network. `lookup` has the shape of ``socket.getaddrinfo``."""

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._contexts = tls.Contexts()
        self._hanging = threading.BoundedSemaphore(MAX_HANGING)

    def resolve(self, host: str, port: int, timeout: float) -> Resolved:
        """The addresses of `host` by the system's resolver. Raises NetError with a ``dns_`` reason."""
        literal = _literal(host, port)
        if literal:
            return Resolved((literal,), None)
        asked = _Question(self._lookup, self._hanging, host, port)
        if not asked.done.wait(timeout):
            raise NetError(Reason.DNS_TIMEOUT, "no answer in time from the name server")
        if isinstance(asked.failure, OSError):
            raise _unresolved(asked.failure, asked.took)
        if asked.failure:
            raise asked.failure
        addresses = _addresses(asked.found)
        if not addresses:
            raise NetError(Reason.DNS_NO_ADDRESS, "the name has no address")
        return Resolved(addresses, asked.took)

    def connect(self, addresses: Sequence[Address], timeout: float) -> Connection:
        """A connection to the first of `addresses` that answers, each given its share of the time.

        Raises NetError with the reason of the attempt that came furthest.
        """
        until = time.monotonic() + timeout
        failures: list[NetError] = []
        for index, address in enumerate(addresses):
            try:
                return _connect(address, (until - time.monotonic()) / (len(addresses) - index))
            except NetError as why:
                failures.append(why)
        raise min(failures, key=lambda why: _WORST.index(why.reason) if why.reason in _WORST else len(_WORST))

    def secure(self, sock: socket.socket, host: str, trust: Trust, timeout: float) -> Secured:
        """TLS on `sock`, verified for `host`; see :func:`checks.kit.tls.handshake`."""
        try:
            context = self._contexts.get(trust.ca_file)
        except NetError:
            sock.close()
            raise
        return tls.handshake(sock, host, trust, context, timeout)

    def outdated(self, address: Address, host: str, trust: Trust, timeout: float) -> Certificate | None:
        """The certificate of a server whose certificate was refused for its dates, to know these dates; None when it
        would be refused without them too. Chain and name are verified, and nothing is sent on the connection."""
        until = time.monotonic() + timeout
        with contextlib.suppress(NetError):
            context = self._contexts.get(trust.ca_file, check_time=False)
            sock = _connect(address, timeout).sock
            secured = tls.handshake(sock, host, trust, context, until - time.monotonic())
            secured.sock.close()
            return secured.certificate
        return None

    def request(self, sock: socket.socket, url: Url, timeout: float, max_bytes: int, find: bytes = b"") -> Response:
        """GET `url` on `sock`; see :func:`checks.kit.http1.exchange`."""
        return http1.exchange(sock, http1.get(url), timeout=timeout, max_bytes=max_bytes, find=find)


class _Question:
    """One lookup in a thread of its own, because ``getaddrinfo`` takes no deadline and may hang for minutes."""

    def __init__(self, lookup: Lookup, slots: threading.BoundedSemaphore, host: str, port: int) -> None:
        if not slots.acquire(blocking=False):
            raise NetError(Reason.DNS_TIMEOUT, f"{MAX_HANGING} earlier lookups still wait for the name server")
        self.done = threading.Event()
        self.found: Sequence[tuple[Any, ...]] = ()
        self.failure: Exception | None = None
        self.took = 0.0
        self._slots = slots
        threading.Thread(target=self._run, args=(lookup, host, port), name="lookup", daemon=True).start()

    def _run(self, lookup: Lookup, host: str, port: int) -> None:
        started = time.perf_counter()
        try:
            # bytes, because socket would import the IDNA tables (1.4 MB) for text
            self.found = lookup(host.encode("ascii"), port, type=socket.SOCK_STREAM)
        except Exception as why:
            self.failure = why
        finally:
            self.took = time.perf_counter() - started
            self._slots.release()
            self.done.set()


def _literal(host: str, port: int) -> Address | None:
    for family, sockaddr in ((socket.AF_INET, (host, port)), (socket.AF_INET6, (host, port, 0, 0))):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, host)
            return Address(_FAMILIES[family], sockaddr)
    return None


def _addresses(found: Sequence[tuple[Any, ...]]) -> tuple[Address, ...]:
    known = (Address(_FAMILIES[row[0]], tuple(row[4])) for row in found if row[0] in _FAMILIES)
    return tuple({address.sockaddr: address for address in known}.values())


def _unresolved(why: OSError, took: float) -> NetError:
    if why.errno == socket.EAI_NONAME:
        return NetError(Reason.DNS_NXDOMAIN, "the name does not exist")
    if why.errno in _NO_ADDRESS:
        return NetError(Reason.DNS_NO_ADDRESS, "the name has no address")
    if why.errno == socket.EAI_AGAIN and took >= AGAIN_IS_TIMEOUT:
        return NetError(Reason.DNS_TIMEOUT, "no answer in time from the name server")
    return NetError(Reason.DNS_SERVFAIL, "the name server could not answer")


def _connect(address: Address, timeout: float) -> Connection:
    family = socket.AF_INET if address.family == "ipv4" else socket.AF_INET6
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as why:
        raise from_os(why, Reason.TCP_TIMEOUT, "when connecting") from None
    try:
        sock.settimeout(max(timeout, 0.001))
        started = time.perf_counter()
        sock.connect(address.sockaddr)
        return Connection(sock, address, time.perf_counter() - started)
    except OSError as why:
        sock.close()
        raise from_os(why, Reason.TCP_TIMEOUT, "when connecting") from None
