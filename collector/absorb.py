"""What a batch changes: newest results, half-hours, how far the numbers go. No I/O here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct, field

from checks.kit.model import Outcome, Result
from checks.kit.wire import Batch, Gap
from collector.drift import observe
from collector.evidence.model import KEPT_OUTCOMES, MEASURED, Taken
from collector.store.cursor import Cursor, admit
from collector.store.states import Latest, State
from collector.tally import Jobs, Sketch, Tally, bucket_of, job_key, listed_series

CLOCK_TOLERANCE = 2_000_000  # µs; below it the device's own time is kept (faults.md, goal 7)
OLDEST = 45 * 86_400_000_000  # µs; a spool keeps 30 days, so what claims more has no usable time
MAX_RESULTS = 256
MAX_EPOCHS = 256  # an agent has one for each reinstallation and each file a technician carried away
MAX_SKETCHES = 64
NEVER = 2**63 - 1  # µs; no result is as old


class Known(Protocol):
    """What this collector has configured, as far as ingest must know it."""

    def jobs(self, unit: str, role: str) -> frozenset[str]:
        """Keys (:func:`job_key`) of the jobs a device of this role runs in this unit."""
        ...

    @property
    def distributions(self) -> dict[str, tuple[str, ...]]:
        """Metrics whose quantiles are kept, with their label names, ascending."""
        ...


class Push(Struct, frozen=True, gc=False):
    """A verified batch, whose device stands in this unit. ``raws`` are its results as they were sent. One that was
    ``carried`` here as a file may have been under way for days: when it came tells nothing of the device's clock."""

    batch: Batch
    raws: list[bytes]
    unit: str
    role: str
    counts: bool
    received_at: int
    carried: bool = False


class Absorbed(Struct):
    """What became of a push. ``measured`` are fresh results kept one by one, ``onward`` those to be sent on."""

    fresh: int = 0
    duplicates: int = 0
    unlisted: int = 0
    retimed: int = 0
    gaps: list[Gap] = field(default_factory=list)
    measured: list[Taken] = field(default_factory=list)
    onward: list[Taken] = field(default_factory=list)


def absorb(
    state: State, push: Push, known: Known, jobs_at: Callable[[str, int], Jobs], onward: int = NEVER
) -> Absorbed:
    """Takes `push` into `state` and into the half-hours that `jobs_at` (unit, start) hands out. Results that count and
    are `onward` (µs) old or older are handed back to be sent on.

    Raises TooManyHoles, before anything is changed. Idempotent: a batch taken twice changes nothing more.
    """
    batch = push.batch
    done = Absorbed()
    held = state.cursors.get(batch.epoch, Cursor())
    position = Cursor(held.low, list(held.ahead))
    fresh, done.gaps = admit(position, [result.seq for result in batch.results], batch.oldest, batch.gaps)
    state.cursors.pop(batch.epoch, None)  # the epoch used last stands last
    state.cursors[batch.epoch] = position
    while len(state.cursors) > MAX_EPOCHS:
        del state.cursors[next(iter(state.cursors))]
    offset = 0 if push.carried else batch.sent_at - push.received_at
    _touch(state, push, offset)
    listed = known.jobs(push.unit, push.role)
    for result, raw in zip(batch.results, push.raws, strict=True):
        if result.seq not in fresh:
            done.duplicates += 1
            continue
        fresh.discard(result.seq)
        done.fresh += 1
        at = _time(result, push, offset)
        done.retimed += at != result.at
        _keep(state, batch.epoch, result, at, raw)
        if result.check in MEASURED and result.outcome in KEPT_OUTCOMES:
            done.measured.append(Taken(batch.agent, push.unit, result, at, raw, push.counts))
        if (key := job_key(result.check, result.target)) not in listed:
            done.unlisted += 1
        elif push.counts and at > push.received_at - OLDEST:
            _count(jobs_at(push.unit, bucket_of(at)), key, result, known.distributions)
            if push.received_at - at >= onward:
                done.onward.append(Taken(batch.agent, push.unit, result, at, raw, True))
    return done


def _touch(state: State, push: Push, offset: int) -> None:
    if push.carried and state.last_received is not None:
        return
    if not push.carried:
        state.drift = observe(state.drift, push.received_at / 1e6, offset / 1e6, push.batch.boot == state.boot)
        state.clock_offset = offset / 1e6
    state.boot, state.version, state.health = push.batch.boot, push.batch.version, push.batch.health
    state.last_received = push.received_at


def _time(result: Result, push: Push, offset: int) -> int:
    """When `result` was taken, on the collector's clock (µs).

    Inside the boot that sent the batch, the device's monotonic clock gives the age exactly, however wrong its wall
    clock is. A result of an earlier boot keeps its own time. Nothing was taken in the future.
    """
    at = result.at
    if abs(offset) > CLOCK_TOLERANCE and result.boot == push.batch.boot:
        at = push.received_at - (push.batch.sent_mono - result.mono)
    return max(0, min(at, push.received_at)) if at > push.received_at + CLOCK_TOLERANCE or at < 0 else at


def _keep(state: State, epoch: int, result: Result, at: int, raw: bytes) -> None:
    state.last_seen = at if state.last_seen is None else max(at, state.last_seen)
    key = job_key(result.check, result.target)
    held = state.results.get(key)
    if held is None and len(state.results) >= MAX_RESULTS:
        del state.results[min(state.results, key=lambda name: state.results[name].at)]
    if held is None or _newer(held, epoch, result.seq, at):
        state.results[key] = Latest(epoch, result.seq, at, raw)


def _newer(held: Latest, epoch: int, seq: int, at: int) -> bool:
    """Inside an epoch the numbers say which of two results is newer, whatever the clock did; between epochs, a spool's
    and a technician's file's, only the time can."""
    return held.seq < seq if held.epoch == epoch else held.at <= at


def _count(jobs: Jobs, key: str, result: Result, distributions: dict[str, tuple[str, ...]]) -> None:
    tally = jobs.get(key)
    if tally is None:
        tally = jobs[key] = Tally()
    tally.runs += 1
    if result.outcome is Outcome.OK:
        tally.ok += 1
    else:
        reason = result.reason or result.outcome.value
        tally.reasons[reason] = tally.reasons.get(reason, 0) + 1
    sketches = tally.sketches
    for sample in result.samples:
        names = distributions.get(sample.name)
        if names is None or (series := listed_series(sample.name, names, sample.labels)) is None:
            continue
        sketch = sketches.get(series)
        if sketch is None:
            if len(sketches) >= MAX_SKETCHES:
                continue
            sketch = sketches[series] = Sketch()
        sketch.add(sample.value)
