"""How much the office's line carries, by the router's own counters, and what the router is and can.

Directions are the router's: it receives what comes from the provider (down) and transmits what goes there (up).
Without access to a router the check does not apply. Secrets come from the collector's configuration or from
``secret_file`` on this device; they appear in no fact, detail or log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from checks.kit import counters, line
from checks.kit.child import ChildError
from checks.kit.counters import Count, Span
from checks.kit.line import Past, Seen
from checks.kit.model import (
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
from checks.kit.net import UNMEASURED, NetError
from checks.kit.survey import BATTERY, SOURCE, Access, Snapshot

Mbps = Annotated[float, Meta(gt=0, le=1e6)]
_MEMORY = "uplink"
_WAYS = {
    "receive": {"vi": "Nhận từ nhà cung cấp (tải xuống)", "en": "From the provider (download)"},
    "transmit": {"vi": "Gửi tới nhà cung cấp (tải lên)", "en": "To the provider (upload)"},
}
_YES = {
    "yes": {"vi": "có", "en": "yes"},
    "no": {"vi": "không", "en": "no"},
    "unknown": {"vi": "không rõ", "en": "unknown"},
}
_WAY = ("direction",)

UP = Metric(
    name="uplink_up", title={"vi": "Đường truyền hoạt động", "en": "Line works"}, unit="",
    help="1 when the line's interface works and the router's counters were read, 0 when not.",
    words={"1": {"vi": "có", "en": "yes"}, "0": {"vi": "không", "en": "no"}},
)  # fmt: skip
RECEIVED = Metric(
    name="uplink_receive", title={"vi": "Tổng dữ liệu nhận", "en": "Received in all"}, unit="bytes", counter=True,
    help="Bytes the line's interface received from the provider since its counter began.",
)  # fmt: skip
TRANSMITTED = Metric(
    name="uplink_transmit", title={"vi": "Tổng dữ liệu gửi", "en": "Transmitted in all"}, unit="bytes", counter=True,
    help="Bytes the line's interface transmitted to the provider since its counter began.",
)  # fmt: skip
THROUGHPUT = Metric(
    name="uplink_throughput",
    title={"vi": "Lưu lượng đường truyền", "en": "Traffic on the line"},
    unit="bytes_per_second", labels=_WAY, words=_WAYS,
    help="Bytes between two readings of the router, over the seconds of uplink_interval_seconds.",
)  # fmt: skip
INTERVAL = Metric(
    name="uplink_interval", title={"vi": "Khoảng giữa hai lần đọc", "en": "Time between the readings"}, unit="seconds",
    help="Between the two readings that uplink_throughput stands on, by the clock in the fact interval_clock.",
)  # fmt: skip
CAPACITY = Metric(
    name="uplink_capacity",
    title={"vi": "Băng thông theo hợp đồng", "en": "Contracted capacity"},
    unit="bytes_per_second", labels=_WAY, words=_WAYS, help="What the line is contracted for, as configured.",
)  # fmt: skip
UTILISATION = Metric(
    name="uplink_utilisation", title={"vi": "Mức sử dụng băng thông", "en": "Use of the line"}, unit="ratio",
    labels=_WAY, words=_WAYS, distribution=True,
    help="Traffic by contracted capacity, of intervals within half of sample_seconds only: 5-minute samples.",
)  # fmt: skip
SPEED = Metric(
    name="uplink_interface_speed",
    title={"vi": "Tốc độ cổng", "en": "Speed of the interface"}, unit="bytes_per_second",
    help="Speed of the line's interface, as the router tells it.",
)  # fmt: skip
ERRORS = Metric(
    name="uplink_errors", title={"vi": "Gói tin lỗi", "en": "Packets with errors"}, unit="", counter=True,
    labels=_WAY, words=_WAYS, help="Packets in error on the line's interface since its counter began.",
)  # fmt: skip
DISCARDS = Metric(
    name="uplink_discards", title={"vi": "Gói tin bị bỏ", "en": "Packets discarded"}, unit="", counter=True,
    labels=_WAY, words=_WAYS, help="Packets the router dropped on the line's interface, mostly when it was full.",
)  # fmt: skip
UPTIME = Metric(
    name="uplink_router_uptime", title={"vi": "Thời gian bộ định tuyến đã chạy", "en": "The router's uptime"},
    unit="seconds", help="Since the router booted, or, where it tells only that, since its SNMP agent started.",
)  # fmt: skip
CHARGE = Metric(
    name="uplink_ups_charge", title={"vi": "Mức pin UPS", "en": "UPS battery charge"}, unit="ratio",
    help="Charge of the battery (UPS-MIB), 0 to 1.",
)  # fmt: skip
RUNTIME = Metric(
    name="uplink_ups_runtime", title={"vi": "Thời gian UPS còn cấp điện", "en": "UPS time left"}, unit="seconds",
    help="How long the battery can still carry the load (UPS-MIB; whole minutes).",
)  # fmt: skip
ON_BATTERY = Metric(
    name="uplink_ups_on_battery", title={"vi": "Thời gian đã chạy bằng pin", "en": "Time on battery"}, unit="seconds",
    help="How long the UPS has run on its battery; 0 on mains.",
)  # fmt: skip

FACTS = (
    Fact(name="method", title={"vi": "Cách đọc bộ định tuyến", "en": "How the router was read"},
         help="snmp_v2c or snmp_v3, or local: the agent runs on the router itself.",
         words={"snmp_v2c": {"vi": "SNMP v2c", "en": "SNMP v2c"}, "snmp_v3": {"vi": "SNMP v3", "en": "SNMP v3"},
                "local": {"vi": "ngay trên bộ định tuyến", "en": "on the router itself"}}),
    Fact(name="protection", title={"vi": "Bảo vệ khi hỏi", "en": "Protection of the questions"},
         help="none, signed (authNoPriv) or encrypted (authPriv).",
         words={"none": {"vi": "không", "en": "none"}, "signed": {"vi": "có ký", "en": "signed"},
                "encrypted": {"vi": "có ký và mã hóa", "en": "signed and encrypted"}}),
    Fact(name="vendor", title={"vi": "Hãng bộ định tuyến", "en": "The router's maker"},
         help="By sysDescr and sysObjectID; unknown when they are of no known pattern."),
    Fact(name="model", title={"vi": "Kiểu bộ định tuyến", "en": "The router's model"}, help="By sysDescr."),
    Fact(name="firmware", title={"vi": "Phiên bản firmware", "en": "The router's firmware"},
         help="Version of the router's firmware; of a Linux router over SNMP, its kernel's."),
    Fact(name="interface", title={"vi": "Cổng đường truyền", "en": "The line's interface"},
         help="The router's interface whose counters were read."),
    Fact(name="interface_chosen_by", title={"vi": "Căn cứ chọn cổng", "en": "How the interface was chosen"},
         help="declared in the configuration, or default_route: the router's default route takes it.",
         words={"declared": {"vi": "khai báo", "en": "declared"},
                "default_route": {"vi": "tuyến mặc định của bộ định tuyến", "en": "the router's default route"}}),
    Fact(name="counter_bits", title={"vi": "Độ rộng bộ đếm", "en": "Width of the counters"},
         help="64, or 32 where the router has no ifHC counters: those wrap every 34 s at 1 Gbit/s."),
    Fact(name="interval_clock", title={"vi": "Đồng hồ tính khoảng đo", "en": "Clock of the interval"},
         help="router: its sysUpTime, in the same answer as the counters; agent: this device's boot clock.",
         words={"router": {"vi": "của bộ định tuyến", "en": "the router's"},
                "agent": {"vi": "của máy này", "en": "this device's"}}),
    Fact(name="interval", title={"vi": "Khoảng đo lưu lượng", "en": "Interval of the traffic"},
         help="measured, or why there is no rate: first, reboot, discontinuity, interface_changed, ambiguous (a 32-bit "
              "counter may have wrapped more than once), implausible (more than the interface can carry), too_short.",
         words={
             "measured": {"vi": "đo được", "en": "measured"},
             "first": {"vi": "lần đọc đầu tiên", "en": "first reading"},
             "reboot": {"vi": "bộ định tuyến đã khởi động lại", "en": "the router restarted"},
             "discontinuity": {"vi": "bộ đếm bắt đầu lại", "en": "the counters began anew"},
             "interface_changed": {"vi": "đã đổi cổng", "en": "another interface"},
             "ambiguous": {"vi": "bộ đếm 32 bit quay vòng nhiều lần", "en": "32-bit counters may wrap several times"},
             "implausible": {"vi": "lớn hơn tốc độ cổng", "en": "more than the interface can carry"},
             "too_short": {"vi": "quá ngắn", "en": "too short"},
         }),
    Fact(name="ipv6", title={"vi": "Bộ định tuyến có IPv6", "en": "IPv6 on the router"}, words=_YES,
         help="Whether it holds a global IPv6 address: yes, no or unknown."),
    Fact(name="ipv6_forwarding", title={"vi": "Chuyển tiếp IPv6", "en": "IPv6 forwarding"}, words=_YES,
         help="Whether it forwards IPv6: yes, no or unknown."),
    Fact(name="vlan", title={"vi": "Có chia VLAN", "en": "VLANs in use"}, words=_YES,
         help="Whether interfaces or its bridge tell of VLANs: yes, no or unknown."),
    Fact(name="ups", title={"vi": "Có UPS", "en": "UPS present"}, words=_YES,
         help="Whether the router answers for a UPS (UPS-MIB): yes, no or unknown."),
    Fact(name="ups_battery", title={"vi": "Trạng thái pin UPS", "en": "UPS battery"},
         help="normal, low or depleted (upsBatteryStatus).",
         words={"normal": {"vi": "bình thường", "en": "normal"}, "low": {"vi": "yếu", "en": "low"},
                "depleted": {"vi": "cạn", "en": "depleted"}}),
    Fact(name="ups_source", title={"vi": "Nguồn điện của UPS", "en": "UPS source"},
         help="What the UPS feeds from: mains, battery, bypass, booster, reducer or none (upsOutputSource).",
         words={"mains": {"vi": "điện lưới", "en": "mains"}, "battery": {"vi": "pin", "en": "battery"},
                "bypass": {"vi": "nối tắt", "en": "bypass"}, "booster": {"vi": "tăng áp", "en": "booster"},
                "reducer": {"vi": "giảm áp", "en": "reducer"}, "none": {"vi": "không có", "en": "none"}}),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which router, how to ask it, and what its line is contracted for."""

    host: Annotated[
        str, Meta(max_length=253, description="The router's name or address; empty: this device's gateway.")
    ] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="UDP port of its SNMP agent.")] = 161
    version: Annotated[Literal["2c", "3"], Meta(description="SNMP version.")] = "2c"
    community: Annotated[str, Meta(max_length=128, description="SNMP v2c: the community. A secret.")] = ""
    user: Annotated[str, Meta(max_length=64, description="SNMP v3: the user.")] = ""
    auth_protocol: Annotated[
        Literal["SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "MD5"],
        Meta(description="SNMP v3: how it is signed."),
    ] = "SHA"
    auth_key: Annotated[str, Meta(max_length=128, description="SNMP v3: the key it is signed with. A secret.")] = ""
    privacy_protocol: Annotated[
        Literal["AES", "AES-192", "AES-256", "DES"], Meta(description="SNMP v3: how it is encrypted.")
    ] = "AES"
    privacy_key: Annotated[
        str, Meta(max_length=128, description="SNMP v3: the key it is encrypted with. A secret.")
    ] = ""
    secret_file: Annotated[
        str,
        Meta(
            max_length=256,
            description="File on the device with lines `name = value` for community, user, auth_key and privacy_key, "
            "so that they need not stand here.",
        ),
    ] = ""
    interface: Annotated[
        str, Meta(max_length=255, description="The line's ifName, ifDescr or ifAlias; empty: the default route's.")
    ] = ""
    capacity_down_mbps: Annotated[
        Mbps | None, Meta(description="Contracted download, Mbit/s; without it there is no utilisation.")
    ] = None
    capacity_up_mbps: Annotated[Mbps | None, Meta(description="Contracted upload, Mbit/s.")] = None
    sample_seconds: Annotated[
        float,
        Meta(
            ge=1, le=3600, description="Length of a sample of utilisation; other intervals, past half of it, are none."
        ),
    ] = 300.0
    settle: Annotated[
        float, Meta(ge=0, le=20, description="Seconds between the two readings of a first run; 0: only one reading.")
    ] = 5.0
    timeout: Annotated[float, Meta(gt=0, le=10, description="Seconds to wait for an answer; asked twice.")] = 3.0

    def __post_init__(self) -> None:
        for name in ("auth_key", "privacy_key"):
            if 0 < len(getattr(self, name)) < 8:
                raise ValueError(f"{name}: expected at least 8 characters (RFC 3414)")
        if self.privacy_key and not self.auth_key and not self.secret_file:
            raise ValueError("privacy_key: expected an auth_key beside it")

    def __repr__(self) -> str:
        return f"Params(host={self.host!r}, version={self.version!r})"

    @property
    def access(self) -> Access:
        return Access(**{name: getattr(self, name) for name in Access.__struct_fields__})


def run(params: Params, env: Env) -> Reading:
    """Reads the router once, or twice when there is no earlier reading to compare with. Nothing is written to it."""
    past = msgspec.convert(env.memory[_MEMORY], Past) if _MEMORY in env.memory else None
    try:
        seen = _see(params, env, past)
        if seen is None:
            return not_applicable("no access to a router's SNMP is declared")
        reading, latest = summarise(params, seen, past.count if past else None)
    except ChildError as why:
        return error(why.reason, "the process that asks the router gave no answer")
    except NetError as why:
        return _refused(params, why)
    env.memory[_MEMORY] = msgspec.to_builtins(line.remembered(past, seen, latest, env.clock.mono()))
    return reading


def summarise(params: Params, seen: Seen, past: Count | None) -> tuple[Reading, Count]:
    """The reading of `seen`, and the count that the next run compares with. Raises NetError SNMP_MISSING."""
    counted = [line.count(seen, snapshot) for snapshot in seen.snapshots]
    last, latest = seen.snapshots[-1], counted[-1]
    span = counters.between(past or (counted[0] if len(counted) > 1 else None), latest, last.speed)
    facts: dict[str, Scalar] = {
        "method": seen.method, "protection": seen.protection, "interval": span.status,
        "interval_clock": span.clock or None, "counter_bits": latest.bits, **_router(seen, last),
    }  # fmt: skip
    samples = (sample(UP, not last.down), *_traffic(params, span), *_states(last, latest))
    if last.down:
        return failed(Reason.INTERFACE_DOWN, samples, facts, f"the line's interface is {last.down}"), latest
    return ok(samples, facts), latest


def _see(params: Params, env: Env, past: Past | None) -> Seen | None:
    if not params.host and line.is_router(env.host):
        return line.local(env, params.interface, past, params.settle)
    access = params.access
    if params.secret_file:
        access = line.secrets(access, env.host.read(params.secret_file))
    if not (access.user if access.version == "3" else access.community):
        return None
    return line.remote(env, params, access, past)


def _refused(params: Params, why: NetError) -> Reading:
    if why.reason in UNMEASURED:
        return error(why.reason, why.detail)
    facts: dict[str, Scalar] = {"method": f"snmp_v{params.version}"}
    return failed(why.reason, (sample(UP, 0),), facts, why.detail)


def _router(seen: Seen, last: Snapshot) -> dict[str, Scalar]:
    known = seen.survey
    names = ("vendor", "model", "firmware", "interface", "chosen_by", "ipv6", "ipv6_forwarding", "vlan", "ups")
    return {
        **{"interface_chosen_by" if name == "chosen_by" else name: getattr(known, name) for name in names},
        "ups_battery": BATTERY.get(last.number("battery") or 0),
        "ups_source": SOURCE.get(last.number("source") or 0),
    }


def _traffic(params: Params, span: Span) -> Iterator[Sample]:
    """What passed: nothing without an interval, and utilisation only of one as long as a sample should be."""
    contracted = {"receive": params.capacity_down_mbps, "transmit": params.capacity_up_mbps}
    for way, mbps in contracted.items():
        if mbps is not None:
            yield sample(CAPACITY, mbps * 1e6 / 8, direction=way)
    if span.status != "measured":
        return
    yield sample(INTERVAL, span.seconds)
    fits = abs(span.seconds - params.sample_seconds) <= params.sample_seconds / 2
    for way, passed in (("receive", span.received), ("transmit", span.transmitted)):
        yield sample(THROUGHPUT, passed / span.seconds, direction=way)
        mbps = contracted[way]
        if mbps is not None and fits:
            yield sample(UTILISATION, passed * 8 / span.seconds / (mbps * 1e6), direction=way)


def _states(last: Snapshot, latest: Count) -> Iterator[Sample]:
    yield sample(RECEIVED, latest.received)
    yield sample(TRANSMITTED, latest.transmitted)
    for metric, name in ((ERRORS, "errors"), (DISCARDS, "discards")):
        for way, end in (("receive", "in"), ("transmit", "out")):
            number = last.number(f"{name}_{end}")
            if number is not None:
                yield sample(metric, number, direction=way)
    if last.speed is not None:
        yield sample(SPEED, last.speed)
    scaled = (
        (UPTIME, last.number("host_uptime", "uptime"), 0.01),
        (CHARGE, last.number("charge"), 0.01),
        (RUNTIME, last.number("minutes_left"), 60.0),
        (ON_BATTERY, last.number("seconds_on_battery"), 1.0),
    )
    yield from (sample(metric, number * scale) for metric, number, scale in scaled if number is not None)


CHECK = Check(
    name="uplink",
    title={"vi": "Đường truyền và bộ định tuyến", "en": "Access line and router"},
    params=Params,
    metrics=(
        UP, RECEIVED, TRANSMITTED, THROUGHPUT, INTERVAL, CAPACITY, UTILISATION, SPEED, ERRORS, DISCARDS, UPTIME, CHARGE,
        RUNTIME, ON_BATTERY,
    ),
    facts=FACTS,
    run=run,
    every=300.0,
    timeout=45.0,
)  # fmt: skip
