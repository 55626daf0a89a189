"""What the checks of the way to the systems would find."""

from __future__ import annotations

from checks.kit.model import Reading, Reason, Sample, Scalar, failed, not_applicable, ok
from collector.simulate.model import Kind
from collector.simulate.run import Generator, Run, of

STRAY = 0.002
"""Part of the probes that fail for no reason."""
MONTH = 30 * 86_400
MBIT = 1e6 / 8
QUIET = ("errors", "drops", "errors_recent", "drops_recent")
UNREACHED = (Reason.TCP_TIMEOUT, Reason.TCP_TIMEOUT, Reason.TCP_UNREACHABLE)


def connectivity(run: Run) -> Reading:
    rtt = run.rtt()
    phases = [of("connectivity_phase", run.around(0.008), phase="dns"), of("connectivity_phase", rtt, phase="tcp")]
    down, trouble = of("connectivity_up", 0), run.of_target
    if run.is_cut_off:
        return failed(run.chance.choice(UNREACHED), (down, phases[0]))
    if run.has(Kind.CAPTIVE_PORTAL):
        return failed(Reason.CAPTIVE_PORTAL, (down, *phases), {"final_host": "login.wifi.example"})
    if trouble and trouble.kind is Kind.CERTIFICATE_EXPIRED:
        left = (trouble.begin - run.at) / 1e6
        return failed(Reason.TLS_EXPIRED, (down, *phases, of("connectivity_certificate_left", left)))
    if trouble:
        status = (of("connectivity_http_status_code", 503), of("connectivity_phase", 4 * rtt, phase="ttfb"))
        return failed(Reason.HTTP_STATUS, (down, *phases, *status))
    if run.chance.random() < STRAY:
        return failed(Reason.TCP_TIMEOUT, (down, phases[0]))
    return _reached(run, rtt, phases)


def _reached(run: Run, rtt: float, phases: list[Sample]) -> Reading:
    later = {"tls": 1.4 * rtt, "request": 0.0004, "ttfb": rtt + run.around(0.03, 0.5), "transfer": run.around(0.004)}
    phases = [*phases, *(of("connectivity_phase", value, phase=phase) for phase, value in later.items())]
    number = sum(run.target.encode())
    samples = (
        of("connectivity_up", 1), *phases,
        of("connectivity_duration", sum(one.value for one in phases)),
        of("connectivity_http_status_code", 200),
        of("connectivity_received", 6000 + number % 6000),
        of("connectivity_certificate_left", MONTH * (0.6 + number % 9)),
        of("connectivity_chain_left", MONTH * (20 + number % 40)),
        of("connectivity_family_up", 1, family="ipv4"), of("connectivity_family_up", 0, family="ipv6"),
        of("connectivity_family_connect", rtt, family="ipv4"),
    )  # fmt: skip
    facts: dict[str, Scalar] = {
        "address_family": "ipv4", "ipv4": "works", "ipv6": "no_address", "happy_eyeballs": "ipv4", "proxy": "none",
        "redirects": 0, "tls_version": "TLSv1.3", "chain_length": 3,
    }  # fmt: skip
    return ok(samples, facts)


def dns(run: Run) -> Reading:
    if run.is_cut_off:
        dead = (of("dns_up", 0), of("dns_server_up", 0, server="1"), of("dns_unanswered", 3, server="1"))
        return failed(Reason.DNS_TIMEOUT, dead, {"servers": 2, "servers_asked": 2, "servers_answering": 0})
    samples = (
        of("dns_up", 1), of("dns_server_up", 1, server="1"), of("dns_server_up", 1, server="2"),
        of("dns_lookup", run.around(run.office.rtt), server="1", record="a", transport="udp"),
        of("dns_lookup", run.around(1.5 * run.office.rtt), server="2", record="a", transport="udp"),
        of("dns_unanswered", run.chance.random() < 0.02, server="1"),
    )  # fmt: skip
    facts: dict[str, Scalar] = {
        "servers": 2,
        "servers_asked": 2,
        "servers_answering": 2,
        "families": "ipv4",
        "transport": "udp",
    }
    return ok(samples, {**facts, "agreement": True, "rewritten": False})


def lan(run: Run) -> Reading:
    rtt, lost = run.around(0.0009, 0.5), run.chance.random() < 0.01
    spread = rtt * run.around(0.6, 0.5)
    echo = {"rtt": rtt, "rtt_min": 0.8 * rtt, "rtt_p95": rtt + spread, "loss": 0.2 * lost, "jitter": spread / 3,
            "spread": spread}  # fmt: skip
    samples = (
        *(of(f"lan_gateway_{name}", value, family="ipv4") for name, value in echo.items()),
        of("lan_link_up", 1), of("lan_link_speed", 1000 * MBIT), of("lan_link_mtu", 1500),
        *(of(f"lan_interface_{name}", 0, direction="receive") for name in QUIET),
        of("lan_lease_left", 86_400 - run.seconds % 43_200),
    )  # fmt: skip
    facts: dict[str, Scalar] = {
        "gateway_echo_ipv4": "answered", "echo_method_ipv4": "windows_api", "echo_stamps": "tool",
        "address_kind_ipv4": "private", "address_origin": "dhcp", "interface_kind": "ethernet", "duplex": "full",
    }  # fmt: skip
    return ok(samples, facts)


