"""What a locality is known to have and its lists do not name yet: nobody judges an office that nobody has listed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from collector.plan import Expects
from collector.readiness.model import Unit
from collector.readiness.text import number
from collector.roster.model import Roster
from collector.units import KINDS

_WORDS = {
    "units": ("phường, xã, đặc khu", "wards, communes, special zones"),
    "offices": ("đơn vị khác", "other offices"),
    "service_points": ("điểm phục vụ", "service points"),
    "branches": ("chi nhánh", "branches"),
    "kiosks": ("kiosk", "kiosks"),
}
_LINE = ("{what}: cần {expected}, đã khai báo {listed}", "{what}: {expected} expected, {listed} listed")


class Missing(Struct, frozen=True):
    """``what`` is a field of :class:`collector.plan.Expects`; fewer of it are ``listed`` than there are."""

    what: str
    expected: int
    listed: int
    source: str


def missing(expects: Expects, units: Iterable[Unit], roster: Roster | None) -> list[Missing]:
    """What is not listed in full, in the order of the fields; `units` are the locality's. Without a roster, which was
    then not read, nothing is said of what only that could list."""
    kinds = [unit.kind for unit in units]
    wards = sum(kind in KINDS for kind in kinds)
    listed = {"units": wards, "offices": len(kinds) - wards} | ({} if roster is None else _of(roster))
    found = [(what, getattr(expects, what), count) for what, count in listed.items()]
    return [
        Missing(what, expected, count, expects.source)
        for what, expected, count in found
        if expected is not None and count < expected
    ]


def _of(roster: Roster) -> dict[str, int]:
    sites = [site.kind for several in roster.sites.values() for site in several]
    roles = [station.role for several in roster.stations.values() for station in several]
    return {
        "service_points": sites.count("service_point"),
        "branches": sites.count("branch"),
        "kiosks": roles.count("kiosk"),
    }


def line(one: Missing, lang: str) -> str:
    """``đơn vị khác: cần 334, đã khai báo 12``."""
    english = lang == "en"
    return _LINE[english].format(
        what=_WORDS[one.what][english], expected=number(one.expected, lang), listed=number(one.listed, lang)
    )


def sentence(found: Collection[Missing], lang: str) -> str:
    """All of it in one line; empty where nothing is missing."""
    return "; ".join(line(one, lang) for one in found)
