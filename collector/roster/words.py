"""What is said about a roster file, in Vietnamese and English: one line each, with its place."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

LINES: dict[str, tuple[str, str]] = {
    # the file as a whole
    "missing_file": ("không có tệp này", "there is no such file"),
    "unreadable": ("không đọc được: {why}", "cannot be read: {why}"),
    "empty": ("tệp rỗng", "the file is empty"),
    "too_big": ("tệp lớn hơn {most} MB", "the file is larger than {most} MB"),
    "old_excel": (
        "đây là tệp Excel đời cũ (.xls): mở bằng Excel rồi lưu thành Sổ làm việc Excel (.xlsx)",
        "this is an old Excel file (.xls): open it in Excel and save it as an Excel Workbook (.xlsx)",
    ),
    "password": (
        "tệp có mật khẩu: bỏ mật khẩu trong Excel (Tệp > Thông tin > Bảo vệ sổ làm việc) rồi lưu lại",
        "the file has a password: remove it in Excel (File > Info > Protect Workbook) and save again",
    ),
    "web_page": (
        "đây là trang web hoặc XML, không phải bảng tính: mở bằng Excel rồi lưu thành .xlsx",
        "this is a web page or XML, not a workbook: open it in Excel and save it as .xlsx",
    ),
    "other_workbook": (
        "đây là bảng tính dạng khác (.xlsb, .ods): lưu thành Sổ làm việc Excel (.xlsx)",
        "this is another kind of workbook (.xlsb, .ods): save it as an Excel Workbook (.xlsx)",
    ),
    "broken": (
        "tệp .xlsx hỏng hoặc bị cắt cụt: chép lại tệp gốc",
        "the .xlsx file is damaged or cut short: copy it again from where it came",
    ),
    "bomb": (
        "tệp bung ra quá lớn hoặc chứa XML nguy hiểm: không đọc",
        "the file unpacks to too much, or holds dangerous XML: it is not read",
    ),
    "not_text": (
        "không phải văn bản UTF-8: trong Excel chọn Lưu thành > CSV UTF-8, hoặc dùng .xlsx",
        "not UTF-8 text: in Excel choose Save As > CSV UTF-8, or use .xlsx",
    ),
    "quotes": ("CSV sai: dấu ngoặc kép không khép", "not CSV: a quotation mark is never closed"),
    "no_table": (
        "không có bảng nào: cần hàng tiêu đề có cột {wanted}; xem `roster template`",
        "no table in it: expected a heading row with the column {wanted}; see `roster template`",
    ),
    "too_many_rows": ("quá {most} hàng", "more than {most} rows"),
    # a heading row
    "unknown_column": (
        "không có cột nào tên {value}; {nearest}",
        "no column is called {value}; {nearest}",
    ),
    "missing_column": ("thiếu cột {wanted}", "the column {wanted} is missing"),
    "twice_column": ("cột {wanted} có hai lần", "the column {wanted} stands twice"),
    # a cell
    "required": ("để trống, cần có giá trị", "empty, expected a value"),
    "no_heading": ("có giá trị {value} ở cột không có tiêu đề", "{value} stands in a column without a heading"),
    "formula": (
        "là công thức, cần giá trị: chép rồi dán đặc biệt > Giá trị",
        "a formula, expected a value: copy, then Paste Special > Values",
    ),
    "cell_error": ("ô báo lỗi {value}, cần giá trị", "the cell shows the error {value}, expected a value"),
    "merged": (
        "các ô {value} bị gộp: bỏ gộp và ghi giá trị vào từng hàng",
        "the cells {value} are merged: split them and write the value in every row",
    ),
    "lost_letters": (
        "{value} có chữ bị mất thành dấu hỏi: lưu lại thành CSV UTF-8",
        "{value} lost letters to question marks: save it again as CSV UTF-8",
    ),
    "unprintable": ("{value} có ký tự không đọc được", "{value} holds characters that cannot be read"),
    "unprintable_secret": ("có ký tự không đọc được", "holds characters that cannot be read"),
    "too_long": ("dài {length} ký tự, nhiều nhất {most}", "{length} characters, at most {most}"),
    "short_key": ("khóa dài {length} ký tự, cần ít nhất 8", "a key of {length} characters, expected at least 8"),
    "count": ("{value} không phải số nguyên từ 0 trở lên", "{value} is not a whole number from 0 up"),
    "too_many": ("{value} quá lớn, nhiều nhất {most}", "{value} is too many, at most {most}"),
    "mbps": (
        "{value} không phải số, cần số Mbit/s, ví dụ 200 hoặc 1.000",
        "{value} is not a number, expected Mbit/s such as 200 or 1000",
    ),
    "mbps_range": (
        "{value} Mbit/s không hợp lý, cần từ 0,1 đến {most}",
        "{value} Mbit/s cannot be, expected 0.1 to {most}",
    ),
    "date": (
        "{value} không phải ngày, cần dd/mm/yyyy (hoặc mm/yyyy, yyyy)",
        "{value} is not a date, expected dd/mm/yyyy (or mm/yyyy, yyyy)",
    ),
    "no_such_day": (
        "không có ngày {value}, cần dd/mm/yyyy, ngày trước tháng sau",
        "there is no day {value}, expected dd/mm/yyyy, the day before the month",
    ),
    "too_old": (
        "ngày {value} trước năm {oldest}: nếu chỉ biết năm, ghi năm vào ô dạng Văn bản",
        "{value} is before {oldest}: where only the year is known, write it in a cell formatted as Text",
    ),
    "future": ("ngày {value} ở tương lai (hôm nay {today})", "{value} lies in the future (today is {today})"),
    "yes": ("{value} không rõ, cần có hoặc không", "{value} is not clear, expected yes or no"),
    "role": (
        "không có vai trò {value}, cần quầy, kiosk, văn phòng hoặc bộ định tuyến",
        "no role is called {value}, expected counter, kiosk, back office or router",
    ),
    "site_kind": (
        "không có loại điểm {value}, cần điểm phục vụ, chi nhánh hoặc trụ sở",
        "no such kind of site as {value}, expected service point, branch or office",
    ),
    "host": ("{value} không phải địa chỉ hay tên máy", "{value} is neither an address nor a host name"),
    "forbidden_host": (
        "{value} là địa chỉ dành riêng, không phải bộ định tuyến",
        "{value} is a reserved address, not a router's",
    ),
    "port": ("{value} không phải cổng, cần số từ 1 đến 65535", "{value} is not a port, expected 1 to 65535"),
    "choice": ("không có {value}, cần một trong: {known}", "no such thing as {value}, expected one of: {known}"),
    # what a row means
    "no_unit": (
        "địa phương này không có đơn vị {value}; {unit}",
        "this locality has no unit {value}; {unit}",
    ),
    "other_province": (
        "{value} là {name} thuộc {province}, không thuộc địa phương này",
        "{value} is {name} of {province}, not of this locality",
    ),
    "former_unit": (
        "{value} là đơn vị cũ {name}; nay là {known}: ghi mã của đơn vị hôm nay",
        "{value} is the former unit {name}; today it is {known}: write the code of today's unit",
    ),
    "many_units": (
        "{value} có thể là {known}: ghi mã đơn vị",
        "{value} may be {known}: write the unit code",
    ),
    "other_name": (
        "mã {code} là {name}, không phải {value}: mã hoặc tên bị sai",
        "{code} is {name}, not {value}: the code or the name is wrong",
    ),
    "twice": ("{value} đã có ở {earlier}", "{value} stands already in {earlier}"),
    "no_site": (
        "đơn vị này không có điểm làm việc {value}",
        "this unit has no site {value}",
    ),
    "nothing_hidden": (
        "*** nghĩa là giữ như cũ, nhưng chưa có gì được lưu",
        "*** means as it was, but nothing is stored",
    ),
    "key_alone": ("khóa mã hóa cần có khóa xác thực", "an encryption key needs an authentication key"),
    "key_without_user": ("SNMP v3 cần người dùng", "SNMP v3 needs a user"),
    "version_mismatch": (
        "người dùng và khóa là của SNMP v3, nhưng phiên bản là 2c",
        "a user and keys are for SNMP v3, but the version is 2c",
    ),
    "far_rows": (
        "ở dưới hơn {most} hàng trống liền nhau: xóa các hàng trống, hoặc xóa hàng này, rồi lưu lại",
        "below more than {most} empty rows in a row: delete those, or this one, and save again",
    ),
    "no_rows": ("không có hàng dữ liệu nào", "no rows of data in it"),
    "more": ("… và {count} lỗi nữa", "… and {count} more errors"),
}  # fmt: skip
NOTES: dict[str, tuple[str, str]] = {
    "repaired_code": ("{value} được hiểu là mã {code}", "{value} is taken for the code {code}"),
    "repaired_id": ("{value} được hiểu là {code} đã có", "{value} is taken for {code}, which is known"),
    "by_name": ("{value} được hiểu là {code} {name}", "{value} is taken for {code} {name}"),
    "hidden_sheet": ("trang ẩn, không đọc", "a hidden sheet, not read"),
    "other_sheet": ("không phải trang của danh mục, không đọc", "not a sheet of the roster, not read"),
    "cp1258": ("đọc theo bảng mã cp1258 (không phải UTF-8)", "read as cp1258 (it is not UTF-8)"),
    "more_notes": ("… và {count} điều nữa", "… and {count} more"),
}  # fmt: skip


class Remark(Struct, frozen=True, kw_only=True):
    """An error (code in ``LINES``) or a note (code in ``NOTES``), and where: ``row`` 0 and empty texts say nowhere.

    ``column`` is the sheet's letter, ``heading`` what stands above it.
    """

    code: str
    file: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""
    heading: str = ""
    values: dict[str, Any] = {}


def line(remark: Remark, lang: str) -> str:
    """The remark as one line."""
    english = lang == "en"
    table = LINES if remark.code in LINES else NOTES
    shown = {name: _shown(name, value, lang) for name, value in remark.values.items()}
    said = table[remark.code][english].format(**shown)
    place = where(remark, lang)
    return f"{place}: {said}" if place else said


def where(remark: Remark, lang: str) -> str:
    """``don-vi.xlsx, trang "Đơn vị", hàng 5, cột C "Số máy in"``, as much of it as is known."""
    english = lang == "en"
    parts = [remark.file] if remark.file else []
    if remark.sheet:
        parts.append(f'{"sheet" if english else "trang"} "{remark.sheet}"')
    if remark.row:
        parts.append(f"{'row' if english else 'hàng'} {remark.row}")
    if remark.column:
        heading = f' "{remark.heading}"' if remark.heading else ""
        parts.append(f"{'column' if english else 'cột'} {remark.column}{heading}")
    return ", ".join(parts)


def nearest(found: list[str], lang: str, source: str) -> str:
    """``có phải …?``, or where the known ones are listed."""
    if not found:
        return f"see `{source}`" if lang == "en" else f"xem `{source}`"
    listed = (" or " if lang == "en" else " hay ").join(f'"{name}"' for name in found)
    return f"did you mean {listed}?" if lang == "en" else f"có phải {listed}?"


_BARE = ("most", "length", "oldest", "today", "why", "count", "code", "known", "name", "province")
_LISTED = {"nearest": "roster template", "unit": "sansang-collector units"}


def _shown(name: str, value: Any, lang: str) -> str:
    """A text of the file in quotation marks and cut short; headings in the reader's language; all else as it is."""
    if name in _LISTED:
        return nearest(list(value), lang, _LISTED[name])
    if isinstance(value, Remark):
        return where(value, lang)
    if isinstance(value, tuple):
        return f'"{value[lang == "en"]}"'
    if name in _BARE:
        return str(value)
    shown = "".join(char if char.isprintable() else "·" for char in str(value))
    return f'"{shown[:60]}…"' if len(shown) > 60 else f'"{shown}"'
