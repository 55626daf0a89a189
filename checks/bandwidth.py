"""How fast the line is, each way, and how it feels while it is full: ndt7 against the collector, under a lease.

A test loads the line, so it runs only when the collector says so (:mod:`checks.kit.leasing`), for no more seconds and
bytes than it grants, and no longer than the estimate needs (:mod:`checks.kit.steady`). Where a way gives no speed there
is a reason, and no reading that is not OK carries a throughput.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from checks.kit import speedlimits, surroundings
from checks.kit.child import ChildError
from checks.kit.failure import UNMEASURED, NetError
from checks.kit.leasing import Grant, Want
from checks.kit.link import Link
from checks.kit.loadedlatency import median, responsiveness
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.ndt7 import VERSION
from checks.kit.speed import Look, Plan, Report
from checks.kit.tls import Trust
from checks.kit.url import Url, web

_WAY, _WAYS = ("direction",), {
    "download": {"vi": "tải xuống", "en": "download"},
    "upload": {"vi": "tải lên", "en": "upload"},
}  # fmt: skip
_LOADS = {"idle": {"vi": "khi rảnh", "en": "idle"}, **{
    way: {"vi": f"khi {words['vi']}", "en": f"while {words['en']}ing"} for way, words in _WAYS.items()
}}  # fmt: skip

BITS = 8
THROUGHPUT = Metric(
    name="bandwidth_throughput", title={"vi": "Tốc độ đo được", "en": "Measured speed"}, unit="bytes_per_second",
    labels=_WAY, words=_WAYS, distribution=True,
    help="TCP payload, counted by the receiver, after the warm-up.",
)  # fmt: skip
LATENCY = Metric(
    name="bandwidth_latency", title={"vi": "Thời gian khứ hồi", "en": "Round trip"}, unit="seconds",
    labels=("load",), words=_LOADS, help="Median of TCP handshakes with the server, without load and under it.",
)  # fmt: skip
BUFFERBLOAT = Metric(
    name="bandwidth_bufferbloat", title={"vi": "Trễ tăng thêm khi tải", "en": "Added delay under load"}, unit="seconds",
    labels=_WAY, words=_WAYS, help="Median round trip under load less the idle one.",
)  # fmt: skip
RESPONSIVENESS = Metric(
    name="bandwidth_responsiveness", title={"vi": "Độ đáp ứng khi tải", "en": "Responsiveness under load"},
    unit="round_trips_per_minute", labels=_WAY, words=_WAYS,
    help="RPM as draft-ietf-ippm-responsiveness-08 §5.3.1.1 has it, with WebSocket pings on the loaded connection.",
)  # fmt: skip
RETRANSMITTED = Metric(
    name="bandwidth_retransmitted", title={"vi": "Dữ liệu phải gửi lại", "en": "Sent again"}, unit="ratio", labels=_WAY,
    words=_WAYS, help="Bytes that the sender's TCP sent again, of all it sent.",
)  # fmt: skip
ERROR = Metric(
    name="bandwidth_error", title={"vi": "Sai số tốc độ", "en": "Error of the speed"}, unit="ratio", labels=_WAY,
    words=_WAYS, help="Bound (95 %) of the relative error of the speed when the test stopped.",
)  # fmt: skip
USED = Metric(
    name="bandwidth_used", title={"vi": "Dung lượng đã dùng", "en": "Data used"}, unit="bytes", labels=_WAY,
    words=_WAYS, help="Bytes of the test's connections in its direction, warm-up included.",
)  # fmt: skip
STREAMS = Metric(
    name="bandwidth_streams", title={"vi": "Số kết nối", "en": "Connections"}, unit="", labels=_WAY, words=_WAYS,
    help="Connections that carried the load; the fact streams_why says why more than one.",
)  # fmt: skip
CROSS = Metric(
    name="bandwidth_cross_traffic", title={"vi": "Lưu lượng khác", "en": "Other traffic"}, unit="bytes_per_second",
    labels=_WAY, words=_WAYS, help="What others moved on this PC's interface during the test.",
)  # fmt: skip
CPU = Metric(
    name="bandwidth_cpu", title={"vi": "Mức dùng bộ xử lý", "en": "Use of the processor"}, unit="ratio",
    help="During the test, the greater of the whole machine's use and of the one core that the test runs on.",
)  # fmt: skip
METRICS = (
    THROUGHPUT, LATENCY, BUFFERBLOAT, RESPONSIVENESS, RETRANSMITTED, ERROR, USED, STREAMS, CROSS, CPU,
)  # fmt: skip

_STOPPED = {
    "stable": {"vi": "đã ổn định", "en": "the estimate is stable"},
    "bytes": {"vi": "hết dung lượng cho phép", "en": "the bytes allowed were used"},
    "seconds": {"vi": "hết thời gian", "en": "its time was over"},
    "server": {"vi": "máy chủ kết thúc", "en": "the server ended it"},
}
_LIMITED = {
    "line": {"vi": "đường truyền", "en": "the line"},
    "pc": {"vi": "máy tính này", "en": "this PC"},
    "lease": {"vi": "hạn mức được cấp", "en": "the lease"},
    "unknown": {"vi": "không rõ", "en": "unknown"},
}
_WHY = {
    "one_fills": {"vi": "một kết nối là đủ", "en": "one connection fills the line"},
    "receive_window": {"vi": "cửa sổ nhận quá nhỏ", "en": "the receive window is too small"},
    "loss": {"vi": "mất gói", "en": "packets are lost"},
    "no_queue": {"vi": "đường truyền chưa đầy", "en": "no queue: the line is not full"},
}
_COUNTED = {
    "kernel": {"vi": "nhân hệ điều hành của máy này", "en": "this PC's kernel"},
    "client": {"vi": "chương trình đo", "en": "the test itself"},
    "server": {"vi": "máy chủ", "en": "the server"},
    "acknowledged": {"vi": "xác nhận TCP", "en": "TCP acknowledgements"},
}
FACTS = (
    Fact(name="server", title={"vi": "Máy chủ đo", "en": "Server"}, help="Against whom was measured."),
    Fact(name="protocol", title={"vi": "Giao thức", "en": "Protocol"}, help="ndt7, and the specification's version."),
    Fact(name="lease", title={"vi": "Mã lượt đo", "en": "Lease"}, help="The collector's leave to load the line."),
    Fact(name="parameters", title={"vi": "Tham số đo", "en": "Parameters"},
         help="Seconds and bytes allowed, the bound of the error, streams, and whether it could stop early."),
    Fact(name="stopped", title={"vi": "Lý do dừng", "en": "Why it stopped"}, words=_STOPPED,
         help="stable, bytes, seconds or server; of two ways the one that was not stable."),
    Fact(name="limited_by", title={"vi": "Bị giới hạn bởi", "en": "Limited by"}, words=_LIMITED,
         help="line, pc (processor, interface or Wi-Fi), lease or unknown; of two ways the one that says less."),
    *(Fact(name=f"{way}_{name}", title={"vi": f"{title['vi']} ({said['vi']})", "en": f"{title['en']} ({said['en']})"},
           words=words, help=text)
      for way, said in _WAYS.items()
      for name, title, words, text in (
          ("stopped", {"vi": "Lý do dừng", "en": "Why it stopped"}, _STOPPED, "As stopped, for this way."),
          ("limited_by", {"vi": "Bị giới hạn bởi", "en": "Limited by"}, _LIMITED, "As limited_by, for this way."),
          ("streams_why", {"vi": "Lý do số kết nối", "en": "Why so many connections"}, _WHY,
           "one_fills, or why one connection did not: receive_window, loss or no_queue."),
          ("counted_by", {"vi": "Bên đếm", "en": "Who counted"}, _COUNTED, "kernel, client, server or acknowledged."),
      )),
    Fact(name="latency_by", title={"vi": "Cách đo thời gian khứ hồi", "en": "How round trips were measured"},
         help="tcp_handshake: of connections of their own.",
         words={"tcp_handshake": {"vi": "bắt tay TCP", "en": "TCP handshakes"}}),
    Fact(name="burst", title={"vi": "Tốc độ giảm sau lúc đầu", "en": "Falls after the beginning"},
         help="Whether a full test showed that the line gives more at first than it keeps: it is then always measured "
              "in full."),
    Fact(name="disturbed", title={"vi": "Bị ảnh hưởng bởi", "en": "Disturbed by"},
         help="traffic of others on the interface, the processor, none or unknown.",
         words={"traffic": {"vi": "lưu lượng khác", "en": "other traffic"},
                "processor": {"vi": "bộ xử lý bận", "en": "a busy processor"},
                "none": {"vi": "không", "en": "nothing"}, "unknown": {"vi": "không rõ", "en": "unknown"}}),
    Fact(name="interface_kind", title={"vi": "Loại cổng mạng", "en": "Kind of interface"},
         help="ethernet, wifi or other, of the interface towards the server.",
         words={"ethernet": {"vi": "mạng dây", "en": "Ethernet"}, "wifi": {"vi": "Wi-Fi", "en": "Wi-Fi"},
                "other": {"vi": "khác", "en": "other"}}),
    Fact(name="interface_speed", title={"vi": "Tốc độ cổng mạng", "en": "Speed of the interface"},
         unit="bits_per_second", help="As the system tells it."),
    Fact(name="wifi_signal", title={"vi": "Cường độ Wi-Fi", "en": "Wi-Fi signal"}, unit="dBm",
         help="Of a Wi-Fi interface, where its driver tells."),
    Fact(name="evidence", title={"vi": "Bằng chứng", "en": "Evidence"},
         help="The exact text that the device signed: canonical JSON; bit/s, microseconds, bytes, millionths."),
    Fact(name="signature", title={"vi": "Chữ ký của thiết bị", "en": "The device's signature"},
         help="Base64 of its Ed25519 signature over the context of evidence and that text."),
)  # fmt: skip

_ROOM = 512 * 1024 * 1024
"""Bytes of address space of the child that runs the test."""
_STEP = 500_000
"""Microseconds by which the wall clock may go another way than the time since boot: NTP slews, it does not jump."""
_OPENING = 4.0
"""Seconds of a lease for round trips without load, and for opening and closing connections."""
_STARTING = 6.0
"""Seconds for processes to start and end."""
_SHORT = 0.1
"""By how much a line must give less later, for its beginning to be a burst."""
_UNSAID = frozenset({Reason.TEST_CUT, Reason.LEASE_REFUSED, *UNMEASURED})
_SINCE, _BURST = "early_since", "burst"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much load at most, and when it is enough."""

    seconds: Annotated[float, Meta(ge=1, le=15, description="Most seconds of load each way (ndt7 runs 10).")] = 10.0
    max_bytes: Annotated[
        int, Meta(ge=1_000_000, le=10_000_000_000, description="Most bytes of both ways together.")
    ] = 500_000_000
    early: Annotated[bool, Meta(description="Stop as soon as the estimate is stable.")] = True
    least: Annotated[
        float,
        Meta(
            ge=0.5, le=10, description="Seconds before which no estimate is taken for stable: a burst may last so long."
        ),
    ] = 3.0
    error: Annotated[
        float, Meta(gt=0, le=0.5, description="Stable is what is known to this share of itself (95 %).")
    ] = 0.05
    full_every: Annotated[
        int,
        Meta(
            ge=1, le=365,
            description="One test of so many runs its full time; if it shows that the line gives less later than "
            "in the first seconds, all do until one shows no such thing.",
        ),
    ] = 7  # fmt: skip
    streams: Annotated[int, Meta(ge=1, le=16, description="Most connections each way; the lease may allow fewer.")] = 8
    look: Annotated[float, Meta(ge=0, le=5, description="Seconds for which other traffic is watched before.")] = 1.0
    ca_file: Annotated[
        str,
        Meta(max_length=256, description="PEM file with the authorities trusted for the server; empty: the agent's."),
    ] = ""


