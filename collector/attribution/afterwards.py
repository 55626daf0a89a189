"""Why a unit was silent, once it is heard of again: its devices tell when they were off, and what they went on
measuring. Pure."""

from __future__ import annotations

from collector.attribution.observe import ACTIVE
from collector.attribution.silent import Sign, Silent, Why
from collector.readiness.model import Bucket, DeviceFacts, UnitFacts
from collector.tally import BUCKET_SECONDS

SLACK = 900
"""Seconds by which a device may seem to have been off later, or on earlier, than the silence: its last results were
never sent, its first ones were taken a while after it started."""
SECOND = 1_000_000


def why_was_silent(facts: UnitFacts, since: int, until: int) -> Silent:
    """Why nothing came from `since` to `until` (µs). Devices that kept measuring, and sent it all later, were cut off;
    those that were off say whether they had been shut down. With neither, nobody knows."""
    off = [outage for device in facts.devices if device.status == ACTIVE and (outage := _off(device, since, until))]
    cut = [at for at, clean in off if clean is False]
    if cut:
        signs = (Sign("cut", count=len(cut), of=_told(facts), at=min(cut)),)
        return Silent(cause=Why.POWER_CUT, since=since, signs=signs, confidence=0.97 if len(cut) > 1 else 0.8)
    runs = sum(_runs(bucket) for bucket in facts.buckets if _inside(bucket, since, until))
    if runs:
        return Silent(cause=Why.LINE_DOWN, since=since, signs=(Sign("measured", count=runs),), confidence=0.95)
    if off:
        shut = sum(clean is True for _, clean in off)
        signs = (Sign("shut", count=len(off), of=_told(facts), at=min(at for at, _ in off)),)
        return Silent(cause=Why.PC_OFF, since=since, signs=signs, confidence=0.95 if shut == len(off) else 0.6)
    if _told(facts):
        signs = (Sign("not_off", count=_told(facts)),)
        return Silent(cause=Why.AGENT_STOPPED, since=since, signs=signs, confidence=0.7)
    return Silent(cause=Why.UNKNOWN, since=since)


def _off(device: DeviceFacts, since: int, until: int) -> tuple[int, bool | None] | None:
    """When (µs) the device went off for the whole of the silence, and whether in order; None when it did not, or does
    not say."""
    power = device.results.get(("power", ""))
    if power is None:
        return None
    began, ended = power.facts.get("last_outage_began"), power.facts.get("last_outage_ended")
    if not isinstance(began, int) or not isinstance(ended, int):
        return None
    if abs(began - since / SECOND) > SLACK or abs(ended - until / SECOND) > SLACK:
        return None
    clean = power.facts.get("last_outage_clean")
    return began * SECOND, clean if isinstance(clean, bool) else None


def _told(facts: UnitFacts) -> int:
    """How many devices keep account of when they were off."""
    found = (device.results.get(("power", "")) for device in facts.devices if device.status == ACTIVE)
    return sum(result is not None and result.facts.get("boots_since") is not None for result in found)


def _inside(bucket: Bucket, since: int, until: int) -> bool:
    return since / SECOND <= bucket.start and bucket.start + BUCKET_SECONDS <= until / SECOND


def _runs(bucket: Bucket) -> int:
    return sum(tally.runs for tally in bucket.jobs.values())
