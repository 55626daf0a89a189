"""What a guilty suspect may affect, and how well each guess explains what is seen.

A guess is a part of what hangs on the suspect (a share of its ways, devices, units or targets that fails as a whole),
or a flicker: all that hangs on it fails now and then.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import NamedTuple

from collector.attribution.causes import Place
from collector.attribution.ground import Ground, Suspect, Way
from collector.attribution.likelihood import Sign, mixed, posterior, ratio
from collector.attribution.passed import Passes, Spread
from collector.attribution.prior import AT_TIMES, EXPLAINED, FLICKERS, RARE, SHARES, SPREADS, SURE

Guess = tuple[float, Callable[[], dict[int, float]]]
"""What is gained, and what asks for the ways that are then affected."""


class Case(NamedTuple):
    """A suspect and the place that it is judged as, the numbers of the failing ways below it and how they look, and
    since when (µs) what passed it is looked at: 0 for the whole window."""

    suspect: Suspect
    place: Place
    numbers: list[int]
    signs: list[Sign]
    since: int


class Guesses:
    """Guesses about the suspects of one window."""

    def __init__(self, ground: Ground, passes: Passes) -> None:
        self._ground, self._passes = ground, passes
        self._names: dict[Spread, list[str]] = {}

    def best(self, case: Case) -> tuple[float, dict[int, float]]:
        """What is gained at most, and the failing ways that are then affected, each with how probable its failure is
        by this suspect alone."""
        gain, ask = max((*self._spreads(case), *self._flicker(case)), key=lambda one: one[0])
        return gain, ask()

    def names(self, spread: Spread) -> list[str]:
        """Of each failing way, by its number, what is affected as a whole with it; not for Spread.WAY."""
        if spread not in self._names:
            self._names[spread] = [self._name(way, spread) for way in self._ground.ways]
        return self._names[spread]

    def _name(self, way: Way, spread: Spread) -> str:
        if spread is Spread.DEVICE:
            return way.device
        if spread is Spread.LINE:
            return self._ground.provider(way.unit, way.network)
        return way.unit if spread is Spread.UNIT else way.target

    def _spreads(self, case: Case) -> Iterator[Guess]:
        """Ways that failed at times and worked at others are also tried as affected ways that fail at times."""
        alike = set(case.signs)
        for sure in (SURE, AT_TIMES) if any(sign.worked for sign in alike) else (SURE,):
            table = {sign: ratio(sign, sure) for sign in alike}
            ratios = [table[sign] for sign in case.signs]
            lost = math.log(1 - sure) * self._ground.heft
            for spread in SPREADS[case.place]:
                groups = self._groups(case, spread)
                sums = self._sums(case, spread, groups, ratios, lost)
                yield from self._shared(case, sure, spread, groups, *sums, lost)

    def _groups(self, case: Case, spread: Spread) -> Sequence[str | int]:
        """What is affected as a whole with each of the failing ways."""
        if spread is Spread.WAY:
            return case.numbers
        names = self.names(spread)
        return [names[number] for number in case.numbers]

    def _sums(
        self, case: Case, spread: Spread, groups: Sequence[str | int], ratios: list[float], lost: float
    ) -> tuple[dict[str | int, float], Counter[int]]:
        """What speaks for each group to be affected; and how many groups have nothing but so many successes."""
        sums: dict[str | int, float] = {}
        idle: Counter[int] = Counter()
        if spread is Spread.WAY:
            idle[1] = self._passes.working(case.suspect, case.since)
            return dict(zip(groups, ratios, strict=True)), idle
        for group, value in zip(groups, ratios, strict=True):
            sums[group] = sums.get(group, 0.0) + value
        for name, number in self._passes.counted(case.suspect, spread, case.since).items():
            if name in sums:
                sums[name] += number * lost
            elif number:
                idle[number] += 1
        if spread is Spread.TARGET:
            idle[1] += self._passes.looks(case.suspect, case.since)
        return sums, idle

    def _shared(
        self, case: Case, sure: float, spread: Spread, groups: Sequence[str | int],
        sums: dict[str | int, float], idle: Counter[int], lost: float,
    ) -> Iterator[Guess]:  # fmt: skip
        alike, rare = Counter(sums.values()), RARE.get((case.place, spread), 0.0)
        for share in SHARES if spread is Spread.WAY else SHARES[1:]:
            gain = -rare + math.fsum(times * mixed(share, value) for value, times in alike.items())
            gain += math.fsum(times * mixed(share, number * lost) for number, times in idle.items())
            yield gain, partial(self._hit, case, sure, share, groups, sums)

    def _hit(
        self, case: Case, sure: float, share: float, groups: Sequence[str | int], sums: dict[str | int, float]
    ) -> dict[int, float]:
        alike = {value: sure * posterior(share, value) for value in set(sums.values())}
        return self._affected(case, (alike[sums[group]] for group in groups))

    def _flicker(self, case: Case) -> Iterator[Guess]:
        alike = Counter(case.signs)
        worked = self._passes.working(case.suspect, case.since) * self._ground.heft
        for often in FLICKERS:
            gain = math.fsum(times * ratio(sign, often) for sign, times in alike.items())
            gain += worked * math.log(1 - often)
            yield gain, partial(self._affected, case, repeat(often))

    def _affected(self, case: Case, chances: Iterable[float]) -> dict[int, float]:
        ways, suspect = self._ground.ways, case.suspect
        return {
            number: chance * share
            for number, sign, chance in zip(case.numbers, case.signs, chances, strict=False)
            if sign.failed and chance >= EXPLAINED and (share := ways[number].covers[suspect])
        }
