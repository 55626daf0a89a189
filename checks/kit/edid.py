"""A screen as it describes itself: its EDID block (VESA E-EDID 1.3 and 1.4, section 3), without its serial number,
its name and its maker's texts."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable

from msgspec import Struct

_HEADER = bytes.fromhex("00ffffffffffff00")
_BLOCK, _TIMING = 128, 54
_MODEL_YEAR = 0xFF
_FIRST_YEAR = 1990
_INCH = 25.4
_LARGEST = 3000  # mm: larger than any screen in an office; a projector reports nonsense or nothing


class Screen(Struct, frozen=True):
    """``made`` is the day, at best the week, it was made, or the start of its model year; ``width`` and ``height`` are
    its own resolution, ``inches`` its diagonal. None is unknown."""

    made: datetime.date | None = None
    inches: float | None = None
    width: int | None = None
    height: int | None = None


def parse(data: bytes | None) -> Screen | None:
    """The screen of an EDID block; None when it is none, or damaged (its checksum)."""
    block = (data or b"")[:_BLOCK]
    if len(block) < _BLOCK or block[:8] != _HEADER or sum(block) % 256:
        return None
    width, height, size = _timing(block[_TIMING : _TIMING + 18])
    rough = (block[21] * 10, block[22] * 10) if block[21] and block[22] else None
    return Screen(made(block[16], _FIRST_YEAR + block[17]), inches(*(size or rough or (0, 0))), width, height)


def made(week: int | None, year: int | None) -> datetime.date | None:
    """The Monday-or-so of the week of manufacture, 1 to 54; the start of the year for 0, 255 (a model year) or None."""
    if year is None or not _FIRST_YEAR < year <= _FIRST_YEAR + 255:
        return None
    weeks = 0 if week is None or not 1 <= week <= 54 else week - 1
    return min(datetime.date(year, 1, 1) + datetime.timedelta(weeks=weeks), datetime.date(year, 12, 31))


def inches(width: float, height: float) -> float | None:
    """The diagonal of a screen of `width` × `height` mm, one decimal."""
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        return None
    return round(math.hypot(width, height) / _INCH, 1)


def largest(screens: Iterable[Screen]) -> Screen | None:
    """The one people work on: the largest, then the one with the most columns."""
    return max(screens, key=lambda screen: (screen.inches or 0.0, screen.width or 0), default=None)


def _timing(block: bytes) -> tuple[int | None, int | None, tuple[int, int] | None]:
    """Resolution and size in mm of the first detailed timing, which is the preferred one; the size may be absent."""
    if not block[0] and not block[1]:
        return None, None, None
    width, height = block[2] | (block[4] >> 4) << 8, block[5] | (block[7] >> 4) << 8
    size = (block[12] | (block[14] >> 4) << 8, block[13] | (block[14] & 15) << 8)
    return width or None, height or None, size if size[0] and size[1] else None
