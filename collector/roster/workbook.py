"""Reads an .xlsx or .xlsm file with openpyxl, which uses defusedxml: no entities, no DTD. Macros are not looked at.

What unpacks to more than a country's roster needs is refused before it is unpacked: a member's declared size is a
bound, since zipfile reads no further. openpyxl's own rows are not used: they fill every gap, up to any row number that
the file claims.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser

from collector.roster.table import (
    MAX_COLUMNS,
    MAX_GAP,
    CellError,
    Formula,
    Row,
    Table,
    Unreadable,
    bounded,
    is_empty,
)

BIG = 160 * 1024 * 1024
"""Most bytes of a sheet, or of the texts that sheets share, unpacked; 3,321 units of 10 stations take 30 MB."""
SMALL = 4 * 1024 * 1024
"""Most bytes of any other part that is read: styles, names, relations. They become objects of 30 times the size."""
MEMBERS = 2000
LAST_ROW = 1_048_576
"""Excel's; no sheet of .xlsx has a row below it."""
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
        unread: list[int] = []
        yield Table(
            file=file,
            sheet=str(sheet.title),
            hidden=sheet.sheet_state != "visible",
            rows=bounded(_rows(sheet, file, unread), file, str(sheet.title)),
            unread=unread,
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


class _Sheet(ReadOnlyWorksheet):
    def _get_size(self) -> None:
        """The size a sheet claims is not used, and looking for one that is missing would read all of it. The first
        element alone shows a document type, which is refused."""
        with self._get_source() as source:  # type: ignore[attr-defined]
            next(iterparse(source, events=("start",)))


class _Reader(ExcelReader):
    def read_worksheets(self) -> None:
        book: Any = self.wb
        parser: Any = self.parser
        for sheet, relation in parser.find_sheets():
            if relation.target not in self.valid_files:
                continue
            if "chartsheet" in relation.Type:
                self.read_chartsheet(sheet, relation)
                continue
            made = _Sheet(book, sheet.name, relation.target, self.shared_strings)
            made.sheet_state = sheet.state
            book._sheets.append(made)


def _load(data: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of features that are not read
        reader = _Reader(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        reader.read()
        return reader.wb


def _rows(sheet: Any, file: str, unread: list[int]) -> Iterator[Row]:
    """The rows that hold anything, up to the first that stands past MAX_GAP empty ones: its number goes to `unread`,
    or, where the empty ones are written down one by one, the number of the one at which reading ended. Whether
    anything stands below those is not known: only reading them all could tell. Raises Unreadable."""
    rows = _parsed(sheet)
    before = held = blank = 0
    while found := _guarded(file, str(sheet.title), lambda: next(rows, None)):
        number, cells = found
        if not before < number <= LAST_ROW:
            raise Unreadable("broken", file, sheet=str(sheet.title))
        before, empty = number, all(is_empty(cell) for cell in cells)
        blank = blank + 1 if empty else 0
        if blank > MAX_GAP or (not empty and number - held - 1 > MAX_GAP):
            unread.append(number)
            return
        if not empty:
            held = number
            yield number, cells


def _parsed(sheet: Any) -> Iterator[Row]:
    """The rows that the sheet's XML has, with the numbers it gives them."""
    book = sheet.parent
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source, sheet._shared_strings, data_only=False, epoch=book.epoch, date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )  # fmt: skip
        for number, cells in parser.parse():
            row: list[object] = [None] * MAX_COLUMNS
            for cell in cells:
                if 0 < cell["column"] <= MAX_COLUMNS:
                    row[cell["column"] - 1] = _value(cell["data_type"], cell["value"])
            yield number, row


def _value(kind: str, value: object) -> object:
    if kind == "f":
        return Formula(str(value))
    return CellError(str(value)) if kind == "e" else value


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
