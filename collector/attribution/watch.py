"""Keeps what a city's units observe, and compares them anew only when that can change what is found."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable

from msgspec import Struct

from collector.attribution.model import Finding, Observation, Topology

Attribute = Callable[[Iterable[Observation], Topology], list[Finding]]
SHARE = 0.2
"""The most of one core's time that comparing may take: after a long comparison the next one waits. The country's
largest city takes less than a second, so a new fault waits for five at the most."""


class Compared(Struct, frozen=True):
    """What a comparison came to: what was compared, when it began and ended (seconds of the clock), what it found."""

    topology: Topology
    news: int
    began: float
    ended: float
    found: list[Finding]


class Watch:
    """Used by one thread at a time, but for what :meth:`begin` returns. `attribute` is
    :func:`collector.attribution.attribute.attribute`; `clock` tells seconds that only grow."""

    def __init__(self, attribute: Attribute, clock: Callable[[], float] = time.perf_counter) -> None:
        self._attribute, self._clock = attribute, clock
        self._units: dict[str, list[Observation]] = {}
        self._failing: set[str] = set()
        self._found: list[Finding] | None = None
        self._topology: Topology | None = None
        self._news = self._compared = 0
        self._rests_until = float("-inf")

    def update(self, unit: str, observations: list[Observation]) -> None:
        """What `unit` observes now, in place of what it did; nothing forgets it."""
        if observations == self._units.get(unit, []):
            return
        if observations:
            self._units[unit] = observations
        else:
            self._units.pop(unit, None)
        was_failing = unit in self._failing
        self._failing.discard(unit)
        if any(not one.ok for one in observations):
            self._failing.add(unit)
        self._news += was_failing or bool(self._failing)

    def of(self, units: Iterable[str]) -> Iterable[Observation]:
        """What these observe."""
        return itertools.chain.from_iterable(self._units.get(unit, []) for unit in units)

    def find(self, topology: Topology) -> list[Finding]:
        """What is wrong now, compared on the spot where that is due."""
        compare = self.begin(topology)
        if compare is not None:
            self.take(compare())
        return self.found or []

    @property
    def found(self) -> list[Finding] | None:
        """What is wrong as far as it was compared, None before the first time; nothing, as soon as nothing fails. It
        stands while nothing has changed, and while comparing rests."""
        return self._found if self._failing else []

    @property
    def is_behind(self) -> bool:
        """Whether something has changed that is yet to be compared, once comparing has rested."""
        return self._news != self._compared

    def begin(self, topology: Topology) -> Callable[[], Compared] | None:
        """The comparison that is due, if one is: to be run once, in whatever thread, while others go on with
        :meth:`update`; what it came to is for :meth:`take`. As long as nothing fails, nothing is due."""
        if not self._failing:
            self._found, self._compared = [], self._news
            return None
        if not (self.is_behind or topology is not self._topology) or self._clock() < self._rests_until:
            return None
        observed, news = list(self._units.values()), self._news

        def compare() -> Compared:
            began = self._clock()
            found = self._attribute(itertools.chain.from_iterable(observed), topology)
            return Compared(topology, news, began, self._clock(), found)

        return compare

    def take(self, compared: Compared) -> None:
        """What a comparison came to is what was found last. One that failed is due again."""
        self._found, self._topology, self._compared = compared.found, compared.topology, compared.news
        self._rests_until = compared.ended + (compared.ended - compared.began) * (1 / SHARE - 1)
