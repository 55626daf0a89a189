"""A second made-up country, unlike the benchmark's: one snapshot, ways to systems only, other reasons, holes in single
ways, dead offices told by their PCs. What was tuned on the one must hold on the other."""

from __future__ import annotations

import random
import sys

from msgspec import Struct

from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import DEDICATED, INTERNET, Line, Observation, Topology

Key = tuple[str, str, str]
NOISES = ("tls_handshake", "http_protocol", "tcp_refused", "dns_no_address", "http_timeout")
REASONS = {
    Segment.DEVICE: ("tcp_unreachable",),
    Segment.LAN: ("tcp_unreachable", "dns_timeout"),
    Segment.ACCESS: ("http_timeout", "dns_servfail"),
    Segment.PROVIDER: ("tls_timeout", "tcp_reset", "tcp_timeout"),
    Segment.DESTINATION: ("tcp_refused", "tls_handshake", "tcp_timeout"),
}


class Tally(Struct):
    named: int = 0
    right: int = 0
    faults: int = 0
    found: int = 0


def country(chance: random.Random) -> Topology:
    """25 to 60 offices of 2 to 8 PCs; a tenth has no known provider; four systems on the Internet, two dedicated."""
    offices = [f"x{number}" for number in range(chance.randint(25, 60))]
    lines: dict[str, tuple[Line, ...]] = {}
    for number, office in enumerate(offices):
        provider = "" if number % 10 == 9 else chance.choice("PQR")
        lines[office] = (Line(network=DEDICATED, provider="cuc"), Line(network=INTERNET, provider=provider))
    units = {f"{office}/{one}": office for office in offices for one in range(chance.randint(2, 8))}
    return Topology(units=units, lines=lines, networks={"s4": DEDICATED, "s5": DEDICATED})


def way(topology: Topology, device: str, target: str) -> dict[Segment, Key]:
    unit, network = topology.units[device], topology.networks.get(target, INTERNET)
    provider = topology.line(unit, network).provider
    return {
        Segment.DEVICE: ("device", "", device),
        Segment.LAN: ("lan", "", unit),
        Segment.ACCESS: ("access", network, unit),
        Segment.PROVIDER: ("provider", network, provider),
        Segment.DESTINATION: ("destination", "", target),
    }


def snapshot(chance: random.Random, number: int) -> tuple[list[Observation], Topology, set[Key]]:
    """What is seen of `number` faults, each of which fails 80 to 100 % of what passes it."""
    topology = country(chance)
    ways = [way(topology, device, f"s{target}") for device in topology.units for target in range(6)]
    faults: dict[Key, float] = {}
    while len(faults) < number:
        segment = chance.choice(list(Segment))
        key = chance.choice(ways)[segment]
        if key[2] and not any(_hidden(key, other, ways) or _hidden(other, key, ways) for other in faults):
            faults[key] = chance.uniform(0.8, 1.0)
    seen = []
    for one in ways:
        if chance.random() < 0.15:
            continue
        guilty = [segment for segment, key in one.items() if chance.random() < faults.get(key, 0.0)]
        reason = chance.choice(REASONS[guilty[0]]) if guilty else chance.choice(NOISES) * (chance.random() < 0.004)
        device, target = one[Segment.DEVICE][2], one[Segment.DESTINATION][2]
        seen.append(Observation(device=device, at=7, target=target, ok=not reason, reason=reason))
    return seen, topology, set(faults)


def _hidden(key: Key, other: Key, ways: list[dict[Segment, Key]]) -> bool:
    """Whether `key` cannot be known beside `other`: its ways that do not pass `other` are none, or are those of another
    place as well."""
    if key == other:
        return True
    visible: dict[Key, set[int]] = {}
    for number, one in enumerate(ways):
        for place in one.values() if other not in one.values() else ():
            visible.setdefault(place, set()).add(number)
    own = visible.get(key)
    return not own or any(there == own for place, there in visible.items() if place != key)


def measure(seed: int, plays: int, faults: int) -> Tally:
    tally = Tally()
    for number in range(plays):
        seen, topology, truth = snapshot(random.Random(seed + number), faults)
        named: set[Key] = {(one.segment.value, one.network, one.subject) for one in attribute(seen, topology)}
        tally.named += len(named)
        tally.right += len(named & truth)
        tally.faults += len(truth)
        tally.found += len(named & truth)
    return tally


def test_single_faults_of_another_country_are_found_and_nothing_else_is_named() -> None:
    tally = measure(1000, 60, 1)
    assert tally.right >= 0.95 * tally.named
    assert tally.found >= 0.93 * tally.faults


def test_double_faults_of_another_country_are_found() -> None:
    tally = measure(2000, 40, 2)
    assert tally.right >= 0.93 * tally.named
    assert tally.found >= 0.90 * tally.faults


def test_a_country_without_faults_has_no_findings() -> None:
    assert measure(3000, 15, 0).named <= 1


if __name__ == "__main__":
    for many in (0, 1, 2, 3):
        found = measure(int(sys.argv[1]), int(sys.argv[2]), many)
        print(many, found, found.right / max(1, found.named), found.found / max(1, found.faults))
