"""Echo requests on real interfaces: loopback, and an office in network namespaces."""

from __future__ import annotations

import itertools
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.kit import echo, icmp
from checks.kit.failure import NetError
from checks.kit.icmp import Echoes, elapsed, ping
from checks.kit.model import Reason
from tests.lab.namespaces import Namespace, Office, office

ROOT = Path(__file__).parents[3]
MS = 1_000_000
NOBODY = """
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
from checks.kit.failure import NetError
from checks.kit.icmp import ping
try:
    found = ping(sys.argv[1], count=3, interface="router")
    print(found.method, len(found.rtts), found.stamps)
except NetError as why:
    print(why.reason)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Office]:
    """An office whose neighbours know one another."""
    with office() as built:
        built.pc.awaits(*built.ROUTER, *built.SERVER)
        yield built


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_answers(address: str) -> None:
    """Every request, in microseconds; what was used is told."""
    found = ping(address, count=4, interval=0.01)
    assert (found.loss, found.duplicates, found.note, len(found.rtts)) == (0.0, 0, "", 4)
    assert all(0 < took < 0.5 for took in found.rtts)
    assert found.bytes_sent == 4 * 32 <= found.bytes_received


@pytest.mark.parametrize("address", [*Office.ROUTER, *Office.SERVER])
def test_datagram_and_raw_sockets_agree(lab: Office, address: str) -> None:
    """Which one was used is told; both have the kernel's times for every answer."""
    for allowed, method in (("1 0", "icmp_raw"), ("0 2147483647", "icmp_datagram")):
        lab.pc.sysctl("net.ipv4.ping_group_range", allowed)
        found = lab.pc.call(lambda: ping(address, count=5, interval=0.01))
        assert (found.method, found.stamps, found.loss) == (method, "kernel", 0.0)


@pytest.mark.parametrize(("kind", "place"), [("icmp", 0), ("icmpv6", 1)])
def test_loss_is_what_was_dropped(lab: Office, kind: str, place: int) -> None:
    """Every fifth request never arrives: 20 of 100, no more and no fewer."""
    lab.server.filter("input", f"{kind} type echo-request numgen inc mod 5 == 0 drop")
    try:
        found = lab.pc.call(lambda: ping(lab.SERVER[place], count=100, interval=0.002))
    finally:
        lab.server.unfilter()
    assert (found.sent, len(found.rtts)) == (100, 80)
    assert found.loss == pytest.approx(0.2)


def test_a_link_local_router_is_reached_through_its_zone(lab: Office) -> None:
    """IPv6 routers are known by such addresses; without the interface there is no way to tell whose."""
    there = lab.router.run("ip", "-6", "-o", "addr", "show", "dev", "pc", "scope", "link").stdout.split()[3]
    address = there.partition("/")[0]
    for asked, interface in ((address, "router"), (f"{address}%router", "")):
        found = lab.pc.call(lambda asked=asked, interface=interface: ping(asked, count=2, interface=interface))  # type: ignore[misc]
        assert found.loss < 1
    for interface in ("", "nowhere"):
        with pytest.raises(NetError) as caught:
            lab.pc.call(lambda interface=interface: ping(address, count=2, interface=interface))  # type: ignore[misc]
        assert caught.value.reason is Reason.BAD_PARAMS


def test_what_is_unreachable_is_loss_with_a_note(lab: Office) -> None:
    """By a router's answer, or because this device has no route."""
    lab.isp.ip("route", "add", "unreachable", "203.0.113.1")
    found = lab.pc.call(lambda: ping("203.0.113.1", count=2, interval=0.01, timeout=0.3))
    assert (found.loss, found.note) == (1.0, "host_unreachable")
    found = lab.isp.call(lambda: ping("203.0.113.99", count=2, timeout=0.3))
    assert (found.loss, found.note, found.bytes_sent) == (1.0, "net_unreachable", 0)


