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

from collections.abc import Iterable, Iterator

from msgspec import Struct

from collector.attribution.causes import Place
from collector.attribution.dark import Dark
from collector.attribution.ground import Ground, Suspect, Way
from collector.attribution.guesses import Case, Guesses
from collector.attribution.likelihood import Sign, rise
from collector.attribution.onset import COST as ONSET
from collector.attribution.onset import onset
from collector.attribution.passed import Passes, Spread
from collector.attribution.prior import BEYOND, COST, PARTS, SETTLED, SURE

SAME = 1e-6
"""Bounds that differ by less (nats) are the same but for rounding: what is explained of a way changes them by more."""
ODD, FEW = 2.0, 0.1
"""Answers are taken for chance where they are at most so many times as many as noise makes, and so few of the failures.
"""
_NOBODY: frozenset[int] = frozenset()
_NEARER = {Place.PROVIDER: Place.ACCESS, Place.PROVIDER_NAMES: Place.LAN_NAMES}


class Score(Struct, frozen=True, kw_only=True):
    """What blaming ``suspect`` gains over not doing so. ``affected`` is, for every failing way that it explains (by its
    number), how probable it then is that this way fails; ``since`` (µs) when it seems to have broken, 0 where it seems
    broken for the whole window."""

    suspect: Suspect
    gain: float
    cost: float
    working: int
    affected: dict[int, float]
    since: int = 0

    @property
    def worth(self) -> float:
        return self.gain - self.cost


