"""The three tables of a roster file and their columns, in both languages; accents and case do not matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from collector.units import fold

Value = Literal["unit", "name", "id", "site", "text", "count", "mbps", "date", "yes", "role", "host", "port", "secret",
                "version", "auth", "privacy", "site_kind"]  # fmt: skip
Kind = Literal["units", "sites", "stations"]
KINDS: tuple[Kind, ...] = ("units", "sites", "stations")


class Column(Struct, frozen=True):
    """A column: its key in a row, how its values are read, headings and meaning (Vietnamese, English), an example.

    ``most`` bounds a text's length or a number.
    """

    name: str
    value: Value
    title: tuple[str, str]
    help: tuple[str, str]
    example: str = ""
    most: float = 120
    required: bool = False
    also: tuple[str, ...] = ()


def _count(name: str, vi: str, en: str, example: str, *also: str) -> Column:
    words = ("Số lượng phải có; để trống: chưa biết", "How many there should be; empty: not known")
    return Column(name, "count", (vi, en), words, example, 10_000, also=also)


_UNIT = Column(
    "unit", "unit", ("Mã đơn vị", "Unit code"),
    ("Mã chính thức, 5 chữ số (dạng văn bản); hoặc tên đơn vị", "Official code, 5 digits as text; or the name"),
    "27259", required=True, also=("mã", "mã xã", "mã phường", "code", "unit"),
)  # fmt: skip
_NAME = Column(
    "unit_name", "name", ("Tên đơn vị", "Unit name"),
    ("Để đối chiếu với mã; không bắt buộc", "Compared with the code; optional"),
    "Phường Xóm Chiếu", also=("đơn vị", "phường xã", "tên phường xã"),
)  # fmt: skip
_NOTE = Column(
    "note", "text", ("Ghi chú", "Note"),
    ("Không ghi tên hay số điện thoại cá nhân", "No names or telephone numbers of people"), most=300,
)  # fmt: skip
_MBPS = ("Băng thông theo hợp đồng, Mbit/s", "Contracted capacity, Mbit/s")
_SITE = Column(
    "site", "site", ("Mã điểm làm việc", "Site id"),
    ("Mã trong trang Điểm làm việc; để trống nếu chỉ có một trụ sở", "Id in the sheet Sites; empty with one office"),
    "TS1", 40, also=("điểm làm việc", "site"),
)  # fmt: skip

UNITS = (
    _UNIT, _NAME,
    _count("staff", "Số cán bộ, công chức", "Staff", "45", "số cán bộ công chức viên chức", "số cán bộ"),
    _count("signers", "Số người ký số", "Signers", "6", "số chữ ký số"),
    _count("counters", "Số quầy", "Counters", "5", "số quầy giao dịch"),
    _count("printers", "Số máy in", "Printers", "8", "máy in"),
    _count("scanners", "Số máy quét", "Scanners", "3", "máy quét", "số máy scan"),
    _count("cameras", "Số camera", "Cameras", "5", "camera"),
    _count("qr_readers", "Số đầu đọc QR", "QR readers", "5", "đầu đọc QR"),
    _count("kiosks", "Số kiosk", "Kiosks", "1", "kiosk"),
    Column("provider", "text", ("Nhà cung cấp Internet", "Provider"),
           ("Nhà mạng của đường truyền chính", "Provider of the main line"), "VNPT", 60,
           also=("nhà cung cấp", "nhà mạng", "isp")),
    Column("contracted_down_mbps", "mbps", ("Tải xuống hợp đồng (Mbps)", "Contracted download (Mbps)"), _MBPS, "200",
           100_000, also=("băng thông tải xuống", "tải xuống hợp đồng", "contracted download")),
    Column("contracted_up_mbps", "mbps", ("Tải lên hợp đồng (Mbps)", "Contracted upload (Mbps)"), _MBPS, "200",
           100_000, also=("băng thông tải lên", "tải lên hợp đồng", "contracted upload")),
    Column("snmp_host", "host", ("SNMP: địa chỉ bộ định tuyến", "SNMP: router address"),
           ("Để trống: cổng mặc định của máy đo", "Empty: the gateway of the device that measures"), "10.79.1.1", 253,
           also=("địa chỉ bộ định tuyến",)),
    Column("snmp_port", "port", ("SNMP: cổng UDP", "SNMP: UDP port"), ("Để trống: 161", "Empty: 161"), "161"),
    Column("snmp_version", "version", ("SNMP: phiên bản", "SNMP: version"), ("2c hoặc 3", "2c or 3"), "2c"),
    Column("snmp_community", "secret", ("SNMP: community", "SNMP: community"),
           ("SNMP v2c. Bí mật; *** nghĩa là giữ như cũ", "SNMP v2c. A secret; *** means as it was"), most=128),
    Column("snmp_user", "text", ("SNMP: người dùng", "SNMP: user"), ("SNMP v3", "SNMP v3"), most=64),
    Column("snmp_auth_protocol", "auth", ("SNMP: thuật toán xác thực", "SNMP: authentication"),
           ("SNMP v3; để trống: SHA", "SNMP v3; empty: SHA")),
    Column("snmp_auth_key", "secret", ("SNMP: khóa xác thực", "SNMP: authentication key"),
           ("Ít nhất 8 ký tự. Bí mật; *** nghĩa là giữ như cũ", "At least 8 characters. A secret; *** means as it was"),
           most=128),
    Column("snmp_privacy_protocol", "privacy", ("SNMP: thuật toán mã hóa", "SNMP: encryption"),
           ("SNMP v3; để trống: AES", "SNMP v3; empty: AES")),
    Column("snmp_privacy_key", "secret", ("SNMP: khóa mã hóa", "SNMP: encryption key"),
           ("Ít nhất 8 ký tự. Bí mật; *** nghĩa là giữ như cũ", "At least 8 characters. A secret; *** means as it was"),
           most=128),
    Column("snmp_interface", "text", ("SNMP: cổng đường truyền", "SNMP: interface"),
           ("ifName, ifDescr hoặc ifAlias; để trống: theo tuyến mặc định",
            "ifName, ifDescr or ifAlias; empty: the default route's"), "ether1", 255),
    _NOTE,
)  # fmt: skip
SITES = (
    _UNIT, _NAME,
    Column("site", "id", ("Mã điểm làm việc", "Site id"), ("Tự đặt, không trùng trong đơn vị", "Yours, once in a unit"),
           "TS1", 40, required=True, also=("mã điểm", "site")),
    Column("site_name", "text", ("Tên điểm làm việc", "Site name"), ("Tên trụ sở", "What the office is called"),
           "Điểm phục vụ hành chính công số 1", 120, required=True, also=("tên điểm",)),
    Column("kind", "site_kind", ("Loại điểm", "Site kind"),
           ("điểm phục vụ, chi nhánh hoặc trụ sở; để trống: trụ sở", "service point, branch or office; empty: office"),
           "điểm phục vụ", also=("loại", "loại điểm làm việc")),
    Column("address", "text", ("Địa chỉ", "Address"), ("Không bắt buộc", "Optional"), "18 Đoàn Như Hài", 200),
)  # fmt: skip
STATIONS = (
    _UNIT, _NAME,
    Column("station", "id", ("Mã vị trí", "Station id"), ("Tự đặt, không trùng trong đơn vị", "Yours, once in a unit"),
           "Q01", 40, required=True, also=("mã vị trí máy", "mã máy", "station")),
    _SITE,
    Column("role", "role", ("Vai trò", "Role"),
           ("quầy, kiosk, văn phòng hoặc bộ định tuyến", "counter, kiosk, back office or router"), "quầy",
           required=True),
    Column("title", "text", ("Tên vị trí", "Title"), ("Để người đọc nhận ra", "For people to recognise it"),
           "Quầy 1 – Hộ tịch", 120, also=("vị trí",)),
    Column("purchase_date", "date", ("Ngày mua", "Purchase date"),
           ("ngày/tháng/năm; hoặc tháng/năm, hoặc chỉ năm", "dd/mm/yyyy; or mm/yyyy, or the year only"), "15/08/2023",
           also=("năm mua", "ngày mua sắm", "năm sử dụng", "purchased")),
    Column("model", "text", ("Kiểu máy", "Model"), ("Hãng và kiểu máy", "Maker and model"), "Dell OptiPlex 3080", 120),
    Column("signer", "yes", ("Có ký số", "Signs"), ("có/không; để trống: không", "yes/no; empty: no"), "có",
           also=("ký số", "signer")),
    Column("agent", "yes", ("Cài phần mềm đo", "Agent"),
           ("có/không; để trống: có, bộ định tuyến: không", "yes/no; empty: yes, of a router no"), "có",
           also=("có cài phần mềm đo",)),
    _NOTE,
)  # fmt: skip
COLUMNS: dict[Kind, tuple[Column, ...]] = {"units": UNITS, "sites": SITES, "stations": STATIONS}
SHEETS: dict[Kind, tuple[str, str]] = {
    "units": ("Đơn vị", "Units"), "sites": ("Điểm làm việc", "Sites"), "stations": ("Vị trí máy", "Stations"),
}  # fmt: skip
GUIDE, EXAMPLE = ("Hướng dẫn", "Guide"), ("Ví dụ", "Example")


def plain(heading: object) -> str:
    """`heading` for comparing: no accents, no case, letters and digits only."""
    return "".join(char for char in fold(str(heading)) if char.isalnum()) if heading is not None else ""


def names(column: Column) -> Iterable[str]:
    """What a heading of `column` may be, plain."""
    return (plain(text) for text in (column.name, *column.title, *column.also))


_KNOWN: dict[Kind, dict[str, Column]] = {
    kind: {name: column for column in columns for name in names(column)} for kind, columns in COLUMNS.items()
}


def find(kind: Kind, heading: object) -> Column | None:
    """The column of `kind` that `heading` means."""
    return _KNOWN[kind].get(plain(heading))


def count(kind: Kind, row: Sequence[object]) -> int:
    """How many of the cells of `row` are headings of `kind`."""
    return len({column.name for cell in row if (column := find(kind, cell))})


def kind_of(row: Sequence[object]) -> Kind | None:
    """Which table a heading row begins: the kind whose own columns it names, None when it is no heading row."""
    found = {kind: {column.name for cell in row if (column := find(kind, cell))} for kind in KINDS}
    if "station" in found["stations"] or "role" in found["stations"]:
        return "stations"
    if {"site", "site_name"} <= found["sites"]:
        return "sites"
    return "units" if "unit" in found["units"] and len(found["units"]) > 1 else None


def sheet_kind(title: str) -> Kind | None:
    """Which table a sheet of this name holds."""
    return next((kind for kind in KINDS if plain(title) in (plain(kind), *map(plain, SHEETS[kind]))), None)
