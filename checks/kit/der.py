"""DER (X.690), walked from the front: enough to read the beginning of a file whose rest was never fetched."""

from __future__ import annotations

import datetime
import re

from msgspec import Struct

INTEGER, SEQUENCE, UTC_TIME, GENERALIZED_TIME = 0x02, 0x30, 0x17, 0x18
_MAX_LENGTH_BYTES = 4
_UTC = re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z")
_GENERALIZED = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z")
_PIVOT = 50  # RFC 5280 §4.1.2.5.1: a UTCTime of 50 and above is of the last century


class DerError(Exception):
    """These bytes are not the DER that was expected, or end too early."""


class Element(Struct, frozen=True):
    """An element: its tag, and where its content begins and ends. The end may lie behind the bytes that are there."""

    tag: int
    begin: int
    end: int


class Head(Struct, frozen=True):
    """How a certificate revocation list begins: from when until when it holds (epoch seconds, 0: it does not say), and
    its whole size in bytes."""

    begins: int
    ends: int
    size: int


def element(data: bytes, at: int, limit: int | None = None) -> Element:
    """The element at `at`, which may not reach past `limit`. Raises DerError."""
    if not 0 <= at <= len(data) - 2:
        raise DerError("it ends before an element")
    tag, length, begin = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise DerError("a tag of many bytes")
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= _MAX_LENGTH_BYTES or begin + size > len(data):
            raise DerError("a length that cannot be read")
        length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
        if length < 0x80 or length >> 8 * (size - 1) == 0:
            raise DerError("a length that is not the shortest")
    if limit is not None and begin + length > limit:
        raise DerError("an element is longer than what holds it")
    return Element(tag, begin, begin + length)


def inside(data: bytes, at: int, tag: int, limit: int | None = None) -> Element:
    """As :func:`element`, of this `tag`. Raises DerError."""
    found = element(data, at, limit)
    if found.tag != tag:
        raise DerError(f"a tag {found.tag:#04x} where {tag:#04x} belongs")
    return found


def when(data: bytes, found: Element) -> int:
    """A time as RFC 5280 §4.1.2.5 has it, in epoch seconds. Raises DerError."""
    text = data[found.begin : found.end]
    shape = {UTC_TIME: _UTC, GENERALIZED_TIME: _GENERALIZED}.get(found.tag)
    parts = shape.fullmatch(text) if shape else None
    if not parts:
        raise DerError("no time where one belongs")
    year, month, day, hour, minute, second = (int(part) for part in parts.groups())
    if found.tag == UTC_TIME:
        year += 1900 if year >= _PIVOT else 2000
    try:
        return int(datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC).timestamp())
    except ValueError:
        raise DerError("a time that does not exist") from None


def crl_head(data: bytes) -> Head:
    """The head of a list (RFC 5280 §5.1) whose first bytes are `data`: as a rule some 300 of them. Raises DerError."""
    whole = inside(data, 0, SEQUENCE)
    signed = inside(data, whole.begin, SEQUENCE, whole.end)
    at = signed.begin
    version = element(data, at, signed.end)
    if version.tag == INTEGER:
        at = version.end
    for _ in ("the algorithm", "the issuer"):
        at = inside(data, at, SEQUENCE, signed.end).end
    this = element(data, at, signed.end)
    begins, ends = when(data, this), 0
    if this.end < signed.end:
        following = element(data, this.end, signed.end)
        if following.tag in (UTC_TIME, GENERALIZED_TIME):
            ends = when(data, following)
    return Head(begins, ends, whole.end)