def test_a_router_that_prohibits_is_named(lab: Office) -> None:
    """Its error reaches the socket although the socket is connected to the server."""
    lab.isp.ip("-6", "route", "add", "prohibit", "2001:db8:9::1")
    found = lab.pc.call(lambda: ping("2001:db8:9::1", count=2, interval=0.01, timeout=0.3))
    assert (found.loss, found.note) == (1.0, "prohibited")


class Answering(threading.Thread):
    """In `space`, answers each echo request on a raw socket of its own, as `forge` turns the request into answers."""

    def __init__(self, space: Namespace, plan: list[tuple[float, str]]) -> None:
        super().__init__(daemon=True)
        self.space, self.plan = space, plan
        self.ready, self.stop = threading.Event(), threading.Event()

    def __enter__(self) -> Answering:
        self.space.sysctl("net.ipv4.icmp_echo_ignore_all", 1)
        self.start()
        assert self.ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.join(5)
        self.space.sysctl("net.ipv4.icmp_echo_ignore_all", 0)

    def run(self) -> None:
        with self.space.inside(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
            sock.settimeout(0.05)
            self.ready.set()
            while not self.stop.is_set():
                try:
                    packet, peer = sock.recvfrom(2048)
                except TimeoutError:
                    continue
                if packet[20] == 8:
                    for pause, how in self.plan:
                        time.sleep(pause)
                        sock.sendto(_forge(packet[20:], how), peer)


def _forge(asked: bytes, how: str) -> bytes:
    ident, sequence = struct.unpack_from("!HH", asked, 4)
    nonce = bytes(8) if how == "nonce" else asked[8:16]
    answer = bytearray(echo.request("ipv4", ident ^ (how == "ident"), sequence + 7 * (how == "sequence"), nonce, 24))
    answer[0:4] = bytes((3 if how == "kind" else 0, 0, 0, 0))
    answer = answer[: 12 if how == "cut" else None]
    answer[2:4] = echo.checksum(bytes(answer)).to_bytes(2, "big")
    return bytes(answer)


@pytest.mark.parametrize("allowed", ["1 0", "0 2147483647"])
def test_forged_cut_and_foreign_answers_are_ignored(lab: Office, allowed: str) -> None:
    """None of these is taken for the answer to any request of ours."""
    lab.pc.sysctl("net.ipv4.ping_group_range", allowed)
    plan = [(0.0, how) for how in ("nonce", "ident", "sequence", "kind", "cut")]
    with Answering(lab.server, plan):
        found = lab.pc.call(lambda: ping(lab.SERVER[0], count=3, interval=0.02, timeout=0.3))
    assert (found.loss, found.duplicates) == (1.0, 0)


def test_a_second_answer_is_a_duplicate(lab: Office) -> None:
    """It makes neither loss negative nor a round trip longer."""
    with Answering(lab.server, [(0.0, ""), (0.0, ""), (0.0, "nonce")]):
        found = lab.pc.call(lambda: ping(lab.SERVER[0], count=3, interval=0.05, timeout=0.5))
    assert len(found.rtts) == 3
    assert 2 <= found.duplicates <= 3  # the last may come after the end


def test_an_answer_past_its_time_is_lost(lab: Office) -> None:
    """Also when a later request's wait would still have heard it: each answer takes 0.3 s, 0.1 s are allowed."""
    with Answering(lab.server, [(0.3, "")]):
        found = lab.pc.call(lambda: ping(lab.SERVER[0], count=3, interval=0.35, timeout=0.1))
    assert found.loss == 1.0


def test_the_imposed_delay_is_measured(lab: Office) -> None:
    """An answer that waits 50 ms takes at least that long."""
    with Answering(lab.server, [(0.05, "")]):
        found = lab.pc.call(lambda: ping(lab.SERVER[0], count=3, interval=0.1))
    assert found.minimum is not None
    assert 0.05 <= found.minimum < 0.5


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("with ping", os.environ["PATH"], "system_ping 3 tool"),
        ("without ping", "/nowhere", "permission"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_without_rights_the_systems_ping_is_used_or_the_lack_named(
    lab: Office, place: int, name: str, path: str, expected: str
) -> None:
    """As nobody, with the kernel's datagram sockets for ICMP closed."""
    lab.pc.sysctl("net.ipv4.ping_group_range", "1 0")
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    command = ["/usr/bin/env", f"PATH={path}", sys.executable, "-c", NOBODY, lab.ROUTER[place]]
    done = lab.pc.run(*command, env={**environment, "PATH": os.environ["PATH"]}, cwd="/")
    assert done.stdout.strip() == expected, name


def test_nobody_may_use_datagram_sockets_where_the_system_allows(lab: Office) -> None:
    """What most distributions set: no rights are needed for the best there is."""
    lab.pc.sysctl("net.ipv4.ping_group_range", "0 2147483647")
    done = lab.pc.run(sys.executable, "-c", NOBODY, lab.ROUTER[0], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout.strip() == "icmp_datagram 3 kernel"


def test_nothing_stays_open(lab: Office) -> None:
    """No socket, whether answered, refused or lost."""

    def descriptors() -> set[Path]:
        return set(Path("/proc/self/fd").iterdir())

    before = descriptors()
    for address in (lab.ROUTER[0], "203.0.113.1"):
        lab.pc.call(lambda address=address: ping(address, count=2, interval=0.01, timeout=0.1))  # type: ignore[misc]
    with pytest.raises(NetError):
        ping("192.0.2.1", count=0)
    assert len(descriptors()) <= len(before)


@pytest.mark.parametrize("address", ["gateway", "", "192.0.2", "fe80::1", "::1::", "a\0b"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """Names are resolved elsewhere; a link-local address needs its zone."""
    with pytest.raises(NetError) as caught:
        ping(address, count=1)
    assert caught.value.reason is Reason.BAD_PARAMS


def test_the_kernels_stamps_are_used_when_they_fit() -> None:
    """From departure to arrival; from before the sending where the driver stamps no departure."""
    sent, now = (0, 5000 * MS), (30 * MS, 5030 * MS)
    assert elapsed(sent, 5002 * MS, 5022 * MS, now) == (0.020, True)
    assert elapsed(sent, None, 5022 * MS, now) == (0.022, True)
    assert elapsed(sent, 4999 * MS, 5022 * MS, now) == (0.022, True)
    assert elapsed(sent, 5023 * MS, 5022 * MS, now) == (0.022, True)
    assert elapsed(sent, None, None, now) == (0.030, False)


@pytest.mark.parametrize("step", [-3_600_000, -50, -10, 10, 50, 3_600_000])
@pytest.mark.parametrize("late", [False, True])
def test_a_step_of_the_wall_clock_leaves_the_round_trip(step: int, late: bool) -> None:
    """Milliseconds by which it was set between sending and answer, or between answer and reading: the monotonic clock
    counts."""
    sent, now = (0, 5000 * MS), (30 * MS, (5030 + step) * MS)
    arrived = (5020 if late else 5020 + step) * MS
    assert elapsed(sent, 5001 * MS, arrived, now) == (0.030, False)


def test_the_clocks_are_read_together() -> None:
    """Two readings in a row differ by the same on both."""
    (mono, wall), (later, after) = icmp._clocks(), icmp._clocks()
    assert abs((after - wall) - (later - mono)) < 100 * MS


def test_a_ping_ends_when_all_have_answered() -> None:
    """It does not wait for its timeout."""
    started = time.monotonic()
    found: Echoes = ping("127.0.0.1", count=2, interval=0.01, timeout=30.0)
    assert found.loss == 0.0
    assert time.monotonic() - started < 10


def test_requests_are_spaced_by_the_interval() -> None:
    """Not sent in a burst: the last leaves after (count − 1) intervals."""
    started = time.monotonic()
    ping("127.0.0.1", count=4, interval=0.05)
    assert time.monotonic() - started >= 0.15


def test_series_do_not_take_each_others_answers() -> None:
    """Several at once from one process, to one address."""
    found: list[Echoes] = []
    threads = [
        threading.Thread(target=lambda: found.append(ping("127.0.0.1", count=20, interval=0.002))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(one.loss, one.duplicates) for one in found] == list(itertools.repeat((0.0, 0), 4))
