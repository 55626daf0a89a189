"""How well a suspect explains what failed, in nats.

The model is that of boolean tomography on a tree (Duffield, "Network Tomography of Binary Network Performance
Characteristics", IEEE Trans. Inf. Theory 52(12), 2006): the guilty are few, and a way works only where all its parts
do. Faults are not whole, reports are noisy, so it is made a likelihood: noise fails a way with a small chance ε; a
guilty part affects a share θ of what hangs on it (of its ways, its devices, its units or its targets), and an affected
way fails with SURE. Naming a suspect costs the negative logarithm of how often such a part is broken, so that the set
of least total cost is the smallest one that explains the failures (minimum description length: Rissanen 1978; the
greedy cover of shared risks is SCORE, Kompella et al., NSDI 2005).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import NamedTuple

from msgspec import Struct

from checks.kit.segment import Segment
from collector.attribution.causes import Place
from collector.attribution.ground import Ground, Suspect, Way
from collector.attribution.onset import COST as ONSET
from collector.attribution.onset import onset
from collector.attribution.passed import Passes, Spread

NOISE = 0.005
SURE, AT_TIMES = 0.95, 0.35
SHARES = (0.3, 0.5, 0.75, 0.97, 0.995)
"""θ that are tried, of ways from the first on, of devices, units and targets from the second: so a few broken lines
are not taken for their provider."""
FLICKERS = (0.12, 0.22, AT_TIMES, 0.6)
"""How often every way below a flapping part fails."""
COST: dict[Place, float] = {
    Place.DESTINATION: 4.8, Place.PROVIDER_NAMES: 5.2, Place.PROVIDER: 5.5, Place.LAN_NAMES: 8.5, Place.ACCESS: 9.0,
    Place.LAN: 9.5, Place.DEVICE: 11.0,
}  # fmt: skip
"""-ln of how probable it is that one such part is broken now: one of sixty thousand PCs, a hundredth of the systems, so
that a city of thousands of PCs that is judged every minute names one wrongly once in many minutes.
Resolvers are cheap because they are asked only where names fail. Where nothing tells two places apart, the cheaper one
is named and the other stands in ``also``."""
EXPLAINED = 0.1
"""How probable it must at least be that a way is affected for it to be explained."""
TARGETS_ONLY, DEVICES_ONLY = 10.0, 4.0
"""What it costs besides that a part of the way stops some systems and lets others pass; that a line stops some PCs of
an office and lets others pass."""
BEYOND = 0.5
"""What a provider of which one customer tells costs more than that one's line: it stands beside it in ``also``."""
BEHIND, MOSTLY = 10.0, 0.8
"""What it costs at least besides that a system which others reach fails, for so much of what it fails, only for those
who reach nothing there at all: see :meth:`Scorer._behind`."""
HALF, STRAY = 0.5, 0.2
"""An office has lost all systems where so much of its ways fails now, and at most so much works beside them."""
SETTLED = 0.3
"""A failure that is so probable by what is blamed already needs no further explanation."""


SPREADS: dict[Place, tuple[Spread, ...]] = {
    Place.DEVICE: (Spread.WAY,),
    Place.LAN: (Spread.WAY, Spread.DEVICE, Spread.TARGET),
    Place.LAN_NAMES: (Spread.WAY, Spread.DEVICE),
    Place.ACCESS: (Spread.WAY, Spread.DEVICE, Spread.TARGET),
    Place.PROVIDER: (Spread.WAY, Spread.DEVICE, Spread.UNIT, Spread.TARGET),
    Place.PROVIDER_NAMES: (Spread.WAY, Spread.DEVICE, Spread.UNIT),
    Place.DESTINATION: (Spread.WAY, Spread.UNIT, Spread.LINE),
}


RARE = {
    **{(place, Spread.TARGET): TARGETS_ONLY for place in Place},
    (Place.ACCESS, Spread.DEVICE): DEVICES_ONLY,
}
_NEARER = {Place.PROVIDER: Place.ACCESS, Place.PROVIDER_NAMES: Place.LAN_NAMES}
PARTS: dict[Place, tuple[Spread, ...]] = {
    Place.DEVICE: (),
    Place.LAN: (Spread.DEVICE,),
    Place.LAN_NAMES: (Spread.DEVICE,),
    Place.ACCESS: (Spread.DEVICE,),
    Place.PROVIDER: (Spread.UNIT,),
    Place.PROVIDER_NAMES: (Spread.UNIT,),
    Place.DESTINATION: (Spread.UNIT, Spread.LINE),
}
"""Of which two at least must be affected, if two tell."""


