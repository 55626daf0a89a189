"""Reads the tables of a roster file row by row: every error with its place, or what the rows say."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import structs

from collector.former import Former
from collector.readiness.model import Unit
from collector.roster import values as cells
from collector.roster.columns import COLUMNS, EXAMPLE, GUIDE, Column, Kind, plain, sheet_kind
from collector.roster.heading import Heading, beginning, heading
from collector.roster.model import Roster
from collector.roster.names import NONE, Names
from collector.roster.sense import Sense
from collector.roster.table import MAX_GAP, CellError, Formula, Row, Table, Unreadable, is_empty
from collector.roster.values import Bad
from collector.roster.words import Remark
from collector.roster.written import Values, Written

MOST = 200
"""Errors, and notes, that are listed; the others are counted."""
STEP = 1000
"""Rows between two signs of progress."""
_LOST = re.compile(r"\w\?+\w")
_ASIDE = {plain(name) for name in (*GUIDE, *EXAMPLE)}
_OWN: dict[Kind, str] = {"units": "", "sites": "site", "stations": "station"}


class Remarks:
    """Remarks in the order they were found: the first MOST, and how many there were."""

    def __init__(self, more: str) -> None:
        self._more = more
        self.found: list[Remark] = []
        self.count = 0

    def add(self, remark: Remark) -> None:
        self.count += 1
        if self.count <= MOST:
            self.found.append(remark)

    def all(self) -> list[Remark]:
        """What is to be shown."""
        rest = self.count - len(self.found)
        return [*self.found, *([Remark(code=self._more, values={"count": rest})] if rest else [])]


class Checker:
    """Takes files one after another; then :meth:`result`. Secrets in `present` are hidden.

    `units` are the locality's, `country` all there are, `former` those of before; `progress` is told the rows read so
    far.
    """

    def __init__(
        self,
        units: Mapping[str, Unit],
        country: Mapping[str, Unit],
        present: Roster,
        today: datetime.date,
        progress: Callable[[int], None] = lambda _: None,
        former: Former = NONE,
    ) -> None:
        self._names = Names(units, country, former)
        self._present, self._today, self._progress = present, today, progress
        self._written = Written()
        self._places: dict[tuple[str, str, str], tuple[Heading, int]] = {}
        self._seen: dict[tuple[str, str, str], tuple[Heading, int]] = {}
        self._rows, self._file = 0, ""
        self._unread = False
        self.errors, self.notes = Remarks("more"), Remarks("more_notes")

    def read(self, file: str, tables: Iterable[Table]) -> None:
        """All tables of a file. What makes the file unreadable is an error like any other."""
        errors, known = self.errors.count, 0
        self._file = file
        try:
            for table in tables:
                known += self._table(table)
        except Unreadable as why:
            self.errors.add(why.remark)
            self._unread = True
        if not known and self.errors.count == errors:
            self.errors.add(Remark(code="no_table", file=file, values={"wanted": COLUMNS["units"][0].title}))

    def result(self) -> Written:
        """What the files say; meaningful only when ``errors`` is then empty."""
        if not self._rows and not self.errors.count:
            self.errors.add(Remark(code="no_rows", file=self._file))
        sense = Sense(self._present, self._written, self._places)
        for note in sense.repair():
            self.notes.add(note)
        for fault in () if self._unread else sense.faults():  # what was not read may be what is missing
            self.errors.add(fault)
        return self._written

    def _table(self, table: Table) -> bool:
        """Whether it is a table of a roster."""
        place = Remark(code="", file=table.file, sheet=table.sheet)
        if table.sheet and plain(table.sheet) in _ASIDE:
            return False
        if table.hidden:
            self.notes.add(structs.replace(place, code="hidden_sheet"))
            return False
        rows = iter(table.rows)
        first, kind = beginning(rows, sheet_kind(table.sheet))
        if kind is None or first is None:
            if table.sheet and first:
                self.notes.add(structs.replace(place, code="other_sheet"))
            return kind is not None
        if table.coding:
            self.notes.add(structs.replace(place, code=table.coding))
        found, faults = heading(place, kind, first, lossy=table.lossy)
        for fault in faults or self._merged(place, table, first[0]):
            self.errors.add(fault)
        self._unread = self._unread or bool(faults)
        for row in () if faults else rows:
            self._row(found, row)
        for number in table.unread:
            # what stands below is not read, and must not be taken for missing: its stations would be retired
            self.errors.add(structs.replace(place, code="far_rows", row=number, values={"most": MAX_GAP}))
            self._unread = True
        return True

    def _merged(self, place: Remark, table: Table, above: int) -> list[Remark]:
        """Merged cells below the row `above`."""
        names = [name for name in table.merged() if int(re.findall("[0-9]+", name)[-1]) > above]
        return [structs.replace(place, code="merged", values={"value": name}) for name in names]

    def _row(self, under: Heading, row: Row) -> None:
        number, written = row
        filled = {at: cell for at, cell in enumerate(written) if not is_empty(cell)}
        told = {under.columns[at].name if at in under.columns else "" for at in filled}
        if not told - {"unit", "unit_name"} and under.kind == "units" and "unit" in told:
            return  # as the template lists it: only a code and a name
        self._rows += 1
        if self._rows % STEP == 0:
            self._progress(self._rows)
        self._keep(under, number, dict(self._values(under, number, filled)))

    def _values(self, under: Heading, row: int, filled: Mapping[int, object]) -> Iterator[tuple[str, Any]]:
        for at, column in under.columns.items():
            cell = filled.get(at)
            try:
                if cell is not None:
                    _readable(column, cell, lossy=under.lossy)
                    found = self._unit(under, row, at, cell) if column.name == "unit" else None
                    yield column.name, found or cells.parse(column, cell, self._today)
                elif column.required and column.name != "unit":
                    raise Bad("required")
                else:
                    yield column.name, None
            except Bad as why:
                self.errors.add(structs.replace(under.cell(row, at), code=why.code, values=why.values))
        for at in filled.keys() - under.columns.keys():
            cell = filled[at]
            shown = cell.text if isinstance(cell, Formula | CellError) else cells.text(cell)
            self.errors.add(structs.replace(under.cell(row, at), code="no_heading", values={"value": shown}))

    def _unit(self, under: Heading, row: int, at: int, cell: object) -> Unit:
        """Raises Bad."""
        found = self._names.find(cell)
        if found.note:
            values = {"value": cells.text(cell), "code": found.unit.code, "name": found.unit.name}
            self.notes.add(structs.replace(under.cell(row, at), code=found.note, values=values))
        return found.unit

    def _keep(self, under: Heading, row: int, values: Values) -> None:
        """Takes what is right of a row, so that other rows may refer to it."""
        own = _OWN[under.kind]
        if (own and own not in values) or (under.position("unit") >= 0 and "unit" not in values):
            return  # told already
        unit, name = values.pop("unit", None), values.pop("unit_name", None)
        spot = under.at(row, "unit_name" if name is not None else "unit")
        try:
            if unit is None and name is None:
                raise Bad("required")
            if unit is None:
                unit = self._unit(under, row, under.position("unit_name"), name)
            elif name is not None and not self._names.same(unit, name):
                raise Bad("other_name", code=unit.code, name=unit.name, value=name)
            id_ = values.pop(own) if own else ""
            spot = under.at(row, own or "unit")
            self._once(under, row, unit.code, id_)
        except Bad as why:
            self.errors.add(structs.replace(spot, code=why.code, values=why.values))
            return
        self._places[under.kind, unit.code, id_] = under, row
        if under.kind == "units":
            self._written.units[unit.code] = values
        else:
            part = self._written.sites if under.kind == "sites" else self._written.stations
            part.setdefault(unit.code, {})[id_] = values

    def _once(self, under: Heading, row: int, unit: str, id_: str) -> None:
        """Raises Bad for a unit, or an id in a unit, that another row has."""
        first, number = self._seen.setdefault((under.kind, unit, id_.casefold()), (under, row))
        if (first, number) == (under, row):
            return
        there, here = first.place, under.place
        earlier = Remark(
            code="",
            file="" if there.file == here.file else there.file,
            sheet="" if (there.file, there.sheet) == (here.file, here.sheet) else there.sheet,
            row=number,
        )
        raise Bad("twice", value=id_ or unit, earlier=earlier)


def _readable(column: Column, cell: object, *, lossy: bool) -> None:
    """Raises Bad for what is no value, and where the file may be `lossy`, for letters that became question marks."""
    if isinstance(cell, Formula):
        raise Bad("formula")
    if isinstance(cell, CellError):
        raise Bad("cell_error", value=cell.text)
    if lossy and column.value in ("text", "name", "id", "site") and _LOST.search(cells.text(cell)):
        raise Bad("lost_letters", value=cells.text(cell))
