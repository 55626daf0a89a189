"""Which family wins, and what is said of the other one. The connects are fakes that take a set time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from checks.kit.failure import NetError
from checks.kit.families import Address, Connection, Race
from checks.kit.model import Reason

FOUR, SIX = Address("ipv4", ("192.0.2.1", 443)), Address("ipv6", ("2001:db8::1", 443, 0, 0))
Plan = dict[str, tuple[float, float | Reason]]


class Lab:
    """Connects as `plan` says: per family after how long, and the time it is said to have taken, or why it failed."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.closed: list[str] = []
        self._names: dict[socket.socket, str] = {}

    def connect(self, addresses: Sequence[Address], _timeout: float) -> Connection:
        family = addresses[0].family
        wait, found = self._plan[family]
        time.sleep(wait)
        if isinstance(found, Reason):
            raise NetError(found, "why")
        sock = socket.socket()
        self._names[sock] = family
        return Connection(sock, addresses[0], found)

    def close(self, sock: socket.socket) -> None:
        self.closed.append(self._names[sock])
        sock.close()


@contextlib.contextmanager
def racing(plan: Plan, *, timeout: float = 5.0) -> Iterator[tuple[Race, Lab]]:
    """A race in the order of `plan`, whose threads are gone at the end."""
    before, lab = threading.active_count(), Lab(plan)
    addresses = [SIX if family == "ipv6" else FOUR for family in plan]
    yield Race(addresses, timeout, lab.connect, lab.close), lab
    _until(lambda: threading.active_count() <= before)


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not reached() and time.monotonic() < end:
        time.sleep(0.005)
    assert reached()


@pytest.mark.parametrize(
    ("six", "four", "winner"),
    [(0.010, 0.010, "ipv6"), (0.200, 0.010, "ipv6"), (0.300, 0.010, "ipv4"), (0.010, 0.300, "ipv6")],
)
def test_the_preferred_family_wins_with_a_quarter_of_a_second(six: float, four: float, winner: str) -> None:
    """RFC 8305: the other one would have started that much later. Both are reported; one connection is closed."""
    with racing({"ipv6": (0.0, six), "ipv4": (0.02, four)}) as (race, lab):
        time.sleep(0.1)  # both are through: the times decide, not the threads
        connection = race.winner()
        connection.sock.close()
        assert connection.address.family == winner
        assert lab.closed == [{"ipv6": "ipv4", "ipv4": "ipv6"}[winner]]
        assert {family: one.took for family, one in race.outcomes().items()} == {"ipv6": six, "ipv4": four}


def test_a_dead_preferred_family_costs_its_head_start_and_no_more() -> None:
    """The run goes on; what became of the dead one is asked later."""
    with racing({"ipv6": (1.5, Reason.TCP_TIMEOUT), "ipv4": (0.0, 0.01)}) as (race, _):
        started = time.monotonic()
        connection = race.winner()
        took = time.monotonic() - started
        connection.sock.close()
        assert connection.address.family == "ipv4"
        assert 0.2 < took < 1.2
        failure = race.outcomes()["ipv6"].failure
    assert failure
    assert failure.reason is Reason.TCP_TIMEOUT


def test_a_family_that_fails_at_once_costs_nothing() -> None:
    """No route: the kernel knows immediately."""
    with racing({"ipv6": (0.0, Reason.TCP_UNREACHABLE), "ipv4": (0.03, 0.01)}) as (race, _):
        started = time.monotonic()
        race.winner().sock.close()
        assert time.monotonic() - started < 1.0


def test_a_late_loser_is_closed_when_it_comes() -> None:
    """Nothing stays open."""
    with racing({"ipv6": (0.0, 0.01), "ipv4": (0.3, 0.3)}) as (race, lab):
        race.winner().sock.close()
        assert lab.closed == []
        _until(lambda: lab.closed == ["ipv4"])


def test_a_family_that_stays_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits ten seconds for it; it counts as timed out."""
    monkeypatch.setattr("checks.kit.families.PATIENCE", 0.1)
    with racing({"ipv6": (0.0, 0.01), "ipv4": (0.6, 0.6)}) as (race, _):
        race.winner().sock.close()
        failure = race.outcomes()["ipv4"].failure
    assert failure
    assert failure.reason is Reason.TCP_TIMEOUT


@pytest.mark.parametrize(
    ("six", "four", "reason"),
    [(Reason.TCP_UNREACHABLE, Reason.TCP_TIMEOUT, Reason.TCP_TIMEOUT),
     (Reason.TCP_TIMEOUT, Reason.TCP_REFUSED, Reason.TCP_REFUSED)],
)  # fmt: skip
def test_when_both_fail_the_one_that_came_furthest_counts(six: Reason, four: Reason, reason: Reason) -> None:
    """And each has its own."""
    with racing({"ipv6": (0.0, six), "ipv4": (0.05, four)}) as (race, _):
        with pytest.raises(NetError) as caught:
            race.winner()
        reasons = [one.failure.reason for one in race.outcomes().values() if one.failure]
    assert caught.value.reason is reason
    assert reasons == [six, four]


def test_one_family_needs_no_thread() -> None:
    """Its connect runs in the caller's own, as exact as it can be."""
    with racing({"ipv4": (0.0, 0.01)}) as (race, _):
        before = threading.active_count()
        race.winner().sock.close()
        assert threading.active_count() == before
        assert race.outcomes()["ipv4"].took == 0.01
