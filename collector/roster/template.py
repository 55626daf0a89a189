"""The workbook that offices fill in: headings with notes, drop-downs, the locality's units, a guide, an example."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from collector.readiness.model import Unit
from collector.roster.columns import COLUMNS, EXAMPLE, GUIDE, KINDS, SHEETS, Column, Kind
from collector.roster.excel import begun, cell, saved, text, widths
from collector.roster.model import ROLES, SITE_KINDS
from collector.roster.sheets import WORDS
from collector.roster.values import PROTOCOLS
from collector.units import sort_key

ROOM = 2000
"""Rows below the headings that have drop-downs."""
_GUIDE = {
    "vi": (
        "Mỗi trang một bảng: Đơn vị, Điểm làm việc, Vị trí máy. Không đổi tên cột; cột có dấu * là bắt buộc.",
        "Hàng chỉ có mã và tên đơn vị thì được bỏ qua.",
        "Cột không có trong tệp thì giữ nguyên giá trị cũ; ô trống thì xóa giá trị cũ.",
        "Nếu trang Vị trí máy có nhắc đến một đơn vị, vị trí nào của đơn vị đó không có trong trang sẽ bị ngừng dùng.",
        "Không ghi tên, số điện thoại, thư điện tử của cá nhân. Chạy thử: roster import TỆP --dry-run.",
        "Trang Ví dụ và trang này không được đọc.",
    ),
    "en": (
        "One table on each sheet: Units, Sites, Stations. Keep the headings; columns marked * must be filled in.",
        "A row with only a unit's code and name is passed over.",
        "A column left out keeps what is stored; an empty cell clears it.",
        "Where the sheet Stations names a unit, that unit's stations which are not in it are retired.",
        "No names, telephone numbers or mail addresses of people. To try: roster import FILE --dry-run.",
        "The sheet Example and this one are not read.",
    ),
}
_HEADS = {
    "vi": ("Trang", "Cột", "Bắt buộc", "Ý nghĩa", "Ví dụ"),
    "en": ("Sheet", "Column", "Required", "Meaning", "Example"),
}


def workbook(units: Iterable[Unit], lang: str) -> bytes:
    """An empty roster for these units."""
    book = openpyxl.Workbook(write_only=True)
    known = sorted(units, key=lambda unit: (sort_key(unit.name), unit.code))
    for kind in KINDS:
        sheet = begun(book, kind, lang)
        _choices(sheet, kind, lang)
        for unit in known if kind == "units" else ():
            given = {"unit": unit.code, "unit_name": unit.name}
            sheet.append([cell(sheet, column, given.get(column.name)) for column in COLUMNS[kind]])
    _guide(book, lang)
    _example(book, lang)
    return saved(book)


def _choices(sheet: Any, kind: Kind, lang: str) -> None:
    """Drop-downs for what has but a few values."""
    english = lang == "en"
    roles = tuple(WORDS[role][english] for role in ROLES)
    kinds = tuple(WORDS[kind][english] for kind in SITE_KINDS)
    listed: dict[str, tuple[str, ...]] = {
        "role": roles, "site_kind": kinds, "yes": (WORDS["True"][english], WORDS["False"][english]),
        "version": ("2c", "3"),
    }  # fmt: skip
    for at, column in enumerate(COLUMNS[kind], 1):
        words = listed.get(column.value, PROTOCOLS.get(column.name, ()))
        if words:
            choice = DataValidation("list", formula1=f'"{",".join(words)}"', allow_blank=True, showErrorMessage=True)
            choice.error = column.help[english]
            choice.add(f"{get_column_letter(at)}2:{get_column_letter(at)}{ROOM}")
            sheet.data_validations.append(choice)


def _guide(book: Any, lang: str) -> None:
    """How to fill it in, and what each column means."""
    english = lang == "en"
    sheet = book.create_sheet(GUIDE[english])
    widths(sheet, [18, 34, 12, 70, 26])
    for line in _GUIDE[lang]:
        sheet.append([text(sheet, line)])
    sheet.append([])
    sheet.append([text(sheet, head, bold=True) for head in _HEADS[lang]])
    for kind in KINDS:
        for column in COLUMNS[kind]:
            needed = WORDS["True"][english] if column.required else ""
            parts = (
                SHEETS[kind][english],
                column.title[english],
                needed,
                column.help[english],
                _shown(column, english),
            )
            sheet.append([text(sheet, part) for part in parts])


def _example(book: Any, lang: str) -> None:
    """One row of each table, as it should look."""
    english = lang == "en"
    sheet = book.create_sheet(EXAMPLE[english])
    widths(sheet, [20] * max(len(columns) for columns in COLUMNS.values()))
    for kind in KINDS:
        sheet.append([text(sheet, SHEETS[kind][english], bold=True)])
        sheet.append([text(sheet, column.title[english], bold=True) for column in COLUMNS[kind]])
        sheet.append([text(sheet, _shown(column, english)) for column in COLUMNS[kind]])
        sheet.append([])


def _shown(column: Column, english: bool) -> str:
    """The column's example."""
    words = {"quầy": "counter", "có": "yes", "điểm phục vụ": "service point"}
    return words.get(column.example, column.example) if english else column.example
