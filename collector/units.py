"""The country's units: reads ``units.csv``, and knows how Vietnamese names are searched and sorted."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from checks.kit.strict import ConfigError
from collector.readiness.model import Unit

HEADER = ("code", "name", "kind", "province_code", "province", "lat", "lon", "area_km2")
KINDS = ("Phường", "Xã", "Đặc khu")
_CODE = re.compile(r"[0-9]{5}")
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
    units: dict[str, Unit] = {}
    for line, row in _rows(file):
        unit = _unit(file, line, row)
        if unit.code in units:
            raise ConfigError(file, line, 1, "code", f"{unit.code} stands twice: {units[unit.code].name}, {unit.name}")
        units[unit.code] = unit
    if not units:
        raise ConfigError(file, 2, 1, "", "expected at least one unit")
    return units


def of_province(units: dict[str, Unit], province_code: str) -> dict[str, Unit]:
    """The units of one province, in the order of their Vietnamese names."""
    found = [unit for unit in units.values() if unit.province_code == province_code]
    return {unit.code: unit for unit in sorted(found, key=lambda unit: (sort_key(unit.name), unit.code))}


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


def _rows(file: Path | str) -> Iterator[tuple[int, list[str]]]:
    try:
        text = Path(file).read_text("utf-8-sig")
    except OSError as why:
        raise ConfigError(file, 0, 0, "", f"cannot be read: {(why.strerror or str(why)).lower()}") from None
    except UnicodeDecodeError as why:
        raise ConfigError(file, 0, 0, "", f"expected UTF-8 text, byte {why.start} is not") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if tuple(header) != HEADER:
            raise ConfigError(file, 1, 1, "", f"expected the columns {','.join(HEADER)}, got {','.join(header)}")
        for row in reader:
            yield reader.line_num, row
    except csv.Error as why:
        raise ConfigError(file, reader.line_num, 1, "", f"not CSV: {why}") from None


def _unit(file: Path | str, line: int, row: list[str]) -> Unit:
    if len(row) != len(HEADER):
        raise ConfigError(file, line, 1, "", f"expected {len(HEADER)} fields, got {len(row)}")
    code, name, kind, province_code, province, lat, lon, area = row

    def wrong(column: str, expected: str) -> ConfigError:
        return ConfigError(file, line, HEADER.index(column) + 1, column, expected)

    if not _CODE.fullmatch(code):
        raise wrong("code", f"expected five digits, got {code!r}: keep the leading zeros, as text")
    if not _PROVINCE.fullmatch(province_code):
        raise wrong("province_code", f"expected two digits, got {province_code!r}: keep the leading zero, as text")
    for column, value in (("name", name), ("province", province)):
        if not value.strip() or not value.isprintable():
            raise wrong(column, f"expected a name, got {value!r}")
        if unicodedata.normalize("NFC", value) != value:
            raise wrong(column, f"{value!r} is not in Unicode normal form C")
    if kind not in KINDS:
        raise wrong("kind", f"expected one of {', '.join(KINDS)}, got {kind!r}")
    numbers: dict[str, float] = {}
    for column, text, least, most in (
        ("lat", lat, -90, 90),
        ("lon", lon, -180, 180),
        ("area_km2", area or "0", 0, 1_000_000),
    ):
        number = _number(text, least, most)
        if number is None:
            raise wrong(column, f"expected a number from {least} to {most}, got {text!r}")
        numbers[column] = number
    return Unit(
        code=code, name=name, kind=kind, province_code=province_code, province=province,
        lat=numbers["lat"], lon=numbers["lon"], area_km2=numbers["area_km2"] or None,
    )  # fmt: skip


def _number(text: str, least: float, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if least <= value <= most else None
