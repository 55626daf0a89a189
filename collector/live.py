"""The board: newest states and verdicts in memory, filled by the sweep, read by pages, exposition and CLI."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from collector.attribution.model import Finding
from collector.attribution.silent import Silent
from collector.directory import Directory
from collector.log import one_line
from collector.readiness.fixes import Path
from collector.readiness.model import Bilingual, DeviceFacts, Target, Transition, Unit, UnitVerdict, Waiver
from collector.results import Decoded
from collector.roster.model import Station, UnitRoster
from collector.stations import Stations, bought_at
from collector.store import findings, history, moves, waivers
from collector.store.devices import Device
from collector.store.engine import Store
from collector.store.states import State

log = logging.getLogger("sansang.board")


T = TypeVar("T")


class Insight(Protocol):
    """What follows from the verdicts: :class:`collector.insight.Insight`."""

    def path(self, unit: str) -> Path | None: ...
    def targets_of(self, unit: str) -> list[Target]: ...
    def silence_of(self, unit: str, device: str = "") -> Silent | None: ...
    def successors(self, code: str) -> list[str]: ...
    def missing(self, lang: str) -> str: ...


class Live:
    """Implements :class:`collector.board.Board`."""

    def __init__(
        self, store: Store, directory: Directory, stations: Stations, units: dict[str, Unit], targets: list[Target]
    ) -> None:
        self._store, self._directory, self._stations = store, directory, stations
        self._units, self._targets = units, targets
        self._states: dict[str, State] = {}
        self._decoded = Decoded()
        self._verdicts: dict[str, UnitVerdict] = {}
        self._findings: list[Finding] = []
        self._trouble: Bilingual = {}
        self._insight: Insight | None = None
        self._generation = 0
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def units(self) -> dict[str, Unit]:
        return self._units

    @property
    def verdicts(self) -> dict[str, UnitVerdict]:
        return self._verdicts

    @property
    def targets(self) -> list[Target]:
        return self._targets

    @property
    def findings(self) -> list[Finding]:
        return self._findings

    def trouble(self, lang: str) -> str:
        return self._trouble.get(lang, "")

    def path(self, unit: str) -> Path | None:
        return self._insight.path(unit) if self._insight else None

    def targets_of(self, unit: str) -> list[Target]:
        return self._insight.targets_of(unit) if self._insight else self._targets

    def silence_of(self, unit: str, device: str = "") -> Silent | None:
        return self._insight.silence_of(unit, device) if self._insight else None

    def successors(self, code: str) -> list[str]:
        return self._insight.successors(code) if self._insight else []

    def missing(self, lang: str) -> str:
        return self._insight.missing(lang) if self._insight else ""

    async def verdict_at(self, unit: str, at: int) -> UnitVerdict | None:
        found = await self._past(lambda connection: [history.verdict_at(connection, unit, at)])
        return found[0] if found else None

    async def moves(self, device: str) -> list[tuple[int, str, str]]:
        found = await self._past(lambda connection: moves.of_device(connection, device))
        return [(one.at, one.old, one.new) for one in found]

    async def past_findings(self, since: int) -> list[Finding]:
        return await self._past(lambda connection: findings.since(connection, since))

    async def finding(self, key: str) -> Finding | None:
        here = next((one for one in self._findings if one.id == key), None)
        if here is not None:
            return here
        found = await self._past(lambda connection: [findings.by_id(connection, key)])
        return found[0] if found else None

    async def expired_waivers(self, since: int) -> list[Waiver]:
        found = await self._past(lambda connection: waivers.since(connection, since))
        return [waiver for waiver in found if waiver.revoked_at is None]

    @property
    def stations(self) -> Stations:
        return self._stations

    @property
    def populated(self) -> set[str]:
        """Units that have a device, of this locality or of another."""
        return self._directory.units

    def devices_of(self, unit: str) -> list[DeviceFacts]:
        return [self._facts(device) for device in self._directory.of_unit(unit)]

    def told(self, unit: str) -> UnitRoster | None:
        return self._stations.told(unit)

    def stations_of(self, unit: str) -> list[Station]:
        return self._stations.of_unit(unit)

    def device(self, device: str) -> DeviceFacts | None:
        member = self._directory.get(device)
        return self._facts(member.device) if member else None

    async def history(self, unit: str, since: int) -> list[Transition]:
        return await self._past(lambda connection: history.of_unit(connection, unit, since))

    async def changes(self, since: int) -> list[Transition]:
        return await self._past(lambda connection: history.verdicts(connection, since))

    async def _past(self, read: Callable[[Connection], list[T]]) -> list[T]:
        """The present is in memory and is shown even when the database is down; the past is then missing."""
        try:
            return await self._store.read(read)
        except SQLAlchemyError as why:
            log.warning("history not readable", extra={"why": one_line(why)})
            return []

    async def changed(self, generation: int, timeout: float) -> int:
        if self._generation == generation:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await asyncio.wait([waiter], timeout=timeout)
            finally:
                self._waiters.discard(waiter)
        return self._generation

    def update(self, states: list[State], verdicts: list[UnitVerdict]) -> None:
        """Takes what the sweep found, and wakes who waits for it."""
        self._states.update((state.device, state) for state in states)
        self._verdicts.update((verdict.unit, verdict) for verdict in verdicts)
        if states or verdicts:
            self._wake()

    def show_findings(self, found: list[Finding]) -> None:
        """Those that are not closed, of most units first."""
        self._findings = sorted(found, key=lambda one: (one.cleared_at is not None, -len(one.units), one.opened_at))
        self._wake()

    def show_trouble(self, trouble: Bilingual) -> None:
        """Why what is judged by is not what the files say; empty when it is."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._wake()

    def consult(self, insight: Insight) -> None:
        """What follows from the verdicts is asked of `insight` from now on."""
        self._insight = insight

    def _wake(self) -> None:
        self._generation += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _facts(self, device: Device) -> DeviceFacts:
        state = self._states.get(device.id)
        if state is None:
            state = State(device=device.id)
        station = self._stations.of_device(device.id)
        return DeviceFacts(
            id=device.id,
            unit=device.unit,
            role=device.role,
            status=device.status,
            enrolled_at=device.enrolled_at,
            name=device.name or (station.called if station else ""),
            last_seen=state.last_seen,
            clock_offset=state.clock_offset,
            clock_drift=state.drift.ratio if state.drift else None,
            health=state.health,
            version=state.version,
            results=self._decoded.of(device, state),
            station=station.id if station else "",
            purchased=bought_at(station),
            purchase_date=(station.purchase_date or "") if station else "",
        )
