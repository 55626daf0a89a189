"""The services that a signature needs, asked over the network: time stamps, revocation lists, online revocation.

Each link is what became of it: a reason of its own, and the cause below it (a name that does not resolve, a refused
connection, a portal), as :mod:`checks.kit.failure` and :mod:`checks.kit.journey` tell it. cryptography is imported when
the first answer is there.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from checks.kit import der, guard, http1, journey, portal
from checks.kit import url as urls
from checks.kit.der import DerError, Head
from checks.kit.failure import UNMEASURED, NetError
from checks.kit.journey import CLOCK_MARGIN, Trace, Way
from checks.kit.model import Env, Reason, Scalar
from checks.kit.tls import Trust

PREFIX = 2048
"""Bytes in which a list says until when it holds: a name of 1.5 kB would not fit, and there is none."""
SKEW = 300.0
"""Seconds by which this PC's clock may be behind before an answer is one of the future."""
MAX_ANSWER = 64 * 1024
EARLIEST = 1_735_689_600.0
"""2025-01-01 in epoch seconds: no PC with this check has lived through a time before it (an empty CMOS battery)."""
_PORTAL = {
    Reason.HTTP_STATUS, Reason.HTTP_BODY, Reason.HTTP_PROTOCOL, Reason.HTTP_REDIRECTS, Reason.HTTP_TOO_LARGE,
    Reason.TLS_NAME, Reason.TLS_UNTRUSTED, Reason.TLS_SELF_SIGNED, Reason.TLS_HANDSHAKE, Reason.ADDRESS_FORBIDDEN,
}  # fmt: skip
_NOT_IT = {Reason.HTTP_BODY, Reason.HTTP_TOO_LARGE}
"""Causes where something was fetched, and it was not what belongs there."""


_OWN = UNMEASURED | {Reason.CLOCK_WRONG}
"""Causes that say nothing of the service."""
_BEGIN, _END, _BIT_STRING = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", 0x03


class Web(Struct, frozen=True, kw_only=True):
    """How to go there: as in :mod:`checks.connectivity`. ``timeout`` is of each phase, in seconds."""

    timeout: float
    proxy: str
    known_good: str = ""
    known_good_body: str = ""

    @property
    def way(self) -> Way:
        return Way(trust=Trust(), timeout=self.timeout, max_redirects=0, max_bytes=MAX_ANSWER, proxy=self.proxy)


class Link(Struct, kw_only=True):
    """What became of a service: None, or why it does not serve, and the cause below that. ``took`` is the wait from the
    end of the request to the end of the answer (seconds), ``size`` the answer's bytes, ``left`` the seconds until it
    runs out, ``offset`` how far this PC's clock is ahead (seconds). ``seen`` says of certificates, by their keyed
    fingerprints, whether a list names them; ``large``: the list was too long to be searched."""

    reason: Reason | None = None
    cause: Reason | None = None
    detail: str = ""
    took: float | None = None
    size: int | None = None
    left: float | None = None
    facts: dict[str, Scalar] = field(default_factory=dict)
    offset: float | None = None
    seen: dict[str, bool] = field(default_factory=dict)
    large: bool = False


class Signer(Struct, frozen=True):
    """A certificate on a token, by what may be known of it: its keyed fingerprint and its sealed serial number."""

    fingerprint: str
    sealed: str


class Source(Struct, frozen=True, kw_only=True):
    """Addresses that say the same, asked in turn until one answers; the issuer they speak for (DER, empty: unknown) and
    the certificates it concerns. ``strange``: they stand in a certificate, and may not lead to this machine."""

    urls: tuple[str, ...]
    issuer: bytes = b""
    signers: tuple[Signer, ...] = ()
    strange: bool = False


class Fetched(Struct):
    """An answer: ``body`` as much of it as was wanted."""

    status: int
    headers: dict[str, str]
    body: bytes
    took: float


