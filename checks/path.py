"""The way to a system: how far it is, how long each stretch takes, where it ends, what its largest packet is.

The kernel's error queue comes first: the same routers and times as scapy's in 2 ms where that child takes 170 ms and
54 MB. scapy is asked, where it is installed and allowed, for what needs raw packets: ICMP.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from checks.kit import guard, hops, nameservers, pathmtu, trace
from checks.kit import url as urls
from checks.kit.child import ChildError
from checks.kit.hops import Hop, Network
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.net import UNMEASURED, Address, NetError
from checks.kit.pathmtu import Mtu
from checks.kit.trace import Route

_IMPATIENT = 3
_PLACE = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?|([0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*)", re.I)
_SEGMENTS = {
    "lan": {"vi": "Mạng nội bộ", "en": "Office network"},
    "access": {"vi": "Đường truyền", "en": "Access line"},
    "provider": {"vi": "Mạng nhà cung cấp", "en": "Provider's network"},
    "destination": {"vi": "Hệ thống đích", "en": "The system"},
}
_UNANSWERED = {Reason.DNS_TIMEOUT, Reason.DNS_SERVFAIL}  # glibc says the second for a server out of reach, too
_MEMORY = "address"
_PROTOCOLS = {name: {"vi": name.upper(), "en": name.upper()} for name in ("udp", "tcp", "icmp")}

REACHED = Metric(
    name="path_reached", title={"vi": "Đi tới đích", "en": "Target reached"}, unit="",
    help="1 when the target itself answered, 0 when the way ended before it.",
    words={"1": {"vi": "có", "en": "yes"}, "0": {"vi": "không", "en": "no"}},
)  # fmt: skip
HOPS = Metric(
    name="path_hops", title={"vi": "Số chặng", "en": "Hops"}, unit="",
    help="Hops to the target, itself included.",
)  # fmt: skip
RTT = Metric(
    name="path_rtt", title={"vi": "Độ trễ tới cuối từng đoạn", "en": "Round trip to each stretch's end"},
    unit="seconds",
    help="Median round trip from this device to the far end of a stretch: the office's last router (lan), the first "
         "router outside (access), the last one before the target (provider), the target (destination).",
    labels=("segment",), distribution=True, words=_SEGMENTS,
)  # fmt: skip
LOSS = Metric(
    name="path_loss", title={"vi": "Mất gói tới cuối từng đoạn", "en": "Loss to each stretch's end"}, unit="ratio",
    help="Part of the probes that neither the far end of a stretch nor anything behind it answered, 0 to 1.",
    labels=("segment",), words=_SEGMENTS,
)  # fmt: skip
LAST_MILE = Metric(
    name="path_last_mile_rtt", title={"vi": "Độ trễ chặng cuối", "en": "Last-mile round trip"}, unit="seconds",
    help="Round trip of the first router outside the office less that of the office's last router; never below 0.",
    distribution=True,
)  # fmt: skip
MTU = Metric(
    name="path_mtu", title={"vi": "Gói tin lớn nhất đi lọt", "en": "Largest packet"}, unit="bytes",
    help="The largest packet that reaches the target whole, IP header included, 1500 at most.",
)  # fmt: skip
FACTS = (
    Fact(name="traced", title={"vi": "Dò đường tới", "en": "Traced towards"},
         help="target; while its name cannot be looked up, remembered (where it led last) or name_server.",
         words={"target": {"vi": "hệ thống đích", "en": "the target"},
                "remembered": {"vi": "địa chỉ đã biết của đích", "en": "the target's last address"},
                "name_server": {"vi": "máy chủ tên miền", "en": "the name server"}}),
    Fact(name="address_family", title={"vi": "Giao thức IP", "en": "IP version"},
         help="ipv4 or ipv6: which of the target's addresses was traced.",
         words={"ipv4": {"vi": "IPv4", "en": "IPv4"}, "ipv6": {"vi": "IPv6", "en": "IPv6"}}),
    Fact(name="method", title={"vi": "Cách đo đường đi", "en": "How the way was traced"},
         help="kernel (error queue, no rights needed), scapy (raw packets), or connect: the system can do neither, "
              "only the target was measured.",
         words={"kernel": {"vi": "hàng đợi lỗi của nhân, không cần quyền", "en": "kernel error queue, no rights"},
                "scapy": {"vi": "gói tin thô (scapy)", "en": "raw packets (scapy)"},
                "connect": {"vi": "chỉ kết nối tới đích", "en": "connection to the target only"}}),
    Fact(name="protocol", title={"vi": "Loại gói tin dò đường", "en": "Kind of probe"},
         help="udp, tcp or icmp: what the way was traced with.", words=_PROTOCOLS),
    Fact(name="raw_packets", title={"vi": "Gói tin thô", "en": "Raw packets"},
         help="Whether raw packets were wanted and to be had: not_needed, used, off (by the job), permission, "
              "unavailable (not installed, or not on this system), failed.",
         words={"not_needed": {"vi": "không cần", "en": "not needed"}, "used": {"vi": "đã dùng", "en": "used"},
                "off": {"vi": "tắt theo cấu hình", "en": "turned off by the job"},
                "permission": {"vi": "không có quyền", "en": "not permitted"},
                "unavailable": {"vi": "không có trên máy này", "en": "not available here"},
                "failed": {"vi": "bị lỗi", "en": "failed"}}),
    Fact(name="probed_hops", title={"vi": "Số chặng đã dò", "en": "Hops probed"},
         help="How far was asked."),
    Fact(name="responding_hops", title={"vi": "Số chặng có trả lời", "en": "Hops that answered"},
         help="Hops that answered, the target included."),
    Fact(name="first_outside_hop", title={"vi": "Chặng đầu tiên ngoài cơ quan", "en": "First hop outside"},
         help="Number of the first router that is surely not the office's: its address is public or of RFC 6598."),
    Fact(name="outside_hops", title={"vi": "Các bộ định tuyến bên ngoài", "en": "Routers outside"},
         help="Addresses of up to 16 routers outside the office, nearest first; the office's own are never sent."),
    Fact(name="path_fingerprint", title={"vi": "Dấu vết đường đi", "en": "Path fingerprint"},
         help="The same as long as the routers outside that answer are."),
    Fact(name="mtu_method", title={"vi": "Cách đo gói tin lớn nhất", "en": "How the largest packet was found"},
         help="udp, tcp (full segments, so what a router lowers TCP to is in it) or icmp.", words=_PROTOCOLS),
    Fact(name="mtu_limited_at", title={"vi": "Nơi giới hạn kích thước gói", "en": "Where packets are limited"},
         help="Address of the router that said packets are too big; \"office\" for one that may be the office's."),
    Fact(name="mtu_blackhole", title={"vi": "Gói tin lớn bị nuốt", "en": "Large packets vanish"},
         help="no, yes, or udp_only: UDP packets vanish, but TCP agrees on segments that pass.",
         words={"no": {"vi": "không", "en": "no"}, "yes": {"vi": "có", "en": "yes"},
                "udp_only": {"vi": "chỉ với UDP, TCP đã được hạ kích thước", "en": "UDP only, TCP adapts"}}),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to, and how closely to look."""

    target: Annotated[
        str,
        Meta(min_length=1, max_length=2000, description="http(s):// address, host, or host:port (443 if not said)."),
    ]
    max_hops: Annotated[int, Meta(ge=1, le=64, description="How far to look.")] = 30
    probes: Annotated[int, Meta(ge=1, le=6, description="Probes to each hop; a Linux router answers six at once.")] = 3
    mtu: Annotated[bool, Meta(description="Find the largest packet that passes, and whether larger ones vanish.")] = (
        True
    )
    raw: Annotated[bool, Meta(description="Use raw packets (scapy) where they are allowed and needed.")] = True
    office_networks: Annotated[
        tuple[str, ...],
        Meta(max_length=64, description="Networks of the office behind its first router, such as 10.20.0.0/16."),
    ] = ()

    def __post_init__(self) -> None:
        place(self.target)
        for text in self.office_networks:
            try:
                hops.network(text)
            except ValueError as why:
                raise ValueError(f"office_networks: {why}") from None


