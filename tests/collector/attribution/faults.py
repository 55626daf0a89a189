"""Findings and observations of a few lines each."""

from __future__ import annotations

from typing import Any

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding, Observation

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_795_228_200 * SECOND  # 21/11/2026 09:30:00 in Ho Chi Minh City, a Saturday
UNITS = ("27259", "27265", "27286")


def device(name: str, unit: str = UNITS[0], **more: Any) -> Finding:
    """A PC that alone is stopped."""
    given: dict[str, Any] = {"cause": Cause.UNREACHABLE, "units": (unit,), "devices": (name,), "targets": ("portal",)}
    return Finding(segment=Segment.DEVICE, subject=name, **(given | more))


def lan(unit: str = UNITS[0], **more: Any) -> Finding:
    return _office(Segment.LAN, unit, more)


def access(unit: str = UNITS[0], network: str = "internet", **more: Any) -> Finding:
    return _office(Segment.ACCESS, unit, {"network": network} | more)


def provider(name: str = "VNPT", units: tuple[str, ...] = UNITS, network: str = "internet", **more: Any) -> Finding:
    return _wide(Segment.PROVIDER, name, units, {"network": network} | more)


def destination(name: str = "portal", units: tuple[str, ...] = UNITS, **more: Any) -> Finding:
    return _wide(Segment.DESTINATION, name, units, {"targets": (name,)} | more)


def _office(segment: Segment, unit: str, more: dict[str, Any]) -> Finding:
    return _wide(segment, unit, (unit,), more)


def _wide(segment: Segment, subject: str, units: tuple[str, ...], more: dict[str, Any]) -> Finding:
    given: dict[str, Any] = {
        "cause": Cause.UNREACHABLE, "units": units, "targets": ("mail", "portal"), "first": NOW, "last": NOW,
        "devices": tuple(f"{unit}-{number}" for unit in units for number in (1, 2)),
    }  # fmt: skip
    return Finding(segment=segment, subject=subject, **(given | more))


def ok(device: str, target: str = "portal", at: int = NOW, **more: Any) -> Observation:
    return Observation(device=device, at=at, target=target, **more)


def bad(device: str, target: str = "portal", at: int = NOW, reason: str = "tcp_timeout", **more: Any) -> Observation:
    return Observation(device=device, at=at, target=target, ok=False, reason=reason, **more)
