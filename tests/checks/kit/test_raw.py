"""The scapy program, run as it is run: by the child protocol, on real interfaces of network namespaces."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import child
from checks.kit.rawflow import Answer, Flow
from tests.checks.way import narrow, way
from tests.lab.namespaces import Namespace, Office
from tests.lab.switch import dhcp_server, lan

ROOT = Path(__file__).parents[3]
MEMORY = str(child.MEMORY)
V4, V6 = Office.SERVER


def ask(space: Namespace, **request: Any) -> dict[str, Any]:
    """What the program answers inside `space`, through the child protocol."""
    return space.call(partial(asking, **request))


def asking(**request: Any) -> dict[str, Any]:
    found: dict[str, Any] = child.call(
        "checks.kit.raw", {"timeout": 12.0, **request}, answer=dict[str, Any], timeout=40.0
    )
    return found


def refusal(space: Namespace, **request: Any) -> str:
    with pytest.raises(child.ChildError) as caught:
        ask(space, **request)
    return caught.value.detail


def program(request: bytes, *command: str) -> subprocess.CompletedProcess[bytes]:
    run = command or (sys.executable, "-m", "checks.kit.raw", MEMORY)
    return subprocess.run(run, input=request, capture_output=True, cwd=ROOT, timeout=60, check=False)


@pytest.fixture
def built() -> Iterator[Office]:
    with way() as made:
        yield made


@pytest.mark.parametrize("protocol", ["udp", "tcp", "icmp"])
def test_a_route_is_its_routers_and_the_target(built: Office, protocol: str) -> None:
    """Both families, each hop by its own address, every probe answered and timed by the kernel."""
    for index, address in enumerate(Office.SERVER):
        found = ask(built.pc, do="trace", address=address, protocol=protocol, port=33434, hops=9, probes=2)
        places = {(reply["ttl"], reply["address"], reply["kind"]) for reply in found["replies"]}
        assert places == {
            (1, Office.ROUTER[index], "exceeded"), (2, Office.ISP[index], "exceeded"), (3, address, "reached"),
        }  # fmt: skip
        assert found["asked"] == [2, 2, 2]
        assert all(0 <= reply["rtt"] < 1 for reply in found["replies"])
        assert found["sent"] > 0
        assert found["received"] > 0


def test_a_refusal_on_the_way_ends_the_route(built: Office) -> None:
    """The router that forbids going on is named with what it said."""
    built.isp.ip("route", "replace", "prohibit", f"{V4}/32")
    found = ask(built.pc, do="trace", address=V4, protocol="udp", port=33434, hops=9, probes=1)
    assert found["replies"][-1]["address"] == Office.ISP[0]
    assert found["replies"][-1]["kind"] == "prohibited"


@pytest.mark.parametrize("protocol", ["icmp", "tcp"])
def test_the_largest_packet_is_found_and_who_limits_it(built: Office, protocol: str) -> None:
    """A link that takes 1400 bytes and says so."""
    narrow(built, honest=True)
    for index, address in enumerate(Office.SERVER):
        low = (576, 1280)[index]
        found = ask(built.pc, do="mtu", address=address, protocol=protocol, port=33434, to=1500, **{"from": low})
        assert (found["mtu"], found["limited_at"], found["blackhole"]) == (1400, Office.ISP[index], False)


def test_a_link_that_swallows_large_packets_is_a_black_hole(built: Office) -> None:
    """Small packets pass, large ones vanish, and nobody says why."""
    narrow(built, honest=False)
    asked = {"do": "mtu", "protocol": "icmp", "port": 0, "from": 1396, "to": 1404}
    found = built.pc.at_once(*(partial(asking, **asked, address=address) for address in Office.SERVER))
    assert [(one["mtu"], one["limited_at"], one["blackhole"]) for one in found] == [(1400, None, True)] * 2


def test_a_silent_target_has_no_largest_packet(built: Office) -> None:
    """Where nothing gets through, nothing is said of sizes."""
    built.isp.ip("route", "replace", "blackhole", f"{V4}/32")
    found = ask(built.pc, do="mtu", address=V4, protocol="icmp", port=0, to=1500, **{"from": 576})
    assert (found["mtu"], found["blackhole"]) == (None, False)


def test_neighbours_are_counted_and_none_is_named() -> None:
    """Three stations answer; neither an address nor a MAC is in the answer."""
    with lan("192.0.2.10", "192.0.2.1", "192.0.2.20", "192.0.2.254") as (pc, *_):
        found = ask(pc, do="neighbours", interface="lan", timeout=8.0)
    assert (found["neighbours"], found["duplicates"], found["own_conflict"]) == (3, 0, False)
    assert "192.0.2" not in json.dumps(found)
    assert found["sent"] <= 256 * 42


def test_addresses_used_twice_are_seen() -> None:
    """Another station's by two of them, and this PC's own by a third."""
    with lan("192.0.2.10", "192.0.2.20", "192.0.2.20", "192.0.2.10") as (pc, *_):
        found = ask(pc, do="neighbours", interface="lan", timeout=8.0)
    assert (found["neighbours"], found["duplicates"], found["own_conflict"]) == (3, 1, True)


def test_every_dhcp_server_that_offers_is_listed() -> None:
    """The office's own and one that a stranger plugged in."""
    with (
        lan("192.0.2.10", "192.0.2.1", "192.0.2.66") as (pc, router, stranger),
        dhcp_server(router, "192.0.2.1", 3600),
        dhcp_server(stranger, "192.0.2.66", 120),
    ):
        found = ask(pc, do="dhcp", interface="lan", timeout=4.0)
    assert sorted(found["servers"], key=lambda one: str(one["address"])) == [
        {"address": "192.0.2.1", "gateway": "192.0.2.1", "lease": 3600},
        {"address": "192.0.2.66", "gateway": "192.0.2.66", "lease": 120},
    ]


