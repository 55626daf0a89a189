"""What happens to many requirements at once is one row: what a silence leaves unknown, and what is ready again after
it. Pure.

A row whose subject is ``requirements:unknown`` or ``requirements:ready`` tells of every requirement that is in that
state since when it is, whichever of them are new: so the newest row of each subject is enough, as of all others. What
was seen of one that is unknown is not in it, and of one that is ready its value, samples and coverage at the row's
instant. A requirement's own row tells the rest, and there is one whenever it becomes anything else: a fault that is
there again in the morning is told with its devices.

An office of 50 PCs that people leave one by one closes and opens at some ten instants. With a row for each of its 26
requirements a night in a city of 168 such offices took 6.2 MB, so it takes 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit.model import Scalar
from collector.readiness.evaluate import APPROVED, is_forced
from collector.readiness.model import RequirementState, Silence, Transition, UnitVerdict, Verdict
from collector.readiness.past import REQUIREMENT

ROLLED = {f"requirements:{state.value}": state for state in (Verdict.UNKNOWN, Verdict.READY)}
"""The state that rows of such a subject tell of."""
LEAST = {Verdict.UNKNOWN: 1, Verdict.READY: 2}
"""How many must become that at once. The values of all that are ready take more room than what one row tells."""
GROUPS = "groups"


class Group(Struct, frozen=True, array_like=True):
    """Requirements by id that are in a state since the same instant (µs), for the same reason, after the same state;
    with value, samples and coverage of each that is ready."""

    at: int
    old: str
    reason: str
    lines: dict[str, list[Any]]


def rolled(old: UnitVerdict, new: UnitVerdict) -> tuple[list[Transition], set[str]]:
    """The rows that tell of many requirements from `old` to `new`, and the ids of those that need no row of theirs."""
    before = {state.id: state for state in old.requirements}
    rows, told = list[Transition](), set[str]()
    for subject, state in ROLLED.items():
        mine = {one.id for one in new.requirements if one.state is state and _joins(before.get(one.id), one, new)}
        if len(mine) >= LEAST[state]:
            rows.append(_row(subject, state, new))
            told |= mine
    return rows, told


def _joins(past: RequirementState | None, state: RequirementState, new: UnitVerdict) -> bool:
    """Whether nothing has happened to it but a silence or its end. What counts by approval is not told by states."""
    if past is None or past.state is state.state or APPROVED in (past.reason, state.reason):
        return False
    if state.state is Verdict.UNKNOWN:
        return state.reason == Silence.OFFICE_CLOSED or (is_forced(new.silence) and not new.reporting)
    return past.state is Verdict.UNKNOWN and past.held is state.state


def _row(subject: str, state: Verdict, new: UnitVerdict) -> Transition:
    found: dict[tuple[int, str, str], Group] = {}
    for one in new.requirements:
        if one.state is state:
            old = Verdict.UNKNOWN if state is not Verdict.UNKNOWN else one.held
            key = one.since, old.value if old else "", "" if one.reason == APPROVED else one.reason
            group = found.setdefault(key, Group(*key, {}))
            group.lines[one.id] = [] if state is Verdict.UNKNOWN else [one.value, one.samples, round(one.coverage, 3)]
    groups = [found[key] for key in sorted(found)]
    return Transition(
        unit=new.unit,
        subject=subject,
        at=new.at,
        old="",
        new=state.value,
        reason=groups[-1].reason,
        profile=new.profile,
        evidence={GROUPS: msgspec.to_builtins(groups)},
    )


def unrolled(changes: Iterable[Transition]) -> list[Transition]:
    """`changes` with a transition of each requirement instead of the rows that tell of many, as if it had a row of its
    own; what it has one for is told by that.

    `changes` are in order, the newest of each subject before them or nothing. Each subject's stay in order; of what
    began before the row that tells it the instant is earlier than those of its neighbours.
    """
    found: list[Transition] = []
    newest: dict[tuple[str, str], int] = {}
    for change in changes:
        if change.subject not in ROLLED:
            found.append(change)
            newest[change.unit, change.subject] = change.at
            continue
        for each in _each(change):
            known = newest.get((each.unit, each.subject))
            # Of another instant than known and later, or new with this row: the clock may have been set back.
            if known is None or known < each.at or known != each.at == change.at:
                found.append(each)
                newest[each.unit, each.subject] = each.at
    return found


def _each(row: Transition) -> Iterator[Transition]:
    for group in msgspec.convert(row.evidence[GROUPS], list[Group]):
        for name, seen in group.lines.items():
            yield Transition(
                unit=row.unit,
                subject=f"{REQUIREMENT}{name}",
                at=group.at,
                old=group.old,
                new=row.new,
                reason=group.reason,
                profile=row.profile,
                evidence=_seen(*seen),
            )


def _seen(value: Scalar = None, samples: int = 0, coverage: float = 0.0) -> dict[str, Any]:
    return {"value": value, "samples": samples, "coverage": coverage}
