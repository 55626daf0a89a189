"""A unit's verdict at a past instant, rebuilt from its transitions and the profile that it was judged by. Pure.

Exact, as it was shown then: verdict and requirements' states with their ``since``, ``known``, silence, profile, which
requirements decided, waivers in force, and from the profile titles, sources, remedies and what was mandatory, in its
order. What moved inside a state is not stored, and is that of the state's first instant, told by ``since``: a
requirement's value, samples, coverage, counts and reason, its worst devices (at most
:data:`collector.readiness.transitions.SHOWN_DEVICES`), and how many devices reported. Of what a silence has left
unknown nothing but that is stored; of what is ready again after it no devices and no counts, and its value, samples and
coverage may be those of a later instant of the same state (:mod:`collector.readiness.rollup`). While a verdict is
unknown the number that reports decides whether too few do, so ``deciding`` is then as exact as it. What waits for its
hold time is not stored at all.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

import msgspec

from collector.readiness import text
from collector.readiness.evaluate import APPROVED, is_forced, is_mandatory, let_decide
from collector.readiness.model import (
    Evidence,
    RequirementState,
    Silence,
    Transition,
    UnitVerdict,
    Verdict,
    Waiver,
)
from collector.readiness.past import REQUIREMENT, has_left
from collector.readiness.profile import Profile, Requirement

ProfileOf = Callable[[str], Profile | None]
WAIVER = "waiver:"
COUNTS = "counts"
IN_FORCE = ("granted", COUNTS)
_KNOWN = (Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY)


def verdict_at(changes: Iterable[Transition], profile_of: ProfileOf, at: int) -> UnitVerdict | None:
    """The verdict of one unit as it was shown at `at` (µs); None where it had none yet.

    `changes` are its transitions in order, as :mod:`collector.store.history` reads them: the newest of each subject up
    to `at` at least. Without a stored profile, as of older releases, requirements go by their ids and none is known to
    be mandatory but those that decided.
    """
    return _built([change for change in changes if change.at <= at], profile_of, at)


def restored(newest: Iterable[Transition]) -> list[UnitVerdict]:
    """Every unit's verdict as the newest transition of each subject left it: enough for
    :func:`collector.readiness.evaluate.evaluate` to carry on from, not to be shown."""
    by_unit: dict[str, list[Transition]] = {}
    for change in newest:
        by_unit.setdefault(change.unit, []).append(change)
    built = (_built(changes, lambda _: None, changes[-1].at) for changes in by_unit.values())
    return [verdict for verdict in built if verdict is not None]


def _built(changes: list[Transition], profile_of: ProfileOf, at: int) -> UnitVerdict | None:
    newest = {change.subject: change for change in changes}
    judged = newest.get("verdict")
    if judged is None:
        return None
    name = changes[-1].profile
    profile = profile_of(name)
    quiet = newest.get("silence")
    silence = Silence(quiet.new) if quiet and quiet.new else None
    told = quiet.evidence if quiet and silence else {}
    waivers = [change for subject, change in newest.items() if subject.startswith(WAIVER) and change.new in IN_FORCE]
    held = {one.id: one for one in (msgspec.convert(change.evidence, Waiver) for change in waivers)}
    counting = {change.subject.removeprefix(WAIVER) for change in waivers if change.new == COUNTS}
    requirements = _requirements(newest, profile, judged, at)
    for state in requirements:
        _as_shown(state, [one for one in held.values() if one.requirement == state.id], counting, quiet)
    known = _known(judged.old) if judged.new == Verdict.UNKNOWN else None
    counted = next((change.evidence for change in reversed(changes) if "reporting" in change.evidence), {})
    found = UnitVerdict(
        unit=judged.unit,
        verdict=Verdict(judged.new),
        at=at,
        since=judged.at,
        profile=name,
        expected=counted.get("expected", 0),
        reporting=counted.get("reporting", 0),
        silence=silence,
        silent_since=told.get("silent_since"),
        last_seen=told.get("last_seen"),
        requirements=requirements,
        waivers=sorted(held.values(), key=lambda one: (one.created_at, one.id)),
        known=known,
        known_at=judged.at if known else None,
    )
    if profile is not None:
        let_decide(profile, found.requirements)
    found.deciding = _deciding(found, profile, judged)
    return found


def _known(state: str) -> Verdict | None:
    return Verdict(state) if state in _KNOWN else None


def _requirements(
    newest: Mapping[str, Transition], profile: Profile | None, judged: Transition, at: int
) -> list[RequirementState]:
    """In the profile's order; without one in the order of their changes."""
    found = {
        subject.removeprefix(REQUIREMENT): change
        for subject, change in newest.items()
        if subject.startswith(REQUIREMENT) and not has_left(change)
    }
    if profile is not None:
        return [_line(line, found[line.id], at) for line in profile.requirements if line.id in found]
    decided = judged.evidence.get("deciding", {})
    return [
        _bare(name, change, mandatory=name in decided or change.evidence.get("deciding", False))
        for name, change in found.items()
    ]


