"""Gathers what a unit is judged by: its devices, its past, its roster, its waivers, its calendar."""

from __future__ import annotations

import copy
from collections.abc import Callable
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from collector.live import Live
from collector.readiness.hours import Hours
from collector.readiness.model import Calendar, Target, UnitFacts
from collector.readiness.profile import Profile
from collector.stations import needs
from collector.store.devices import ACTIVE
from collector.waiving import Waivers
from collector.windows import Windows


class Facts:
    """`profile` says through which windows the past is looked at, `targets` are those of a unit."""

    def __init__(
        self, live: Live, waivers: Waivers, hours: Hours, profile: Profile, targets: Callable[[str], list[Target]]
    ) -> None:
        self._live, self._waivers, self._hours, self._targets = live, waivers, hours, targets
        self.use(profile)

    def use(self, profile: Profile, *more: Profile) -> None:
        """Looks through the windows of these profiles from now on."""
        spans = [line.window // 1_000_000 for each in (profile, *more) for line in each.requirements if line.window]
        self.windows = Windows(self._hours.office, spans)

    def copy(self) -> Facts:
        """Another one, to look through other windows."""
        return copy.copy(self)

    @property
    def zone(self) -> ZoneInfo:
        return self._hours.zone

    def calendar(self, now: int) -> Calendar:
        """Where `now` (µs) lies in office hours."""
        return self._hours.calendar(now)

    def of(self, connection: Connection, unit: str, now: int) -> UnitFacts:
        """All that is known of `unit` at `now` (µs). Reads half-hours from the store."""
        facts = self.present(unit, now)
        if facts.devices:
            facts.buckets = self.windows.read(connection, unit, now // 1_000_000)
        return facts

    def present(self, unit: str, now: int) -> UnitFacts:
        """The same without its past, from memory alone."""
        active = [device for device in self._live.devices_of(unit) if device.status == ACTIVE]
        stations = self._live.stations
        return UnitFacts(
            unit=unit,
            expected=len(active),
            devices=active,
            targets=self._targets(unit),
            stations=stations.expected(unit),
            needs=needs(stations.told(unit), stations.of_unit(unit)),
            kind=self._live.units[unit].kind,
            waivers=self._waivers.of_unit(unit),
            calendar=self._hours.calendar(now),
        )
