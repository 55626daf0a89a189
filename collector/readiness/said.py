"""What devices say of one subject: known, last said, or not to be told. Values are in the requirement's unit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct, field

from checks.kit.model import Result
from collector.readiness.model import DeviceFacts, Evidence, Silence, Verdict
from collector.readiness.profile import CLOCK_OFFSET, Band, Kind, Requirement, years_owned
from collector.readiness.scene import RANK, Asked, Scene
from collector.readiness.values import Subject, read

Value = float | str
Entry = tuple[Any, DeviceFacts, Result | None]
"""A value (None: none), the device, and the result it is from (None: not from one)."""
AGENT = "agent"


class Said(Struct):
    """What devices of one role, or of all that are asked, say of one target. ``expected`` is how many should.

    ``values`` speak for the present, and ``told`` says in the same order who says so; ``stale`` is what silent devices
    said last, and what is too old or from the future; ``blank`` has no value. ``absent`` are devices on which there is
    no such thing. Nearly all that is said is good and nobody looks at it again: entries are made of the rest only.
    """

    target: str = ""
    role: str = ""
    expected: int = 0
    values: list[Any] = field(default_factory=list)
    told: list[tuple[DeviceFacts, Result | None]] = field(default_factory=list)
    stale: list[Entry] = field(default_factory=list)
    blank: list[Entry] = field(default_factory=list)
    absent: list[DeviceFacts] = field(default_factory=list)

    @property
    def known(self) -> list[Entry]:
        return [(value, *one) for value, one in zip(self.values, self.told, strict=True)]

    def picked(self, values: Collection[Any]) -> list[Entry]:
        """The known entries of which the value is one of `values`."""
        if not values:
            return []
        return [(value, *one) for value, one in zip(self.values, self.told, strict=True) if value in values]

    @property
    def silent(self) -> list[Entry]:
        """Everyone that does not count."""
        return self.stale + self.blank


def said(subject: Subject, scene: Scene, roles: tuple[str, ...], target: str) -> Said:
    """What the devices in `roles` (all when empty) say of `target`.

    A result from the future is taken as of now, but counts for no longer than one from as far in the past.
    """
    devices, expected = scene.of_roles(roles)
    found = Said(target=target, expected=expected)
    if subject.check == AGENT:
        for device in devices:
            _put(found, scene, device, _offset(subject, device))
        return found
    asked = scene.asked(subject.check, target, roles)
    if subject.bought:
        asked = _not_bought(asked)
        _add_bought(subject, scene, found, devices)
    _sort(subject, scene, found, asked)
    found.absent = asked.absent
    found.expected -= len(asked.absent)
    return found


def _sort(subject: Subject, scene: Scene, found: Said, asked: Asked) -> None:
    oldest, newest = scene.now - subject.max_age, scene.now + subject.max_age
    values, told = read(subject, asked.there, asked.outcomes), asked.there
    if None in values or asked.oldest < oldest or asked.newest > newest:
        there = list(zip(values, told, strict=True))
        found.blank += [(None, *one) for value, one in there if value is None]
        there = [both for both in there if both[0] is not None]
        found.stale += [(value, *one) for value, one in there if not oldest <= one[1].at <= newest]
        there = [both for both in there if oldest <= both[1][1].at <= newest]
        values, told = [value for value, _ in there], [one for _, one in there]
    if values:
        found.values += values
        found.told += told
    if asked.quiet:
        last = read(subject, asked.quiet, [result.outcome for _, result in asked.quiet])
        for value, (device, result) in zip(last, asked.quiet, strict=True):
            (found.blank if value is None else found.stale).append((value, device, result))
    if asked.never:
        found.blank += [(None, device, None) for device in asked.never]


def _not_bought(asked: Asked) -> Asked:
    """Without the devices of which the roster knows the age: it is not asked of them."""
    there, quiet = ([one for one in told if one[0].purchased is None] for told in (asked.there, asked.quiet))
    never, absent = ([one for one in those if one.purchased is None] for those in (asked.never, asked.absent))
    outcomes = [result.outcome for _, result in there]
    return Asked(there, quiet, never, absent, outcomes, asked.oldest, asked.newest)


def _add_bought(subject: Subject, scene: Scene, found: Said, devices: list[DeviceFacts]) -> None:
    """The age by the roster, whatever the device makes of it: new firmware, or an old disk in a new PC."""
    for device in devices:
        if device.purchased is not None:
            _put(found, scene, device, years_owned(device.purchased, scene.now) * subject.scale)


def _offset(subject: Subject, device: DeviceFacts) -> float | None:
    if subject.name != CLOCK_OFFSET or device.clock_offset is None or not math.isfinite(device.clock_offset):
        return None
    return abs(device.clock_offset) * subject.scale


def _put(found: Said, scene: Scene, device: DeviceFacts, value: Value | None) -> None:
    if value is None:
        found.blank.append((None, device, None))
    elif scene.is_silent(device):
        found.stale.append((value, device, None))
    else:
        found.values.append(value)
        found.told.append((device, None))


def is_in(where: Band | None, entry: Entry) -> bool:
    """Whether `where` counts the entry; without one everything that has a value counts."""
    return where is None or where.holds(entry[0])


_SILENT = {word: word.value for word in Silence}


def why(subject: Subject, scene: Scene, entry: Entry) -> str:
    """Why an entry that is not known does not count."""
    value, device, result = entry
    if result is None and value is None and subject.check != AGENT:
        return "no_samples"
    word = scene.silence(device) if scene.is_silent(device) else None
    if word is not None:
        return _SILENT[word]
    if result is None:
        return "unknown_value"
    if result.at > scene.now + subject.max_age:
        return "from_future"
    return "too_old" if result.at < scene.now - subject.max_age else (result.reason or "unknown_value")


def evidence(
    subject: Subject, scene: Scene, entry: Entry, state: Verdict, reason: str, target: str = "", part: str = ""
) -> Evidence:
    """An entry as part of a requirement's state. Runs have no value, only a state and a reason."""
    value, device, result = entry
    own = result is None and (value is not None or subject.check == AGENT)
    at = scene.seen(device) if own else (result.at if result else None)
    return Evidence(
        subject=device.id,
        target=target,
        state=state,
        value=None if subject.kind is Kind.RUNS else value,
        at=None if at is None else min(at, scene.now),
        samples=int(value is not None),
        reason=reason,
        basis="purchase_date" if own and subject.check != AGENT else "",
        part=part,
    )


def worst_first(parts: Iterable[Evidence], line: Requirement) -> list[Evidence]:
    sign = 1.0 if line.higher_is_better else -1.0

    def key(part: Evidence) -> tuple[int, float, str, str, str]:
        number = part.value if isinstance(part.value, int | float) else 0.0
        return RANK[part.state], sign * number, part.subject, part.target, part.part

    return sorted(parts, key=key)
