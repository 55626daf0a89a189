"""Writes a roster as a workbook. Text stays text, whatever it begins with (ASVS 5.0, 1.2.10)."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from collector.readiness.model import Unit
from collector.roster.columns import COLUMNS, KINDS, SHEETS, Column, Kind
from collector.roster.delimited import guarded
from collector.roster.model import Roster, date_text
from collector.roster.sheets import rows

AS_TEXT = "@"
"""Excel's format of text: digits keep their zeros, a date is not turned round."""
_BOLD = Font(bold=True, color="FFFFFFFF")
_DARK = PatternFill("solid", fgColor="FF1F4E5F")
_WRAPPED = Alignment(wrap_text=True, vertical="center")


def exported(roster: Roster, names: Mapping[str, Unit], lang: str) -> bytes:
    """The roster as a workbook, its secrets as they stand in `roster`."""
    book = openpyxl.Workbook(write_only=True)
    for kind in KINDS:
        sheet = begun(book, kind, lang)
        for row in rows(roster, kind, names, lang):
            sheet.append([cell(sheet, column, value) for column, value in row])
    return saved(book)


def begun(book: Any, kind: Kind, lang: str) -> Any:
    """A new sheet of this kind with its heading row, each heading with a note."""
    english = lang == "en"
    sheet = book.create_sheet(SHEETS[kind][english])
    sheet.freeze_panes = "C2"
    widths(sheet, [max(12, min(40, len(column.title[english]) + 3)) for column in COLUMNS[kind]])
    for at, column in enumerate(COLUMNS[kind], 1):
        if column.value not in ("count", "mbps", "port"):
            sheet.column_dimensions[get_column_letter(at)].number_format = AS_TEXT
    heads = []
    for column in COLUMNS[kind]:
        head = text(sheet, column.title[english] + (" *" if column.required else ""), bold=True)
        head.comment = Comment(column.help[english], "Sẵn Sàng")
        heads.append(head)
    sheet.append(heads)
    return sheet


def cell(sheet: Any, column: Column, value: Any) -> Any:
    """A value of :func:`collector.roster.sheets.rows` as a cell."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if column.value == "date" and len(value) == 10:
        day = WriteOnlyCell(sheet, datetime.datetime.fromisoformat(value))
        day.number_format = "dd/mm/yyyy"
        return day
    return text(sheet, date_text(value) if column.value == "date" else str(value))


def text(sheet: Any, value: str, *, bold: bool = False) -> Any:
    """A cell of text: never a formula, not after it is edited either."""
    made: Any = WriteOnlyCell(sheet, value)
    made.data_type = "s"
    made.number_format = AS_TEXT
    if guarded(value) != value:
        made.quotePrefix = True
    if bold:
        made.font, made.fill, made.alignment = _BOLD, _DARK, _WRAPPED
    return made


def widths(sheet: Any, given: list[int]) -> None:
    """Column widths, in characters, from column A on."""
    for at, width in enumerate(given, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
