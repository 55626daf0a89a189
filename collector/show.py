"""What the command line prints: tables that fit a terminal, words and glyphs as on the pages."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from collector.readiness.model import Unit
from collector.web.i18n import text

PIPE = 1000  # columns; in a pipe a row is a line, so that grep finds all of it
WIDE = 140  # columns; below it the sources are left to the page
_HEADS = {
    "code": ("mã", "code"), "name": ("tên", "name"), "province": ("tỉnh, thành phố", "province"),
    "id": ("mã số", "id"), "unit": ("đơn vị", "unit"), "seats": ("chỗ", "seats"), "expires": ("hết hạn", "expires"),
    "note": ("ghi chú", "note"), "role": ("vai trò", "role"), "status": ("tình trạng", "status"),
    "seen": ("đo lần cuối", "last measured"), "clock": ("lệch giờ (s)", "clock (s)"),
    "verdict": ("kết luận", "verdict"),
    "why": ("lý do", "why"), "devices": ("thiết bị", "devices"), "what": ("yêu cầu", "requirement"),
    "station": ("vị trí", "station"), "title": ("tên gọi", "called"), "state": ("trạng thái", "state"),
    "since": ("từ", "since"), "failed": ("hỏng từ", "first failed"),
    "ready": ("sẵn sàng lần cuối", "last ready"), "times": ("thời gian", "time in state"),
    "cost": ("chi phí", "cost"), "total": ("cộng dồn", "in all"), "many": ("số lượng", "quantity"),
    "units": ("số đơn vị", "units"), "owner": ("ai xử lý", "whose"), "kind": ("loại", "kind"),
    "author": ("người quyết định", "author"), "until": ("đến hết", "until"),
    "fault": ("sự cố", "fault"), "todo": ("việc cần làm", "to do"), "item": ("hạng mục", "item"),
    "value": ("đo được", "measured"), "need": ("cần", "needed"), "source": ("căn cứ", "source"),
}  # fmt: skip
_SAID = {
    "no_units": ("Không có đơn vị nào như vậy.", "No unit is called so."),
    "no_tokens": (
        "Chưa có mã đăng ký nào. Tạo: sansang-collector tokens create --unit MÃ --seats N",
        "No token yet. Make one: sansang-collector tokens create --unit CODE --seats N",
    ),
    "no_devices": (
        "Chưa có thiết bị nào. Tạo mã đăng ký: sansang-collector tokens create --unit MÃ --seats N",
        "No device yet. Make a token: sansang-collector tokens create --unit CODE --seats N",
    ),
    "revoked": ("đã thu hồi", "revoked"), "expired": ("đã hết hạn", "expired"),
    "used_up": ("đã hết chỗ", "used up"), "in_force": ("có hiệu lực", "in force"),
    "homeless": ("Thiết bị chưa có vị trí", "Devices without a station"),
    "vacant": ("Vị trí chưa có thiết bị", "Free stations"),
}  # fmt: skip


def said(name: str, lang: str) -> str:
    return _SAID[name][lang == "en"]


def console() -> Console:
    """The terminal; in a pipe, wide enough that nothing is cut."""
    found = Console()
    return found if found.is_terminal else Console(width=PIPE)


def table(lang: str, *columns: str, right: Iterable[str] = ()) -> Table:
    """An empty table with these columns of _HEADS, those in `right` aligned right."""
    shown = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in right else "left"
        shown.add_column(_HEADS[column][lang == "en"], justify=justify, no_wrap=column in ("id", "code", "verdict"))
    return shown


def tell(line: str) -> None:
    """One line of text; on a terminal broken between words, its rest indented below it."""
    found = Console()
    if not found.is_terminal:
        click.echo(line)
        return
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    broken = textwrap.wrap(line, found.width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    click.echo("\n".join(broken))


def name_of(code: str, known: Mapping[str, Unit]) -> str:
    """The unit's name; of another locality's, its code."""
    return known[code].name if code in known else code


def called(code: str, known: Mapping[str, Unit]) -> str:
    """``27259 Phường Xóm Chiếu``; of another locality's, its code."""
    return f"{code} {known[code].name}" if code in known else code


def units(found: Iterable[Unit], lang: str) -> None:
    shown = table(lang, "code", "name", "province")
    for unit in found:
        shown.add_row(unit.code, escape(unit.name), escape(unit.province))
    print_or(shown, said("no_units", lang))


def print_or(shown: Table, otherwise: str) -> None:
    """The table; when it is empty, a sentence in its place."""
    if shown.row_count:
        console().print(shown)
    else:
        tell(otherwise)


def tokens(found: list[dict[str, Any]], known: Mapping[str, Unit], lang: str, zone: ZoneInfo, now: int) -> None:
    shown = table(lang, "id", "unit", "seats", "expires", "status", "note", right=["seats"])
    for token in found:
        shown.add_row(
            token["id"],
            escape(called(token["unit"], known)),
            f"{token['used']}/{token['seats']}",
            instant(token["expires_at"], zone),
            said(_status(token, now), lang),
            escape(token["note"]),
        )
    print_or(shown, said("no_tokens", lang))


def _status(token: Mapping[str, Any], now: int) -> str:
    if token["revoked_at"]:
        return "revoked"
    if token["expires_at"] <= now:
        return "expired"
    return "used_up" if token["used"] >= token["seats"] else "in_force"


def devices(found: list[dict[str, Any]], known: Mapping[str, Unit], lang: str, zone: ZoneInfo) -> None:
    shown = table(lang, "id", "unit", "role", "status", "seen", "clock", right=["clock"])
    for device in found:
        offset = device["clock_offset"]
        clock = "—" if offset is None else f"{round(offset, 1) + 0.0:+.1f}"
        unit, seen = escape(called(device["unit"], known)), instant(device["last_seen"], zone)
        shown.add_row(device["id"], unit, text(f"role_{device['role']}", lang), device["status"], seen, clock)
    print_or(shown, said("no_devices", lang))


def unmatched(found: dict[str, Any], known: Mapping[str, Unit], lang: str, zone: ZoneInfo) -> None:
    """Devices that stand nowhere, then stations where nobody does; who goes where is for people to say."""
    stations = table(lang, "station", "unit", "role", "title")
    for one in found["stations"]:
        unit = escape(called(one["unit"], known))
        stations.add_row(escape(one["id"]), unit, text(f"station_{one['role']}", lang), escape(one["title"]))
    homeless = table(lang, "id", "unit", "role", "seen")
    for one in found["devices"]:
        unit = escape(called(one["unit"], known))
        homeless.add_row(one["id"], unit, text(f"role_{one['role']}", lang), instant(one["last_seen"], zone))
    for head, shown in (("homeless", homeless), ("vacant", stations)):
        console().print(f"[bold]{said(head, lang)}: {shown.row_count}[/]")
        if shown.row_count:
            console().print(shown)


def instant(at: int | None, zone: ZoneInfo) -> str:
    """``20/11/2026 08:12``."""
    return "—" if at is None else f"{_local(at, zone):%d/%m/%Y %H:%M}"


def until(at: int, zone: ZoneInfo) -> str:
    """When something ends: the last day that is meant whole, else the instant."""
    moment = _local(at, zone)
    if moment.time() == datetime.time():
        return f"{moment - datetime.timedelta(microseconds=1):%d/%m/%Y}"
    return f"{moment:%d/%m/%Y %H:%M}"


def _local(at: int, zone: ZoneInfo) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at / 1e6, zone)