def place(target: str) -> tuple[str, int]:
    """Host and port of a target. Raises ValueError."""
    if "://" in target:
        try:
            url = urls.parse(target)
        except ValueError as why:
            raise ValueError(f"target: {why}") from None
        return url.host, url.port
    found = _PLACE.fullmatch(target)
    port = int(found[2] or 443) if found else 0
    if not found or not 0 < port < 65536:
        raise ValueError("target: expected http(s)://host/…, host or host:port")
    return (found[3] or found[1]).lower().strip("[]"), port


class Seen(Struct):
    """What was seen until now. ``connected`` is how long a TCP connection took (seconds), None when there was none."""

    address: Address
    own: str = ""
    connected: float | None = None
    refusal: NetError | None = None
    route: Route = Route((), ())
    method: str = "connect"
    protocol: str = "tcp"
    raw: str = "not_needed"
    mtu: Mtu | None = None
    mtu_method: str | None = None
    blackhole: str | None = None


def run(params: Params, env: Env) -> Reading:
    """Resolves, connects once, traces, then sends packets of growing size. The connection is cut at once."""
    host, port = place(params.target)
    try:
        addresses = env.net.resolve(host, port, env.left(10.0)).addresses
    except NetError as why:
        return _unnamed(why, params, env)
    try:
        seen = _connect(addresses, env)
        env.memory[_MEMORY] = msgspec.to_builtins(seen.address)
        if trace.available():
            _trace(seen, params, env)
    except NetError as why:
        return error(why.reason, why.detail) if why.reason in UNMEASURED else failed(why.reason, detail=why.detail)
    if not reached(seen) and env.left() <= 0:
        return error(Reason.DEADLINE, "the time was up before the way was traced")
    if params.mtu and reached(seen) and seen.method != "connect":
        _measure(seen, params, env)
    return summarise(params, seen)


