"""What the rows of a roster mean together, and beside what is stored: ids, sites and SNMP that fit."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from collector.roster.heading import Heading
from collector.roster.model import HIDDEN, Roster, UnitRoster
from collector.roster.words import Remark
from collector.roster.written import Values, Written, flat
from collector.units import fold

Place = tuple[Heading, int]
"""A row: the heading it stands under, and its number."""


def alike(id_: str) -> str:
    """Ids that are alike were one before a spreadsheet changed them: case, and zeros in front of a number."""
    return (id_.lstrip("0") or "0") if id_.isdigit() else id_.casefold()


class Sense:
    """Looks at all rows once they are read. Stored secrets in `present` are hidden."""

    def __init__(self, present: Roster, written: Written, places: dict[tuple[str, str, str], Place]) -> None:
        self._present, self._written, self._places = present, written, places

    def _at(self, kind: str, unit: str, id_: str, column: str, code: str) -> Remark:
        heading, row = self._places[kind, unit, id_]
        return structs.replace(heading.at(row, column), code=code)

    def repair(self) -> Iterator[Remark]:
        """Gives back to ids the case and zeros that the stored ones have; a note for each."""
        for unit, stations in self._written.stations.items():
            known = [station.id for station in self._present.stations.get(unit, [])]
            yield from self._repaired("stations", "station", unit, known, stations)
        for unit, sites in self._written.sites.items():
            known = [site.id for site in self._present.sites.get(unit, [])]
            yield from self._repaired("sites", "site", unit, known, sites)

    def _repaired(
        self, kind: str, column: str, unit: str, known: list[str], rows: dict[str, Values]
    ) -> Iterator[Remark]:
        missing: dict[str, list[str]] = {}
        for name in known:
            if name not in rows:
                missing.setdefault(alike(name), []).append(name)
        for name in [name for name in rows if name not in known]:
            meant = missing.get(alike(name), [])
            if len(meant) == 1:
                note = self._at(kind, unit, name, column, "repaired_id")
                yield structs.replace(note, values={"value": name, "code": meant[0]})
                rows[meant[0]] = rows.pop(name)
                self._places[kind, unit, meant[0]] = self._places[kind, unit, name]
                missing.pop(alike(name))

    def faults(self) -> Iterator[Remark]:
        for unit, stations in self._written.stations.items():
            yield from self._sites(unit, stations)
        for unit, values in self._written.units.items():
            yield from self._snmp(unit, values)

    def _sites(self, unit: str, stations: dict[str, Values]) -> Iterator[Remark]:
        """Sites may be named by id or by name."""
        known: dict[str, str] = {}
        named = [(site.id, site.name) for site in self._present.sites.get(unit, [])]
        named += [(id_, values.get("site_name") or id_) for id_, values in self._written.sites.get(unit, {}).items()]
        for id_, name in named:
            known[fold(name)] = id_
        for id_, _ in named:
            known[fold(id_)] = id_
            known.setdefault(alike(id_), id_)
        ids = {id_ for id_, _ in named}
        for id_, values in stations.items():
            site = values.get("site")
            if site is None or site in ids:
                continue
            meant = known.get(fold(site)) or known.get(alike(site))
            if meant is None:
                yield structs.replace(self._at("stations", unit, id_, "site", "no_site"), values={"value": site})
            values["site"] = meant

    def _snmp(self, unit: str, values: Values) -> Iterator[Remark]:
        """Sets the version that a user or key implies; says what cannot be."""
        if not any(name.startswith("snmp_") for name in values):
            return
        before = flat(self._present.units.get(unit, UnitRoster(unit=unit)))
        after = before | {name: value for name, value in values.items() if name in before}
        for name, value in values.items():
            if value == HIDDEN and name.startswith("snmp_") and not before[name]:
                yield self._at("units", unit, "", name, "nothing_hidden")
        if after["snmp_user"] or after["snmp_auth_key"]:
            if values.get("snmp_version") == "2c":
                yield self._at("units", unit, "", "snmp_version", "version_mismatch")
            values["snmp_version"] = "3"
        if after["snmp_auth_key"] and not after["snmp_user"]:
            yield self._at("units", unit, "", "snmp_user", "key_without_user")
        if after["snmp_privacy_key"] and not after["snmp_auth_key"]:
            yield self._at("units", unit, "", "snmp_privacy_key", "key_alone")