def test_no_dhcp_server_is_an_empty_list_and_what_is_no_ethernet_unavailable() -> None:
    """Silence is an answer; loopback and an interface that does not exist are not asked."""
    with lan("192.0.2.10") as (pc,):
        assert ask(pc, do="dhcp", interface="lan", timeout=0.5)["servers"] == []
        for name in ("lo", "absent"):
            assert refusal(pc, do="dhcp", interface=name) == "unavailable"
            assert refusal(pc, do="neighbours", interface=name) == "unavailable"
        pc.ip("addr", "flush", "dev", "lan")
        assert refusal(pc, do="neighbours", interface="lan") == "unavailable"


@pytest.mark.parametrize(
    "request_",
    [
        b"", b"{", b"[]", b"null", b'{"do": "delete"}', b'{"do": "trace"}', b'{"do": ["trace"]}',
        b'{"do":"trace","address":"example.vn","protocol":"udp","port":1,"hops":1,"probes":1,"timeout":1}',
        b'{"do":"trace","address":"192.0.2.1","protocol":"sctp","port":1,"hops":1,"probes":1,"timeout":1}',
        b'{"do":"trace","address":"127.0.0.1","protocol":"udp","port":1,"hops":0,"probes":1,"timeout":1}',
        b'{"do":"trace","address":"127.0.0.1","protocol":"udp","port":1,"hops":1,"probes":1,"timeout":"long"}',
        b'{"do":"mtu","address":"127.0.0.1","protocol":"udp","port":1,"from":1,"to":99999,"timeout":1}',
        b"\xff\xfe" * 999,
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_one_line_of_failure(request_: bytes) -> None:
    """No traceback, nothing else on standard output, and the program ends well."""
    done = program(request_)
    frame = json.loads(done.stdout)
    assert list(frame) == ["failure"]
    assert frame["failure"]
    assert "\n" not in frame["failure"]
    assert (done.returncode, done.stderr) == (0, b"")


def test_without_rights_it_says_so() -> None:
    """An ordinary user gets one word that the check can act on."""
    command = ("setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-m", "checks.kit.raw", MEMORY)
    for request in (
        {"do": "trace", "address": "127.0.0.1", "protocol": "icmp", "port": 0, "hops": 1, "probes": 1, "timeout": 1},
        {"do": "mtu", "address": "127.0.0.1", "protocol": "icmp", "port": 0, "from": 576, "to": 600, "timeout": 1},
    ):
        assert json.loads(program(json.dumps(request).encode(), *command).stdout) == {"failure": "permission"}
    with lan("192.0.2.10") as (pc,):
        for do in ("dhcp", "neighbours"):
            asked = json.dumps({"do": do, "interface": "lan", "timeout": 1})
            assert json.loads(pc.run(*command, input=asked, cwd=ROOT).stdout) == {"failure": "permission"}


def test_without_scapy_it_is_unavailable() -> None:
    """The extra is not installed on most PCs."""
    hidden = "import runpy, sys; sys.modules['scapy'] = None; runpy.run_module('checks.kit.raw', run_name='__main__')"
    request = {
        "do": "trace",
        "address": "127.0.0.1",
        "protocol": "icmp",
        "port": 0,
        "hops": 1,
        "probes": 1,
        "timeout": 1,
    }
    done = program(json.dumps(request).encode(), sys.executable, "-c", hidden, MEMORY)
    assert json.loads(done.stdout) == {"failure": "unavailable"}


@pytest.mark.parametrize("name", ["raw", "rawflow"])
def test_the_program_shares_nothing_with_us(name: str) -> None:
    """GPL-2.0-only, marked so, and of ours it imports its own second half only."""
    source = (ROOT / f"checks/kit/{name}.py").read_text("utf-8")
    assert source.startswith("# SPDX-License-Identifier: GPL-2.0-only\n")
    nodes = list(ast.walk(ast.parse(source)))
    froms = {f"{node.module}" for node in nodes if isinstance(node, ast.ImportFrom)}
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    top = {found.partition(".")[0] for found in froms | plain} - {"__future__", "scapy"}
    assert top - set(sys.stdlib_module_names) <= {"checks"}
    assert {found for found in froms | plain if found.startswith("checks")} <= {"checks.kit", "checks.kit.rawflow"}


FLOWS = [
    Flow(source, target, protocol, 443, 40000, 5)
    for source, target in (("192.0.2.10", V4), ("2001:db8:1::10", V6))
    for protocol in ("udp", "tcp", "icmp")
]


@given(st.sampled_from(FLOWS), st.binary(max_size=120), st.booleans())
def test_noise_is_nobodys_answer(flow: Flow, data: bytes, tcp: bool) -> None:
    """Whatever arrives is understood or overlooked, never an exception; a stranger is never the target."""
    answer = flow.understand(data, "203.0.113.9", tcp=tcp)
    assert answer is None or answer.kind in ("exceeded", "unreachable", "prohibited", "big")


def _quoted(flow: Flow, mark: int) -> bytes:
    """ICMP time exceeded about probe `mark`, as a router sends it that quotes eight bytes."""
    from checks.kit.raw import build

    probe = build(flow, 1, mark, 0)
    if flow.six:
        return bytes((3, 0, 0, 0, 0, 0, 0, 0)) + probe[:48]
    return bytes([0x45, *bytes(19)]) + bytes((11, 0, 0, 0, 0, 0, 0, 0)) + probe[:28]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: f"{flow.protocol}-{flow.family}")
def test_a_quote_of_eight_bytes_names_the_probe_and_less_does_not(flow: Flow) -> None:
    """Every mark comes back from what the least generous router quotes; a quote cut short or altered is not ours."""
    packet = _quoted(flow, 171)
    assert flow.understand(packet, "203.0.113.9", tcp=False) == Answer("exceeded", 171)
    for length in range(len(packet)):
        assert flow.understand(packet[:length], "203.0.113.9", tcp=False) is None
    for place in (-48 + 24, -48 + 6) if flow.six else (-28 + 16, -28 + 9):  # the target and the protocol
        forged = bytearray(packet)
        forged[place] ^= 0xFF
        assert flow.understand(bytes(forged), "203.0.113.9", tcp=False) is None


def test_a_station_that_answers_for_everybody_is_no_duplicate() -> None:
    """A router that answers ARP on others' behalf; and this PC's own second interface is no conflict."""
    from checks.kit.raw import PROXY, count

    answers = {number: {"02:00:00:00:00:01"} for number in range(PROXY)}
    answers[3] = {"02:00:00:00:00:01", "02:00:00:00:00:02"}
    answers[99] = {"02:00:00:00:00:03"}
    assert count(answers, 99, {"02:00:00:00:00:03"}) == {"neighbours": 2, "duplicates": 0, "own_conflict": False}


def test_the_memory_limit_is_taken_from_the_argument() -> None:
    """scapy does not fit 40 MB of address space: that is said, or the program dies, but it is no answer."""
    request = {"do": "dhcp", "interface": "lo", "timeout": 1}
    done = program(json.dumps(request).encode(), sys.executable, "-m", "checks.kit.raw", str(40 << 20))
    assert b"answer" not in done.stdout
