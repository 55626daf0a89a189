"""How right this machine's clock is, as a STAMP packet says it."""

from __future__ import annotations

import ctypes
import sys

from checks.kit.stamp import ErrorEstimate, estimate

UNKNOWN = ErrorEstimate(scale=32)
"""Where the kernel tells nothing: a second, unsynchronised."""
_UNSYNCHRONISED, _FAILED = 0x0040, 5  # STA_UNSYNC, TIME_ERROR of <sys/timex.h>


class _Timex(ctypes.Structure):
    """The head of ``struct timex`` (adjtimex(2)), and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_long * 32),
    )  # fmt: skip


def describe(state: int, status: int, maximum: int) -> ErrorEstimate:
    """adjtimex's return value, and two of its fields; the most that the clock may be wrong by comes in µs."""
    right = state not in (-1, _FAILED) and not status & _UNSYNCHRONISED
    return estimate(max(maximum, 1) / 1e6, synchronised=True) if right else UNKNOWN


def own() -> ErrorEstimate:
    """Asks the kernel, which anybody may."""
    if sys.platform != "linux":
        return UNKNOWN
    found = _Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(found))
    return describe(state, found.status, found.maxerror)
