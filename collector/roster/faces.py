"""What the command line prints of a roster: tables in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from rich import box
from rich.markup import escape
from rich.table import Table

from collector.readiness.model import Unit
from collector.readiness.text import number
from collector.roster.columns import COLUMNS, KINDS, SHEETS, UNITS, Kind
from collector.roster.difference import Change
from collector.roster.model import ROLES, Roster, Station, date_text
from collector.roster.sheets import WORDS
from collector.roster.written import flat
from collector.show import console

MOST = 200
"""Units of a summary that are listed; the others are counted."""
_HEADS = {
    "code": ("mã", "code"), "name": ("tên", "name"), "staff": ("cán bộ", "staff"), "signers": ("người ký", "signers"),
    "provider": ("nhà mạng", "provider"), "line": ("Mbps xuống/lên", "Mbps down/up"), "device": ("thiết bị", "device"),
    "matched": ("đã gắn máy", "matched"), "id": ("mã", "id"), "site": ("điểm", "site"), "role": ("vai trò", "role"),
    "title": ("vị trí", "title"), "bought": ("mua", "bought"), "model": ("kiểu máy", "model"),
    "signer": ("ký số", "signs"), "agent": ("phần mềm đo", "agent"), "fields": ("thay đổi", "changed"),
    "address": ("địa chỉ", "address"), "kind": ("loại", "kind"),
}  # fmt: skip
_TELL = {"new": ("mới", "new"), "changed": ("sửa", "changed"), "removed": ("bỏ", "removed")}


def _table(lang: str, *columns: str, right: Iterable[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in right else "left"
        head = _HEADS[column][lang == "en"] if column in _HEADS else column
        table.add_column(head, justify=justify, no_wrap=column in ("code", "id"))
    return table


def summary(changes: list[Change], names: Mapping[str, Unit], lang: str) -> None:
    """What is new, changed and removed, a line for each unit."""
    table = _table(lang, "code", "name", *(SHEETS[kind][lang == "en"].lower() for kind in KINDS), "fields")
    units: dict[str, list[Change]] = {}
    for change in changes:
        units.setdefault(change.unit, []).append(change)
    for code in list(units)[:MOST]:
        counts = [_counts([one for one in units[code] if one.kind == kind], kind, lang) for kind in KINDS]
        fields = dict.fromkeys(_title(one.kind, name, lang) for one in units[code] for name in one.fields)
        table.add_row(code, escape(_name(names, code)), *counts, ", ".join(fields))
    console().print(table)
    if len(units) > MOST:
        more = len(units) - MOST
        console().print(f"… and {more} more units" if lang == "en" else f"… và {more} đơn vị nữa")


def total(changes: list[Change], lang: str) -> str:
    """``Đơn vị: 2 mới; Vị trí máy: 20 mới, 3 bỏ``."""
    found = []
    for kind in KINDS:
        counts = _counts([change for change in changes if change.kind == kind], kind, lang)
        found += [f"{SHEETS[kind][lang == 'en']}: {counts}"] if counts else []
    return "; ".join(found)


def _counts(changes: list[Change], kind: Kind, lang: str) -> str:
    whats = [change.what for change in changes]
    removed = {"stations": ("ngừng dùng", "retired")}.get(kind, _TELL["removed"])
    words = _TELL | {"removed": removed}
    return ", ".join(f"{whats.count(what)} {word[lang == 'en']}" for what, word in words.items() if what in whats)


def overview(roster: Roster, names: Mapping[str, Unit], lang: str) -> None:
    """A line for each unit: people, line, stations by role, how many have a device."""
    roles = [WORDS[role][lang == "en"] for role in ROLES]
    numbers = ("staff", "signers", *roles, "matched")
    table = _table(lang, "code", "name", "staff", "signers", *roles, "matched", "provider", "line", right=numbers)
    for code in roster.codes:
        told = flat(roster.units[code]) if code in roster.units else {}
        stations = roster.stations.get(code, [])
        counts = [sum(station.role == role for station in stations) for role in ROLES]
        matched = f"{sum(station.device is not None for station in stations)}/{sum(one.agent for one in stations)}"
        line = [_mbps(told.get(f"contracted_{way}_mbps"), lang) for way in ("down", "up")]
        table.add_row(
            code, escape(_name(names, code)), _or_dash(told.get("staff")), _or_dash(told.get("signers")),
            *(str(count) for count in counts), matched, escape(told.get("provider") or "—"), "/".join(line),
        )  # fmt: skip
    console().print(table)


def detail(roster: Roster, unit: Unit, lang: str) -> None:
    """All that is stored of a unit; secrets as ``***``."""
    console().print(f"[bold]{escape(unit.name)}[/] ({unit.code})")
    if unit.code in roster.units:
        told = flat(roster.units[unit.code].hidden())
        for column in UNITS:
            value = told.get(column.name)
            if value is not None:
                shown = number(value, lang) if isinstance(value, int | float) else str(value)
                console().print(f"  {column.title[lang == 'en']}: {escape(shown)}")
    if sites := roster.sites.get(unit.code):
        table = _table(lang, "id", "name", "kind", "address")
        for site in sites:
            kind = WORDS[site.kind][lang == "en"]
            table.add_row(escape(site.id), escape(site.name), kind, escape(site.address))
        console().print(table)
    if stations := roster.stations.get(unit.code):
        _stations(stations, lang)


def _stations(stations: list[Station], lang: str) -> None:
    heads = ("id", "title", "site", "role", "bought", "model", "signer", "agent", "device")
    table = _table(lang, *heads)
    for one in stations:
        table.add_row(
            escape(one.id), escape(one.title), escape(one.site), WORDS[one.role][lang == "en"],
            date_text(one.purchase_date or "—"), escape(one.model), WORDS[str(one.signer)][lang == "en"],
            WORDS[str(one.agent)][lang == "en"], one.device or "—",
        )  # fmt: skip
    console().print(table)


def _title(kind: Kind, field: str, lang: str) -> str:
    """The heading of a field that changed."""
    found = {column.name: column.title[lang == "en"] for column in COLUMNS[kind]}
    return found.get("site_name" if kind == "sites" and field == "name" else field, field)


def _name(names: Mapping[str, Unit], code: str) -> str:
    return names[code].name if code in names else code


def _or_dash(value: int | None) -> str:
    return "—" if value is None else str(value)


def _mbps(value: float | None, lang: str) -> str:
    return "—" if value is None else number(value, lang)
