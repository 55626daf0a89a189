"""A table as it was read from a file: rows of cells with their numbers, before anything is known of their meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unicodedata import category

from msgspec import Struct

from collector.roster.words import Remark

MAX_ROWS = 100_000
"""Rows of a sheet that hold anything."""
MAX_GAP = 10_000
"""Consecutive empty rows after which a sheet is not read on: a stray cell far below, or formats down to the end."""
MAX_COLUMNS = 64
Row = tuple[int, list[object]]
"""The row's number as Excel shows it, from 1, and its cells from column A on."""


class Unreadable(Exception):
    """A file, or a sheet of it, that cannot be read; ``remark`` says why."""

    def __init__(self, code: str, file: str, **values: Any) -> None:
        sheet = values.pop("sheet", "")
        super().__init__(code)
        self.remark = Remark(code=code, file=file, sheet=sheet, values=values)


class Formula(Struct, frozen=True):
    """A cell that computes."""

    text: str


class CellError(Struct, frozen=True):
    """A cell that shows an error, such as ``#N/A``."""

    text: str


def _none() -> list[str]:
    return []


class Table(Struct, frozen=True, kw_only=True):
    """One sheet, or a CSV file (``sheet`` is empty). ``rows`` can be read once and may raise Unreadable.

    ``merged`` gives the merged ranges, such as ``A2:A5``; ``coding`` is the text's when it is not UTF-8. Where it is
    ``lossy``, letters that the coding lacks may have become question marks. ``unread``, once the rows are read, is the
    number of the row from which on they were not, past MAX_GAP empty ones; it is empty when all were read.
    """

    file: str
    sheet: str = ""
    hidden: bool = False
    rows: Iterable[Row]
    merged: Callable[[], list[str]] = _none
    coding: str = ""
    lossy: bool = False
    unread: list[int] = []


def bounded(rows: Iterable[Row], file: str, sheet: str) -> Iterator[Row]:
    """The rows that hold anything. Raises Unreadable past MAX_ROWS of them."""
    held = 0
    for number, cells in rows:
        if any(not is_empty(cell) for cell in cells):
            held += 1
            if held > MAX_ROWS:
                raise Unreadable("too_many_rows", file, sheet=sheet, most=MAX_ROWS)
            yield number, cells


def is_empty(cell: object) -> bool:
    """Nothing, or text of which nothing is to be seen."""
    if not isinstance(cell, str):
        return cell is None
    shown = cell.strip()
    return not shown or (not shown.isprintable() and all(category(char) in ("Cf", "Zs") for char in shown))
