"""Reads an .xlsx or .xlsm file with openpyxl, which uses defusedxml: no entities, no DTD. Macros are not looked at.

What unpacks to more than a country's roster needs is refused before it is unpacked: a member's declared size is a
bound, since zipfile reads no further.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
from defusedxml import DefusedXmlException

from collector.roster.table import MAX_COLUMNS, CellError, Formula, Row, Table, Unreadable, bounded

BIG = 160 * 1024 * 1024
"""Most bytes of a sheet, or of the texts that sheets share, unpacked; 3,321 units of 10 stations take 30 MB."""
SMALL = 4 * 1024 * 1024
"""Most bytes of any other part that is read: styles, names, relations. They become objects of 30 times the size."""
MEMBERS = 2000
_LARGE = re.compile(r"xl/(worksheets/[^/]+|sharedStrings)\.xml", re.IGNORECASE)
_READ = re.compile(r".*\.(xml|rels)", re.IGNORECASE)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_CHUNK, _OVERLAP = 1 << 20, 128


def tables(data: bytes, file: str) -> Iterator[Table]:
    """The workbook's sheets, in order. Raises Unreadable, also while rows are read."""
    archive = _archive(data, file)
    book = _guarded(file, "", lambda: _load(data))
    for sheet in book.worksheets:
        path = getattr(sheet, "_worksheet_path", "")
        yield Table(
            file=file,
            sheet=str(sheet.title),
            hidden=sheet.sheet_state != "visible",
            rows=bounded(_rows(sheet, file), file, str(sheet.title)),
            merged=lambda path=path: _merged(archive, path),  # type: ignore[misc]
        )


def _archive(data: bytes, file: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable("broken", file) from None
    members = archive.infolist()
    names = {member.filename for member in members}
    if "mimetype" in names or "xl/workbook.bin" in names:
        raise Unreadable("other_workbook", file)
    if "[Content_Types].xml" not in names:
        raise Unreadable("broken", file)
    for member in members:
        large = _LARGE.fullmatch(member.filename)
        if _READ.fullmatch(member.filename) and member.file_size > (BIG if large else SMALL):
            raise Unreadable("bomb", file)
    if len(members) > MEMBERS or sum(member.file_size for member in members if _LARGE.fullmatch(member.filename)) > BIG:
        raise Unreadable("bomb", file)
    return archive


def _load(data: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of features that are not read
        return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)


def _rows(sheet: Any, file: str) -> Iterator[Row]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    rows = sheet.iter_rows(max_col=MAX_COLUMNS)
    number = 0
    while True:
        cells = _guarded(file, str(sheet.title), lambda: next(rows, None))
        if cells is None:
            return
        number += 1
        yield number, [_value(cell) for cell in cells]


def _value(cell: Any) -> object:
    if cell.data_type == "f":
        return Formula(str(cell.value))
    return CellError(str(cell.value)) if cell.data_type == "e" else cell.value


def _guarded(file: str, sheet: str, work: Callable[[], Any]) -> Any:
    """`work` on a file that anyone may have made: whatever its reader trips over is the file's fault."""
    try:
        return work()
    except Exception as why:
        raise Unreadable("bomb" if _harmful(why) else "broken", file, sheet=sheet) from None


def _harmful(why: BaseException | None) -> bool:
    """Whether defusedxml refused; openpyxl wraps what it says."""
    while why is not None and not isinstance(why, DefusedXmlException):
        why = why.__cause__ or why.__context__
    return why is not None


def _merged(archive: zipfile.ZipFile, path: str) -> list[str]:
    """The merged ranges of a sheet. They stand behind its rows; only the streaming reader keeps memory small."""
    found: dict[bytes, None] = {}
    with archive.open(path) as source:
        tail = b""
        while chunk := source.read(_CHUNK):
            found.update(dict.fromkeys(_MERGED.findall(tail + chunk)))
            tail = chunk[-_OVERLAP:]
    return [name.decode() for name in found]
