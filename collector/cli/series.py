"""``sansang-collector series``: how many series there are and can be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import click
import msgspec
from rich import box
from rich.table import Table

from collector import show
from collector.app import Parts
from collector.census import Count, Found, Row, Share, census
from collector.cli.common import configured, for_programs, in_language, parts_of, print_json
from collector.counter import NotRunning, ask_running
from collector.locality_file import ROLES
from collector.readiness.text import number
from collector.scrape.groups import DASHBOARDS
from collector.web.i18n import text

Cells = tuple[int | None, ...]
_HEADS = {
    "series": ("chuỗi số liệu", "series"), "group": ("nhóm (collect[])", "group (collect[])"),
    "per_unit": ("mỗi đơn vị", "per unit"), "per": ("mỗi {0}", "per {0}"),
    "most": ("tối đa", "at most"), "now": ("hiện có", "now"),
}  # fmt: skip
_SAID = {
    "running": (
        "{units} đơn vị, {devices} thiết bị. Hiện có {now} chuỗi, tối đa {most} theo cấu hình.",
        "Units: {units}, devices: {devices}. {now} series now, at most {most} by the configuration.",
    ),
    "not_running": (
        "Hệ thống thu thập đang không chạy: chỉ có giới hạn theo cấu hình. Mỗi đơn vị tối đa {per_unit} chuỗi; {each}.",
        "The collector does not run: bounds by the configuration only. At most {per_unit} series a unit; {each}.",
    ),
    "each": ("mỗi {role} {count}", "a {role} {count}"),
    "lean": (
        "Bảng theo dõi và cảnh báo đi kèm chỉ cần: {each} (?collect[]={name}).",
        "The shipped dashboards and alerts need no more than {each} (?collect[]={name}).",
    ),
    "part": ("mỗi {role} {count} trong {all}", "{count} of {all} a {role}"),
    "beyond": (
        "CẢNH BÁO: {series} có {now} chuỗi, nhiều hơn giới hạn {most}.",
        "WARNING: {series} has {now} series, more than its bound {most}.",
    ),
    "unbounded": (
        "Không tính giới hạn: sự cố (theo số lỗi đang có) và số liệu của chính hệ thống thu thập.",
        "Without a bound: findings (as many as there are faults) and the collector's own numbers.",
    ),
}  # fmt: skip


@click.command()
@configured
@in_language
@for_programs
def series(file: str | None, lang: str | None, as_json: bool) -> None:
    """How many series Prometheus gets.

    The most that a unit and a device can have by the configuration in force, and how many there are now, if the
    collector runs. Those of devices also by group: /metrics/devices?collect[]=GROUP serves one, and may be repeated.
    """
    parts = parts_of(file)
    found = asyncio.run(_found(parts))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _show(found, lang or parts.config.lang)


async def _found(parts: Parts) -> Found:
    try:
        count = msgspec.convert(await ask_running(parts, "series.count"), Count)
    except NotRunning:
        count = None
    return census(parts.catalog, count)


def _show(found: Found, lang: str) -> None:
    roles = [role for role in ROLES if any(role in row.per_device for row in found.rows)]
    heads = [_HEADS["per"][lang == "en"].format(text(f"role_{role}", lang)) for role in roles]
    series, group, unit, *last = (_HEADS[name][lang == "en"] for name in ("series", "group", "per_unit", "most", "now"))
    rows = [(row.series, (row.per_unit, *_numbers(row, roles))) for row in found.rows]
    _print([series, unit, *heads, *last], rows, lang)
    if found.groups:
        _print([group, *heads, *last], [(one.name, _numbers(one, roles)) for one in found.groups], lang)
    show.tell(_summary(found, roles, lang))
    if found.groups:
        show.tell(_lean(found, roles, lang))
    show.tell(_SAID["unbounded"][lang == "en"])
    for row in found.rows:
        if row.exceeds:
            show.tell(_say("beyond", lang, series=row.series, now=_cell(row.now, lang), most=_cell(row.most, lang)))


def _numbers(one: Row | Share, roles: Iterable[str]) -> Cells:
    return (*(one.per_device.get(role) for role in roles), one.most, one.now)


def _print(heads: Sequence[str], rows: Iterable[tuple[str, Cells]], lang: str) -> None:
    """A table; a row without a number is left out."""
    shown = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    shown.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        shown.add_column(head, justify="right")
    for name, cells in rows:
        if any(cells):
            shown.add_row(name, *(_cell(value, lang) for value in cells))
    show.console().print(shown)


def _lean(found: Found, roles: Iterable[str], lang: str) -> str:
    """How little the shipped dashboards and alerts need of a device."""
    [need] = (one.per_device for one in found.groups if one.name == DASHBOARDS)
    parts = (
        _say(
            "part",
            lang,
            role=text(f"role_{role}", lang),
            count=_cell(need.get(role, 0), lang),
            all=_total((row.per_device.get(role) for row in found.rows), lang),
        )
        for role in roles
    )
    return _say("lean", lang, each=", ".join(parts), name=DASHBOARDS)


def _summary(found: Found, roles: Iterable[str], lang: str) -> str:
    if found.devices is None:
        each = (
            _say(
                "each",
                lang,
                role=text(f"role_{role}", lang),
                count=_total((row.per_device.get(role) for row in found.rows), lang),
            )
            for role in roles
        )
        return _say(
            "not_running", lang, per_unit=_total((row.per_unit for row in found.rows), lang), each=", ".join(each)
        )
    return _say(
        "running", lang, units=_cell(found.units, lang), devices=_cell(sum(found.devices.values()), lang),
        now=_total((row.now for row in found.rows), lang), most=_total(map(_most, found.rows), lang),
    )  # fmt: skip


def _most(row: Row) -> int | None:
    """Of what has no bound of its own, what there is."""
    return row.now if row.most is None else row.most


def _total(values: Iterable[int | None], lang: str) -> str:
    return _cell(sum(value or 0 for value in values), lang)


def _cell(value: int | None, lang: str) -> str:
    return "—" if value is None else number(value, lang)


def _say(key: str, lang: str, **values: object) -> str:
    return _SAID[key][lang == "en"].format(**values)
