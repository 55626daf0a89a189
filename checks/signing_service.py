"""Whether the services that a signature needs serve this PC: the local one, time stamps, revocation lists, OCSP.

Who signs leaves the PC in none of these: stamps are asked for on random bytes, revocation lists are searched here for
serial numbers that are known as HMACs only, and the online responder is asked about a number that nobody has. No token
is needed: what is configured is asked anyway.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from checks.kit import crl, proxy, service_links, sign_service, token_modules, words
from checks.kit import url as urls
from checks.kit.crl import Search
from checks.kit.failure import UNMEASURED, NetError
from checks.kit.model import (
    Bilingual,
    Check,
    Env,
    Fact,
    Metric,
    Reading,
    Reason,
    Sample,
    Scalar,
    error,
    failed,
    not_applicable,
    ok,
    sample,
)
from checks.kit.service_links import Link, Signer, Source, Web
from checks.kit.token import Ask, Certificate

SERVICE_SECONDS, MODULE_SECONDS, LINK_SECONDS = 6.0, 15.0, 20.0
MAX_SOURCES = 4
LINKS: dict[str, tuple[Reason, ...]] = {
    "service": (Reason.SERVICE_STOPPED, Reason.SERVICE_TIMEOUT, Reason.SERVICE_MALFORMED),
    "tsa": (
        Reason.TSA_UNREACHABLE, Reason.TSA_REFUSED, Reason.TSA_MALFORMED, Reason.TSA_MISMATCH, Reason.TSA_UNTRUSTED,
        Reason.CLOCK_WRONG,
    ),
    "crl": (
        Reason.CRL_UNREACHABLE, Reason.CRL_MALFORMED, Reason.CRL_STALE, Reason.CERT_REVOKED, Reason.CLOCK_WRONG,
    ),
    "ocsp": (Reason.OCSP_UNREACHABLE, Reason.OCSP_MALFORMED, Reason.OCSP_STALE, Reason.CLOCK_WRONG),
}  # fmt: skip
"""The links in their order, each with the reasons for which it can be broken."""
Address = Annotated[str, Meta(min_length=1, max_length=512)]
Pem = Annotated[str, Meta(max_length=16384, pattern="BEGIN CERTIFICATE")]


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which services to ask. Revocation is also asked of those that the certificates on tokens name."""

    service: Annotated[
        bool | None,
        Meta(description="Whether the local signing service runs here; unset: on Windows, where it is installed."),
    ] = None
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of the local signing service.")] = 8987
    tsa: Annotated[
        tuple[Address, ...],
        Meta(max_length=4, description="Time-stamp servers (http, https), asked in turn until one answers rightly."),
    ] = ()
    tsa_authorities: Annotated[
        tuple[Pem, ...], Meta(max_length=16, description="Roots that must vouch for stamps, PEM; none: not verified.")
    ] = ()
    crl: Annotated[
        tuple[Address, ...], Meta(max_length=4, description="Revocation lists (http, https), beside the certificates'.")
    ] = ()
    modules: (
        Annotated[
            tuple[Annotated[str, Meta(min_length=1, max_length=256)], ...],
            Meta(
                max_length=64,
                description="PKCS#11 modules by path, the file's name may hold *; unset: those known in Viet Nam.",
            ),
        ]
        | None
    ) = None
    authorities: Annotated[
        tuple[Pem, ...], Meta(max_length=32, description="Certificates of issuers and roots, PEM.")
    ] = ()
    timeout: Annotated[float, Meta(gt=0, le=30, description="Seconds that each phase of a request may take.")] = 8.0
    proxy: Annotated[str, Meta(description="The way out: system (this PC's setting), none, or http://host:port.")] = (
        proxy.SYSTEM
    )
    known_good: Annotated[
        str, Meta(max_length=2000, description="Page that tells a captive portal: fetched when an answer is not right.")
    ] = ""
    known_good_body: Annotated[str, Meta(max_length=256, description="Text that stands in the known good page.")] = ""

    def __post_init__(self) -> None:
        for name, given in (("tsa", self.tsa), ("crl", self.crl), ("known_good", (self.known_good,))):
            for address in filter(None, given):
                _valid(name, address, urls.web)
        for name, texts in (("tsa_authorities", self.tsa_authorities), ("authorities", self.authorities)):
            for index, text in enumerate(texts):
                _valid(f"{name}[{index}]", text, service_links.whole)
        if bool(self.known_good) != bool(self.known_good_body):
            raise ValueError("known_good: the page and known_good_body go together")
        proxy.check(self.proxy)

    @property
    def web(self) -> Web:
        return Web(
            timeout=self.timeout,
            proxy=self.proxy,
            known_good=self.known_good,
            known_good_body=self.known_good_body,
        )