def _unnamed(why: NetError, params: Params, env: Env) -> Reading:
    """The name leads nowhere now. When that is because no name server answers, the way to where the name led last time
    is traced, or to the first name server outside the office: it tells whether the line or what lies behind is broken.
    """
    if why.reason in UNMEASURED:
        return error(why.reason, why.detail)
    stand_in = _stand_in(params, env) if why.reason in _UNANSWERED and trace.available() else None
    if stand_in is None:
        return failed(why.reason, detail=why.detail)
    traced, seen = stand_in
    _trace(seen, msgspec.structs.replace(params, raw=False), env)
    office = hops.known(seen.own, params.office_networks)
    way = hops.read(seen.route, office)
    return failed(why.reason, (), {**_facts(seen, way, office), "traced": traced}, why.detail)


def _stand_in(params: Params, env: Env) -> tuple[str, Seen] | None:
    """What is traced in the target's place, and what it is."""
    if _MEMORY in env.memory:
        return "remembered", Seen(msgspec.convert(env.memory[_MEMORY], Address))
    listed = nameservers.from_resolv_conf(env.host.read(nameservers.RESOLV_CONF))
    listed += nameservers.from_resolv_conf(env.host.read(nameservers.BEHIND_STUB))
    for one in listed:
        server = Address("ipv6", (one, 53, 0, 0)) if ":" in one else Address("ipv4", (one, 53))
        office = hops.known(trace.source(server), params.office_networks)
        if not guard.is_loopback(one) and hops.owner(one, 0, office) != "office":
            return "name_server", Seen(server)
    return None


