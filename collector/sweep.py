"""Brings verdicts up to date: takes what ingest changed, judges the units it touches, stores transitions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from collector.directory import Directory
from collector.exposition import Catalogue, Exposition, Lines, device_lines, unit_lines
from collector.ledger import Ledger, Touched
from collector.live import Live
from collector.readiness.evaluate import evaluate, next_change
from collector.readiness.model import (
    RequirementState,
    Silence,
    Target,
    Transition,
    UnitFacts,
    UnitVerdict,
    Verdict,
)
from collector.readiness.profile import Profile
from collector.readiness.transitions import compare
from collector.stations import due, moves
from collector.store import history, roster, states
from collector.store.devices import ACTIVE
from collector.store.engine import Store
from collector.telemetry import Telemetry
from collector.windows import Windows

RECHECK = 60_000_000  # µs; a window slides even when nothing arrives
CHUNK = 64  # units judged between two breaths of the event loop


class Rules(Struct, frozen=True):
    """What units are judged by, and which targets apply to each. ``tell`` takes what the roster knows of a unit's line,
    False when it does not fit."""

    profile: Profile
    locality: str
    targets: Callable[[str], list[Target]]
    tell: Callable[[str, dict[str, Any]], bool]


class Judged(Struct, frozen=True):
    """A unit as one sweep found it, ready to be published: its devices, the lines of those that said something new with
    their unknown samples, and when silence alone will change the verdict."""

    before: UnitVerdict | None
    verdict: UnitVerdict
    lines: Lines
    devices: set[str]
    rendered: dict[str, tuple[Lines, int]]
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
        windows: Windows,
        telemetry: Telemetry,
        *,
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
        complain: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._store, self._ledger, self._directory = store, ledger, directory
        self._live, self._exposition, self._catalogue = live, exposition, catalogue
        self._rules, self._windows, self._telemetry = rules, windows, telemetry
        self._now, self._complain = now, complain
        self._alone = asyncio.Lock()
        self._due: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._news: set[str] = set()
        self._loose: set[str] = set()
        self._statuses: dict[str, tuple[str, str]] = {}

    async def start(self) -> None:
        """Takes up where judging last stopped: states and the newest transitions are read, every unit is judged."""
        await self._directory.refresh()
        await self.take_roster()
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
        """:meth:`once`, for a timer: a sweep that fails is counted and tried again; nothing is lost by it."""
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
        touched: Touched = await self._store.run(self._ledger.touched)
        self._windows.invalidate(touched.hours)
        self._dirty |= self._touched_units(touched)
        self._live.update(touched.states, [])
        now = self._now()
        await self._match(now)
        due = sorted(self._dirty | {unit for unit, at in self._due.items() if at <= now})
        for first in range(0, len(due), CHUNK):
            await self._judge(due[first : first + CHUNK], now)
        self._telemetry.sweep.set(time.perf_counter() - started)
        self._telemetry.swept.set(now / 1e6)

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
                units.update(where[0] for where in (present.get(device), self._statuses.get(device)) if where)
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
        facts = self._facts(connection, unit, now)
        before = self._live.verdicts.get(unit)
        verdict = evaluate(self._rules.profile, facts, now, before)
        new = [device for device in facts.devices if device.id in self._news]
        rendered = {device.id: device_lines(device, self._catalogue) for device in new}
        stations = self._live.stations
        heard = {device.id for device in facts.devices if device.last_seen is not None}
        owed = due(stations.told(unit), stations.of_unit(unit), heard)
        unit_text = unit_lines(self._live.units[unit], verdict, self._rules.locality, owed)
        change = next_change(self._rules.profile, facts, verdict) if facts.devices else None
        return Judged(before, verdict, unit_text, {device.id for device in facts.devices}, rendered, change)

    def _facts(self, connection: Connection, unit: str, now: int) -> UnitFacts:
        devices = self._live.devices_of(unit)
        active = [device for device in devices if device.status == ACTIVE]
        buckets = self._windows.read(connection, unit, now // 1_000_000) if active else []
        targets = self._rules.targets(unit)
        stations = self._live.stations.expected(unit)
        return UnitFacts(
            unit=unit, expected=len(active), devices=active, targets=targets, buckets=buckets, stations=stations
        )

    def _publish(self, one: Judged, now: int) -> None:
        unit = one.verdict.unit
        self._exposition.put_unit(unit, one.lines)
        for device, (lines, unknown) in one.rendered.items():
            self._exposition.put_device(unit, device, lines)
            self._telemetry.unknown_metrics.inc(unknown)
        self._exposition.keep_devices(unit, one.devices)
        self._news.difference_update(one.rendered)
        if one.devices:
            self._due[unit] = min(now + RECHECK, one.change) if one.change else now + RECHECK
        else:
            self._due.pop(unit, None)


def _unheard(verdict: UnitVerdict | None) -> bool:
    """Whether nothing of the unit has been stored yet: thousands that never had a device leave no row."""
    return verdict is None or verdict.silence is Silence.NEVER_ENROLLED


def restored(newest: Iterable[Transition]) -> list[UnitVerdict]:
    """Verdicts as the newest transitions left them: enough to carry on ``since`` and holds, not to be shown."""
    found: dict[str, UnitVerdict] = {}
    for change in newest:
        verdict = found.setdefault(
            change.unit,
            UnitVerdict(
                unit=change.unit,
                verdict=Verdict.UNKNOWN,
                at=change.at,
                since=change.at,
                profile=change.profile,
                expected=0,
                reporting=0,
            ),
        )
        if change.subject == "verdict":
            verdict.verdict, verdict.since = Verdict(change.new), change.at
        elif change.subject == "silence":
            verdict.silence = Silence(change.new) if change.new else None
            verdict.silent_since = change.at if change.new else None
        else:
            verdict.requirements.append(
                RequirementState(
                    id=change.subject.removeprefix("requirement:"),
                    title={},
                    mandatory=False,
                    state=Verdict(change.new),
                    since=change.at,
                )
            )
    return list(found.values())
