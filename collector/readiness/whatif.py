"""What another profile would make of the same facts: who would change, before it is applied. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from collector.readiness.evaluate import evaluate
from collector.readiness.model import RequirementState, UnitFacts, Verdict
from collector.readiness.profile import Profile

Stand = tuple[Verdict, bool]
"""A requirement's state, and whether it is mandatory."""


class Differs(Struct, frozen=True, kw_only=True):
    """A requirement that another profile judges otherwise. None: it is not asked there."""

    requirement: str
    old: Stand | None
    new: Stand | None


class Row(Struct, frozen=True, kw_only=True):
    """A unit that another profile would judge otherwise; the verdict may stay the same."""

    unit: str
    old: Verdict
    new: Verdict
    differs: tuple[Differs, ...]


def would_change(units: Iterable[UnitFacts], old: Profile, new: Profile, now: int) -> list[Row]:
    """The units whose verdict or requirements differ between the two profiles at `now` (µs): those whose verdict does
    first, each in the order given; requirements in the new profile's order, then those it drops.

    Both are judged from the facts alone, without hold times: what would be shown once they have run out. The facts'
    buckets must reach back as far as the longest window of either, and be cut at the windows of both
    (:class:`collector.windows.Windows` with the spans of the two).
    """
    found = [row for facts in units if (row := _row(facts, old, new, now)) is not None]
    return sorted(found, key=lambda row: row.old is row.new)


def _row(facts: UnitFacts, old: Profile, new: Profile, now: int) -> Row | None:
    before, after = evaluate(old, facts, now, None), evaluate(new, facts, now, None)
    was = {state.id: _stand(state) for state in before.requirements}
    will = {state.id: _stand(state) for state in after.requirements}
    differs = tuple(
        Differs(requirement=name, old=was.get(name), new=will.get(name))
        for name in dict.fromkeys([*will, *was])
        if was.get(name) != will.get(name)
    )
    if before.verdict is after.verdict and not differs:
        return None
    return Row(unit=facts.unit, old=before.verdict, new=after.verdict, differs=differs)


def _stand(state: RequirementState) -> Stand:
    return state.state, state.mandatory