def _valid(name: str, given: str, read: Callable[[str], object]) -> None:
    try:
        read(given)
    except ValueError as why:
        raise ValueError(f"{name}: {why}") from None


def _said(reasons: Iterable[Reason]) -> dict[str, Bilingual]:
    return {
        reason.value: {"vi": words.reason(reason, "vi").title, "en": words.reason(reason, "en").title}
        for reason in reasons
    }


_HOLDS: Bilingual = {"vi": "tốt", "en": "holds"}
_LINK: dict[str, Bilingual] = {
    "service": {"vi": "Dịch vụ ký số trên máy", "en": "Signing service on this PC"},
    "tsa": {"vi": "Máy chủ dấu thời gian", "en": "Time-stamp server"},
    "crl": {"vi": "Danh sách thu hồi", "en": "Revocation list"},
    "ocsp": {"vi": "Máy chủ OCSP", "en": "OCSP server"},
}
_VERIFIED: dict[str, Bilingual] = {
    "yes": {"vi": "đã xác minh", "en": "verified"},
    "no_roots": {"vi": "chưa khai báo gốc tin cậy", "en": "no roots configured"},
    "no_issuer": {"vi": "không biết nơi cấp", "en": "issuer not known"},
    "not_read": {"vi": "chưa tra trong đó", "en": "not searched"},
}

HOLDS = Metric(
    name="signing_service_link", title={"vi": "Dịch vụ cần để ký", "en": "Service needed to sign"}, unit="",
    labels=("link", "reason"),
    words={
        **_LINK, "": {"vi": "không lỗi", "en": "no fault"}, "1": {"vi": "đạt", "en": "holds"},
        "0": {"vi": "hỏng", "en": "broken"}, **_said(reason for reasons in LINKS.values() for reason in reasons),
    },
    help="1 when the service serves this PC, 0 when it does not, for that reason; absent where there is none.",
)  # fmt: skip
WAIT = Metric(
    name="signing_service_wait", title={"vi": "Thời gian chờ trả lời", "en": "Wait for the answer"}, unit="seconds",
    labels=("link",), words=_LINK, distribution=True,
    help="From the end of the request to the end of the answer, or of the part of it that was read.",
)  # fmt: skip
SIZE = Metric(
    name="signing_service_size", title={"vi": "Kích thước trả lời", "en": "Size of the answer"}, unit="bytes",
    labels=("link",), words=_LINK, help="Bytes of the answer; of a revocation list its own, read or not.",
)  # fmt: skip
LEFT = Metric(
    name="signing_service_left", title={"vi": "Thời gian còn hiệu lực", "en": "Time still in force"}, unit="seconds",
    labels=("link",), words=_LINK,
    help="Until the revocation list, or the OCSP answer, runs out by its nextUpdate; negative afterwards.",
)  # fmt: skip
OFFSET = Metric(
    name="signing_service_tsa_offset", title={"vi": "Đồng hồ máy lệch so với TSA", "en": "Clock, against the TSA's"},
    unit="seconds",
    help="How far this PC's clock is ahead of the stamp's time, to within a second and half of the wait.",
)  # fmt: skip


def _causes(link: str, *more: Reason) -> Fact:
    below = [reason for reason in Reason if reason.value.startswith(("dns_", "tcp_", "tls_", "http_", "proxy_"))]
    return Fact(
        name=f"{link}_cause", title={"vi": f"Nguyên nhân: {link.upper()}", "en": f"Cause below: {link.upper()}"},
        words=_said((*below, Reason.ADDRESS_FORBIDDEN, Reason.CAPTIVE_PORTAL, *more)),
        help="What the network said of it, as connectivity tells it; only with a broken link.",
    )  # fmt: skip


