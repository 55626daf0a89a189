"""Judges a unit. Pure: the same profile, facts, instant and past give the same verdict.

Kleene's logic over the mandatory requirements: one that is not ready decides, whatever else is unknown; else one
that is unknown, or too few devices reporting, leaves the unit unknown; else one at risk; else the unit is ready.
A unit of which no device reports is unknown, whatever its past. Where too few report, no requirement is to blame.

What a person has decided is added last: a waiver takes its requirement out of the verdict and leaves its state to be
seen; an approval lets one count as ready that is unknown, unless anything that was measured speaks against it.
"""

from __future__ import annotations

from collector.readiness import hold, silence, text
from collector.readiness.changes import next_change as next_change
from collector.readiness.hold import Held
from collector.readiness.judge import judge
from collector.readiness.judged import Judged
from collector.readiness.model import RequirementState, Silence, UnitFacts, UnitVerdict, Verdict, Waiver
from collector.readiness.profile import Profile, Requirement
from collector.readiness.rows import plan_of
from collector.readiness.scene import RANK, Scene

ORDER = (Verdict.NOT_READY, Verdict.UNKNOWN, Verdict.AT_RISK)
APPROVED = "approved"


def evaluate(profile: Profile, facts: UnitFacts, now: int, previous: UnitVerdict | None) -> UnitVerdict:
    """The verdict on the unit at `now` (µs). `previous` carries hold times, and since when a state lasts.

    Requirements of other kinds of units are left out. Facts from the future are taken as of `now`, but speak for no
    longer than facts from as far in the past: see :mod:`collector.readiness.said`.
    """
    scene = Scene(facts, profile.freshness, now, plan_of(profile, facts.targets))
    quiet, since = silence.of_unit(scene.everyone, facts.calendar)
    waivers = in_force(facts, now)
    past = {state.id: state for state in previous.requirements} if previous else {}
    requirements = [
        _state(line, scene, quiet, past.get(line.id), _on(line, waivers))
        for line in profile.requirements
        if not line.kinds or facts.kind in line.kinds
    ]
    let_decide(profile, requirements)
    enough = scene.coverage >= profile.coverage
    waived = {one.requirement for one in waivers if one.kind == "waiver"}
    verdict = _verdict(requirements, waived, enough=enough, silent=is_forced(quiet))
    if verdict is Verdict.UNKNOWN and not is_forced(quiet) and _is_closed(scene, profile):
        quiet, since = Silence.OFFICE_CLOSED, facts.calendar.closed_at
    decided = (enough or verdict is Verdict.NOT_READY) and not is_forced(quiet)
    known, known_at = _known(verdict, previous, now)
    return UnitVerdict(
        unit=facts.unit,
        verdict=verdict,
        at=now,
        since=previous.since if previous and previous.verdict is verdict else now,
        profile=profile.name,
        expected=scene.expected,
        reporting=scene.reporting,
        silence=quiet,
        silent_since=since,
        last_seen=scene.last_seen,
        deciding=[line.id for line in requirements if decided and _decides(line, verdict, waived)],
        requirements=requirements,
        waivers=waivers,
        known=known,
        known_at=known_at,
    )


def is_forced(quiet: Silence | None) -> bool:
    """Whether the unit is unknown because of its silence alone."""
    return quiet is not None and quiet is not Silence.LATE


def in_force(facts: UnitFacts, now: int) -> list[Waiver]:
    """The unit's waivers and approvals that hold at `now`, the oldest first."""
    found = [one for one in facts.waivers if one.unit == facts.unit and one.holds(now)]
    return sorted(found, key=lambda one: (one.created_at, one.id))


def is_mandatory(line: Requirement, now: int) -> bool:
    return line.mandatory or (line.mandatory_from is not None and now >= line.mandatory_from)


def let_decide(profile: Profile, states: list[RequirementState]) -> None:
    """Makes mandatory what stands in for a requirement of which nothing is known, or which this unit is not asked."""
    if not any(line.mandatory_without for line in profile.requirements):
        return
    known = {state.id for state in states if state.state is not Verdict.UNKNOWN}
    instead = {
        line.id for line in profile.requirements if line.mandatory_without and line.mandatory_without not in known
    }
    for state in states:
        state.mandatory = state.mandatory or state.id in instead


