"""What a check would find on a device: by its generator, or, of a check that has none yet, by what it declares."""

from __future__ import annotations

import itertools

from checks.kit.model import Check, Fact, Metric, Reading, Result, Sample, Scalar, ok
from collector.simulate import machine, network, signing
from collector.simulate.run import Generator, Run, of

GENERATORS: dict[str, Generator] = network.GENERATORS | machine.GENERATORS | signing.GENERATORS
MIDDLES = {"seconds": 0.02, "ratio": 0.3, "bytes": 1e9, "bytes_per_second": 1e7}
"""What a metric of this unit is about, where nothing better is known."""
MOST = 16
"""Samples of one metric by declaration."""


def result(check: Check, run: Run, *, seq: int, boot: str, booted: int) -> Result | None:
    """The result with the number `seq`, in the boot `boot` that began at `booted` (µs). None where nothing is measured:
    a test of speed over a line that is down gets no lease."""
    if check.name in network.LINES and run.is_cut_off:
        return None
    found = reading(check, run)
    took = run.around(0.05, 0.8) * 1e6
    return Result(
        seq=seq, check=check.name, target=run.target, outcome=found.outcome, reason=found.reason or "",
        detail=found.detail, at=run.at, mono=max(0, run.at - booted), boot=boot, took=round(took),
        samples=found.samples, facts=found.facts,
    )  # fmt: skip


def reading(check: Check, run: Run) -> Reading:
    """What `check` finds."""
    generator = GENERATORS.get(check.name)
    return generator(run) if generator else _declared(check, run)


def _declared(check: Check, run: Run) -> Reading:
    """A reading of each metric and fact that `check` declares."""
    samples = tuple(sample for metric in check.metrics for sample in _samples(metric, run))
    return ok(samples, {fact.name: _fact(fact, run) for fact in check.facts})


def _samples(metric: Metric, run: Run) -> list[Sample]:
    """One for each combination of its labels' words; words do not say whose they are, so only one label has them."""
    if not metric.labels:
        return [of(metric.name, run.around(MIDDLES.get(metric.unit, 1.0)))]
    words = [word for word in metric.words if not word.isdigit()] or ["x"]
    combined = itertools.islice(itertools.product(words, repeat=len(metric.labels)), MOST)
    return [
        of(metric.name, run.around(MIDDLES.get(metric.unit, 1.0)), **dict(zip(metric.labels, values, strict=True)))
        for values in combined
    ]


def _fact(fact: Fact, run: Run) -> Scalar:
    if fact.words:
        return next(iter(fact.words))
    return run.seconds // 86_400 * 86_400 if fact.unit == "timestamp" else 1
