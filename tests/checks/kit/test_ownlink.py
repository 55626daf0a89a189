"""When this device's own link is called down, and when nothing is known of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from checks.kit import ownlink
from checks.kit.child import ChildError
from checks.kit.failure import NetError
from checks.kit.host import System
from checks.kit.icmp import Echoes
from checks.kit.model import Env, Reason
from checks.kit.net import Net
from checks.kit.netlink import Neighbour
from checks.kit.route import Gateway
from tests.checks.conftest import FixedClock, NoChild
from tests.checks.servers import Server, closed_port, http, say

ROUTER, OTHER = Gateway("ipv4", "203.0.113.1", "eth0"), Gateway("ipv6", "fe80::1", "eth0")
POINT = Gateway("ipv4", "", "ppp0")


class Pinged(Net):
    """Routers answer, are silent, or may not be asked: True, False, None."""

    def __init__(self, heard: bool | None) -> None:
        super().__init__()
        self._heard = heard
        self.asked: list[str] = []

    def ping(self, address: str, **_: Any) -> Echoes:
        self.asked.append(address)
        if self._heard is None:
            raise NetError(Reason.PERMISSION, "no")
        return Echoes(method="icmp_raw", sent=2, rtts=(0.001,) if self._heard else (), stamps="kernel")


class Machine:
    """Of this operating system."""

    def __init__(self, name: str = "linux") -> None:
        self._name = name

    def system(self) -> System:
        return System(self._name, "", "")


class Broken:
    """A child that fails."""

    def call(self, *_: Any, **__: Any) -> Any:
        raise ChildError(Reason.CHILD_HUNG, "no answer")


def _env(net: Net, host: Any, child: Any = None) -> Env:
    end = time.monotonic() + 5
    return Env(clock=FixedClock(), net=net, host=host, child=child or NoChild(), deadline=end, now=time.monotonic)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the default routes, and the state in which the kernel holds every router."""

    def tell(routes: tuple[Gateway, ...], state: str | None) -> None:
        found = None if state is None else Neighbour("", 1, state)
        monkeypatch.setattr("checks.kit.route.defaults", lambda _host: routes)
        monkeypatch.setattr("checks.kit.route.neighbour", lambda _host, _gateway: found)

    return tell


@pytest.mark.parametrize(
    ("routes", "heard", "state", "link"),
    [
        ((ROUTER,), True, "stale", "works"),
        ((ROUTER,), False, "failed", "down"),
        ((ROUTER,), False, "incomplete", "down"),
        ((ROUTER,), False, "none", "down"),
        ((ROUTER,), False, "reachable", "works"),
        ((ROUTER,), False, "stale", "unknown"),
        ((ROUTER,), False, "probe", "unknown"),
        ((ROUTER,), False, None, "down"),
        ((ROUTER,), None, None, "unknown"),
        ((ROUTER,), None, "failed", "down"),
        ((ROUTER, OTHER), False, "failed", "down"),
        ((POINT,), False, "none", "unknown"),
        ((ROUTER, POINT), False, "failed", "unknown"),
        ((), False, "none", "down"),
    ],
)
def test_only_routers_that_are_proven_silent_take_the_link_down(
    known: Any, routes: tuple[Gateway, ...], heard: bool | None, state: str | None, link: str
) -> None:
    """One that filters echo requests and is known to the kernel is there; one that may not be asked is not known."""
    known(routes, state)
    assert ownlink.own_link((), _env(Pinged(heard), Machine())) == link


def test_an_anchor_decides_for_a_silent_router(known: Any) -> None:
    """Taken or refused, it came back; one that is forbidden says nothing."""
    known((ROUTER,), "failed")
    with Server(say(http())) as server:
        for anchor in (f"http://127.0.0.1:{server.port}/", f"127.0.0.1:{closed_port()}"):
            assert ownlink.own_link((anchor,), _env(Pinged(False), Machine())) == "works"
    assert ownlink.own_link(("169.254.1.1:80",), _env(Pinged(False), Machine())) == "down"


def test_windows_asks_the_anchors_first() -> None:
    """Its routes take seconds; when they cannot be had either, nothing is known."""
    net = Pinged(False)
    with Server(say(http())) as server:
        assert ownlink.own_link((f"127.0.0.1:{server.port}",), _env(net, Machine("windows"))) == "works"
    assert net.asked == []
    assert ownlink.own_link((), _env(net, Machine("windows"), Broken())) == "unknown"


def test_a_system_whose_routes_cannot_be_read_tells_nothing() -> None:
    """No router is no news there."""
    assert ownlink.own_link((), _env(Pinged(False), Machine("darwin"))) == "unknown"
