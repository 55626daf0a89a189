"""Faults that one observation tells by itself, before any ways are compared: a wrong clock, an address conflict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from checks.kit.model import Reason
from checks.kit.segment import Segment
from collector.attribution.causes import ANSWERS, CONFLICTS, DATES
from collector.attribution.ground import Ground, Way
from collector.attribution.model import Cause, Finding

CERTAIN = 0.97
_NOBODY: Counter[str] = Counter()


def told(ground: Ground) -> list[Finding]:
    """The findings that are told; the failures that they explain are taken out of `ground`.

    A wrong clock is its PC's, whatever else works there. A certificate that is "not yet valid" is the clock's unless at
    least half of those that ask the system see the same. An address conflict, and a second DHCP server, are the LAN's,
    however many see it.
    """
    early = _early(ground)
    clocks = _by(ground.ways, lambda way: way.device if _tells_clock(way, early) else "")
    conflicts = _by(ground.ways, lambda way: way.unit if not CONFLICTS.isdisjoint(way.reasons) else "")
    found = [_finding(ground, Segment.DEVICE, device, Cause.CLOCK, ways) for device, ways in clocks.items()]
    found += [_finding(ground, Segment.LAN, unit, Cause.ADDRESS_CONFLICT, ways) for unit, ways in conflicts.items()]
    hit = {device for unit, ways in conflicts.items() for device in _hit(ground, unit, ways)}
    ground.ways = [
        way for way in ground.ways
        if not (way.device in clocks and not _answered(way)) and not (way.device in hit and _near(way))
    ]  # fmt: skip
    return found


def _hit(ground: Ground, unit: str, ways: list[Way]) -> Iterable[str]:
    """The devices that a conflict may stop: all of the unit while anything works there, else those that see it."""
    inside = ground.members[unit]
    return inside if any(ground.worked.get(one) for one in inside) else {way.device for way in ways}


def _tells_clock(way: Way, early: set[str]) -> bool:
    return Reason.CLOCK_WRONG in way.reasons or (Reason.TLS_NOT_YET_VALID in way.reasons and way.target not in early)


def _early(ground: Ground) -> set[str]:
    """The targets whose own certificate is not valid yet: half of the devices that ask, and two at least, say so."""
    say = Counter(way.target for way in ground.ways if Reason.TLS_NOT_YET_VALID in way.reasons)
    ask = Counter(way.target for way in ground.ways)
    return {
        target for target, number in say.items()
        if number >= 2 and 2 * number >= ask[target] + ground.reached.get(target, _NOBODY).total()
    }  # fmt: skip


def _answered(way: Way) -> bool:
    """Whether the system answered, so that the device's clock is no reason for the failure."""
    return any(reason in ANSWERS and reason not in DATES for reason in way.reasons)


def _near(way: Way) -> bool:
    return not way.target or not _answered(way)


def _by(ways: Iterable[Way], subject: Callable[[Way], str]) -> dict[str, list[Way]]:
    found: dict[str, list[Way]] = {}
    for way in ways:
        if named := subject(way):
            found.setdefault(named, []).append(way)
    return found


def _finding(ground: Ground, segment: Segment, subject: str, cause: Cause, ways: list[Way]) -> Finding:
    devices = {way.device for way in ways}
    stopped = [way for way in ground.ways if way.device in devices and not _answered(way)]
    reasons = Counter(reason for way in ways for reason in way.reasons)
    return Finding(
        segment=segment,
        subject=subject,
        cause=cause,
        reason=max(sorted(reasons), key=lambda one: reasons[one]),
        confidence=CERTAIN,
        failing=len(stopped),
        working=sum(ground.worked.get(device, _NOBODY).total() for device in devices),
        devices=tuple(sorted(devices)),
        units=tuple(sorted({way.unit for way in ways})),
        targets=tuple(sorted({way.target for way in stopped if way.target})),
        first=min(way.first for way in ways),
        last=max(way.last for way in ways),
    )