class Sign(NamedTuple):
    """What of a failing way counts where one suspect is scored; thousands of ways have the same."""

    failed: float
    worked: float
    chance: float
    covered: float


class Score(Struct, frozen=True, kw_only=True):
    """What blaming ``suspect`` gains over not doing so. ``affected`` is, for every failing way that it explains (by its
    number), how probable it then is that this way fails."""

    suspect: Suspect
    gain: float
    cost: float
    working: int
    affected: dict[int, float]

    @property
    def worth(self) -> float:
        return self.gain - self.cost


class Case(NamedTuple):
    """A suspect, the numbers of the failing ways below it and how they look, and since when (µs) what passed it is
    looked at: 0 for the whole window."""

    suspect: Suspect
    numbers: list[int]
    signs: list[Sign]
    since: int


class Scorer:
    """Scores suspects against the ways of one window. What worked is counted once for each suspect and kept."""

    def __init__(self, ground: Ground, noise: float) -> None:
        self.ground = ground
        self.below: dict[Suspect, list[int]] = {}
        for number, way in enumerate(ground.ways):
            for suspect in way.covers:
                self.below.setdefault(suspect, []).append(number)
        self.passes = Passes(ground)
        self._dark = _dark(ground)
        self.begin(noise)

    def begin(self, noise: float) -> None:
        """Nobody is blamed, and ways fail by chance with `noise`."""
        self.noise = noise
        for way in self.ground.ways:
            way.chance = noise

    def chances(self) -> list[float]:
        return [way.chance for way in self.ground.ways]

    def restore(self, chances: list[float]) -> None:
        for way, chance in zip(self.ground.ways, chances, strict=True):
            way.chance = chance

    def blame(self, score: Score) -> None:
        for number, chance in score.affected.items():
            way = self.ground.ways[number]
            way.chance = 1 - (1 - way.chance) * (1 - chance)

    def absolve(self, score: Score) -> None:
        """Takes back that `score` is blamed."""
        for number, chance in score.affected.items():
            way = self.ground.ways[number]
            way.chance = max(self.noise, 1 - (1 - way.chance) / (1 - chance))

    def most(self, numbers: Iterable[int]) -> float:
        """No set of suspects gains more from these ways."""
        return sum(self.ground.ways[number].failed for number in numbers) * _rise(self.noise, SURE)

    def acts(self, suspect: Suspect) -> Place:
        """What `suspect` is judged as. A provider of which one customer alone tells cannot be told from its line, nor
        their resolvers."""
        place = suspect.place
        return _NEARER[place] if place in _NEARER and len(self.ground.units(suspect)) < 2 else place

    def cost(self, suspect: Suspect) -> float:
        place = self.acts(suspect)
        return COST[place] + (BEYOND if place is not suspect.place else 0.0)

    def bound(self, suspect: Suspect) -> float:
        """No score of `suspect` gains more."""
        alike: dict[tuple[float, float], float] = {}
        for way in self._ways(suspect):
            key = (way.chance, way.covers[suspect])
            alike[key] = alike.get(key, 0.0) + way.failed
        return sum(failed * _rise(chance, SURE * share) for (chance, share), failed in alike.items() if share)

    def score(self, suspect: Suspect) -> Score:
        """The best of all spreads, shares and flickers."""
        gain, case, affected = self._best(self._whole(suspect))
        if (late := self._late(suspect)) is not None:
            other = self._best(late)
            if other[0] - ONSET > gain:
                gain, case, affected = other[0] - ONSET, *other[1:]
        return Score(
            suspect=suspect, gain=gain, cost=self.cost(suspect), working=self.passes.working(suspect, case.since),
            affected=affected,
        )  # fmt: skip

    def _best(self, case: Case) -> tuple[float, Case, dict[int, float]]:
        gain, ask = max((*self._spreads(case), *self._flicker(case)), key=lambda one: one[0])
        affected = ask()
        if not affected or self._alone(case.suspect, affected):
            gain = 0.0
        elif case.suspect.place is Place.DESTINATION:
            gain -= self._behind(case.suspect, affected)
        return gain, case, affected

    def _whole(self, suspect: Suspect) -> Case:
        signs = [
            Sign(way.failed, way.worked, way.chance, way.covers[suspect]) for way in self._ways(suspect)
        ]  # fmt: skip
        return Case(suspect, self.below[suspect], signs, 0)

    def _late(self, suspect: Suspect) -> Case | None:
        """`suspect`, looked at since it seems to be broken only."""
        ways = self.ground.ways
        open = [way for way in self._ways(suspect) if way.chance < SETTLED and way.covers[suspect]]
        worked = self.passes.of(suspect) if self.passes.working(suspect) else []
        since = onset(open, worked, _rise(self.noise, SURE))
        if since is None:
            return None
        numbers = [number for number in self.below[suspect] if max(ways[number].last, ways[number].passed) >= since]
        signs = [
            Sign(
                way.failed if way.last >= since else 0.0, way.worked if way.passed >= since else 0.0,
                way.chance, way.covers[suspect],
            )
            for number in numbers for way in [ways[number]]
        ]  # fmt: skip
        return Case(suspect, numbers, signs, since)

    def _behind(self, suspect: Suspect, affected: dict[int, float]) -> float:
        """What it costs besides to blame a system for offices that reach nothing there at all, while others reach it.

        Each of them has a line of its own that explains as much, so a system bears the cost of their lines in
        proportion to the share of the offices that reach it: where all but a few lose it, it may still be the system.
        """
        ways = [self.ground.ways[number] for number in affected]
        behind = [way for way in ways if (way.unit, way.network) in self._dark]
        if len(behind) < MOSTLY * len(ways):
            return 0.0
        cut = {way.unit for way in behind}
        counted = self.passes.counted(suspect, Spread.UNIT)
        reach = sum(number > 0 and unit not in cut for unit, number in counted.items())
        if not reach:
            return 0.0
        return max(BEHIND, COST[Place.ACCESS] * len(cut) * reach / (reach + len(cut)))

    def _alone(self, suspect: Suspect, affected: dict[int, float]) -> bool:
        """Whether one part below alone is affected though others tell: then the fault is in that part."""
        return any(self._one_of_many(suspect, spread, affected) for spread in PARTS[self.acts(suspect)])

    def _one_of_many(self, suspect: Suspect, spread: Spread, affected: dict[int, float]) -> bool:
        hit = {self._group(number, spread) for number in affected}
        if len(hit) != 1:
            return False
        rest = (self._group(number, spread) for number in self.below[suspect])
        told = (name for name, number in self.passes.counted(suspect, spread).items() if number)
        return any(name not in hit for name in (*rest, *told))

    def _ways(self, suspect: Suspect) -> Iterator[Way]:
        return (self.ground.ways[number] for number in self.below.get(suspect, ()))

    def _spreads(self, case: Case) -> Iterator[Guess]:
        """Ways that failed at times and worked at others are also tried as affected ways that fail at times."""
        alike = set(case.signs)
        for sure in (SURE, AT_TIMES) if any(sign.worked for sign in alike) else (SURE,):
            table = {sign: _ratio(sign, sure) for sign in alike}
            ratios = [table[sign] for sign in case.signs]
            lost = math.log(1 - sure) * self.ground.heft
            for spread in SPREADS[self.acts(case.suspect)]:
                groups = self._groups(case, spread)
                sums = self._sums(case, spread, groups, ratios, lost)
                yield from self._shared(case, sure, spread, groups, *sums, lost)

    def _groups(self, case: Case, spread: Spread) -> Sequence[str | int]:
        """What is affected as a whole with each of the failing ways."""
        numbers = case.numbers
        return numbers if spread is Spread.WAY else [self._group(number, spread) for number in numbers]

    def _sums(
        self, case: Case, spread: Spread, groups: Sequence[str | int], ratios: list[float], lost: float
    ) -> tuple[dict[str | int, float], Counter[int]]:
        """What speaks for each group to be affected; and how many groups have nothing but so many successes."""
        sums: dict[str | int, float] = {}
        idle: Counter[int] = Counter()
        for group, value in zip(groups, ratios, strict=True):
            sums[group] = sums.get(group, 0.0) + value
        if spread is Spread.WAY:
            idle[1] = self.passes.working(case.suspect, case.since)
            return sums, idle
        for name, number in self.passes.counted(case.suspect, spread, case.since).items():
            if name in sums:
                sums[name] += number * lost
            elif number:
                idle[number] += 1
        if spread is Spread.TARGET:
            idle[1] += self.passes.looks(case.suspect, case.since)
        return sums, idle

    def _shared(
        self, case: Case, sure: float, spread: Spread, groups: Sequence[str | int],
        sums: dict[str | int, float], idle: Counter[int], lost: float,
    ) -> Iterator[Guess]:  # fmt: skip
        alike, rare = Counter(sums.values()), RARE.get((self.acts(case.suspect), spread), 0.0)
        for share in SHARES if spread is Spread.WAY else SHARES[1:]:
            gain = -rare + math.fsum(times * _mixed(share, value) for value, times in alike.items())
            gain += math.fsum(times * _mixed(share, number * lost) for number, times in idle.items())
            yield gain, partial(self._hit, case, sure, share, groups, sums)

    def _hit(
        self, case: Case, sure: float, share: float, groups: Sequence[str | int], sums: dict[str | int, float]
    ) -> dict[int, float]:
        each = {group: sure * _posterior(share, value) for group, value in sums.items()}
        return self._affected(case, map(each.__getitem__, groups))

    def _group(self, number: int, spread: Spread) -> str:
        way = self.ground.ways[number]
        if spread is Spread.DEVICE:
            return way.device
        if spread is Spread.LINE:
            return self.ground.provider(way.unit, way.network)
        return way.unit if spread is Spread.UNIT else way.target

    def _flicker(self, case: Case) -> Iterator[Guess]:
        alike = Counter(case.signs)
        worked = self.passes.working(case.suspect, case.since) * self.ground.heft
        for often in FLICKERS:
            gain = math.fsum(times * _ratio(sign, often) for sign, times in alike.items())
            gain += worked * math.log(1 - often)
            yield gain, partial(self._affected, case, repeat(often))

    def _affected(self, case: Case, chances: Iterable[float]) -> dict[int, float]:
        ways = self.ground.ways
        return {
            number: chance * share
            for number, sign, chance in zip(case.numbers, case.signs, chances, strict=False)
            if sign.failed and chance >= EXPLAINED and (share := ways[number].covers[case.suspect])
        }


