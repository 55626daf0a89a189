"""Blocking network primitives with a deadline: resolve, connect, secure, request, ping.

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
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from checks.kit import guard, http1, tls, traffic
from checks.kit.failure import UNMEASURED, NetError, from_os
from checks.kit.families import Address, Connection, Race, worst
from checks.kit.http1 import Response
from checks.kit.model import Meter, Reason
from checks.kit.tls import Secured, Trust
from checks.kit.url import Url

if TYPE_CHECKING:
    from checks.kit.echo import Echoes

__all__ = ["UNMEASURED", "Address", "Connection", "Net", "NetError", "Resolved", "Response", "Secured", "Trust", "Url"]

MAX_HANGING = 8
# glibc says EAI_AGAIN for a name server that answers SERVFAIL and for one that never answers (5 s by default):
# only the time that passed tells them apart.
AGAIN_IS_TIMEOUT = 3.0
_NO_ADDRESS = {getattr(socket, name) for name in ("EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)}
_FAMILIES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
Lookup = Callable[..., Sequence[tuple[Any, ...]]]
T = TypeVar("T")


class Resolved(Struct, frozen=True):
    """A host's addresses in the system's order of preference. ``took`` (seconds) is None for a literal address;
    ``forbidden`` names the families of addresses that were left out, see :mod:`checks.kit.guard`."""

    addresses: tuple[Address, ...]
    took: float | None
    forbidden: tuple[str, ...] = ()


class Net:
    """The primitives over this device's network; ``meter`` counts what they use of it.

    `lookup` has the shape of ``socket.getaddrinfo``, `forbidden` that of :func:`checks.kit.guard.forbidden`.
    """

    def __init__(
        self,
        lookup: Lookup = socket.getaddrinfo,
        *,
        forbidden: Callable[[str, bool], bool] = guard.forbidden,
        meter: Meter | None = None,
    ) -> None:
        self._lookup, self._forbidden, self._meter = lookup, forbidden, meter or Meter()
        self._contexts = tls.Contexts()
        self._hanging = threading.BoundedSemaphore(MAX_HANGING)
        self._shared = _Shared()

    def resolve(self, host: str, port: int, timeout: float, *, loopback: bool = True) -> Resolved:
        """The addresses of `host` by the system's resolver, without those that are forbidden.

        This machine's own are among these unless `host` itself says so, as a literal or ``localhost``, and
        `loopback` allows it. Raises NetError: a ``dns_`` reason, ADDRESS_FORBIDDEN.
        """
        loopback = loopback and guard.is_loopback(host)
        literal = _literal(host, port)
        if literal:
            return self._permitted((literal,), None, loopback)
        self._meter.add(sockets=1, sent=traffic.question(host))
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
        self._meter.add(received=traffic.answer(host, len(addresses)))
        return self._permitted(addresses, asked.took, loopback)

    def _permitted(self, addresses: tuple[Address, ...], took: float | None, loopback: bool) -> Resolved:
        allowed = tuple(one for one in addresses if not self._forbidden(str(one.sockaddr[0]), loopback))
        if not allowed:
            raise NetError(Reason.ADDRESS_FORBIDDEN, "every address of the host is one that must not be measured")
        left_out = dict.fromkeys(one.family for one in addresses if one not in allowed)
        return Resolved(allowed, took, tuple(left_out))

    def connect(self, addresses: Sequence[Address], timeout: float, window: int = 0) -> Connection:
        """A connection to the first of `addresses` that answers, each given its share of the time. With `window` the
        other side may be about that many bytes ahead of what was read, and no more.

        Raises NetError with the reason of the attempt that came furthest.
        """
        until = time.monotonic() + timeout
        failures: list[NetError] = []
        for index, address in enumerate(addresses):
            self._meter.add(sockets=1)
            try:
                return _connect(address, (until - time.monotonic()) / (len(addresses) - index), window)
            except NetError as why:
                failures.append(why)
        raise worst(failures)

    def race(self, addresses: Sequence[Address], timeout: float, window: int = 0) -> Race:
        """Connects by every family of `addresses` at once, and within a family as :meth:`connect` does."""
        return Race(addresses, timeout, lambda those, seconds: self.connect(those, seconds, window), self.close)

    def close(self, sock: socket.socket) -> None:
        """Closes a connection and counts what went over it."""
        sent, received = traffic.of(sock) or (0, 0)
        self._meter.add(sent=sent, received=received)
        sock.close()

    def secure(self, sock: socket.socket, host: str, trust: Trust, timeout: float, check_time: bool = True) -> Secured:
        """TLS on `sock`, verified for `host`; see :func:`checks.kit.tls.handshake`.

        Without `check_time` a certificate may be out of its dates, to know them and to be told the time by whom the
        chain and the name vouch for: nothing else may be asked on such a connection.
        """
        try:
            context = self._contexts.get(trust.ca_file, check_time)
        except NetError:
            self.close(sock)
            raise
        if not traffic.EXACT:
            self._meter.add(sent=traffic.HANDSHAKE[0], received=traffic.HANDSHAKE[1])
        return tls.handshake(sock, host, trust, context, timeout, self.close)

    def request(self, sock: socket.socket, request: bytes, timeout: float, max_bytes: int, **how: Any) -> Response:
        """The answer to `request` on `sock`; see :func:`checks.kit.http1.exchange` for `how`."""
        found = http1.exchange(sock, request, timeout=timeout, max_bytes=max_bytes, **how)
        if not traffic.EXACT:
            self._meter.add(sent=len(request), received=traffic.HEAD + found.size)
        return found

    def ping(
        self, address: str, *, count: int = 10, interval: float = 0.1, timeout: float = 1.0, interface: str = ""
    ) -> Echoes:
        """Echo requests to `address`; see :func:`checks.kit.icmp.ping`."""
        from checks.kit import icmp

        found = icmp.ping(address, count=count, interval=interval, timeout=timeout, interface=interface)
        self._meter.add(sockets=1, sent=found.bytes_sent, received=found.bytes_received)
        return found

    def shared(self, key: str, age: float, wait: float, find: Callable[[], T]) -> T | None:
        """What `find` returns, or what it returned to another job at most `age` seconds ago under the same `key`.

        While another job is asking, this one waits for its answer, at most `wait` seconds; None after that.
        """
        found: T | None = self._shared.get(key, age, wait, find)
        return found


class _Shared:
    """Answers that several jobs may use; one at a time asks for each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        self._known: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, age: float, wait: float, find: Callable[[], Any]) -> Any:
        with self._lock:
            asking = self._asking.setdefault(key, threading.Lock())
        if not asking.acquire(timeout=max(0.0, wait)):
            return None
        try:
            at, found = self._known.get(key, (0.0, None))
            if found is None or time.monotonic() - at > age:
                found = find()
                self._known[key] = (time.monotonic(), found)
            return found
        finally:
            asking.release()


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


def _connect(address: Address, timeout: float, window: int) -> Connection:
    family = socket.AF_INET if address.family == "ipv4" else socket.AF_INET6
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as why:
        raise from_os(why, Reason.TCP_TIMEOUT, "when connecting") from None
    try:
        sock.settimeout(max(timeout, 0.001))
        # else a request waits until the server has acknowledged the end of the TLS handshake: one round trip too many
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if window:  # before the connect, which announces it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        started = time.perf_counter()
        sock.connect(address.sockaddr)
        return Connection(sock, address, time.perf_counter() - started)
    except OSError as why:
        sock.close()
        raise from_os(why, Reason.TCP_TIMEOUT, "when connecting") from None
