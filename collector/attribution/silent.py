"""Why a unit or a device is silent, from what others saw: its siblings, its router, its power, its neighbours, the
calendar. Pure.

Silence itself looks the same whatever its cause. So each cause needs a sign of its own, and where there is none the
answer is that nobody knows. Confidences are [A]: they order the causes, and are no measured frequencies.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from msgspec import Struct

from checks.kit.model import Outcome, Reason, Result
from checks.kit.segment import Segment
from collector.attribution.around import ALONE, Around
from collector.attribution.model import Cause
from collector.attribution.observe import ACTIVE, POWER_LOSS, silent_since
from collector.readiness.model import DeviceFacts, UnitFacts
from collector.readiness.profile import Freshness

TOGETHER = 600 * 1_000_000
"""µs within which devices stopped together: what is heard most often, the office network's check, comes every ten
minutes."""
BEFORE = 1800 * 1_000_000
"""µs before a silence in which a warning belongs to it."""
EVERYONE = 3
"""So many units, and none that reports: the collector is what they share."""


class Why(enum.StrEnum):
    """Why nothing is heard. Closed."""

    OFFICE_CLOSED = "office_closed"
    NEVER_ENROLLED = "never_enrolled"
    NEVER_REPORTED = "never_reported"
    COLLECTOR_AWAY = "collector_away"
    POWER_CUT = "power_cut"
    LINE_DOWN = "line_down"
    LAN_DOWN = "lan_down"
    PC_OFF = "pc_off"
    AGENT_STOPPED = "agent_stopped"
    UNKNOWN = "unknown"


class Sign(Struct, frozen=True):
    """One piece of evidence, by its word in :mod:`collector.attribution.words_silent`: ``count`` of ``of``, when (µs),
    or a name, as far as the word needs them."""

    what: str
    count: int = 0
    of: int = 0
    at: int | None = None
    name: str = ""


class Silent(Struct, frozen=True, kw_only=True):
    """Why, since when (µs; None: always), by which signs, and how sure that is (0 to 1; 0 for UNKNOWN)."""

    cause: Why
    since: int | None = None
    signs: tuple[Sign, ...] = ()
    confidence: float = 0.0


def why_silent(facts: UnitFacts, freshness: Freshness, now: int, around: Around = ALONE) -> Silent | None:
    """Why the whole unit is silent at `now` (µs); None while any of its devices reports."""
    devices = _active(facts)
    if not devices:
        return Silent(cause=Why.NEVER_ENROLLED, confidence=1.0)
    heard = [device for device in devices if device.last_seen is not None]
    if not heard:
        return Silent(cause=Why.NEVER_REPORTED, since=min(one.enrolled_at for one in devices), confidence=1.0)
    since = max(device.last_seen or 0 for device in heard)
    if now - since <= freshness.lost_contact:
        return None
    if all(silent_since(device, freshness, facts.calendar, now) is None for device in heard):
        return _closed(facts)
    return (
        _of_start(since, around, now - freshness.lost_contact)
        or _of_collector(since, around)
        or _of_power(heard, since)
        or _of_line(heard, since, around)
        or _of_area(since, around)
        or _of_stops(heard, since)
    )


def why_device_silent(
    device: DeviceFacts, facts: UnitFacts, freshness: Freshness, now: int, around: Around = ALONE
) -> Silent | None:
    """Why `device` of the unit is silent; None while it reports. Where the whole unit is, the unit's answer counts."""
    if device.last_seen is None:
        return Silent(cause=Why.NEVER_REPORTED, since=device.enrolled_at, confidence=1.0)
    if now - device.last_seen <= freshness.lost_contact:
        return None
    if silent_since(device, freshness, facts.calendar, now) is None:
        return _closed(facts)
    others = [one for one in _active(facts) if one.id != device.id and one.last_seen is not None]
    reporting = [one for one in others if now - (one.last_seen or 0) <= freshness.lost_contact]
    if not reporting:
        return why_silent(facts, freshness, now, around)
    return _of_device(device, device.last_seen, others, reporting, facts)


