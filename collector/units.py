"""The country's units and a locality's offices: reads their lists, and knows how Vietnamese names are searched and
sorted."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from checks.kit.strict import ConfigError
from collector.listing import Row, rows
from collector.readiness.model import Unit

HEADER = ("code", "name", "kind", "province_code", "province", "lat", "lon", "area_km2")
VALIDITY = ("valid_from", "valid_to")
"""Columns that a list may have besides: the first and the last day on which the unit is one."""
KINDS = ("Phường", "Xã", "Đặc khu")
_CODE = re.compile(r"[0-9]{5}")
_OFFICE = re.compile(r"[A-Z][A-Z0-9]{4}")
_PROVINCE = re.compile(r"[0-9]{2}")
_ALPHABET = "0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTERS = {letter: place for place, letter in enumerate(_ALPHABET)}
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_SHAPES = {("a", "\u0306"): "ă", ("a", "\u0302"): "â", ("e", "\u0302"): "ê", ("o", "\u0302"): "ô",
           ("o", "\u031b"): "ơ", ("u", "\u031b"): "ư"}  # fmt: skip
_D = str.maketrans("đð", "dd")
SortKey = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


def load(file: Path | str) -> dict[str, Unit]:
    """The units of `file` by code, in the file's order; an area of 0 is not known. Raises ConfigError with the line."""
    return _load(file, _unit)


def offices(file: Path | str, province: Iterable[Unit]) -> dict[str, Unit]:
    """Offices beyond the wards of `province`, whose units these are, by code in the order of their names.

    Their codes begin with a letter, so that no ward's is ever met. One without a position stands in the middle of the
    province's units. Raises ConfigError with the line.
    """
    around = list(province)
    found = _load(file, lambda row: _office(row, around))
    return _by_name(found.values())


def _load(file: Path | str, read: Callable[[Row], Unit]) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for row in rows(file, HEADER, VALIDITY):
        unit = read(row)
        if unit.code in units:
            raise row.wrong("code", f"{unit.code} stands twice: {units[unit.code].name}, {unit.name}")
        units[unit.code] = unit
    if not units:
        raise ConfigError(file, 2, 1, "", "expected at least one unit")
    return units


def holds(unit: Unit, on: datetime.date) -> bool:
    """Whether `unit` is one on that day."""
    day = on.isoformat()
    return (not unit.valid_from or unit.valid_from <= day) and (not unit.valid_to or day <= unit.valid_to)


def of_province(units: dict[str, Unit], province_code: str) -> dict[str, Unit]:
    """The units of one province, in the order of their Vietnamese names."""
    return _by_name(unit for unit in units.values() if unit.province_code == province_code)


def _by_name(units: Iterable[Unit]) -> dict[str, Unit]:
    return {unit.code: unit for unit in sorted(units, key=lambda unit: (sort_key(unit.name), unit.code))}


def fold(text: str) -> str:
    """`text` for searching: no accents, no case, single blanks: ``Phường Đức Nhuận`` is ``phuong duc nhuan``.

    Ð (eth), which some keyboards give for Đ, is taken for it.
    """
    plain = unicodedata.normalize("NFD", text.casefold().translate(_D))
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def sort_key(text: str) -> SortKey:
    """Orders text as a Vietnamese dictionary does: syllable by syllable, letters (a ă â … d đ …) before tones."""
    syllables = unicodedata.normalize("NFC", text).casefold().split()
    return tuple(_syllable(syllable) for syllable in syllables)


def _syllable(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    spelled = [_letter(char) for char in text]
    return tuple(_LETTERS.get(letter, 100 + ord(letter)) for letter, _ in spelled), tuple(tone for _, tone in spelled)


def _letter(char: str) -> tuple[str, int]:
    parts = unicodedata.normalize("NFD", char)
    base, tone = parts[:1], 0
    for mark in parts[1:]:
        base = _SHAPES.get((base, mark), base)
        tone = _TONES.get(mark, tone)
    return base, tone


def _unit(row: Row) -> Unit:
    code, kind = row.cells["code"], row.cells["kind"]
    if not _CODE.fullmatch(code):
        raise row.wrong("code", f"expected five digits, got {code!r}: keep the leading zeros, as text")
    if not _PROVINCE.fullmatch(row.cells["province_code"]):
        got = row.cells["province_code"]
        raise row.wrong("province_code", f"expected two digits, got {got!r}: keep the leading zero, as text")
    name, province = row.name("name"), row.name("province")
    if kind not in KINDS:
        raise row.wrong("kind", f"expected one of {', '.join(KINDS)}, got {kind!r}")
    return _made(row, name, province, row.number("lat", -90, 90), row.number("lon", -180, 180))


def _office(row: Row, around: list[Unit]) -> Unit:
    code, name = row.cells["code"], row.name("name")
    if not _OFFICE.fullmatch(code):
        raise row.wrong("code", f"expected a capital letter and four letters or digits, such as SN001, got {code!r}")
    if row.name("kind") in KINDS:
        raise row.wrong("kind", f"{row.cells['kind']!r} is a kind of ward: those stand in units.csv")
    for column in ("province_code", "province"):
        wanted = getattr(around[0], column)
        if row.cells[column] != wanted:
            raise row.wrong(column, f"expected {wanted!r}, as this locality's units have, got {row.cells[column]!r}")
    if not row.cells["lat"] and not row.cells["lon"]:
        middle = [sum(getattr(unit, way) for unit in around) / len(around) for way in ("lat", "lon")]
        return _made(row, name, row.cells["province"], round(middle[0], 4), round(middle[1], 4))
    return _made(row, name, row.cells["province"], row.number("lat", -90, 90), row.number("lon", -180, 180))


def _made(row: Row, name: str, province: str, lat: float, lon: float) -> Unit:
    begin, end = row.days(*VALIDITY)
    area = row.number("area_km2", 0, 1_000_000) if row.cells["area_km2"] else 0.0
    return Unit(
        code=row.cells["code"], name=name, kind=row.cells["kind"], province_code=row.cells["province_code"],
        province=province, lat=lat, lon=lon, area_km2=area or None, valid_from=begin, valid_to=end,
    )  # fmt: skip
