"""A unit's facts at one instant: who reports, who is silent, and the newest results by what was asked."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from checks.kit.model import Outcome, Reason, Result
from collector.readiness import silence
from collector.readiness.model import Bucket, DeviceFacts, Silence, UnitFacts, Verdict
from collector.readiness.profile import Freshness
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


Told = tuple[DeviceFacts, Result]
Get = Callable[[tuple[str, str]], Result | None]


class Group(Struct, gc=False):
    """The devices of one or more roles that something is asked of, in the order of their ids: those that report, those
    that are silent, and ``all`` of them; ``absent`` are those of other roles than a system is asked of. ``gets`` finds
    a result by (check, target) for each that reports."""

    all: list[DeviceFacts]
    here: list[DeviceFacts]
    gone: list[DeviceFacts]
    absent: list[DeviceFacts]
    gets: list[Get]


class Asked(Struct, gc=False):
    """The devices that measure one (check, target): those that report and have a result of it, with their results in
    the same order; those that are silent and have one, those without, and those where the subject does not exist or is
    not asked for. ``outcomes`` and the ``oldest`` and ``newest`` time (µs) are those of the first; ``fine``: all OK."""

    devices: list[DeviceFacts]
    results: list[Result]
    quiet: list[Told]
    never: list[DeviceFacts]
    absent: list[DeviceFacts]
    outcomes: list[Outcome]
    oldest: int
    newest: int
    fine: bool


def asked_of(
    devices: list[DeviceFacts],
    results: list[Result],
    quiet: list[Told],
    never: list[DeviceFacts],
    absent: list[DeviceFacts],
) -> Asked:
    outcomes = [result.outcome for result in results]
    times = [result.at for result in results] or [0]
    fine = outcomes.count(Outcome.OK) == len(outcomes)
    return Asked(devices, results, quiet, never, absent, outcomes, min(times), max(times), fine)


def together(several: list[Asked]) -> Asked:
    """What is asked of several targets as if it were of one: of each device as often as there are."""
    whole = Asked([], [], [], [], [], [], 0, 0, True)
    for one in several:
        whole.devices += one.devices
        whole.results += one.results
        whole.outcomes += one.outcomes
        whole.quiet += one.quiet
        whole.never += one.never
        whole.absent += one.absent
        whole.fine = whole.fine and one.fine
    told = [one for one in several if one.results]
    whole.oldest, whole.newest = (
        min([one.oldest for one in told], default=0),
        max([one.newest for one in told], default=0),
    )
    return whole


class Scene:
    """Only active devices are part of it, in the order of their ids."""

    def __init__(self, facts: UnitFacts, freshness: Freshness, now: int) -> None:
        self.facts, self.freshness, self.now = facts, freshness, now
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
        self._groups: dict[tuple[tuple[str, ...], tuple[str, ...]], Group] = {}
        self._asked: dict[tuple[tuple[str, str], tuple[str, ...]], Asked] = {}

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
        return self._group(roles, ()).gone

    def _expected(self, role: str) -> int:
        """As many as the roster names, or as there are: a device whose station nobody has named stands at one."""
        return max(self.facts.stations.get(role, 0), self._present.get(role, 0))

    def asked(self, check: str, target: str, roles: tuple[str, ...]) -> Asked:
        """Who of `roles` says what of `target`; requirements that look at the same results share it."""
        key = (check, target), roles
        found = self._asked.get(key)
        if found is None:
            group = self._group(roles, self._roles.get(target, ()))
            found = self._asked[key] = _ask(group, key[0])
        return found

    def _group(self, roles: tuple[str, ...], asks: tuple[str, ...]) -> Group:
        """Those in `roles`, of whom a system is asked of devices in `asks` only (all when empty)."""
        found = self._groups.get((roles, asks))
        if found is None:
            devices = self.of_roles(roles)[0]
            absent = [device for device in devices if device.role not in asks] if asks else []
            if absent:
                devices = [device for device in devices if device.role in asks]
            here = [device for device in devices if device.id not in self._silent]
            gone = [device for device in devices if device.id in self._silent]
            gets: list[Get] = [device.results.get for device in here]
            found = self._groups[roles, asks] = Group(devices, here, gone, absent, gets)
        return found

    def targets_of(self, check: str) -> list[str]:
        """What devices have results of `check` for; ``""`` alone where it has none."""
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


def _ask(group: Group, key: tuple[str, str]) -> Asked:
    """Of nearly all that is asked every device has a result, so that its list can be the group's own."""
    devices, found = group.here, [get(key) for get in group.gets]
    never: list[DeviceFacts] = []
    results: list[Result] = found  # type: ignore[assignment]  # None is taken out, where there is any
    if not any(found) and not any(key in device.results for device in group.gone):
        return Asked([], [], [], group.all, group.absent, [], 0, 0, True)
    if not all(found):
        never = [device for device, result in zip(devices, found, strict=True) if not result]
        devices = [device for device, result in zip(devices, found, strict=True) if result]
        results = [result for result in found if result]
    quiet = []
    for device in group.gone:
        result = device.results.get(key)
        if result is not None:
            quiet.append((device, result))
        else:
            insort(never, device, key=_by_id)
    asked = asked_of(devices, results, quiet, never, group.absent)
    if quiet or not asked.fine:
        return _without_absent(asked)
    return asked


def _without_absent(asked: Asked) -> Asked:
    """Those who say that there is no such thing are moved to those of whom nothing is asked."""
    gone = [device for device, result in asked.quiet if result.outcome is Outcome.NOT_APPLICABLE]
    if not gone and Outcome.NOT_APPLICABLE not in asked.outcomes:
        return asked
    told = list(zip(asked.devices, asked.results, strict=True))
    there = [one for one in told if one[1].outcome is not Outcome.NOT_APPLICABLE]
    gone = [device for device, result in told if result.outcome is Outcome.NOT_APPLICABLE] + gone
    quiet = [one for one in asked.quiet if one[1].outcome is not Outcome.NOT_APPLICABLE]
    devices, results = [device for device, _ in there], [result for _, result in there]
    return asked_of(devices, results, quiet, asked.never, asked.absent + gone)
