"""Reads a list of things, kept as CSV, without guessing: every error names the line, the column and what was meant."""

from __future__ import annotations

import csv
import datetime
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from checks.kit.strict import ConfigError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Row(Struct, frozen=True):
    """A row: its cells by column, in the order of the file's columns."""

    file: str
    line: int
    cells: dict[str, str]

    def wrong(self, column: str, expected: str) -> ConfigError:
        """An error in this row, at `column`; at the row alone when that is empty."""
        at = list(self.cells).index(column) + 1 if column else 1
        return ConfigError(self.file, self.line, at, column, expected)

    def name(self, column: str) -> str:
        """Text for people, in Unicode's composed form. Raises ConfigError."""
        value = self.cells[column]
        if not value.strip() or not value.isprintable():
            raise self.wrong(column, f"expected a name, got {value!r}")
        if unicodedata.normalize("NFC", value) != value:
            raise self.wrong(column, f"{value!r} is not in Unicode normal form C")
        return value

    def number(self, column: str, least: float, most: float) -> float:
        """Raises ConfigError."""
        text = self.cells[column]
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise self.wrong(column, f"expected a number from {least} to {most}, got {text!r}")
        return value

    def day(self, column: str) -> str:
        """``2025-07-01``; empty where the cell is, or the file has no such column. Raises ConfigError."""
        text = self.cells.get(column, "")
        if text and parsed(text) is None:
            raise self.wrong(column, f"expected a day such as 2025-07-01, got {text!r}")
        return text

    def days(self, first: str, last: str) -> tuple[str, str]:
        """Two days that bound a time; either may be empty. Raises ConfigError."""
        begin, end = self.day(first), self.day(last)
        if begin and end and end < begin:
            raise self.wrong(last, f"{end} is before {first}, {begin}")
        return begin, end


def parsed(text: str) -> datetime.date | None:
    """``2025-07-01`` as a day; None for anything else."""
    try:
        return datetime.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def rows(file: Path | str, columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows below the header, which is `columns`, then any of `optional`, in this order. Raises ConfigError."""
    reader = csv.reader(io.StringIO(_text(file), newline=""), strict=True)
    try:
        header = tuple(next(reader, []))
        found = tuple(name for name in optional if name in header)
        if header != columns + found:
            more = f", then optionally {','.join(optional)}" if optional else ""
            expected = f"expected the columns {','.join(columns)}{more}, got {','.join(header)}"
            raise ConfigError(file, 1, 1, "", expected)
        for cells in reader:
            if len(cells) != len(header):
                raise ConfigError(file, reader.line_num, 1, "", f"expected {len(header)} fields, got {len(cells)}")
            yield Row(str(file), reader.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as why:
        raise ConfigError(file, reader.line_num, 1, "", f"not CSV: {why}") from None


def _text(file: Path | str) -> str:
    try:
        return Path(file).read_text("utf-8-sig")
    except OSError as why:
        raise ConfigError(file, 0, 0, "", f"cannot be read: {(why.strerror or str(why)).lower()}") from None
    except UnicodeDecodeError as why:
        raise ConfigError(file, 0, 0, "", f"expected UTF-8 text, byte {why.start} is not") from None
