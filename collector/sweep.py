"""Brings verdicts up to date: takes what ingest changed, judges the units it touches, stores transitions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from msgspec import Struct
from sqlalchemy import Connection

from collector.attribution.model import Observation
from collector.directory import Directory
from collector.expiry import present
from collector.exposition import Catalogue, Lines, device_lines, unit_lines
from collector.facts import Facts
from collector.findings import Findings
from collector.ledger import Ledger, Touched
from collector.live import Live
from collector.readiness.evaluate import evaluate, next_change
from collector.readiness.model import Calendar, DeviceFacts, Silence, Transition, UnitVerdict
from collector.readiness.replay import restored
from collector.readiness.transitions import compare
from collector.rules import Rules
from collector.scrape.page import Exposition
from collector.standards import exported
from collector.stations import due, moves
from collector.store import history, roster, states
from collector.store.engine import Store
from collector.telemetry import Telemetry
from collector.waivers import Waivers

RECHECK = 60_000_000  # µs; a window slides even when nothing arrives
REST = 2  # times as long as the last sweep took
CHUNK = 64  # units judged between two breaths of the event loop


class Rendered(Struct, frozen=True):
    """A device's lines, its samples that are unknown, and when (µs) the first of its lines expires."""

    lines: Lines
    unknown: int
    expires: int


class Judged(Struct, frozen=True):
    """A unit as one sweep found it, ready to be published: its devices, what is exported of those that said something
    new or of which something expired, what they observe of their way, and when time alone will change the verdict."""

    before: UnitVerdict | None
    verdict: UnitVerdict
    lines: Lines
    devices: set[str]
    rendered: dict[str, Rendered]
    observed: list[Observation]
    change: int | None


