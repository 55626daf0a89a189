"""How fast a device's clock runs away from ours, from the offset that every push shows. Pure; nothing is sent for it.

An offset is what the device's clock said when it sent a push, minus ours when it came: the true offset less the time
on the way. That time is never negative and mostly small, so of the offsets of ten minutes the greatest is the truest
(the minimum-delay filter of NTP, RFC 5905 §10), and the drift is the slope between two such points. A delay of 0.1 s
leaves an error of 170 ppm over ten minutes and of 1.2 ppm over a day.
"""

from __future__ import annotations

from msgspec import Struct

WINDOW = 600.0
"""Seconds whose greatest offset makes one point; a slope needs two points at least this far apart."""
REACH = 86_400.0
"""Seconds after which the older half of what is compared is left: crystals drift with the room's temperature."""
TOLERANCE = 1.0
SLEW = 500e-6
"""An offset this many seconds, and seconds per second, from where it was is no network's doing: the clock was set."""


class Drift(Struct, frozen=True, array_like=True, gc=False):
    """All that is kept of a device's offsets. Times are seconds on our clock, offsets seconds the device is ahead.

    ``from_`` is the point compared with, ``half`` a later one that takes its place, ``best`` the truest offset of the
    window that began at ``began``; ``odd`` counts offsets in a row that do not fit. ``ratio`` is the drift, seconds per
    second, positive for a clock that gains; None until two points are far enough apart.
    """

    from_at: float
    from_offset: float
    half_at: float
    half_offset: float
    best_at: float
    best_offset: float
    began: float
    odd: int = 0
    ratio: float | None = None


def observe(held: Drift | None, at: float, offset: float, same_boot: bool) -> Drift:
    """What is known after a push that came at `at` with `offset`. A new boot, and a clock that was set, start afresh;
    one offset that does not fit is let pass, for a push may have been held up, two in a row are believed."""
    if held is None or not same_boot or at < held.began:
        return Drift(at, offset, at, offset, at, offset, at)
    apart = offset - held.best_offset
    if abs(apart) > TOLERANCE + SLEW * (at - held.best_at):
        if held.odd:
            return Drift(at, offset, at, offset, at, offset, at)
        return _with(held, 1)
    if at - held.began < WINDOW:
        if apart < 0:
            return held if not held.odd else _with(held, 0)
        if held.from_at == held.best_at:  # still the first window, which makes the point that is compared with
            return Drift(at, offset, at, offset, at, offset, held.began, 0, None)
        return Drift(
            held.from_at, held.from_offset, held.half_at, held.half_offset, at, offset, held.began, 0, held.ratio
        )  # fmt: skip
    return _closed(held, at, offset)


def _closed(held: Drift, at: float, offset: float) -> Drift:
    """The window is over: its best offset is a point, and the next begins with this push."""
    ratio = held.ratio
    if (length := held.best_at - held.from_at) >= WINDOW:
        ratio = (held.best_offset - held.from_offset) / length
    from_at, from_offset, half_at, half_offset = held.from_at, held.from_offset, held.half_at, held.half_offset
    if half_at == from_at and length >= REACH / 2:
        half_at, half_offset = held.best_at, held.best_offset
    elif length >= REACH:
        from_at, from_offset, half_at, half_offset = half_at, half_offset, held.best_at, held.best_offset
    return Drift(from_at, from_offset, half_at, half_offset, at, offset, at, 0, ratio)


def _with(held: Drift, odd: int) -> Drift:
    return Drift(
        held.from_at, held.from_offset, held.half_at, held.half_offset, held.best_at, held.best_offset, held.began,
        odd, held.ratio,
    )  # fmt: skip
