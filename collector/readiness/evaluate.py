"""Judges a unit. Pure: the same profile, facts, instant and past give the same verdict.

Kleene's logic over the mandatory requirements: one that is not ready decides, whatever else is unknown; else one
that is unknown, or too few devices reporting, leaves the unit unknown; else one at risk; else the unit is ready.
A unit of which no device reports is unknown, whatever its past. Where too few report, no requirement is to blame.
"""

from __future__ import annotations

from collections.abc import Iterator

from collector.readiness import hold, text
from collector.readiness.hold import Held
from collector.readiness.judge import Judged, judge
from collector.readiness.model import RequirementState, Silence, UnitFacts, UnitVerdict, Verdict
from collector.readiness.profile import Profile, Requirement
from collector.readiness.scene import Scene, expires

ORDER = (Verdict.NOT_READY, Verdict.UNKNOWN, Verdict.AT_RISK)


def evaluate(profile: Profile, facts: UnitFacts, now: int, previous: UnitVerdict | None) -> UnitVerdict:
    """The verdict on the unit at `now` (µs). `previous` carries hold times, and since when a state lasts."""
    scene = Scene(facts, profile.freshness, now)
    silence, silent_since = _silence(scene)
    past = {state.id: state for state in previous.requirements} if previous else {}
    requirements = [_state(line, scene, silence, past.get(line.id)) for line in profile.requirements]
    enough = scene.coverage >= profile.coverage
    verdict = _verdict(requirements, enough=enough, silent=silence is not None)
    decided = enough or verdict is Verdict.NOT_READY
    return UnitVerdict(
        unit=facts.unit,
        verdict=verdict,
        at=now,
        since=previous.since if previous and previous.verdict is verdict else now,
        profile=profile.name,
        expected=scene.expected,
        reporting=scene.reporting,
        silence=silence,
        silent_since=silent_since,
        last_seen=scene.last_seen,
        deciding=[line.id for line in requirements if decided and not silence and _decides(line, verdict)],
        requirements=requirements,
    )


def next_change(profile: Profile, facts: UnitFacts, verdict: UnitVerdict) -> int | None:
    """The earliest µs after ``verdict.at`` at which time alone, without any new result, may change the verdict."""
    return min((at for at in _changes(profile, facts, verdict) if at > verdict.at), default=None)


def _changes(profile: Profile, facts: UnitFacts, verdict: UnitVerdict) -> Iterator[int]:
    for device in facts.devices:
        if device.status != "active" or device.last_seen is None:
            continue
        yield device.last_seen + profile.freshness.lost_contact + 1
        yield device.last_seen + profile.freshness.no_data + 1
        for line in profile.requirements:
            if line.window == 0:
                yield from (
                    expires(line, result) + 1 for (check, _), result in device.results.items() if check == line.check
                )
    holds = {line.id: line.hold for line in profile.requirements}
    for state in verdict.requirements:
        if state.pending is not None and state.id in holds:
            yield from (state.pending_since + wait for wait in (holds[state.id].up, holds[state.id].down))


def _silence(scene: Scene) -> tuple[Silence | None, int | None]:
    if not scene.devices:
        return Silence.NEVER_ENROLLED, None
    if scene.last_seen is None:
        return Silence.NO_DATA, min(device.enrolled_at for device in scene.devices)
    quiet = scene.now - scene.last_seen
    if quiet > scene.freshness.no_data:
        return Silence.NO_DATA, scene.last_seen
    return (Silence.LOST_CONTACT, scene.last_seen) if quiet > scene.freshness.lost_contact else (None, None)


def _state(line: Requirement, scene: Scene, silence: Silence | None, past: RequirementState | None) -> RequirementState:
    judged = judge(line, scene)
    if silence is not None:
        judged.state, judged.reason = Verdict.UNKNOWN, silence.value
    held = hold.advance(_held(past), judged.state, line.hold, scene.now)
    return RequirementState(
        id=line.id,
        title=line.title,
        mandatory=line.mandatory,
        state=held.shown,
        since=past.since if past and past.state is held.shown else scene.now,
        value=judged.value,
        unit=line.unit,
        need=text.need(line.ready.op, line.ready.limit, line.unit, "vi"),
        source=line.source,
        samples=judged.samples,
        coverage=judged.coverage,
        reason=_reason(judged, held),
        remedy=line.remedy,
        procure=line.procure,
        evidence=judged.evidence,
        held=held.last,
        pending=held.pending,
        pending_since=held.pending_since,
    )


def _held(past: RequirementState | None) -> Held | None:
    """Where the hold time stands. A past that was restored from transitions knows only what was shown."""
    if past is None:
        return None
    last = past.held or (None if past.state is Verdict.UNKNOWN else past.state)
    return Held(shown=past.state, last=last, pending=past.pending, pending_since=past.pending_since)


def _reason(judged: Judged, held: Held) -> str:
    """The judged reason; while a better state waits, that it does."""
    waits = held.shown is not judged.state and held.shown is not Verdict.READY
    return (
        "holding"
        if waits
        else ("" if held.shown is Verdict.READY and judged.state is not held.shown else judged.reason)
    )


def _verdict(requirements: list[RequirementState], *, enough: bool, silent: bool) -> Verdict:
    states = {line.state for line in requirements if line.mandatory}
    if silent:
        return Verdict.UNKNOWN
    if not enough:
        states.add(Verdict.UNKNOWN)
    return next((state for state in ORDER if state in states), Verdict.READY)


def _decides(line: RequirementState, verdict: Verdict) -> bool:
    return line.mandatory and line.state is verdict and verdict is not Verdict.READY
