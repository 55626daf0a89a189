"""What a file says, row by row, and how a row becomes what is stored. What a file has no column for stays as it was."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field, structs

from collector.roster.model import HIDDEN, Site, Snmp, Station, UnitRoster

Values = dict[str, Any]
"""A row by column name, without its unit; None is an empty cell, a column that is not there was not in the file."""


class Written(Struct, kw_only=True):
    """The rows of one import: units by code, sites and stations by code and id."""

    units: dict[str, Values] = field(default_factory=dict)
    sites: dict[str, dict[str, Values]] = field(default_factory=dict)
    stations: dict[str, dict[str, Values]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        parts = (*self.sites.values(), *self.stations.values())
        return len(self.units) + sum(len(part) for part in parts)


class NothingHidden(Exception):
    """``***`` stands where no secret is stored; ``args`` are the unit and the column."""


_SNMP = tuple(f"snmp_{name}" for name in Snmp.__struct_fields__)
_NO_SNMP = Snmp()


def flat(unit: UnitRoster) -> Values:
    """A unit as a row; None for what is not told or as it is by default."""
    values: Values = {
        name: getattr(unit, name) for name in UnitRoster.__struct_fields__ if name not in ("unit", "snmp")
    }
    told = unit.snmp or _NO_SNMP
    for name in Snmp.__struct_fields__:
        value = getattr(told, name)
        values[f"snmp_{name}"] = None if value == getattr(_NO_SNMP, name) else value
    return {name: None if value == "" else value for name, value in values.items()}


def unit_of(code: str, values: Values, present: UnitRoster | None) -> UnitRoster:
    """The unit that `values` make of the `present` one. Raises NothingHidden."""
    before = flat(present or UnitRoster(unit=code))
    after = before | {name: value for name, value in values.items() if name in before}
    for name in _SNMP:
        if after[name] == HIDDEN and not before[name]:
            raise NothingHidden(code, name)
        if values.get(name) == HIDDEN:
            after[name] = before[name]
    told = {name: value for name, value in after.items() if value is not None}
    asked = {name.removeprefix("snmp_"): told.pop(name) for name in _SNMP if name in told}
    return UnitRoster(unit=code, snmp=Snmp(**asked) if asked else None, **told)


def site_of(code: str, id_: str, values: Values, present: Site | None) -> Site:
    """The site that `values` make of the `present` one."""
    renamed = {"site_name": "name"}
    found: Site = _merged(Site, code, id_, {renamed.get(name, name): values[name] for name in values}, present)
    return found


def station_of(code: str, id_: str, values: Values, present: Station | None) -> Station:
    """The station that `values` make of the `present` one, in force again if it was not.

    Its device goes when another kind of device belongs there. Of a router no measurements are expected unless told.
    """
    found: Station = _merged(Station, code, id_, values, present)
    if values.get("agent") is None and (present is None or "agent" in values):
        found = structs.replace(found, agent=found.role != "router")
    kept = found.device if present is not None and present.device_role == found.device_role else None
    return structs.replace(found, device=kept, retired_at=None)


def _merged(kind: Any, code: str, id_: str, values: Values, present: Any) -> Any:
    told = {name: value for name, value in values.items() if value is not None}
    if present is not None:
        kept = structs.asdict(present)
        told = {name: value for name, value in kept.items() if name not in values} | told
    return kind(**(told | {"unit": code, "id": id_}))
