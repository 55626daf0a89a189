"""The emulator does to packets what it was told, and its log is what happened to them."""

from __future__ import annotations

import re
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.lab.emulator import FAR, ICMP, ICMPV6, TCP, UDP, Line, Packet, Shape, holds, line, lost
from tests.lab.witness import Witness


@pytest.fixture(scope="module")
def wire() -> Iterator[Line]:
    with line() as made:
        yield made


@pytest.fixture
def clean(wire: Line) -> Line:
    """The line, straight, its log empty."""
    wire.emulator.set()
    wire.emulator.take()
    return wire


def ping(at: Line, address: str, count: int = 20, interval: float = 0.01) -> list[float]:
    """Seconds of each answer that the system's ping saw."""
    done = at.near.run("ping", "-c", str(count), "-i", str(interval), "-W", "1", address, check=False)
    return [float(number) / 1e3 for number in re.findall(r"time=([\d.]+)", done.stdout)]


def settled(at: Line, enough: Callable[[list[Packet]], bool]) -> list[Packet]:
    """The log once it holds `enough`."""
    packets: list[Packet] = []
    until = time.monotonic() + 5
    while not enough(packets) and time.monotonic() < until:
        packets += at.emulator.take()
        time.sleep(0.005)
    return packets


def talk(at: Line, numbers: range, size: int = 100, quiet: float = 0.3) -> list[int]:
    """Sends numbered datagrams from near to far; returns the numbers as they arrived, until none came for a while."""
    receiver = at.far.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sender = at.near.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with receiver, sender:
        receiver.bind((FAR[0], 0))
        receiver.settimeout(quiet)
        for number in numbers:
            sender.sendto(number.to_bytes(4, "big").ljust(size, b"."), receiver.getsockname())
        heard = []
        while True:
            try:
                heard.append(int.from_bytes(receiver.recv(2048)[:4], "big"))
            except TimeoutError:
                return heard


@pytest.mark.parametrize(("address", "protocol"), [(FAR[0], ICMP), (FAR[1], ICMPV6)], ids=["ipv4", "ipv6"])
def test_a_delay_is_imposed_and_logged(clean: Line, address: str, protocol: int) -> None:
    """No packet goes early, and no ping is shorter than the hold that the log shows."""
    clean.emulator.set(Shape(delay=0.03))
    seen = ping(clean, address)
    packets = settled(clean, lambda found: len(found) >= 40)
    there, back = holds(packets, protocol=protocol), holds(packets, back=True, protocol=protocol)
    assert len(seen) == len(there) == len(back) == 20
    assert min(there) >= 0.03
    assert min(seen) >= 0.03
    assert statistics.median(back) < 0.03


def test_the_witness_sees_the_round_trip_of_the_wire(clean: Line) -> None:
    """It is at least the imposed delay, at most what ping says, whose answer has to wake it up."""
    witness = Witness(clean.near)
    clean.emulator.set(Shape(delay=0.02), Shape(delay=0.01))
    seen = ping(clean, FAR[0], 10)
    echoes = witness.take()
    witness.close()
    trips = [echo.rtt for echo in echoes if echo.rtt is not None]
    assert len(seen) == len(echoes) == len(trips) == 10
    assert min(trips) >= 0.03
    assert statistics.median(trips) <= statistics.median(seen) + 0.00011  # ping prints steps of 0.1 ms


def test_every_tenth_packet_is_lost_and_counted(clean: Line) -> None:
    clean.emulator.set(Shape(lose_every=10))
    assert len(ping(clean, FAR[0], 50)) == 45
    assert lost(settled(clean, lambda found: len(found) >= 95), protocol=ICMP) == (5, 50)


def test_loss_by_chance_is_the_same_for_the_same_seed(clean: Line) -> None:
    """What arrives is what the log calls delivered, and another seed loses others."""
    arrived = []
    for seed in (7, 7, 8):
        clean.emulator.set(Shape(loss=0.3, seed=seed))
        arrived.append(talk(clean, range(200)))
        gone, all_ = lost(clean.emulator.take(), protocol=UDP)
        assert (all_, 200 - gone) == (200, len(arrived[-1]))
        assert 20 < gone < 100
    assert arrived[0] == arrived[1] != arrived[2]


def test_packets_come_twice_and_out_of_order(clean: Line) -> None:
    clean.emulator.set(Shape(duplicate=0.5, seed=1))
    twice = talk(clean, range(100))
    assert len(twice) == sum(packet.copies for packet in clean.emulator.take() if packet.protocol == UDP)
    assert 120 < len(twice) < 180
    clean.emulator.set(Shape(delay=0.05, reorder=0.2, seed=1))
    mixed = talk(clean, range(100))
    assert sorted(mixed) == list(range(100)) != mixed


def test_jitter_spreads_the_holds_around_the_delay(clean: Line) -> None:
    clean.emulator.set(Shape(delay=0.03, jitter=0.003, seed=3))
    talk(clean, range(300))
    there = holds(clean.emulator.take(), protocol=UDP)
    assert 0.002 < statistics.stdev(there) < 0.006
    assert 0.028 < statistics.median(there) < 0.034


def test_a_rate_makes_packets_queue_and_a_full_queue_loses_them(clean: Line) -> None:
    """100 datagrams of 1,028 bytes at 1 MB/s take 0.1 s; with room for 20 only about 20 arrive."""
    clean.emulator.set(Shape(rate=1e6))
    assert len(talk(clean, range(100), 1000)) == 100
    assert max(holds(clean.emulator.take(), protocol=UDP)) >= 0.05
    clean.emulator.set(Shape(rate=1e5, queue=20_000))
    assert len(talk(clean, range(100), 1000, quiet=1.0)) < 40
    packets = clean.emulator.take()
    assert sum(packet.queue_full for packet in packets) == lost(packets)[0] > 60


def test_a_megabyte_of_tcp_arrives_whole(clean: Line) -> None:
    """Nothing is lost on a straight wire that the log does not show."""
    body = bytes(range(256)) * 4096
    with clean.far.call(lambda: socket.create_server((FAR[0], 0))) as server:
        client = clean.near.call(lambda: socket.create_connection(server.getsockname(), 5))
        sending = threading.Thread(target=send, args=(client, body))
        sending.start()
        with server.accept()[0] as connection:
            connection.settimeout(10)
            received = bytearray()
            while part := connection.recv(65536):
                received += part
        sending.join()
    assert bytes(received) == body
    assert lost(clean.emulator.take(), protocol=TCP)[0] == 0


def send(connection: socket.socket, body: bytes) -> None:
    with connection:
        connection.settimeout(10)
        connection.sendall(body)


def test_nothing_of_it_stays() -> None:
    """The process ends and the devices go with it."""
    with line() as made:
        emulator, near = made.emulator, made.near
        emulator.close()
        assert emulator._process.returncode == 0
        assert near.run("ip", "link", "show", "line", check=False).returncode != 0
