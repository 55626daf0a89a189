"""What the command line prints: tables that fit a terminal, words and glyphs as on the pages."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from collector.readiness import words
from collector.readiness.model import Target, Unit, UnitVerdict, Verdict
from collector.readiness.text import quantity
from collector.web.i18n import text

INK = {
    Verdict.READY: "#009E73",
    Verdict.AT_RISK: "#E69F00",
    Verdict.NOT_READY: "#D55E00",
    Verdict.UNKNOWN: "bright_black",
}
PIPE = 200
WIDE = 140  # columns; below it the sources are left to the page
_HEADS = {
    "code": ("mã", "code"), "name": ("tên", "name"), "province": ("tỉnh, thành phố", "province"),
    "id": ("mã số", "id"), "unit": ("đơn vị", "unit"), "seats": ("chỗ", "seats"), "expires": ("hết hạn", "expires"),
    "note": ("ghi chú", "note"), "role": ("vai trò", "role"), "status": ("tình trạng", "status"),
    "seen": ("đo lần cuối", "last measured"), "clock": ("lệch giờ (s)", "clock (s)"),
    "verdict": ("kết luận", "verdict"),
    "why": ("lý do", "why"), "devices": ("thiết bị", "devices"), "what": ("yêu cầu", "requirement"),
    "station": ("vị trí", "station"), "title": ("tên gọi", "called"),
    "began": ("từ", "since"), "since": ("từ", "since"), "failed": ("hỏng từ", "first failed"),
    "ready": ("sẵn sàng lần cuối", "last ready"), "times": ("thời gian", "time in state"),
    "cost": ("chi phí", "cost"), "total": ("cộng dồn", "in all"), "many": ("số lượng", "quantity"),
    "units": ("đơn vị", "units"), "owner": ("ai xử lý", "whose"), "kind": ("loại", "kind"),
    "author": ("người quyết định", "author"),
    "value": ("đo được", "measured"), "need": ("cần", "needed"), "source": ("căn cứ", "source"),
}  # fmt: skip


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


def _called(unit: str, known: Mapping[str, Unit]) -> str:
    """The unit's name; of another locality's, its code."""
    return known[unit].name if unit in known else unit


def units(found: Iterable[Unit], lang: str) -> None:
    shown = table(lang, "code", "name", "province")
    for unit in found:
        shown.add_row(unit.code, escape(unit.name), escape(unit.province))
    console().print(shown)


def tokens(found: list[dict[str, Any]], lang: str) -> None:
    shown = table(lang, "id", "unit", "seats", "expires", "status", "note", right=["seats"])
    for token in found:
        status = ("đã thu hồi", "revoked") if token["revoked_at"] else ("có hiệu lực", "in force")
        seats = f"{token['used']}/{token['seats']}"
        shown.add_row(
            token["id"],
            token["unit"],
            seats,
            _instant(token["expires_at"]),
            status[lang == "en"],
            escape(token["note"]),
        )
    console().print(shown)


def devices(found: list[dict[str, Any]], known: Mapping[str, Unit], lang: str) -> None:
    shown = table(lang, "id", "unit", "role", "status", "seen", "clock", right=["clock"])
    for device in found:
        name = _called(device["unit"], known)
        offset = device["clock_offset"]
        clock = "—" if offset is None else f"{offset:+.1f}"
        seen = _instant(device["last_seen"])
        shown.add_row(device["id"], escape(name), device["role"], device["status"], seen, clock)
    console().print(shown)


def unmatched(found: dict[str, Any], known: Mapping[str, Unit], lang: str) -> None:
    """Devices that stand nowhere, then stations where nobody does; who goes where is for people to say."""
    stations = table(lang, "station", "unit", "role", "title")
    for one in found["stations"]:
        name = _called(one["unit"], known)
        stations.add_row(escape(one["id"]), escape(name), text(f"station_{one['role']}", lang), escape(one["title"]))
    homeless = table(lang, "id", "unit", "role", "seen")
    for one in found["devices"]:
        name = _called(one["unit"], known)
        homeless.add_row(one["id"], escape(name), text(f"role_{one['role']}", lang), _instant(one["last_seen"]))
    heads = (("Thiết bị chưa có vị trí", "Devices without a station"), ("Vị trí chưa có thiết bị", "Free stations"))
    for head, shown in zip(heads, (homeless, stations), strict=True):
        console().print(f"[bold]{head[lang == 'en']}: {shown.row_count}[/]")
        if shown.row_count:
            console().print(shown)


def readiness(
    verdicts: list[UnitVerdict], known: Mapping[str, Unit], targets: list[Target], lang: str, *, detailed: bool
) -> None:
    """One line a unit, worst first; `detailed` shows every requirement of each."""
    order = [Verdict.NOT_READY, Verdict.AT_RISK, Verdict.UNKNOWN, Verdict.READY]
    for verdict in sorted(verdicts, key=lambda one: order.index(one.verdict)) if detailed else ():
        console().print(f"[bold]{escape(known[verdict.unit].name)}[/] ({verdict.unit})")
        console().print(f"{_mark(verdict)} {escape(words.headline(verdict, known[verdict.unit], lang, targets))}")
        if verdict.expected:
            _requirements(verdict, lang)
    if detailed:
        return
    shown = table(lang, "code", "name", "verdict", "why", "devices", right=["devices"])
    for verdict in sorted(verdicts, key=lambda one: (order.index(one.verdict), one.unit)):
        why = words.cause(verdict, lang, targets)
        counted = f"{verdict.reporting}/{verdict.expected}"
        shown.add_row(verdict.unit, escape(known[verdict.unit].name), _mark(verdict, lang), escape(why), counted)
    console().print(shown)


def _requirements(verdict: UnitVerdict, lang: str) -> None:
    wide = console().width >= WIDE
    shown = table(lang, "what", "verdict", "value", "need", *(["source"] if wide else []), right=["value"])
    for line in verdict.requirements:
        state = f"[{INK[line.state]}]{words.verdict_glyph(line.state)} {words.verdict_word(line.state, lang)}[/]"
        value = words.reason_word(line.reason, lang) if line.value is None else quantity(line.value, line.unit, lang)
        source = [escape(line.source.get(lang, ""))] if wide else []
        shown.add_row(
            escape(line.title.get(lang, line.id)), state, escape(value), escape(words.need(line, lang)), *source
        )
    console().print(shown)


def _mark(verdict: UnitVerdict, lang: str | None = None) -> str:
    word = f" {words.state_word(verdict, lang)}" if lang else ""
    return f"[{INK[verdict.verdict]}]{words.state_glyph(verdict)}{word}[/]"


def _instant(at: int | None) -> str:
    if at is None:
        return "—"
    return datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).astimezone().strftime("%d/%m/%Y %H:%M")
