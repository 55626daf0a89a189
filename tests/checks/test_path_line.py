"""The check on real ways: whole, cut, in circles and through firewalls."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.kit import child, pathmtu, trace
from checks.kit.host import Host
from checks.kit.model import Meter, Outcome, Reading, Reason, decode_params
from checks.kit.net import Net
from checks.path import CHECK
from tests.checks.conftest import environment
from tests.checks.way import drop, listening, lower, narrow, way
from tests.lab.namespaces import Office, office

ROOT = Path(__file__).parents[2]
V4, V6 = Office.SERVER
TARGETS = (f"{V4}:80", f"[{V6}]:80")


@pytest.fixture
def built() -> Iterator[Office]:
    with way() as made:
        yield made


def path(made: Office, target: str, *, net: Net | None = None, seconds: float = 55.0, **params: Any) -> Reading:
    """The reading of the PC in `made`, by a real child where one is needed."""
    env = environment(net, child=child, seconds=seconds)
    decoded = decode_params(CHECK, {"target": target, "max_hops": 3, **params})
    reading: Reading = made.pc.call(lambda: CHECK.run(decoded, env))
    return reading


def values(reading: Reading) -> dict[str, float]:
    return {"/".join((found.name, *found.labels.values())): found.value for found in reading.samples}


def test_a_whole_way_is_measured_without_rights_or_children(built: Office) -> None:
    """Both families: hops, stretches, the largest packet; and what it cost."""
    with listening(built):
        for index, target in enumerate(TARGETS):
            reading = path(built, target)
            found = values(reading)
            assert (reading.outcome, found["path_hops"], found["path_mtu"]) == (Outcome.OK, 3, 1500)
            assert {name for name in found if "rtt/" in name} == {
                f"path_rtt/{s}" for s in ("lan", "access", "destination")
            }
            assert found["path_last_mile_rtt"] >= 0
            facts = reading.facts
            assert (facts["method"], facts["protocol"], facts["raw_packets"]) == ("kernel", "udp", "not_needed")
            assert facts["address_family"] == ("ipv4", "ipv6")[index]
            assert (facts["first_outside_hop"], facts["outside_hops"]) == (2, Office.ISP[index])
            assert facts["mtu_blackhole"] == "no"


def test_a_name_leads_there_in_an_office_with_ipv6_only() -> None:
    """No IPv4 anywhere; the name has both addresses."""
    rows = [(2, 1, 6, "", (V4, 80)), (10, 1, 6, "", (V6, 80, 0, 0))]
    with office(ipv4=False) as made:
        made.pc.awaits(V6)
        with listening_v6(made):
            reading = path(made, "dichvucong.example.vn:80", net=Net(lambda *_, **__: rows), mtu=False)
    assert (reading.outcome, reading.facts["address_family"]) == (Outcome.OK, "ipv6")
    assert values(reading)["path_hops"] == 3


def listening_v6(made: Office) -> socket.socket:
    return made.server.call(lambda: socket.create_server((V6, 80), family=socket.AF_INET6))


def test_a_firewall_that_drops_udp_does_not_end_the_way(built: Office) -> None:
    """TCP gets through and is what people use."""
    drop(built, "meta l4proto udp")
    with listening(built):
        reading = path(built, TARGETS[0])
    assert (reading.outcome, values(reading)["path_hops"]) == (Outcome.OK, 3)
    assert (reading.facts["method"], reading.facts["protocol"]) == ("kernel", "tcp")
    assert (values(reading)["path_mtu"], reading.facts["mtu_method"]) == (1500, "tcp")


def test_what_only_ping_passes_is_traced_with_scapy(built: Office) -> None:
    """Raw packets are used when they are needed."""
    drop(built, "meta l4proto { udp, tcp }")
    reading = path(built, TARGETS[0])
    assert (reading.outcome, values(reading)["path_hops"]) == (Outcome.OK, 3)
    facts = reading.facts
    assert (facts["method"], facts["protocol"], facts["raw_packets"]) == ("scapy", "icmp", "used")
    assert (values(reading)["path_mtu"], facts["mtu_method"]) == (1500, "icmp")


def test_without_rights_it_says_that_raw_packets_were_not_permitted(built: Office) -> None:
    """An ordinary user's own process: the same verdict, with the lesser method named."""
    drop(built, "meta l4proto { udp, tcp }")
    code = (
        "import json, time\n"
        "from checks import path\n"
        "from checks.kit import child, clock, host, net\n"
        "from checks.kit.model import Env\n"
        "env = Env(clock=clock.SystemClock(), net=net.Net(), host=host.Host(), child=child,\n"
        "          deadline=time.monotonic() + 50, now=time.monotonic)\n"
        f"found = path.run(path.Params(target={TARGETS[0]!r}, max_hops=3), env)\n"
        "print(json.dumps([found.reason, found.facts['method'], found.facts['raw_packets']]))\n"
    )
    done = built.pc.run("setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", code, cwd=ROOT)
    assert json.loads(done.stdout) == ["route_stops", "kernel", "permission"]