class Sweep:
    """Judges. One :meth:`once` runs at a time, whoever asks (the timer, a technician's command): two would compare
    with the same verdict and store each change twice. `complain` is called with what stopped one."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        directory: Directory,
        live: Live,
        exposition: Exposition,
        catalogue: Catalogue,
        rules: Rules,
        facts: Facts,
        findings: Findings,
        waivers: Waivers,
        telemetry: Telemetry,
        *,
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
        complain: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._store, self._ledger, self._directory = store, ledger, directory
        self._live, self._exposition, self._catalogue = live, exposition, catalogue
        self._rules, self._facts, self._findings = rules, facts, findings
        self._waivers, self._telemetry = waivers, telemetry
        self._now, self._complain = now, complain
        self._alone = asyncio.Lock()
        self._rests_until = 0.0
        self._due: dict[str, int] = {}
        self._expires: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._news: set[str] = set()
        self._loose: set[str] = set()
        self._statuses: dict[str, tuple[str, str]] = {}

    async def start(self) -> None:
        """Takes up where judging last stopped: states and the newest transitions are read, every unit is judged."""
        await self._directory.refresh()
        await self.take_roster()
        await self._rules.start()
        await self._findings.start(self._now())
        found = await self._store.run(self._take_up)
        self._live.update(found, restored(await self._store.read(history.newest)))
        self._dirty = set(self._live.units)
        await self.once()

    def _take_up(self) -> list[states.State]:
        """On the writer's thread: agents push already, and a push written between reading and adopting would be
        forgotten, then counted again."""
        with self._store.reader() as connection:
            found = list(states.load(connection))
        self._ledger.adopt(found)
        return found

    async def tick(self) -> None:
        """:meth:`once`, for a timer: a sweep that fails is counted and tried again; nothing is lost by it. After a long
        one it rests, so that judging never takes more than a third of one core's time."""
        if time.perf_counter() < self._rests_until:
            return
        try:
            await self.once()
        except Exception as why:
            self._telemetry.sweep_failures.inc()
            self._complain(why)

    async def once(self) -> None:
        """Judges every unit that was touched before the call, or whose time has come."""
        async with self._alone:
            await self._sweep()

    async def _sweep(self) -> None:
        started = time.perf_counter()
        await self._directory.refresh()
        await self.take_roster()
        if await self._rules.look():
            self._facts.use(self._rules.profile)
            self._expires.clear()
            self._dirty |= self._live.units.keys()
        self._show_standards()
        now = self._now()
        self._dirty |= await self._waivers.refresh(now) & self._live.units.keys()
        touched: Touched = await self._store.run(self._ledger.touched)
        self._facts.windows.invalidate(touched.hours)
        self._dirty |= self._touched_units(touched)
        self._live.update(touched.states, [])
        await self._match(now)
        due = sorted(self._dirty | {unit for unit, at in self._due.items() if at <= now})
        for first in range(0, len(due), CHUNK):
            await self._judge(due[first : first + CHUNK], now)
        found = await self._findings.advance(now)
        if found is not None:
            self._exposition.put_findings(found)
        self._exposition.publish()
        took = time.perf_counter() - started
        self._rests_until = time.perf_counter() + REST * took
        self._telemetry.sweep.set(took)
        self._telemetry.swept.set(now / 1e6)

    def _show_standards(self) -> None:
        """What is judged by, and whether the files say the same."""
        trouble, name = self._rules.trouble, self._rules.profile.name
        said = {lang: trouble.said(name, self._now(), lang) for lang in ("vi", "en")} if trouble else {}
        self._live.show_trouble(said)
        titles = self._catalogue.titles
        told = exported(self._rules.profile, self._live.targets, titles, self._now(), loaded=trouble is None)
        self._exposition.put_standards(told)

    def _touched_units(self, touched: Touched) -> set[str]:
        units = {unit for unit, _ in touched.hours}
        self._news.update(state.device for state in touched.states)
        for state in touched.states:
            member = self._directory.get(state.device)
            if member:
                units.add(member.device.unit)
        present = {
            device.id: (device.unit, device.status)
            for unit in self._directory.units
            for device in self._directory.of_unit(unit)
        }
        for device in present.keys() | self._statuses.keys():
            if present.get(device) != self._statuses.get(device):
                self._news.add(device)
                self._expires.pop(device, None)
                units.update(where[0] for where in (present.get(device), self._statuses.get(device)) if where)
                self._findings.forget_topology()
        self._statuses = present
        return units & self._live.units.keys()

    async def take_roster(self) -> None:
        """Brings in what was imported or assigned."""
        stations = self._live.stations
        units = await stations.refresh()
        for unit in sorted(units & self._live.units.keys()):
            told = stations.told(unit)
            if not self._rules.tell(unit, told.uplink() if told else {}):
                self._complain(ValueError(f"unit {unit}: the roster's SNMP settings do not fit the check uplink"))
        self._note(units)

    def _note(self, units: set[str]) -> None:
        """Units whose roster has changed are judged, and their devices shown, anew."""
        self._dirty |= units & self._live.units.keys()
        self._loose |= units
        self._news.update(device.id for unit in units for device in self._directory.of_unit(unit))
        if units:
            self._findings.forget_topology()

    async def _match(self, now: int) -> None:
        """Stations and devices that plainly belong together, or no more, in units where one of them has changed."""
        stations = self._live.stations
        units = sorted((self._loose | self._dirty) & stations.units)
        self._loose.clear()
        found = [move for unit in units for move in moves(stations.of_unit(unit), self._directory.of_unit(unit))]
        if not found:
            return

        def work(connection: Connection) -> None:
            for station, device in found:
                roster.assign(connection, station, device, now=now)

        await self._store.write(work)
        await self.take_roster()

    async def _judge(self, units: list[str], now: int) -> None:
        judged = await self._store.read(lambda connection: [self._judged(connection, unit, now) for unit in units])
        changes: list[Transition] = []
        for one in judged:
            if one.verdict.silence is not Silence.NEVER_ENROLLED or not _unheard(one.before):
                changes += compare(None if _unheard(one.before) else one.before, one.verdict)
        if changes:
            await self._store.write(lambda connection: history.append(connection, changes))
        for one in judged:
            self._publish(one, now)
        self._live.update([], [one.verdict for one in judged])
        self._dirty.difference_update(units)

    def _judged(self, connection: Connection, unit: str, now: int) -> Judged:
        """On a reader's thread, so that pages and pushes go on meanwhile."""
        facts = self._facts.of(connection, unit, now)
        before = self._live.verdicts.get(unit)
        verdict = evaluate(self._rules.profile, facts, now, before)
        rendered = {
            device.id: self._rendered(device, now, facts.calendar)
            for device in facts.devices
            if device.id in self._news or self._expires.get(device.id, 0) <= now
        }
        stations = self._live.stations
        heard = {device.id for device in facts.devices if device.last_seen is not None}
        owed = due(stations.told(unit), stations.of_unit(unit), heard)
        ways = self._findings.ways(unit)
        unit_text = unit_lines(self._live.units[unit], verdict, self._rules.locality, owed, ways)
        change = next_change(self._rules.profile, facts, verdict) if facts.devices else None
        observed = self._findings.observe(facts, now)
        return Judged(before, verdict, unit_text, {device.id for device in facts.devices}, rendered, observed, change)

    def _rendered(self, device: DeviceFacts, now: int, calendar: Calendar) -> Rendered:
        """What is exported of `device` as it is now; what is too old to speak for the present is left out."""
        every = self._catalogue.every(device.unit, device.role)
        fresh, expires = present(device, every, self._rules.profile.freshness, now, calendar)
        lines, unknown = device_lines(fresh, self._catalogue)
        return Rendered(lines, unknown if device.id in self._news else 0, expires)

    def _publish(self, one: Judged, now: int) -> None:
        unit = one.verdict.unit
        self._exposition.put_unit(unit, one.lines)
        self._findings.update(unit, one.observed)
        for device, found in one.rendered.items():
            self._exposition.put_device(unit, device, found.lines)
            self._telemetry.unknown_metrics.inc(found.unknown)
            self._expires[device] = found.expires
        self._exposition.keep_devices(unit, one.devices)
        self._news.difference_update(one.rendered)
        if one.devices:
            self._due[unit] = min(now + RECHECK, one.change) if one.change else now + RECHECK
        else:
            self._due.pop(unit, None)


def _unheard(verdict: UnitVerdict | None) -> bool:
    """Whether nothing of the unit has been stored yet: thousands that never had a device leave no row."""
    return verdict is None or verdict.silence is Silence.NEVER_ENROLLED
