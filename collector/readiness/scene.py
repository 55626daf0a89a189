"""A unit's facts at one instant: who reports, who is silent, and the newest results by what was asked."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Struct

from checks.kit.model import Reason, Result
from collector.readiness import silence
from collector.readiness.model import Bucket, DeviceFacts, Silence, UnitFacts, Verdict
from collector.readiness.profile import Freshness
from collector.readiness.rows import NOTHING, Plan, Row
from collector.readiness.values import Subject
from collector.tally import BUCKET_SECONDS

RANK = {Verdict.NOT_READY: 0, Verdict.UNKNOWN: 1, Verdict.AT_RISK: 2, Verdict.READY: 3}
"""Worst first. UNKNOWN stands where Kleene's logic puts it in a conjunction: only a known fault outweighs it."""

UNMEASURED = frozenset(
    {
        Reason.PERMISSION, Reason.UNSUPPORTED, Reason.BAD_PARAMS, Reason.DEADLINE, Reason.CHILD_CRASHED,
        Reason.CHILD_HUNG, Reason.CHILD_GARBAGE, Reason.CHILD_MEMORY, Reason.INTERNAL, Reason.READER_REDIRECTED,
        Reason.LEASE_REFUSED, Reason.TEST_CUT, Reason.CLOCK_STEPPED,
    }
)  # fmt: skip
"""Reasons of runs that measured nothing: they count neither for nor against."""


Told = tuple[DeviceFacts, Row]


class Base:
    """All devices of the unit by one plan, those that are ``here`` and those that are ``gone`` silent, each in the
    order of their ids: ``columns`` has what those here say, by the plan's cells; ``late`` are the places of those whose
    results may be too old."""

    def __init__(self, plan: Plan, here: list[DeviceFacts], gone: list[DeviceFacts], now: int) -> None:
        self.plan, self.here = plan, here
        self.rows = [plan.row(device.results) for device in here]
        self.gone = [(device, plan.row(device.results)) for device in gone]
        self.columns = list(zip(*[row.values for row in self.rows], strict=True))
        self.late = [place for place, row in enumerate(self.rows) if not row.since <= now <= row.until]


class Group:
    """The devices of one or more roles that something is asked of: those ``here``, with their ``rows``, which ``pick``
    finds in a column of the ``base`` (None: it is all of it), those that are ``gone``, and ``all`` of them; ``absent``
    are those of other roles than a system is asked of. Sets of bits, as of rows: slots that ``every`` one here, or
    ``some`` one at all, has a result of, and where one says that there is no such thing; cells where one here has no
    value."""

    def __init__(self, base: Base, devices: list[DeviceFacts], absent: list[DeviceFacts]) -> None:
        self.base, self.all, self.absent = base, devices, absent
        self.here, self.rows, self.gone, self.late = base.here, base.rows, base.gone, base.late
        self.pick: Callable[[Sequence[Any]], Sequence[Any]] | None = None
        if len(devices) < len(self.here) + len(self.gone):
            self._narrow({device.id for device in devices})
        self.every, self.some, self.lacking, self.blank = -1, 0, 0, 0
        for row in self.rows:
            self.every &= row.has
            self.some |= row.has
            self.lacking |= row.absent
            self.blank |= row.blank
        for _, row in self.gone:
            self.some |= row.has
            self.lacking |= row.absent

    def _narrow(self, ids: set[str]) -> None:
        base, places = self.base, [place for place, device in enumerate(self.here) if device.id in ids]
        self.gone = [one for one in self.gone if one[0].id in ids]
        if len(places) == len(self.here):
            return
        self.here, self.rows = [base.here[place] for place in places], [base.rows[place] for place in places]
        self.late = [here for here, place in enumerate(places) if place in base.late] if base.late else base.late
        self.pick = itemgetter(*places) if len(places) > 1 else lambda column: [column[place] for place in places]

    def column(self, cell: int) -> list[Any]:
        """What those here say."""
        found = self.base.columns[cell] if self.here else ()
        return list(self.pick(found) if self.pick and found else found)


