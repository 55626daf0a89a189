"""Words that may be nowhere, in every dress that bytes can wear, and everything that an agent and a collector keep."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from agent import frame
from checks.kit import wire
from tests.lab.authorities import plain

Piece = tuple[str, bytes]
"""Where something stood, and what it was."""
SHORTEST = 8


def of_text(text: str) -> set[bytes]:
    """`text` with and without accents, in upper and lower case, in UTF-8 and UTF-16, plain, escaped, in hex and base64;
    as it stands in anything longer."""
    spelt = {form for each in (text, plain(text)) for form in (each, each.lower(), each.upper())}
    raw = {form.encode(code) for form in spelt for code in ("utf-8", "utf-16-le", "utf-16-be")}
    escaped = {json.dumps(form)[1:-1].encode() for form in spelt} | {quote(form).encode() for form in spelt}
    return escaped.union(*(of_bytes(one) for one in raw))


def of_number(number: int) -> set[bytes]:
    """A serial number, decimal as well."""
    return {str(number).encode()} | of_bytes(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def of_bytes(raw: bytes) -> set[bytes]:
    """`raw` as it is, in hex (with colons too) and, at each of its three places, in base64."""
    hexes = {raw.hex(), raw.hex().upper(), raw.hex(":"), raw.hex(":").upper()}
    return {raw} | {form.encode() for form in hexes} | _inside_base64(raw)


def _inside_base64(raw: bytes) -> set[bytes]:
    """What of it no neighbour changes: the first and last letters hold bits of what stands beside it."""
    found = set()
    for before in range(3):
        packed = base64.b64encode(bytes(before) + raw)
        begin, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        found |= {packed[begin:end], packed[begin:end].replace(b"+", b"-").replace(b"/", b"_")}
    return found


def found(pieces: Iterable[Piece], wanted: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """Which of `wanted` stands where. What chance writes too does not count: forms that are short, and digits in the
    midst of a number."""
    forms = [form for form in wanted if len(form) >= SHORTEST]
    return [(where, form) for where, data in pieces for form in forms if form in data and _alone(form, data)]


def _alone(form: bytes, data: bytes) -> bool:
    return not form.isdigit() or bool(re.search(rb"(?<!\d)" + form + rb"(?!\d)", data))


def kept(state: Path) -> Iterator[Piece]:
    """Every file of an agent that is not compiled code, and what is compressed inside its spool."""
    for file in state.rglob("*"):
        if file.is_file() and "pycache" not in file.parts:
            yield str(file.relative_to(state)), file.read_bytes()
    with (state / "spool.db").open("rb") as spool:
        for each in frame.scan(spool):
            if each.kind == frame.RESULT:
                yield f"spooled result {each.seq}", zlib.decompress(each.body)


def sent(requests: Iterable[bytes]) -> Iterator[Piece]:
    """Every request of an agent as it went, batches inflated too."""
    for number, request in enumerate(requests):
        head, _, body = request.partition(b"\r\n\r\n")
        yield f"request {number}", request
        if head.startswith(b"POST /v1/results"):
            yield f"batch {number}", zlib.decompress(wire.take_apart(body).body, 31)


def bundled(data: bytes) -> Iterator[Piece]:
    """The batches of a technician's file, inflated."""
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield f"bundle at {at}", zlib.decompress(wire.take_apart(data[at + 4 : at + 4 + length]).body, 31)
        at += 4 + length


def stored(folder: Path) -> Iterator[Piece]:
    """A collector's files, and every value of its database, what is compressed there inflated."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.name, file.read_bytes()
    with contextlib.closing(sqlite3.connect(folder / "sansang.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield table, value if isinstance(value, bytes) else str(value).encode()
                    with contextlib.suppress(zlib.error, TypeError):
                        yield f"{table}, inflated", zlib.decompress(value, 47)
