"""Which unit is meant: by code, by a code that lost its zeros, or by name, however its tone marks are placed."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from collector.former import Former, FormerUnit, listed
from collector.readiness.model import Unit
from collector.roster.values import Bad, text
from collector.units import fold, sort_key

_ETH = str.maketrans("Ððđ", "Đđđ")
_KINDS = (("phuong",), ("p",), ("xa",), ("x",), ("dac", "khu"), ("dk",))
_DIGITS = re.compile(r"[0-9]{1,5}")
_OFFICE = re.compile(r"[A-Za-z][A-Za-z0-9]{4}")
NONE = Former()


class Found(Struct, frozen=True):
    """A unit, and the code of the note to give when it was not named by its full code."""

    unit: Unit
    note: str = ""


def spoken(name: str) -> object:
    """`name` for comparing: letters and the tone of each syllable; where the mark stands is no difference."""
    syllables = sort_key(unicodedata.normalize("NFC", name).translate(_ETH))
    return tuple((letters, max(tones, default=0)) for letters, tones in syllables)


def bare(name: str) -> str:
    """`name` without Phường, Xã or Đặc khu, however short they are written."""
    words = name.replace(".", " ").split()
    folded = [fold(word) for word in words]
    for kind in _KINDS:
        if len(words) > len(kind) and tuple(folded[: len(kind)]) == kind:
            return " ".join(words[len(kind) :])
    return " ".join(words)


class Names:
    """The units of a locality by what people call them; `country` tells apart what lies in another province, `former`
    what is no unit any more: rows of such are refused, since those of several would meet in one unit of today."""

    def __init__(self, units: Mapping[str, Unit], country: Mapping[str, Unit], former: Former = NONE) -> None:
        self._units, self._country, self._former = units, country, former
        self._indexes = [_index(units.values(), key) for key in _KEYS]
        self._folded = {fold(unit.name): unit for unit in units.values()}
        self._known: dict[str, Found | Bad] = {}
        self._same: dict[tuple[str, str], bool] = {}

    @cached_property
    def _abroad(self) -> dict[Any, list[Unit]]:
        """The country's units, needed only for what the locality does not know."""
        return _index(self._country.values(), spoken)

    def find(self, value: object) -> Found:
        """The unit of a cell that is not empty. Raises Bad."""
        written = text(value)
        if written not in self._known:
            try:
                self._known[written] = self._meant(written)
            except Bad as why:
                self._known[written] = why
        found = self._known[written]
        if isinstance(found, Bad):
            raise Bad(found.code, **found.values)
        return found

    def same(self, unit: Unit, value: object) -> bool:
        """Whether the name in a cell can be that of `unit`."""
        pair = unit.code, text(value)
        if pair not in self._same:
            self._same[pair] = any(key(unit.name) == key(pair[1]) for key in _KEYS)
        return self._same[pair]

    def _meant(self, written: str) -> Found:
        if _DIGITS.fullmatch(written):
            return self._code(written)
        office = self._units.get(written.upper()) if _OFFICE.fullmatch(written) else None
        return Found(office) if office else self._name(written)

    def _code(self, written: str) -> Found:
        code = written.zfill(5)
        if unit := self._units.get(code):
            return Found(unit, "" if code == written else "repaired_code")
        self._gone(written, [self._former.units[code]] if code in self._former.units else [])
        if unit := self._country.get(code):
            raise Bad("other_province", value=written, name=unit.name, province=unit.province)
        raise Bad("no_unit", value=written, unit=[])  # digits that are nearly the same mean nothing

    def _gone(self, written: str, former: list[FormerUnit]) -> None:
        """Raises Bad where one former unit is meant, and units of today can be named."""
        ends = [end for one in former[:1] for end in self._former.resolve(one.code) if end.code in self._units]
        if len(former) == 1 and ends:
            raise Bad("former_unit", value=written, name=former[0].called, known=listed(ends, self._units))

    def _name(self, written: str) -> Found:
        for index, key in zip(self._indexes, _KEYS, strict=True):
            if found := index.get(key(written)):
                if len(found) > 1:
                    known = ", ".join(f"{unit.code} {unit.name}" for unit in found[:4])
                    raise Bad("many_units", value=written, known=known)
                return Found(found[0], "" if key is spoken else "by_name")
        if abroad := self._abroad.get(spoken(written), []):
            raise Bad("other_province", value=written, name=abroad[0].name, province=abroad[0].province)
        self._gone(written, self._former.named(written))
        close = difflib.get_close_matches(fold(written), self._folded, 1, 0.7)
        raise Bad(
            "no_unit", value=written, unit=[f"{self._folded[name].code} {self._folded[name].name}" for name in close]
        )


_KEYS: tuple[Callable[[str], Any], ...] = (
    spoken,
    lambda name: spoken(bare(name)),
    fold,
    lambda name: fold(bare(name)),
)
"""From what is nearly the name to what only looks like it; the first that anything fits decides."""


def _index(units: Iterable[Unit], key: Callable[[str], Any]) -> dict[Any, list[Unit]]:
    found: dict[Any, list[Unit]] = {}
    for unit in units:
        found.setdefault(key(unit.name), []).append(unit)
    return found
