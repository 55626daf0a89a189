"""The office network as this PC meets it: its link, its address, and the way to the default gateway.

No name of an interface or network and no address of a PC leaves the device.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from checks.kit import gateway, scan, surroundings
from checks.kit.child import ChildError
from checks.kit.failure import NetError
from checks.kit.gateway import Asked
from checks.kit.link import COUNTERS, Link
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.scan import Scanned
from checks.kit.surroundings import Surroundings

FAMILIES = {"ipv4": {"vi": "IPv4", "en": "IPv4"}, "ipv6": {"vi": "IPv6", "en": "IPv6"}}
_DIRECTIONS = {"receive": {"vi": "nhận", "en": "received"}, "transmit": {"vi": "gửi", "en": "sent"}}
_SCAN_SECONDS = 16.0

RTT = Metric(
    name="lan_gateway_rtt", title={"vi": "Độ trễ tới gateway", "en": "Round trip to the gateway"}, unit="seconds",
    help="Median of the echo requests of one run.", labels=("family",), distribution=True, words=FAMILIES,
)  # fmt: skip
RTT_MIN = Metric(
    name="lan_gateway_rtt_min", title={"vi": "Độ trễ thấp nhất tới gateway", "en": "Shortest trip to the gateway"},
    unit="seconds", help="Shortest round trip of one run.", labels=("family",), words=FAMILIES,
)  # fmt: skip
RTT_P95 = Metric(
    name="lan_gateway_rtt_p95", title={"vi": "Độ trễ P95 tới gateway", "en": "P95 trip to the gateway"},
    unit="seconds", help="95th percentile of the round trips of one run.", labels=("family",), words=FAMILIES,
)  # fmt: skip
LOSS = Metric(
    name="lan_gateway_loss", title={"vi": "Mất gói tới gateway", "en": "Loss to the gateway"}, unit="ratio",
    help="Part of the echo requests of one run that got no answer within a second, 0 to 1.",
    labels=("family",), distribution=True, words=FAMILIES,
)  # fmt: skip
JITTER = Metric(
    name="lan_gateway_jitter", title={"vi": "Độ dao động trễ (RFC 3550)", "en": "Jitter (RFC 3550)"}, unit="seconds",
    help="Interarrival jitter by RFC 3550 section 6.4.1 over the round trips, corrected for its start at 0.",
    labels=("family",), distribution=True, words=FAMILIES,
)  # fmt: skip
SPREAD = Metric(
    name="lan_gateway_spread", title={"vi": "Độ dao động trễ (P95 − P50)", "en": "Jitter (P95 − P50)"},
    unit="seconds", help="95th percentile of the round trips of one run less their median.",
    labels=("family",), distribution=True, words=FAMILIES,
)  # fmt: skip
LINK = Metric(
    name="lan_link_up", title={"vi": "Có kết nối mạng", "en": "Link up"}, unit="",
    help="1 when the interface towards the gateway has a carrier (on Wi-Fi: has joined a network), else 0.",
    words={"1": {"vi": "có", "en": "yes"}, "0": {"vi": "không", "en": "no"}},
)  # fmt: skip
SPEED = Metric(
    name="lan_link_speed", title={"vi": "Tốc độ cổng mạng", "en": "Link speed"},
    unit="bytes_per_second",
    help="Speed of the interface towards the gateway, where the system tells it: 125000000 is 1 Gbit/s.",
)  # fmt: skip
MTU = Metric(
    name="lan_link_mtu", title={"vi": "MTU của cổng mạng", "en": "Link MTU"}, unit="bytes",
    help="Largest packet of the interface towards the gateway.",
)  # fmt: skip
ERRORS = Metric(
    name="lan_interface_errors", title={"vi": "Gói lỗi trên cổng mạng", "en": "Interface errors"}, unit="",
    counter=True, help="Packets with errors since the interface was made, as the system counts.",
    labels=("direction",), words=_DIRECTIONS,
)  # fmt: skip
DROPS = Metric(
    name="lan_interface_drops", title={"vi": "Gói bị bỏ trên cổng mạng", "en": "Interface drops"}, unit="",
    counter=True,
    help="Packets dropped since the interface was made; on Linux also those of protocols nobody here speaks.",
    labels=("direction",), words=_DIRECTIONS,
)  # fmt: skip
ERRORS_NEW = Metric(
    name="lan_interface_errors_recent", title={"vi": "Gói lỗi từ lần đo trước", "en": "Errors since the last run"},
    unit="", help="Packets with errors since the run before; the first run after a start has none.",
    labels=("direction",), words=_DIRECTIONS,
)  # fmt: skip
DROPS_NEW = Metric(
    name="lan_interface_drops_recent", title={"vi": "Gói bị bỏ từ lần đo trước", "en": "Drops since the last run"},
    unit="", help="Packets dropped since the run before; the first run after a start has none.",
    labels=("direction",), words=_DIRECTIONS,
)  # fmt: skip
SIGNAL = Metric(
    name="lan_wifi_signal_dbm", title={"vi": "Cường độ sóng Wi-Fi (dBm)", "en": "Wi-Fi signal (dBm)"}, unit="",
    help="Signal of the access point, dBm.",
)  # fmt: skip
QUALITY = Metric(
    name="lan_wifi_quality", title={"vi": "Chất lượng sóng Wi-Fi", "en": "Wi-Fi quality"}, unit="ratio",
    help="Quality of the Wi-Fi link as the driver rates it, 0 to 1.",
)  # fmt: skip
LEASE = Metric(
    name="lan_lease_left", title={"vi": "Thời hạn thuê địa chỉ còn lại", "en": "Lease time left"}, unit="seconds",
    help="Until this PC's IPv4 address by DHCP ends.",
)  # fmt: skip
NEIGHBOURS = Metric(
    name="lan_neighbours", title={"vi": "Thiết bị đang có trong mạng", "en": "Devices on the network"}, unit="",
    help="Addresses of this PC's network that answered ARP, when asked for.",
)  # fmt: skip
DUPLICATES = Metric(
    name="lan_duplicate_addresses", title={"vi": "Địa chỉ IP bị trùng", "en": "Duplicate addresses"}, unit="",
    help="Addresses of this PC's network that two devices answered for.",
)  # fmt: skip
SERVERS = Metric(
    name="lan_dhcp_servers", title={"vi": "Máy chủ DHCP trong mạng", "en": "DHCP servers"}, unit="",
    help="DHCP servers that offered an address.",
)  # fmt: skip

_STATES = {
    "answered": {"vi": "có trả lời", "en": "answered"},
    "filtered": {"vi": "có mặt nhưng chặn ping", "en": "there, but filters echo"},
    "present": {"vi": "có mặt, không đo được ping", "en": "there, echo cannot be sent"},
    "unreachable": {"vi": "không trả lời", "en": "gone"},
    "silent": {"vi": "không trả lời ping, không rõ có mặt", "en": "no echo, presence unknown"},
    "point_to_point": {"vi": "đường nối thẳng, không có gateway", "en": "point-to-point link"},
    "missing": {"vi": "không có", "en": "none"},
}
_METHODS = {
    "icmp_datagram": {"vi": "ICMP (socket datagram)", "en": "ICMP (datagram socket)"},
    "icmp_raw": {"vi": "ICMP (socket raw)", "en": "ICMP (raw socket)"},
    "system_ping": {"vi": "lệnh ping của hệ thống", "en": "the system's ping"},
    "windows_api": {"vi": "API của Windows", "en": "the Windows API"},
    "neighbour_table": {"vi": "chỉ bảng láng giềng", "en": "only the neighbour table"},
}
_KINDS = {
    "public": {"vi": "công cộng", "en": "public"},
    "shared": {"vi": "dùng chung của nhà mạng (CGNAT)", "en": "carrier-grade NAT"},
    "private": {"vi": "riêng", "en": "private"},
    "link_local": {"vi": "tự đặt (169.254, fe80)", "en": "link-local"},
    "none": {"vi": "không có", "en": "none"},
}
FACTS = (
    *(Fact(name=f"gateway_echo_{family}", title={"vi": f"Gateway {said['vi']}", "en": f"{said['en']} gateway"},
           help="Whether the default gateway answers echo requests, or is at least on the link.", words=_STATES)
      for family, said in FAMILIES.items()),
    *(Fact(name=f"echo_method_{family}", title={"vi": f"Cách đo {said['vi']}", "en": f"{said['en']} method"},
           help="How the gateway was asked.", words=_METHODS)
      for family, said in FAMILIES.items()),
    Fact(name="echo_stamps", title={"vi": "Nguồn thời gian của phép đo", "en": "Who took the times"},
         help="kernel is the most exact; process and tool are late on a busy PC.",
         words={"kernel": {"vi": "nhân hệ điều hành", "en": "the kernel"},
                "process": {"vi": "tiến trình đo", "en": "this process"},
                "tool": {"vi": "lệnh ping", "en": "the ping command"}}),
    *(Fact(name=f"address_kind_{family}", title={"vi": f"Địa chỉ {said['vi']}", "en": f"{said['en']} address"},
           help="What kind of address this PC has; the address is not sent. link_local alone: DHCP gave none.",
           words=_KINDS)
      for family, said in FAMILIES.items()),
    Fact(name="address_origin", title={"vi": "Nguồn địa chỉ IPv4", "en": "Origin of the IPv4 address"},
         help="dhcp, static, link_local (nobody gave one), none or unknown.",
         words={"dhcp": {"vi": "DHCP", "en": "DHCP"}, "static": {"vi": "đặt tay", "en": "set by hand"},
                "link_local": {"vi": "tự đặt, DHCP không cấp", "en": "self-assigned, DHCP failed"},
                "none": {"vi": "không có địa chỉ", "en": "no address"},
                "unknown": {"vi": "không rõ", "en": "unknown"}}),
    Fact(name="lease_seconds", title={"vi": "Thời hạn thuê địa chỉ", "en": "Length of the lease"}, unit="seconds",
         help="How long the DHCP server gives an address for, where the system tells."),
    Fact(name="interface_kind", title={"vi": "Loại cổng mạng", "en": "Kind of interface"},
         help="The interface towards the gateway: ethernet, wifi or other.",
         words={"ethernet": {"vi": "mạng dây", "en": "Ethernet"}, "wifi": {"vi": "Wi-Fi", "en": "Wi-Fi"},
                "other": {"vi": "khác", "en": "other"}}),
    Fact(name="interface_virtual", title={"vi": "Cổng mạng ảo", "en": "Virtual interface"},
         help="Whether no device is behind the interface."),
    Fact(name="duplex", title={"vi": "Chế độ song công", "en": "Duplex"},
         help="full or half: half on a modern network means a failed negotiation.",
         words={"full": {"vi": "song công", "en": "full"}, "half": {"vi": "bán song công", "en": "half"}}),
    Fact(name="wifi_associated", title={"vi": "Đã vào mạng Wi-Fi", "en": "Joined a Wi-Fi network"},
         help="Whether the Wi-Fi interface has joined a network; its name is not read."),
    Fact(name="neighbour_scan", title={"vi": "Quét mạng nội bộ", "en": "Scan of the office network"},
         help="Whether neighbours and DHCP servers were asked for, and if not, why.",
         words={"off": {"vi": "không bật", "en": "off"}, "scapy": {"vi": "đã quét", "en": "done"},
                "no_rights": {"vi": "không đủ quyền", "en": "no rights"},
                "unavailable": {"vi": "không dùng được ở đây", "en": "not available here"},
                "failed": {"vi": "không thành công", "en": "failed"}}),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much to ask."""

    echoes: Annotated[int, Meta(ge=3, le=10, description="Echo requests sent to each gateway.")] = 10
    neighbours: Annotated[
        bool, Meta(description="Also look for duplicate addresses and foreign DHCP servers (needs scapy and rights).")
    ] = False
    dhcp_servers: Annotated[
        tuple[Annotated[str, Meta(max_length=15)], ...],
        Meta(max_length=16, description="IPv4 addresses of the DHCP servers that belong here; none: just one may be."),
    ] = ()


