"""Every line that is said about a file, word for word, from a file that has the fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.roster import check
from collector.roster.model import Roster, Snmp, Station, UnitRoster
from collector.roster.words import LINES, NOTES
from tests.collector.roster.files import CITY, SNMP, STATIONS, UNITS, XOM_CHIEU, checked, text_file

# code, content of ds.csv, Vietnamese, English
CASES: list[tuple[str, str, str, str]] = [
    ("empty", " \n", "ds.csv: tệp rỗng", "ds.csv: the file is empty"),
    ("no_table", "a;b\n1;2\n",
     'ds.csv: không có bảng nào: cần hàng tiêu đề có cột "Mã đơn vị"; xem `roster template`',
     'ds.csv: no table in it: expected a heading row with the column "Unit code"; see `roster template`'),
    ("no_rows", STATIONS, "ds.csv: không có hàng dữ liệu nào", "ds.csv: no rows of data in it"),
    ("quotes", STATIONS + '27259;"Q1;quầy\n', "ds.csv: CSV sai: dấu ngoặc kép không khép",
     "ds.csv: not CSV: a quotation mark is never closed"),
    ("unknown_column", "Mã đơn vị;Số máy in;Nhà cung cap;Ngày muaa\n",
     'ds.csv, hàng 1, cột D: không có cột nào tên "Ngày muaa"; xem `roster template`',
     'ds.csv, row 1, column D: no column is called "Ngày muaa"; see `roster template`'),
    ("unknown_column", "Mã đơn vị;Mã vị trí;Vai trò;Ngày muaa\n",
     'ds.csv, hàng 1, cột D: không có cột nào tên "Ngày muaa"; có phải "Ngày mua"?',
     'ds.csv, row 1, column D: no column is called "Ngày muaa"; did you mean "Ngày mua"?'),
    ("missing_column", "Mã đơn vị;Mã vị trí;Ngày mua\n", 'ds.csv, hàng 1: thiếu cột "Vai trò"',
     'ds.csv, row 1: the column "Role" is missing'),
    ("twice_column", "Mã đơn vị;Mã vị trí;Vai trò;role\n", 'ds.csv, hàng 1, cột D: cột "Vai trò" có hai lần',
     'ds.csv, row 1, column D: the column "Role" stands twice'),
    ("required", STATIONS + ";Q1;quầy;;;;\n", 'ds.csv, hàng 2, cột A "Mã đơn vị": để trống, cần có giá trị',
     'ds.csv, row 2, column A "Mã đơn vị": empty, expected a value'),
    ("required", STATIONS + "\n27259;Q1;;;;;\n", 'ds.csv, hàng 3, cột C "Vai trò": để trống, cần có giá trị',
     'ds.csv, row 3, column C "Vai trò": empty, expected a value'),
    ("no_heading", STATIONS + "27259;Q1;quầy;;;;;thừa\n",
     'ds.csv, hàng 2, cột H: có giá trị "thừa" ở cột không có tiêu đề',
     'ds.csv, row 2, column H: "thừa" stands in a column without a heading'),
    ("formula", STATIONS + "27259;Q1;quầy;=A1&A2;;;\n",
     'ds.csv, hàng 2, cột D "Tên vị trí": là công thức, cần giá trị: chép rồi dán đặc biệt > Giá trị',
     'ds.csv, row 2, column D "Tên vị trí": a formula, expected a value: copy, then Paste Special > Values'),
    ("lost_letters", "unit;station;role;title\n27259;Q1;counter;Qu?y m?t\n",
     'ds.csv, hàng 2, cột D "title": "Qu?y m?t" có chữ bị mất thành dấu hỏi: lưu lại thành CSV UTF-8',
     'ds.csv, row 2, column D "title": "Qu?y m?t" lost letters to question marks: save it again as CSV UTF-8'),
    ("unprintable", STATIONS + "27259;Q1;quầy;a\x07b;;;\n",
     'ds.csv, hàng 2, cột D "Tên vị trí": "a·b" có ký tự không đọc được',
     'ds.csv, row 2, column D "Tên vị trí": "a·b" holds characters that cannot be read'),
    ("unprintable_secret", SNMP + "27259;;;;a\x07b;;;;\n",
     'ds.csv, hàng 2, cột E "snmp_community": có ký tự không đọc được',
     'ds.csv, row 2, column E "snmp_community": holds characters that cannot be read'),
    ("too_long", STATIONS + f"27259;{'Q' * 41};quầy;;;;\n",
     'ds.csv, hàng 2, cột B "Mã vị trí": dài 41 ký tự, nhiều nhất 40',
     'ds.csv, row 2, column B "Mã vị trí": 41 characters, at most 40'),
    ("short_key", SNMP + "27259;;;;;u;SHA;bimat;\n",
     'ds.csv, hàng 2, cột H "snmp_auth_key": khóa dài 5 ký tự, cần ít nhất 8',
     'ds.csv, row 2, column H "snmp_auth_key": a key of 5 characters, expected at least 8'),
    ("count", UNITS + "27259;;-3;\n", 'ds.csv, hàng 2, cột C "Số máy in": "-3" không phải số nguyên từ 0 trở lên',
     'ds.csv, row 2, column C "Số máy in": "-3" is not a whole number from 0 up'),
    ("too_many", UNITS + "27259;;20000;\n", 'ds.csv, hàng 2, cột C "Số máy in": "20000" quá lớn, nhiều nhất 10000',
     'ds.csv, row 2, column C "Số máy in": "20000" is too many, at most 10000'),
    ("mbps", UNITS + "27259;;;1 Gbps\n",
     'ds.csv, hàng 2, cột D "Tải xuống hợp đồng (Mbps)": "1 Gbps" không phải số, cần số Mbit/s, ví dụ 200 hoặc 1.000',
     ('ds.csv, row 2, column D "Tải xuống hợp đồng (Mbps)": "1 Gbps" is not a number, expected Mbit/s such as 200 '
     "or 1000")),
    ("mbps_range", UNITS + "27259;;;1000000\n",
     'ds.csv, hàng 2, cột D "Tải xuống hợp đồng (Mbps)": "1000000" Mbit/s không hợp lý, cần từ 0,1 đến 100000',
     'ds.csv, row 2, column D "Tải xuống hợp đồng (Mbps)": "1000000" Mbit/s cannot be, expected 0.1 to 100000'),
    ("date", STATIONS + "27259;Q1;quầy;;hôm qua;;\n",
     'ds.csv, hàng 2, cột E "Ngày mua": "hôm qua" không phải ngày, cần dd/mm/yyyy (hoặc mm/yyyy, yyyy)',
     'ds.csv, row 2, column E "Ngày mua": "hôm qua" is not a date, expected dd/mm/yyyy (or mm/yyyy, yyyy)'),
    ("no_such_day", STATIONS + "27259;Q1;quầy;;31/02/2024;;\n",
     'ds.csv, hàng 2, cột E "Ngày mua": không có ngày "31/02/2024", cần dd/mm/yyyy, ngày trước tháng sau',
     'ds.csv, row 2, column E "Ngày mua": there is no day "31/02/2024", expected dd/mm/yyyy, the day before the month'),
    ("too_old", STATIONS + "27259;Q1;quầy;;11/07/1905;;\n",
     ('ds.csv, hàng 2, cột E "Ngày mua": ngày "11/07/1905" trước năm 1990: '
     "nếu chỉ biết năm, ghi năm vào ô dạng Văn bản"),
     ('ds.csv, row 2, column E "Ngày mua": "11/07/1905" is before 1990: '
     "where only the year is known, write it in a cell formatted as Text")),
    ("future", STATIONS + "27259;Q1;quầy;;01/12/2026;;\n",
     'ds.csv, hàng 2, cột E "Ngày mua": ngày "01/12/2026" ở tương lai (hôm nay 22/11/2026)',
     'ds.csv, row 2, column E "Ngày mua": "01/12/2026" lies in the future (today is 22/11/2026)'),
    ("yes", STATIONS + "27259;Q1;quầy;;;có thể;\n",
     'ds.csv, hàng 2, cột F "Có ký số": "có thể" không rõ, cần có hoặc không',
     'ds.csv, row 2, column F "Có ký số": "có thể" is not clear, expected yes or no'),
    ("site_kind", "unit;site;site_name;kind\n27259;A;Trụ sở;quán\n",
     'ds.csv, hàng 2, cột D "kind": không có loại điểm "quán", cần điểm phục vụ, chi nhánh hoặc trụ sở',
     'ds.csv, row 2, column D "kind": no such kind of site as "quán", expected service point, branch or office'),
    ("role", STATIONS + "27259;Q1;sếp;;;;\n",
     'ds.csv, hàng 2, cột C "Vai trò": không có vai trò "sếp", cần quầy, kiosk, văn phòng hoặc bộ định tuyến',
     'ds.csv, row 2, column C "Vai trò": no role is called "sếp", expected counter, kiosk, back office or router'),
    ("host", SNMP + "27259;10.0.0;;;c;;;;\n",
     'ds.csv, hàng 2, cột B "snmp_host": "10.0.0" không phải địa chỉ hay tên máy',
     'ds.csv, row 2, column B "snmp_host": "10.0.0" is neither an address nor a host name'),
    ("forbidden_host", SNMP + "27259;169.254.169.254;;;c;;;;\n",
     'ds.csv, hàng 2, cột B "snmp_host": "169.254.169.254" là địa chỉ dành riêng, không phải bộ định tuyến',
     'ds.csv, row 2, column B "snmp_host": "169.254.169.254" is a reserved address, not a router\'s'),
    ("port", SNMP + "27259;;0;;c;;;;\n",
     'ds.csv, hàng 2, cột C "snmp_port": "0" không phải cổng, cần số từ 1 đến 65535',
     'ds.csv, row 2, column C "snmp_port": "0" is not a port, expected 1 to 65535'),
    ("choice", SNMP + "27259;;;1;c;;;;\n", 'ds.csv, hàng 2, cột D "snmp_version": không có "1", cần một trong: 2c, 3',
     'ds.csv, row 2, column D "snmp_version": no such thing as "1", expected one of: 2c, 3'),
    ("no_unit", STATIONS + "Tổng cộng;Q1;quầy;;;;\n",
     'ds.csv, hàng 2, cột A "Mã đơn vị": địa phương này không có đơn vị "Tổng cộng"; xem `sansang-collector units`',
     'ds.csv, row 2, column A "Mã đơn vị": this locality has no unit "Tổng cộng"; see `sansang-collector units`'),
    ("no_unit", STATIONS + "Phường Sóm Chiếu;Q1;quầy;;;;\n",
     ('ds.csv, hàng 2, cột A "Mã đơn vị": địa phương này không có đơn vị "Phường Sóm Chiếu"; '
     'có phải "27259 Phường Xóm Chiếu"?'),
     ('ds.csv, row 2, column A "Mã đơn vị": this locality has no unit "Phường Sóm Chiếu"; '
     'did you mean "27259 Phường Xóm Chiếu"?')),
    ("other_province", STATIONS + "4;Q1;quầy;;;;\n",
     'ds.csv, hàng 2, cột A "Mã đơn vị": "4" là Phường Ba Đình thuộc Thành phố Hà Nội, không thuộc địa phương này',
     'ds.csv, row 2, column A "Mã đơn vị": "4" is Phường Ba Đình of Thành phố Hà Nội, not of this locality'),
    ("other_name", UNITS + "27259;Phường Khánh Hội;3;\n",
     ('ds.csv, hàng 2, cột B "Tên đơn vị": mã 27259 là Phường Xóm Chiếu, không phải "Phường Khánh Hội": '
     "mã hoặc tên bị sai"),
     ('ds.csv, row 2, column B "Tên đơn vị": 27259 is Phường Xóm Chiếu, not "Phường Khánh Hội": '
     "the code or the name is wrong")),
    ("twice", STATIONS + "27259;Q1;quầy;;;;\n27259;q1;kiosk;;;;\n",
     'ds.csv, hàng 3, cột B "Mã vị trí": "q1" đã có ở hàng 2',
     'ds.csv, row 3, column B "Mã vị trí": "q1" stands already in row 2'),
    ("no_site", STATIONS + "27259;Q1;quầy;;;;TS9\n",
     'ds.csv, hàng 2, cột G "Mã điểm làm việc": đơn vị này không có điểm làm việc "TS9"',
     'ds.csv, row 2, column G "Mã điểm làm việc": this unit has no site "TS9"'),
    ("nothing_hidden", SNMP + "27259;;;;***;;;;\n",
     'ds.csv, hàng 2, cột E "snmp_community": *** nghĩa là giữ như cũ, nhưng chưa có gì được lưu',
     'ds.csv, row 2, column E "snmp_community": *** means as it was, but nothing is stored'),
    ("key_alone", SNMP + "27259;;;3;;u;;;matkhau88\n",
     'ds.csv, hàng 2, cột I "snmp_privacy_key": khóa mã hóa cần có khóa xác thực',
     'ds.csv, row 2, column I "snmp_privacy_key": an encryption key needs an authentication key'),
    ("key_without_user", SNMP + "27259;;;3;;;;matkhau88;\n",
     'ds.csv, hàng 2, cột F "snmp_user": SNMP v3 cần người dùng',
     'ds.csv, row 2, column F "snmp_user": SNMP v3 needs a user'),
    ("version_mismatch", SNMP + "27259;;;2c;;u;;;\n",
     'ds.csv, hàng 2, cột D "snmp_version": người dùng và khóa là của SNMP v3, nhưng phiên bản là 2c',
     'ds.csv, row 2, column D "snmp_version": a user and keys are for SNMP v3, but the version is 2c'),
]  # fmt: skip
NOTED: list[tuple[str, str, str, str]] = [
    ("by_name", STATIONS + "xom chieu;Q1;quầy;;;;\n",
     'ds.csv, hàng 2, cột A "Mã đơn vị": "xom chieu" được hiểu là 27259 Phường Xóm Chiếu',
     'ds.csv, row 2, column A "Mã đơn vị": "xom chieu" is taken for 27259 Phường Xóm Chiếu'),
    ("repaired_id", STATIONS + "27259;1;quầy;;;;\n", 'ds.csv, hàng 2, cột B "Mã vị trí": "1" được hiểu là 001 đã có',
     'ds.csv, row 2, column B "Mã vị trí": "1" is taken for 001, which is known'),
]  # fmt: skip
# Said of files that are no table of text: test_files.py, test_gaps.py, test_csv.py and test_names.py beside this one;
# of units that are no more: test_places.py.
ELSEWHERE = {
    "missing_file", "unreadable", "too_big", "old_excel", "password", "web_page", "other_workbook", "broken", "bomb",
    "not_text", "too_many_rows", "cell_error", "merged", "many_units", "far_rows", "more",
    "former_unit",
}  # fmt: skip
NOTED_ELSEWHERE = {"repaired_code", "hidden_sheet", "other_sheet", "cp1258", "more_notes"}
KNOWN = Roster(stations={XOM_CHIEU: [Station(unit=XOM_CHIEU, id="001", role="counter")]})


@pytest.mark.parametrize(
    ("code", "content", "vi", "en"), CASES, ids=[f"{at}-{case[0]}" for at, case in enumerate(CASES)]
)
def test_an_error_is_one_line_with_its_place(tmp_path: Path, code: str, content: str, vi: str, en: str) -> None:
    """Word for word, in both languages, and nothing beside it."""
    file = text_file(tmp_path, content)
    assert checked(file)[1] == [vi]
    assert checked(file, lang="en")[1] == [en]


@pytest.mark.parametrize(("code", "content", "vi", "en"), NOTED, ids=[case[0] for case in NOTED])
def test_what_is_guessed_is_told(tmp_path: Path, code: str, content: str, vi: str, en: str) -> None:
    """It is no error."""
    file = text_file(tmp_path, content)
    assert checked(file, present=KNOWN)[1:] == ([], [vi])
    assert checked(file, present=KNOWN, lang="en")[1:] == ([], [en])


def test_every_message_is_proven() -> None:
    """A new one needs a case, here or where files of other kinds are read."""
    assert {case[0] for case in CASES} | ELSEWHERE == set(LINES)
    assert {case[0] for case in NOTED} | NOTED_ELSEWHERE == set(NOTES)
    assert not {case[0] for case in CASES} & ELSEWHERE


def test_all_errors_of_a_file_are_told_up_to_a_bound(tmp_path: Path) -> None:
    """Then how many there are besides."""
    rows = "".join(f"27259;Q{number};sếp;;mai;;\n" for number in range(check.MOST))
    _, errors, _ = checked(text_file(tmp_path, STATIONS + rows))
    assert len(errors) == check.MOST + 1
    assert errors[0].startswith('ds.csv, hàng 2, cột C "Vai trò": ')
    assert errors[1].startswith('ds.csv, hàng 2, cột E "Ngày mua": ')
    assert errors[-1] == f"… và {check.MOST} lỗi nữa"
    rows = "".join(f"xom chieu;Q{number};quầy;;;;\n" for number in range(check.MOST + 3))
    _, errors, notes = checked(text_file(tmp_path, STATIONS + rows), lang="en")
    assert (errors, notes[-1]) == ([], "… and 3 more")


def test_a_row_in_two_files_names_the_other(tmp_path: Path) -> None:
    """File and row."""
    first = text_file(tmp_path, STATIONS + "27259;Q1;quầy;;;;\n", "mot.csv")
    second = text_file(tmp_path, STATIONS + "27259;Q1;quầy;;;;\n", "hai.csv")
    assert checked(first, second)[1] == ['hai.csv, hàng 2, cột B "Mã vị trí": "Q1" đã có ở mot.csv, hàng 2']


def test_a_unit_stands_once(tmp_path: Path) -> None:
    """By whatever name."""
    file = text_file(tmp_path, UNITS + "27259;;3;\nXóm Chiếu;;4;\n")
    assert checked(file)[1] == ['ds.csv, hàng 3, cột A "Mã đơn vị": "27259" đã có ở hàng 2']


def test_no_secret_is_ever_repeated(tmp_path: Path) -> None:
    """Whatever is wrong with its row."""
    file = text_file(tmp_path, SNMP + "27259;x y;0;9;canary-canary;;x;canary\x07canary;canary\n")
    _, errors, notes = checked(file)
    assert len(errors) == 6
    assert "canary" not in "".join((*errors, *notes))
    assert "canary" not in repr(Snmp(community="canary", auth_key="canary-2", privacy_key="canary-3"))
    unit = UnitRoster(unit=next(iter(CITY)), snmp=Snmp(community="canary"))
    assert "canary" not in repr(unit) + repr(unit.hidden())
