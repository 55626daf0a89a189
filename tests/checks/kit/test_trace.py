"""Routes by the kernel's error queue, as anyone may ask for them."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import trace
from checks.kit.net import Address, NetError
from checks.kit.trace import Error, Reply, Route
from tests.checks.way import drop, listening, way
from tests.lab.namespaces import Office

ROOT = Path(__file__).parents[3]
V4, V6 = Office.SERVER


def target(address: str, port: int = 80) -> Address:
    return Address("ipv6", (address, port, 0, 0)) if ":" in address else Address("ipv4", (address, port))


@pytest.fixture
def built() -> Iterator[Office]:
    with way() as made:
        yield made


def traced(made: Office, method: Callable[..., Route], address: str, hops: int = 9, probes: int = 2) -> Route:
    return made.pc.call(lambda: method(target(address), hops, probes, time.monotonic() + 20))


def places(route: Route) -> set[tuple[int, str, str]]:
    return {(reply.ttl, reply.address, reply.kind) for reply in route.replies}


def test_a_route_is_its_routers_and_the_target(built: Office) -> None:
    """By UDP and TCP, by both families, whether the server takes the connection or refuses it."""
    for index, address in enumerate(Office.SERVER):
        expected = {(1, Office.ROUTER[index], "exceeded"), (2, Office.ISP[index], "exceeded"), (3, address, "reached")}
        udp, refused = traced(built, trace.udp, address), traced(built, trace.tcp, address, probes=1)
        with listening(built):
            taken = traced(built, trace.tcp, address, probes=1)
        assert places(udp) == places(refused) == places(taken) == expected
        assert (udp.asked, taken.asked) == ((2, 2, 2), (1, 1, 1))
        assert all(0 <= reply.rtt < 1 for route in (udp, refused, taken) for reply in route.replies)


def test_it_needs_no_rights(built: Office) -> None:
    """The same route for an ordinary user, in a process of his own."""
    code = (
        "import json, time; from checks.kit import trace; from checks.kit.net import Address;"
        f"found = trace.udp(Address('ipv4', ('{V4}', 80)), 9, 1, time.monotonic() + 20);"
        "print(json.dumps([[r.ttl, r.address, r.kind] for r in found.replies]))"
    )
    done = built.pc.run("setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", code, cwd=ROOT)
    assert {tuple(row) for row in json.loads(done.stdout)} == {
        (1, Office.ROUTER[0], "exceeded"), (2, Office.ISP[0], "exceeded"), (3, V4, "reached"),
    }  # fmt: skip


@pytest.mark.parametrize(("route", "kind"), [("prohibit", "prohibited"), ("unreachable", "unreachable")])
def test_who_goes_no_further_ends_the_route(built: Office, route: str, kind: str) -> None:
    """The router's own words, by both families."""
    for index, address in enumerate(Office.SERVER):
        family, bits = (("-4", "32"), ("-6", "128"))[index]
        built.isp.ip(family, "route", "replace", route, f"{address}/{bits}")
        found = traced(built, trace.udp, address, probes=1)
        assert found.end is not None
        assert (found.end.ttl, found.end.address, found.end.kind) == (2, Office.ISP[index], kind)


def test_silence_ends_the_route_after_a_few_hops(built: Office) -> None:
    """What vanishes behind the second hop is asked for only so long, and nobody is named."""
    drop(built, "meta l4proto udp")
    found = built.pc.call(lambda: trace.udp(target(V4), 30, 1, time.monotonic() + 20, 2))
    assert (found.end, found.asked) == (None, (1, 1, 1, 1))


def test_the_time_is_kept(built: Office) -> None:
    """A route in which nothing answers does not take longer than it may."""
    drop(built, "meta l4proto { udp, tcp }")
    started = time.monotonic()
    ends = [built.pc.call(lambda: trace.udp(target(V4), 30, 3, time.monotonic() + 0.5)).end]
    ends.append(built.pc.call(lambda: trace.tcp(target(V4), 30, 3, time.monotonic() + 0.5)).end)
    assert time.monotonic() - started < 6
    assert ends == [None, None]


def test_a_loop_is_left_when_it_is_seen(built: Office) -> None:
    """Two routers that send packets to each other; not all thirty hops are asked."""
    built.isp.ip("route", "replace", f"{V4}/32", "via", Office.WAN[0])
    found = traced(built, trace.udp, V4, hops=30, probes=1)
    assert trace.circles(found.replies)
    assert len(found.asked) < 10