class Asked(Struct, gc=False):
    """The devices that measure one (check, target): of the ``group`` those that report and have a result of it, by
    their ``places`` (None: all); those that are silent and have one, those without, and those where the subject does
    not exist or is not asked for."""

    group: Group
    slot: int
    places: list[int] | None
    quiet: list[Told]
    never: list[DeviceFacts]
    absent: list[DeviceFacts]

    @property
    def is_unheard(self) -> bool:
        """Whether nobody, not even of those silent, has a result."""
        return not self.group.some >> self.slot & 1

    def one(self, number: int) -> tuple[DeviceFacts, Result | None]:
        """Who says the value of this number, and in which result."""
        place = number if self.places is None else self.places[number]
        return self.group.here[place], self.group.rows[place].results[self.slot]

    def told(self, subject: Subject, now: int) -> tuple[list[Any], list[int]]:
        """What those who report say of `subject`, and at which places that is nothing, too old or from the future."""
        group, places = self.group, self.places
        cell = group.base.plan.cells[id(subject), self.slot]
        values = group.column(cell)
        if places is not None:
            values = [values[place] for place in places]
        odd = _NOWHERE
        if group.blank >> cell & 1:
            odd = [place for place, value in enumerate(values) if value is None]
        if group.late:
            late = self._late(now - subject.max_age, now + subject.max_age)
            odd = sorted({*odd, *late}) if late else odd
        return values, odd

    def _late(self, oldest: int, newest: int) -> list[int]:
        late, found = self.group.late, []
        for number, place in enumerate(late if self.places is None else self.places):
            result = self.group.rows[place].results[self.slot]
            if place in late and result is not None and not oldest <= result.at <= newest:
                found.append(place if self.places is None else number)
        return found


_NOWHERE: list[int] = []


class Scene:
    """Only active devices are part of it, in the order of their ids."""

    def __init__(self, facts: UnitFacts, freshness: Freshness, now: int, plan: Plan = NOTHING) -> None:
        self.facts, self.freshness, self.now, self.plan = facts, freshness, now, plan
        self.devices = sorted([one for one in facts.devices if one.status == "active"], key=_by_id)
        self.everyone = silence.everyone(self.devices, facts.calendar, freshness, now)
        self.last_seen = max([one.seen for one in self.everyone if one.seen is not None], default=None)
        self._heard = {one.device.id: one for one in self.everyone}
        self._silent = {one.device.id for one in self.everyone if one.silence is not None and one.is_silent}
        self.reporting = sum([one.device.id not in self._silent for one in self.everyone])
        self._of_roles: dict[tuple[str, ...], tuple[list[DeviceFacts], int]] = {}
        self._present = Counter([device.role for device in self.devices])
        self.expected = max(facts.expected, sum(self._expected(role) for role in {*facts.stations, *self._present}))
        self.coverage = self.reporting / self.expected if self.expected else 0.0
        self._bought: bool | None = None
        self._past: dict[tuple[int, bool], list[Bucket]] = {}
        self._roles = {target.id: target.roles for target in facts.targets if target.roles}
        self._groups: dict[tuple[Plan, tuple[str, ...], tuple[str, ...]], Group] = {}
        self._bases: dict[Plan, Base] = {}
        self._asked: dict[tuple[Group, int], Asked] = {}  # not of the group: a circle through them nobody would collect
        self._plans: dict[tuple[int, str], Plan] = {}

    def is_silent(self, device: DeviceFacts) -> bool:
        return device.id in self._silent

    def silence(self, device: DeviceFacts) -> Silence | None:
        return self._heard[device.id].silence

    def seen(self, device: DeviceFacts) -> int | None:
        return self._heard[device.id].seen

    @property
    def is_bought(self) -> bool:
        """Whether the roster knows of any device when it was bought."""
        if self._bought is None:
            self._bought = any(device.purchased is not None for device in self.devices)
        return self._bought

    @property
    def roles(self) -> list[str]:
        """Every role that is here or should be, by name."""
        return sorted({*self._present, *(role for role, count in self.facts.stations.items() if count)})

    def of_roles(self, roles: tuple[str, ...]) -> tuple[list[DeviceFacts], int]:
        """The devices in one of `roles` (all when empty), in the order of their ids, and how many are expected."""
        if not roles:
            return self.devices, self.expected
        held = self._of_roles.get(roles)
        if held is None:
            wanted = dict.fromkeys(roles)
            found = [device for device in self.devices if device.role in wanted]
            held = self._of_roles[roles] = found, sum(self._expected(role) for role in wanted)
        return held

    def silent_of(self, roles: tuple[str, ...]) -> list[DeviceFacts]:
        """Those of :meth:`of_roles` that are silent."""
        return [device for device in self.of_roles(roles)[0] if device.id in self._silent] if self._silent else []

    def _expected(self, role: str) -> int:
        """As many as the roster names, or as there are: a device whose station nobody has named stands at one."""
        return max(self.facts.stations.get(role, 0), self._present.get(role, 0))

    def asked(self, subject: Subject, target: str, roles: tuple[str, ...]) -> Asked:
        """Who of `roles` says what of `target`."""
        plan = self.plan
        slot = plan.slots.get((subject.check, target), -1)
        if (id(subject), slot) not in plan.cells:
            plan, slot = self._plan_of(subject, target), 0
        group = self._group(plan, roles, self._roles.get(target, ()))
        found = self._asked.get((group, slot))
        if found is None:
            found = self._asked[group, slot] = _ask(group, slot)
        return found

    def _plan_of(self, subject: Subject, target: str) -> Plan:
        """For what the scene's own plan has not."""
        found = self._plans.get((id(subject), target))
        if found is None:
            found = self._plans[id(subject), target] = Plan([(subject, (subject.check, target))])
        return found

    def _group(self, plan: Plan, roles: tuple[str, ...], asks: tuple[str, ...]) -> Group:
        """Those in `roles`, of whom a system is asked of devices in `asks` only (all when empty)."""
        found = self._groups.get((plan, roles, asks))
        if found is None:
            devices = self.of_roles(roles)[0]
            absent = [device for device in devices if device.role not in asks] if asks else []
            if absent:
                devices = [device for device in devices if device.role in asks]
            found = self._groups[plan, roles, asks] = Group(self._base(plan), devices, absent)
        return found

    def _base(self, plan: Plan) -> Base:
        found = self._bases.get(plan)
        if found is None:
            here, gone = self.devices, list[DeviceFacts]()
            if self._silent:
                here = [device for device in self.devices if device.id not in self._silent]
                gone = [device for device in self.devices if device.id in self._silent]
            found = self._bases[plan] = Base(plan, here, gone, self.now)
        return found

    def targets_of(self, check: str) -> list[str]:
        """What devices have results of `check` for; ``""`` alone where it has none."""
        slot = self.plan.slots.get((check, ""))
        if slot is not None and self._group(self.plan, (), ()).some >> slot & 1:
            return [""]
        if any((check, "") in device.results for device in self.devices):
            return [""]
        return sorted({target for device in self.devices for name, target in device.results if name == check}) or [""]

    def past(self, window: int, office_hours: bool) -> list[Bucket]:
        """The half-hours of a window that ends with the newest result, so that silence alone moves nothing out."""
        found = self._past.get((window, office_hours))
        if found is None:
            end = self.last_seen if self.last_seen is not None else self.now
            first, last = (end - window) / 1_000_000 - BUCKET_SECONDS, self.now / 1_000_000
            found = self._past[window, office_hours] = [
                bucket
                for bucket in self.facts.buckets
                if first < bucket.start <= last and (bucket.office or not office_hours)
            ]
        return found