class Scorer:
    """Scores suspects against the ways of one window. What worked is counted once for each suspect and kept."""

    def __init__(self, ground: Ground, noise: float) -> None:
        self.ground = ground
        self.below: dict[Suspect, list[int]] = {}
        for number, way in enumerate(ground.ways):
            for suspect in way.covers:
                self.below.setdefault(suspect, []).append(number)
        self._answered = frozenset(number for number, way in enumerate(ground.ways) if _answers(way))
        self.passes = Passes(ground)
        self._dark = Dark(ground, self.passes)
        self._guesses = Guesses(ground, self.passes)
        self._first: dict[Suspect, Score] = {}
        self._hopes: dict[Suspect, float] = {}
        self.noise = -1.0
        self.begin(noise)

    def begin(self, noise: float) -> None:
        """Nobody is blamed, and ways fail by chance with `noise`."""
        for way in self.ground.ways:
            way.chance = noise
        if noise != self.noise:
            self.noise = noise
            self._first.clear()
            self._hopes = {suspect: self.bound(suspect) for suspect in self.below}

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
        return sum(self.ground.ways[number].failed for number in numbers) * rise(self.noise, SURE)

    def acts(self, suspect: Suspect) -> Place:
        """What `suspect` is judged as. A provider of which one customer alone tells cannot be told from its line, nor
        their resolvers."""
        place = suspect.place
        return _NEARER[place] if place in _NEARER and len(self.ground.units(suspect)) < 2 else place

    def cost(self, suspect: Suspect) -> float:
        place = self.acts(suspect)
        return COST[place] + (BEYOND if place is not suspect.place else 0.0)

    def hope(self, suspect: Suspect) -> float:
        """No score of `suspect` gains more, whoever is blamed."""
        return self._hopes.get(suspect, 0.0)

    def bound(self, suspect: Suspect) -> float:
        """No score of `suspect` gains more now. Blaming others only makes it less."""
        alike: dict[tuple[float, float], float] = {}
        for way in self._ways(suspect):
            if way.chance < SETTLED:
                key = (way.chance, way.covers[suspect])
                alike[key] = alike.get(key, 0.0) + way.failed
        return sum(failed * rise(chance, SURE * share) for (chance, share), failed in alike.items() if share)

    def score(self, suspect: Suspect) -> Score:
        """The best of all guesses, about the whole window and about what came since a moment. Where nothing of what
        fails below `suspect` is explained, it is made once."""
        if self.bound(suspect) < self.hope(suspect) - SAME:
            return self._score(suspect)
        found = self._first.get(suspect)
        if found is None:
            found = self._first[suspect] = self._score(suspect)
        return found

    def _score(self, suspect: Suspect) -> Score:
        case = self._whole(suspect)
        gain, affected = self._best(case)
        if (late := self._late(case)) is not None:
            other, hit = self._best(late)
            if other - ONSET > gain:
                gain, case, affected = other - ONSET, late, hit
        return Score(
            suspect=suspect, gain=gain, cost=self.cost(suspect), working=self.passes.working(suspect, case.since),
            affected=affected, since=case.since,
        )  # fmt: skip

    def _best(self, case: Case) -> tuple[float, dict[int, float]]:
        gain, affected = self._guesses.best(case)
        if not affected or self._alone(case, affected):
            return 0.0, affected
        if case.suspect.place is Place.DESTINATION:
            gain -= self._dark.charge(case.suspect, [self.ground.ways[number] for number in affected])
        return gain, affected

    def _whole(self, suspect: Suspect) -> Case:
        odd = self._odd(suspect)
        signs = [
            Sign(0.0 if number in odd else way.failed, way.worked, way.chance, way.covers[suspect])
            for number in self.below[suspect] for way in [self.ground.ways[number]]
        ]  # fmt: skip
        return Case(suspect, self.acts(suspect), self.below[suspect], signs, 0)

    def _odd(self, suspect: Suspect) -> frozenset[int]:
        """The ways (by number) to a system that does not answer on which it did, and which are so few that chance
        explains them: one such answer among thousands of ways is no sign against their provider."""
        if suspect.place is not Place.DESTINATION:
            return _NOBODY
        below = self.below[suspect]
        odd = self._answered.intersection(below)
        by_chance = ODD * self.noise * (len(below) + self.passes.working(suspect))
        return odd if len(odd) <= by_chance and len(odd) < FEW * len(below) else _NOBODY

    def _late(self, whole: Case) -> Case | None:
        """The suspect of the `whole` window, looked at since it seems to be broken only."""
        suspect, ways = whole.suspect, self.ground.ways
        open = [way for way in self._ways(suspect) if way.chance < SETTLED and way.covers[suspect]]
        worked = self.passes.of(suspect) if self.passes.working(suspect) else []
        since = onset(open, worked, rise(self.noise, SURE))
        if since is None:
            return None
        odd = self._odd(suspect)
        numbers = [number for number in whole.numbers if max(ways[number].last, ways[number].passed) >= since]
        signs = [
            Sign(
                way.failed if way.last >= since and number not in odd else 0.0,
                way.worked if way.passed >= since else 0.0, way.chance, way.covers[suspect],
            )
            for number in numbers for way in [ways[number]]
        ]  # fmt: skip
        return Case(suspect, whole.place, numbers, signs, since)

    def _alone(self, case: Case, affected: dict[int, float]) -> bool:
        """Whether one part below alone is affected though others tell: then the fault is in that part."""
        return any(self._one_of_many(case.suspect, spread, affected) for spread in PARTS[case.place])

    def _one_of_many(self, suspect: Suspect, spread: Spread, affected: dict[int, float]) -> bool:
        names = self._guesses.names(spread)
        first = names[next(iter(affected))]
        if any(names[number] != first for number in affected):
            return False
        told = (name for name, number in self.passes.counted(suspect, spread).items() if number)
        return any(names[number] != first for number in self.below[suspect]) or any(name != first for name in told)

    def _ways(self, suspect: Suspect) -> Iterator[Way]:
        return (self.ground.ways[number] for number in self.below.get(suspect, ()))


def _answers(way: Way) -> bool:
    """Whether what failed came back from the system itself: then the line works, by the reason that counts."""
    return way.covers.get(Suspect(Place.ACCESS, way.network, way.unit)) == 0.0