class Seen(Struct, frozen=True, kw_only=True):
    """What surrounds a test: when it began (µs), whether the clock stepped meanwhile, the interface and its speed
    (bit/s), whether the line is known to burst."""

    at: int
    stepped: bool = False
    speed: float | None = None
    link: Link | None = None
    burst: bool | None = None


def run(params: Params, env: Env) -> Reading:
    """Looks at the interface, asks for a lease, measures, gives the lease back. Raises
    :class:`checks.kit.leasing.Postponed` when it may not run now."""
    if env.leases is None:
        return error(Reason.LEASE_REFUSED, "no collector is known that could grant a lease")
    try:
        link, look = _link(env), _look(params, env)
    except ChildError as why:
        return error(why.reason, f"the interface could not be looked at: {why.detail}")
    grant: Grant = env.leases.obtain(
        Want(
            check="bandwidth", seconds=2 * params.seconds + _OPENING, bytes=params.max_bytes, capacity=look.speed,
            cross=None if look.receive is None else max(look.receive, look.transmit or 0.0),
        )
    )  # fmt: skip
    report = Report()
    try:
        return _under(grant, params, env, look, link, report)
    finally:
        env.leases.release(grant, sum(way.used for way in report.ways))


def _look(params: Params, env: Env) -> Look:
    try:
        url = web(env.leases.address)
    except ValueError:
        return Look()
    asked = {"host": url.host, "port": url.port, "seconds": params.look}
    wait = env.left(params.look + _STARTING)
    found: Look = env.child.call("checks.kit.crosstraffic:look", asked, answer=Look, timeout=wait)
    return found


