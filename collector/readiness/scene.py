"""A unit's facts at one instant: who reports, who is silent, and what each device last said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from checks.kit.model import Outcome, Reason, Result, Scalar
from collector.readiness.model import Bucket, DeviceFacts, Evidence, UnitFacts, Verdict
from collector.readiness.profile import AGE, CLOCK_OFFSET, Freshness, Kind, Requirement, years_owned
from collector.tally import BUCKET_SECONDS

RANK = {Verdict.NOT_READY: 0, Verdict.UNKNOWN: 1, Verdict.AT_RISK: 2, Verdict.READY: 3}
"""Worst first. UNKNOWN stands where Kleene's logic puts it in a conjunction: only a known fault outweighs it."""

UNMEASURED = frozenset(
    {
        Reason.PERMISSION, Reason.UNSUPPORTED, Reason.BAD_PARAMS, Reason.DEADLINE, Reason.CHILD_CRASHED,
        Reason.CHILD_HUNG, Reason.CHILD_GARBAGE, Reason.CHILD_MEMORY, Reason.INTERNAL, Reason.READER_REDIRECTED,
    }
)  # fmt: skip
"""Reasons of runs that measured nothing: they count neither for nor against."""


class Scene:
    """Only active devices are part of it, in the order of their ids."""

    def __init__(self, facts: UnitFacts, freshness: Freshness, now: int) -> None:
        self.facts, self.freshness, self.now = facts, freshness, now
        self.devices = sorted((d for d in facts.devices if d.status == "active"), key=lambda device: device.id)
        self.reporting = sum(not self.is_silent(device) for device in self.devices)
        self._present = Counter(device.role for device in self.devices)
        self.expected = max(facts.expected, sum(self._expected(role) for role in {*facts.stations, *self._present}))
        self._buckets: dict[tuple[int, bool], list[Bucket]] = {}
        self._roles = {target.id: target.roles for target in facts.targets if target.roles}

    def asks(self, device: DeviceFacts, target: str) -> bool:
        """Whether a device of this role measures `target`."""
        return target not in self._roles or device.role in self._roles[target]

    def is_silent(self, device: DeviceFacts) -> bool:
        return device.last_seen is None or self.now - device.last_seen > self.freshness.lost_contact

    @property
    def coverage(self) -> float:
        return self.reporting / self.expected if self.expected else 0.0

    @property
    def last_seen(self) -> int | None:
        return max((device.last_seen for device in self.devices if device.last_seen is not None), default=None)

    def of_roles(self, roles: tuple[str, ...]) -> tuple[list[DeviceFacts], int]:
        """The devices in one of `roles` (all when empty), and how many are expected."""
        if not roles:
            return self.devices, self.expected
        found = [device for device in self.devices if device.role in roles]
        return found, sum(self._expected(role) for role in roles)

    def _expected(self, role: str) -> int:
        """As many as the roster names, or as there are: a device whose station nobody has named stands at one."""
        return max(self.facts.stations.get(role, 0), self._present[role])

    def buckets(self, window: int, office_hours: bool) -> list[Bucket]:
        """The half-hours of a window that ends with the newest result, so that silence alone moves nothing out."""
        if (window, office_hours) not in self._buckets:
            end = min(self.now, self.last_seen if self.last_seen is not None else self.now)
            first, last = (end - window) / 1_000_000 - BUCKET_SECONDS, self.now / 1_000_000
            self._buckets[window, office_hours] = [
                bucket
                for bucket in self.facts.buckets
                if first < bucket.start <= last and (bucket.office or not office_hours)
            ]
        return self._buckets[window, office_hours]


class Seen(Struct):
    """What a device last said of a target. ``current`` is false when that no longer speaks for the present."""

    part: Evidence
    current: bool

    @property
    def is_known(self) -> bool:
        return self.current and self.part.state is not Verdict.UNKNOWN

    @property
    def was_bad(self) -> bool:
        return not self.current and self.part.state in (Verdict.NOT_READY, Verdict.AT_RISK)

    def shown(self, scene: Scene) -> Evidence:
        """The evidence as it stands now: what is no longer current says nothing, but keeps its last value."""
        if self.current or self.part.at is None:
            return self.part
        silent = any(device.id == self.part.subject and scene.is_silent(device) for device in scene.devices)
        self.part.state, self.part.reason = Verdict.UNKNOWN, "lost_contact" if silent else "too_old"
        return self.part


def expires(requirement: Requirement, result: Result) -> int:
    """The last instant (µs) at which `result`, whose time is on the collector's clock, speaks for the present."""
    return result.at + requirement.max_age


def see(requirement: Requirement, scene: Scene, device: DeviceFacts, targets: list[str]) -> list[Seen]:
    """What `device` last said of each target; nothing of a subject that does not exist there, or is not asked."""
    if requirement.check == "agent":
        return [_agent(requirement, scene, device)]
    if device.purchased is not None and f"{requirement.check}.{requirement.name}" == AGE:
        return [_bought(requirement, scene, device, device.purchased)]
    asked = (target for target in targets if scene.asks(device, target))
    found = ((target, device.results.get((requirement.check, target))) for target in asked)
    return [
        _result(requirement, scene, device, target, result)
        for target, result in found
        if result is None or result.outcome is not Outcome.NOT_APPLICABLE
    ]


def worst_first(parts: Iterable[Evidence], requirement: Requirement) -> list[Evidence]:
    sign = 1.0 if requirement.higher_is_better else -1.0

    def key(part: Evidence) -> tuple[int, float, str, str]:
        number = part.value if isinstance(part.value, int | float) else 0.0
        return RANK[part.state], sign * number, part.subject, part.target

    return sorted(parts, key=key)


def _agent(requirement: Requirement, scene: Scene, device: DeviceFacts) -> Seen:
    part = Evidence(subject=device.id, state=Verdict.UNKNOWN, at=device.last_seen)
    offset = device.clock_offset if requirement.name == CLOCK_OFFSET else None
    _band(requirement, part, None if offset is None else abs(offset), "unknown_value")
    return Seen(part, not scene.is_silent(device))


def _bought(requirement: Requirement, scene: Scene, device: DeviceFacts, purchased: int) -> Seen:
    """The age by the roster, whatever the device makes of it: new firmware, or an old disk in a new PC."""
    part = Evidence(subject=device.id, state=Verdict.UNKNOWN, at=device.last_seen, basis="purchase_date")
    _band(requirement, part, years_owned(purchased, scene.now), "unknown_value")
    return Seen(part, not scene.is_silent(device))


def _result(requirement: Requirement, scene: Scene, device: DeviceFacts, target: str, result: Result | None) -> Seen:
    part = Evidence(subject=device.id, target=target, state=Verdict.UNKNOWN)
    if result is None:
        part.reason = "no_samples"
        return Seen(part, not scene.is_silent(device))
    part.at = result.at
    if requirement.kind is not Kind.RUNS:
        _band(requirement, part, _value(requirement, result), result.reason or "unknown_value")
    elif result.outcome is Outcome.ERROR:
        part.reason = result.reason or "unknown_value"
    else:
        part.samples, part.reason = 1, result.reason
        part.state = Verdict.READY if result.outcome is Outcome.OK else Verdict.NOT_READY
    return Seen(part, not scene.is_silent(device) and scene.now <= expires(requirement, result))


def _value(requirement: Requirement, result: Result) -> Scalar:
    if requirement.kind is Kind.FACT:
        return result.facts.get(requirement.name)
    for sample in result.samples:
        if sample.name == requirement.name and sample.labels == requirement.labels:
            return sample.value
    return None


def _band(requirement: Requirement, part: Evidence, value: Scalar, blank: str) -> None:
    shown = requirement.shown(value)
    part.value = shown
    if shown is None:
        part.reason = blank
        return
    part.samples = 1
    part.state = requirement.judge(shown)
    part.reason = "" if part.state is Verdict.READY else "threshold"