def test_a_way_that_is_cut_says_where(built: Office) -> None:
    """Nothing gets past the provider's router, not even raw packets."""
    drop(built, "meta l4proto { udp, tcp, icmp }")
    reading = path(built, TARGETS[0])
    assert (reading.reason, reading.detail) == (Reason.ROUTE_STOPS, "hop 2 was the last to answer")
    assert values(reading)["path_reached"] == 0
    assert "path_hops" not in values(reading)
    assert "path_rtt/destination" not in values(reading)


def test_a_router_that_knows_no_way_is_named_by_its_number(built: Office) -> None:
    """It says so itself; raw packets, turned off, are not asked."""
    built.isp.ip("route", "replace", "unreachable", f"{V4}/32")
    reading = path(built, TARGETS[0], probes=1, raw=False)
    assert reading.facts["raw_packets"] == "off"
    assert (reading.reason, reading.detail) == (Reason.ROUTE_STOPS, "hop 2 knows no way on")


def test_routers_that_point_at_each_other_are_a_loop(built: Office) -> None:
    """The provider sends packets back to the office."""
    built.isp.ip("route", "replace", f"{V4}/32", "via", Office.WAN[0])
    assert path(built, TARGETS[0], max_hops=30, probes=1).reason == Reason.ROUTE_LOOP


@pytest.mark.parametrize(("target", "family"), [*zip(TARGETS, ("ipv4", "ipv6"), strict=True)])
def test_large_packets_that_vanish_are_a_black_hole(
    built: Office, monkeypatch: pytest.MonkeyPatch, target: str, family: str
) -> None:
    """The server answers pings and small requests, and pages never load."""
    monkeypatch.setitem(pathmtu.LOWEST, family, 1396)
    monkeypatch.setattr(pathmtu, "HIGHEST", 1404)
    narrow(built, honest=False)
    with listening(built):
        reading = path(built, target)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.MTU_BLACKHOLE)
    assert reading.detail == "packets larger than 1400 bytes vanish, and nobody says so"
    assert (values(reading)["path_mtu"], reading.facts["mtu_blackhole"]) == (1400, "yes")


def test_a_router_that_lowers_segments_saves_tcp(built: Office) -> None:
    """UDP falls into the hole, people do not: the way works, and the fact says how."""
    narrow(built, honest=False)
    lower(built)
    with listening(built):
        reading = path(built, TARGETS[0])
    assert (reading.outcome, reading.facts["mtu_blackhole"]) == (Outcome.OK, "udp_only")
    assert values(reading)["path_mtu"] == 1380


def test_a_link_that_says_what_it_takes_is_no_fault(built: Office) -> None:
    """A line with PPPoE: smaller packets, honestly announced. The office's own router is not named by address."""
    narrow(built, honest=True)
    reading = path(built, TARGETS[0])
    assert (reading.outcome, values(reading)["path_mtu"]) == (Outcome.OK, 1400)
    assert reading.facts["mtu_limited_at"] == Office.ISP[0]
    built.router.ip("link", "set", "isp", "mtu", "1300")
    own = path(built, TARGETS[0])
    assert (values(own)["path_mtu"], own.facts["mtu_limited_at"]) == (1300, "office")


def test_a_pc_without_a_way_says_so(built: Office) -> None:
    """No default route: not the target's fault, and no hop is blamed."""
    built.pc.ip("route", "del", "default")
    assert path(built, TARGETS[0]).reason == Reason.TCP_UNREACHABLE


