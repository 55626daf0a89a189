"""When time alone may change a verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from collector.readiness import silence
from collector.readiness.model import Calendar, DeviceFacts, UnitFacts, UnitVerdict
from collector.readiness.profile import Freshness, Kind, Profile
from collector.readiness.rows import plan_of
from collector.tally import BUCKET_SECONDS

SECOND = 1_000_000


def next_change(profile: Profile, facts: UnitFacts, verdict: UnitVerdict) -> int | None:
    """The earliest µs after ``verdict.at`` at which time alone, without any new result, may change the verdict: a
    device falls silent or late, a result grows too old, a hold time runs out, the office opens or closes, a waiver
    begins or ends, a requirement becomes mandatory. Ages by the purchase date are left to the next sweep."""
    now = verdict.at
    return min((at for at in _changes(profile, facts, verdict) if at > now), default=None)


def _changes(profile: Profile, facts: UnitFacts, verdict: UnitVerdict) -> Iterator[int]:
    now, devices = verdict.at, [device for device in facts.devices if device.status == "active"]
    yield from _silences(profile.freshness, facts.calendar, devices, now)
    yield from _expiries(profile, facts, devices, now)
    yield from _windows(profile, facts, devices, now)
    yield from _holds(profile, verdict)
    if facts.calendar.until is not None and devices:
        yield facts.calendar.until
    for waiver in facts.waivers:
        yield from (waiver.created_at, waiver.expires_at if waiver.revoked_at is None else waiver.revoked_at)
    yield from (line.mandatory_from for line in profile.requirements if line.mandatory_from is not None)


def _silences(freshness: Freshness, calendar: Calendar, devices: list[DeviceFacts], now: int) -> Iterator[int]:
    """Of those heard a moment ago, which nearly all were, the one heard first falls silent first."""
    lately = now - min(freshness.late, freshness.lost_contact, freshness.no_data)
    times = [seen for device in devices if (seen := device.last_seen) is not None and lately < seen <= now]
    if times:
        first = min(times)
        yield from (first + freshness.late, first + freshness.lost_contact + 1, first + freshness.no_data + 1)
    if len(times) < len(devices):
        others = [device for device in devices if (seen := device.last_seen) is None or not lately < seen <= now]
        for one in silence.everyone(others, calendar, freshness, now):
            yield from silence.changes(one, freshness, now)
    if calendar.open and devices:
        yield calendar.since + freshness.lost_contact + 1


def _holds(profile: Profile, verdict: UnitVerdict) -> Iterator[int]:
    holds = {line.id: line.hold for line in profile.requirements}
    for state in verdict.requirements:
        if state.pending is not None and state.id in holds:
            yield from (state.pending_since + wait for wait in (holds[state.id].up, holds[state.id].down))


def _expiries(profile: Profile, facts: UnitFacts, devices: list[DeviceFacts], now: int) -> Iterator[int]:
    """When results begin and cease to speak for the present: of each age the first that is still to come. Of a device
    whose results all do, its row tells."""
    plan, rest = plan_of(profile, facts.targets), list[DeviceFacts]()
    for device in devices:
        row = plan.kept(device.results)
        if row is not None and row.since <= now <= row.until:
            yield row.until + 1
        else:
            rest.append(device)
    ages = _ages(profile) if rest else {}
    times: dict[str, list[int]] = {check: [] for check in ages}
    for device in rest:
        for (check, _), result in device.results.items():
            if check in times:
                times[check].append(result.at)
    for check, found in times.items():
        ahead = [at for at in found if at > now] if found and max(found) > now else []
        for age in ages[check]:
            yield from (at - age for at in ahead)
            first = _first(found, now - age)
            if first is not None:
                yield first + age + 1


def _first(times: list[int], since: int) -> int | None:
    """The earliest from `since` on."""
    first = min(times, default=None)
    if first is None or first >= since:
        return first
    return min([at for at in times if at >= since], default=None)


def _ages(profile: Profile) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for line in profile.requirements:
        if line.window == 0:
            checks = {part.check for part in line.parts} if line.kind is Kind.PARTS else {line.check}
            for check in checks:
                found.setdefault(check, set()).add(line.max_age)
    return {check: tuple(sorted(ages)) for check, ages in found.items()}


def _windows(profile: Profile, facts: UnitFacts, devices: list[DeviceFacts], now: int) -> Iterator[int]:
    """Windows end with the newest result. They move by themselves only where that is from the future, and take in what
    lies there when its time comes."""
    ahead = max([device.last_seen or 0 for device in devices], default=0) > now
    windows = {line.window for line in profile.requirements if line.window} if ahead else set()
    for bucket in facts.buckets:
        if bucket.start * SECOND > now:
            yield bucket.start * SECOND
        yield from ((bucket.start + BUCKET_SECONDS) * SECOND + window for window in windows)
