"""Keeps a city's findings up to date: what its units observe is compared, and what comes of it is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from collector.attribution import tracker
from collector.attribution.attribute import attribute
from collector.attribution.exported import lines
from collector.attribution.model import Finding, Observation, Topology
from collector.attribution.observe import Look, ages, observations
from collector.attribution.topology import topology
from collector.attribution.watch import Watch
from collector.exposition import Lines
from collector.live import Live
from collector.plan import Locality
from collector.readiness.model import UnitFacts
from collector.readiness.profile import Freshness
from collector.store import findings
from collector.store.devices import ACTIVE
from collector.store.engine import Store

log = logging.getLogger("sansang.findings")


class Findings:
    """Used by the sweep only, except :meth:`observe`, which is pure enough for any thread. `freshness` is that of the
    profile in force."""

    def __init__(self, store: Store, live: Live, locality: Locality, freshness: Callable[[], Freshness]) -> None:
        self._store, self._live, self._locality, self._freshness = store, live, locality, freshness
        self._watch = Watch(attribute)
        self._topology: Topology | None = None
        self._ages: dict[bool, Mapping[str, int]] = {}
        self._open: list[Finding] = []
        self._listening_since = 0

    async def start(self, now: int) -> None:
        """Takes up what was open when judging last stopped. Nobody's silence before `now` (µs) is held against him."""
        self._listening_since = now
        self._open = await self._store.read(findings.load_open)
        self._live.show_findings(self._open)

    def forget_topology(self) -> None:
        """Devices or the roster have changed: the tree is drawn anew."""
        self._topology = None

    def observe(self, facts: UnitFacts, now: int) -> list[Observation]:
        """What the unit of `facts` observes at `now` (µs)."""
        is_open = facts.calendar.open
        if is_open not in self._ages:
            self._ages[is_open] = ages(self._locality, facts.calendar)
        look = Look(freshness=self._freshness(), ages=self._ages[is_open], listening_since=self._listening_since)
        return observations(facts.devices, now, look, facts.calendar)

    def update(self, unit: str, observed: list[Observation]) -> None:
        self._watch.update(unit, observed)

    async def advance(self, now: int) -> Lines | None:
        """Compares, and carries the findings on to `now` (µs). Their lines for ``/metrics``, None when nothing has
        changed. What a comparison costs is spent on a thread."""
        drawn = self._topology is None
        tree = self._tree()
        seen = await asyncio.to_thread(self._watch.find, tree)
        moves = tracker.advance(self._open, seen, now, self._locality.close_after)
        if moves.changed:
            await self._store.write(lambda connection: findings.save(connection, moves.changed, now))
        moved, self._open = moves.open != self._open, moves.open
        if moved:
            self._live.show_findings(self._open)
        for event in moves.events:
            told = event.finding
            log.info("finding %s", event.what, extra={"finding": told.id, "segment": told.segment, "cause": told.cause})
        return lines(self._open, tree) if moves.changed or drawn else None

    def _tree(self) -> Topology:
        if self._topology is None:
            live = self._live
            active = (device for unit in live.populated for device in live.devices_of(unit) if device.status == ACTIVE)
            self._topology = topology(active, live.told, live.targets, self._locality.networks)
        return self._topology
