"""A requirement's state as the facts have it, and how the parts of it become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from checks.kit.model import Scalar
from collector.readiness.interval import Interval, judged, verdict
from collector.readiness.model import Evidence, Verdict
from collector.readiness.profile import Requirement
from collector.readiness.said import Entry, why, worst_first
from collector.readiness.scene import RANK, Scene
from collector.readiness.values import Subject


class Judged(Struct, kw_only=True):
    """``low`` and ``high`` are the ends of what the value may be. ``against`` says that something which was measured,
    now or by someone who is silent since, is not ready: no approval goes against that."""

    state: Verdict
    value: float | str | None = None
    samples: int = 0
    coverage: float = 0.0
    reason: str = ""
    evidence: list[Evidence] = field(default_factory=list)
    counts: dict[Verdict, int] = field(default_factory=dict)
    low: Scalar = None
    high: Scalar = None
    against: bool = False


class Row(Struct):
    """One of several wholes that a requirement is judged by: its evidence, its interval, the share of devices known."""

    part: Evidence
    interval: Interval
    known: float = 0.0


def whole(
    line: Requirement, found: Interval, *, samples: int, target: str = "", part: str = "", state: Verdict | None = None
) -> Evidence:
    """A target, a role or the unit as one; `state` where it is not what the interval says."""
    if state is None:
        state = verdict(line, found)
    reason = "" if state is Verdict.READY or state is Verdict.UNKNOWN else "threshold"
    return Evidence(
        subject="", target=target, part=part, state=state, value=found.value, samples=samples, reason=reason
    )


def joined(
    line: Requirement, rows: list[Row], singles: list[Evidence], counts: dict[Verdict, int], *, full: bool
) -> Judged:
    """The worst row is the requirement's state; its evidence are the rows, then single devices."""
    if not rows:
        return Judged(state=Verdict.UNKNOWN, reason="no_samples")
    first = rows[0]
    ordered = [first.part]
    if len(rows) > 1:
        ordered = worst_first([row.part for row in rows], line)
        first = next(row for row in rows if row.part is ordered[0])
    value = first.part.value
    return Judged(
        state=first.part.state,
        value=value,
        samples=first.part.samples,
        coverage=min([row.known for row in rows]),
        reason=first.part.reason,
        evidence=(ordered if full else shortened(ordered)) + singles,
        counts=counts or tallied([row.part for row in rows]),
        low=first.interval.low,
        high=first.interval.high,
        against=any(is_against(line, row.interval) for row in rows),
    )


def is_against(line: Requirement, found: Interval) -> bool:
    return found.said is not None and judged(line, found.said) is not Verdict.READY


def shortened(ordered: list[Evidence]) -> list[Evidence]:
    """What is not ready, and the worst that is. `ordered` is worst first: what is ready stands last."""
    ready = sum([part.state is Verdict.READY for part in ordered])
    return ordered[: len(ordered) - ready + 1] if ready else ordered


def tallied(parts: Iterable[Evidence]) -> dict[Verdict, int]:
    """How many are in each state, worst state first."""
    states = [part.state for part in parts]
    return {state: states.count(state) for state in RANK if state in states}


def blank(subject: Subject, scene: Scene, entries: Iterable[Entry]) -> str:
    """Why nothing is known: what most of those that do not count give as their reason."""
    reasons: dict[str, int] = {}
    for entry in entries:
        reason = why(subject, scene, entry)
        reasons[reason] = reasons.get(reason, 0) + 1
    return most_common(reasons) or "low_coverage"


def most_common(reasons: Mapping[str, int]) -> str:
    """The first by name of the most common."""
    if len(reasons) < 2:
        return next(iter(reasons), "")
    return min(reasons, key=lambda reason: (-reasons[reason], reason))