def _bare(name: str, change: Transition, *, mandatory: bool) -> RequirementState:
    """What `change` alone tells."""
    told, state = change.evidence, Verdict(change.new)
    return RequirementState(
        id=name,
        title={"vi": name, "en": name},
        mandatory=mandatory,
        state=state,
        since=change.at,
        value=told.get("value"),
        unit=told.get("unit", ""),
        need=told.get("need", ""),
        samples=told.get("samples", 0),
        coverage=told.get("coverage", 0.0),
        reason=change.reason,
        evidence=[_evidence(part) for part in told.get("devices", ())],
        held=_known(change.old) if state is Verdict.UNKNOWN or change.reason == APPROVED else state,
        counts={Verdict(state): count for state, count in told.get("counts", {}).items()},
    )


def _line(line: Requirement, change: Transition, at: int) -> RequirementState:
    state = _bare(line.id, change, mandatory=is_mandatory(line, at))
    return msgspec.structs.replace(
        state,
        title=line.title,
        unit=line.unit,
        need=text.need(line.ready.op, line.ready.limit, line.unit, "vi"),
        source=line.source,
        remedy=line.remedy,
        procure=line.procure,
    )


def _evidence(part: Mapping[str, Any]) -> Evidence:
    told = {name: value for name, value in part.items() if name in Evidence.__struct_fields__}
    return msgspec.convert({"subject": part.get("device", ""), **told}, Evidence)


def _as_shown(state: RequirementState, on_it: list[Waiver], counting: Container[str], quiet: Transition | None) -> None:
    """What changes without a change of state: a waiver on it, an approval that counts or does no more, and that the
    whole unit falls silent or reports again. What an unknown one then is unknown for is not stored."""
    if quiet and state.state is Verdict.UNKNOWN:
        if _silences(quiet):
            state.reason = quiet.new
        elif state.reason in set(Silence) and state.reason != quiet.new and state.since < quiet.at:
            state.reason = ""
    waiving = [one for one in on_it if one.kind == "waiver"]
    approving = [one for one in on_it if one.id in counting]
    if approving:
        state.reason = APPROVED
    elif state.reason == APPROVED:
        state.reason, state.held = "", state.state
    state.waiver = next((one.id for one in _longest_first(waiving or approving)), "")


def _longest_first(found: list[Waiver]) -> list[Waiver]:
    """As :mod:`collector.readiness.evaluate` chooses among several on one requirement."""
    return sorted(found, key=lambda one: (-one.expires_at, one.id))


def _silences(quiet: Transition) -> bool:
    """Whether everything is unknown because of this silence; of an office that is closed some may still report."""
    return bool(quiet.new) and is_forced(Silence(quiet.new)) and not quiet.evidence.get("reporting")


def _deciding(found: UnitVerdict, profile: Profile | None, judged: Transition) -> list[str]:
    """The requirements that made the verdict: of those that did at its beginning the same order, then the profile's."""
    few = profile is not None and found.reporting < profile.coverage * found.expected
    if is_forced(found.silence) or found.verdict is Verdict.READY or (found.verdict is Verdict.UNKNOWN and few):
        return []
    waived = {one.requirement for one in found.waivers if one.kind == "waiver"}
    ids = [
        state.id
        for state in found.requirements
        if state.mandatory and state.state is found.verdict and state.id not in waived
    ]
    first = [name for name in judged.evidence.get("deciding", {}) if name in ids]
    return list(dict.fromkeys([*first, *ids]))
