"""What changed between two verdicts of a unit, with the reason and what was seen then. Pure."""

from __future__ import annotations

from typing import Any

from collector.readiness.model import RequirementState, Transition, UnitVerdict, Verdict

SHOWN_DEVICES = 5


def compare(old: UnitVerdict | None, new: UnitVerdict) -> list[Transition]:
    """The changes from `old` to `new`: of the verdict, of silence, of each requirement, in that order.

    Without `old` the first states are changes from ``""``, unknown ones too: so what is stored is the whole state, and
    ``since`` survives a restart. A requirement that has left the profile becomes unknown.
    """
    changes = [
        _changed(new, "verdict", old.verdict if old else "", new.verdict, _why(new), _of_unit(new)),
        _changed(new, "silence", (old and old.silence) or "", new.silence or "", _silent(old, new), _since(new)),
    ]
    before = {state.id: state for state in old.requirements} if old else {}
    for state in new.requirements:
        past = before.pop(state.id, None)
        subject = f"requirement:{state.id}"
        changes.append(_changed(new, subject, past.state if past else "", state.state, state.reason, _of_line(state)))
    changes += [
        _changed(new, f"requirement:{gone.id}", gone.state, Verdict.UNKNOWN, "profile", {}) for gone in before.values()
    ]
    return [change for change in changes if change.old != change.new]


def _changed(new: UnitVerdict, subject: str, old: str, now: str, reason: str, evidence: dict[str, Any]) -> Transition:
    return Transition(
        unit=new.unit,
        subject=subject,
        at=new.at,
        old=str(old),
        new=str(now),
        reason=reason,
        profile=new.profile,
        evidence=evidence,
    )


def _why(new: UnitVerdict) -> str:
    if new.silence:
        return new.silence
    if new.deciding:
        return f"requirement:{new.deciding[0]}"
    return "low_coverage" if new.verdict is Verdict.UNKNOWN else ""


def _silent(old: UnitVerdict | None, new: UnitVerdict) -> str:
    return new.silence or ("reporting" if old and old.silence else "")


def _since(new: UnitVerdict) -> dict[str, Any]:
    return {"last_seen": new.last_seen, "silent_since": new.silent_since}


def _of_unit(new: UnitVerdict) -> dict[str, Any]:
    deciding = {state.id: _of_line(state) for state in new.requirements if state.id in new.deciding}
    return {"reporting": new.reporting, "expected": new.expected, "deciding": deciding}


def _of_line(state: RequirementState) -> dict[str, Any]:
    """The value and whom it comes from, the worst first; the whole evidence would outgrow the store."""
    return {
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
            for part in state.evidence[:SHOWN_DEVICES]
        ],
    }  # fmt: skip
