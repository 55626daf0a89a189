"""Writes a table as CSV that Vietnamese Excel opens as it should: UTF-8 with its mark, ``;``, comma decimals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from collector.roster.columns import COLUMNS, Column, Kind
from collector.roster.delimited import guarded
from collector.roster.model import date_text
from collector.roster.sheets import Shown


def text(kind: Kind, rows: Iterable[list[Shown]], lang: str) -> str:
    """The file's content. No cell of it is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.title[lang == "en"] for column in COLUMNS[kind]])
    for row in rows:
        writer.writerow([guarded(_cell(column, value)) for column, value in row])
    return "\ufeff" + out.getvalue()


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.value == "date":
        return date_text(str(value))
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """With a comma, and never exactly three decimals, which would read as thousands."""
    if value.is_integer():
        return str(int(value))
    written = f"{value:f}".rstrip("0") if float(f"{value:f}") == value else repr(value)
    whole, _, decimals = written.partition(".")
    return f"{whole},{decimals}0" if len(decimals) == 3 else f"{whole},{decimals}"
