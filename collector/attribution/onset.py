"""Since when a part may be broken: what worked before that does not speak against it.

A system is asked every half hour, so in the first minutes of a fault most of what is known is older than it. The moment
is the one after which failures and successes differ most from those of a part that works: the change point of greatest
likelihood (Page, "Continuous Inspection Schemes", Biometrika 41, 1954), sought among the newest failures.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from collector.attribution.ground import Way
from collector.attribution.passed import Pass, moment

COST = 8.0
"""-ln of how probable it is that a part broke within the window, at one of the moments that are tried. So three
failures in a row at the least name a system, four a line, and by chance that happens once in months."""
GROWTH = 1.3
"""Each moment that is tried at first has so many times more failures after it than the one before; then all beside the
best one are."""


def onset(ways: list[Way], passed: list[Pass], rise: float) -> int | None:
    """The moment (µs) since when a part on `ways` is most probably broken, past which `passed` succeeded; None where
    that is no likelier than that it has been for the whole window. `rise` is what one explained failure gains."""
    failed = sorted(((way.last, way.failed) for way in ways), reverse=True)
    again = sorted(way.passed for way in ways if way.passed)
    if not failed or not (passed or again):
        return None
    weights = list(accumulate(weight for _, weight in failed))

    def gain(number: int) -> float:
        at = failed[number][0]
        after = len(passed) - bisect_left(passed, at, key=moment) + len(again) - bisect_left(again, at)
        return _gain(weights[number], after, rise)

    near = max(_steps(len(failed)), key=gain)
    beside = range(max(0, int(near / GROWTH) - 1), min(len(failed), int(near * GROWTH) + 2))
    best = max(beside, key=gain)
    whole = _gain(weights[-1], len(passed) + len(again), rise)
    return failed[best][0] if gain(best) > max(whole, 0.0) + COST else None


def _steps(whole: int) -> Iterator[int]:
    number = 0
    while number < whole - 1:
        yield number
        number = max(number + 1, int(number * GROWTH))
    yield whole - 1


def _gain(failed: float, worked: int, rise: float) -> float:
    """The log-likelihood ratio of a part that fails so much of what passes it, the share being the likeliest."""
    share = failed / (failed + worked)
    return failed * (rise + math.log(share)) + (worked * math.log(1 - share) if worked else 0.0)