def _connect(addresses: tuple[Address, ...], env: Env) -> Seen:
    try:
        connection = env.net.connect(addresses, env.left(4.0))
    except NetError as why:
        return Seen(addresses[0], refusal=why)
    connection.sock.close()
    return Seen(connection.address, connected=connection.took)


def _trace(seen: Seen, params: Params, env: Env) -> None:
    """By UDP, as every router answers it; by TCP where the target or a firewall does not; by ICMP where neither leads
    to the end. The route that comes furthest is kept."""
    seen.own, seen.method, seen.protocol = trace.source(seen.address), "kernel", "udp"
    with contextlib.suppress(NetError):  # a firewall of this device's own may forbid it
        # where TCP is known to get through, it is soon asked instead of a target that drops UDP
        silent = trace.SILENT if seen.connected is None else _IMPATIENT
        seen.route = trace.udp(seen.address, params.max_hops, params.probes, env.now() + env.left(20.0), silent)
    env.meter.add(sockets=1, sent=seen.route.sent, received=seen.route.received)
    if _ended(seen.route) or trace.circles(seen.route.replies, 3):
        return
    other = trace.tcp(seen.address, params.max_hops, params.probes, env.now() + env.left(15.0))
    env.meter.add(sockets=sum(other.asked))
    _prefer(seen, other, "kernel", "tcp")
    if reached(seen):
        return
    raw = _raw(seen, params, env, Route, {"do": "trace", "hops": params.max_hops, "probes": params.probes}, 12.0)
    if raw is not None:
        _prefer(seen, raw, "scapy", "icmp")


def _prefer(seen: Seen, other: Route, method: str, protocol: str) -> None:
    if (_ended(other), _furthest(other)) > (_ended(seen.route), _furthest(seen.route)):
        seen.route, seen.method, seen.protocol = other, method, protocol


def _ended(route: Route) -> bool:
    return route.end is not None and route.end.kind == "reached"


def _furthest(route: Route) -> int:
    return max((reply.ttl for reply in route.replies), default=0)


def reached(seen: Seen) -> bool:
    """Whether the target answered, by the route or by its connection; one that refuses is there too."""
    refused = seen.refusal is not None and seen.refusal.reason == Reason.TCP_REFUSED
    return _ended(seen.route) or seen.connected is not None or (refused and seen.method == "connect")


def _raw(seen: Seen, params: Params, env: Env, answer: type[Any], asked: dict[str, Any], seconds: float) -> Any:
    """What scapy's program answers, by ICMP; None when it cannot, and ``seen.raw`` then says why."""
    if not params.raw:
        seen.raw = "off"
        return None
    timeout = env.left(seconds)
    request = {**asked, "address": str(seen.address.sockaddr[0]), "protocol": "icmp", "port": 0, "timeout": timeout}
    try:
        found = env.child.call("checks.kit.raw", request, answer=answer, timeout=env.left(seconds + 5.0))
    except ChildError as why:
        seen.raw = why.detail if why.detail in ("permission", "unavailable") else "failed"
        return None
    seen.raw = "used"
    env.meter.add(sockets=1, sent=found.sent, received=found.received)
    return found


def _measure(seen: Seen, params: Params, env: Env) -> None:
    """A black hole for UDP is looked at with what matters, TCP, where there is a server to talk to."""
    method = seen.protocol if _ended(seen.route) else "tcp"
    found = _sizes(method, seen, params, env)
    udp_only = found is not None and found.blackhole and found.mtu is None
    if udp_only:
        method, found = "tcp", _sizes("tcp", seen, params, env)
    if found is not None and found.mtu is not None:
        seen.mtu, seen.mtu_method = found, method
        seen.blackhole = "yes" if found.blackhole else "udp_only" if udp_only else "no"