def _link(env: Env) -> Link | None:
    if env.host.system().name not in ("linux", "windows"):
        return None
    return surroundings.gather(env.host, env.child, env.left(20.0), env.clock.wall() / 1e6).link


def planned(params: Params, grant: Grant, lasting: dict[str, Any], interface: str, left: float) -> Plan:
    """The test that `params` and the lease allow, within `left` seconds. It runs its full time when too many before it
    stopped early, or the line is known to burst: `lasting` is what :func:`remember` left."""
    before = lasting.get(_SINCE)
    due = (before if isinstance(before, int) else 0) + 1 >= params.full_every
    return Plan(
        url=grant.server.url, token=grant.token, ca_file=params.ca_file, seconds=params.seconds,
        total=max(0.0, min(grant.seconds, left)), bytes=min(grant.bytes, params.max_bytes), rate=grant.rate,
        streams=max(1, min(grant.streams, params.streams)), early=params.early and not due and not lasting.get(_BURST),
        least=params.least, error=params.error, interface=interface,
    )  # fmt: skip


def remember(lasting: dict[str, Any], plan: Plan, report: Report) -> None:
    """Leaves in `lasting` how many tests stopped early since the last full one, and what that showed."""
    if not report.ways or any(way.rate is None for way in report.ways):
        return
    if plan.early:
        lasting[_SINCE] = int(lasting.get(_SINCE) or 0) + 1
    elif all(way.stopped == "seconds" for way in report.ways):
        lasting.update({_SINCE: 0, _BURST: any((way.late or 0) > _SHORT for way in report.ways)})