_ANSWERS: dict[str, Bilingual] = {
    "good": {"vi": "có, số hỏi thử hợp lệ", "en": "yes, number good"},
    "unknown": {"vi": "có, không biết số hỏi thử", "en": "yes, number not known"},
    "revoked": {"vi": "có, số hỏi thử bị thu hồi", "en": "yes, number revoked"},
    "unauthorized": {"vi": "có, không phụ trách", "en": "yes, not in charge"},
    "sig_required": {"vi": "có, đòi câu hỏi có ký", "en": "yes, wants signed questions"},
}
FACTS = (
    *(
        Fact(name=f"{link}_link", title=_LINK[link], words={"ok": _HOLDS, **_said(LINKS[link])},
             help="ok, or the reason why it does not serve; absent where there is none.")
        for link in LINKS
    ),
    _causes("tsa"),
    _causes("crl", Reason.CERT_SIGNATURE),
    _causes("ocsp", Reason.CERT_SIGNATURE),
    Fact(name="service_version", title={"vi": "Phiên bản dịch vụ ký số", "en": "Signing service's version"},
         help="The version number in the local service's answer."),
    Fact(name="tsa_verified", title={"vi": "Xác minh dấu thời gian", "en": "Stamp verified"}, words=_VERIFIED,
         help="yes, or no_roots: no root is configured, so that its signature was not verified."),
    Fact(name="tsa_policy", title={"vi": "Chính sách dấu thời gian", "en": "Policy of the stamp"},
         help="The object identifier of the policy that the server stamps under."),
    Fact(name="tsa_accuracy", title={"vi": "Độ chính xác dấu thời gian", "en": "Accuracy of the stamp"}, unit="seconds",
         help="How exact the server says its time is; unknown where it does not say."),
    Fact(name="crl_verified", title={"vi": "Xác minh danh sách thu hồi", "en": "List verified"}, words=_VERIFIED,
         help="yes, no_issuer (its certificate is not known here) or not_read (too long, or not of all certificates)."),
    Fact(name="revocation", title={"vi": "Tình trạng thu hồi", "en": "Revocation of the certificates"},
         words={"good": {"vi": "không bị thu hồi", "en": "none is revoked"},
                "revoked": {"vi": "có chứng thư bị thu hồi", "en": "a certificate is revoked"},
                "not_checked_large": {"vi": "chưa tra: danh sách quá lớn", "en": "not looked up: the list is large"},
                "not_checked": {"vi": "chưa tra được", "en": "not looked up"}},
         help="By the verified lists, of the certificates on tokens; revoked fails when no other one is left."),
    Fact(name="ocsp_answer", title={"vi": "OCSP trả lời", "en": "OCSP answers"}, words=_ANSWERS,
         help="What the responder says of a number that nobody has: any of these means that it answers."),
    Fact(name="token_certificates", title={"vi": "Chứng thư đọc từ token", "en": "Certificates read from tokens"},
         help="Signers' certificates whose issuer's services were asked."),
)  # fmt: skip


def run(params: Params, env: Env) -> Reading:
    """Asks the local service, then reads what tokens show, then asks time stamps, lists and responders."""
    try:
        return _run(params, env)
    except ImportError:
        return error(Reason.UNSUPPORTED, "time stamps and revocation need the extra sansang[token] (cryptography)")


def _run(params: Params, env: Env) -> Reading:
    links: dict[str, Link] = {}
    if local := _service(params, env):
        links["service"] = local
    seal = os.urandom(32)
    certificates = _certificates(params, seal, env)
    if params.tsa:
        near = _until(env, LINK_SECONDS)
        links["tsa"] = service_links.stamps(params.tsa, params.tsa_authorities, params.web, near)
    lists, responders = _lists(params, certificates), _responders(certificates)
    if lists:
        search = Search(_issuers(params), seal)
        links["crl"] = _worst([crl.lists(one, search, params.web, _until(env, LINK_SECONDS)) for one in lists])
        _revoked(links["crl"], certificates)
    if responders:
        links["ocsp"] = _worst([service_links.online(one, params.web, _until(env, LINK_SECONDS)) for one in responders])
    if not links:
        return not_applicable("no signing service, no time-stamp server, and no certificate that names an issuer's")
    return summarise(links, len(certificates) if certificates else None)


def summarise(links: dict[str, Link], certificates: int | None = None) -> Reading:
    """The reading of what became of each link. One that could not be measured is told of only when none is broken."""
    measured = {name: link for name, link in links.items() if link.reason not in UNMEASURED}
    facts = _facts(measured, certificates)
    for name, link in measured.items():
        if link.reason:
            return failed(link.reason, tuple(_samples(measured)), facts, f"{name}: {link.detail}"[:512])
    for name, link in links.items():
        if link.reason:
            return error(link.reason, f"{name}: {link.detail}"[:512], facts)
    return ok(tuple(_samples(measured)), facts)


def _samples(links: dict[str, Link]) -> Iterator[Sample]:
    for name, link in links.items():
        yield sample(HOLDS, float(link.reason is None), link=name, reason=link.reason.value if link.reason else "")
        for metric, value in ((WAIT, link.took), (SIZE, link.size), (LEFT, link.left)):
            if value is not None:
                yield sample(metric, round(value, 4), link=name)
        if link.offset is not None:
            yield sample(OFFSET, round(link.offset, 2))


def _facts(links: dict[str, Link], certificates: int | None) -> dict[str, Scalar]:
    stated: dict[str, Scalar] = {"token_certificates": certificates}
    for name, link in links.items():
        stated[f"{name}_link"] = link.reason.value if link.reason else "ok"
        stated |= link.facts
        if link.cause:
            stated[f"{name}_cause"] = link.cause.value
    return {name: value for name, value in stated.items() if value is not None}


