"""The way to a web address and its answer, phase by phase: name, connection, proxy, TLS, request; redirects followed.

:class:`Trace` keeps what was seen, also of a way that ended early.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable

from msgspec import Struct, field

from checks.kit import guard, http1, proxy
from checks.kit import url as urls
from checks.kit.certificate import Certificate, Chain
from checks.kit.failure import NetError
from checks.kit.families import Race, Reached
from checks.kit.model import Env, Reason, Scalar
from checks.kit.net import Resolved, Response, Secured, Trust, Url
from checks.kit.proxy import Proxy

FAMILIES = ("ipv4", "ipv6")
OF_FAMILY = (
    "works", "no_address", "address_forbidden", "tcp_refused", "tcp_timeout", "tcp_reset", "tcp_unreachable",
    "tls_timeout", "http_timeout",
)  # fmt: skip
"""What is said of a family; a failure that says something of this device instead leaves it unknown."""
CLOCK_MARGIN = 86_400
"""Seconds that this device's clock must differ from the server's before a certificate's dates are the clock's fault.
A server's own clock is right to the second where it matters, but a certificate that ends or begins within the day is
as likely one that was renewed too late, and a wrong time zone (7 h) is no wrong date. A flat battery is years off."""
LEAST_WINDOW, MOST_WINDOW = 12_288, 65_536
"""Bytes that a server may be ahead: with fewer a long certificate chain takes a round trip more, and as many as the
upper bound it may be anyway, when a connection begins."""
_REDIRECTS = {301, 302, 303, 307, 308}
_OUTDATED = {Reason.TLS_EXPIRED, Reason.TLS_NOT_YET_VALID}
# What a family can do wrong after it connected: large packets that vanish on one of the two ways, a filter on one.
_SILENT = {Reason.TLS_TIMEOUT, Reason.HTTP_TIMEOUT, Reason.TCP_RESET}


class Way(Struct, frozen=True, kw_only=True):
    """How to go, and what to look for in the answer. ``timeout`` is of each phase, in seconds; ``enough`` and ``wants``
    as in :func:`checks.kit.http1.exchange`. With ``body`` the request is a POST; ``fields`` stand in its head."""

    trust: Trust
    timeout: float
    max_redirects: int
    max_bytes: int
    enough: int = 0
    find: bytes = b""
    proxy: str = proxy.SYSTEM
    body: bytes = b""
    fields: tuple[str, ...] = ()
    wants: Callable[[dict[str, str], bytes], bool] | None = None

    @property
    def window(self) -> int:
        """How far a server may be ahead of what was read, in bytes; 0 for as far as the system lets it. What is under
        way when the connection is closed costs a reset for each packet, more than acknowledging it would."""
        if self.wants:
            return LEAST_WINDOW
        bounded = 0 < self.enough <= MOST_WINDOW and not self.find
        return max(self.enough, LEAST_WINDOW) if bounded else 0


class Trace(Struct):
    """What was seen until now; ``phases`` in seconds. ``strayed``: a redirect that anyone on the way could have
    written led to another host."""

    phases: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Scalar] = field(default_factory=dict)
    families: dict[str, Reached] = field(default_factory=dict)
    chain: Chain | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    received: int = 0
    found: bool = True
    strayed: bool = False
    race: Race | None = None

    def phase(self, name: str, took: float | None) -> None:
        if took is not None:
            self.phases.setdefault(name, took)

    def answer(self, response: Response) -> None:
        self.status, self.found, self.headers = response.status, response.found, response.headers
        self.received += response.size
        self.facts["http_version"] = response.version

    def settle(self) -> None:
        """Waits until each family has answered or may be given up, and states how it went."""
        if self.race:
            self.families = self.race.outcomes()
            for family, reached in self.families.items():
                state = reached.failure.reason.value if reached.failure else "works"
                self.facts[family] = state if state in OF_FAMILY else None


class _Line(Struct):
    """A connection towards a server, and how to get another one the same way. Past a proxy that reads the request,
    ``reader`` is that proxy."""

    sock: socket.socket
    again: Callable[[], socket.socket]
    reader: Proxy | None = None


def follow(start: Url, way: Way, env: Env, trace: Trace) -> None:
    """Goes to `start` and where it redirects to, until there is an answer. Raises NetError."""
    here, seen = start, set[str]()
    for count in range(way.max_redirects + 1):
        trace.facts.update(redirects=count, final_host=here.host)
        seen.add(str(here))
        response = _visit(here, way, env, trace, guard.is_loopback(start.host))
        trace.answer(response)
        location = response.headers.get("location")
        if (
            response.status not in _REDIRECTS
            or not way.max_redirects
            or location is None
            or here.scheme in urls.SOCKETS
        ):
            return
        here = _next(here, location, seen, trace)
    raise NetError(Reason.HTTP_REDIRECTS, f"the server redirects more than {way.max_redirects} times")


def _next(here: Url, location: str, seen: set[str], trace: Trace) -> Url:
    try:
        there = urls.join(here, location)
    except ValueError:
        raise NetError(Reason.HTTP_REDIRECTS, "the server redirects to what is no web address") from None
    if str(there) in seen:
        raise NetError(Reason.HTTP_REDIRECTS, "the server redirects in a circle")
    trace.strayed = trace.strayed or (not here.secure and there.host != here.host)
    return there


def _visit(here: Url, way: Way, env: Env, trace: Trace, loopback: bool) -> Response:
    via = proxy.choose(way.proxy, here, env.host)
    trace.facts["proxy"] = "none" if via is None else "system" if way.proxy == proxy.SYSTEM else "configured"
    if via is None:
        found = env.net.resolve(here.host, here.port, env.left(way.timeout), loopback=loopback)
        trace.phase("dns", found.took)
        return _directly(here, found, way, env, trace)
    if guard.is_literal(here.host):  # the proxy resolves names; an address can be judged here
        env.net.resolve(here.host, here.port, 0.0, loopback=loopback)
    with_tunnel = here.scheme != "http"
    line = _Line(
        _through(via, here, with_tunnel, way, env, trace),
        lambda: _through(via, here, with_tunnel, way, env, Trace()),
        None if with_tunnel else via,
    )
    return _speak(here, line, way, env, trace)


def _directly(here: Url, found: Resolved, way: Way, env: Env, trace: Trace) -> Response:
    race: Race = env.net.race(found.addresses, env.left(way.timeout), way.window)
    if trace.race is None:
        trace.race = race
        _state_families(found, trace)
    connection = race.winner()
    family = connection.address.family
    if len(race.families) > 1 and trace.race is race:
        trace.facts["happy_eyeballs"] = family
    before = dict(trace.phases)
    try:
        return _on(connection.address, connection.took, connection.sock, here, way, env, trace)
    except NetError as why:
        others = [address for address in found.addresses if address.family != family]
        if why.reason not in _SILENT or not others:
            raise
        after, trace.phases = trace.phases, before
        try:
            other = env.net.connect(others, env.left(way.timeout), way.window)
            response = _on(other.address, other.took, other.sock, here, way, env, trace)
        except NetError:
            trace.phases, trace.facts["address_family"] = after, family
            raise why from None
        race.blame(family, why)
        return response


def _on(address: object, took: float, sock: socket.socket, here: Url, way: Way, env: Env, trace: Trace) -> Response:
    trace.phase("tcp", took)
    trace.facts["address_family"] = getattr(address, "family", None)

    def again() -> socket.socket:
        fresh: socket.socket = env.net.connect([address], env.left(way.timeout)).sock
        return fresh

    return _speak(here, _Line(sock, again), way, env, trace)


def _state_families(found: Resolved, trace: Trace) -> None:
    """What the name says of each family; a literal address says nothing of the other one."""
    if found.took is not None:
        for family in FAMILIES:
            trace.facts[family] = Reason.ADDRESS_FORBIDDEN.value if family in found.forbidden else "no_address"


def _through(via: Proxy, here: Url, with_tunnel: bool, way: Way, env: Env, trace: Trace) -> socket.socket:
    """A connection to the proxy, and through it where it must not read what is said."""
    try:
        found = env.net.resolve(via.host, via.port, env.left(way.timeout))
        trace.phase("dns", found.took)
        connection = env.net.race(found.addresses, env.left(way.timeout), way.window).winner()
    except NetError as why:
        if why.reason in (Reason.ADDRESS_FORBIDDEN, Reason.PERMISSION, Reason.INTERNAL):
            raise
        raise NetError(Reason.PROXY_UNREACHABLE, f"the proxy cannot be reached: {why.detail}") from None
    trace.phase("tcp", connection.took)
    trace.facts["address_family"] = connection.address.family
    sock: socket.socket = connection.sock
    if with_tunnel:
        try:
            trace.phase("proxy", proxy.tunnel(env.net, sock, via, here, env.left(way.timeout)))
        except BaseException:
            env.net.close(sock)
            raise
    return sock


def _speak(here: Url, line: _Line, way: Way, env: Env, trace: Trace) -> Response:
    sock = _secure(here, line, way, env, trace).sock if here.secure else line.sock
    try:
        if here.scheme in urls.SOCKETS:
            from checks.kit import websocket

            trace.facts["websocket"] = False
            answer = websocket.upgrade(env.net, sock, here, env.left(way.timeout), trace.phase)
            trace.facts["websocket"] = answer.status == websocket.SWITCHED
            return answer
        response: Response = env.net.request(
            sock, _request(here, line, way), env.left(way.timeout), way.max_bytes, enough=way.enough, find=way.find,
            told=trace.phase, wants=way.wants,
        )  # fmt: skip
        return response
    finally:
        env.net.close(sock)


def _request(here: Url, line: _Line, way: Way) -> bytes:
    fields = (*way.fields, *(line.reader.fields if line.reader else ()))
    if way.body:
        fields = (*fields, f"Content-Length: {len(way.body)}")
    return http1.request(here, "POST" if way.body else "GET", fields, whole=line.reader is not None) + way.body


def _secure(here: Url, line: _Line, way: Way, env: Env, trace: Trace) -> Secured:
    try:
        secured: Secured = env.net.secure(line.sock, here.host, way.trust, env.left(way.timeout))
    except NetError as why:
        raise (_of_dates(why, here, line, way, env, trace) if why.reason in _OUTDATED else why) from None
    trace.phase("tls", secured.took)
    trace.facts["tls_version"] = secured.version
    _state(trace, secured)
    return secured


def _of_dates(why: NetError, here: Url, line: _Line, way: Way, env: Env, trace: Trace) -> NetError:
    """Whether the certificate or this device's clock is wrong, when the dates were the reason to refuse it.

    The server is asked for the time, and for nothing else, on a connection whose chain and name are verified.
    """
    date = 0
    with contextlib.suppress(NetError):
        secured = env.net.secure(line.again(), here.host, way.trust, env.left(way.timeout), check_time=False)
        try:
            _state(trace, secured)
            head = env.net.request(secured.sock, http1.request(here, "HEAD"), env.left(way.timeout), 0)
            date = http1.date(head.headers.get("date", ""))
        finally:
            env.net.close(secured.sock)
        offset = env.clock.wall() / 1e6 - date
        if date and abs(offset) > CLOCK_MARGIN and _valid(secured.certificate, secured.chain, date):
            trace.facts["clock_offset"] = round(offset)
            return NetError(Reason.CLOCK_WRONG, "the certificate is valid by the server's clock and not by this PC's")
    return why


def _valid(certificate: Certificate, chain: Chain | None, date: int) -> bool:
    ends = min(certificate.not_after, chain.not_after) if chain else certificate.not_after
    return certificate.not_before <= date <= ends


def _state(trace: Trace, secured: Secured) -> None:
    for name in ("issuer", "name", "not_before", "not_after"):
        value = getattr(secured.certificate, name)
        if value:
            trace.facts[f"tls_{name}"] = clean(value) if isinstance(value, str) else value
    trace.chain = secured.chain
    if secured.chain:
        trace.facts.update(chain_length=secured.chain.length, chain_root=clean(secured.chain.root) or None)


def clean(text: str) -> str:
    """`text` from a certificate, printable and at most 128 characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)[:128]
