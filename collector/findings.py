"""Keeps a city's findings up to date: what its units observe is compared, and what comes of it is stored."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping

from checks.kit.segment import Segment
from collector.attribution import tracker
from collector.attribution.attribute import attribute as compare
from collector.attribution.exported import lines
from collector.attribution.model import Finding, Line, Observation, Topology
from collector.attribution.observe import Look, ages, away, observations
from collector.attribution.topology import topology, ways
from collector.attribution.watch import Attribute, Compared, Watch
from collector.attribution.words import Names
from collector.exposition import Lines
from collector.live import Live
from collector.plan import Locality
from collector.readiness.model import Calendar, UnitFacts
from collector.readiness.profile import Freshness
from collector.store import findings
from collector.store.devices import ACTIVE
from collector.store.engine import Store

log = logging.getLogger("sansang.findings")
PATIENCE = 0.4
"""Seconds for which a sweep waits for a comparison. A small city's takes less than a tenth of that."""


class Findings:
    """Used by the sweep only, :meth:`observe` by whichever of its threads. `freshness` is that of the profile in
    force."""

    def __init__(
        self,
        store: Store,
        live: Live,
        locality: Locality,
        freshness: Callable[[], Freshness],
        attribute: Attribute = compare,
    ) -> None:
        self._store, self._live, self._locality, self._freshness = store, live, locality, freshness
        self._watch = Watch(attribute)
        self._comparing: asyncio.Future[Compared] | None = None
        self._topology: Topology | None = None
        self._ages: tuple[Calendar, int, Mapping[str, int]] | None = None
        self._away: dict[str, frozenset[str]] = {}
        self._open: list[Finding] = []
        self._listening_since = 0
        self._told: Lines | None = None

    async def start(self, now: int) -> None:
        """Takes up what was open when judging last stopped. Nobody's silence before `now` (µs) is held against him."""
        self._listening_since = now
        self._open = await self._store.read(findings.load_open)
        self._live.show_findings(self._open)

    def forget_topology(self) -> None:
        """Devices or the roster have changed: the tree is drawn anew."""
        self._topology = None

    def observe(self, facts: UnitFacts, now: int) -> list[Observation]:
        """What the unit of `facts` observes at `now` (µs). Whom nothing is known of is remembered."""
        allowed = self._allowed(facts.calendar, now)
        look = Look(freshness=self._freshness(), ages=allowed, listening_since=self._listening_since)
        self._away[facts.unit] = away(facts.devices, now, look, facts.calendar)
        return observations(facts.devices, now, look, facts.calendar)

    def _allowed(self, calendar: Calendar, now: int) -> Mapping[str, int]:
        """How old results may be: for all units of a sweep the same."""
        kept = self._ages
        if kept is None or kept[:2] != (calendar, now):
            kept = self._ages = (calendar, now, ages(self._locality, calendar, now))
        return kept[2]

    def ways(self, unit: str) -> tuple[Line, ...]:
        """How `unit` comes to each network, and by whom."""
        return ways(self._live.told(unit), self._live.targets, self._locality.networks)

    def update(self, unit: str, observed: list[Observation]) -> None:
        self._watch.update(unit, observed)

    async def advance(self, now: int) -> Lines | None:
        """Compares, and carries the findings on to `now` (µs). Their lines for ``/metrics``, None when nothing has
        changed. A comparison that takes longer than PATIENCE goes on in its thread, and a later call takes what it
        came to; until then what was found last stands, and after a start all that was open. Raises what a comparison
        raised; it is made again."""
        drawn = self._topology is None
        tree = self._tree()
        seen = await self._compared(tree)
        if seen is None:
            return self._exported(tree) if drawn else None
        moves = tracker.advance(self._open, seen, now, self._locality.close_after, self._held())
        if moves.changed:
            await self._store.write(lambda connection: findings.save(connection, moves.changed, now))
        moved, self._open = moves.open != self._open, moves.open
        if moved:
            self._live.show_findings(self._open)
        for event in moves.events:
            told = event.finding
            log.info("finding %s", event.what, extra={"finding": told.id, "segment": told.segment, "cause": told.cause})
        return self._exported(tree) if moved or drawn else None

    def _exported(self, tree: Topology) -> Lines | None:
        """Their lines; None where they are as they were."""
        units, targets = self._live.units, {target.id: target for target in self._live.targets}
        guilty = [one.subject for one in self._open if one.segment is Segment.DEVICE]
        devices = {one: found.name for one in guilty if (found := self._live.device(one)) is not None}
        told = lines(self._open, tree, Names(units=units, targets=targets, devices=devices))
        if told == self._told:
            return None
        self._told = told
        return told

    async def _compared(self, tree: Topology) -> list[Finding] | None:
        if self._comparing is None:
            due = self._watch.begin(tree)
            self._comparing = _started(due) if due is not None else None
        if self._comparing is not None:
            await asyncio.wait([self._comparing], timeout=PATIENCE)
            if self._comparing.done():
                done, self._comparing = self._comparing, None
                self._watch.take(done.result())
        return self._watch.found

    def _held(self) -> set[str]:
        """Ids of findings that nobody can confirm or deny now."""
        return {one.id for one in self._open if tracker.is_present(one) and self._rests(one)}

    def _rests(self, finding: Finding) -> bool:
        gone = frozenset[str]().union(*(self._away.get(unit, frozenset()) for unit in finding.units))
        return bool(gone) and tracker.rests(finding, gone, self._watch.of(finding.units))

    def _tree(self) -> Topology:
        if self._topology is None:
            live = self._live
            active = (device for unit in live.populated for device in live.devices_of(unit) if device.status == ACTIVE)
            self._topology = topology(active, live.told, live.targets, self._locality.networks)
        return self._topology


def _started(work: Callable[[], Compared]) -> asyncio.Future[Compared]:
    """`work` under way in a thread of its own, for which neither a shutdown nor the end of the process waits."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Compared] = loop.create_future()

    def tell(done: Compared | None, why: Exception | None) -> None:
        if why is not None:
            result.set_exception(why)
        elif done is not None:
            result.set_result(done)

    def run() -> None:
        done, why = None, None
        try:
            done = work()
        except Exception as error:
            why = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            loop.call_soon_threadsafe(tell, done, why)

    threading.Thread(target=run, name="findings", daemon=True).start()
    return result
