"""The roster in force: what units should have, and which device stands where. Kept in memory, like the directory."""

from __future__ import annotations

import datetime
import time
from collections import Counter
from collections.abc import Container, Iterable

from msgspec import Struct
from sqlalchemy import Connection

from collector.readiness.profile import NEEDS
from collector.roster.model import Key, Roster, Station, UnitRoster, purchased
from collector.store import roster
from collector.store.devices import ACTIVE, PENDING, Device
from collector.store.engine import Store

NONE: list[Station] = []
LONG, RESTS = 0.2, 10.0
"""A reading that takes more seconds, and how many times as long the next one waits: 3,321 units of 10 stations take
0.2 s."""
COUNTED = ("staff", "signers", "counters", "printers", "scanners", "cameras", "qr_readers", "kiosks")
"""What a roster counts in a unit besides its stations."""


class Stations:
    """Read on the loop's thread; `refresh` brings in what an import or another replica changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._roster = Roster(mark=-1)
        self._by_device: dict[str, Station] = {}
        self._rests_until = 0.0

    async def refresh(self) -> set[str]:
        """Units of which something was changed; an unchanged roster costs one small query. After a long reading, of a
        country's, it rests: while a city enrols the roster changes all the time."""
        began = time.monotonic()
        if began < self._rests_until:
            return set()
        found = await self._store.read(self._changed)
        if found is None:
            return set()
        took = time.monotonic() - began
        self._rests_until = began + RESTS * took if took > LONG else 0.0
        before, self._roster = self._roster, found
        self._by_device = {
            station.device: station for several in found.stations.values() for station in several if station.device
        }
        codes = {*before.units, *before.stations, *before.sites, *found.codes}
        return {code for code in codes if _of(before, code) != _of(found, code)}

    def _changed(self, connection: Connection) -> Roster | None:
        return None if roster.mark(connection) == self._roster.mark else roster.load(connection)

    @property
    def roster(self) -> Roster | None:
        """All of it; None where nothing was ever imported."""
        return self._roster if self._roster.codes else None

    def told(self, unit: str) -> UnitRoster | None:
        """What the unit as a whole should have, None when the roster does not name it."""
        return self._roster.units.get(unit)

    def of_unit(self, unit: str) -> list[Station]:
        return self._roster.stations.get(unit, NONE)

    def of_device(self, device: str) -> Station | None:
        """Where the device stands."""
        return self._by_device.get(device)

    def expected(self, unit: str) -> dict[str, int]:
        """How many devices of each role should report from `unit`."""
        return dict(Counter(station.device_role for station in self.of_unit(unit) if station.agent))

    @property
    def units(self) -> set[str]:
        """Units that have a station."""
        return set(self._roster.stations)


def _of(found: Roster, unit: str) -> tuple[object, ...]:
    return found.units.get(unit), found.sites.get(unit), found.stations.get(unit)


def bought_at(station: Station | None) -> int | None:
    """The day the machine of `station` was bought, in seconds since the epoch; None where the roster does not say."""
    if station is None or not station.purchase_date:
        return None
    day, _ = purchased(station.purchase_date)
    return int(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp())


class Due(Struct, frozen=True):
    """What a unit should have, as it is exported: ``counts`` by kind, ``stations`` and those ``seen`` by role, the
    contract in bytes per second by direction. What the roster does not tell is left out."""

    counts: dict[str, int] = {}
    stations: dict[str, int] = {}
    seen: dict[str, int] = {}
    contract: dict[str, float] = {}


def due(unit: UnitRoster | None, stations: list[Station], heard: Container[str]) -> Due:
    """Of `unit`; `heard` are the devices that have ever reported."""
    told = unit or UnitRoster(unit="")
    ways = (("receive", told.contracted_down_mbps), ("transmit", told.contracted_up_mbps))
    roles = [station.role for station in stations if station.agent]
    seen = Counter(station.role for station in stations if station.agent and station.device in heard)
    return Due(
        counts={kind: count for kind in COUNTED if (count := getattr(told, kind)) is not None},
        stations=dict(Counter(roles)),
        seen={role: seen[role] for role in dict.fromkeys(roles)},
        contract={way: mbps * 125_000 for way, mbps in ways if mbps is not None},
    )


def needs(told: UnitRoster | None, stations: list[Station]) -> dict[str, float]:
    """What requirements may ask of the roster (NEEDS), by name; without what is not told."""
    known = {name: getattr(told, name) for name in NEEDS if told is not None and hasattr(told, name)}
    found = {name: float(value) for name, value in known.items() if value is not None}
    count = sum(station.agent for station in stations)
    return found | {"stations": float(count)} if count else found


Move = tuple[Key, str | None]
"""A station, and the device that is to stand there; None: nobody does any more."""


def moves(stations: Iterable[Station], devices: Iterable[Device]) -> list[Move]:
    """What follows for one unit without asking anyone: a station whose device was revoked, or is not of this unit any
    more, is free; and where one free station and one device without a station are all there is of a role, they belong
    together. Anything less certain is left to people."""
    stations, here = list(stations), {device.id: device for device in devices}
    staying = {one.id for one in here.values() if one.status in (ACTIVE, PENDING)}
    found: list[Move] = [(one.key, None) for one in stations if one.device and one.device not in staying]
    taken = {one.device for one in stations}
    free: dict[str, list[Key]] = {}
    for one in stations:
        if one.agent and (one.device is None or one.device not in staying):
            free.setdefault(one.device_role, []).append(one.key)
    homeless: dict[str, list[str]] = {}
    for device in here.values():
        if device.status == ACTIVE and device.id not in taken:
            homeless.setdefault(device.role, []).append(device.id)
    for role, keys in free.items():
        if len(keys) == 1 and len(homeless.get(role, [])) == 1:
            found.append((keys[0], homeless[role][0]))
    return found