def _on(line: Requirement, waivers: list[Waiver]) -> list[Waiver]:
    """Those on `line`, waivers before approvals, the one that lasts longest first."""
    if not waivers:
        return waivers
    mine = [one for one in waivers if one.requirement == line.id]
    return sorted(mine, key=lambda one: (one.kind != "waiver", -one.expires_at, one.id)) if mine else mine


def _is_closed(scene: Scene, profile: Profile) -> bool:
    return silence.closing_explains(scene.everyone, scene.expected, profile.coverage)


def _known(verdict: Verdict, previous: UnitVerdict | None, now: int) -> tuple[Verdict | None, int | None]:
    """The last verdict that was not UNKNOWN, and when it ended; nothing while something is known."""
    if verdict is not Verdict.UNKNOWN or previous is None:
        return None, None
    if previous.verdict is Verdict.UNKNOWN:
        return previous.known, previous.known_at
    return previous.verdict, now


def _state(
    line: Requirement, scene: Scene, quiet: Silence | None, past: RequirementState | None, on_it: list[Waiver]
) -> RequirementState:
    judged = judge(line, scene)
    if quiet is not None and is_forced(quiet):
        judged.state, judged.reason = Verdict.UNKNOWN, quiet.value
    held = _held(past, judged.state, line, scene.now)
    shown, reason, waiver = _decided(judged, held, on_it, silent=is_forced(quiet))
    return RequirementState(
        id=line.id,
        title=line.title,
        mandatory=is_mandatory(line, scene.now),
        state=shown,
        since=past.since if past and past.state is shown else scene.now,
        value=judged.value,
        unit=line.unit,
        need=text.need(line.ready.op, line.ready.limit, line.unit, "vi"),
        source=line.source,
        samples=judged.samples,
        coverage=judged.coverage,
        reason=reason,
        remedy=line.remedy,
        procure=line.procure,
        evidence=judged.evidence,
        held=held.last,
        pending=held.pending,
        pending_since=held.pending_since,
        counts=judged.counts,
        waiver=waiver,
    )


def _decided(judged: Judged, held: Held, on_it: list[Waiver], *, silent: bool) -> tuple[Verdict, str, str]:
    """The state shown, its reason and the id of the waiver or approval that counts. A waiver leaves to be seen what
    would stand there without it, an approval's word too."""
    waived = on_it[0].id if on_it and on_it[0].kind == "waiver" else ""
    approval = next((one.id for one in on_it if one.kind == "approval"), "")
    if approval and held.shown is Verdict.UNKNOWN and not silent and not judged.against:
        return Verdict.READY, APPROVED, waived or approval
    return held.shown, _reason(judged, held), waived


def _held(past: RequirementState | None, state: Verdict, line: Requirement, now: int) -> Held:
    """Nearly always a known state is the one that was."""
    if state is not Verdict.UNKNOWN and (past is None or past.held is state):
        return _STEADY[state]
    return hold.advance(held_of(past), state, line.hold, now)


_STEADY = {state: Held(shown=state, last=state) for state in Verdict}


def held_of(past: RequirementState | None) -> Held | None:
    """Where the hold time stands. A past that was restored from transitions knows only what was shown; what was shown
    by approval was not known."""
    if past is None:
        return None
    shown = Verdict.UNKNOWN if past.reason == APPROVED else past.state
    last = past.held or (None if shown is Verdict.UNKNOWN else shown)
    return Held(shown=shown, last=last, pending=past.pending, pending_since=past.pending_since)


def _reason(judged: Judged, held: Held) -> str:
    """The judged reason; while a better state waits, that it does. One that is ready, as yet, has none."""
    if held.shown is not judged.state and held.shown is Verdict.READY:
        return ""
    return "holding" if RANK[judged.state] > RANK[held.shown] else judged.reason


def _verdict(requirements: list[RequirementState], waived: set[str], *, enough: bool, silent: bool) -> Verdict:
    states = {line.state for line in requirements if line.mandatory and line.id not in waived}
    if silent:
        return Verdict.UNKNOWN
    if not enough:
        states.add(Verdict.UNKNOWN)
    return next((state for state in ORDER if state in states), Verdict.READY)


def _decides(line: RequirementState, verdict: Verdict, waived: set[str]) -> bool:
    return line.mandatory and line.state is verdict is not Verdict.READY and line.id not in waived
