"""CSV as Excel in Viet Nam writes it, and what we write."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import config
from collector.roster import delimited
from tests.collector.roster.files import KHANH_HOI, STATIONS, UNITS, XOM_CHIEU, checked, clean, cp1258, text_file

TABLE = STATIONS + '27259;Q1;Quầy;"Quầy số 1; tầng trệt";15/08/2023;có;\n'
EXPECTED = {
    "role": "counter", "title": "Quầy số 1; tầng trệt", "purchase_date": "2023-08-15", "signer": True, "site": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(), TABLE.encode("utf-8-sig"), TABLE.encode("utf-16"), TABLE.encode("utf-16-le"),
        b"\xfe\xff" + TABLE.encode("utf-16-be"), TABLE.replace("\n", "\r\n").encode(),
        ("sep=;\r\n" + TABLE).encode("utf-8-sig"),
        STATIONS.replace(";", ",").encode() + '27259,Q1,quầy,"Quầy số 1; tầng trệt",15/08/2023,có,'.encode(),
        STATIONS.replace(";", "\t").encode() + '27259\tQ1\tquầy\t"Quầy số 1;\ntầng trệt"\t15/08/2023\tx\t\n'.encode(),
        (STATIONS + '="27259";="Q1";quầy;"Quầy số 1; tầng trệt";15/08/2023;có;\n').encode(),
        ("DANH SÁCH MÁY;;;;;;\n;;;;;;\n" + TABLE).encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "le", "be", "crlf", "sep", "commas", "tabs", "as-text", "title"],
)  # fmt: skip
def test_every_way_of_writing_it_is_read_alike(tmp_path: Path, content: bytes) -> None:
    """Codings, separators, line ends, quoted line ends, zeros kept by a formula, a title above."""
    assert clean(text_file(tmp_path, content)).stations == {XOM_CHIEU: {"Q1": EXPECTED}}


def test_cp1258_is_read_and_told(tmp_path: Path) -> None:
    """What Windows in Viet Nam wrote before UTF-8."""
    file = text_file(tmp_path, cp1258(TABLE))
    written, errors, notes = checked(file)
    assert (written.stations[XOM_CHIEU]["Q1"], errors) == (EXPECTED, [])
    assert notes == ["ds.csv: đọc theo bảng mã cp1258 (không phải UTF-8)"]
    assert checked(file, lang="en")[2] == ["ds.csv: read as cp1258 (it is not UTF-8)"]


@pytest.mark.parametrize(
    "content", [TABLE.encode("utf-32"), b"\x89PNG\r\n\x1a\n\0\0\xff", TABLE.encode()[:-20] + b"\xff;\n\0"]
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    """With how to save it."""
    file = text_file(tmp_path, content)
    assert checked(file)[1] == [
        "ds.csv: không phải văn bản UTF-8: trong Excel chọn Lưu thành > CSV UTF-8, hoặc dùng .xlsx"
    ]
    assert checked(file, lang="en")[1] == ["ds.csv: not UTF-8 text: in Excel choose Save As > CSV UTF-8, or use .xlsx"]


def test_a_row_is_counted_as_excel_does(tmp_path: Path) -> None:
    """A value of three lines is one row, an empty line is one too."""
    file = text_file(tmp_path, STATIONS + '27259;Q1;quầy;"một\nhai\nba";;;\n\n27259;Q2;sếp;;;;\n')
    assert checked(file)[1][0].startswith('ds.csv, hàng 4, cột C "Vai trò": ')


def test_headings_are_known_without_accents_case_or_marks(tmp_path: Path) -> None:
    """In both languages and by their machine names, in any order."""
    for heads, cells in (
        (" MA DON VI ;ten don vi;So may in *", "27259;Xóm Chiếu;3"),
        ("unit code;Unit_Name;PRINTERS", "27259;Xóm Chiếu;3"),
        ("printers;unit", "3;27259"),
    ):
        assert clean(text_file(tmp_path, f"{heads}\n{cells}\n")).units == {XOM_CHIEU: {"printers": 3}}


def test_rows_of_code_and_name_only_are_passed_over(tmp_path: Path) -> None:
    """As the template lists them: nothing is said of those units."""
    file = text_file(tmp_path, UNITS + "27259;Phường Xóm Chiếu;3;\n27265;Phường Khánh Hội;;\n")
    assert KHANH_HOI not in clean(file).units


@pytest.mark.parametrize("text", ["=1+1", "+84", "-5", "@x", "'=1", "''-x", "'x", "x", "", "a=b", "\tx"])
def test_no_text_we_write_is_taken_for_a_formula(text: str) -> None:
    """And what was put before it goes again (ASVS 5.0, 1.2.10)."""
    written = delimited.guarded(text)
    assert written[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert delimited._value(written) == text


def test_the_example_is_read_without_a_word(tmp_path: Path) -> None:
    """configs/roster.example.csv: five stations of one unit."""
    written, errors, notes = checked(config.SHIPPED / "roster.example.csv")
    assert (errors, notes) == ([], [])
    stations = written.stations[XOM_CHIEU]
    assert {one["role"] for one in stations.values()} == {"counter", "kiosk", "back_office", "router"}
    assert {one["purchase_date"] for one in stations.values()} == {"2023-08-15", "2017", None, "2021-05", "2025-03"}
