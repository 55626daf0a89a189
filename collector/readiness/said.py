"""What devices say of one subject: known, last said, or not to be told. Values are in the requirement's unit."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from msgspec import Struct, field

from checks.kit.model import Result
from collector.readiness.model import DeviceFacts, Evidence, Silence, Verdict
from collector.readiness.profile import CLOCK_OFFSET, Band, Kind, Requirement, years_owned
from collector.readiness.scene import RANK, Asked, Scene
from collector.readiness.values import Subject

Value = float | str
Entry = tuple[Any, DeviceFacts, Result | None]
"""A value (None: none), the device, and the result it is from (None: not from one)."""
AGENT = "agent"


class Listed(Struct, gc=False):
    """Who says each value, where no result does."""

    those: list[tuple[DeviceFacts, Result | None]]

    def one(self, number: int) -> tuple[DeviceFacts, Result | None]:
        return self.those[number]


class Said(Struct, gc=False):
    """What devices of one role, or of all that are asked, say of one target. ``expected`` is how many should.

    ``values`` speak for the present, in the order of the devices' ids; who says so stands in ``whose``, at ``places``
    (None: all of it). ``stale`` is what silent devices said last, and what is too old or from the future; ``blank`` has
    no value, and ``never`` no result. ``absent`` are devices on which there is no such thing. Nearly all that is said
    is good and nobody looks at it again: entries are made of the rest only. Of ``several`` targets everything stands
    target by target, from ``starts`` on; each result names its own, and ``asks`` that of each of ``never``.
    """

    target: str
    expected: int
    absent: list[DeviceFacts]
    never: list[DeviceFacts]
    values: list[Any] = field(default_factory=list)
    whose: Sequence[Asked | Listed] = ()
    places: list[int] | None = None
    stale: list[Entry] = field(default_factory=list)
    blank: list[Entry] = field(default_factory=list)
    role: str = ""
    several: bool = False
    asks: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def target_of(self, entry: Entry) -> str:
        """The target that the entry is of."""
        result = entry[2]
        return result.target if self.several and result is not None else self.target

    def entry(self, number: int) -> Entry:
        """The known value of this number, with who says so."""
        place, several = number if self.places is None else self.places[number], 0
        if self.starts:
            several = bisect_right(self.starts, place) - 1
            place -= self.starts[several]
        device, result = self.whose[several].one(place)
        return self.values[number], device, result

    @property
    def known(self) -> list[Entry]:
        return [self.entry(number) for number in range(len(self.values))]

    def at(self, numbers: Iterable[int]) -> list[Entry]:
        """The known entries that stand there."""
        return [self.entry(number) for number in numbers]

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
    asked, expected = scene.asked(subject, target, roles), scene.of_roles(roles)[1]
    found = Said(target, expected - len(asked.absent), asked.absent, asked.never)
    if not asked.is_unheard:
        _sort(subject, scene, found, [asked])
    if subject.bought and scene.is_bought:
        return _bought(subject, scene, found, roles, expected)
    return found


def said_of_several(subject: Subject, scene: Scene, roles: tuple[str, ...], targets: list[str]) -> Said:
    """What the devices in `roles` say of all `targets`, target by target, in one column."""
    several = [scene.asked(subject, target, roles) for target in targets]
    asks = [target for target, one in zip(targets, several, strict=True) for _ in one.never]
    absent, never = (
        list(chain.from_iterable(those)) for those in zip(*[(one.absent, one.never) for one in several], strict=True)
    )
    found = Said("", scene.of_roles(roles)[1], absent, never, several=True, asks=asks)
    _sort(subject, scene, found, several)
    return found


def _sort(subject: Subject, scene: Scene, found: Said, several: list[Asked]) -> None:
    """What `several` say, target by target: each known, or stale, or blank."""
    found.whose = several
    if len(several) == 1:
        found.values, odd = several[0].told(subject, scene.now)
    else:
        odd, values = [], found.values
        for asked in several:
            told, holes = asked.told(subject, scene.now)
            first = len(values)
            found.starts.append(first)
            odd += [first + place for place in holes]
            values += told
    if odd:
        _sift(found, odd)
    for asked in several:
        for device, row in asked.quiet:
            value = row.values[asked.group.base.plan.cells[id(subject), asked.slot]]
            (found.blank if value is None else found.stale).append((value, device, row.results[asked.slot]))


def _sift(found: Said, odd: list[int]) -> None:
    """Takes out what has no value, is too old or from the future: what stands at `odd`, ascending."""
    for entry in found.at(odd):
        (found.blank if entry[0] is None else found.stale).append(entry)
    values, places = found.values, list(range(len(found.values)))
    for place in reversed(odd):
        del values[place], places[place]
    found.places = places


def _told(scene: Scene, devices: list[DeviceFacts], found: Said, values: list[float | None]) -> Said:
    """What is known of each device without a result of it."""
    whose: list[tuple[DeviceFacts, Result | None]] = []
    for device, value in zip(devices, values, strict=True):
        if value is None:
            found.blank.append((None, device, None))
        elif scene.is_silent(device):
            found.stale.append((value, device, None))
        else:
            found.values.append(value)
            whose.append((device, None))
    found.whose = [Listed(whose)]
    return found


def _bought(subject: Subject, scene: Scene, rest: Said, roles: tuple[str, ...], expected: int) -> Said:
    """The age by the roster, whatever the device makes of it: new firmware, or an old disk in a new PC. `rest` is what
    the devices say; of the others it stands."""
    bought = [(one, one.purchased) for one in scene.of_roles(roles)[0] if one.purchased is not None]
    ages: list[float | None] = [years_owned(at, scene.now) * subject.scale for _, at in bought]
    found = _told(scene, [device for device, _ in bought], Said(rest.target, expected, [], []), ages)
    never, absent = ([one for one in those if one.purchased is None] for those in (rest.never, rest.absent))
    known = found.known + [entry for entry in rest.known if entry[1].purchased is None]
    known.sort(key=lambda entry: entry[1].id)
    stale, blank = ([entry for entry in those if entry[1].purchased is None] for those in (rest.stale, rest.blank))
    whole = Said(rest.target, expected - len(absent), absent, never)
    whole.values = [value for value, _, _ in known]
    whole.whose = [Listed([(device, result) for _, device, result in known])]
    whole.stale, whole.blank = found.stale + stale, found.blank + blank
    return whole


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
        number = 0.0 if value is None else (sign * value if isinstance(value, _NUMBER) else 0.0)
        return RANK[part.state], number, part.subject, part.target, part.part

    found = list(parts)
    return sorted(found, key=key) if len(found) > 1 else found


_NUMBER = (int, float)
