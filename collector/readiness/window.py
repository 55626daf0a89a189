"""What the unit's half-hours of a window come to: runs counted, distributions added up."""

from __future__ import annotations

import math
from collections import Counter

from collector.readiness.interval import Interval, point
from collector.readiness.judged import Judged, Row, joined, most_common, whole
from collector.readiness.model import Bucket, Verdict
from collector.readiness.profile import QUANTILES, Band, Kind, Requirement
from collector.readiness.scene import UNMEASURED, Scene
from collector.tally import GAMMA, Sketch, job_key, series_key

Sum = tuple[float | None, int, str]
"""A value (None: none), the samples it is of, and the commonest reason of the runs that failed."""
_NOTHING = Interval(None, -math.inf, math.inf)


def judge(line: Requirement, scene: Scene, targets: list[str], need: float, full: bool) -> Judged:
    """Each target's value over the window, the worst one deciding; too few samples leave it unknown."""
    buckets = scene.buckets(line.window, line.office_hours)
    summarise = _runs if line.kind is Kind.RUNS else _distribution
    found = joined(
        line, [_row(line, summarise(line, buckets, target), target, need) for target in targets], [], {}, full=full
    )
    found.coverage = scene.coverage
    return found


def _row(line: Requirement, total: Sum, target: str, need: float) -> Row:
    value, samples, reason = total
    found = _NOTHING if value is None else point(value / need)
    enough = value is not None and samples >= line.minimum_samples
    part = whole(line, found, samples=samples, target=target, state=None if enough else Verdict.UNKNOWN)
    if not enough:
        part.reason = "too_few_samples" if samples else "no_samples"
    elif part.state is not Verdict.READY:
        part.reason = reason or "threshold"
    return Row(part, found)


def _runs(line: Requirement, buckets: list[Bucket], target: str) -> Sum:
    """Runs that measured nothing count neither way. ``count`` is of the OK ones, ``all`` of those that failed."""
    key = job_key(line.check, target)
    good, bad = 0, Counter[str]()
    for bucket in buckets:
        tally = bucket.jobs.get(key)
        if tally is not None:
            good += tally.ok
            if tally.reasons:
                bad.update(tally.reasons)
    failed = {reason: count for reason, count in bad.items() if reason not in UNMEASURED}
    lost = sum(failed.values())
    return _counted(line, good, lost), good + lost, most_common(failed)


def _counted(line: Requirement, good: int, bad: int) -> float | None:
    if not good + bad:
        return None
    if line.aggregate == "ratio":
        return line.scale * good / (good + bad)
    if line.aggregate in ("count", "all"):
        return line.scale * (good if line.aggregate == "count" else bad)
    return None


def _distribution(line: Requirement, buckets: list[Bucket], target: str) -> Sum:
    job, series = job_key(line.check, target), series_key(line.name, line.labels)
    tallies = [bucket.jobs.get(job) for bucket in buckets]
    found = [sketch for tally in tallies if tally is not None and (sketch := tally.sketches.get(series)) is not None]
    samples = sum([sketch.count for sketch in found])
    if line.aggregate in QUANTILES:
        value = quantile(found, QUANTILES[line.aggregate], samples)
        return None if value is None else value * line.scale, samples, ""
    good = sum(_within(sketch, line.where) for sketch in found)
    return _counted(line, good, samples - good), samples, ""


def quantile(sketches: list[Sketch], q: float, count: int) -> float | None:
    """The quantile of all of `sketches` together, of `count` values: what :meth:`collector.tally.Sketch.quantile` gives
    of their sum. Nearly all of a window lies in one sketch or two: from the largest one's own quantile it is a few bins
    to that of all, so that nothing has to be added up."""
    largest = max(sketches, key=lambda sketch: len(sketch.bins), default=None)
    if largest is None or len(sketches) == 1 or not count:
        return largest.quantile(q) if largest else None
    rank = max(1, math.ceil(q * count - 1e-9))
    zeros = sum([sketch.zeros for sketch in sketches])
    if rank <= zeros:
        return 0.0
    index, below = _start(largest, q)
    others = [sketch.bins for sketch in sketches if sketch is not largest and sketch.bins]
    below += sum([sum([count for place, count in bins.items() if place <= index]) for bins in others])
    return float(2 * GAMMA ** _bin([largest.bins, *others], rank - zeros, index, below) / (GAMMA + 1))


def _start(sketch: Sketch, q: float) -> tuple[int, int]:
    """The bin near which to begin, and how many of the sketch's values are in it or below."""
    bins, rank = sketch.bins, q * sketch.count - sketch.zeros
    index = seen = 0
    for index in sorted(bins):
        seen += bins[index]
        if rank <= seen:
            break
    return index, seen


def _bin(bins: list[dict[int, int]], rank: int, index: int, below: int) -> int:
    """The least bin up to which all of `bins` hold `rank` values, from `index` on, up to which they hold `below`."""
    while below < rank:
        index += 1
        below += sum([one.get(index, 0) for one in bins])
    while True:
        here = sum([one.get(index, 0) for one in bins])
        if here and below - here < rank:
            return index
        below -= here
        index -= 1


def _within(total: Sketch, where: Band | None) -> int:
    """How many values lie in `where`, each taken for the middle of its bin: within the accuracy of the sketch."""
    if where is None:
        return total.count
    zeros = total.zeros if where.holds(0.0) else 0
    return zeros + sum(count for index, count in total.bins.items() if where.holds(2 * GAMMA**index / (GAMMA + 1)))
