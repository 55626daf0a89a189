"""Units that are no more, and what became of them: an old code, wherever someone types or links it, leads to today's.

A unit that goes on under its own code, larger or smaller, is no former unit: its code means what it means today.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from collector.listing import Row, parsed, rows
from collector.readiness.model import Unit

HEADER = ("code", "name", "parent", "valid_from", "valid_to", "successor", "share", "reason")
"""``parent`` is what the unit was part of, ``successor`` a code of today or of a later former unit."""
_SAME = ("name", "parent", "valid_from", "valid_to", "reason")
_DAY = datetime.timedelta(1)


class Successor(Struct, frozen=True):
    """A unit that a former one went to, with which ``share`` of it (0 to 1); None: the list does not say."""

    code: str
    share: float | None = None


class FormerUnit(Struct, frozen=True, kw_only=True):
    """What was a unit from ``valid_from`` (empty: not told) to ``valid_to``, days included."""

    code: str
    name: str
    parent: str
    valid_from: str
    valid_to: str
    successors: tuple[Successor, ...]
    reason: str = ""

    @property
    def called(self) -> str:
        """``Phường 13, Quận 4``."""
        return ", ".join(part for part in (self.name, self.parent) if part)


class Gone(Exception):
    """A code that means no single unit of today; the text is one line for people."""


class Former:
    """The former units by code. Immutable; ``places`` are the rows, to put errors in."""

    def __init__(self, units: Iterable[FormerUnit] = (), places: Mapping[tuple[str, str], Row] | None = None) -> None:
        self.units = {unit.code: unit for unit in units}
        self._places = dict(places or {})

    def resolve(self, code: str) -> list[Successor]:
        """What became of a former unit, down to units that are no former ones: the largest share first, then those
        whose share is not known; by code. Empty where `code` is no former unit's."""
        if code not in self.units:
            return []
        shares: dict[str, float | None] = {}
        for end, share in self._ends(code, 1.0):
            before = shares.get(end, 0.0)
            shares[end] = None if share is None or before is None else before + share
        found = [Successor(end, None if share is None else round(share, 6)) for end, share in shares.items()]
        return sorted(found, key=lambda one: (-(one.share or 0.0), one.code))

    def _ends(self, code: str, share: float | None) -> Iterator[tuple[str, float | None]]:
        for next_ in self.units[code].successors:
            part = None if share is None or next_.share is None else share * next_.share
            if next_.code in self.units:
                yield from self._ends(next_.code, part)
            else:
                yield next_.code, part

    def names(self, code: str) -> list[str]:
        """What the former units were called that went, whole or in part, to the unit `code`; each once, by code."""
        return list(self._into.get(code, ()))

    @cached_property
    def _into(self) -> dict[str, dict[str, None]]:
        """Names by the code of today: every unit of a province asks once."""
        found: dict[str, dict[str, None]] = {}
        for old, unit in sorted(self.units.items()):
            for end, _ in self._ends(old, 1.0):
                found.setdefault(end, {})[unit.name] = None
        return found

    def named(self, name: str) -> list[FormerUnit]:
        """The former units that were called so, exactly."""
        return [unit for unit in self.units.values() if unit.name == name]

    def today(self, code: str, units: Mapping[str, Unit], lang: str = "en") -> str:
        """The code of the one unit of `units` that `code` means: itself, or what became of it. Raises Gone."""
        if code in units:
            return code
        ends = [end for end in self.resolve(code) if end.code in units]
        if len(ends) == 1:
            return ends[0].code
        raise Gone(self.said(code, units, lang))

    def said(self, code: str, units: Mapping[str, Unit], lang: str) -> str:
        """One line on a code that no unit has today: which unit it was, and what it is now."""
        english, unit = lang == "en", self.units.get(code)
        ends = [end for end in self.resolve(code) if end.code in units]
        if unit is None or not ends:
            return _NONE[english].format(code=code)
        until = "/".join(reversed(unit.valid_to.split("-")))
        line = (_ONE if len(ends) == 1 else _SEVERAL)[english]
        return line.format(code=code, name=unit.called, until=until, ends=listed(ends, units))

    def fit(self, units: Mapping[str, Unit]) -> None:
        """Refuses what contradicts `units`, which hold those of other days too. Raises ConfigError."""
        for unit in self.units.values():
            for next_ in unit.successors:
                row = self._places[unit.code, next_.code]
                listed_ = units.get(unit.code)
                if listed_ is not None and not listed_.valid_to:
                    raise row.wrong("code", f"{unit.code} is {listed_.name} today: a code that lives on needs no row")
                if listed_ is not None and listed_.valid_to != unit.valid_to:
                    raise row.wrong("valid_to", f"{unit.code} ends on {listed_.valid_to} in the list of units")
                heir = units.get(next_.code) or self.units.get(next_.code)
                if heir is None:
                    raise row.wrong("successor", f"no unit, present or former, has the code {next_.code!r}")
                _follows(row, heir, unit.valid_to)


