"""``/metrics`` in the classic text format, from lines rendered once per change.

Device series do not go through prometheus-client: rendering 336,000 series with it costs 1.7–2.1 CPU seconds a
scrape, joining kept lines 0.02 (DECISIONS.md). Labels come from the configuration and the registry, never from
what a device sent, but for the certificates of its tokens and its release, which are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from checks.kit.model import Bilingual, Metric, Outcome, Reason, Result, Sample
from collector.attribution.model import Line
from collector.expiry import Interval
from collector.families import HEALTH, UNEXPORTED
from collector.readiness.model import DeviceFacts, RequirementState, Silence, Unit, UnitVerdict, Verdict
from collector.readiness.words import REASONS
from collector.standards import in_base
from collector.stations import Due
from collector.tally import job_key
from collector.textformat import Lines as Lines
from collector.textformat import inner, number
from collector.textformat import line as line

NOTHING = Due()
OUTCOMES = tuple(Outcome)
SHOWN = 4096
"""Labels that are remembered as they are written. All closed ones of all checks are 500; open ones come and go."""
_REASONS = frozenset(Reason)
WHY_NOT = frozenset({reason.value for reason in Reason} | REASONS.keys())
"""Why a requirement is not ready. What is in neither is exported as ``other``."""


def unit_lines(
    unit: Unit, verdict: UnitVerdict, locality: str, due: Due = NOTHING, network: Sequence[Line] = ()
) -> Lines:
    """A unit's lines; `network` are its ways out. A unit that was never heard of has no timestamp, one that no roster
    names none of it."""
    own = {"unit": unit.code}
    info = {"name": unit.name, "kind": unit.kind, "province": unit.province, "locality": locality}
    place = {"lat": repr(unit.lat), "lon": repr(unit.lon)}
    lines = {
        "sansang_unit_info": line("sansang_unit_info", 1, own | info | place),
        "sansang_unit_verdict": _set("sansang_unit_verdict", own, "verdict", Verdict, verdict.verdict),
        "sansang_unit_silence": _set("sansang_unit_silence", own, "silence", Silence, verdict.silence),
        "sansang_unit_devices_expected": line("sansang_unit_devices_expected", verdict.expected, own),
        "sansang_unit_devices_reporting": line("sansang_unit_devices_reporting", verdict.reporting, own),
    }
    for series, label, values in (
        ("sansang_unit_roster", "kind", due.counts),
        ("sansang_unit_stations", "role", due.stations),
        ("sansang_unit_stations_seen", "role", due.seen),
        ("sansang_unit_contract_bytes_per_second", "direction", due.contract),
    ):
        if values:
            lines[series] = "".join(line(series, value, own | {label: name}) for name, value in values.items())
    if network:
        ways = (own | {"network": way.network, "provider": way.provider} for way in network)
        lines["sansang_unit_line_info"] = "".join(line("sansang_unit_line_info", 1, way) for way in ways)
    since = "sansang_unit_verdict_since_timestamp_seconds"
    lines[since] = line(since, verdict.since / 1e6, own)
    if verdict.last_seen is not None:
        seen = "sansang_unit_last_result_timestamp_seconds"
        lines[seen] = line(seen, verdict.last_seen / 1e6, own)
    ends: dict[tuple[str, str], int] = {}
    for one in verdict.waivers:
        key = one.requirement, one.kind
        ends[key] = max(one.expires_at, ends.get(key, 0))
    if ends:
        expires = "sansang_unit_waiver_expires_timestamp_seconds"
        lines[expires] = "".join(
            line(expires, at / 1e6, own | {"requirement": need, "kind": kind}) for (need, kind), at in ends.items()
        )
    return lines | _requirement_lines(verdict, inner(own))


def _set(series: str, own: Mapping[str, str], label: str, states: Iterable[Any], present: Any) -> str:
    return "".join(line(series, state is present, {**own, label: state.value}) for state in states)


def _requirement_lines(verdict: UnitVerdict, own: str) -> Lines:
    """State, value, reason and waiver of each; their ids need no escape. Rendered for every judgement, so written for
    speed."""
    kinds = {one.id: one.kind for one in verdict.waivers}
    found: dict[str, list[str]] = {}
    for need in verdict.requirements:
        one = f'{own},requirement="{need.id}"'
        states = found.setdefault("sansang_unit_requirement", [])
        for state in Verdict:
            present = "1" if need.state is state else "0"
            states.append(f'sansang_unit_requirement{{{one},state="{state.value}"}} {present}\n')
        for series, told in _told(need, one, kinds):
            found.setdefault(series, []).append(told)
    return {series: "".join(told) for series, told in found.items()}


def _told(need: RequirementState, own: str, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is told of one requirement besides its state, by series."""
    value = in_base(need.value, need.unit) if need.state is not Verdict.UNKNOWN else None
    if value is not None:
        series = "sansang_unit_requirement_value"
        yield series, f"{series}{{{own}}} {number(value)}\n"
    if need.reason and need.state is not Verdict.READY:
        series, why = "sansang_unit_requirement_reason", need.reason if need.reason in WHY_NOT else "other"
        yield series, f'{series}{{{own},reason="{why}"}} 1\n'
    if need.waiver in kinds:
        series = "sansang_unit_requirement_waived"
        yield series, f'{series}{{{own},kind="{kinds[need.waiver]}"}} 1\n'


