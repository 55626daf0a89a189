"""Workbooks: what is read of them, and each way in which a file is none."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from collector.roster import read, table, workbook
from tests.collector.roster.files import XOM_CHIEU, book, checked, clean, rezipped, text_file

HEAD = ["Mã đơn vị", "Mã vị trí", "Vai trò", "Tên vị trí", "Ngày mua"]
ROW = [XOM_CHIEU, "Q1", "quầy", "Quầy 1", "2019"]
SHEETS = {"Vị trí máy": [HEAD, ROW]}
BROKEN = "ds.xlsx: tệp .xlsx hỏng hoặc bị cắt cụt: chép lại tệp gốc"
BROKEN_SHEET = BROKEN.replace("ds.xlsx:", 'ds.xlsx, trang "Vị trí máy":')
BOMB = "ds.xlsx: tệp bung ra quá lớn hoặc chứa XML nguy hiểm: không đọc"
NO_TABLE = 'ds.xlsx: không có bảng nào: cần hàng tiêu đề có cột "Mã đơn vị"; xem `roster template`'
OLE2 = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


def test_openpyxl_reads_through_defusedxml() -> None:
    """Installed with the collector, and not switched off."""
    assert openpyxl.DEFUSEDXML


def cut(folder: Path) -> None:
    file = book(folder, SHEETS)
    file.write_bytes(file.read_bytes()[:-400])


def sparse(folder: Path) -> None:
    with (folder / "ds.xlsx").open("wb") as out:
        out.truncate(100 * 1024 * 1024)


def zipped(folder: Path, **members: bytes) -> None:
    with zipfile.ZipFile(folder / "ds.xlsx", "w") as out:
        for name, content in members.items():
            out.writestr(name.replace("__", "/").replace("_", "."), content)


def inflated(folder: Path) -> None:
    rezipped(book(folder, SHEETS), sheet1_xml=bytes(workbook.BIG + 1))


def styled(folder: Path) -> None:
    rezipped(book(folder, SHEETS), styles_xml=b"<styleSheet>" + b"<xf/>" * 900_000 + b"</styleSheet>")


def crowded(folder: Path) -> None:
    with zipfile.ZipFile(book(folder, SHEETS), "a") as out:
        for number in range(workbook.MEMBERS):
            out.writestr(f"x/{number}", b"")


def laughing(folder: Path) -> None:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (at, b"&a%d;" % (at - 1) * 10 if at else b"ha") for at in range(9))
    xml = b'<?xml version="1.0"?><!DOCTYPE x [' + entities + b"]><worksheet><sheetData>&a8;</sheetData></worksheet>"
    rezipped(book(folder, SHEETS), sheet1_xml=xml)


def outward(folder: Path) -> None:
    xml = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><workbook>&a;</workbook>'
    rezipped(book(folder, SHEETS), workbook_xml=xml)


def cut_sheet(folder: Path) -> None:
    file = book(folder, {"Vị trí máy": [HEAD, ROW, [XOM_CHIEU, "Q2", "quầy"]]})
    with zipfile.ZipFile(file) as old:
        content = old.read("xl/worksheets/sheet1.xml")
    rezipped(file, sheet1_xml=content[: content.rindex(b"<row")])


REFUSED: list[tuple[str, Callable[[Path], Any], str, str]] = [
    ("missing_file", lambda folder: None, "ds.xlsx: không có tệp này", "ds.xlsx: there is no such file"),
    ("unreadable", lambda folder: (folder / "ds.xlsx").mkdir(), "ds.xlsx: không đọc được: is a directory",
     "ds.xlsx: cannot be read: is a directory"),
    ("too_big", sparse, "ds.xlsx: tệp lớn hơn 20 MB", "ds.xlsx: the file is larger than 20 MB"),
    ("old_excel", lambda folder: text_file(folder, OLE2 + "Workbook".encode("utf-16-le"), "ds.xlsx"),
     "ds.xlsx: đây là tệp Excel đời cũ (.xls): mở bằng Excel rồi lưu thành Sổ làm việc Excel (.xlsx)",
     "ds.xlsx: this is an old Excel file (.xls): open it in Excel and save it as an Excel Workbook (.xlsx)"),
    ("password", lambda folder: text_file(folder, OLE2 + "EncryptedPackage".encode("utf-16-le"), "ds.xlsx"),
     "ds.xlsx: tệp có mật khẩu: bỏ mật khẩu trong Excel (Tệp > Thông tin > Bảo vệ sổ làm việc) rồi lưu lại",
     "ds.xlsx: the file has a password: remove it in Excel (File > Info > Protect Workbook) and save again"),
    ("web_page", lambda folder: text_file(folder, "\ufeff\n<!DOCTYPE html><table>", "ds.xlsx"),
     "ds.xlsx: đây là trang web hoặc XML, không phải bảng tính: mở bằng Excel rồi lưu thành .xlsx",
     "ds.xlsx: this is a web page or XML, not a workbook: open it in Excel and save it as .xlsx"),
    ("other_workbook", lambda folder: zipped(folder, mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
     "ds.xlsx: đây là bảng tính dạng khác (.xlsb, .ods): lưu thành Sổ làm việc Excel (.xlsx)",
     "ds.xlsx: this is another kind of workbook (.xlsb, .ods): save it as an Excel Workbook (.xlsx)"),
    ("broken", cut, BROKEN, "ds.xlsx: the .xlsx file is damaged or cut short: copy it again from where it came"),
    ("bomb", inflated, BOMB, "ds.xlsx: the file unpacks to too much, or holds dangerous XML: it is not read"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "vi", "en"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_file_that_is_no_workbook_is_one_line(
    tmp_path: Path, name: str, make: Callable[[Path], Any], vi: str, en: str
) -> None:
    """What it is instead and what to do, in both languages."""
    make(tmp_path)
    assert checked(tmp_path / "ds.xlsx")[1] == [vi]
    assert checked(tmp_path / "ds.xlsx", lang="en")[1] == [en]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (styled, BOMB), (crowded, BOMB), (outward, BOMB),
        (laughing, BOMB), (cut_sheet, BROKEN_SHEET),
        (lambda folder: zipped(folder, word__document_xml=b"<x/>"), BROKEN),
        (lambda folder: text_file(folder, "Mã đơn vị;Số máy in\n27259;3\n", "ds.xlsx"), BROKEN),
        (lambda folder: text_file(folder, b"PK\x03\x04" + bytes(50), "ds.xlsx"), BROKEN),
        (lambda folder: rezipped(book(folder, SHEETS), workbook_xml=b"<workbook"), BROKEN),
        (lambda folder: rezipped(book(folder, SHEETS), sheet1_xml=b"<worksheet><sheetData><row><c"), BROKEN_SHEET),
        (lambda folder: rezipped(book(folder, SHEETS), workbook_xml=None), BROKEN),
        (lambda folder: rezipped(book(folder, SHEETS), sheet1_xml=None), NO_TABLE),
    ],
)  # fmt: skip
def test_a_file_made_to_harm_or_damaged_is_one_line(tmp_path: Path, make: Callable[[Path], Any], line: str) -> None:
    """Parts that unpack to too much, entities, a document of another kind, text under a wrong name, missing parts."""
    make(tmp_path)
    assert checked(tmp_path / "ds.xlsx")[1] == [line]


def test_a_workbook_with_macros_is_data_like_any_other(tmp_path: Path) -> None:
    """They are not looked at, let alone run."""
    file = book(tmp_path, SHEETS, "ds.xlsm")
    with zipfile.ZipFile(file, "a") as out:
        out.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 not a program")
    assert list(clean(file).stations[XOM_CHIEU]) == ["Q1"]


def test_cells_keep_their_types(tmp_path: Path) -> None:
    """A code that Excel took for a number, a date, a day count, yes as a tick, and a number of a station."""
    import datetime

    heads: list[Any] = ["unit_name", *HEAD[1:], "Có ký số"]
    rows: list[list[Any]] = [
        ["Phường Xóm Chiếu", 1, "quầy", 12.0, datetime.datetime(2023, 8, 15), True],
        ["Phường Xóm Chiếu", "002", "quầy", None, 45153, "không"],
        ["Phường Xóm Chiếu", "003", "quầy", None, 2019, None],
    ]
    stations = clean(book(tmp_path, {"Sheet1": [heads, *rows]})).stations[XOM_CHIEU]
    assert [(id_, one["title"], one["purchase_date"], one["signer"]) for id_, one in stations.items()] == [
        ("1", "12", "2023-08-15", True), ("002", None, "2023-08-15", False), ("003", None, "2019", None),
    ]  # fmt: skip


def test_cells_that_hold_no_value_are_refused(tmp_path: Path) -> None:
    """Formulas, errors and merged cells, each with its place; a merged title above the headings is none."""

    def merge(made: Any) -> None:
        sheet = made.worksheets[0]
        sheet.merge_cells("A1:E1")
        sheet.merge_cells("D3:D4")

    rows: list[list[Any]] = [["DANH SÁCH"], HEAD, ROW, [XOM_CHIEU, "Q2", "quầy", None, "#N/A"]]
    rows += [[XOM_CHIEU, "Q3", '=VLOOKUP("x",A1:B2,2)', "=1+1", None]]
    assert checked(book(tmp_path, {"Vị trí máy": rows}, change=merge))[1] == [
        'ds.xlsx, trang "Vị trí máy": các ô "D3:D4" bị gộp: bỏ gộp và ghi giá trị vào từng hàng',
        'ds.xlsx, trang "Vị trí máy", hàng 4, cột E "Ngày mua": ô báo lỗi "#N/A", cần giá trị',
        (
            'ds.xlsx, trang "Vị trí máy", hàng 5, cột C "Vai trò": là công thức, cần giá trị: '
            "chép rồi dán đặc biệt > Giá trị"
        ),
        (
            'ds.xlsx, trang "Vị trí máy", hàng 5, cột D "Tên vị trí": là công thức, cần giá trị: '
            "chép rồi dán đặc biệt > Giá trị"
        ),
    ]
    assert (
        'sheet "Vị trí máy": the cells "D3:D4" are merged: split them' in checked(tmp_path / "ds.xlsx", lang="en")[1][0]
    )
    assert 'the cell shows the error "#N/A", expected a value' in checked(tmp_path / "ds.xlsx", lang="en")[1][1]


def test_sheets_that_are_not_read_are_told(tmp_path: Path) -> None:
    """A hidden one, and one that is no table; guide and example are ours."""

    def hide(made: Any) -> None:
        made["Cũ"].sheet_state = "hidden"

    sheets = SHEETS | {"Cũ": [HEAD, [XOM_CHIEU, "Q9", "sếp"]], "Ghi chép": [["họp", "thứ hai"]], "Ví dụ": [HEAD, ROW]}
    file = book(tmp_path, sheets, change=hide)
    written, errors, notes = checked(file)
    assert (list(written.stations[XOM_CHIEU]), errors) == (["Q1"], [])
    assert notes == [
        'ds.xlsx, trang "Cũ": trang ẩn, không đọc',
        'ds.xlsx, trang "Ghi chép": không phải trang của danh mục, không đọc',
    ]
    assert checked(file, lang="en")[2] == [
        'ds.xlsx, sheet "Cũ": a hidden sheet, not read',
        'ds.xlsx, sheet "Ghi chép": not a sheet of the roster, not read',
    ]


def test_empty_rows_are_passed_over_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    """Also rows that hold only blanks, and the far corner of the sheet."""

    def far(made: Any) -> None:
        made.worksheets[0].cell(5000, 1, " \u200b")

    rows: list[list[Any]] = [[None], HEAD, [None, "  "], ROW, [], [XOM_CHIEU, "Q2", "sếp"]]
    assert checked(book(tmp_path, {"Sheet1": rows}, change=far))[1] == [
        (
            'ds.xlsx, trang "Sheet1", hàng 6, cột C "Vai trò": không có vai trò "sếp", '
            "cần quầy, kiosk, văn phòng hoặc bộ định tuyến"
        )
    ]


def test_a_sheet_known_by_its_name_says_what_its_headings_lack(tmp_path: Path) -> None:
    """Even when none of them is right."""
    assert checked(book(tmp_path, {"Điểm làm việc": [["một", "hai"]]}))[1] == [
        'ds.xlsx, trang "Điểm làm việc", hàng 1, cột A: không có cột nào tên "một"; xem `roster template`',
        'ds.xlsx, trang "Điểm làm việc", hàng 1, cột B: không có cột nào tên "hai"; xem `roster template`',
        'ds.xlsx, trang "Điểm làm việc", hàng 1: thiếu cột "Mã đơn vị"',
        'ds.xlsx, trang "Điểm làm việc", hàng 1: thiếu cột "Mã điểm làm việc"',
        'ds.xlsx, trang "Điểm làm việc", hàng 1: thiếu cột "Tên điểm làm việc"',
    ]


def test_more_rows_than_a_roster_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted before they mean anything."""
    monkeypatch.setattr(table, "MAX_ROWS", 3)
    file = book(tmp_path, {"Vị trí máy": [HEAD, *([XOM_CHIEU, f"Q{at}", "quầy"] for at in range(3))]})
    assert checked(file)[1] == ['ds.xlsx, trang "Vị trí máy": quá 3 hàng']
    assert checked(file, lang="en")[1] == ['ds.xlsx, sheet "Vị trí máy": more than 3 rows']


def test_the_kind_of_a_file_is_what_it_holds(tmp_path: Path) -> None:
    """A workbook under the name of a CSV file is a workbook."""
    file = book(tmp_path, SHEETS, "ds.csv")
    assert [one.sheet for one in read.tables(file)] == ["Vị trí máy"]
