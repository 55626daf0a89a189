"""Can this device reach a system over HTTP or a WebSocket, by which family, and if not, which phase fails and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from checks.kit import guard, journey
from checks.kit import proxy as proxies
from checks.kit import url as urls
from checks.kit.journey import Trace, Way
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, error, failed, ok, sample
from checks.kit.net import UNMEASURED, NetError, Trust, Url

PHASES = ("dns", "tcp", "proxy", "tls", "request", "ttfb", "transfer")
RESERVE, RESERVE_RATIO = 6.0, 0.25
"""Seconds of the run, and at most which part of it, that are kept for finding out whose fault a failure is."""
# Failures that a device's own dead link causes too.
_SILENCE = {
    Reason.DNS_TIMEOUT, Reason.DNS_SERVFAIL, Reason.TCP_TIMEOUT, Reason.TCP_UNREACHABLE, Reason.TLS_TIMEOUT,
    Reason.HTTP_TIMEOUT, Reason.PROXY_UNREACHABLE,
}  # fmt: skip
# Failures that a captive portal can cause.
_SUSPECT = {
    Reason.HTTP_STATUS, Reason.HTTP_BODY, Reason.HTTP_PROTOCOL, Reason.HTTP_REDIRECTS, Reason.HTTP_TOO_LARGE,
    Reason.TLS_NAME, Reason.TLS_UNTRUSTED, Reason.TLS_SELF_SIGNED, Reason.TLS_HANDSHAKE, Reason.TLS_EXPIRED,
    Reason.TLS_INTERCEPTED, Reason.WEBSOCKET_REFUSED, Reason.ADDRESS_FORBIDDEN,
}  # fmt: skip
_STATUSES = r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*$"
_KEY = r"^(sha256//)?[A-Za-z0-9+/]{43}=$"
_SWITCHED = 101

UP = Metric(
    name="connectivity_up",
    title={"vi": "Truy cập được", "en": "Reached"},
    unit="",
    help="1 when the system answered as expected, 0 when it did not.",
    words={"1": {"vi": "có", "en": "yes"}, "0": {"vi": "không", "en": "no"}},
)
PHASE = Metric(
    name="connectivity_phase",
    title={"vi": "Thời gian từng bước", "en": "Phase times"},
    unit="seconds",
    help="How long a phase took the first time it ran: dns, tcp (one round trip), proxy (its CONNECT), tls, request, "
    "ttfb, transfer (it ends early where the parameter enough says so). Through a proxy dns and tcp are those of the "
    "proxy.",
    labels=("phase",),
    distribution=True,
    words={
        "dns": {"vi": "Phân giải tên miền", "en": "Name lookup"},
        "tcp": {"vi": "Kết nối TCP", "en": "TCP connection"},
        "proxy": {"vi": "Mở đường qua proxy", "en": "Opening the way by proxy"},
        "tls": {"vi": "Bắt tay bảo mật", "en": "TLS handshake"},
        "request": {"vi": "Gửi yêu cầu", "en": "Sending the request"},
        "ttfb": {"vi": "Chờ trả lời", "en": "Waiting for the answer"},
        "transfer": {"vi": "Nhận nội dung", "en": "Receiving the answer"},
    },
)
DURATION = Metric(
    name="connectivity_duration",
    title={"vi": "Tổng thời gian", "en": "Total time"},
    unit="seconds",
    help="From the start to the end of the last answer, redirects and failed addresses included.",
    distribution=True,
)
STATUS = Metric(
    name="connectivity_http_status_code",
    title={"vi": "Mã trạng thái HTTP", "en": "HTTP status code"},
    unit="",
    help="Status code of the last answer.",
)
RECEIVED = Metric(
    name="connectivity_received",
    title={"vi": "Dữ liệu nhận được", "en": "Data received"},
    unit="bytes",
    help="Body bytes read over all answers; what is left unread by the parameter enough does not count.",
)
CERTIFICATE = Metric(
    name="connectivity_certificate_left",
    title={"vi": "Thời hạn còn lại của chứng thư", "en": "Certificate time left"},
    unit="seconds",
    help="Until the server's certificate ends, by this device's clock; below 0 when it has ended.",
)
CHAIN = Metric(
    name="connectivity_chain_left",
    title={"vi": "Thời hạn còn lại của chuỗi chứng thư", "en": "Certificate chain time left"},
    unit="seconds",
    help="Until the first certificate of the server's verified chain ends, the authority's included.",
)
_FAMILY_WORDS = {"ipv4": {"vi": "IPv4", "en": "IPv4"}, "ipv6": {"vi": "IPv6", "en": "IPv6"}}
FAMILY_UP = Metric(
    name="connectivity_family_up",
    title={"vi": "Kết nối được theo giao thức IP", "en": "Connected by IP version"},
    unit="",
    help="1 when this family reached the system, 0 when it did not; of the first host only. No address, no series.",
    labels=("family",),
    words=_FAMILY_WORDS,
)
FAMILY_CONNECT = Metric(
    name="connectivity_family_connect",
    title={"vi": "Thời gian kết nối theo giao thức IP", "en": "Connect time by IP version"},
    unit="seconds",
    help="How long the TCP connection of this family took, both begun at once.",
    labels=("family",),
    distribution=True,
    words=_FAMILY_WORDS,
)
_STATES = {
    "works": {"vi": "hoạt động", "en": "works"},
    "no_address": {"vi": "tên miền không có địa chỉ này", "en": "the name has no such address"},
    "address_forbidden": {"vi": "địa chỉ không được phép đo", "en": "the address must not be measured"},
    "tcp_refused": {"vi": "máy chủ từ chối", "en": "refused"},
    "tcp_timeout": {"vi": "không phản hồi kết nối", "en": "no answer to the connection"},
    "tcp_reset": {"vi": "kết nối bị ngắt", "en": "cut"},
    "tcp_unreachable": {"vi": "không có đường mạng", "en": "no way there"},
    "tls_timeout": {"vi": "bắt tay bảo mật quá lâu", "en": "TLS handshake too slow"},
    "http_timeout": {"vi": "nối được nhưng không trả lời", "en": "connected, no answer"},
}
FACTS = (
    Fact(name="address_family", title={"vi": "Giao thức IP", "en": "IP version"},
         help="ipv4 or ipv6: how the address, or the proxy, was reached.", words=_FAMILY_WORDS),
    Fact(name="ipv4", title={"vi": "Qua IPv4", "en": "By IPv4"},
         help="works, no_address, or why IPv4 does not reach the first host.", words=_STATES),
    Fact(name="ipv6", title={"vi": "Qua IPv6", "en": "By IPv6"},
         help="works, no_address, or why IPv6 does not reach the first host.", words=_STATES),
    Fact(name="happy_eyeballs", title={"vi": "Trình duyệt sẽ dùng", "en": "A browser would use"},
         help="Where the host has both families: which one connects first when the preferred one has 250 ms head "
              "start (RFC 8305).", words=_FAMILY_WORDS),
    Fact(name="proxy", title={"vi": "Qua proxy", "en": "By a proxy"},
         help="none, system (this device's own setting) or configured (the job's).",
         words={"none": {"vi": "không", "en": "no"},
                "system": {"vi": "proxy của máy", "en": "this PC's"},
                "configured": {"vi": "proxy do phép đo chỉ định", "en": "the job's"}}),
    Fact(name="http_version", title={"vi": "Phiên bản HTTP", "en": "HTTP version"},
         help="HTTP version of the last answer."),
    Fact(name="redirects", title={"vi": "Số lần chuyển hướng", "en": "Redirects"},
         help="Redirects that were followed."),
    Fact(name="final_host", title={"vi": "Máy chủ cuối cùng", "en": "Final host"},
         help="Host of the last address that was tried."),
    Fact(name="tls_version", title={"vi": "Phiên bản TLS", "en": "TLS version"},
         help="TLS version of the last handshake."),
    Fact(name="tls_issuer", title={"vi": "Đơn vị cấp chứng thư", "en": "Certificate issuer"},
         help="Organisation that issued the server's certificate, else its common name."),
    Fact(name="tls_not_before", title={"vi": "Chứng thư có hiệu lực từ", "en": "Certificate valid from"},
         unit="timestamp", help="When the server's certificate begins."),
    Fact(name="tls_not_after", title={"vi": "Chứng thư có hiệu lực đến", "en": "Certificate valid until"},
         unit="timestamp", help="When the server's certificate ends."),
    Fact(name="tls_name", title={"vi": "Tên trên chứng thư", "en": "Name on the certificate"},
         help="First DNS name of the server's certificate."),
    Fact(name="chain_length", title={"vi": "Số chứng thư trong chuỗi", "en": "Certificates in the chain"},
         help="Certificates from the server's to the authority's, both included."),
    Fact(name="chain_root", title={"vi": "Đơn vị chứng thực gốc", "en": "Root authority"},
         help="Organisation at the end of the verified chain, else its common name."),
    Fact(name="clock_offset", title={"vi": "Đồng hồ máy lệch so với máy chủ", "en": "Clock, against the server's"},
         unit="seconds", help="How far this device's clock is ahead of the server's; stated with clock_wrong."),
    Fact(name="websocket", title={"vi": "Mở được WebSocket", "en": "WebSocket opened"},
         help="Whether the WebSocket was opened; stated once its handshake was sent."),
    Fact(name="own_link", title={"vi": "Đường nối của máy này", "en": "This PC's own link"},
         help="works, down or unknown: asked after a failure that a dead link causes too.",
         words={"works": {"vi": "hoạt động", "en": "works"}, "down": {"vi": "đứt", "en": "down"},
                "unknown": {"vi": "không rõ", "en": "unknown"}}),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to reach, and what counts as reached."""

    url: Annotated[str, Meta(max_length=2000, description="Address to reach: http, https, ws or wss.")]
    ca_file: Annotated[str, Meta(description="PEM file of authorities to believe instead of the system's.")] = ""
    issuers: Annotated[
        tuple[str, ...], Meta(description="Only certificates from these issuers (organisation or name) are accepted.")
    ] = ()
    sha256: Annotated[
        tuple[str, ...], Meta(description="Only certificates with these SHA-256 fingerprints are accepted.")
    ] = ()
    keys: Annotated[
        tuple[Annotated[str, Meta(pattern=_KEY)], ...],
        Meta(description="Only certificates with these public keys are accepted: SHA-256, base64, as curl pins them."),
    ] = ()
    expect_status: Annotated[
        str, Meta(pattern=_STATUSES, description="Status codes that count as working, such as 200-299,401.")
    ] = "200-399"
    expect_body: Annotated[str, Meta(max_length=256, description="Text that must stand in the answer.")] = ""
    timeout: Annotated[float, Meta(gt=0, le=60, description="Seconds that each phase may take.")] = 10.0
    max_redirects: Annotated[
        int, Meta(ge=0, le=10, description="Redirects to follow; with 0 a redirect is the answer.")
    ] = 5
    max_bytes: Annotated[int, Meta(ge=0, le=16 * 1024 * 1024, description="Body bytes that one answer may have.")] = (
        2 * 1024 * 1024
    )
    enough: Annotated[
        int,
        Meta(
            ge=0,
            le=16 * 1024 * 1024,
            description="Body bytes after which an answer is read no further, once expect_body was found; 0: all.",
        ),
    ] = 0
    proxy: Annotated[str, Meta(description="The way out: system (this PC's setting), none, or http://host:port.")] = (
        proxies.SYSTEM
    )
    known_good: Annotated[
        str, Meta(max_length=2000, description="Page that tells a captive portal: fetched when an answer is not right.")
    ] = ""
    known_good_body: Annotated[str, Meta(max_length=256, description="Text that stands in the known good page.")] = ""
    anchors: Annotated[
        tuple[str, ...],
        Meta(max_length=4, description="Addresses (http://… or host:port) that answer unless this PC's link is down."),
    ] = ()

    def __post_init__(self) -> None:
        _valid("url", urls.parse, self.url)
        _valid("proxy", proxies.check, self.proxy)
        for anchor in self.anchors:
            _valid("anchors", urls.place, anchor)
        if self.known_good:
            _valid("known_good", urls.web, self.known_good)
        if bool(self.known_good) != bool(self.known_good_body):
            raise ValueError("known_good: the page and known_good_body go together")
        if self.enough > self.max_bytes:
            raise ValueError("enough: no more than max_bytes can be read")
        if self.expect_body and urls.parse(self.url).scheme in urls.SOCKETS:
            raise ValueError("expect_body: a WebSocket has no body")

    @property
    def way(self) -> Way:
        return Way(
            trust=Trust(self.ca_file, self.issuers, self.sha256, self.keys),
            timeout=self.timeout,
            max_redirects=self.max_redirects,
            max_bytes=self.max_bytes,
            enough=self.enough,
            find=self.expect_body.encode(),
            proxy=self.proxy,
        )


