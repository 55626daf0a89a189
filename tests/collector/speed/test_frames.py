"""Frames in whatever pieces they arrive."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.speed import frames
from collector.speed.frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, Broken, Reader


class Heard:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.bytes, self.begun = 0, 0
        self.texts: list[bytes] = []
        self.controls: list[tuple[int, bytes]] = []

    def payload(self, count: int) -> None:
        self.bytes += count
        self.begun += not count

    def text(self, message: bytes) -> None:
        self.texts.append(message)

    def control(self, opcode: int, payload: bytes) -> None:
        self.controls.append((opcode, payload))


def masked(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A client's frame, by RFC 6455 §5.2 and §5.3."""
    mask = b"\x37\xfa\x21\x3d"
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    else:
        length = struct.pack("!BH", 0xFE, size) if size < 1 << 16 else struct.pack("!BQ", 0xFF, size)
    hidden = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes([(0x80 if final else 0) | opcode]) + length + mask + hidden


def reader(heard: Heard) -> Reader:
    return Reader(heard, largest=1 << 20, largest_text=1000)


@given(st.integers(0, 1 << 30), st.integers(1, 400))
def test_frames_may_be_cut_anywhere(seed: int, most: int) -> None:
    """Whatever pieces the network makes of them, the same is heard."""
    stream = masked(TEXT, "điện".encode()) + masked(BINARY, bytes(125)) + masked(BINARY, bytes(70_000))
    stream += masked(PING, b"") + masked(BINARY, bytes(300), final=False) + masked(PING, b"between")
    stream += masked(CONTINUATION, bytes(7)) + masked(TEXT, b"two ", final=False) + masked(CONTINUATION, b"halves")
    stream += masked(BINARY, b"") + masked(CLOSE, b"\x03\xe8bye")
    heard, chance, at = Heard(), random.Random(seed), 0
    parser = reader(heard)
    while at < len(stream):
        size = chance.randint(1, most) if chance.random() < 0.9 else 20_000
        parser.feed(stream[at : at + size])
        at += size
    assert heard.texts == ["điện".encode(), b"two halves"]
    assert (heard.bytes, heard.begun) == (125 + 70_000 + 300 + 7, 4)
    assert heard.controls == [(PING, b""), (PING, b"between"), (CLOSE, b"\x03\xe8bye")]


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (masked(3, b""), "a frame with an unknown opcode or extension"),
        (b"\xc2\x80mask", "a frame with an unknown opcode or extension"),
        (frames.frame(BINARY, b"x"), "a frame without a mask"),
        (masked(CLOSE, bytes(126)), "a control frame that is too long or in pieces"),
        (masked(PING, b"", final=False), "a control frame that is too long or in pieces"),
        (masked(CONTINUATION, b""), "a message that begins inside another, or never began"),
        (masked(TEXT, b"", final=False) + masked(TEXT, b""), "a message that begins inside another, or never began"),
        (masked(TEXT, bytes(1001)), "a message of over 1000 bytes"),
        (masked(BINARY, b"x", final=False) + b"\x80\xff\0\0\0\0\0\x10\0\0mask", "a message of over 1048576 bytes"),
        (b"\x82\xff" + b"\xff" * 8 + b"mask", "a message of over 1048576 bytes"),
        (masked(BINARY, b"x") * 1010, "frames that carry next to nothing"),
    ],
)
def test_what_breaks_the_rules_is_named(stream: bytes, why: str) -> None:
    """At the header already: nothing is kept of what is too long."""
    with pytest.raises(Broken) as broken:
        reader(Heard()).feed(stream)
    assert str(broken.value) == why


@given(st.binary(max_size=4000))
def test_no_bytes_at_all_break_the_reader(data: bytes) -> None:
    """They are read, or refused by name."""
    parser = reader(Heard())
    try:
        for at in range(0, len(data), 100):
            parser.feed(data[at : at + 100])
    except Broken:
        pass


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 100_000])
def test_our_own_frames_are_as_the_standard_has_them(size: int) -> None:
    """Final, not masked, the length in its shortest form."""
    frame = frames.frame(BINARY, bytes(size))
    short = struct.pack("!BB", 0x82, size) if size < 126 else struct.pack("!BBH", 0x82, 126, size % 65_536)
    head = short if size < 65_536 else struct.pack("!BBQ", 0x82, 127, size)
    assert frame == head + bytes(size)


def test_a_close_frame_fits_into_a_control_frame() -> None:
    """However long the reason."""
    assert frames.closing(1000, "x" * 300) == b"\x88\x7d\x03\xe8" + b"x" * 123