def run(params: Params, env: Env) -> Reading:
    """Reads link and address, then asks the first gateway of each family, and the neighbours when wanted."""
    name = env.host.system().name
    if name not in ("linux", "windows"):
        return error(Reason.UNSUPPORTED, f"no way is known to read the network of a device that runs {name}")
    try:
        around = surroundings.gather(env.host, env.child, env.left(20.0), env.clock.wall() / 1e6)
        asked = _ask(params, env, around) if around.connected else {}
    except (ChildError, NetError) as why:
        return error(why.reason, f"the office network could not be looked at: {why.detail}")
    scanned = Scanned()
    if params.neighbours and around.connected and around.link:
        scanned = scan.scan(env.child, _scanned_interface(around, around.link), env.left(_SCAN_SECONDS), env.meter)
    recent = since_last(env.memory, env.clock.boot(), around.link)
    return summarise(params, around, asked, scanned, recent)


def _ask(params: Params, env: Env, around: Surroundings) -> dict[str, Asked]:
    asked: dict[str, Asked] = {}
    for way in around.routes:
        if way.family not in asked:
            found = gateway.ask(env.host, way, params.echoes, time.monotonic() + env.left(), env.memory)
            asked[way.family] = found
            if found.echoes:
                env.meter.add(sockets=1, sent=found.echoes.bytes_sent, received=found.echoes.bytes_received)
    return asked


