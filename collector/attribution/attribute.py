"""Whose fault it is: from the observations of a city to the parts of it that are broken.

    findings = attribute(observations, topology)

Anything that can fill :class:`~collector.attribution.model.Observation` and
:class:`~collector.attribution.model.Topology` can be judged by it: only ways to targets, or looks at the surroundings
beside them; only the newest observation of each way, or all of a window; with silence, or without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from checks.kit.model import Reason
from checks.kit.segment import DESK, SERVERS, Segment
from collector.attribution.alone import alone
from collector.attribution.causes import BATTERY, SEGMENTS, Place, cause
from collector.attribution.ground import LEVELS, Way, survey
from collector.attribution.model import Finding, Observation, Topology
from collector.attribution.scoring import Score, Scorer
from collector.attribution.search import guilty
from collector.attribution.silences import fallen_silent, offices, power, silences
from collector.attribution.told import told

ALIKE = 2.0
"""Nats of likelihood within which two places are not told apart."""
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
    more often is named (destination, provider, access, LAN, device) and the other stands in ``also``. A provider that
    is down in both networks has two findings, one for each: they are two networks. A unit without power is a finding at
    its LAN with ``Cause.POWER``; several units without power have one each. A provider of which one customer alone
    tells is in ``also`` of that one's line.

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
    scores, scorer = guilty(ground)
    findings += [_finding(score, scorer) for score in scores] + alone(ground)
    if silent or any(one.reason in BATTERY for one in known):
        heard = offices(known, silent, topology)
        findings = silences(heard, [*findings, *power(heard)], topology)
    return sorted(_merged(findings), key=lambda one: (-len(one.units), -len(one.devices), one.key))


def _of_a_way(one: Observation) -> bool:
    """Whether a failure lies on a way at all; a server of signatures does where it is a target."""
    if one.reason in STILL:
        return False
    return one.check not in DESK or (one.reason in SERVERS and bool(one.target))


def _finding(score: Score, scorer: Scorer) -> Finding:
    suspect, ground = score.suspect, scorer.ground
    ways = [ground.ways[number] for number in sorted(score.affected)]
    reasons = sum((way.reasons for way in ways), Counter[str]())
    named, reason = cause(suspect.place, reasons)
    also = _also(score, scorer)
    return Finding(
        segment=SEGMENTS[suspect.place],
        subject=suspect.subject,
        network=suspect.network,
        cause=named,
        reason=reason,
        confidence=_confidence(score, ways, also),
        failing=len(ways),
        working=score.working,
        also=also,
        devices=tuple(sorted({way.device for way in ways})),
        units=tuple(sorted({way.unit for way in ways})),
        targets=tuple(sorted({way.target for way in ways if way.target})),
        first=min(way.first for way in ways),
        last=max(way.last for way in ways),
    )


def _also(score: Score, scorer: Scorer) -> tuple[Segment, ...]:
    """The segments that would explain as much in place of this one, nearest first."""
    ways, place = scorer.ground.ways, score.suspect.place
    before = {number: ways[number].chance for number in score.affected}
    scorer.absolve(score)
    shared = Counter(suspect for number in score.affected for suspect in ways[number].covers)
    whole, own = len(score.affected), scorer.score(score.suspect).gain
    alike = {
        SEGMENTS[other.place]
        for other, number in shared.items()
        if number >= 0.9 * whole and SEGMENTS[other.place] is not SEGMENTS[place]
        and scorer.bound(other) >= own - ALIKE and scorer.score(other).gain >= own - ALIKE
    }  # fmt: skip
    for number, chance in before.items():
        ways[number].chance = chance
    return tuple(sorted(alike, key=lambda one: LEVELS[one]))


def _confidence(score: Score, ways: list[Way], also: tuple[Segment, ...]) -> float:
    """From the number n of independent observations that speak for it: of devices, or, where one device is blamed, of
    its ways; n / (n + ½), less by a half for each other place that it could be as well."""
    place = score.suspect.place
    number = len(ways) if place is Place.DEVICE else len({way.device for way in ways})
    return round(number / (number + 0.5) / (1 + 0.5 * len(also)), 3)


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