def _valid(name: str, read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError as why:
        raise ValueError(f"{name}: {why}") from None


def run(params: Params, env: Env) -> Reading:
    """Follows the address to its answer. Nothing but the request line, the host and our name is sent.

    Part of the time is kept for a failure's causes that lie here: a portal, this device's own link.
    """
    trace, failure, started = Trace(), None, env.now()
    kept = min(RESERVE, RESERVE_RATIO * env.left())
    here = urls.parse(params.url)
    try:
        journey.follow(here, params.way, msgspec.structs.replace(env, deadline=env.deadline - kept), trace)
    except NetError as why:
        failure = why
    took = env.now() - started
    trace.settle()
    failure = explain(params, env, here, trace, failure or judge(params, trace))
    return summarise(params, trace, failure, took, env.clock.wall() / 1e6)


def explain(params: Params, env: Env, here: Url, trace: Trace, failure: NetError | None) -> NetError | None:
    """`failure`, or what it comes from when that lies between here and the system."""
    if params.known_good and (failure.reason in _SUSPECT if failure else trace.strayed):
        from checks.kit import portal

        if portal.answers(params.known_good, params.known_good_body, params.way, env):
            return NetError(Reason.CAPTIVE_PORTAL, "something else answers in place of the known good page")
    if failure and failure.reason in _SILENCE and not guard.is_loopback(here.host):
        from checks.kit import ownlink

        link = ownlink.own_link(params.anchors, env)
        trace.facts["own_link"] = link
        if link == ownlink.DOWN:
            return NetError(Reason.OWN_LINK_DOWN, f"no router and no anchor answers; the system: {failure.detail}")
    return failure


def summarise(params: Params, trace: Trace, failure: NetError | None, took: float, now: float) -> Reading:
    """The reading of what was seen. `took` is the whole length in seconds, `now` this device's epoch seconds."""
    failure = failure or judge(params, trace)
    if failure and failure.reason in UNMEASURED:
        return error(failure.reason, failure.detail, trace.facts)
    samples = (sample(UP, 0.0 if failure else 1.0), *_samples(trace, took, now))
    return failed(failure.reason, samples, trace.facts, failure.detail) if failure else ok(samples, trace.facts)


def judge(params: Params, trace: Trace) -> NetError | None:
    """What is wrong with a complete answer, or None."""
    status = trace.status or 0
    if status == 407:
        return NetError(Reason.PROXY_AUTH, "a proxy wants a name and a password")
    if status == 511:
        return NetError(Reason.CAPTIVE_PORTAL, "the network wants a sign-in first")
    if trace.facts.get("websocket") is False:
        return NetError(Reason.WEBSOCKET_REFUSED, f"the server answered {status} to the WebSocket handshake")
    if status != _SWITCHED and not accepts(params.expect_status, status):
        return NetError(Reason.HTTP_STATUS, f"the server answered {status}, expected {params.expect_status}")
    if not trace.found:
        return NetError(Reason.HTTP_BODY, "the answer lacks the expected text")
    return None


def accepts(ranges: str, status: int) -> bool:
    """Whether `status` lies in `ranges`, such as ``200-299,401``."""
    bounds = (part.partition("-")[::2] for part in ranges.split(","))
    return any(int(low) <= status <= int(high or low) for low, high in bounds)


def _samples(trace: Trace, took: float, now: float) -> Iterator[Sample]:
    for name in PHASES:
        if name in trace.phases:
            yield sample(PHASE, trace.phases[name], phase=name)
    if trace.status is not None:
        yield sample(DURATION, took)
        yield sample(STATUS, trace.status)
        yield sample(RECEIVED, trace.received)
    ends = trace.facts.get("tls_not_after")
    if isinstance(ends, int):
        yield sample(CERTIFICATE, ends - now)
    if trace.chain:
        yield sample(CHAIN, trace.chain.not_after - now)
    for family, reached in trace.families.items():
        if trace.facts.get(family) is not None:
            yield sample(FAMILY_UP, float(reached.failure is None), family=family)
        if reached.took is not None:
            yield sample(FAMILY_CONNECT, reached.took, family=family)


CHECK = Check(
    name="connectivity",
    title={"vi": "Kết nối tới hệ thống", "en": "Reaching a system"},
    params=Params,
    metrics=(UP, PHASE, DURATION, STATUS, RECEIVED, CERTIFICATE, CHAIN, FAMILY_UP, FAMILY_CONNECT),
    facts=FACTS,
    run=run,
    every=300.0,
    timeout=30.0,
)
