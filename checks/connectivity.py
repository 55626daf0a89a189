"""Can this device reach a system over HTTP, and if not, which phase fails and why."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, field

from checks.kit import url as urls
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.net import UNMEASURED, Address, NetError, Response, Secured, Trust, Url

PHASES = ("dns", "tcp", "tls", "request", "ttfb", "transfer")
_REDIRECTS = {301, 302, 303, 307, 308}
_OUTDATED = {Reason.TLS_EXPIRED, Reason.TLS_NOT_YET_VALID}
_STATUSES = r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*$"

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
    help="How long a phase took the first time it ran: dns, tcp (one round trip), tls, request, ttfb, transfer.",
    labels=("phase",),
    distribution=True,
    words={
        "dns": {"vi": "Phân giải tên miền", "en": "Name lookup"},
        "tcp": {"vi": "Kết nối TCP", "en": "TCP connection"},
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
    help="Body bytes received over all answers.",
)
CERTIFICATE = Metric(
    name="connectivity_certificate_left",
    title={"vi": "Thời hạn còn lại của chứng thư", "en": "Certificate time left"},
    unit="seconds",
    help="Until the server's certificate ends, by this device's clock; below 0 when it has ended.",
)
FACTS = (
    Fact(name="address_family", title={"vi": "Giao thức IP", "en": "IP version"},
         help="ipv4 or ipv6: how the address was reached.",
         words={"ipv4": {"vi": "IPv4", "en": "IPv4"}, "ipv6": {"vi": "IPv6", "en": "IPv6"}}),
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
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to reach, and what counts as reached."""

    url: Annotated[str, Meta(max_length=2000, description="Address to reach, http:// or https://.")]
    ca_file: Annotated[str, Meta(description="PEM file of authorities to believe instead of the system's.")] = ""
    issuers: Annotated[
        tuple[str, ...], Meta(description="Only certificates from these issuers (organisation or name) are accepted.")
    ] = ()
    sha256: Annotated[
        tuple[str, ...], Meta(description="Only certificates with these SHA-256 fingerprints are accepted.")
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

    def __post_init__(self) -> None:
        try:
            urls.parse(self.url)
        except ValueError as why:
            raise ValueError(f"url: {why}") from None

    @property
    def trust(self) -> Trust:
        return Trust(self.ca_file, self.issuers, self.sha256)


class Trace(Struct):
    """What was seen until now; ``phases`` in seconds."""

    phases: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Scalar] = field(default_factory=dict)
    status: int | None = None
    received: int = 0
    found: bool = True

    def phase(self, name: str, took: float | None) -> None:
        if took is not None:
            self.phases.setdefault(name, took)

    def answer(self, response: Response) -> None:
        for name in ("request", "ttfb", "transfer"):
            self.phase(name, getattr(response, name))
        self.status, self.found = response.status, response.found
        self.received += response.size
        self.facts["http_version"] = response.version


def run(params: Params, env: Env) -> Reading:
    """Follows the address to its answer. Nothing but the request line, the host and our name is sent."""
    trace, failure, started = Trace(), None, env.now()
    try:
        _follow(params, env, trace)
    except NetError as why:
        failure = why
    return summarise(params, trace, failure, env.now() - started, env.clock.wall() / 1e6)


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
    if not accepts(params.expect_status, status):
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


def _follow(params: Params, env: Env, trace: Trace) -> None:
    here = urls.parse(params.url)
    for count in range(params.max_redirects + 1):
        trace.facts.update(redirects=count, final_host=here.host)
        response = _visit(here, params, env, trace)
        if response.status not in _REDIRECTS or not params.max_redirects or "location" not in response.headers:
            return
        try:
            here = urls.join(here, response.headers["location"])
        except ValueError:
            raise NetError(Reason.HTTP_REDIRECTS, "the server redirects to what is no web address") from None
    raise NetError(Reason.HTTP_REDIRECTS, f"the server redirects more than {params.max_redirects} times")


def _visit(here: Url, params: Params, env: Env, trace: Trace) -> Response:
    found = env.net.resolve(here.host, here.port, env.left(params.timeout))
    trace.phase("dns", found.took)
    connection = env.net.connect(found.addresses, env.left(params.timeout))
    trace.phase("tcp", connection.took)
    trace.facts["address_family"] = connection.address.family
    sock = connection.sock
    if here.scheme == "https":
        secured = _secure(here, connection.sock, connection.address, params, env, trace)
        sock = secured.sock
    with contextlib.closing(sock):
        response: Response = env.net.request(
            sock, here, env.left(params.timeout), params.max_bytes, params.expect_body.encode()
        )
    trace.answer(response)
    return response


def _secure(here: Url, sock: object, address: Address, params: Params, env: Env, trace: Trace) -> Secured:
    try:
        secured: Secured = env.net.secure(sock, here.host, params.trust, env.left(params.timeout))
    except NetError as why:
        if why.reason in _OUTDATED:
            _state(trace, env.net.outdated(address, here.host, params.trust, env.left(params.timeout)))
        raise
    trace.phase("tls", secured.took)
    trace.facts["tls_version"] = secured.version
    _state(trace, secured.certificate)
    return secured


def _state(trace: Trace, certificate: object) -> None:
    for name in ("issuer", "not_before", "not_after"):
        value = getattr(certificate, name, None)
        if value:
            trace.facts[f"tls_{name}"] = clean(value) if isinstance(value, str) else value


def clean(text: str) -> str:
    """`text` from a certificate, printable and at most 128 characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)[:128]


CHECK = Check(
    name="connectivity",
    title={"vi": "Kết nối tới hệ thống", "en": "Reaching a system"},
    params=Params,
    metrics=(UP, PHASE, DURATION, STATUS, RECEIVED, CERTIFICATE),
    facts=FACTS,
    run=run,
    every=300.0,
    timeout=30.0,
)