def _scanned_interface(around: Surroundings, link: Link) -> str:
    # the one with the address: on a bridge not the port below it
    return next((way.interface for way in around.routes if way.family == "ipv4"), link.name)


def since_last(memory: MutableMapping[str, Any], boot: str, link: Link | None) -> dict[str, int]:
    """How far each counter of `link` came since the run before, from and to `memory`; a counter that fell was reset and
    counts from 0. Nothing on the first run, for another interface or after a restart of the device."""
    before = memory.get("counters")
    memory["counters"] = [boot, link.name, dict(link.counters)] if link else None
    if not link or not before or before[:2] != [boot, link.name]:
        return {}
    then: Mapping[str, int] = before[2]
    return {
        name: value - then[name] if value >= then[name] else value
        for name, value in link.counters.items()
        if name in then
    }


def summarise(
    params: Params, around: Surroundings, asked: Mapping[str, Asked], scanned: Scanned, recent: Mapping[str, int]
) -> Reading:
    """The reading of what was found; pure."""
    samples = (*_gateway(asked), *_link(around, recent), *_scan(scanned))
    verdict = judge(params, around, asked, scanned)
    if verdict:
        return failed(verdict[0], samples, facts(around, asked, scanned), verdict[1])
    return ok(samples, facts(around, asked, scanned))


