"""Offices that reach nothing at all: their own line explains as much as any system that they fail to reach."""

from __future__ import annotations

from collections import Counter

from checks.kit.segment import Segment
from collector.attribution.causes import Place
from collector.attribution.ground import Ground, Suspect, Way
from collector.attribution.passed import Passes, Spread
from collector.attribution.prior import COST

BEHIND, MOSTLY = 10.0, 0.8
"""What it costs at least besides that a system which others reach fails, for so much of what it fails, only for those
who reach nothing there at all: see :meth:`Dark.charge`."""
HALF, STRAY = 0.5, 0.2
"""An office has lost all systems where so much of its ways fails now, and at most so much works beside them."""
Office = tuple[str, str]
"""(unit, network)."""


class Dark:
    """The units and networks of a window that lost all systems."""

    def __init__(self, ground: Ground, passes: Passes) -> None:
        self._passes = passes
        self._offices = _dark(ground)

    def charge(self, suspect: Suspect, affected: list[Way]) -> float:
        """What it costs besides to blame a system for offices that reach nothing there at all, while others reach it.

        Each of them has a line of its own that explains as much, so a system bears the cost of their lines in
        proportion to the share of the offices that reach it: where all but a few lose it, it may still be the system.
        """
        behind = [way for way in affected if (way.unit, way.network) in self._offices]
        if len(behind) < MOSTLY * len(affected):
            return 0.0
        cut = {way.unit for way in behind}
        counted = self._passes.counted(suspect, Spread.UNIT)
        reach = sum(number > 0 and unit not in cut for unit, number in counted.items())
        if not reach:
            return 0.0
        return max(BEHIND, COST[Place.ACCESS] * len(cut) * reach / (reach + len(cut)))


def _dark(ground: Ground) -> frozenset[Office]:
    """Those that lost all systems, two at least: half of their ways and more fail now, and hardly any worked since the
    middle one of these began to. What was not asked since says nothing."""
    now, again = _lately(ground)
    every = _worked(ground)
    lost = {
        office: sorted(way.first for way in ways)[len(ways) // 2]
        for office, ways in now.items()
        if len(ways) >= HALF * (len(ways) + len(again.get(office, ())) + every[office])
        and len({way.target for way in ways}) > 1
    }  # fmt: skip
    if not lost:
        return frozenset()
    alive = Counter(office for office, since in lost.items() for at in again.get(office, ()) if at >= since)
    for (device, target, _, reach), at in ground.fine.items():
        office = ground.topology.units[device], ground.network(target)
        if office in lost and target and reach == Segment.DESTINATION and at >= lost[office]:
            alive[office] += 1
    return frozenset(office for office in lost if alive[office] <= STRAY * (alive[office] + len(now[office])))


def _lately(ground: Ground) -> tuple[dict[Office, list[Way]], dict[Office, list[int]]]:
    """The ways to systems that fail now, and when those worked last that had failed."""
    now: dict[Office, list[Way]] = {}
    again: dict[Office, list[int]] = {}
    for way in ground.ways:
        if way.target and way.last > way.passed:
            now.setdefault((way.unit, way.network), []).append(way)
        elif way.target:
            again.setdefault((way.unit, way.network), []).append(way.passed)
    return now, again


def _worked(ground: Ground) -> Counter[Office]:
    every: Counter[Office] = Counter()
    for device, found in ground.worked.items():
        for network, number in found.items():
            every[ground.topology.units[device], network] += number
    return every
