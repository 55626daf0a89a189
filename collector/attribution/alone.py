"""An office of which one device alone tells, as at night its router does: there are no others to compare it with."""

from __future__ import annotations

from collections import Counter

from checks.kit.segment import Segment
from collector.attribution.causes import Place, cause
from collector.attribution.ground import LEVELS, Ground, Suspect, Way
from collector.attribution.model import Finding
from collector.attribution.prior import SETTLED

UNSURE = 1 / 3
"""A line that is promised for 99.5 % of the time is down as often as a run fails by chance ([A], prior.NOISE); and
it may be the device."""
TOLD = 0.5


def alone(ground: Ground) -> list[Finding]:
    """What nobody is blamed for yet: the line of a unit of which one device alone tells, where all that this asked in
    that network failed, be it one system. A failure beside a success there is noise."""
    found: dict[tuple[str, str], list[Way]] = {}
    for way in ground.ways:
        if len(ground.members[way.unit]) == 1 and way.target:
            found.setdefault((way.unit, way.network), []).append(way)
    return [_finding(ground, ways) for _, ways in sorted(found.items()) if all(_is_open(way, ground) for way in ways)]


def _is_open(way: Way, ground: Ground) -> bool:
    """Whether `way` never worked, could have failed on the line, and is not explained."""
    line = Suspect(Place.ACCESS, way.network, way.unit)
    if way.worked or (way.device in ground.worked and ground.worked[way.device][way.network]):
        return False
    return way.chance < SETTLED and way.covers.get(line, 0.0) >= TOLD and not ground.looks(line)


def _finding(ground: Ground, ways: list[Way]) -> Finding:
    first = ways[0]
    named, reason = cause(Place.ACCESS, sum((way.reasons for way in ways), Counter[str]()))
    targets = sorted({way.target for way in ways})
    return Finding(
        segment=Segment.ACCESS, subject=first.unit, network=first.network, cause=named, reason=reason,
        confidence=round(UNSURE, 3), failing=len(ways), also=_also(ground, first, targets),
        devices=(first.device,), units=(first.unit,), targets=tuple(targets),
        first=min(way.first for way in ways), last=max(way.last for way in ways),
    )  # fmt: skip


def _also(ground: Ground, way: Way, targets: list[str]) -> tuple[Segment, ...]:
    """The device; what nothing else clears."""
    line = ground.topology.line(way.unit, way.network)
    found = [Segment.DEVICE]
    if not ground.works(way.device, Suspect(Place.LAN, "", way.unit)):
        found.append(Segment.LAN)
    if line.provider and len(ground.customers.get((way.network, line.provider), ())) < 2:
        found.append(Segment.PROVIDER)
    if len(targets) == 1 and targets[0] not in ground.reached:
        found.append(Segment.DESTINATION)
    return tuple(sorted(found, key=lambda one: LEVELS[one]))
