"""Remote write 1.0 on the wire: protobuf by hand, snappy by cramjam.

``WriteRequest { repeated TimeSeries timeseries = 1; }``, ``TimeSeries { repeated Label labels = 1; repeated Sample
samples = 2; }``, ``Label { string name = 1; string value = 2; }``, ``Sample { double value = 1; int64 timestamp = 2;
}`` (prometheus.io/docs/specs/remote_write_spec).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import cramjam
from msgspec import Struct

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
SAMPLE_BYTES = 18
"""One sample of our time on the wire: its own 16 bytes, tag and length."""
SERIES_BYTES = 4
"""Tag and length of a series of up to 2 MB."""
_double = struct.Struct("<d").pack


class Series(Struct, frozen=True, eq=False):
    """A series: its labels by name, ``__name__`` among them, and the same as protobuf. Two are told apart by identity,
    so that points need not compare labels."""

    labels: tuple[tuple[str, str], ...]
    block: bytes


Point = tuple[Series, int, float]
"""A sample: of which series, when (ms since the epoch), the value."""


def series(labels: Iterable[tuple[str, str]]) -> Series:
    """The series of `labels`. One without a value is left out, as a scrape leaves it out."""
    ordered = tuple(sorted((name, value) for name, value in labels if value))
    return Series(ordered, b"".join(_field(0x0A, _field(0x0A, _text(n)) + _field(0x12, _text(v))) for n, v in ordered))


def request(points: Sequence[Point]) -> bytes:
    """The body of a request: series by labels, samples of each in the order of `points`."""
    grouped: dict[Series, list[bytes]] = {}
    for one, at, value in points:
        sample = b"\x09" + _double(value) + b"\x10" + _varint(at)
        grouped.setdefault(one, []).append(_field(0x12, sample))
    found = sorted(grouped.items(), key=lambda pair: pair[0].labels)
    message = b"".join(_field(0x0A, one.block + b"".join(samples)) for one, samples in found)
    return bytes(cramjam.snappy.compress_raw(message))


def _field(tag: int, payload: bytes) -> bytes:
    size = len(payload)
    return bytes((tag, size)) + payload if size < 128 else bytes((tag,)) + _varint(size) + payload


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _varint(number: int) -> bytes:
    """Seven bits a byte, the least first; `number` ≥ 0."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
