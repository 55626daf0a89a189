"""Finds where a table begins, which table it is, and which of its columns is which."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from collector.roster import values
from collector.roster.columns import COLUMNS, KINDS, Column, Kind, count, find, kind_of, plain
from collector.roster.delimited import HEADING_ROWS
from collector.roster.table import Row, is_empty
from collector.roster.words import Remark


class Heading(Struct, frozen=True, kw_only=True):
    """A heading row: ``place`` is the row, ``columns`` go by position, ``texts`` is what stands above them.

    ``lossy`` is the table's.
    """

    kind: Kind
    place: Remark
    columns: dict[int, Column]
    texts: dict[int, str]
    lossy: bool = False

    def at(self, row: int, name: str) -> Remark:
        """The cell of the column `name` in a row; the row alone where there is no such column."""
        position = self.position(name)
        return structs.replace(self.place, row=row) if position < 0 else self.cell(row, position)

    def position(self, name: str) -> int:
        """Where the column `name` stands, -1 when there is none."""
        return next((at for at, column in self.columns.items() if column.name == name), -1)

    def cell(self, row: int, position: int) -> Remark:
        heading = self.texts.get(position, "")
        return structs.replace(self.place, row=row, column=letter(position), heading=heading)


def beginning(rows: Iterator[Row], named: Kind | None) -> tuple[Row | None, Kind | None]:
    """The heading row and the kind of table, taken off `rows`. A sheet known by its name needs no good heading: its
    first row is taken for one."""
    first: Row | None = None
    for row in rows:
        first = first or row
        counts: dict[Kind, int] = {one: count(one, row[1]) for one in KINDS}
        best: Kind = max(KINDS, key=counts.__getitem__)
        kind = named or kind_of(row[1]) or best
        if counts[kind] >= 2:
            return row, kind
        if row[0] >= HEADING_ROWS:
            break
    return first, named


def heading(place: Remark, kind: Kind, row: Row, *, lossy: bool = False) -> tuple[Heading, list[Remark]]:
    """The columns of a heading row, and what is wrong with it."""
    texts = {at: values.text(cell) for at, cell in enumerate(row[1]) if not is_empty(cell)}
    here = structs.replace(place, row=row[0])
    columns: dict[int, Column] = {}
    faults: list[Remark] = []

    def fault(code: str, at: int | None, **named: Any) -> None:
        faults.append(structs.replace(here, code=code, column="" if at is None else letter(at), values=named))

    for at, text in texts.items():
        column = find(kind, text)
        if column is None:
            fault("unknown_column", at, value=text, nearest=_nearest(kind, text))
        elif column in columns.values():
            fault("twice_column", at, wanted=column.title)
        else:
            columns[at] = column
    names = {column.name for column in columns.values()}
    for column in COLUMNS[kind]:
        if column.required and not names & {column.name, "unit_name" if column.name == "unit" else ""}:
            fault("missing_column", None, wanted=column.title)
    return Heading(kind=kind, place=here, columns=columns, texts=texts, lossy=lossy), faults


def letter(at: int) -> str:
    """Position 0 is column A, 27 is AB."""
    return (chr(64 + at // 26) if at >= 26 else "") + chr(65 + at % 26)


def _nearest(kind: Kind, text: str) -> list[str]:
    known = {plain(title): title for column in COLUMNS[kind] for title in column.title}
    return [known[name] for name in difflib.get_close_matches(plain(text), known, 2, 0.5)]
