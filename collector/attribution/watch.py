"""Keeps what a city's units observe, and compares them anew only when that can change what is found."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable

from collector.attribution.model import Finding, Observation, Topology

Attribute = Callable[[Iterable[Observation], Topology], list[Finding]]
SHARE = 0.2
"""The most of one core's time that comparing may take: after a long comparison the next one waits. The country's
largest city takes less than a second, so a new fault waits for five at the most."""


class Watch:
    """Used by one thread at a time. `attribute` is :func:`collector.attribution.attribute.attribute`; `clock` tells
    seconds that only grow."""

    def __init__(self, attribute: Attribute, clock: Callable[[], float] = time.perf_counter) -> None:
        self._attribute, self._clock = attribute, clock
        self._units: dict[str, list[Observation]] = {}
        self._failing: set[str] = set()
        self._found: list[Finding] = []
        self._topology: Topology | None = None
        self._moved = False
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
        self._moved |= was_failing or bool(self._failing)

    def find(self, topology: Topology) -> list[Finding]:
        """What is wrong now. As long as nothing fails, that is nothing, and costs nothing; what was found last stands
        while nothing has changed, and while comparing rests."""
        if not self._failing:
            self._found, self._moved = [], False
        elif (self._moved or topology is not self._topology) and self._clock() >= self._rests_until:
            self._compare(topology)
        return self._found

    @property
    def is_behind(self) -> bool:
        """Whether something has changed that :meth:`find` has yet to look at, once it has rested."""
        return self._moved

    def _compare(self, topology: Topology) -> None:
        began = self._clock()
        self._found = self._attribute(itertools.chain.from_iterable(self._units.values()), topology)
        self._topology, self._moved = topology, False
        ended = self._clock()
        self._rests_until = ended + (ended - began) * (1 / SHARE - 1)
