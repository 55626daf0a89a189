"""Counts and distributions that add up: what a unit's half-hours are stored as.

A sketch is a histogram with logarithmic bins: every quantile it gives is within 1 % of a value that was seen
(DDSketch: Masson, Rim, Lee, VLDB 2019, without its collapsing: network times span few bins). Two sketches
merge by adding their bins, so half-hours add up to days, and devices to units, without loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate

import msgspec
from msgspec import Struct, field

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
SMALLEST = 1e-9
BUCKET_SECONDS = 1800
_log, _ceil = math.log, math.ceil
_per_bin = 1 / math.log(GAMMA)


class Sketch(Struct, array_like=True, gc=False):
    """A distribution of non-negative values. ``zeros`` counts values below SMALLEST."""

    zeros: int = 0
    bins: dict[int, int] = field(default_factory=dict)

    def add(self, value: float) -> None:
        """Counts `value`; below SMALLEST, and below zero, it counts as zero."""
        if value < SMALLEST:
            self.zeros += 1
        else:
            bins, index = self.bins, _ceil(_log(value) * _per_bin)
            bins[index] = bins.get(index, 0) + 1

    def merge(self, other: Sketch) -> None:
        self.zeros += other.zeros
        for index, count in other.bins.items():
            self.bins[index] = self.bins.get(index, 0) + count

    @property
    def count(self) -> int:
        return self.zeros + sum(self.bins.values())

    def quantile(self, q: float) -> float | None:
        """The nearest-rank quantile, 0 ≤ q ≤ 1, within ACCURACY: the least value that q·n of the n values do not
        exceed. None without values."""
        count = self.count
        if not count:
            return None
        rank = max(1, _ceil(q * count - 1e-9))  # 0.95 is a little more than 95 hundredths in binary
        seen = self.zeros
        if rank <= seen:
            return 0.0
        for index in sorted(self.bins):
            seen += self.bins[index]
            if rank <= seen:
                break
        return float(2 * GAMMA**index / (GAMMA + 1))


class Ranks(Struct, frozen=True, gc=False):
    """A sketch put in order, for many questions: ``upto[i]`` of its values lie in the bins before ``places[i]``, the
    last number being of all bins, and ``zeros`` below them all."""

    zeros: int
    bins: dict[int, int]
    places: list[int]
    upto: list[int]

    @property
    def count(self) -> int:
        return self.zeros + self.upto[-1]


def ranked(sketch: Sketch) -> Ranks:
    """A sketch that was merged has its bins in order; one that is still added to, as they came."""
    bins = sketch.bins
    places = list(bins)
    ordered = sorted(places)
    counts = bins.values() if places == ordered else map(bins.__getitem__, ordered)
    return Ranks(sketch.zeros, bins, ordered, list(accumulate(counts, initial=0)))


class Tally(Struct, array_like=True, gc=False):
    """What one job of one unit came to: runs, runs that were OK, runs by reason, distributions by series key."""

    runs: int = 0
    ok: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    sketches: dict[str, Sketch] = field(default_factory=dict)

    def merge(self, other: Tally) -> None:
        self.runs += other.runs
        self.ok += other.ok
        for reason, count in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count
        for key, sketch in other.sketches.items():
            self.sketches.setdefault(key, Sketch()).merge(sketch)


Jobs = dict[str, Tally]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Jobs).decode


def job_key(check: str, target: str) -> str:
    """``check|target``, the key of :data:`Jobs`."""
    return f"{check}|{target}"


def series_key(metric: str, labels: dict[str, str]) -> str:
    """``metric|label=value|…`` with labels by name, the key of ``Tally.sketches``."""
    return "|".join([metric, *(f"{name}={labels[name]}" for name in sorted(labels))])


def listed_series(metric: str, names: tuple[str, ...], labels: dict[str, str]) -> str | None:
    """The :func:`series_key` of `labels` when they are exactly `names` (ascending), else None."""
    if len(names) != len(labels):
        return None
    key = metric
    for name in names:
        value = labels.get(name)
        if value is None:
            return None
        key = f"{key}|{name}={value}"
    return key


def bucket_of(at: int) -> int:
    """The half-hour that `at` (µs) falls in, as the epoch second it starts."""
    return at // (BUCKET_SECONDS * 1_000_000) * BUCKET_SECONDS


def encode(jobs: Jobs) -> bytes:
    return _encode(jobs)


def decode(blob: bytes) -> Jobs:
    return _decode(blob)


def merged(parts: Iterable[Jobs]) -> Jobs:
    """All of `parts` added up, the bins in order; none of them is changed."""
    total: Jobs = {}
    for part in parts:
        for key, tally in part.items():
            total.setdefault(key, Tally()).merge(tally)
    for tally in total.values():
        for sketch in tally.sketches.values():
            sketch.bins = dict(sorted(sketch.bins.items()))
    return total