def _under(grant: Grant, params: Params, env: Env, look: Look, link: Link | None, report: Report) -> Reading:
    """The reading of a test under `grant`; what was found goes into `report` too."""
    plan = planned(params, grant, env.lasting, look.interface, env.left() - _STARTING)
    plan.proof, plan.ca_file = env.leases.proof(grant), plan.ca_file or env.leases.ca_file
    at, before = env.clock.wall(), env.clock.wall() - env.clock.mono()
    try:
        _reach(web(plan.url), plan, env)
        found: Report = env.child.call(
            "checks.kit.ndt7_client:measure", plan, answer=Report, timeout=plan.total + _STARTING, memory=_ROOM,
            alone=True, hear=lambda said: env.progress(said[0], {THROUGHPUT.name: said[1] / BITS}),
        )  # fmt: skip
    except ValueError:
        return error(Reason.BAD_PARAMS, "the lease names a server that is none", _of(grant))
    except ChildError as why:
        return error(why.reason, f"the test's own process: {why.detail}", _of(grant))
    except NetError as why:
        return _refused(why.reason, why.detail, _of(grant))
    report.idle, report.ways = found.idle, found.ways
    stepped = abs(env.clock.wall() - env.clock.mono() - before) > _STEP
    env.meter.add(
        sockets=sum(way.streams for way in report.ways),
        received=sum(way.used for way in report.ways if way.direction == "download"),
        sent=sum(way.used for way in report.ways if way.direction == "upload"),
    )
    if not stepped:
        remember(env.lasting, plan, report)
    seen = Seen(at=at, stepped=stepped, speed=look.speed, link=link, burst=env.lasting.get(_BURST))
    return summarise(plan, grant, report, seen, env.leases.sign)


def _reach(url: Url, plan: Plan, env: Env) -> None:
    """Tries name, connection and certificate first: what is wrong with them is told apart here. Raises NetError."""
    found = env.net.resolve(url.host, url.port, env.left(plan.patience))
    sock = env.net.connect(found.addresses, env.left(plan.patience)).sock
    if url.secure:
        sock = env.net.secure(sock, url.host, Trust(plan.ca_file), env.left(plan.patience)).sock
    env.net.close(sock)


