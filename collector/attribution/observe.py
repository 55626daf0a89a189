"""What a unit's devices last said, as observations of the way. Pure.

Only what speaks of the present counts: the newest result of each job while it is not too old, and nothing that could
not be measured. What a desk lacks (disk, token, printer, signing service) stops no packet: it is a requirement's
matter, and no observation. Of its power only a battery that is being used up is one, since silence may follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from checks.kit.model import Outcome, Reason, Result
from checks.kit.segment import NEARBY, Segment
from collector.attribution.model import Observation
from collector.plan import Locality, Plan
from collector.readiness import silence
from collector.readiness.model import ALWAYS_OPEN, Calendar, DeviceFacts, Silence
from collector.readiness.profile import Freshness
from collector.tally import job_key

ACTIVE = "active"
CLOCK_OFF = 3600.0
"""Seconds that a clock may be off before it is a reason why systems are not reached. [G] Authorities date certificates
back by an hour for clocks that are slow (Let's Encrypt). Less is the requirement's matter."""
SURROUNDINGS_AGE = 3600 * 1_000_000
"""µs after which nothing that was seen nearby speaks of now. [A]"""
DEFAULT_AGE = 3600 * 1_000_000
RETURN = 15 * 60 * 1_000_000
"""µs after opening within which an agent makes up for what fell due while the office was closed (agent/schedule.py)."""
POWER_LOSS = frozenset({Reason.ON_BATTERY, Reason.BATTERY_LOW})
MISSING = frozenset({Silence.LOST_CONTACT, Silence.NO_DATA})
"""What is said of a device that should report."""
AGENT = "agent"
"""Stands as the check of what the collector sees itself: silence, and how far a clock is off."""


class Look(Struct, frozen=True, kw_only=True):
    """How results become observations: how old (µs) one may be, by :func:`collector.tally.job_key` or by check alone
    (see :func:`ages`); ``clock_off`` in seconds; ``listening_since`` is when (µs) the collector began to listen, for
    nobody is silent because it was away."""

    freshness: Freshness
    ages: Mapping[str, int] = {}
    clock_off: float = CLOCK_OFF
    listening_since: int = 0

    def age(self, result: Result) -> int:
        found = self.ages.get(job_key(result.check, result.target)) or self.ages.get(result.check) or DEFAULT_AGE
        return found if result.check == "connectivity" else min(found, SURROUNDINGS_AGE)

    def is_deaf(self, now: int) -> bool:
        """Whether the collector has not listened for long enough to miss anybody."""
        return now - self.listening_since <= self.freshness.lost_contact


def ages(locality: Locality, calendar: Calendar, now: int | None = None) -> dict[str, int]:
    """How old (µs) a result of each job may be: two of its intervals, so that one missed run hides nothing, and the
    time that a push may wait. Where units differ, the longest interval counts.

    An office that opened shortly before `now` (µs; None: long ago) keeps the intervals it had while it was closed until
    each job has had the time to run and to be pushed: what was seen before a break is not forgotten at its end."""
    found: dict[str, int] = {}
    for plan in locality.plans:
        allowed = round((2 * _every(plan, locality, calendar, now) + locality.linger) * 1e6)
        targets = [site.target.id for site in locality.sites if plan.names(site.target)]
        keys = [job_key(plan.check, target) for target in targets if plan.targets != "none"] or [plan.check]
        found |= {key: max(allowed, found.get(key, 0)) for key in keys}
    return found


def _every(plan: Plan, locality: Locality, calendar: Calendar, now: int | None) -> float:
    changed = (change.plans[plan.check].every for change in locality.changes if plan.check in change.plans)
    longest = max([plan.every, *(every for every in changed if every is not None)])
    settled = calendar.since + (longest + locality.linger) * 1e6 + RETURN
    is_settled = calendar.open and (now is None or now >= settled)
    return longest if is_settled else max(longest, plan.off_hours or 0.0)


def observations(
    devices: Iterable[DeviceFacts], now: int, look: Look, calendar: Calendar = ALWAYS_OPEN
) -> list[Observation]:
    """What the `devices` of one unit say of its way at `now` (µs), in the order of their ids.

    A device that should report and does not says nothing else (:func:`silent_since`). One alone that has been silent
    for longer than ``no_data`` is left out: it was put away, nothing happened to it. Nor does a device say anything
    that is off because its office is closed: what it saw last is of the time before (:func:`away`).
    """
    found: list[Observation] = []
    for one in _missed(devices, now, look, calendar):
        if not one.is_silent:
            found += _spoken(one.device, now, look)
        elif one.silence in MISSING and one.seen is not None and not look.is_deaf(now):
            found.append(Observation(device=one.device.id, at=one.seen, ok=None, check=AGENT))
            found += _power(one.device, one.seen, look)
    return found


def away(devices: Iterable[DeviceFacts], now: int, look: Look, calendar: Calendar = ALWAYS_OPEN) -> frozenset[str]:
    """Those of the `devices` of one unit of which nothing can be known at `now` (µs), for good or bad: off because
    their office is closed; back since it opened, and yet to measure a way; or not heard since the collector began to
    listen, which is too short a time to miss them. What was found at them before neither holds nor is over."""
    return frozenset(
        one.device.id
        for one in _missed(devices, now, look, calendar)
        if one.silence is Silence.OFFICE_CLOSED
        or (one.silence in MISSING and one.seen is not None and look.is_deaf(now))
        or (not one.is_silent and _is_returning(one.device, now, look, calendar))
    )


def _missed(devices: Iterable[DeviceFacts], now: int, look: Look, calendar: Calendar) -> list[silence.Heard]:
    """The devices that take part, by id, without those put away."""
    active = sorted((device for device in devices if device.status == ACTIVE), key=lambda device: device.id)
    heard = [silence.heard(device, calendar, look.freshness, now) for device in active]
    alone = any(one.seen is None or one.silence not in MISSING for one in heard)
    oldest = now - look.freshness.no_data
    return [one for one in heard if not (alone and one.silence in MISSING and one.seen and one.seen < oldest)]


def _is_returning(device: DeviceFacts, now: int, look: Look, calendar: Calendar) -> bool:
    """Whether a device is back from a closed office with nothing but old results. Who comes back later than
    ``lost_contact`` after opening was missed before."""
    if not calendar.open or not calendar.closed_at or now - calendar.since > look.freshness.lost_contact + RETURN:
        return False
    ways = [result for result in device.results.values() if result.check == "connectivity"]
    return bool(ways) and all(now - result.at > look.age(result) for result in ways)


def silent_since(device: DeviceFacts, freshness: Freshness, calendar: Calendar, now: int) -> int | None:
    """When (µs) `device` was last heard of, if it should have been since. None while it reports, before its first
    result, and while it is off because its office is closed (:mod:`collector.readiness.silence`)."""
    heard = silence.heard(device, calendar, freshness, now)
    return heard.seen if heard.silence in MISSING else None


def _spoken(device: DeviceFacts, now: int, look: Look) -> Iterator[Observation]:
    if device.clock_offset is not None and abs(device.clock_offset) > look.clock_off:
        at = min(device.last_seen or 0, now)
        yield _near(device, at, AGENT, Segment.DEVICE, Reason.CLOCK_WRONG)
    for key in sorted(device.results):
        result = device.results[key]
        if result.outcome in (Outcome.OK, Outcome.FAILED) and now - result.at <= look.age(result):
            yield from _result(device, result, min(result.at, now))


def _result(device: DeviceFacts, result: Result, at: int) -> Iterator[Observation]:
    if result.check == "connectivity":
        ok = result.outcome is Outcome.OK
        reason = "" if ok else result.reason
        yield Observation(device=device.id, at=at, target=result.target, ok=ok, reason=reason, named=_is_named(result))
    elif result.check in _NEAR:
        for reach, reason in _NEAR[result.check](result):
            yield _near(device, at, result.check, reach, reason, result.target)


def _is_named(result: Result) -> bool:
    """Whether a name was looked up on the way. An address has no phase ``dns``, nor what a proxy looks up."""
    phases = {one.labels.get("phase") for one in result.samples if one.name == "connectivity_phase"}
    return not phases or "dns" in phases


def _near(device: DeviceFacts, at: int, check: str, reach: Segment, reason: str, target: str = "") -> Observation:
    """A `target` only says in which network the way was looked at."""
    return Observation(
        device=device.id, at=at, target=target, ok=not reason, reason=str(reason), check=check, reach=reach
    )


def _power(device: DeviceFacts, since: int, look: Look) -> Iterator[Observation]:
    """What the UPS said shortly before the silence."""
    result = device.results.get(("power", ""))
    if result is not None and since - result.at <= look.age(result):
        yield from _result(device, result, min(result.at, since))


Seen = Iterable[tuple[Segment, str]]
"""How far was seen, and the reason of what failed; empty where all that far works."""


def _of_lan(result: Result) -> Seen:
    """The office's gateway is there, or why not."""
    return [(Segment.LAN, _reason(result))] if not result.reason or result.reason in NEARBY else []


def _of_uplink(result: Result) -> Seen:
    """A router that answers shows that the office's own network works; what it says of its line's port is of the line.
    A port that is up proves nothing of the line behind it."""
    if result.outcome is Outcome.OK:
        return [(Segment.LAN, "")]
    down = result.reason == Reason.INTERFACE_DOWN
    return [(Segment.LAN, ""), (Segment.ACCESS, result.reason)] if down else []


def _of_path(result: Result) -> Seen:
    """How far packets came. Where they stop behind the line, line and office are cleared and nothing nearby is blamed:
    the system itself may be down. Where nobody outside the office answers, the line is cut or the provider's first
    router is dead: other offices of that provider tell which."""
    if result.reason in (Reason.ROUTE_LOOP, Reason.MTU_BLACKHOLE):
        return [(Segment.LAN, ""), (Segment.PROVIDER, result.reason)]
    if result.outcome is Outcome.OK or result.facts.get("first_outside_hop") is not None:
        return [(Segment.ACCESS, "")]
    if result.reason != Reason.ROUTE_STOPS:
        return []
    stops = (Segment.PROVIDER, result.reason)
    return [(Segment.LAN, ""), stops] if result.facts.get("responding_hops") else [stops]


def _of_dns(result: Result) -> Seen:
    """The resolver is at fault where no server answers, or all invent addresses. A single name that is not found says
    nothing of it: that system's own runs tell."""
    if result.outcome is Outcome.OK:
        return [(Segment.LAN, "")]
    dead = result.reason == Reason.DNS_TIMEOUT and not result.facts.get("servers_answering")
    return [(Segment.PROVIDER, result.reason)] if dead or result.reason == Reason.DNS_REWRITTEN else []


def _of_power(result: Result) -> Seen:
    return [(Segment.DEVICE, result.reason)] if result.reason in POWER_LOSS else []


def _reason(result: Result) -> str:
    return "" if result.outcome is Outcome.OK else result.reason


_NEAR: dict[str, Callable[[Result], Seen]] = {
    "lan": _of_lan, "uplink": _of_uplink, "path": _of_path, "dns": _of_dns, "power": _of_power,
}  # fmt: skip
