"""Finds what is at fault in a request that is refused as a whole, by sending parts of it. No I/O here."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from msgspec import Struct

from collector.remote.answers import TOO_OLD
from collector.remote.proto import Point


class _Part(Struct, frozen=True):
    """What is to be sent next. When a lone point proves too old, so are the ``older``."""

    points: list[Point]
    older: list[Point]


class Parcel:
    """Points on their way. ``next`` gives what to send, :meth:`taken` and :meth:`refused` tell what became of it; when
    nothing is left, every point was taken or dropped.

    Parts are cut by time, the older first, so that each series stays in order. What is too old is found by asking for
    the middle: receivers keep to one limit for all series, so 3·log2(n) requests find it; a lone sample
    which is refused for anything else is found by halving in 2·log2(n).
    """

    def __init__(self, points: Sequence[Point]) -> None:
        self._parts = [_Part(sorted(points, key=itemgetter(1)), [])]

    @property
    def next(self) -> list[Point]:
        """What to send now; empty when all is done."""
        return self._parts[-1].points if self._parts else []

    def taken(self) -> int:
        """The receiver has what was sent; how many points that is."""
        part = self._parts.pop()
        self._push(part.older)
        return len(part.points)

    def refused(self, reason: str) -> int:
        """The receiver refuses what was sent; how many points are dropped for it, none while parts can be tried."""
        part = self._parts.pop()
        if len(part.points) == 1:
            if reason == TOO_OLD:
                return 1 + len(part.older)
            self._push(part.older)
            return 1
        middle = len(part.points) // 2
        if reason == TOO_OLD:
            self._push(part.points[middle + 1 :])
            self._parts.append(_Part([part.points[middle]], part.points[:middle]))
        else:
            self._push(part.points[middle:])
            self._push(part.points[:middle])
        return 0

    def age(self, floor: int) -> int:
        """Drops what of the next part is older than `floor` (ms); how many points."""
        if not self._parts or self._parts[-1].points[0][1] >= floor:
            return 0
        part = self._parts.pop()
        young = [point for point in part.points if point[1] >= floor]
        lost = len(part.points) - len(young)
        if not young:
            return lost + len(part.older)
        self._parts.append(_Part(young, part.older))
        return lost

    def _push(self, points: list[Point]) -> None:
        if points:
            self._parts.append(_Part(points, []))
