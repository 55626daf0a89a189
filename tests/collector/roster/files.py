"""Roster files as the tests make them, and what is said of them."""

from __future__ import annotations

import datetime
import io
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from collector import config
from collector import units as nation
from collector.roster import read, words
from collector.roster.check import Checker
from collector.roster.model import Roster
from collector.roster.written import Written

XOM_CHIEU, KHANH_HOI = "27259", "27265"
TODAY = datetime.date(2026, 11, 22)
COUNTRY = nation.load(config.SHIPPED / "units.csv")
CITY = nation.of_province(COUNTRY, "79")
STATIONS = "Mã đơn vị;Mã vị trí;Vai trò;Tên vị trí;Ngày mua;Có ký số;Mã điểm làm việc\n"
UNITS = "Mã đơn vị;Tên đơn vị;Số máy in;Tải xuống hợp đồng (Mbps)\n"
SNMP = (
    "unit;snmp_host;snmp_port;snmp_version;snmp_community;snmp_user;snmp_auth_protocol;snmp_auth_key;snmp_privacy_key\n"
)


def checked(*files: Path, present: Roster | None = None, lang: str = "vi") -> tuple[Written, list[str], list[str]]:
    """What the files say, the errors and the notes."""
    checker = Checker(CITY, COUNTRY, present or Roster(), TODAY)
    for file in files:
        checker.read(file.name, read.tables(file))
    written = checker.result()
    errors, notes = checker.errors.all(), checker.notes.all()
    return written, [words.line(one, lang) for one in errors], [words.line(one, lang) for one in notes]


def clean(*files: Path, present: Roster | None = None) -> Written:
    """What files without any error say."""
    written, errors, _ = checked(*files, present=present)
    assert errors == []
    return written


def text_file(folder: Path, content: str | bytes, name: str = "ds.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def book(folder: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], name: str = "ds.xlsx", **changes: Any) -> Path:
    """A workbook of these sheets; ``change`` may alter it before it is saved."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    change: Callable[[Any], None] = changes.get("change", lambda _: None)
    change(made)
    file = folder / name
    made.save(file)
    return file


def rezipped(file: Path, **members: bytes | None) -> Path:
    """`file` with members replaced by content, given by the end of their names with ``_`` for ``.``; None drops."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            key = member.filename.rpartition("/")[2].replace(".", "_")
            content = members.get(key, old.read(member.filename))
            if content is not None:
                new.writestr(member.filename, content)
    file.write_bytes(out.getvalue())
    return file


def cp1258(text: str) -> bytes:
    """`text` as Windows in Viet Nam wrote it before UTF-8: letters with their shape, tones apart."""
    out = b""
    for char in unicodedata.normalize("NFC", text):
        try:
            out += char.encode("cp1258")
        except UnicodeEncodeError:
            base, *marks = list(unicodedata.normalize("NFD", char))
            shapes = [mark for mark in marks if mark in "\u0302\u0306\u031b"]
            tones = [mark for mark in marks if mark not in shapes]
            whole = unicodedata.normalize("NFC", base + "".join(shapes))
            out += (whole + "".join(tones)).encode("cp1258")
    return out