Wants = Callable[[bytes, int], bool]
"""Whether more of a body is wanted, by its first PREFIX bytes and how many of it there are."""


def fetch(
    address: str, way: Way, web: Web, env: Env, *, strange: bool = False, wants: Wants = lambda *_: True
) -> Fetched:
    """The answer at `address`. Raises NetError, also for a page where an answer belongs (HTTP_BODY, CAPTIVE_PORTAL)."""
    here, trace, body = urls.web(address), Trace(), bytearray()

    def more(_headers: Mapping[str, str], part: bytes) -> bool:
        body.extend(part)
        return wants(bytes(body[:PREFIX]), len(body))

    try:
        if strange and guard.is_loopback(here.host):
            raise NetError(Reason.ADDRESS_FORBIDDEN, "a certificate names this PC itself as its issuer's server")
        journey.follow(here, replace(way, wants=more), env, trace)
        _judge(trace, bytes(body))
    except NetError as why:
        raise _explained(why, web, env) from None
    took = sum(trace.phases.get(name, 0.0) for name in ("ttfb", "transfer"))
    return Fetched(trace.status or 0, trace.headers, bytes(body), took)


def _judge(trace: Trace, body: bytes) -> None:
    status = trace.status or 0
    if status == 407:
        raise NetError(Reason.PROXY_AUTH, "a proxy wants a name and a password")
    if status == 511:
        raise NetError(Reason.CAPTIVE_PORTAL, "the network wants a sign-in first")
    if 300 <= status < 400 and status != 304:
        raise NetError(Reason.HTTP_REDIRECTS, "the server redirects to another place")
    if status not in (200, 206, 304):
        raise NetError(Reason.HTTP_STATUS, f"the server answered {status}")
    if body.lstrip()[:1] == b"<":  # no DER begins so
        raise NetError(Reason.HTTP_BODY, "a page answers in its place")


def _explained(why: NetError, web: Web, env: Env) -> NetError:
    if web.known_good and why.reason in _PORTAL and portal.answers(web.known_good, web.known_good_body, web.way, env):
        return NetError(Reason.CAPTIVE_PORTAL, "something else answers in place of the known good page")
    return why


def first(addresses: Iterable[str], ask: Callable[[str], Link]) -> Link:
    """The first link that holds, else what became of the first address."""
    links = []
    for address in addresses:
        links.append(ask(address))
        if links[-1].reason is None:
            return links[-1]
    return links[0]


def broken(why: NetError, unreachable: Reason, malformed: Reason, refused: Reason | None = None) -> Link:
    """The link that `why` breaks: for one of these reasons, or for its own when it says nothing of the service."""
    reason = malformed if why.reason in _NOT_IT else unreachable
    if refused and why.reason is Reason.HTTP_STATUS:
        reason = refused
    if why.reason in _OWN:
        return Link(reason=why.reason, detail=why.detail)
    return Link(reason=reason, cause=why.reason, detail=why.detail)


def whole(text: str) -> None:
    """Raises ValueError when `text` holds no certificate in PEM, or one that is cut or no DER of a certificate's shape.

    What stands in them is read when they are used."""
    blocks = text.split(_BEGIN)[1:]
    if not blocks:
        raise ValueError("there is no certificate in it")
    for block in blocks:
        body, end, _ = block.partition(_END)
        if not end:
            raise ValueError("a certificate in it has no end")
        try:
            _shaped(base64.b64decode("".join(body.split()), validate=True))
        except (ValueError, DerError):
            raise ValueError("a certificate in it cannot be read") from None


def _shaped(data: bytes) -> None:
    """RFC 5280 §4.1: what is signed, the algorithm and the signature, and nothing behind."""
    certificate = der.inside(data, 0, der.SEQUENCE, len(data))
    at = certificate.begin
    for tag in (der.SEQUENCE, der.SEQUENCE, _BIT_STRING):
        at = der.inside(data, at, tag, certificate.end).end
    if not at == certificate.end == len(data):
        raise DerError("something stands behind it")


