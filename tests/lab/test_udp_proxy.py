"""The proxy does to datagrams what it was told, and its log is what happened to them."""

from __future__ import annotations

import socket
import statistics
from collections.abc import Iterator

import pytest

from tests.lab.udp_proxy import Fate, Fault, Proxy
from tests.lab.udp_relay import RCVBUFFORCE


@pytest.fixture(scope="module")
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 8 << 20)
        yield sock


def through(
    server: socket.socket, fault: Fault, count: int, size: int = 100, quiet: float = 0.3
) -> tuple[list[int], list[Fate]]:
    """Sends numbered datagrams one way; what arrived, as it arrived, and the log."""
    with Proxy(server.getsockname(), fault) as proxy, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server.settimeout(quiet)
        for number in range(count):
            client.sendto(number.to_bytes(4, "big").ljust(size, b"."), ("127.0.0.1", proxy.port))
        heard = []
        while True:
            try:
                heard.append(int.from_bytes(server.recv(2048)[:4], "big"))
            except TimeoutError:
                return heard, proxy.take()


def test_what_is_delivered_is_what_the_log_says(server: socket.socket) -> None:
    """The numbers, their order and their copies; every tenth is lost and every seventh comes twice."""
    heard, log = through(server, Fault(lose_every=10, double_every=7, jitter=0.005, seed=1), 200)
    assert heard == [fate.number for fate in log for _ in range(fate.copies)]
    assert [fate.number for fate in log if fate.hold is None] == list(range(9, 200, 10))
    # every 7th that came, unless it was lost: 28 of 200, of which the 70th and the 140th
    assert sum(fate.copies == 2 for fate in log) == 26
    assert all(fate.size == 100 and not fate.back for fate in log)


def test_the_same_seed_loses_the_same(server: socket.socket) -> None:
    first, again, other = (through(server, Fault(loss=0.3, seed=seed), 200, quiet=0.2)[0] for seed in (7, 7, 8))
    assert first == again != other
    assert 100 < len(first) < 180


def test_losses_come_in_bursts(server: socket.socket) -> None:
    """Entered with 0.05 and left with 0.25: a fifth of the time... 1/6 bad, in runs of four on average."""
    heard, log = through(server, Fault(burst_begin=0.05, burst_end=0.25, seed=4), 1500, quiet=0.2)
    lost = [fate.hold is None for fate in sorted(log, key=lambda fate: fate.number)]
    begins = sum(now and not before for before, now in zip([False, *lost], lost, strict=False))
    assert len(heard) == 1500 - sum(lost)
    assert 0.08 < sum(lost) / 1500 < 0.28
    assert 2.5 < sum(lost) / begins < 6.5


@pytest.mark.parametrize(
    ("distribution", "middle"), [("normal", 0.03), ("uniform", 0.03), ("exponential", 0.0328), ("pareto", 0.0312)]
)
def test_jitter_has_the_deviation_that_was_asked_for(server: socket.socket, distribution: str, middle: float) -> None:
    """The holds of the log, of any distribution; the median tells them apart."""
    _, log = through(server, Fault(delay=0.03, jitter=0.004, distribution=distribution, seed=2), 800, quiet=0.2)
    holds = [fate.hold / 1e9 for fate in log if fate.hold is not None]
    assert len(holds) == 800
    assert 0.002 < statistics.stdev(holds) < 0.007
    assert statistics.median(holds) == pytest.approx(middle, abs=0.002)


def test_ordered_jitter_lets_nobody_overtake(server: socket.socket) -> None:
    spread = Fault(delay=0.01, jitter=0.005, seed=6)
    mixed, _ = through(server, spread, 300, quiet=0.2)
    heard, _ = through(server, Fault(delay=0.01, jitter=0.005, seed=6, ordered=True), 300, quiet=0.2)
    assert heard == sorted(mixed) != mixed


def test_a_rate_makes_datagrams_queue_and_a_full_queue_loses_them(server: socket.socket) -> None:
    """100 of 1,000 octets at 1 MB/s take a tenth of a second; where 20 fit into the queue the others are lost."""
    heard, log = through(server, Fault(rate=1e6), 100, 1000)
    assert len(heard) == 100
    assert max(fate.hold or 0 for fate in log) > 0.05e9
    heard, log = through(server, Fault(rate=1e5, queue=20_000), 100, 1000, quiet=0.5)
    assert len(heard) == sum(not fate.queue_full for fate in log) < 40


def test_answers_go_back_with_faults_of_their_own(server: socket.socket) -> None:
    with (
        Proxy(server.getsockname(), None, Fault(delay=0.02)) as proxy,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(5)
        server.settimeout(5)
        client.sendto(b"\0\0\0\x05there", ("127.0.0.1", proxy.port))
        data, peer = server.recvfrom(100)
        server.sendto(data, peer)
        assert client.recv(100) == b"\0\0\0\x05there"
        there, back = proxy.take()
        assert (there.number, there.back, back.number, back.back) == (5, False, 5, True)
        assert (back.hold or 0) >= 20_000_000 > (there.hold or 0)
        proxy.set(Fault(lose_every=1))
        client.sendto(b"lost", ("127.0.0.1", proxy.port))
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.recv(100)