def path(run: Run) -> Reading:
    facts: dict[str, Scalar] = {
        "traced": "target",
        "address_family": "ipv4",
        "method": "kernel",
        "protocol": "udp",
        "probed_hops": 12,
    }
    near = run.around(0.0009, 0.5)
    if run.is_cut_off:
        stops = (of("path_reached", 0), of("path_rtt", near, segment="lan"), of("path_loss", 1, segment="destination"))
        return failed(Reason.ROUTE_STOPS, stops, {**facts, "responding_hops": 1})
    rtt, loss = run.rtt(), 0.04 if run.has(Kind.SLOW_LINE) else 0.0
    stretches = {"lan": near, "access": near + 0.3 * rtt, "provider": near + 0.7 * rtt, "destination": near + rtt}
    samples = (
        of("path_reached", 1), of("path_hops", 9), of("path_last_mile_rtt", 0.3 * rtt), of("path_mtu", 1500),
        *(of("path_rtt", value, segment=segment) for segment, value in stretches.items()),
        *(of("path_loss", loss if segment != "lan" else 0, segment=segment) for segment in stretches),
    )  # fmt: skip
    return ok(samples, {**facts, "responding_hops": 8, "first_outside_hop": 2, "mtu_blackhole": "no"})


def uplink(run: Run) -> Reading:
    if run.desk.role != "router":
        return not_applicable("no access to a router's SNMP is declared")
    facts: dict[str, Scalar] = {
        "method": "local", "vendor": "OpenWrt", "interface": "wan", "interface_chosen_by": "default_route",
        "counter_bits": 64, "interval_clock": "router", "interval": "measured", "ipv6": "yes", "ipv6_forwarding": "yes",
        "vlan": "yes" if run.office.staff % 3 else "no", "ups": "yes" if run.office.staff % 4 else "no",
        "ups_source": "mains",
    }  # fmt: skip
    cut = run.has(Kind.LINE_CUT)
    if cut and cut.fault.network == "internet":
        return failed(Reason.INTERFACE_DOWN, (of("uplink_up", 0),), facts, "the line's interface is down")
    return ok((of("uplink_up", 1), *_traffic(run)), facts)


def _traffic(run: Run) -> list[Sample]:
    """What passed since the run before, by the router's counters."""
    counted, passed = run.desk.counted, min(300.0, run.seconds - run.desk.counted.get("read_at", 0))
    down, samples = run.has(Kind.PROVIDER_OUTAGE), []
    for way, mbps, share in (("receive", run.office.down, 1.0), ("transmit", run.office.up, 0.4)):
        used = 0.0005 if down else run.load * share
        counted[way] = counted.get(way, 0) + round(used * mbps * MBIT * passed)
        samples += [
            of("uplink_throughput", used * mbps * MBIT, direction=way), of("uplink_utilisation", used, direction=way),
            of("uplink_capacity", mbps * MBIT, direction=way), of(f"uplink_{way}", counted[way]),
            of("uplink_errors", counted[way] // 10**10, direction=way), of("uplink_discards", 0, direction=way),
        ]  # fmt: skip
    counted["read_at"] = round(run.seconds)
    uptime = of("uplink_router_uptime", max(0.0, run.seconds - run.desk.booted))
    return [*samples, of("uplink_interval", 300), of("uplink_interface_speed", 1000 * MBIT), uptime]


def bandwidth(run: Run) -> Reading:
    share = max(0.05, 0.97 - run.load) * run.chance.uniform(0.85, 0.99)
    rates = {"download": run.office.down * MBIT * share, "upload": run.office.up * MBIT * share}
    rtt, bloat = run.rtt(), run.around(0.03, 0.6)
    samples = [of("bandwidth_latency", rtt, load="idle"), of("bandwidth_cpu", 0.3)]
    for way, rate in rates.items():
        samples += [
            of("bandwidth_throughput", rate, direction=way), of("bandwidth_used", rate * 4, direction=way),
            of("bandwidth_latency", rtt + bloat, load=way), of("bandwidth_bufferbloat", bloat, direction=way),
            of("bandwidth_responsiveness", 60 / (rtt + bloat), direction=way),
            of("bandwidth_error", 0.03, direction=way),
            of("bandwidth_retransmitted", 0.001, direction=way), of("bandwidth_streams", 1, direction=way),
            of("bandwidth_cross_traffic", run.load * rate, direction=way),
        ]  # fmt: skip
    return ok(tuple(samples), {"protocol": "ndt7", "stopped": "stable", "limited_by": "line", "disturbed": "none"})


def realtime(run: Run) -> Reading:
    slow = run.has(Kind.SLOW_LINE) is not None
    rtt, jitter, loss = run.rtt(), run.around(0.025 if slow else 0.004, 0.5), 0.03 if slow else 0.0005
    samples = []
    for call in ("1500k", "3000k"):
        for way in ("up", "down", "round_trip"):
            own = {"call": call, "way": way}
            samples += [
                of("realtime_delay", rtt if way == "round_trip" else rtt / 2, **own),
                of("realtime_jitter", jitter, **own),
                of("realtime_variation", 3 * jitter, **own), of("realtime_loss", loss, **own),
                of("realtime_reordered", 0, **own), of("realtime_duplicated", 0, **own), of("realtime_burst", 1, **own),
            ]  # fmt: skip
        samples.append(of("realtime_mos", max(1.0, 4.4 - 40 * loss - 10 * jitter), call=call))
    return ok(tuple(samples), {"protocol": "stamp", "mode": "authenticated", "reflector": "stateful", "pace": "kept"})


GENERATORS: dict[str, Generator] = {
    "connectivity": connectivity, "dns": dns, "lan": lan, "path": path, "uplink": uplink, "bandwidth": bandwidth,
    "realtime": realtime,
}  # fmt: skip
LINES = frozenset({"bandwidth", "realtime"})
"""They need a lease from the collector: none is asked for over a line that is down."""
