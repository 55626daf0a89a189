"""Opens a roster file and says what kind of file it is by what it holds, not by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collector.roster import delimited
from collector.roster.table import Table, Unreadable

MOST_MB = 20
_OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORKBOOKS = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xls", ".xlsb", ".ods")


def tables(path: Path) -> Iterator[Table]:
    """The tables of the file. Raises Unreadable, also while their rows are read."""
    data, file = _bytes(path), path.name
    if data.startswith(b"PK"):
        from collector.roster import workbook  # 0.15 s and 20 MB that only a workbook costs

        yield from workbook.tables(data, file)
    else:
        _refuse(data, path)
        yield delimited.table(data, file)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_MB * 1024 * 1024:
            raise Unreadable("too_big", path.name, most=MOST_MB)
        data = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable("missing_file", path.name) from None
    except OSError as why:
        raise Unreadable("unreadable", path.name, why=(why.strerror or str(why)).lower()) from None
    if not data.strip():
        raise Unreadable("empty", path.name)
    return data


def _refuse(data: bytes, path: Path) -> None:
    """What is not text. Raises Unreadable."""
    if data.startswith(_OLE2):
        raise Unreadable("password" if _ENCRYPTED in data else "old_excel", path.name)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise Unreadable("web_page", path.name)
    if path.suffix.lower() in _WORKBOOKS:
        raise Unreadable("broken", path.name)
