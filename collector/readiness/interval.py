"""What a requirement's value may be while not everything is known, and the state that follows. Pure.

Every way to make one value of several gives an interval: its ends are what comes out when those of whom nothing certain
is known turn out as badly, or as well, as they may. A state is given only where the whole interval lies in one band.

Of those silent, what they said last may still hold, or not count at all; of counts (``count``, and how many devices
report), anyone not known may count or not. Where fewer than ``coverage`` of the expected are known, anyone not known
may have any value, and only NOT_READY can be certain. So the interval only grows when someone falls silent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from collector.readiness.model import Verdict
from collector.readiness.profile import Band, Requirement


class Interval(Struct, frozen=True):
    """``value`` by what is known (None: nothing is), from ``low`` to ``high`` what it may be; ``said`` is what it would
    be if what was said last still held, and everyone else were as good as can be."""

    value: float | None
    low: float
    high: float
    said: float | None = None

    def over(self, scale: float, need: float) -> Interval:
        """Each times `scale`, divided by `need`: in this order, so that 29 of 100 are 29 % to the last digit."""
        if scale == need == 1.0:
            return self
        value, said = (None if one is None else one * scale / need for one in (self.value, self.said))
        return Interval(value, self.low * scale / need, self.high * scale / need, said)


class Shares(Struct, frozen=True):
    """How many are known to count and known not to, how many said last that they do and that they do not, and how many
    there should be in all."""

    good: int
    bad: int
    was_good: int
    was_bad: int
    expected: int

    @property
    def known(self) -> int:
        return self.good + self.bad

    def covers(self, coverage: float) -> bool:
        return self.known >= coverage * self.expected


def point(value: float) -> Interval:
    return Interval(value, value, value, value)


def ratio(shares: Shares, coverage: float, scale: float) -> Interval:
    """The share of those that know, times `scale`."""
    good, bad, known = shares.good, shares.bad, shares.known
    last = known + shares.was_good + shares.was_bad
    value = scale * good / known if known else None
    said = scale * (good + shares.was_good) / last if last else None
    if not known or not shares.covers(coverage):
        whole = max(shares.expected, last, 1)
        return Interval(value, scale * good / whole, scale * (whole - bad) / whole, said)
    worst, best = known + shares.was_bad, known + shares.was_good
    return Interval(value, scale * good / worst, scale * (good + shares.was_good) / best, said)


def count(shares: Shares, *, higher_is_better: bool) -> Interval:
    """How many count. Who is not known may."""
    unknown = max(0, shares.expected - shares.known)
    told = shares.was_good + shares.was_bad
    best = unknown - told if higher_is_better else 0
    said = shares.good + shares.was_good + max(0, best)
    return Interval(shares.good, shares.good, shares.good + unknown, said)


def failing(shares: Shares) -> Interval:
    """How many of those that know do not count; where nobody knows, any number may."""
    bad = shares.bad
    if not shares.known:
        return Interval(None, 0, math.inf, shares.was_bad if shares.was_good + shares.was_bad else None)
    return Interval(bad, bad, bad + shares.was_bad, bad + shares.was_bad)


def quantile(q: float, known: Sequence[float], last: Sequence[float], missing: int) -> Interval:
    """The nearest-rank quantile of `known`, where `last` may hold or not and `missing` more may have any value.

    Of all choices of as many of `last`, the least ones give the least quantile and the greatest ones the greatest.
    """
    if not known and not last:
        return Interval(None, -math.inf, math.inf)
    low, high = math.inf, -math.inf
    certain, ascending = sorted(known), sorted(last)
    for taken in range(len(ascending) + 1):
        low = min(low, _at(q, [*[-math.inf] * missing, *certain, *ascending[:taken]]))
        high = max(high, _at(q, [*certain, *ascending[len(ascending) - taken :], *[math.inf] * missing]))
    value = _at(q, certain) if certain else None
    both = [*certain, *ascending]
    return Interval(value, low, high, _at(q, both) if both else None)


def _at(q: float, values: Sequence[float]) -> float:
    """NaN without values, which is in no band."""
    return sorted(values)[max(1, math.ceil(q * len(values) - 1e-9)) - 1] if values else math.nan


def verdict(line: Requirement, found: Interval) -> Verdict:
    """The band in which all of the interval lies; UNKNOWN where it lies in several."""
    if found.low == found.high:
        return judged(line, found.low)
    limits = [band.limit for band in (line.ready, line.at_risk) if band is not None]
    inside = [limit for limit in limits if isinstance(limit, float | int) and found.low < limit < found.high]
    states = {judged(line, value) for value in (found.low, *inside, found.high)}
    return states.pop() if len(states) == 1 else Verdict.UNKNOWN


def judged(line: Requirement, value: Any) -> Verdict:
    """As :meth:`Requirement.judge` has it, without its cost where numbers are held against numbers."""
    ready, risk = line.ready, line.at_risk
    if type(value) is not float or type(ready.limit) is not float:
        return line.judge(value)
    if _is_in(ready, value):
        return _READY
    if risk is None:
        return _NOT_READY
    if type(risk.limit) is not float:
        return line.judge(value)
    return _AT_RISK if _is_in(risk, value) else _NOT_READY


def _is_in(band: Band, value: float) -> bool:
    limit: Any = band.limit
    if band.op == "<=":
        return bool(value <= limit)
    return bool(value >= limit) if band.op == ">=" else band.holds(value)


_READY, _AT_RISK, _NOT_READY = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY
