"""Judges one requirement of one unit from its facts, before any hold time. Pure.

Devices that are silent may take away from a state, never add to it: a state that what they last said would
have made worse is not known any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from collector.readiness.model import Bucket, Evidence, Target, Verdict
from collector.readiness.profile import QUANTILES, Kind, Requirement
from collector.readiness.scene import RANK, UNMEASURED, Scene, Seen, see, worst_first
from collector.tally import Sketch, job_key, series_key


class Judged(Struct, kw_only=True):
    """A requirement's state as the facts have it now."""

    state: Verdict
    value: float | str | None = None
    samples: int = 0
    coverage: float = 0.0
    reason: str = ""
    evidence: list[Evidence] = field(default_factory=list)


def judge(requirement: Requirement, scene: Scene) -> Judged:
    """The state of `requirement` in `scene`."""
    targets = _targets(requirement, scene.facts.targets)
    if not targets:
        return Judged(state=Verdict.UNKNOWN, reason="no_targets")
    if requirement.window:
        return _over_window(requirement, scene, targets)
    if requirement.kind is Kind.RUNS:
        return _over_runs(requirement, scene, targets)
    return _over_devices(requirement, scene, targets)


def _targets(requirement: Requirement, targets: list[Target]) -> list[str]:
    if requirement.targets == "none":
        return [""]
    wanted = (target for target in targets if target.declared)
    return sorted(target.id for target in wanted if target.mandatory or requirement.targets == "all")


def _over_window(requirement: Requirement, scene: Scene, targets: list[str]) -> Judged:
    buckets = scene.buckets(requirement.window, requirement.office_hours)
    summarise = _count_runs if requirement.kind is Kind.RUNS else _quantile
    parts = [_enough(requirement, summarise(requirement, buckets, target)) for target in targets]
    judged = _worst(requirement, parts)
    judged.coverage = scene.coverage
    return judged


def _count_runs(requirement: Requirement, buckets: list[Bucket], target: str) -> Evidence:
    key = job_key(requirement.check, target)
    good, bad = 0, Counter[str]()
    for bucket in buckets:
        tally = bucket.jobs.get(key)
        if tally is not None:
            good += tally.ok
            bad.update(tally.reasons)
    failed = {reason: count for reason, count in bad.items() if reason not in UNMEASURED}
    runs = good + sum(failed.values())
    value = requirement.scale * good / runs if runs else None
    return Evidence(
        subject="", target=target, state=Verdict.UNKNOWN, value=value, samples=runs, reason=_most_common(failed)
    )


def _quantile(requirement: Requirement, buckets: list[Bucket], target: str) -> Evidence:
    job, series = job_key(requirement.check, target), series_key(requirement.name, requirement.labels)
    total = Sketch()
    for bucket in buckets:
        tally = bucket.jobs.get(job)
        sketch = tally.sketches.get(series) if tally is not None else None
        if sketch is not None:
            total.merge(sketch)
    value = requirement.shown(total.quantile(QUANTILES[requirement.aggregate]))
    return Evidence(subject="", target=target, state=Verdict.UNKNOWN, value=value, samples=total.count)


def _enough(requirement: Requirement, part: Evidence) -> Evidence:
    if not isinstance(part.value, float) or part.samples < requirement.minimum_samples:
        part.reason = "too_few_samples" if part.samples else "no_samples"
        return part
    part.state = requirement.judge(part.value)
    part.reason = "" if part.state is Verdict.READY else (part.reason or "threshold")
    return part


def _over_runs(requirement: Requirement, scene: Scene, targets: list[str]) -> Judged:
    """The share of devices whose newest run is OK, per target."""
    devices, expected = scene.of_roles(requirement.roles)
    said = {
        target: [seen for device in devices for seen in see(requirement, scene, device, [target])] for target in targets
    }
    there = {target: expected - len(devices) + len(seen) for target, seen in said.items()}
    judged = _worst(
        requirement, [_share(requirement, target, seen, there[target], scene) for target, seen in said.items()]
    )
    known = [sum(one.is_known for one in said[target]) / there[target] if there[target] else 0.0 for target in targets]
    judged.coverage = min(known)
    single = [one for seen in said.values() for one in seen if not one.is_known or one.part.state is not Verdict.READY]
    judged.evidence += worst_first([one.shown(scene) for one in single], requirement)
    return judged


