"""Whose fault it is: from the observations of a city to the parts of it that are broken.

    findings = attribute(observations, topology)

Anything that can fill :class:`~collector.attribution.model.Observation` and
:class:`~collector.attribution.model.Topology` can be judged by it: only ways to targets, or looks at the surroundings
beside them; only the newest observation of each way, or all of a window; with silence, or without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from checks.kit.model import Reason
from checks.kit.segment import DESK, SERVERS, Segment
from collector.attribution.alone import alone
from collector.attribution.causes import BATTERY, SEGMENTS, Place, cause
from collector.attribution.ground import Ground, Way, survey
from collector.attribution.model import Finding, Observation, Topology
from collector.attribution.rivals import also, is_early, rivals
from collector.attribution.scoring import Score
from collector.attribution.search import guilty
from collector.attribution.silences import fallen_silent, offices, power, silences
from collector.attribution.told import told

# What a device lacks and what its router will not tell stop no packet: no way is blamed for them.
_PREFIXES = ("disk_", "ups_", "battery_", "snmp_", "pcsc_", "reader_", "token_", "module_", "pin_", "cert_", "issuer_",
             "service_", "child_")  # fmt: skip
STILL = frozenset(reason for reason in Reason if reason.startswith(_PREFIXES)) | {
    Reason.INTERFACE_MISSING, Reason.NTP_UNSYNCHRONISED, Reason.NTP_IMPLAUSIBLE, Reason.PERMISSION, Reason.UNSUPPORTED,
    Reason.BAD_PARAMS, Reason.INTERNAL, *BATTERY,
}  # fmt: skip


def attribute(observations: Iterable[Observation], topology: Topology) -> list[Finding]:
    """The smallest set of faults that explains what failed in the window of `observations`, of most units first.

    Pure; the order of `observations` does not matter, an observation that is there twice counts once, and no input
    raises. A device that `topology` does not know is ignored; a target that it does not name is reached by the
    Internet; a unit without a line has one of its own. What a silent device said before is of the past. A reason that
    is not known may lie anywhere; what a desk lacks (its disk, token, UPS) lies on no way and is ignored, except power.
    Of repeated observations of one way the shares of failures and successes count, not their number: the independent
    observations are the devices.

    One fault is one finding, whatever the number of units. Where nothing tells two places apart, the one that breaks
    more often is named (destination, provider, access, LAN, device) and the other stands in ``also``; but where ways
    that are yet to be asked since the fault began would tell, nothing is named before
    (:func:`collector.attribution.rivals.is_early`). A provider that is down in both networks has two findings, one for
    each: they are two networks. A unit without power is a finding at its LAN with ``Cause.POWER``; several units
    without power have one each. A provider of which one customer alone tells is in ``also`` of that one's line.

    Failures that stand alone among successes are noise and belong to no finding. What worked before a fault began does
    not speak against it (:mod:`collector.attribution.onset`). A unit of which one device alone tells has a finding of
    little confidence at its line where all that this device asked in a network failed.
    """
    everything = list(observations)
    if all(one.ok for one in everything):
        return []
    known = [one for one in everything if one.device in topology.units]
    silent = fallen_silent(known) if any(one.ok is None for one in known) else {}
    spoken = [one for one in known if one.device not in silent and (one.ok or _of_a_way(one))]
    ground = survey(spoken, topology)
    findings = told(ground)
    findings += [*_compared(ground), *alone(ground)]
    if silent or any(one.reason in BATTERY for one in known):
        heard = offices(known, silent, topology)
        findings = silences(heard, [*findings, *power(heard)], topology)
    return sorted(_merged(findings), key=lambda one: (-len(one.units), -len(one.devices), one.key))


def _of_a_way(one: Observation) -> bool:
    """Whether a failure lies on a way at all; a server of signatures does where it is a target."""
    if one.reason in STILL:
        return False
    return one.check not in DESK or (one.reason in SERVERS and bool(one.target))


def _compared(ground: Ground) -> Iterator[Finding]:
    """What comparing ways finds, without what it is too early to place."""
    scores, scorer = guilty(ground)
    for score in scores:
        others = rivals(score, scorer)
        if not is_early(score, others, scorer):
            yield _finding(score, also(score, others), ground)


def _finding(score: Score, beside: tuple[Segment, ...], ground: Ground) -> Finding:
    suspect = score.suspect
    ways = [ground.ways[number] for number in sorted(score.affected)]
    reasons = sum((way.reasons for way in ways), Counter[str]())
    named, reason = cause(suspect.place, reasons)
    return Finding(
        segment=SEGMENTS[suspect.place],
        subject=suspect.subject,
        network=suspect.network,
        cause=named,
        reason=reason,
        confidence=_confidence(score, ways, beside),
        failing=len(ways),
        working=score.working,
        also=beside,
        devices=tuple(sorted({way.device for way in ways})),
        units=tuple(sorted({way.unit for way in ways})),
        targets=tuple(sorted({way.target for way in ways if way.target})),
        first=min(way.first for way in ways),
        last=max(way.last for way in ways),
    )


def _confidence(score: Score, ways: list[Way], beside: tuple[Segment, ...]) -> float:
    """From the number n of independent observations that speak for it: of devices, or, where one device is blamed, of
    its ways; n / (n + ½), less by a half for each other place that it could be as well."""
    place = score.suspect.place
    number = len(ways) if place is Place.DEVICE else len({way.device for way in ways})
    return round(number / (number + 0.5) / (1 + 0.5 * len(beside)), 3)


def _merged(findings: list[Finding]) -> list[Finding]:
    """One finding for each place: of those of the same key, the surest, with the devices of all."""
    found: dict[tuple[str, str, str], Finding] = {}
    for one in sorted(findings, key=lambda one: (-one.confidence, one.cause)):
        other = found.get(one.key)
        found[one.key] = one if other is None else _joined(other, one)
    return list(found.values())


def _joined(one: Finding, other: Finding) -> Finding:
    return replace(
        one,
        failing=one.failing + other.failing,
        also=tuple(segment for segment in one.also if segment in other.also),
        devices=tuple(sorted({*one.devices, *other.devices})),
        units=tuple(sorted({*one.units, *other.units})),
        targets=tuple(sorted({*one.targets, *other.targets})),
        first=min(one.first, other.first),
        last=max(one.last, other.last),
    )
