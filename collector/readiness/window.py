"""What the unit's half-hours of a window come to: runs counted, distributions added up."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from collector.readiness.interval import Interval, point
from collector.readiness.judged import Judged, Row, joined, most_common, whole
from collector.readiness.model import Bucket, Verdict
from collector.readiness.profile import QUANTILES, Band, Kind, Requirement
from collector.readiness.scene import UNMEASURED, Scene
from collector.tally import GAMMA, Ranks, job_key, series_key

Sum = tuple[float | None, int, str]
"""A value (None: none), the samples it is of, and the commonest reason of the runs that failed."""
_NOTHING = Interval(None, -math.inf, math.inf)


def judge(line: Requirement, scene: Scene, targets: list[str], need: float, full: bool) -> Judged:
    """Each target's value over the window, the worst one deciding; too few samples leave it unknown."""
    past = scene.past(line.window, line.office_hours)
    if line.kind is Kind.RUNS:
        totals = [_runs(line, past, job_key(line.check, target)) for target in targets]
    else:
        series = series_key(line.name, line.labels)
        totals = [_distribution(line, past, job_key(line.check, target), series) for target in targets]
    rows = [_row(line, total, target, need) for total, target in zip(totals, targets, strict=True)]
    found = joined(line, rows, [], {}, full=full)
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


def _runs(line: Requirement, past: list[Bucket], key: str) -> Sum:
    """Runs that measured nothing count neither way. ``count`` is of the OK ones, ``all`` of those that failed."""
    tallies = [tally for bucket in past if (tally := bucket.jobs.get(key)) is not None]
    good = sum([tally.ok for tally in tallies])
    failed: dict[str, int] = {}
    for reasons in [tally.reasons for tally in tallies if tally.reasons]:
        for reason, count in reasons.items():
            if reason not in UNMEASURED:
                failed[reason] = failed.get(reason, 0) + count
    lost = sum(failed.values())
    return _counted(line, good, lost), good + lost, most_common(failed) if failed else ""


def _counted(line: Requirement, good: int, bad: int) -> float | None:
    if not good + bad:
        return None
    if line.aggregate == "ratio":
        return line.scale * good / (good + bad)
    if line.aggregate in ("count", "all"):
        return line.scale * (good if line.aggregate == "count" else bad)
    return None


def _distribution(line: Requirement, past: list[Bucket], job: str, series: str) -> Sum:
    key = job, series
    found = [
        ranks
        for bucket in past
        if (ranks := bucket.ordered[key] if key in bucket.ordered else bucket.ranks(job, series)) is not None
    ]
    samples = sum([ranks.zeros + ranks.upto[-1] for ranks in found])
    if line.aggregate in QUANTILES:
        value = quantile(found, QUANTILES[line.aggregate], samples)
        return None if value is None else value * line.scale, samples, ""
    good = sum([_within(ranks, line.where) for ranks in found])
    return _counted(line, good, samples - good), samples, ""


def quantile(several: list[Ranks], q: float, count: int) -> float | None:
    """The quantile of `several` together, of `count` values: what :meth:`collector.tally.Sketch.quantile` gives of
    their sum. Nearly all of a window lies in one or two of them: from the largest one's own quantile it is a few bins
    to that of all, so that nothing has to be added up."""
    if not several or not count:
        return None
    rank = max(1, math.ceil(q * count - 1e-9)) - sum([ranks.zeros for ranks in several])
    if rank <= 0:
        return 0.0
    largest = max(several, key=_size)
    index = largest.places[min(max(bisect_left(largest.upto, q * largest.upto[-1]) - 1, 0), len(largest.places) - 1)]
    below = sum([ranks.upto[bisect_right(ranks.places, index)] for ranks in several])
    return float(2 * GAMMA ** _bin([ranks.bins for ranks in several], rank, index, below) / (GAMMA + 1))


def _size(ranks: Ranks) -> int:
    return len(ranks.places)


def _bin(bins: list[dict[int, int]], rank: int, index: int, below: int) -> int:
    """The least bin up to which all of `bins` hold `rank` values, from `index` on, up to which they hold `below`."""
    while below < rank:
        index += 1
        below += sum([one[index] for one in bins if index in one])
    while True:
        here = sum([one[index] for one in bins if index in one])
        if here and below - here < rank:
            return index
        below -= here
        index -= 1


def _within(total: Ranks, where: Band | None) -> int:
    """How many values lie in `where`, each taken for the middle of its bin: within the accuracy of the sketch."""
    if where is None:
        return total.count
    zeros = total.zeros if where.holds(0.0) else 0
    return zeros + sum([count for index, count in total.bins.items() if where.holds(2 * GAMMA**index / (GAMMA + 1))])
