"""A unit's facts at one instant: who reports, who is silent, and the newest results by what was asked."""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct, field

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
    }
)  # fmt: skip
"""Reasons of runs that measured nothing: they count neither for nor against."""


Told = tuple[DeviceFacts, Result]
Table = dict[tuple[str, str], list[Told]]
Tables = tuple[Table, Table]
NOBODY: list[Told] = []


class Asked(Struct):
    """The devices that measure one (check, target): those that report and have a result of it, those that are silent
    and have one, those without, and those where the subject does not exist or is not asked for. ``outcomes``
    and the ``oldest`` and ``newest`` time (µs) are those of the first."""

    there: list[Told] = field(default_factory=list)
    quiet: list[Told] = field(default_factory=list)
    never: list[DeviceFacts] = field(default_factory=list)
    absent: list[DeviceFacts] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    oldest: int = 0
    newest: int = 0


class Scene:
    """Only active devices are part of it, in the order of their ids."""

    def __init__(self, facts: UnitFacts, freshness: Freshness, now: int) -> None:
        self.facts, self.freshness, self.now = facts, freshness, now
        self.devices = sorted((d for d in facts.devices if d.status == "active"), key=lambda device: device.id)
        self.everyone = [silence.heard(device, facts.calendar, freshness, now) for device in self.devices]
        self._heard = {one.device.id: one for one in self.everyone}
        self._silent = {one.device.id for one in self.everyone if one.is_silent}
        self.reporting = len(self.everyone) - sum(one.is_silent for one in self.everyone)
        self._members: dict[str, list[DeviceFacts]] = defaultdict(list)
        for device in self.devices:
            self._members[device.role].append(device)
        self._of_roles: dict[tuple[str, ...], tuple[list[DeviceFacts], int]] = {}
        self._tables: Tables | None = None
        self._present = {role: len(members) for role, members in self._members.items()}
        self.expected = max(facts.expected, sum(self._expected(role) for role in {*facts.stations, *self._present}))
        self._buckets: dict[tuple[int, bool], list[Bucket]] = {}
        self._roles = {target.id: target.roles for target in facts.targets if target.roles}
        self._asked: dict[tuple[str, str, tuple[str, ...]], Asked] = {}

    def is_silent(self, device: DeviceFacts) -> bool:
        return device.id in self._silent

    def silence(self, device: DeviceFacts) -> Silence | None:
        return self._heard[device.id].silence

    def seen(self, device: DeviceFacts) -> int | None:
        return self._heard[device.id].seen

    @property
    def coverage(self) -> float:
        return self.reporting / self.expected if self.expected else 0.0

    @property
    def last_seen(self) -> int | None:
        return max((one.seen for one in self.everyone if one.seen is not None), default=None)

    @property
    def roles(self) -> list[str]:
        """Every role that is here or should be, by name."""
        return sorted({*self._present, *(role for role, count in self.facts.stations.items() if count)})

    def of_roles(self, roles: tuple[str, ...]) -> tuple[list[DeviceFacts], int]:
        """The devices in one of `roles` (all when empty), role by role, and how many are expected."""
        if not roles:
            return self.devices, self.expected
        held = self._of_roles.get(roles)
        if held is None:
            wanted = dict.fromkeys(roles)
            found = [device for role in wanted for device in self._members.get(role, ())]
            held = self._of_roles[roles] = found, sum(self._expected(role) for role in wanted)
        return held

    def _expected(self, role: str) -> int:
        """As many as the roster names, or as there are: a device whose station nobody has named stands at one."""
        return max(self.facts.stations.get(role, 0), self._present.get(role, 0))

    def asked(self, check: str, target: str, roles: tuple[str, ...]) -> Asked:
        """Who of `roles` says what of `target`; requirements that look at the same results share it."""
        found = self._asked.get((check, target, roles))
        if found is None:
            found = self._asked[check, target, roles] = self._ask((check, target), roles)
        return found

    def _ask(self, key: tuple[str, str], roles: tuple[str, ...]) -> Asked:
        found, asks = Asked(), self._roles.get(key[1])
        devices = self.of_roles(roles)[0]
        if asks is not None:
            found.absent = [device for device in devices if device.role not in asks]
            devices = [device for device in devices if device.role in asks]
        there, quiet = self._tables or self._turned()
        found.there, found.quiet = there.get(key, NOBODY), quiet.get(key, NOBODY)
        for those in (roles, asks):
            if those:
                found.there = [one for one in found.there if one[0].role in those]
                found.quiet = [one for one in found.quiet if one[0].role in those]
        if len(found.there) + len(found.quiet) < len(devices):
            found.never = [device for device in devices if key not in device.results]
        found.outcomes = [result.outcome for _, result in found.there]
        if Outcome.NOT_APPLICABLE in found.outcomes or any(map(_is_absent, found.quiet)):
            found.absent += [one[0] for one in found.there + found.quiet if _is_absent(one)]
            found.there = [one for one in found.there if not _is_absent(one)]
            found.quiet = [one for one in found.quiet if not _is_absent(one)]
            found.outcomes = [result.outcome for _, result in found.there]
        if found.there:
            times = [result.at for _, result in found.there]
            found.oldest, found.newest = min(times), max(times)
        return found

    def _turned(self) -> Tables:
        """Results by what was asked, of those that report and of the silent, made once: turning them around is much of
        what judging a country costs."""
        self._tables = (defaultdict(list), defaultdict(list))
        for device in self.devices:
            table = self._tables[device.id in self._silent]
            for key, result in device.results.items():
                table[key].append((device, result))
        return self._tables

    def targets_of(self, check: str) -> list[str]:
        """What devices have results of `check` for; ``""`` alone where it has none."""
        if any((check, "") in device.results for device in self.devices):
            return [""]
        return sorted({target for device in self.devices for name, target in device.results if name == check}) or [""]

    def buckets(self, window: int, office_hours: bool) -> list[Bucket]:
        """The half-hours of a window that ends with the newest result, so that silence alone moves nothing out."""
        if (window, office_hours) not in self._buckets:
            end = self.last_seen if self.last_seen is not None else self.now
            first, last = (end - window) / 1_000_000 - BUCKET_SECONDS, self.now / 1_000_000
            self._buckets[window, office_hours] = [
                bucket
                for bucket in self.facts.buckets
                if first < bucket.start <= last and (bucket.office or not office_hours)
            ]
        return self._buckets[window, office_hours]


def _is_absent(told: Told) -> bool:
    return told[1].outcome is Outcome.NOT_APPLICABLE