class Catalogue(Struct, frozen=True):
    """What may be exported: metrics by name, and each device's jobs by unit and role; ``every`` their intervals by the
    same keys, ``most`` how many series one run may have of a metric, by name. What is in neither never expires, and is
    not limited. ``titles`` are what checks are called, by name. ``shown`` are labels that were found to be a metric's
    own, as they are written: the same few come with every push."""

    metrics: Mapping[str, Metric]
    jobs: Callable[[str, str], frozenset[str]]
    every: Callable[[str, str], Mapping[str, Interval]] = lambda _unit, _role: {}
    most: Mapping[str, int] = {}
    titles: Mapping[str, Bilingual] = {}
    shown: dict[tuple[Any, ...], str] = field(default_factory=dict)


def device_lines(device: DeviceFacts, catalogue: Catalogue) -> tuple[Lines, int]:
    """A device's lines, and how many of its samples and health numbers are not known here, stand twice, or are more
    than there can be."""
    own = inner({"unit": device.unit, "device": device.id})
    lines: dict[str, list[str]] = {}
    info = inner({"role": device.role, "version": device.version, "station": device.station})
    lines["sansang_device_info"] = [f"sansang_device_info{{{own},{info}}} 1\n"]
    for series, value in (
        ("sansang_device_last_result_timestamp_seconds", device.last_seen and device.last_seen / 1e6),
        ("sansang_device_purchase_timestamp_seconds", device.purchased),
        ("sansang_device_clock_offset_seconds", device.clock_offset),
        ("sansang_device_clock_drift_ratio", device.clock_drift),
    ):
        if value is not None:
            lines[series] = [f"{series}{{{own}}} {number(value)}\n"]
    unknown = _health_lines(device.health, own, lines)
    jobs = catalogue.jobs(device.unit, device.role)
    for (check, target), result in sorted(device.results.items()):
        if job_key(check, target) in jobs:
            job = f"{own},{inner({'check': check, 'target': target})}"
            unknown += _job_lines(result, job, catalogue, lines)
    return {series: "".join(found) for series, found in lines.items()}, unknown


def _health_lines(health: Mapping[str, float], own: str, lines: dict[str, list[str]]) -> int:
    """Adds what the agent says of itself; returns how many numbers nobody knows."""
    unknown = 0
    for name, value in health.items():
        told = HEALTH.get(name)
        if told is None:
            unknown += name not in UNEXPORTED
        else:
            lines[told.series] = [f"{told.series}{{{own}}} {number(value)}\n"]
    return unknown


def _job_lines(result: Result, job: str, catalogue: Catalogue, lines: dict[str, list[str]]) -> int:
    """Adds one job's lines; `job` are its labels. Rendered for every push, so written for speed."""
    outcomes = "".join([
        f'sansang_check_outcome{{{job},outcome="{outcome}"}} {"1" if result.outcome is outcome else "0"}\n'
        for outcome in OUTCOMES
    ])  # fmt: skip
    lines.setdefault("sansang_check_outcome", []).append(outcomes)
    if result.reason:
        why = result.reason if result.reason in _REASONS else "other"
        lines.setdefault("sansang_check_reason", []).append(f'sansang_check_reason{{{job},reason="{why}"}} 1\n')
    at = f"sansang_check_timestamp_seconds{{{job}}} {number(result.at / 1e6)}\n"
    lines.setdefault("sansang_check_timestamp_seconds", []).append(at)
    told: dict[str, list[str]] = {}
    known = 0
    for sample, more in admitted(result, catalogue):
        known += 1
        told.setdefault(sample.name, []).append(f"{{{job}{more}}} {number(sample.value)}\n")
    for name, found in told.items():
        series = catalogue.metrics[name].series
        lines.setdefault(series, []).extend([series + rest for rest in found])
    return len(result.samples) - known


def admitted(result: Result, catalogue: Catalogue) -> Iterator[tuple[Sample, str]]:
    """Those of its samples that are series, each with its labels as they stand behind the job's: of a metric that is
    known, labels that are the metric's own, each set once, and no more of them than there can be."""
    found: dict[str, set[str]] = {}
    for sample in result.samples:
        more = _labels(sample, catalogue)
        if more is None:
            continue
        held = found.setdefault(sample.name, set())
        if more not in held and len(held) < catalogue.most.get(sample.name, len(result.samples)):
            held.add(more)
            yield sample, more


def _labels(sample: Sample, catalogue: Catalogue) -> str | None:
    """Its labels as they stand behind the job's, a comma before them, in their metric's order: whatever order they come
    in, they name one series. None where they are not its metric's."""
    key = (sample.name, *sample.labels.items())
    found = catalogue.shown.get(key)
    if found is None:
        metric = catalogue.metrics.get(sample.name)
        if metric is None or not _declared(metric, sample.labels):
            return None
        found = f",{inner({name: sample.labels[name] for name in metric.labels})}" if metric.labels else ""
        if len(catalogue.shown) < SHOWN:
            catalogue.shown[key] = found
    return found


def _declared(metric: Metric, labels: Mapping[str, str]) -> bool:
    """Whether `labels` are the metric's own, with values it has words for where they are closed: what an agent makes up
    becomes no series."""
    if not metric.labels:
        return not labels
    closed = {value for name, value in labels.items() if name not in metric.open}
    return labels.keys() == set(metric.labels) and (not metric.words or metric.words.keys() >= closed)
