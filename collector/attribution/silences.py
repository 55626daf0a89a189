"""Devices that fell silent: a PC or its agent, an office without power, or a provider that carries nobody's reports."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.causes import BATTERY
from collector.attribution.model import INTERNET, Cause, Finding, Observation, Topology

SAME = 600_000_000
"""Devices that fell silent within so many µs did so together: reports come every few minutes, and not in step."""
PROVIDER_UNITS = 3
PROVIDER_SHARE = 0.6
_SILENCING = frozenset({Cause.ROUTER, Cause.UNREACHABLE, Cause.POWER, Cause.OWN_LINK})


class Office(Struct):
    """What is heard of a unit: the devices that report, those that fell silent (since when), those on battery."""

    heard: set[str]
    silent: dict[str, int]
    battery: dict[str, Observation]

    @property
    def together(self) -> dict[str, int]:
        """Those that fell silent last, within SAME."""
        newest = max(self.silent.values(), default=0)
        return {device: at for device, at in self.silent.items() if at >= newest - SAME}

    @property
    def dark(self) -> bool:
        return not self.heard and bool(self.silent)


def fallen_silent(observations: Iterable[Observation]) -> dict[str, int]:
    """Since when each silent device is so. One that was heard of later is not."""
    silent: dict[str, int] = {}
    heard: dict[str, int] = {}
    for one in observations:
        told = silent if one.ok is None else heard
        if one.at >= told.get(one.device, one.at):
            told[one.device] = one.at
    return {device: at for device, at in silent.items() if heard.get(device, at) <= at}


def offices(observations: Iterable[Observation], silent: dict[str, int], topology: Topology) -> dict[str, Office]:
    found: dict[str, Office] = {}
    for one in observations:
        unit = topology.units.get(one.device)
        if unit is None:
            continue
        office = found.get(unit) or found.setdefault(unit, Office(set(), {}, {}))
        if one.device in silent:
            office.silent[one.device] = silent[one.device]
        else:
            office.heard.add(one.device)
        if one.ok is False and one.reason in BATTERY:
            before = office.battery.get(one.device)
            office.battery[one.device] = one if before is None or _later(one, before) else before
    return found


def _later(one: Observation, other: Observation) -> bool:
    return (one.at, one.reason) > (other.at, other.reason)


def power(found: dict[str, Office]) -> list[Finding]:
    """Who runs on battery: the office where at least half of those that are heard do, or the others fell silent; else
    the PC alone."""
    findings = []
    for unit, office in sorted(found.items()):
        running = {device: one for device, one in office.battery.items() if device in office.heard or office.dark}
        if not running:
            continue
        whole = office.dark or 2 * len(running) >= len(office.heard) or len(office.silent) >= len(office.heard)
        for subject, told in (
            [(unit, running)] if whole else [(device, {device: running[device]}) for device in running]
        ):
            findings.append(_battery(unit, office, subject, told, whole=whole))
    return findings


def _battery(unit: str, office: Office, subject: str, told: dict[str, Observation], *, whole: bool) -> Finding:
    silent = office.together if whole else {}
    ats = [one.at for one in told.values()] + list(silent.values())
    return Finding(
        segment=Segment.LAN if whole else Segment.DEVICE, subject=subject, cause=Cause.POWER,
        reason=max(one.reason for one in told.values()), confidence=0.97 if silent or not whole else 0.9,
        failing=len(told) + len(silent), devices=tuple(sorted({*told, *silent})), units=(unit,),
        first=min(ats), last=max(ats),
    )  # fmt: skip


def silences(found: dict[str, Office], known: list[Finding], topology: Topology) -> list[Finding]:
    """`known` with the silent devices that it explains, and findings for the others.

    An office all of whose devices fell silent together has no power (Cause.POWER, at its LAN; its line may be it too).
    Where most offices of a provider did so at the same moment, it is the provider: one finding. A device that is silent
    while its neighbours report has stopped. A city that nobody reports from tells nothing: the collector may be it.
    """
    if len(found) >= PROVIDER_UNITS and not any(office.heard for office in found.values()):
        return known
    left = {unit: Office(office.heard, dict(office.silent), office.battery) for unit, office in found.items()}
    findings = [_explaining(one, left, topology) for one in known]
    findings += _providers(left, topology)
    for unit, office in sorted(left.items()):
        findings += _of_office(unit, office, len(found[unit].silent))
    return findings


def _explaining(finding: Finding, left: dict[str, Office], topology: Topology) -> Finding:
    """`finding` with the devices whose silence it explains; they are taken out of `left`."""
    taken: dict[str, str] = {}
    for unit in sorted(left) if finding.cause in _SILENCING else ():
        if _passes(finding, unit, topology):
            for device, at in list(left[unit].silent.items()):
                if at >= finding.first - SAME:
                    taken[device] = unit
                    del left[unit].silent[device]
    if not taken:
        return finding
    return replace(
        finding,
        devices=tuple(sorted({*finding.devices, *taken})),
        units=tuple(sorted({*finding.units, *taken.values()})),
    )


def _passes(finding: Finding, unit: str, topology: Topology) -> bool:
    if finding.network not in ("", INTERNET):
        return False
    if finding.segment is Segment.PROVIDER:
        return topology.line(unit, INTERNET).provider == finding.subject
    return finding.segment in (Segment.LAN, Segment.ACCESS) and finding.subject == unit


def _providers(left: dict[str, Office], topology: Topology) -> list[Finding]:
    served: dict[str, list[str]] = {}
    for unit in sorted(left):
        if provider := topology.line(unit, INTERNET).provider:
            served.setdefault(provider, []).append(unit)
    findings = []
    for provider, units in sorted(served.items()):
        together = _moment([unit for unit in units if left[unit].dark and not left[unit].battery], left)
        others = [unit for unit in left if unit not in units]
        elsewhere = sum(left[unit].dark for unit in others) / len(others) if others else 0.0
        if len(together) >= max(PROVIDER_UNITS, PROVIDER_SHARE * len(units)) and elsewhere < PROVIDER_SHARE / 2:
            findings.append(_dark(Segment.PROVIDER, provider, INTERNET, together, left, Cause.UNREACHABLE))
            for unit in together:
                left[unit].silent.clear()
    return findings


def _moment(units: list[str], left: dict[str, Office]) -> list[str]:
    """Those of `units` that fell silent within SAME of the middle one."""
    fell = sorted((max(left[unit].silent.values()), unit) for unit in units)
    middle = fell[len(fell) // 2][0] if fell else 0
    return [unit for at, unit in fell if abs(at - middle) <= SAME]


def _of_office(unit: str, office: Office, silent: int) -> list[Finding]:
    together = office.together
    if office.battery and len(office.silent) >= len(office.heard):
        return []  # said by the battery
    findings = []
    alone = dict(office.silent)
    if not office.heard and len(together) >= 2:
        findings.append(_dark(Segment.LAN, unit, "", [unit], {unit: office}, Cause.POWER))
        alone = {device: at for device, at in alone.items() if device not in together}
    return findings + [_stopped(unit, device, at, office, silent) for device, at in sorted(alone.items())]


def _dark(
    segment: Segment, subject: str, network: str, units: list[str], left: dict[str, Office], cause: Cause
) -> Finding:
    silent = {device: at for unit in units for device, at in left[unit].together.items()}
    return Finding(
        segment=segment, subject=subject, network=network, cause=cause, confidence=0.95 if len(units) > 1 else 0.7,
        failing=len(silent), also=() if segment is Segment.PROVIDER else (Segment.ACCESS,),
        devices=tuple(sorted(silent)), units=tuple(sorted(units)),
        first=min(silent.values()), last=max(silent.values()),
    )  # fmt: skip


def _stopped(unit: str, device: str, at: int, office: Office, silent: int) -> Finding:
    return Finding(
        segment=Segment.DEVICE, subject=device, cause=Cause.AGENT_STOPPED, failing=1,
        confidence=0.95 if len(office.heard) > 1 else 0.9 if office.heard or silent > 1 else 0.5,
        also=() if office.heard or silent > 1 else (Segment.LAN, Segment.ACCESS),
        devices=(device,), units=(unit,), first=at, last=at,
    )  # fmt: skip
