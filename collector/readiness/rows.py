"""What a device's newest results come to by one profile: read once when they come, judged by many times.

A row has a value for everything the profile looks at, so that a unit is judged by columns of values, and a result is
looked at again only where it is to be told of. A row follows from the results and the plan alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from checks.kit.model import Outcome, Result
from collector.readiness.model import Results, Target
from collector.readiness.profile import Kind, Part, Profile, Requirement
from collector.readiness.values import Read, Subject, reader, subject_of, subject_of_part

Key = tuple[str, str]
"""A check and a target."""


class Row(Struct, frozen=True, gc=False):
    """One device's ``results`` (by :attr:`Plan.slots`; None: none) and their ``values`` (by :attr:`Plan.cells`; None:
    of another kind, or none). Sets of bits: the slots that ``has`` a result and where it says that there is no such
    thing (``absent``), the cells where a result has no value (``blank``). From ``since`` to ``until`` (µs) every result
    of the plan's checks speaks for the present, whoever looks at it."""

    results: tuple[Result | None, ...]
    values: tuple[Any, ...]
    has: int
    absent: int
    blank: int
    since: int
    until: int


class Plan:
    """What is looked at in which results. Subjects are known by themselves, not by what they say: of one plan they are
    those that :meth:`subject` hands out."""

    def __init__(self, looks: Iterable[tuple[Subject, Key]] = ()) -> None:
        self.slots: dict[Key, int] = {}
        self.cells: dict[tuple[int, int], int] = {}
        self._subjects: dict[tuple[int, int], Subject] = {}
        self._held: list[object] = []
        self._reads: list[list[tuple[int, Read]]] = []
        self._ages: dict[str, int] = {}
        for subject, key in looks:
            self.look(subject, key)

    def look(self, subject: Subject, key: Key) -> None:
        """Adds what `subject` looks at in results of `key`. Only before the first row is made."""
        slot = self.slots.setdefault(key, len(self.slots))
        if slot == len(self._reads):
            self._reads.append([])
        cell = self.cells.setdefault((id(subject), slot), len(self.cells))
        if cell == len(self._held):
            self._held.append(subject)
            self._reads[slot].append((cell, reader(subject)))
        self.limit(subject)

    def limit(self, subject: Subject) -> None:
        """Results that `subject` looks at speak for the present no longer than it says."""
        self._ages[subject.check] = min(subject.max_age, self._ages.get(subject.check, subject.max_age))

    def subject(self, line: Requirement) -> Subject:
        found = self._subjects.get((id(line), 0))
        return found if found is not None else subject_of(line)

    def subject_of_part(self, part: Part, max_age: int) -> Subject:
        found = self._subjects.get((id(part), max_age))
        return found if found is not None else subject_of_part(part, max_age)

    def keep(self, what: Requirement | Part, subject: Subject, max_age: int = 0) -> None:
        """From now on `subject` is what this requirement looks at, or this part in results up to `max_age` old."""
        self._subjects[id(what), max_age] = subject

    def row(self, results: dict[Key, Result]) -> Row:
        """What `results` come to. Of :class:`Results` it is kept with them."""
        if type(results) is not Results:
            return self._row(results)
        found: Row | None = results.rows.get(self)
        return found if found is not None else results.keep(self, self._row(results))

    def kept(self, results: dict[Key, Result]) -> Row | None:
        """The row of `results`, where it was made before."""
        return results.rows.get(self) if type(results) is Results else None

    def _row(self, results: dict[Key, Result]) -> Row:
        values: list[Any] = [None] * len(self.cells)
        found = [*map(results.get, self.slots)]
        places: dict[int, int] = {}
        has = absent = blank = 0
        for slot, result in enumerate(found):
            if result is None:
                continue
            has |= 1 << slot
            if result.outcome is _NOT_APPLICABLE:
                absent |= 1 << slot
            for cell, read in self._reads[slot]:
                value = values[cell] = read(result, places)
                if value is None:
                    blank |= 1 << cell
        return Row(tuple(found), tuple(values), has, absent, blank, *self._times(results))

    def _times(self, results: dict[Key, Result]) -> tuple[int, int]:
        since, until, ages = -sys.maxsize, sys.maxsize, self._ages
        for (check, _), result in results.items():
            if check in ages:
                at, age = result.at, ages[check]
                if at - age > since:
                    since = at - age
                if at + age < until:
                    until = at + age
        return since, until


_NOT_APPLICABLE = Outcome.NOT_APPLICABLE
NOTHING = Plan()
"""For requirements of no profile: each is looked up by itself."""
KEPT = 1024
plans: dict[tuple[int, tuple[tuple[str, bool, bool, str], ...]], tuple[Profile, Plan]] = {}
"""By the profile itself, which is held so that its id is no other's, and what it asks of the systems by."""


def plan_of(profile: Profile, targets: list[Target]) -> Plan:
    """What `profile` looks at in a unit that is asked for these systems."""
    key = id(profile), tuple([(one.id, one.declared, one.mandatory, one.network) for one in targets])
    held = plans.get(key)
    if held is None:
        if len(plans) >= KEPT:
            plans.clear()
        held = plans[key] = profile, _plan(profile, targets)
    return held[1]


def _plan(profile: Profile, targets: list[Target]) -> Plan:
    """Parts are nearly always of no system; of others each unit finds out for itself."""
    plan = Plan()
    for line in profile.requirements:
        if line.window or line.kind in (Kind.ROSTER, Kind.DEVICES):
            continue
        if line.kind is Kind.PARTS:
            for part in line.parts:
                subject = subject_of_part(part, line.max_age)
                plan.keep(part, subject, line.max_age)
                plan.look(subject, (part.check, ""))
            continue
        subject = subject_of(line)
        plan.keep(line, subject)
        plan.limit(subject)
        for target in targets_of(line, targets):
            plan.look(subject, (line.check, target))
    return plan


def targets_of(requirement: Requirement, targets: list[Target]) -> list[str]:
    """The ids of the systems it is asked of; ``""`` alone where it is of none."""
    if requirement.targets == "none":
        return [""]
    return sorted(
        target.id
        for target in targets
        if target.declared
        and (target.mandatory or requirement.targets == "all")
        and (not requirement.systems or target.id in requirement.systems)
        and (not requirement.network or target.network == requirement.network)
    )