def summarise(plan: Plan, grant: Grant, report: Report, seen: Seen, sign: Callable[[bytes], str]) -> Reading:
    """The reading of a test, its evidence signed by `sign`; no speed in one that is not OK."""
    wifi = seen.link is not None and seen.link.kind == "wifi"
    limits = {way.direction: speedlimits.limited_by(way, plan.rate, seen.speed, wifi=wifi) for way in report.ways}
    told = _of(grant) | _facts(plan, report, seen, limits)
    bad = next((way for way in report.ways if way.rate is None), None)
    if seen.stepped:
        return error(Reason.CLOCK_STEPPED, "the clock was set while the test ran", told)
    if bad is not None or len(report.ways) < len(plan.ways):
        reason, detail = (Reason(bad.reason), bad.detail) if bad else (Reason.TEST_CUT, "not both ways were measured")
        return _refused(reason, detail, told)
    host = web(plan.url).host
    text = speedlimits.evidence(
        report, at=seen.at, lease=grant.id, server=grant.server.name, host=host, limited=limits,
        params=_parameters(plan),
    )  # fmt: skip
    told |= {"evidence": text, "signature": sign(text.encode("ascii"))}
    return ok(tuple(_samples(report, secure=plan.url.startswith("https"))), told)


def _refused(reason: Reason, detail: str, told: dict[str, Scalar]) -> Reading:
    return error(reason, detail, told) if reason in _UNSAID else failed(reason, facts=told, detail=detail)


def _of(grant: Grant) -> dict[str, Scalar]:
    return {
        "server": grant.server.name, "protocol": f"{VERSION} {speedlimits.SPECIFICATION}", "lease": grant.id,
    }  # fmt: skip


def _parameters(plan: Plan) -> dict[str, Any]:
    return {
        "seconds": round(plan.seconds * 1e6), "bytes": plan.bytes, "rate": round(plan.rate), "streams": plan.streams,
        "early": plan.early, "least": round(plan.least * 1e6), "error": round(plan.error * 1e6),
    }  # fmt: skip


def _facts(plan: Plan, report: Report, seen: Seen, limits: dict[str, str]) -> dict[str, Scalar]:
    stops = [way.stopped for way in report.ways]
    told: dict[str, Scalar] = {
        "parameters": msgspec.json.encode(_parameters(plan)).decode("ascii"),
        "stopped": next((stop for stop in stops if stop != "stable"), stops[0] if stops else None),
        "limited_by": speedlimits.overall(limits.values()),
        "latency_by": "tcp_handshake", "burst": seen.burst, "disturbed": speedlimits.disturbed(report.ways),
        "interface_kind": seen.link.kind if seen.link else None, "interface_speed": seen.speed,
    }  # fmt: skip
    if seen.link and seen.link.signal is not None:
        told["wifi_signal"] = seen.link.signal
    for way in report.ways:
        for name, value in (
            ("stopped", way.stopped), ("limited_by", limits[way.direction]), ("streams_why", way.streams_why),
            ("counted_by", way.counted),
        ):  # fmt: skip
            told[f"{way.direction}_{name}"] = value or None
    return told


def _samples(report: Report, *, secure: bool) -> Iterator[Sample]:
    idle = median(report.idle.tcp)
    if idle is not None:
        yield sample(LATENCY, idle, load="idle")
    for way in report.ways:
        loaded = median(way.probes.tcp)
        if loaded is not None:
            yield sample(LATENCY, loaded, load=way.direction)
        values = (
            (THROUGHPUT, way.rate and way.rate / BITS), (ERROR, way.error), (USED, way.used), (STREAMS, way.streams),
            (RETRANSMITTED, way.retransmitted), (CROSS, way.cross and way.cross / BITS),
            (RESPONSIVENESS, responsiveness(way.probes, secure)),
            (BUFFERBLOAT, None if loaded is None or idle is None else max(0.0, loaded - idle)),
        )  # fmt: skip
        yield from (sample(metric, value, direction=way.direction) for metric, value in values if value is not None)
    yield sample(CPU, max(max(way.machine, min(1.0, way.core)) for way in report.ways))


CHECK = Check(
    name="bandwidth",
    title={"vi": "Tốc độ đường truyền", "en": "Speed of the line"},
    params=Params,
    metrics=METRICS,
    facts=FACTS,
    run=run,
    every=86400.0,
    timeout=90.0,
    headline=(THROUGHPUT.name, LATENCY.name),
)