def _active(facts: UnitFacts) -> list[DeviceFacts]:
    return sorted((device for device in facts.devices if device.status == ACTIVE), key=lambda device: device.id)


def _closed(facts: UnitFacts) -> Silent:
    closed_at = facts.calendar.closed_at
    return Silent(cause=Why.OFFICE_CLOSED, since=closed_at, signs=(Sign("closed", at=closed_at),), confidence=0.9)


def _of_start(since: int, around: Around, latest: int) -> Silent | None:
    """The collector has only just begun to listen, and the unit fell silent before."""
    if not since < around.listening_since or around.listening_since < latest:
        return None
    signs = (Sign("started", at=around.listening_since),)
    return Silent(cause=Why.COLLECTOR_AWAY, since=since, signs=signs, confidence=0.9)


def _of_collector(since: int, around: Around) -> Silent | None:
    """Every unit stopped at once: what they share is who listens."""
    fell = [one.silent_since for one in around.neighbours]
    if len(fell) + 1 < EVERYONE or any(at is None or abs(at - since) > TOGETHER for at in fell):
        return None
    signs = (Sign("every_unit", count=len(fell) + 1),)
    return Silent(cause=Why.COLLECTOR_AWAY, since=since, signs=signs, confidence=0.9)


def _of_power(devices: Sequence[DeviceFacts], since: int) -> Silent | None:
    """A UPS, at a PC or at the router, that was running on its battery; or several portable PCs that were."""
    signs = [sign for device in devices if (sign := _on_ups(device, since))]
    portable = [device for device in devices if _discharging(device, since)]
    if len(portable) > 1:
        signs.append(Sign("discharging", count=len(portable), of=len(devices)))
    if not signs:
        return None
    stopped = _stopped(devices, since)
    return Silent(
        cause=Why.POWER_CUT, since=since, signs=(*signs, *stopped), confidence=0.9 if signs[0].what == "ups" else 0.7
    )


def _on_ups(device: DeviceFacts, since: int) -> Sign | None:
    power, uplink = (_shortly_before(device, check, since) for check in ("power", "uplink"))
    if power is not None and power.reason in POWER_LOSS:
        return Sign("ups", at=power.at, name=device.name or device.id)
    if uplink is not None and uplink.facts.get("ups_source") == "battery":
        return Sign("ups", at=uplink.at, name=device.name or device.id)
    return None


def _discharging(device: DeviceFacts, since: int) -> bool:
    power = _shortly_before(device, "power", since)
    return power is not None and any(one.name == "power_mains" and one.value == 0 for one in power.samples)


def _of_line(devices: Sequence[DeviceFacts], since: int, around: Around) -> Silent | None:
    for finding in around.findings:
        if finding.segment in (Segment.ACCESS, Segment.PROVIDER) and finding.cause is not Cause.POWER:
            signs = (Sign("finding", name=finding.id, count=len(finding.units)), *_stopped(devices, since))
            return Silent(cause=Why.LINE_DOWN, since=since, signs=signs, confidence=finding.confidence)
    for device in devices:
        uplink = _shortly_before(device, "uplink", since)
        if uplink is not None and uplink.reason == Reason.INTERFACE_DOWN:
            sign = Sign("interface", at=uplink.at, name=device.name or device.id)
            return Silent(cause=Why.LINE_DOWN, since=since, signs=(sign,), confidence=0.8)
    return _of_provider(since, around)


def _of_provider(since: int, around: Around) -> Silent | None:
    """Two other units of our provider at least, and half of them, stopped with us; of the others nearly all report."""
    if not around.provider:
        return None
    same = [one for one in around.neighbours if one.provider == around.provider]
    others = [one for one in around.neighbours if one.provider and one.provider != around.provider]
    fell = [one for one in same if _with(one.silent_since, since)]
    report = [one for one in others if one.silent_since is None]
    if len(fell) < 2 or 2 * len(fell) < len(same) or not others or 5 * len(report) < 4 * len(others):
        return None
    signs = (
        Sign("provider", count=len(fell), of=len(same), name=around.provider),
        Sign("others", count=len(report), of=len(others)),
    )
    return Silent(cause=Why.LINE_DOWN, since=since, signs=signs, confidence=0.85)


