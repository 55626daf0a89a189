"""When enough has been seen to say how fast a line is, and how wrong that may be. Pure.

Received bytes become rates over equal intervals. The warm-up is cut off by the marginal standard error rule (MSER,
White 1997, Simulation 69(6)): of all tails of the series the one is kept whose standard error is least, so a slow
start goes, and so does a burst that has ended (token bucket, "PowerBoost"). Of what is kept the mean is the estimate.
Its error is bounded by Student's t over as many intervals as the autocorrelation leaves independent, plus the drift
of the fitted line over half the window: what still grows, or still falls, is not stable.

A burst that lasts longer than the test is not told from the line by any rule: see ``full_every`` of the check.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from msgspec import Struct

GRID = 0.25
"""Seconds of an interval: what a server of ndt7 tells anew during an upload."""
LEAST = 6
"""Intervals that an estimate stands on."""
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10)
"""Student's t, two-sided 95 %, by degrees of freedom from 1; past them 2.09 to 1.96, taken as 2.09."""
Point = tuple[float, float]
"""Seconds since the test began, and bytes until then."""


class Estimate(Struct, frozen=True):
    """``rate`` in what the series counts per second; ``error`` relative to it (95 %); ``start`` is the first interval
    that was used, ``count`` how many were."""

    rate: float
    error: float
    start: int
    count: int


def rates(series: Sequence[Sequence[Point]], until: float, grid: float = GRID) -> list[float]:
    """Bytes per second of all `series` together in each whole interval of `grid` seconds before `until`."""
    edges = [index * grid for index in range(int(until / grid + 1e-9) + 1)]
    totals = [0.0] * len(edges)
    for points in series:
        for index, value in enumerate(_at(points, edges)):
            totals[index] += value
    return [(after - before) / grid for before, after in itertools.pairwise(totals)]


def _at(points: Sequence[Point], edges: Sequence[float]) -> list[float]:
    """The counts of a series at `edges`, straight lines between its points; flat before the first, after the last."""
    found, index = [], 0
    for edge in edges:
        while index < len(points) and points[index][0] <= edge:
            index += 1
        if index == 0:
            found.append(0.0)
        elif index == len(points):
            found.append(points[-1][1])
        else:
            (t0, b0), (t1, b1) = points[index - 1], points[index]
            found.append(b0 + (b1 - b0) * (edge - t0) / (t1 - t0))
    return found


def estimate(found: Sequence[float], since: int = 0, least: int = LEAST) -> Estimate | None:
    """The estimate from these intervals, none before `since` used; None while there are fewer than `least`."""
    starts = range(since, len(found) - least + 1)
    if not starts:
        return None
    start = min(starts, key=lambda one: (_square(found[one:]), one))
    kept = found[start:]
    mean = sum(kept) / len(kept)
    return Estimate(mean, _error(kept, mean), start, len(kept)) if mean > 0 else None


def stable(found: Sequence[float], since: int, error: float) -> Estimate | None:
    """The estimate, once its error is within `error`."""
    best = estimate(found, since)
    return best if best and best.error <= error else None


def late(found: Sequence[float], early: int, error: float) -> float | None:
    """By how much (a share) the line gave less after a test that may stop from `early` intervals on would have stopped
    than that test would have said: a burst that outlasts it. None when too few intervals follow."""
    for count in range(early, len(found) - LEAST + 1):
        if first := stable(found[:count], 0, error):
            last = estimate(found[count:])
            return 1 - last.rate / first.rate if last else None
    return None


def _square(kept: Sequence[float]) -> float:
    """The square of the standard error of their mean, as if they were independent."""
    mean = sum(kept) / len(kept)
    return sum((one - mean) ** 2 for one in kept) / len(kept) ** 2


def _error(kept: Sequence[float], mean: float) -> float:
    count = len(kept)
    away = [one - mean for one in kept]
    squares = sum(one * one for one in away)
    if squares == 0:
        return 0.0
    # AR(1): so many of them are independent (Bayley and Hammersley 1946). What is missing in one interval and comes in
    # the next, as behind a queue, makes the mean more certain, not less; that is believed to a half
    lag = min(0.9, max(-0.5, sum(one * other for one, other in itertools.pairwise(away)) / squares))
    independent = max(2.0, count * (1 - lag) / (1 + lag))
    deviation = (squares / (count - 1)) ** 0.5
    student = _T[min(int(min(independent, count)) - 2, len(_T) - 1)]
    middle = (count - 1) / 2
    slope = sum((index - middle) * one for index, one in enumerate(away)) / sum(
        (index - middle) ** 2 for index in range(count)
    )
    return float((student * deviation / independent**0.5 + abs(slope) * middle / 2) / mean)
