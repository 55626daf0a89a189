"""The interface towards a server, and what others move on it."""

from __future__ import annotations

import socket
import threading

import pytest

from checks.kit import crosstraffic


def test_loopback_is_found_and_its_traffic_seen() -> None:
    """Datagrams of another sender, some 8 Mbit/s for half a second, are counted both ways."""
    stop = threading.Event()
    kind = (socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(*kind) as hears, socket.socket(*kind) as says:
        hears.bind(("127.0.0.1", 0))

        def talk() -> None:
            while not stop.wait(0.005):
                says.sendto(bytes(10_000), hears.getsockname())

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            found = crosstraffic.look({"host": "127.0.0.1", "port": 9, "seconds": 0.5})
        finally:
            stop.set()
            talking.join()
    assert found.interface == "lo"
    assert found.receive is not None
    assert found.receive > 250e3
    assert found.transmit is not None
    assert found.transmit > 250e3


def test_no_interface_is_no_figure() -> None:
    """A name that does not resolve leaves everything unknown."""
    assert crosstraffic.towards("no.such.name.invalid", 80) == ""
    assert crosstraffic.counters("") is None
    assert crosstraffic.counters("nosuch0") is None
    assert crosstraffic.speed("nosuch0") is None


@pytest.mark.parametrize(
    ("moved", "own", "expected"),
    [(1_514_000, 1_448_000, 0.0), (1_448_000, 1_448_000, 0.0), (2_514_000, 1_448_000, 8e6)],
)
def test_our_own_frames_are_not_others(moved: int, own: int, expected: float) -> None:
    """With their headers, whether the interface counts them or not."""
    assert crosstraffic.others(moved, own, 1.0) == pytest.approx(expected, abs=1)
