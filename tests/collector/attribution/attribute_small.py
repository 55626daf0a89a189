"""A small city by hand: four units of three PCs, two providers, three systems on the Internet and one dedicated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import DEDICATED, INTERNET, Finding, Line, Observation, Topology

MINUTE = 60_000_000
NOW = 1_760_000_000_000_000
UNITS = ("26734", "26737", "26740", "26743")
INSIDE = ("a", "b", "c")
TARGETS = ("dvc", "van-ban", "mail", "tslcd-dvc")
TOPOLOGY = Topology(
    units={f"{unit}-{one}": unit for unit in UNITS for one in INSIDE},
    lines={
        unit: (Line(network=INTERNET, provider="vnpt" if number < 2 else "viettel"), Line(network=DEDICATED))
        for number, unit in enumerate(UNITS)
    },
    networks={"tslcd-dvc": DEDICATED},
)


class Probe(Struct, frozen=True):
    device: str
    unit: str
    target: str

    @property
    def internet(self) -> bool:
        return self.target != "tslcd-dvc"


def round_of(fails: Callable[[Probe], str | bool], at: int = NOW, **more: Any) -> list[Observation]:
    """One observation of every way; `fails` says with which reason it fails (True: a timeout)."""
    found = []
    for device, unit in TOPOLOGY.units.items():
        for target in TARGETS:
            reason = fails(Probe(device, unit, target))
            reason = "tcp_timeout" if reason is True else reason or ""
            found.append(Observation(device=device, at=at, target=target, ok=not reason, reason=reason, **more))
    return found


def look(device: str, reason: str = "", *, check: str = "lan", reach: Segment = Segment.LAN) -> Observation:
    return Observation(device=device, at=NOW, ok=not reason, reason=reason, check=check, reach=reach)


def silent(device: str, at: int = NOW) -> Observation:
    return Observation(device=device, at=at, ok=None)


def places(observations: list[Observation], topology: Topology = TOPOLOGY) -> list[tuple[str, ...]]:
    """(segment, network, subject, cause) of every finding."""
    return [named(one) for one in attribute(observations, topology)]


def named(one: Finding) -> tuple[str, ...]:
    return one.segment.value, one.network, one.subject, one.cause.value