Guess = tuple[float, Callable[[], dict[int, float]]]
"""What is gained, and what asks for the ways that are then affected."""


def _dark(ground: Ground) -> frozenset[tuple[str, str]]:
    """The units and networks that lost all systems, two at least: half of their ways and more fail now, and hardly any
    worked since the middle one of these began to. What was not asked since says nothing."""
    now: dict[tuple[str, str], list[Way]] = {}
    again: dict[tuple[str, str], list[int]] = {}
    for way in ground.ways:
        if way.target and way.last > way.passed:
            now.setdefault((way.unit, way.network), []).append(way)
        elif way.target:
            again.setdefault((way.unit, way.network), []).append(way.passed)
    every: Counter[tuple[str, str]] = Counter()
    for device, found in ground.worked.items():
        for network, number in found.items():
            every[ground.topology.units[device], network] += number
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


def _rise(chance: float, sure: float) -> float:
    """ln of how much more probable a failure becomes; 0 where it needs no further explanation."""
    return 0.0 if chance >= SETTLED else math.log((1 - (1 - chance) * (1 - sure)) / chance)


def _ratio(sign: Sign, sure: float) -> float:
    """The log-likelihood ratio of a way whose part fails it with `sure`."""
    works = math.log(1 - sure)
    if not sign.covered:
        return (sign.failed + sign.worked) * works
    return sign.failed * _rise(sign.chance, sure * sign.covered) + sign.worked * works


def _mixed(share: float, value: float) -> float:
    """ln(1 - θ + θ·eˣ)."""
    return math.log(share) + value if value > 40 else math.log(1 - share + share * math.exp(value))


def _posterior(share: float, value: float) -> float:
    """How probable it is that what scored `value` is affected."""
    odds = math.exp(min(value, 40.0)) * share / (1 - share)
    return odds / (1 + odds)