def judge(
    params: Params, around: Surroundings, asked: Mapping[str, Asked], scanned: Scanned
) -> tuple[Reason, str] | None:
    """What is wrong with the office network and the words for it, causes before consequences; None when nothing is."""
    if not around.connected:
        return Reason.LINK_DOWN, "no network interface has a carrier"
    if scanned.neighbours and (scanned.neighbours.own_conflict or scanned.neighbours.duplicates):
        whose = "this PC's address" if scanned.neighbours.own_conflict else "an address of this network"
        return Reason.ADDRESS_CONFLICT, f"two devices answer for {whose}"
    servers = scanned.servers or frozenset()
    strangers = len(servers - set(params.dhcp_servers)) if params.dhcp_servers else max(0, len(servers) - 1)
    if strangers:
        return Reason.ROGUE_DHCP, f"{len(servers)} DHCP servers offer addresses, {strangers} too many"
    if not around.routes:
        return Reason.GATEWAY_MISSING, "neither IPv4 nor IPv6 has a default route"
    for family, found in asked.items():
        if found.state == "unreachable":
            note = f" ({found.echoes.note})" if found.echoes and found.echoes.note else ""
            return Reason.GATEWAY_UNREACHABLE, f"the {family} gateway is not on the link{note}"
    return None


def facts(around: Surroundings, asked: Mapping[str, Asked], scanned: Scanned) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    link = around.link
    stated: dict[str, Scalar] = {}
    for family in FAMILIES:
        found = asked.get(family)
        missing = "missing" if around.connected else None
        stated[f"gateway_echo_{family}"] = found.state if found else missing
        stated[f"echo_method_{family}"] = _method(found)
        stated[f"address_kind_{family}"] = around.kinds.get(family)
    stamps = {found.echoes.stamps for found in asked.values() if found.echoes and found.echoes.rtts}
    stated["echo_stamps"] = next((name for name in ("tool", "process", "kernel") if name in stamps), None)
    stated["address_origin"] = around.origin.way
    stated["lease_seconds"] = around.origin.length or None
    stated["interface_kind"] = link.kind if link else None
    stated["interface_virtual"] = link.virtual if link else None
    stated["duplex"] = link.duplex if link else None
    stated["wifi_associated"] = link.carrier if link and link.kind == "wifi" else None
    stated["neighbour_scan"] = scanned.method
    return stated