def _of_area(since: int, around: Around) -> Silent | None:
    """Nearest neighbours of several providers stopped with us: lines have nothing in common, the mains have."""
    fell = [one for one in around.neighbours if one.is_near and _with(one.silent_since, since)]
    providers = {one.provider for one in fell if one.provider} | ({around.provider} - {""})
    if len(fell) < 2 or len(providers) < 2:
        return None
    near = sum(one.is_near for one in around.neighbours)
    signs = (Sign("area", count=len(fell), of=near),)
    return Silent(cause=Why.POWER_CUT, since=since, signs=signs, confidence=0.6)


def _of_stops(devices: Sequence[DeviceFacts], since: int) -> Silent:
    """One after the other, as people leave; or all at once, which power and line look alike in."""
    stopped = _stopped(devices, since)
    if len(devices) > 1 and not stopped and all(device.role != "router" for device in devices):
        signs = (Sign("apart", count=len(devices)),)
        return Silent(cause=Why.PC_OFF, since=since, signs=signs, confidence=0.5)
    return Silent(cause=Why.UNKNOWN, since=since, signs=stopped)


def _stopped(devices: Sequence[DeviceFacts], since: int) -> tuple[Sign, ...]:
    """That all stopped together, if there are several and they did."""
    seen = [device.last_seen or 0 for device in devices]
    if len(seen) < 2 or since - min(seen) > TOGETHER:
        return ()
    return (Sign("together", count=len(seen), at=min(seen)),)


def _of_device(
    device: DeviceFacts, since: int, others: list[DeviceFacts], reporting: list[DeviceFacts], facts: UnitFacts
) -> Silent:
    """Of one that is silent while `reporting` are not."""
    fellows = [one for one in others if one not in reporting and _with(one.last_seen, since)]
    siblings = Sign("siblings", count=len(reporting), of=len(others))
    if len(fellows) > 1 or (fellows and all(one.role == "router" for one in reporting)):
        signs = (Sign("together", count=len(fellows) + 1, at=since), siblings)
        return Silent(cause=Why.LAN_DOWN, since=since, signs=signs, confidence=0.6)
    if disk := _bad_disk(device):
        return Silent(cause=Why.AGENT_STOPPED, since=since, signs=(disk, siblings), confidence=0.7)
    if _discharging(device, since) or _on_ups(device, since):
        return Silent(cause=Why.PC_OFF, since=since, signs=(Sign("battery"), siblings), confidence=0.7)
    if 0 < facts.calendar.closed_at - since <= 2 * BEFORE:
        signs = (Sign("closing", at=facts.calendar.closed_at), siblings)
        return Silent(cause=Why.PC_OFF, since=since, signs=signs, confidence=0.7)
    if _was_well(device):
        return Silent(cause=Why.AGENT_STOPPED, since=since, signs=(siblings, Sign("well")), confidence=0.5)
    return Silent(cause=Why.UNKNOWN, since=since, signs=(siblings,))


def _bad_disk(device: DeviceFacts) -> Sign | None:
    """A disk that takes no more writes stops the agent, which keeps every result before it sends it."""
    found = device.results.get(("storage", ""))
    if found is None or found.reason not in (Reason.DISK_FULL, Reason.DISK_READ_ONLY, Reason.DISK_FAILING):
        return None
    return Sign("disk", at=found.at, name=found.reason)


def _was_well(device: DeviceFacts) -> bool:
    ways = [result for (check, _), result in device.results.items() if check in ("lan", "connectivity")]
    return bool(ways) and all(result.outcome is not Outcome.FAILED for result in ways)


def _shortly_before(device: DeviceFacts, check: str, since: int) -> Result | None:
    result = device.results.get((check, ""))
    return result if result is not None and since - result.at <= BEFORE else None


def _with(at: int | None, since: int) -> bool:
    return at is not None and abs(at - since) <= TOGETHER