def _share(requirement: Requirement, target: str, said: list[Seen], expected: int, scene: Scene) -> Evidence:
    """One target's share. Too few devices leave it unknown, unless the missing ones could not save it."""
    known = [one.part for one in said if one.is_known]
    bad = [part.reason for part in known if part.state is not Verdict.READY]
    whole = Evidence(subject="", target=target, state=Verdict.UNKNOWN, samples=len(known))
    if not known:
        whole.reason = _blank(said, scene)
        return whole
    good = len(known) - len(bad)
    whole.value = requirement.scale * good / len(known)
    whole.state = requirement.judge(whole.value)
    was_bad = [one for one in said if one.was_bad]
    if len(known) < requirement.coverage * expected:
        hopeless = requirement.judge(requirement.scale * (expected - len(bad)) / expected) is Verdict.NOT_READY
        whole.state, whole.reason = (Verdict.NOT_READY, "") if hopeless else (Verdict.UNKNOWN, _blank(said, scene))
    elif (
        was_bad and RANK[requirement.judge(requirement.scale * good / (len(known) + len(was_bad)))] < RANK[whole.state]
    ):
        whole.state, whole.reason = Verdict.UNKNOWN, _blank(was_bad, scene)
    if whole.state in (Verdict.AT_RISK, Verdict.NOT_READY):
        whole.reason = _most_common(Counter(bad))
    return whole


def _over_devices(requirement: Requirement, scene: Scene, targets: list[str]) -> Judged:
    """The worst device decides, once enough of them are known."""
    devices, expected = scene.of_roles(requirement.roles)
    said = {device.id: see(requirement, scene, device, targets) for device in devices}
    there = {device: seen for device, seen in said.items() if seen}
    everything = [one for seen in there.values() for one in seen]
    expected -= len(said) - len(there)
    if not expected:
        return _not_applicable(any(not scene.is_silent(device) for device in devices))
    known = sum(all(one.is_known for one in seen) for seen in there.values())
    judged = _worst(requirement, [one.part for one in everything if one.is_known])
    judged.coverage = known / expected if expected else 0.0
    was_bad = [one for one in everything if one.was_bad and RANK[one.part.state] < RANK[judged.state]]
    if judged.state is not Verdict.NOT_READY and (was_bad or not known or known < requirement.coverage * expected):
        judged.state, judged.value = Verdict.UNKNOWN, None
        judged.reason = _blank(was_bad or everything, scene)
    judged.samples = sum(one.part.samples for one in everything if one.is_known)
    judged.evidence = worst_first([one.shown(scene) for one in everything], requirement)
    return judged


def _not_applicable(reported: bool) -> Judged:
    """No device here has such a thing: nothing is wrong with it, once a device has said so."""
    if reported:
        return Judged(state=Verdict.READY, coverage=1.0, reason="not_applicable")
    return Judged(state=Verdict.UNKNOWN, reason="no_samples")


def _blank(said: list[Seen], scene: Scene) -> str:
    """Why nothing is known: what most of the devices that do not count give as their reason."""
    reasons = Counter(one.shown(scene).reason for one in said if not one.is_known)
    return _most_common(reasons) or "low_coverage"


def _worst(requirement: Requirement, parts: Iterable[Evidence]) -> Judged:
    ordered = worst_first(parts, requirement)
    if not ordered:
        return Judged(state=Verdict.UNKNOWN, reason="no_samples")
    first = ordered[0]
    value = first.value if isinstance(first.value, float | str) else None
    return Judged(state=first.state, value=value, samples=first.samples, reason=first.reason, evidence=ordered)


def _most_common(reasons: Mapping[str, int]) -> str:
    return min(reasons, key=lambda reason: (-reasons[reason], reason), default="")
