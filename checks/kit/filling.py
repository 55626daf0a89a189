"""How fast a volume fills, from what was free on past days: a bounded series of points, and a robust trend.

The trend is the Theil-Sen slope (median of the slopes between all pairs of points; Sen 1968, JASA 63:1379), which up to
29 % of outliers do not move, believed only where Mann and Kendall's test (Kendall 1975, §4) is 95 % sure that there is
a trend at all: volumes breathe, and a few large files that come and go prove nothing.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Annotated, Literal

from msgspec import Meta, Struct

MOST = 60
APART = 5.5 * 3600  # seconds; the check comes every 6 h, give or take
SPAN = 3 * 86400.0
OLDEST = 90 * 86400
FIRST_PLAUSIBLE = 1_735_689_600  # 2025-01-01: a clock that says less has lost its battery
MIB = 1 << 20
_SURE = 1.96  # two-sided 95 %
_FAR = 3650 * 86400.0  # a volume that takes ten years is not filling
_CLEANED = 0.02  # of the size: a jump of free space that no trend explains

Point = tuple[Annotated[int, Meta(ge=0, le=2**40)], Annotated[int, Meta(ge=0, le=2**40)]]
"""When, in seconds since 1970, and what was free then, MiB."""
Points = Annotated[list[Point], Meta(max_length=MOST)]


class Trend(Struct, frozen=True):
    """``state`` is filling, steady (no trend, emptying, or full in more than ten years) or unknown (too few points).
    When filling: bytes per second, and the seconds until nothing is free."""

    state: Literal["filling", "steady", "unknown"] = "unknown"
    rate: float | None = None
    seconds: float | None = None


def extended(points: list[Point], now: float, free: int, size: int) -> list[Point]:
    """`points` with what is `free` (bytes) at `now` (epoch seconds).

    One point per APART; a volume that was cleaned up starts anew: what was freed says nothing of how fast it fills.
    What lies in the future was written under a wrong clock and goes, unless this clock is the wrong one: then nothing
    changes.
    """
    if now < FIRST_PLAUSIBLE:
        return points
    kept = [point for point in points if now - OLDEST <= point[0] <= now]
    if kept and now - kept[-1][0] < APART:
        return kept
    if kept and free - kept[-1][1] * MIB > max(_CLEANED * size, 64 * MIB):
        kept = []
    return [*kept, (int(now), free // MIB)][-MOST:]


def trend(points: list[Point], free: int) -> Trend:
    """The trend of `points`, and when the `free` bytes of now will be gone."""
    if len(points) < 4 or points[-1][0] - points[0][0] < SPAN:
        return Trend()
    pairs = combinations(points, 2)
    slope = _median(sorted((b[1] - a[1]) * MIB / (b[0] - a[0]) for a, b in pairs if b[0] > a[0]))
    if slope >= 0 or not _falls(points) or free / -slope > _FAR:
        return Trend("steady")
    return Trend("filling", -slope, free / -slope)


def _median(ordered: list[float]) -> float:
    # statistics.median would import fractions, decimal and random into every process that loads this
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _falls(points: list[Point]) -> bool:
    """Whether the points fall beyond chance. Ties are left in the variance, which only makes it harder to believe."""
    score = sum((a[1] > b[1]) - (a[1] < b[1]) for a, b in combinations(points, 2))
    count = len(points)
    spread = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    return score / spread > _SURE