def _by_id(device: DeviceFacts) -> str:
    return device.id


def _ask(group: Group, slot: int) -> Asked:
    """Of nearly all that is asked every device has a result, so that its list can be the group's own."""
    if not group.some >> slot & 1:
        return Asked(group, slot, [], [], group.all, group.absent)
    places: list[int] | None = None
    never: list[DeviceFacts] = []
    if not group.every >> slot & 1:
        has = [row.has >> slot & 1 for row in group.rows]
        places = [place for place, one in enumerate(has) if one]
        never = [device for device, one in zip(group.here, has, strict=True) if not one]
    quiet = group.gone
    if quiet:
        quiet = [one for one in group.gone if one[1].has >> slot & 1]
        for device, row in group.gone:
            if not row.has >> slot & 1:
                insort(never, device, key=_by_id)
    asked = Asked(group, slot, places, quiet, never, group.absent)
    return _without_absent(asked) if group.lacking >> slot & 1 else asked


def _without_absent(asked: Asked) -> Asked:
    """Those who say that there is no such thing are moved to those of whom nothing is asked."""
    group, bit = asked.group, 1 << asked.slot
    places = list(range(len(group.here))) if asked.places is None else asked.places
    gone = [group.here[place] for place in places if group.rows[place].absent & bit]
    gone += [device for device, row in asked.quiet if row.absent & bit]
    asked.places = [place for place in places if not group.rows[place].absent & bit]
    asked.quiet = [one for one in asked.quiet if not one[1].absent & bit]
    asked.absent = asked.absent + gone
    return asked