def stamps(addresses: tuple[str, ...], roots: tuple[str, ...], web: Web, env: Env) -> Link:
    """Asks the time-stamp servers in turn for a stamp, until one gives a right one."""
    return first(addresses, lambda address: _stamp(address, roots, web, env))


def _stamp(address: str, roots: tuple[str, ...], web: Web, env: Env) -> Link:
    from checks.kit import timestamp

    asked = timestamp.question()
    way = replace(web.way, body=asked.request, fields=(f"Content-Type: {timestamp.KIND}",))
    try:
        found = fetch(address, way, web, env)
    except NetError as why:
        return broken(why, Reason.TSA_UNREACHABLE, Reason.TSA_MALFORMED, Reason.TSA_REFUSED)
    ended = env.clock.wall() / 1e6
    link = Link(took=found.took, size=len(found.body))
    try:
        stamp = timestamp.judge(found.body, asked, roots)
    except timestamp.Unfit as why:
        link.reason, link.detail = why.reason, why.detail
        return link
    link.offset = ended - found.took / 2 - stamp.time
    link.facts = {
        "tsa_policy": stamp.policy,
        "tsa_verified": "yes" if stamp.vouched else "no_roots",
        "tsa_accuracy": stamp.accuracy,
    }
    return link


def online(source: Source, web: Web, env: Env) -> Link:
    """Asks the responders of `source`, whose issuer is known, about a certificate that does not exist."""
    return first(source.urls, lambda address: _online(address, source, web, env))


def _online(address: str, source: Source, web: Web, env: Env) -> Link:
    from checks.kit import revocation

    try:
        asked = revocation.question(source.issuer)
        way = replace(web.way, body=asked.request, fields=("Content-Type: application/ocsp-request",))
        found = fetch(address, way, web, env, strange=source.strange)
    except NetError as why:
        return broken(why, Reason.OCSP_UNREACHABLE, Reason.OCSP_MALFORMED)
    link, now = Link(took=found.took, size=len(found.body)), env.clock.wall() / 1e6
    try:
        said = revocation.answer(found.body, source.issuer, asked.serial, _server_time(found, now))
    except (DerError, revocation.Forged) as why:
        link.reason, link.detail = Reason.OCSP_MALFORMED, str(why)
        link.cause = Reason.CERT_SIGNATURE if isinstance(why, revocation.Forged) else None
        if link.cause and _server_time(found, now) < EARLIEST:  # whom the issuer named is judged by the time
            link.reason, link.cause, link.detail = Reason.CLOCK_WRONG, None, "this PC's clock is before 2025"
        return link
    link.facts["ocsp_answer"] = said.status
    if said.begins:
        date(link, Head(said.begins, said.ends, 0), found, now, Reason.OCSP_STALE)
    return link


def _server_time(found: Fetched, now: float) -> float:
    return float(http1.date(found.headers.get("date", "")) or now)


def date(link: Link, head: Head, found: Fetched, now: float, stale: Reason) -> None:
    """Whether it is in force. When it is so by the server's clock only, and that is a day off, or when this PC's clock
    is before EARLIEST, the clock is wrong."""
    if head.ends:
        link.left = float(round(head.ends - now))
    if _in_force(head, now):
        return
    there = http1.date(found.headers.get("date", ""))
    link.reason = stale
    link.detail = "it ran out" if head.ends and head.ends < now else "it begins in the future"
    if there and abs(now - there) > CLOCK_MARGIN and _in_force(head, there):
        link.reason, link.detail = Reason.CLOCK_WRONG, "it is in force by the server's clock and not by this PC's"
    elif now < EARLIEST:
        link.reason, link.detail = Reason.CLOCK_WRONG, "this PC's clock is before 2025"


def _in_force(head: Head, now: float) -> bool:
    return head.begins <= now + SKEW and (not head.ends or now <= head.ends)
