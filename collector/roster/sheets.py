"""The stored roster as rows of a file, such that importing them again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import structs

from collector.readiness.model import Unit
from collector.roster.columns import COLUMNS, Column, Kind
from collector.roster.model import Roster
from collector.roster.written import flat

WORDS: dict[str, tuple[str, str]] = {
    "counter": ("quầy", "counter"), "kiosk": ("kiosk", "kiosk"), "back_office": ("văn phòng", "back office"),
    "router": ("bộ định tuyến", "router"), "True": ("có", "yes"), "False": ("không", "no"),
    "service_point": ("điểm phục vụ", "service point"), "branch": ("chi nhánh", "branch"),
    "office": ("trụ sở", "office"),
}  # fmt: skip
Shown = tuple[Column, Any]
"""A cell: its column and value, None when empty; a date as ``yyyy-mm-dd``, ``yyyy-mm`` or ``yyyy``."""


def rows(roster: Roster, kind: Kind, names: Mapping[str, Unit], lang: str) -> Iterator[list[Shown]]:
    """The rows of one kind, in the order of the unit codes, words in the language `lang`."""
    for code in roster.codes:
        named = {"unit": code, "unit_name": names[code].name if code in names else None}
        for values in _OF[kind](roster, code):
            row = named | values
            yield [(column, _word(column, row.get(column.name), lang)) for column in COLUMNS[kind]]


def _units(roster: Roster, code: str) -> Iterator[dict[str, Any]]:
    if code in roster.units:
        yield flat(roster.units[code])


def _sites(roster: Roster, code: str) -> Iterator[dict[str, Any]]:
    for site in roster.sites.get(code, []):
        yield {"site": site.id, "site_name": site.name, "kind": site.kind, "address": site.address or None}


def _stations(roster: Roster, code: str) -> Iterator[dict[str, Any]]:
    for station in roster.stations.get(code, []):
        values = structs.asdict(station)
        yield {name: None if value == "" else value for name, value in values.items()} | {"station": station.id}


def _word(column: Column, value: Any, lang: str) -> Any:
    if value is None or column.value not in ("role", "yes", "site_kind"):
        return value
    return WORDS[str(value)][lang == "en"]


_OF: dict[Kind, Callable[[Roster, str], Iterator[dict[str, Any]]]] = {
    "units": _units,
    "sites": _sites,
    "stations": _stations,
}