def test_a_time_that_is_up_is_no_verdict(built: Office) -> None:
    """A busy PC does not cut the provider's line."""
    drop(built, "meta l4proto { udp, tcp }")
    reading = path(built, TARGETS[0], seconds=1.0)
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.DEADLINE)


def test_where_nothing_can_be_traced_the_target_is_still_measured(
    built: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows: one connection, and the method says what that is worth."""
    monkeypatch.setattr(trace, "available", lambda: False)
    with listening(built):
        reading = path(built, TARGETS[0])
    assert (reading.outcome, reading.facts["method"]) == (Outcome.OK, "connect")
    assert set(values(reading)) == {"path_reached", "path_rtt/destination"}


@pytest.mark.parametrize(
    ("target", "reason"), [("169.254.169.254", Reason.ADDRESS_FORBIDDEN), ("224.0.0.1:80", Reason.ADDRESS_FORBIDDEN)]
)
def test_what_must_not_be_measured_is_not(target: str, reason: Reason) -> None:
    """The metadata address of clouds, and everybody at once."""
    meter = Meter()
    env = environment(Net(meter=meter), child=child)
    assert CHECK.run(decode_params(CHECK, {"target": target}), env).reason == reason
    assert (meter.sent, env.meter.sent) == (0, 0)


def test_a_name_that_does_not_exist_has_the_resolvers_reason() -> None:
    """As every check that resolves."""

    def lookup(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "")

    reading = CHECK.run(decode_params(CHECK, {"target": "absent.example.vn"}), environment(Net(lookup), child=child))
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DNS_NXDOMAIN)


class Resolver:
    """Names the target, or says that no name server answers."""

    def __init__(self) -> None:
        self.answers = True

    def __call__(self, *_: object, **__: object) -> list[tuple[Any, ...]]:
        if not self.answers:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return [(2, 1, 6, "", (V4, 80))]


class Listed(Host):
    """A PC whose resolv.conf lists one name server."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self._server = server

    def read(self, path: str) -> str | None:
        return f"nameserver {self._server}\n" if path == "/etc/resolv.conf" else None


def unnamed(made: Office, server: str, memory: dict[str, Any] | None = None) -> Reading:
    """A reading of a PC whose name server, `server`, does not answer."""
    resolver = Resolver()
    resolver.answers = False
    env = environment(Net(resolver), Listed(server), seconds=55.0)
    env.memory.update(memory or {})
    decoded = decode_params(CHECK, {"target": "dichvucong.example.vn:80", "max_hops": 3})
    reading: Reading = made.pc.call(lambda: CHECK.run(decoded, env))
    return reading


def test_without_names_the_way_to_the_name_server_tells_where_it_ends(built: Office) -> None:
    """Line cut behind the office's router: it alone answers. Nothing is claimed of the target."""
    built.isp.filter("prerouting", "iifname router drop", priority=-300)
    reading = unnamed(built, V4)
    assert (reading.outcome, reading.reason, reading.samples) == (Outcome.FAILED, Reason.DNS_SERVFAIL, ())
    assert (reading.facts["traced"], reading.facts["responding_hops"]) == ("name_server", 1)
    assert reading.facts["first_outside_hop"] is None


def test_without_names_the_targets_last_address_is_traced(built: Office) -> None:
    """What an earlier run of the job saw is better than the name server."""
    env = environment(Net(Resolver()), seconds=55.0)
    with listening(built):
        decoded = decode_params(CHECK, {"target": "dichvucong.example.vn:80", "max_hops": 3, "mtu": False})
        built.pc.call(lambda: CHECK.run(decoded, env))
    drop(built, "meta l4proto { tcp, udp }")
    facts = unnamed(built, Office.ROUTER[0], env.memory).facts
    assert (facts["traced"], facts["first_outside_hop"]) == ("remembered", 2)


def test_a_name_server_of_the_office_says_nothing_of_the_line(built: Office) -> None:
    """It is not traced in the target's place."""
    reading = unnamed(built, Office.ROUTER[0])
    assert (reading.reason, reading.facts) == (Reason.DNS_SERVFAIL, {})