def _sizes(protocol: str, seen: Seen, params: Params, env: Env) -> Mtu | None:
    until = env.now() + env.left(15.0)
    if protocol == "icmp":
        low = pathmtu.LOWEST[seen.address.family]
        found: Mtu | None = _raw(seen, params, env, Mtu, {"do": "mtu", "from": low, "to": pathmtu.HIGHEST}, 15.0)
        return found
    try:
        if protocol == "udp":
            found = pathmtu.udp(seen.address, until, exact=seen.connected is None)
        else:
            found = pathmtu.tcp(seen.address, until)
    except NetError:
        return None
    env.meter.add(sockets=1, sent=found.sent, received=found.received)
    return found


def summarise(params: Params, seen: Seen) -> Reading:
    """The reading of what was seen."""
    office = hops.known(seen.own, params.office_networks)
    way = hops.read(seen.route, office)
    facts = _facts(seen, way, office)
    failure = judge(seen, way)
    if failure and failure.reason in UNMEASURED:
        return error(failure.reason, failure.detail, facts)
    samples = (sample(REACHED, float(reached(seen))), *_samples(seen, way))
    return failed(failure.reason, samples, facts, failure.detail) if failure else ok(samples, facts)


def judge(seen: Seen, way: list[Hop]) -> NetError | None:
    """What is wrong with the way, or None."""
    if reached(seen):
        if seen.blackhole != "yes" or seen.mtu is None:
            return None
        return NetError(Reason.MTU_BLACKHOLE, f"packets larger than {seen.mtu.mtu} bytes vanish, and nobody says so")
    if seen.method == "connect" and seen.refusal:
        return seen.refusal
    if trace.circles(seen.route.replies):
        return NetError(Reason.ROUTE_LOOP, f"a router came by again before hop {way[-1].ttl}")
    if not way:
        return NetError(Reason.ROUTE_STOPS, "no router on the way answered")
    end = seen.route.end
    words = {"prohibited": "forbids going on", "unreachable": "knows no way on"}
    if end:
        return NetError(Reason.ROUTE_STOPS, f"hop {end.ttl} {words.get(end.kind, 'goes no further')}")
    return NetError(Reason.ROUTE_STOPS, f"hop {way[-1].ttl} was the last to answer")


def _samples(seen: Seen, way: list[Hop]) -> Iterator[Sample]:
    if _ended(seen.route) and seen.route.end:
        yield sample(HOPS, seen.route.end.ttl)
    ends = hops.segments(way)
    for name in _SEGMENTS:
        if name in ends:
            yield sample(RTT, ends[name].rtt, segment=name)
            yield sample(LOSS, ends[name].loss, segment=name)
    if "destination" not in ends and seen.connected is not None:
        yield sample(RTT, seen.connected, segment="destination")
    last_mile = hops.last_mile(ends)
    if last_mile is not None:
        yield sample(LAST_MILE, last_mile)
    if seen.mtu and seen.mtu.mtu is not None:
        yield sample(MTU, seen.mtu.mtu)


def _facts(seen: Seen, way: list[Hop], office: list[Network]) -> dict[str, Scalar]:
    outside = hops.outside(way)
    limited = seen.mtu.limited_at if seen.mtu else None
    return {
        "traced": "target",
        "address_family": seen.address.family,
        "method": seen.method,
        "protocol": seen.protocol,
        "raw_packets": seen.raw,
        "probed_hops": len(seen.route.asked),
        "responding_hops": len(way),
        "first_outside_hop": next((hop.ttl for hop in way if hop.whose == "outside"), None),
        "outside_hops": " ".join(outside) or None,
        "path_fingerprint": hops.fingerprint(way),
        "mtu_method": seen.mtu_method,
        "mtu_limited_at": limited and (limited if hops.owner(limited, 0, office) == "outside" else "office"),
        "mtu_blackhole": seen.blackhole,
    }


CHECK = Check(
    name="path",
    title={"vi": "Đường đi tới hệ thống", "en": "The way to a system"},
    params=Params,
    metrics=(REACHED, HOPS, RTT, LOSS, LAST_MILE, MTU),
    facts=FACTS,
    run=run,
    every=21600.0,
    timeout=60.0,
)
