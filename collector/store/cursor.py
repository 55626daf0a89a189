"""How far an agent's sequence numbers are durable. Pure; the place where a duplicate is told from a new record."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct, field

from checks.kit.wire import Gap

MAX_RANGES = 512
LOST = "lost"


class TooManyHoles(Exception):
    """The agent's numbers are scattered past what is kept; it must send its backlog in order."""


class Cursor(Struct, array_like=True, gc=False):
    """Every number below ``low`` is durable or declared missing; so are the half-open ranges in ``ahead``, ascending,
    neither touching nor overlapping."""

    low: int = 1
    ahead: list[tuple[int, int]] = field(default_factory=list)

    def holds(self, number: int) -> bool:
        return number < self.low or any(start <= number < end for start, end in self.ahead)

    def missing(self, first: int, end: int) -> list[tuple[int, int]]:
        """The half-open ranges of [first, end) that are not held."""
        found: list[tuple[int, int]] = []
        at = max(first, self.low)
        for start, stop in self.ahead:
            if stop <= at:
                continue
            if start >= end:
                break
            if start > at:
                found.append((at, start))
            at = max(at, stop)
        if at < end:
            found.append((at, end))
        return found

    def add(self, first: int, end: int) -> None:
        """Holds [first, end) from now on."""
        if first <= self.low:
            self.low = max(self.low, end)
        elif first < end:
            self.ahead = _joined([*self.ahead, (first, end)])
        while self.ahead and self.ahead[0][0] <= self.low:
            self.low = max(self.low, self.ahead.pop(0)[1])


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def admit(cursor: Cursor, numbers: list[int], oldest: int, declared: list[Gap]) -> tuple[set[int], list[Gap]]:
    """Takes `numbers` into `cursor`: which of them are new, and which gaps came to light.

    A declared gap counts only where nothing is held; what lies below `oldest` and is neither held, nor sent now, nor
    declared is lost, and says so. Raises TooManyHoles; the cursor is then to be thrown away.
    """
    if numbers and not declared and oldest <= cursor.low == numbers[0] and not cursor.ahead:
        after = numbers[0] + len(numbers)
        if numbers[-1] == after - 1 and numbers == list(range(numbers[0], after)):  # in order, as nearly always
            cursor.low = after
            return set(numbers), []
    fresh: set[int] = set()
    for first, end in _joined((number, number + 1) for number in numbers):
        for start, stop in cursor.missing(first, end):
            fresh.update(range(start, stop))
        cursor.add(first, end)
    found: list[Gap] = []
    for gap in declared:
        found += _close(cursor, gap.first, gap.last + 1, gap.reason)
    found += _close(cursor, cursor.low, oldest, LOST)
    if len(cursor.ahead) > MAX_RANGES:
        raise TooManyHoles
    return fresh, found


def _close(cursor: Cursor, first: int, end: int, reason: str) -> list[Gap]:
    holes = cursor.missing(first, end)
    for start, stop in holes:
        cursor.add(start, stop)
    return [Gap(start, stop - 1, reason) for start, stop in holes]


Cursors = dict[int, Cursor]
"""An agent's cursors by epoch."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Cursors).decode


def encode(cursors: Cursors) -> bytes:
    return _encode(cursors)


def decode(blob: bytes) -> Cursors:
    return _decode(blob)
