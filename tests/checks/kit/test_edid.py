"""Screens as they describe themselves."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import edid
from checks.kit.edid import Screen
from tests.checks.device_records import recorded


def _block() -> bytearray:
    """A 21.5-inch screen of week 31 of 2013, with its serial number and name, as a PC read it."""
    return bytearray.fromhex(recorded("linux-optiplex-2013-ssd")["binary"]["/sys/class/drm/card0-DP-1/edid"])


def _sealed(block: bytearray) -> bytes:
    block[127] = -sum(block[:127]) % 256
    return bytes(block)


def test_a_screen_tells_size_resolution_and_week() -> None:
    """477 × 268 mm are 21.5 inches."""
    assert edid.parse(bytes(_block())) == Screen(datetime.date(2013, 7, 30), 21.5, 1920, 1080)


def test_extension_blocks_do_not_matter() -> None:
    """Television-like screens send more."""
    assert edid.parse(bytes(_block()) + b"\xff" * 128) == edid.parse(bytes(_block()))


@pytest.mark.parametrize("data", [None, b"", b"\0" * 128, b"\xff" * 256])
def test_what_is_no_block_is_no_screen(data: bytes | None) -> None:
    """A switch between screens answers for them with nothing, or with noise."""
    assert edid.parse(data) is None


@pytest.mark.parametrize("cut", [1, 8, 54, 127])
def test_a_block_that_is_cut_or_damaged_is_no_screen(cut: int) -> None:
    """A bad cable."""
    block = _block()
    assert edid.parse(bytes(block[:cut])) is None
    block[cut] ^= 0x10
    assert edid.parse(bytes(block)) is None


def test_the_rough_size_counts_where_the_timing_has_none() -> None:
    """In whole centimetres."""
    block = _block()
    block[66:69] = b"\0\0\0"
    assert edid.parse(_sealed(block)) == Screen(datetime.date(2013, 7, 30), 21.7, 1920, 1080)


def test_a_projector_has_no_size() -> None:
    """Nor a model year a week; a descriptor in place of the timing is no resolution."""
    block = _block()
    block[16], block[17], block[21], block[22] = 255, 2019 - 1990, 0, 0
    block[54:72] = b"\0\0\0\xff\0SERIAL-SCREEN"
    assert edid.parse(_sealed(block)) == Screen(datetime.date(2019, 1, 1), None, None, None)


@pytest.mark.parametrize(
    ("week", "year", "made"),
    [(1, 2020, "2020-01-01"), (0, 2020, "2020-01-01"), (54, 2020, "2020-12-31"), (99, 2020, "2020-01-01"),
     (None, 2020, "2020-01-01"), (10, 1990, None), (10, None, None), (10, 99999, None)],
)  # fmt: skip
def test_weeks_are_counted_within_their_year(week: int | None, year: int | None, made: str | None) -> None:
    """A screen that names no year has no age."""
    assert edid.made(week, year) == (datetime.date.fromisoformat(made) if made else None)


def test_the_largest_screen_is_the_one() -> None:
    """Of two, and of those that do not tell."""
    small, large, mute = Screen(inches=19.0, width=1280), Screen(inches=23.8, width=1920), Screen(width=2560)
    assert edid.largest([mute, small, large]) == large
    assert edid.largest([Screen(), mute]) == mute
    assert edid.largest([]) is None


@given(st.binary(min_size=119, max_size=119))
def test_no_contents_break_the_parser(contents: bytes) -> None:
    """Sizes and years are plausible or unknown."""
    found = edid.parse(_sealed(bytearray(bytes.fromhex("00ffffffffffff00") + contents + b"\0")))
    assert found is not None
    assert found.inches is None or 0 < found.inches < 168
    assert found.made is None or 1991 <= found.made.year <= 2245