def test_no_way_at_all_has_its_reason(built: Office) -> None:
    """Without a default route nothing is sent."""
    built.pc.ip("route", "del", "default")
    for method in (trace.udp, trace.tcp):
        with pytest.raises(NetError) as caught:
            traced(built, method, V4)
        assert caught.value.reason == "tcp_unreachable"


def test_nothing_stays_open(built: Office) -> None:
    """Each probe's socket is closed, whatever became of it."""
    count = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        traced(built, trace.tcp, V4, probes=1)
        traced(built, trace.udp, V4, probes=1)
    assert len(list(Path("/proc/self/fd").iterdir())) <= count + 2


def _entry(origin: int, kind: int, code: int, offender: str, info: int = 0) -> bytes:
    head = struct.pack("=IBBBBII", 113, origin, kind, code, 0, info, 0)
    if ":" in offender:
        return (
            head + struct.pack("=HHI", socket.AF_INET6, 0, 0) + socket.inet_pton(socket.AF_INET6, offender) + bytes(4)
        )
    return head + struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton(offender) + bytes(8)


@pytest.mark.parametrize(
    ("entry", "target_", "expected"),
    [
        (_entry(2, 11, 0, "192.0.2.1"), V4, Error("exceeded", 0, "192.0.2.1")),
        (_entry(2, 11, 1, "192.0.2.1"), V4, None),
        (_entry(2, 3, 3, V4), V4, Error("reached", 0, V4)),
        (_entry(2, 3, 3, "192.0.2.1"), V4, Error("unreachable", 0, "192.0.2.1")),
        (_entry(2, 3, 4, "192.0.2.1", 1400), V4, Error("big", 1400, "192.0.2.1")),
        (_entry(2, 3, 13, "192.0.2.1"), V4, Error("prohibited", 0, "192.0.2.1")),
        (_entry(2, 3, 1, V4), V4, Error("unreachable", 0, V4)),
        (_entry(2, 5, 0, "192.0.2.1"), V4, None),
        (_entry(3, 3, 0, "2001:db8::1"), V6, Error("exceeded", 0, "2001:db8::1")),
        (_entry(3, 2, 0, "2001:db8::1", 1280), V6, Error("big", 1280, "2001:db8::1")),
        (_entry(3, 1, 4, V6), V6, Error("reached", 0, V6)),
        (_entry(3, 1, 1, "2001:db8::1"), V6, Error("prohibited", 0, "2001:db8::1")),
        (_entry(3, 1, 0, "2001:db8::1"), V6, Error("unreachable", 0, "2001:db8::1")),
        (_entry(3, 137, 0, "2001:db8::1"), V6, None),
        (_entry(1, 0, 0, "192.0.2.1"), V4, None),
        (_entry(2, 11, 0, "2001:db8::1"), V6, None),
    ],
)
def test_an_entry_of_the_queue_is_understood(entry: bytes, target_: str, expected: Error | None) -> None:
    """Every kind of ICMP error of both families; what this device says itself is none."""
    assert trace.parse_error(entry, target_) == expected


@given(st.binary(max_size=80))
def test_any_bytes_are_an_error_or_none(data: bytes) -> None:
    """Cut short or forged, an entry never raises."""
    found = trace.parse_error(data, V4)
    assert found is None or found.kind


@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from("abc")), max_size=12))
def test_a_loop_is_a_router_that_comes_again(rows: list[tuple[int, str]]) -> None:
    """Neighbouring hops may be one router; only one with another in between counts."""
    replies = [Reply(ttl, address, 0.0, "exceeded") for ttl, address in rows]
    walk = [address for _, address in sorted(rows, key=lambda row: row[0])]
    short = [address for place, address in enumerate(walk) if place == 0 or walk[place - 1] != address]
    assert trace.circles(replies) == (len(set(short)) < len(short))


def test_elsewhere_it_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows keeps no such queue."""
    assert trace.available()
    monkeypatch.setattr(sys, "platform", "win32")
    assert not trace.available()


def test_the_modules_import_where_there_is_no_poll() -> None:
    """``select.poll`` is asked for only when a route is."""
    code = "import select; del select.poll; import checks.path"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
