"""What the tests of checks share: an environment with a real network and injected time, and two authorities."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from checks.connectivity import CHECK
from checks.kit import guard
from checks.kit.host import Host, System
from checks.kit.model import Env, Reading, decode_params
from checks.kit.net import Lookup, Net
from tests.checks.certs import Authority

Reach = Callable[..., Reading]


class FixedClock:
    """Stands still, at a wall time in microseconds."""

    def __init__(self, wall: int | None = None) -> None:
        self._wall = time.time_ns() // 1000 if wall is None else wall

    def wall(self) -> int:
        return self._wall

    def mono(self) -> int:
        return 3_600_000_000

    def boot(self) -> str:
        return "this-boot"


class NoChild:
    """Fails the test when a check starts a child that it should not need."""

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        raise AssertionError(f"{function} was called")


def environment(net: Any = None, host: Any = None, seconds: float = 20.0, clock: Any = None, child: Any = None) -> Env:
    return Env(
        clock=clock or FixedClock(),
        net=net or Net(),
        host=host or Host(),
        child=child or NoChild(),
        deadline=time.monotonic() + seconds,
        now=time.monotonic,
    )


def always(address: str = "127.0.0.1") -> Lookup:
    """A resolver that answers every name with one IPv4 address."""

    def lookup(host: bytes, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(2, 1, 6, "", (address, port))]

    return lookup


def but_loopback(address: str, _loopback: bool) -> bool:
    """The guard of the tests, whose made-up names lead to servers on loopback."""
    return guard.forbidden(address, loopback=True)


class NoRoutes(Host):
    """A host that says nothing of its routers, so that no test asks the routers of this machine."""

    def __init__(self) -> None:
        super().__init__("/nonexistent")

    def system(self) -> System:
        return System("unknown", "", "")


@pytest.fixture
def reach() -> Reach:
    """Runs the check of connectivity with these parameters; names resolve to loopback unless `lookup` is given."""

    def run(url: str, *, lookup: Lookup | None = None, seconds: float = 20.0, **params: Any) -> Reading:
        env = environment(Net(lookup or always(), forbidden=but_loopback), NoRoutes(), seconds=seconds)
        reading: Reading = CHECK.run(decode_params(CHECK, {"url": url, **params}), env)
        return reading

    return run


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("trusted"), "Ban Cơ yếu Chính phủ", "CA phục vụ các cơ quan Nhà nước G2")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Antivirus", "Antivirus Web Shield Root")


def values(reading: Reading) -> dict[str, float]:
    """Samples by name, or with a label as ``phase:<name>``, ``<metric>:<label value>``."""
    return {
        ":".join(("phase" if "phase" in found.labels else found.name, *found.labels.values())): found.value
        for found in reading.samples
    }
