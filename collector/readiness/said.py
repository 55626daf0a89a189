"""What devices say of one subject: known, last said, or not to be told. Values are in the requirement's unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from checks.kit.model import Result
from collector.readiness.model import DeviceFacts, Evidence, Silence, Verdict
from collector.readiness.profile import CLOCK_OFFSET, Band, Kind, Requirement, years_owned
from collector.readiness.scene import RANK, Asked, Scene, asked_of, together
from collector.readiness.values import Subject, read, read_one

Value = float | str
Entry = tuple[Any, DeviceFacts, Result | None]
"""A value (None: none), the device, and the result it is from (None: not from one)."""
AGENT = "agent"


class Said(Struct, gc=False):
    """What devices of one role, or of all that are asked, say of one target. ``expected`` is how many should.

    ``values`` speak for the present; ``devices`` say so, in the order of their ids, in ``results`` (None: the roster or
    the agent does). ``stale`` is what silent devices said last, and what is too old or from the future; ``blank`` has
    no value, and ``never`` no result. ``absent`` are devices on which there is no such thing. Nearly all that is said
    is good and nobody looks at it again: entries are made of the rest only. Of ``several`` targets everything stands
    target by target; each result names its own, and ``asks`` that of each of ``never``.
    """

    target: str
    expected: int
    absent: list[DeviceFacts]
    never: list[DeviceFacts]
    values: list[Any] = field(default_factory=list)
    devices: list[DeviceFacts] = field(default_factory=list)
    results: Sequence[Result | None] = ()
    stale: list[Entry] = field(default_factory=list)
    blank: list[Entry] = field(default_factory=list)
    role: str = ""
    several: bool = False
    asks: list[str] = field(default_factory=list)

    def target_of(self, entry: Entry) -> str:
        """The target that the entry is of."""
        result = entry[2]
        return result.target if self.several and result is not None else self.target

    @property
    def known(self) -> list[Entry]:
        return list(zip(self.values, self.devices, self.results, strict=True))

    def at(self, places: Iterable[int]) -> list[Entry]:
        """The known entries that stand there."""
        return [(self.values[place], self.devices[place], self.results[place]) for place in places]

    @property
    def silent(self) -> list[Entry]:
        """Everyone that does not count."""
        if not self.never:
            return self.stale + self.blank
        return self.stale + self.blank + [(None, device, None) for device in self.never]

    @property
    def unknown(self) -> int:
        """How many do not count."""
        return len(self.stale) + len(self.blank) + len(self.never)


def said(subject: Subject, scene: Scene, roles: tuple[str, ...], target: str) -> Said:
    """What the devices in `roles` (all when empty) say of `target`.

    A result from the future is taken as of now, but counts for no longer than one from as far in the past.
    """
    if subject.check == AGENT:
        devices, expected = scene.of_roles(roles)
        return _told(scene, devices, Said(target, expected, [], []), [_offset(subject, device) for device in devices])
    asked, expected = scene.asked(subject.check, target, roles), scene.of_roles(roles)[1]
    if subject.bought and scene.is_bought:
        return _bought(subject, scene, asked, roles, Said(target, expected, [], []))
    found = Said(target, expected - len(asked.absent), asked.absent, asked.never)
    _sort(subject, scene, found, asked)
    return found


def said_of_several(subject: Subject, scene: Scene, roles: tuple[str, ...], targets: list[str]) -> Said:
    """What the devices in `roles` say of all `targets`, target by target, in one column."""
    several = [scene.asked(subject.check, target, roles) for target in targets]
    asked = together(several)
    asks = [target for target, one in zip(targets, several, strict=True) for _ in one.never]
    found = Said("", scene.of_roles(roles)[1], asked.absent, asked.never, several=True, asks=asks)
    _sort(subject, scene, found, asked)
    return found


def _sort(subject: Subject, scene: Scene, found: Said, asked: Asked) -> None:
    if asked.results:
        found.values, odd = read(subject, asked)
        found.devices, found.results = asked.devices, asked.results
        oldest, newest = scene.now - subject.max_age, scene.now + subject.max_age
        if asked.oldest < oldest or asked.newest > newest:
            outside = [place for place, one in enumerate(asked.results) if not oldest <= one.at <= newest]
            odd = sorted({*odd, *outside})
        if odd:
            _sift(found, odd)
    for device, result in asked.quiet:
        value = read_one(subject, result)
        (found.blank if value is None else found.stale).append((value, device, result))


def _sift(found: Said, odd: list[int]) -> None:
    """Takes out what has no value, is too old or from the future: what stands at `odd`, ascending."""
    for entry in found.at(odd):
        (found.blank if entry[0] is None else found.stale).append(entry)
    found.values, found.devices, found.results = (
        _but(several, odd) for several in (found.values, found.devices, found.results)
    )


def _but(several: Sequence[Any], places: list[int]) -> list[Any]:
    """A copy without what stands at `places`, ascending."""
    rest = list(several)
    for place in reversed(places):
        del rest[place]
    return rest


def _told(scene: Scene, devices: list[DeviceFacts], found: Said, values: list[float | None]) -> Said:
    """What is known of each device without a result of it."""
    for device, value in zip(devices, values, strict=True):
        if value is None:
            found.blank.append((None, device, None))
        elif scene.is_silent(device):
            found.stale.append((value, device, None))
        else:
            found.values.append(value)
            found.devices.append(device)
    found.results = [None] * len(found.values)
    return found


def _bought(subject: Subject, scene: Scene, asked: Asked, roles: tuple[str, ...], found: Said) -> Said:
    """The age by the roster, whatever the device makes of it: new firmware, or an old disk in a new PC. Of the others
    the devices are asked."""
    bought = [(one, one.purchased) for one in scene.of_roles(roles)[0] if one.purchased is not None]
    ages = [years_owned(at, scene.now) * subject.scale for _, at in bought]
    _told(scene, [device for device, _ in bought], found, list(ages))
    there = [one for one in zip(asked.devices, asked.results, strict=True) if one[0].purchased is None]
    quiet = [one for one in asked.quiet if one[0].purchased is None]
    never, absent = ([one for one in those if one.purchased is None] for those in (asked.never, asked.absent))
    rest = Said(found.target, found.expected - len(absent), absent, never)
    _sort(subject, scene, rest, asked_of([one for one, _ in there], [one for _, one in there], quiet, never, absent))
    known = sorted(found.known + rest.known, key=lambda entry: entry[1].id)
    rest.values, rest.devices = [value for value, _, _ in known], [device for _, device, _ in known]
    rest.results = [result for _, _, result in known]
    rest.stale, rest.blank = found.stale + rest.stale, found.blank + rest.blank
    return rest


def _offset(subject: Subject, device: DeviceFacts) -> float | None:
    offset = device.clock_offset
    if offset is None or subject.name != CLOCK_OFFSET or not math.isfinite(offset):
        return None
    return abs(offset) * subject.scale


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
    shown = None if subject.kind is Kind.RUNS else value
    if result is not None:
        return Evidence(
            subject=device.id, target=target, state=state, value=shown, at=min(result.at, scene.now),
            samples=int(value is not None), reason=reason, part=part,
        )  # fmt: skip
    own = value is not None or subject.check == AGENT
    seen = scene.seen(device) if own else None
    return Evidence(
        subject=device.id,
        target=target,
        state=state,
        value=shown,
        at=None if seen is None else min(seen, scene.now),
        samples=int(value is not None),
        reason=reason,
        basis="purchase_date" if own and subject.check != AGENT else "",
        part=part,
    )


def worst_first(parts: Iterable[Evidence], line: Requirement) -> list[Evidence]:
    sign = 1.0 if line.higher_is_better else -1.0

    def key(part: Evidence) -> tuple[int, float, str, str, str]:
        value: Any = part.value
        number = sign * value if isinstance(value, _NUMBER) else 0.0
        return RANK[part.state], number, part.subject, part.target, part.part

    found = list(parts)
    return sorted(found, key=key) if len(found) > 1 else found


_NUMBER = (int, float)
