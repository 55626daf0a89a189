"""A record as it lies on disk: it names itself and checks itself, so that it can be found again in a broken file.

``SSR1`` · CRC-32 of the rest · length of the rest · kind · epoch · sequence · zlib of the result's JSON. The meta
record has the same shape with the numbers of the spool in place of a result.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from checks.kit.model import Result

MAGIC = b"\xf5SR1"
RESULT = 1
META = 2
LARGEST = 1 << 20
_HEAD = struct.Struct(">4sII")
_REST = struct.Struct(">BQQ")
_META = struct.Struct(">QQ")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Result)
_CHUNK = 1 << 20


class FrameError(Exception):
    """The bytes are not what was written."""


class Meta(NamedTuple):
    """The spool's numbers: the epoch, the next sequence number, and the watermark below which the collector has all."""

    epoch: int
    next: int
    durable: int


class Frame(NamedTuple):
    """A checked frame."""

    kind: int
    epoch: int
    seq: int
    body: bytes


def pack_result(epoch: int, seq: int, result: Result) -> bytes:
    """`result` as a frame; the number inside the JSON is left out, the frame's own counts."""
    result.seq = 0
    return _pack(RESULT, epoch, seq, _deflate(_encoder.encode(result)))


def _deflate(data: bytes) -> bytes:
    # a window of 4 kB suits one result, and takes 32 kB of memory where the default takes 268
    packer = zlib.compressobj(6, zlib.DEFLATED, 12, 5)
    return packer.compress(data) + packer.flush()


def pack_meta(meta: Meta) -> bytes:
    return _pack(META, meta.epoch, meta.next, _META.pack(meta.durable, 0))


def _pack(kind: int, epoch: int, seq: int, body: bytes) -> bytes:
    rest = _REST.pack(kind, epoch, seq) + body
    return _HEAD.pack(MAGIC, zlib.crc32(rest), len(rest)) + rest


def renumber(frame: bytes, epoch: int, seq: int) -> bytes:
    """The same record under another number. Raises FrameError."""
    found = unpack(frame)
    return _pack(found.kind, epoch, seq, found.body)


def unpack(data: bytes) -> Frame:
    """The frame at the start of `data`. Raises FrameError."""
    if len(data) < _HEAD.size + _REST.size:
        raise FrameError("too short")
    magic, crc, length = _HEAD.unpack_from(data)
    rest = data[_HEAD.size : _HEAD.size + length]
    if magic != MAGIC or length < _REST.size or len(rest) != length or zlib.crc32(rest) != crc:
        raise FrameError("the checksum does not hold")
    kind, epoch, seq = _REST.unpack_from(rest)
    return Frame(kind, epoch, seq, bytes(rest[_REST.size :]))


def result(found: Frame) -> Result:
    """The result in a frame, numbered. Raises FrameError."""
    try:
        unpacker = zlib.decompressobj()
        decoded = _decoder.decode(unpacker.decompress(found.body, LARGEST))
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as why:
        raise FrameError(str(why)) from None
    decoded.seq = found.seq
    return decoded


def meta(found: Frame) -> Meta:
    """The numbers in a meta frame. Raises FrameError."""
    if found.kind != META or len(found.body) != _META.size:
        raise FrameError("not a meta record")
    return Meta(found.epoch, found.seq, _META.unpack(found.body)[0])


def scan(file: BinaryIO) -> Iterator[Frame]:
    """Every whole frame in `file`, wherever it lies."""
    buffer, offset = b"", 0
    while chunk := file.read(_CHUNK):
        buffer += chunk
        offset = 0
        while (offset := buffer.find(MAGIC, offset)) >= 0:
            length = _length(buffer, offset)
            if length is None or offset + length > len(buffer):
                break
            try:
                yield unpack(buffer[offset : offset + length])
            except FrameError:
                offset += 1
            else:
                offset += length
        buffer = buffer[offset:] if offset >= 0 else buffer[-len(MAGIC) :]
    yield from _tail(buffer)


def _tail(buffer: bytes) -> Iterator[Frame]:
    """The frames behind a mark whose length was damaged and pointed past the end of the file."""
    offset = 0
    while (offset := buffer.find(MAGIC, offset)) >= 0:
        try:
            yield unpack(buffer[offset:])
        except FrameError:
            offset += 1
        else:
            offset += _length(buffer, offset) or 1


def _length(buffer: bytes, offset: int) -> int | None:
    """The length of the frame at `offset`, None when too little of it is here to say."""
    if offset + _HEAD.size > len(buffer):
        return None
    length = int(_HEAD.unpack_from(buffer, offset)[2]) + _HEAD.size
    return length if length <= LARGEST else _HEAD.size
