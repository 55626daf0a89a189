"""What an import changes. Pure: the stored roster and the rows of a file in, the changes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct, field, structs

from collector.roster.columns import Kind
from collector.roster.model import Roster, Site, Station, UnitRoster
from collector.roster.written import NothingHidden, Written, flat, site_of, station_of, unit_of

__all__ = ["Change", "Difference", "NothingHidden", "difference"]

What = Literal["new", "changed", "removed"]


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing of one unit; ``id`` is empty for the unit itself. ``fields`` names what changed, never its value.

    A removed station is retired: it is kept, and its device is free.
    """

    unit: str
    kind: Kind
    id: str = ""
    what: What
    fields: tuple[str, ...] = ()


class Difference(Struct, kw_only=True):
    """The changes, and the rows to store and to take away for them."""

    changes: list[Change] = field(default_factory=list)
    units: list[UnitRoster] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    gone: list[Site] = field(default_factory=list)
    retired: list[Station] = field(default_factory=list)


def difference(present: Roster, written: Written, *, keep_missing: bool) -> Difference:
    """What `written` changes in `present`, which holds retired stations too and its secrets in clear.

    Of a unit that the file says nothing of, nothing changes. Of one whose stations the file lists, those it does not
    list are retired; sites likewise go, unless a station that remains stands there. Raises NothingHidden.
    """
    found = Difference()
    for code, values in written.units.items():
        before = present.units.get(code)
        after = unit_of(code, values, before)
        fields = _fields(flat(before or UnitRoster(unit=code)), flat(after))
        if _note(found, code, "units", "", before is None, fields):
            found.units.append(after)
    for code in {**written.stations, **written.sites}:
        held = present.stations.get(code, [])
        if code in written.stations:
            held = _stations(found, code, written.stations[code], held, keep_missing)
        if code in written.sites:
            used = {station.site for station in held if station.retired_at is None}
            _sites(found, code, written.sites[code], present.sites.get(code, []), None if keep_missing else used)
    found.changes.sort(key=lambda change: change.unit)
    return found


def _stations(
    found: Difference, code: str, rows: dict[str, dict[str, Any]], present: Iterable[Station], keep_missing: bool
) -> list[Station]:
    """The unit's stations afterwards, without those that are retired now."""
    known = {station.id: station for station in present}
    after = []
    for id_, values in rows.items():
        before = known.pop(id_, None)
        station = station_of(code, id_, values, before)
        new = before is None or before.retired_at is not None
        after.append(station)
        if _note(found, code, "stations", id_, new, _fields(_plain(before), _plain(station))):
            found.stations.append(station)
    for station in known.values():
        if keep_missing or station.retired_at is not None:
            after.append(station)
        else:
            found.changes.append(Change(unit=code, kind="stations", id=station.id, what="removed"))
            found.retired.append(station)
    return after


def _sites(
    found: Difference, code: str, rows: dict[str, dict[str, Any]], present: Iterable[Site], used: set[str] | None
) -> None:
    """`used` sites stay; None: all do."""
    known = {site.id: site for site in present}
    for id_, values in rows.items():
        before = known.pop(id_, None)
        site = site_of(code, id_, values, before)
        if _note(found, code, "sites", id_, before is None, _fields(_plain(before), _plain(site))):
            found.sites.append(site)
    for site in known.values():
        if used is not None and site.id not in used:
            found.changes.append(Change(unit=code, kind="sites", id=site.id, what="removed"))
            found.gone.append(site)


def _note(found: Difference, code: str, kind: Kind, id_: str, new: bool, fields: tuple[str, ...]) -> bool:
    """Whether anything is new or changed; then it is among the changes."""
    if not new and not fields:
        return False
    what: What = "new" if new else "changed"
    found.changes.append(Change(unit=code, kind=kind, id=id_, what=what, fields=() if new else fields))
    return True


def _fields(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, value in after.items() if before.get(name) != value)


def _plain(value: Site | Station | None) -> dict[str, Any]:
    return {} if value is None else structs.asdict(value)