def _until(env: Env, seconds: float) -> Env:
    """`env` for one step: `seconds`, or half of what is left when that is less, so that a step behind it has time."""
    return msgspec.structs.replace(env, deadline=env.now() + min(seconds, env.left() / 2))


def _service(params: Params, env: Env) -> Link | None:
    """The local service; None where there is none. On Windows it is asked even when it is not said to be there."""
    windows = env.host.system().name == "windows"
    if params.service is False or not (params.service or windows):
        return None
    link, started = Link(), env.now()
    try:
        said = sign_service.version(env.net, params.port, env.left(SERVICE_SECONDS))
        link.took, link.facts["service_version"] = env.now() - started, said or None
    except NetError as why:
        absent = why.reason is Reason.SERVICE_STOPPED and not params.service and not sign_service.installed(env.host)
        if absent:
            return None
        link.reason, link.detail = why.reason, why.detail
    return link


def _certificates(params: Params, seal: bytes, env: Env) -> list[Certificate]:
    """The signers' certificates on tokens: those that one can sign with today, else all. A module that crashes, hangs
    or answers nonsense shows none: signing_token tells why."""
    now = env.clock.wall() // 1_000_000
    ask = Ask(path="", now=now, authorities=params.authorities, roots=token_modules.VGCA, secret=env.secret, seal=seal)
    paths = token_modules.installed(params.modules, env.host)
    modules = token_modules.shown(paths, ask, MODULE_SECONDS, env, spare=env.left() / 2)
    found = [one for module in modules for shown in module.tokens for one in shown.certificates if not one.authority]
    each = list({one.sealed_serial: one for one in found}.values())
    return [one for one in each if one.usage_signs and one.not_before <= now <= one.not_after] or each


def _issuers(params: Params) -> tuple[bytes, ...]:
    from checks.kit import authority

    return tuple(one.der for one in authority.from_pem(params.authorities))


def _lists(params: Params, certificates: list[Certificate]) -> list[Source]:
    """The lists that the certificates name, each once, then the configured ones."""
    grouped: dict[tuple[tuple[str, ...], bytes], list[Signer]] = {}
    for one in certificates:
        if addresses := _web_only(one.crl):
            grouped.setdefault((addresses, one.issuer_der), []).append(Signer(one.fingerprint, one.sealed_serial))
    found = [
        Source(urls=addresses, issuer=issuer, signers=tuple(signers), strange=True)
        for (addresses, issuer), signers in grouped.items()
    ]
    named = {address for source in found for address in source.urls}
    return (found + [Source(urls=(one,)) for one in params.crl if one not in named])[: 2 * MAX_SOURCES]


def _responders(certificates: list[Certificate]) -> list[Source]:
    """The responders that the certificates name, where the issuer is known: without it there is no question."""
    pairs = {(_web_only(one.ocsp), one.issuer_der) for one in certificates if one.issuer_der}
    found = [Source(urls=addresses, issuer=issuer, strange=True) for addresses, issuer in sorted(pairs) if addresses]
    return found[:MAX_SOURCES]


def _web_only(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of http and https that can be read: certificates name directories (LDAP) too."""
    found = []
    for address in addresses:
        try:
            found.append(str(urls.web(address)))
        except ValueError:
            continue
    return tuple(found[:2])


def _worst(links: list[Link]) -> Link:
    """Several of a kind as one: the first that is broken, with what all of them say of certificates."""
    found = next((link for link in links if link.reason), links[0])
    found.seen = {name: named for link in links for name, named in link.seen.items()}
    found.large = any(link.large for link in links)
    found.left = min((link.left for link in links if link.left is not None), default=None)
    return found


def _revoked(link: Link, certificates: list[Certificate]) -> None:
    """States what the lists say of the certificates; a link that holds is broken when all of them are revoked."""
    if not certificates:
        return
    said = [link.seen.get(one.fingerprint) for one in certificates]
    if any(said):
        link.facts["revocation"] = "revoked"
    elif None not in said:
        link.facts["revocation"] = "good"
    else:
        link.facts["revocation"] = "not_checked_large" if link.large else "not_checked"
    if all(said) and link.reason is None:
        link.reason, link.detail = Reason.CERT_REVOKED, "the issuer's list names every certificate on the token"


CHECK = Check(
    name="signing_service",
    title={"vi": "Dịch vụ cần để ký số", "en": "Services that signing needs"},
    params=Params,
    metrics=(HOLDS, WAIT, SIZE, LEFT, OFFSET),
    facts=FACTS,
    run=run,
    every=3600.0,
    timeout=120.0,
)
