"""Sheets that claim more rows than they have: refused, unless nothing follows."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from collector.roster.table import MAX_GAP
from collector.roster.workbook import LAST_ROW
from tests.collector.roster.files import XOM_CHIEU, book, checked, rezipped

HEAD = ["Mã đơn vị", "Mã vị trí", "Vai trò"]
SHEETS = {"Vị trí máy": [HEAD, [XOM_CHIEU, "Q1", "quầy"]]}
SOON = 20.0
"""Seconds of CPU; each file here takes a tenth to one, and took 13 to 20, or never ended, when gaps were filled."""
BROKEN = (
    'ds.xlsx, trang "Vị trí máy": tệp .xlsx hỏng hoặc bị cắt cụt: chép lại tệp gốc',
    'ds.xlsx, sheet "Vị trí máy": the .xlsx file is damaged or cut short: copy it again from where it came',
)


def appended(folder: Path, rows: str, *, sized: bool = True) -> Path:
    """A roster of one station with more rows of XML; without `sized` the sheet does not say how large it is."""
    file = book(folder, SHEETS)
    with zipfile.ZipFile(file) as made:
        xml = made.read("xl/worksheets/sheet1.xml").decode()
    if not sized:
        start = xml.index("<dimension")
        xml = xml[:start] + xml[xml.index(">", start) + 1 :]
    return rezipped(file, sheet1_xml=xml.replace("</sheetData>", rows + "</sheetData>").encode())


def station(row: int, id_: str = "Q2") -> str:
    cells = "".join(
        f'<c r="{column}{row}" t="inlineStr"><is><t>{value}</t></is></c>'
        for column, value in zip("ABC", (XOM_CHIEU, id_, "quầy"), strict=True)
    )
    return f'<row r="{row}">{cells}</row>'


def read(file: Path) -> tuple[list[str], list[str], list[str]]:
    """The stations, the errors, the notes."""
    written, errors, notes = checked(file)
    return list(written.stations.get(XOM_CHIEU, {})), errors, notes


@pytest.mark.parametrize(
    "row", ["99999999999", str(LAST_ROW + 1), "0", "-5", "2", "1", "3.5", "x", "9" * 5000, "1e400"]
)
def test_a_row_number_that_cannot_be_is_a_damaged_file(tmp_path: Path, row: str) -> None:
    """Below Excel's last, before the first, no number, or not below the row before it: Excel opens none of them."""
    file = appended(tmp_path, f'<row r="{row}"><c t="n"><v>1</v></c></row>')
    assert checked(file)[1] == [BROKEN[0]]
    assert checked(file, lang="en")[1] == [BROKEN[1]]


def test_a_stray_cell_far_below_is_an_error(tmp_path: Path) -> None:
    """What is not read must not be taken for missing: its station would be retired."""
    file = appended(tmp_path, station(LAST_ROW))
    began = time.process_time()
    assert checked(file)[1] == [
        ('ds.xlsx, trang "Vị trí máy", hàng 1048576: '
         "ở dưới hơn 10000 hàng trống liền nhau: xóa các hàng trống, hoặc xóa hàng này, rồi lưu lại")
    ]  # fmt: skip
    assert checked(file, lang="en")[1] == [
        ('ds.xlsx, sheet "Vị trí máy", row 1048576: '
         "below more than 10000 empty rows in a row: delete those, or this one, and save again")
    ]  # fmt: skip
    assert time.process_time() - began < SOON / 4


@pytest.mark.parametrize("sized", [True, False])
def test_a_million_empty_rows_are_left_after_ten_thousand(tmp_path: Path, sized: bool) -> None:
    """Also where the sheet does not say its size, for which openpyxl would read it to the end."""
    file = appended(tmp_path, "".join(f'<row r="{row}"/>' for row in range(3, 1_000_000)), sized=sized)
    began = time.process_time()
    errors = checked(file)[1]
    assert time.process_time() - began < SOON / 2
    assert [error.split(":")[0] for error in errors] == [f'ds.xlsx, trang "Vị trí máy", hàng {MAX_GAP + 3}']


@pytest.mark.parametrize(
    "rows",
    [
        station(MAX_GAP + 3),
        "".join(f'<row r="{row}"/>' for row in range(3, MAX_GAP + 3)) + station(MAX_GAP + 3),
        f'<row r="{LAST_ROW}"><c r="A{LAST_ROW}" s="0"/></row>',
        f'<row r="500"/>{station(900)}<row r="{LAST_ROW}" ht="15"/>',
    ],
    ids=["gap", "written-gap", "empty-last-row", "both"],
)  # fmt: skip
def test_gaps_up_to_the_bound_and_empty_rows_at_the_end_pass_in_silence(tmp_path: Path, rows: str) -> None:
    """Nothing that anyone wrote is left out, so nothing is to be told."""
    found, errors, notes = read(appended(tmp_path, rows))
    assert (found, errors, notes) == (["Q1", "Q2"] if "Q2" in rows else ["Q1"], [], [])


def test_rows_without_numbers_follow_one_another(tmp_path: Path) -> None:
    """Numbers are optional in the format."""
    row = station(3).replace('<row r="3">', "<row>")
    assert read(appended(tmp_path, row)) == (["Q1", "Q2"], [], [])


def test_a_number_of_four_hundred_digits_is_an_error_of_its_row(tmp_path: Path) -> None:
    """As any other that is too large."""
    file = book(tmp_path, {"Đơn vị": [["Mã đơn vị", "Số máy in"], [XOM_CHIEU, 7]]})
    with zipfile.ZipFile(file) as made:
        xml = made.read("xl/worksheets/sheet1.xml")
    rezipped(file, sheet1_xml=xml.replace(b"<v>7</v>", b"<v>" + b"9" * 400 + b"</v>"))
    shown = "9" * 60
    assert checked(file)[1] == [
        f'ds.xlsx, trang "Đơn vị", hàng 2, cột B "Số máy in": "{shown}…" quá lớn, nhiều nhất 10000'
    ]
    assert checked(file, lang="en")[1] == [
        f'ds.xlsx, sheet "Đơn vị", row 2, column B "Số máy in": "{shown}…" is too many, at most 10000'
    ]
