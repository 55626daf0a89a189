"""The observations of a window, laid out by the parts of the ways that they passed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field

from checks.kit.segment import NEARBY, Segment
from collector.attribution.causes import Cover, Place, cover
from collector.attribution.model import INTERNET, Line, Observation, Topology

LEVELS: dict[str, int] = {segment: number for number, segment in enumerate(Segment)}
DESTINATION = LEVELS[Segment.DESTINATION]
LOOKED = 2.5
"""What a look at the surroundings finds is no chance failure: it weighs more than a way does."""
HEFT = 2.0
"""Observations of one device and target are repeats of one another: however many there are, they weigh at most so much
more than one."""


RESOLVERS = (Place.LAN_NAMES, Place.PROVIDER_NAMES)
Passed = tuple[str, str, str, str]
"""(device, target, check, reach)."""
Look = tuple[str, int]
"""(network, level): a look at the surroundings, how far and on the way to which network."""


class Suspect(NamedTuple):
    """A place that may be guilty. ``network`` is set for ACCESS and PROVIDER."""

    place: Place
    network: str
    subject: str


class Way(Struct, kw_only=True, gc=False):
    """A device's way to one target, or its look at its surroundings, that failed at least once in the window.

    ``failed`` and ``worked`` are its shares of failures and successes, times the window's heft; ``first`` and ``last``
    are its oldest and newest failure, ``passed`` its newest success (0: none). ``covers`` says for each suspect on it
    how well that would explain the failure. ``chance`` is how probable the failure is by what has been blamed so far,
    and by noise.
    """

    device: str
    unit: str
    target: str
    network: str
    reasons: Counter[str]
    failed: float
    worked: float
    first: int
    last: int
    passed: int
    covers: dict[Suspect, float] = field(default_factory=dict)
    chance: float = 0.0


class Seen(NamedTuple):
    """A success: of a way to ``target``, or of a look at the surroundings as far as ``level``."""

    target: str
    network: str
    level: int
    names: bool


class Ground(Struct, kw_only=True):
    """What is known of a window: the failing ``ways``, how much worked where, and the members of the tree.

    ``fine`` are the ways and looks that never failed, with their newest success. ``worked`` counts these ways by device
    and network, ``bare`` those of them that began with an address, ``reached`` by target and unit; ``near`` counts the
    looks at the surroundings by device, network and level, ``named`` by device and network those that resolved names.
    ``nearer`` keeps the suspects before the target, which the ways of a device share; ``once`` the reasons of ways that
    failed once.
    """

    topology: Topology
    heft: float
    ways: list[Way] = []
    fine: dict[Passed, int] = {}
    unnamed: set[Passed] = set()
    worked: dict[str, Counter[str]] = {}
    bare: dict[str, Counter[str]] = {}
    reached: dict[str, Counter[str]] = {}
    near: dict[str, Counter[Look]] = {}
    named: Counter[tuple[str, str]] = field(default_factory=Counter)
    members: dict[str, list[str]] = {}
    customers: dict[tuple[str, str], list[str]] = {}
    nearer: dict[tuple[str, str, str, int], dict[Suspect, float]] = {}
    once: dict[str, Counter[str]] = {}

    def network(self, target: str) -> str:
        return self.topology.networks.get(target, INTERNET) if target else INTERNET

    def provider(self, unit: str, network: str) -> str:
        """Who carries `unit` there; the unit itself where that is not known."""
        return self.topology.line(unit, network).provider or f"\0{unit}"

    def units(self, suspect: Suspect) -> list[str]:
        """The units of which something was seen to fail or work, below `suspect`."""
        if suspect.place in (Place.PROVIDER, Place.PROVIDER_NAMES):
            return self.customers.get((suspect.network, suspect.subject), [])
        return [suspect.subject]

    def works(self, device: str, suspect: Suspect) -> int:
        """How much of what `device` saw work passed `suspect`, which is on its way to any target."""
        passed = _of(self.worked.get(device, _NONE), suspect.network)
        if suspect.place in RESOLVERS:
            passed -= _of(self.bare.get(device, _NONE), suspect.network)
        return passed + self._looked(device, suspect)

    def looks(self, suspect: Suspect) -> int:
        """How many looks at the surroundings passed it."""
        return sum(self._looked(one, suspect) for unit in self.units(suspect) for one in self.members.get(unit, ()))

    def _looked(self, device: str, suspect: Suspect) -> int:
        if suspect.place in RESOLVERS:
            return sum(self.named[device, one] for one in ([suspect.network] if suspect.network else self.networks))
        level = cleared(suspect.place)
        return sum(
            count
            for (network, far), count in self.near.get(device, _NEAR).items()
            if far >= level and suspect.network in ("", network)
        )

    @property
    def networks(self) -> set[str]:
        return {INTERNET, *self.topology.networks.values()}

    def everything(self) -> int:
        """How many ways, and looks at the surroundings, there were."""
        looks = sum(found.total() for found in self.near.values())
        return len(self.ways) + looks + sum(found.total() for found in self.worked.values())


def cleared(place: Place) -> int:
    """How far (a level) a look must reach to clear `place`. A device that sees its router may still let nothing out, by
    its own proxy or firewall: only what lies behind the router clears it."""
    return LEVELS[Segment.ACCESS] if place is Place.DEVICE else LEVELS.get(place, 0)


_NONE: Counter[str] = Counter()
_NEAR: Counter[Look] = Counter()


def _of(counts: Counter[str], network: str) -> int:
    return counts[network] if network else counts.total()


def survey(observations: Iterable[Observation], topology: Topology) -> Ground:
    """Lays out `observations` that failed or worked, of devices that `topology` knows."""
    failed: dict[Passed, set[tuple[int, str]]] = {}
    worked: dict[Passed, set[int]] = {}
    fine: dict[Passed, int] = {}
    unnamed: set[Passed] = set()
    good = []
    for one in observations:
        if one.ok:
            good.append(one)
        else:
            failed.setdefault((one.device, one.target, one.check, one.reach), set()).add((one.at, one.reason))
    for one in good:
        key = (one.device, one.target, one.check, one.reach)
        if key in failed:
            worked.setdefault(key, set()).add(one.at)
        else:
            fine[key] = max(one.at, fine.get(key, one.at))
            if not one.named:
                unnamed.add(key)
    ground = Ground(topology=topology, heft=_heft(failed, worked), fine=fine, unnamed=unnamed)
    return _laid_out(ground, failed, worked)


def _laid_out(ground: Ground, failed: dict[Passed, set[tuple[int, str]]], worked: dict[Passed, set[int]]) -> Ground:
    ground.members, ground.customers = {}, {}
    for device in sorted({key[0] for key in failed} | {key[0] for key in ground.fine}):
        ground.members.setdefault(ground.topology.units[device], []).append(device)
    for unit in ground.members:
        for line in ground.topology.lines.get(unit, ()):
            if line.provider:
                ground.customers.setdefault((line.network, line.provider), []).append(unit)
    ground.ways = [_way(ground, key, failed[key], worked.get(key, set())) for key in sorted(failed)]
    _count(ground)
    return ground


def _heft(failed: dict[Passed, set[tuple[int, str]]], worked: dict[Passed, set[int]]) -> float:
    """√n of the usual number n of distinct observations of one way, at most HEFT."""
    counts = sorted(len(found) + len(worked.get(key, ())) for key, found in failed.items())
    return min(HEFT, math.sqrt(counts[len(counts) // 2])) if counts else 1.0


def _way(ground: Ground, key: Passed, failed: set[tuple[int, str]], worked: set[int]) -> Way:
    device, target, _, reach = key
    number = len(failed) + len(worked)
    reasons, spoke = _reasons(ground, failed), _speaking(failed)
    weight = 1.0 if number == 1 else min(ground.heft, math.sqrt(number))
    if not NEARBY.keys().isdisjoint(reasons):
        weight *= LOOKED
    way = Way(
        device=device, unit=ground.topology.units[device], target=target, reasons=reasons,
        network=ground.network(target), failed=weight * len(failed) / number, worked=weight * len(worked) / number,
        first=min(failed)[0], last=max(failed)[0], passed=max(worked, default=0),
    )  # fmt: skip
    way.covers = _suspects(way, spoke, ground, LEVELS.get(reach, DESTINATION))
    return way


def _reasons(ground: Ground, failed: set[tuple[int, str]]) -> Counter[str]:
    """How often each was seen. Thousands of ways failed once, and share it."""
    if len(failed) > 1:
        return Counter(reason for _, reason in failed)
    ((_, reason),) = failed
    return ground.once.get(reason) or ground.once.setdefault(reason, Counter((reason,)))


def _speaking(failed: set[tuple[int, str]]) -> str:
    """The reason that counts of a way that `failed` for several: reasons that speak of the same places count together,
    and of as many failures the newer do. A chance failure before a fault says nothing of it."""
    if len(failed) == 1:
        return next(iter(failed))[1]
    newest = sorted(failed, reverse=True)
    votes = Counter(id(cover(reason)) for _, reason in newest)
    return max((reason for _, reason in newest), key=lambda one: votes[id(cover(one))])


def _suspects(way: Way, reason: str, ground: Ground, level: int) -> dict[Suspect, float]:
    """Who may have failed `way`, as `reason` has it; none beyond `level`."""
    key = (way.device, way.network, reason, level)
    found = ground.nearer.get(key)
    if found is None:
        found = ground.nearer[key] = _nearer(way, ground.topology.line(way.unit, way.network), cover(reason), level)
    share = cover(reason).get(Place.DESTINATION)
    if share is None or not way.target or level < DESTINATION:
        return found
    return {**found, Suspect(Place.DESTINATION, "", way.target): share}


def _nearer(way: Way, line: Line, covers: Cover, level: int) -> dict[Suspect, float]:
    subjects = {
        Place.DEVICE: ("", way.device), Place.LAN: ("", way.unit), Place.LAN_NAMES: ("", way.unit),
        Place.ACCESS: (way.network, way.unit), Place.PROVIDER: (way.network, line.provider),
        Place.PROVIDER_NAMES: (way.network, line.provider),
    }  # fmt: skip
    return {
        Suspect(place, *subjects[place]): share
        for place, share in covers.items()
        if place in subjects and subjects[place][1] and LEVELS.get(place, 0) <= level
    }


def _count(ground: Ground) -> None:
    """A success at a target by any check counts in full; one that reaches less far is a look at the surroundings."""
    ground.worked, ground.reached, ground.near, ground.bare = {}, {}, {}, {}
    units, whole = ground.topology.units, Segment.DESTINATION
    networks = ground.topology.networks
    for device, target, check, reach in ground.fine:
        if target and reach == whole:
            network = networks.get(target, INTERNET)
            found = ground.worked.get(device) or ground.worked.setdefault(device, Counter())
            found[network] += 1
            there = ground.reached.get(target) or ground.reached.setdefault(target, Counter())
            there[units[device]] += 1
        else:
            network = networks.get(target, INTERNET) if target else INTERNET
            ground.near.setdefault(device, Counter())[network, LEVELS.get(reach, DESTINATION)] += 1
            ground.named[device, network] += check == "dns"
    for device, target, _, reach in ground.unnamed & ground.fine.keys():
        if target and reach == whole:
            ground.bare.setdefault(device, Counter())[networks.get(target, INTERNET)] += 1
