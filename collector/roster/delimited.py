"""Reads a CSV file as Excel in Viet Nam writes it: ``;``, ``,`` or tabs; UTF-8, UTF-16 or cp1258."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator

from collector.roster.columns import KINDS, count
from collector.roster.table import MAX_COLUMNS, Formula, Row, Table, Unreadable, bounded

SEPARATORS = (";", ",", "\t")
HEADING_ROWS = 20
"""A heading row stands among the first so many."""
_AS_TEXT = re.compile(r'="([^"=]*)"')
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def table(data: bytes, file: str) -> Table:
    """The file's one table. Raises Unreadable, also while rows are read."""
    text, coding = decode(data, file)
    if text.startswith("sep=") and "\n" in text[:7]:
        text = text[text.index("\n") + 1 :]
    rows = bounded(_rows(text, _separator(text), file), file, "")
    return Table(file=file, rows=rows, coding=coding, lossy=data.isascii() or bool(coding))


def decode(data: bytes, file: str) -> tuple[str, str]:
    """The text, and the coding's name where it is neither UTF-8 nor UTF-16. Raises Unreadable.

    Almost any bytes are cp1258: they are taken for it only when a heading of the roster then appears.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decoded(data, "utf-16", file), ""
    if data[1:2] == b"\0":
        return _decoded(data, "utf-16-le", file), ""
    try:
        return _decoded(data, "utf-8-sig", file), ""
    except Unreadable:
        text = unicodedata.normalize("NFC", data.decode("cp1258", errors="replace"))
        if max(_known(text, separator) for separator in SEPARATORS) < 2:
            raise
        return text, "cp1258"


def guarded(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula (ASVS 5.0, 1.2.10); reading undoes it."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") or _GUARDED.match(text) else text


def _decoded(data: bytes, coding: str, file: str) -> str:
    try:
        text = data.decode(coding)
    except UnicodeDecodeError:
        raise Unreadable("not_text", file) from None
    if "\0" in text:
        raise Unreadable("not_text", file)
    return text


def _separator(text: str) -> str:
    return max(SEPARATORS, key=lambda separator: _known(text, separator))


def _known(text: str, separator: str) -> int:
    """How many headings of one kind the best of the first rows holds, read with this separator."""
    best = 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator)):
            best = max([best, *(count(kind, row[:MAX_COLUMNS]) for kind in KINDS)])
            if number >= HEADING_ROWS:
                break
    except csv.Error:
        pass
    return best


def _rows(text: str, separator: str, file: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            raise Unreadable("quotes", file) from None
        if row is None:
            return
        number += 1  # as Excel numbers them: a value of several lines is one row
        yield number, [_value(cell) for cell in row[:MAX_COLUMNS]]


def _value(cell: str) -> object:
    written = cell.strip()
    if match := _AS_TEXT.fullmatch(written):
        return match[1]  # ="00004": how leading zeros are kept in CSV
    if written.startswith("="):
        return Formula(written)
    return cell[1:] if _GUARDED.match(cell) else cell