_NONE = ("không có đơn vị mã '{code}' trong địa phương này", "no unit has the code '{code}' in this locality")
_ONE = (
    "{code} là mã cũ của {name}, dùng đến hết {until}; nay là {ends}",
    "{code} was the code of {name} until {until}; today it is {ends}",
)
_SEVERAL = (
    "{code} là mã cũ của {name}, dùng đến hết {until}; nay thuộc {ends}: ghi mã của một đơn vị",
    "{code} was the code of {name} until {until}; today it belongs to {ends}: write the code of one",
)


def listed(ends: Iterable[Successor], units: Mapping[str, Unit]) -> str:
    """``27259 Phường Xóm Chiếu (60 %), 27262 Phường Khánh Hội (40 %)``."""
    found = []
    for end in ends:
        share = "" if end.share is None or end.share == 1 else f" ({end.share:.0%})".replace("%", " %")
        found.append(f"{end.code} {units[end.code].name}{share}")
    return ", ".join(found)


def _follows(row: Row, heir: Unit | FormerUnit, ended: str) -> None:
    """Refuses an heir that was no unit on the day after `ended`. Raises ConfigError."""
    next_day = ((parsed(ended) or datetime.date.min) + _DAY).isoformat()
    if heir.valid_to and heir.valid_to < next_day:
        raise row.wrong("successor", f"{heir.code} ended on {heir.valid_to}, no later than this unit, on {ended}")
    if heir.valid_from and heir.valid_from > next_day:
        raise row.wrong("successor", f"{heir.code} begins on {heir.valid_from}, but this unit ended on {ended}")


def load(file: Path | str) -> Former:
    """The former units of `file`, a row for each successor; a header alone is none. Raises ConfigError."""
    units: dict[str, FormerUnit] = {}
    places: dict[tuple[str, str], Row] = {}
    for row in rows(file, HEADER):
        found = _unit(row)
        before = units.get(found.code)
        if before is not None:
            _same(row, before, found)
            found = _joined(row, before, found)
        units[found.code] = found
        places[found.code, row.cells["successor"]] = row
    return Former(units.values(), places)


def _unit(row: Row) -> FormerUnit:
    code, successor = row.cells["code"], row.cells["successor"]
    for column, value in (("code", code), ("successor", successor)):
        if not (len(value) == 5 and value.isascii() and value.isalnum()):
            raise row.wrong(
                column, f"expected a code of five characters, got {value!r}: keep the leading zeros, as text"
            )
    if successor == code:
        raise row.wrong("successor", f"{code} cannot succeed itself")
    share = row.number("share", 0, 1) if row.cells["share"] else None
    if share == 0:
        raise row.wrong("share", "expected more than 0: a unit that gets nothing is no successor")
    begin, end = row.days("valid_from", "valid_to")
    if not end:
        raise row.wrong("valid_to", "is missing: what has not ended is no former unit")
    name = row.name("name")
    parent, reason = (row.name(column) if row.cells[column] else "" for column in ("parent", "reason"))
    heir = Successor(successor, share)
    return FormerUnit(
        code=code, name=name, parent=parent, valid_from=begin, valid_to=end, successors=(heir,), reason=reason
    )


def _same(row: Row, before: FormerUnit, found: FormerUnit) -> None:
    """Refuses a row that tells other things of a unit than the row before. Raises ConfigError."""
    for column in _SAME:
        first, now = getattr(before, column), getattr(found, column)
        if first != now:
            raise row.wrong(column, f"{found.code} has {first!r} in an earlier row, here {now!r}")


def _joined(row: Row, before: FormerUnit, found: FormerUnit) -> FormerUnit:
    """The unit with one more successor. Raises ConfigError."""
    heir = found.successors[0]
    if heir.code in [one.code for one in before.successors]:
        raise row.wrong("successor", f"{found.code} goes to {heir.code} twice")
    together = (*before.successors, heir)
    total = sum(one.share or 0.0 for one in together)
    if total > 1 + 1e-9:
        raise row.wrong("share", f"the shares of {found.code} add up to {total:g}, expected at most 1")
    return FormerUnit(
        code=before.code, name=before.name, parent=before.parent, valid_from=before.valid_from,
        valid_to=before.valid_to, successors=together, reason=before.reason,
    )  # fmt: skip
