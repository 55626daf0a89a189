"""What changed between two verdicts of a unit, with the reason and what was seen then. Pure.

:mod:`collector.readiness.replay` rebuilds a past verdict from these and the profile that each names, once
:func:`collector.readiness.rollup.unrolled` has taken apart what is told together.
"""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from collector.readiness.evaluate import APPROVED
from collector.readiness.model import RequirementState, Silence, Transition, UnitVerdict, Verdict, Waiver
from collector.readiness.rollup import rolled

SHOWN_DEVICES = 5
LONGEST = 32
"""Characters of a state that are stored; only a profile may have a longer name, and each row carries it besides."""


def compare(old: UnitVerdict | None, new: UnitVerdict) -> list[Transition]:
    """The changes from `old` to `new`: of the verdict, of silence, of the profile, of each requirement, of waivers and
    approvals, in that order. Requirements that a silence leaves unknown, or that are ready again after it, are one
    change together: see :mod:`collector.readiness.rollup`.

    Without `old` the first states are changes from ``""``, unknown ones too: so what is stored is the whole state, and
    ``since`` survives a restart. A requirement that has left the profile becomes unknown, or stays so. LATE is a word
    of the present and is not kept. A waiver is ``granted``, then ``expired`` or ``revoked``; between them an approval
    ``counts`` while a requirement is ready by it alone.
    """
    changes = [
        _changed(new, "verdict", old.verdict if old else "", new.verdict, _why(new), _of_unit(new)),
        _changed(new, "silence", _kept(old), _kept(new), _silent(old, new), _since(new)),
    ]
    if old and old.profile != new.profile:
        changes.append(_changed(new, "profile", old.profile, new.profile, "profile", {}))
    changes += _requirements(old, new)
    changes += _waivers(old, new)
    return [change for change in changes if change.old != change.new or change.reason == "profile"]


def _requirements(old: UnitVerdict | None, new: UnitVerdict) -> list[Transition]:
    """Of each that has changed by itself, then of those that have changed together, then of those that are gone."""
    before = {state.id: state.state for state in old.requirements} if old else {}
    rows, together = rolled(old, new) if old else ([], set[str]())
    changes = []
    for state in new.requirements:
        was = before.pop(state.id, "")
        if was != state.state and state.id not in together:
            evidence = of_line(state, deciding=state.id in new.deciding)
            changes.append(_changed(new, f"requirement:{state.id}", was, state.state, state.reason, evidence))
    gone = [_changed(new, f"requirement:{name}", was, Verdict.UNKNOWN, "profile", {}) for name, was in before.items()]
    return changes + rows + gone


def _changed(new: UnitVerdict, subject: str, old: str, now: str, reason: str, evidence: dict[str, Any]) -> Transition:
    return Transition(
        unit=new.unit,
        subject=subject,
        at=new.at,
        old=str(old)[:LONGEST],
        new=str(now)[:LONGEST],
        reason=reason,
        profile=new.profile,
        evidence=evidence,
    )


def _why(new: UnitVerdict) -> str:
    if _kept(new):
        return _kept(new)
    if new.deciding:
        return f"requirement:{new.deciding[0]}"
    return "low_coverage" if new.verdict is Verdict.UNKNOWN else ""


def _kept(verdict: UnitVerdict | None) -> str:
    """The silence that is stored."""
    return verdict.silence.value if verdict and verdict.silence and verdict.silence is not Silence.LATE else ""


def _silent(old: UnitVerdict | None, new: UnitVerdict) -> str:
    return _kept(new) or ("reporting" if _kept(old) else "")


def _since(new: UnitVerdict) -> dict[str, Any]:
    return {
        "last_seen": new.last_seen,
        "silent_since": new.silent_since,
        "reporting": new.reporting,
        "expected": new.expected,
    }


def _of_unit(new: UnitVerdict) -> dict[str, Any]:
    deciding = {state.id: of_line(state, deciding=True) for state in new.requirements if state.id in new.deciding}
    known = {"known": new.known.value, "known_at": new.known_at} if new.known else {}
    return {"reporting": new.reporting, "expected": new.expected, "deciding": deciding, **known}


def _waivers(old: UnitVerdict | None, new: UnitVerdict) -> list[Transition]:
    before = {one.id: one for one in old.waivers} if old else {}
    after = {one.id: one for one in new.waivers}
    found = [_waiver(new, one, "", "granted") for name, one in after.items() if name not in before]
    for name, one in (before | after).items():
        was = _word(old, before[name]) if old and name in before else "granted"
        over = "expired" if new.at >= one.expires_at else "revoked"
        found.append(_waiver(new, one, was, _word(new, after[name]) if name in after else over))
    return found


def _word(verdict: UnitVerdict, one: Waiver) -> str:
    """Whether an approval counts, or is only there; under a waiver each that is there does."""
    waiving = {each.id for each in verdict.waivers if each.kind == "waiver"}
    counts = one.kind == "approval" and any(
        state.id == one.requirement and state.reason == APPROVED and state.waiver in {one.id, *waiving}
        for state in verdict.requirements
    )
    return "counts" if counts else "granted"


def _waiver(new: UnitVerdict, one: Waiver, old: str, now: str) -> Transition:
    return _changed(new, f"waiver:{one.id}", old, now, f"{one.kind}_{now}", to_builtins(one))


def of_line(state: RequirementState, *, deciding: bool) -> dict[str, Any]:
    """The value and whom it comes from, the worst first; the whole evidence would outgrow the store. What is empty is
    left out."""
    told: dict[str, Any] = {
        "state": state.state.value,
        "value": state.value,
        "unit": state.unit,
        "need": state.need,
        "reason": state.reason,
        "samples": state.samples,
        "coverage": round(state.coverage, 3),
        "devices": [
            {"device": part.subject, "target": part.target, "state": part.state.value, "value": part.value,
             "reason": part.reason}
            | ({"part": part.part} if part.part else {})
            for part in state.evidence[:SHOWN_DEVICES]
        ],
        "counts": {state.value: count for state, count in state.counts.items()},
        "deciding": deciding,
    }  # fmt: skip
    return told | ({"waiver": state.waiver} if state.waiver else {})