def _method(found: Asked | None) -> str | None:
    if found is None or found.state == "point_to_point":
        return None
    return found.echoes.method if found.echoes else "neighbour_table"


def _gateway(asked: Mapping[str, Asked]) -> Iterator[Sample]:
    for family, found in asked.items():
        # of a gateway that filters echo, loss would say what is not so
        echoes = found.echoes if found.state in ("answered", "unreachable") else None
        if echoes is None:
            continue
        yield sample(LOSS, echoes.loss, family=family)
        times = (
            (RTT, echoes.median),
            (RTT_MIN, echoes.minimum),
            (RTT_P95, echoes.p95),
            (JITTER, echoes.jitter),
            (SPREAD, echoes.spread),
        )
        yield from (sample(metric, value, family=family) for metric, value in times if value is not None)


def _link(around: Surroundings, recent: Mapping[str, int]) -> Iterator[Sample]:
    link = around.link
    if link is None:
        return
    values = (
        (LINK, link.carrier), (SPEED, link.speed and link.speed / 8), (MTU, link.mtu), (SIGNAL, link.signal),
        (QUALITY, link.quality), (LEASE, around.origin.left),
    )  # fmt: skip
    yield from (sample(metric, value) for metric, value in values if value is not None)
    for name in COUNTERS:
        direction, _, what = name.partition("_")
        whole, new = (ERRORS, ERRORS_NEW) if what == "errors" else (DROPS, DROPS_NEW)
        if name in link.counters:
            yield sample(whole, link.counters[name], direction=direction)
        if name in recent:
            yield sample(new, recent[name], direction=direction)


def _scan(scanned: Scanned) -> Iterator[Sample]:
    if scanned.neighbours:
        yield sample(NEIGHBOURS, scanned.neighbours.neighbours)
        yield sample(DUPLICATES, scanned.neighbours.duplicates)
    if scanned.servers is not None:
        yield sample(SERVERS, len(scanned.servers))


CHECK = Check(
    name="lan",
    title={"vi": "Mạng nội bộ", "en": "Office network"},
    params=Params,
    metrics=(
        RTT, RTT_MIN, RTT_P95, LOSS, JITTER, SPREAD, LINK, SPEED, MTU, ERRORS, DROPS, ERRORS_NEW, DROPS_NEW, SIGNAL,
        QUALITY, LEASE, NEIGHBOURS, DUPLICATES, SERVERS,
    ),
    facts=FACTS,
    run=run,
    every=600.0,
    timeout=45.0,
)  # fmt: skip
