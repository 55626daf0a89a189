"""``/metrics`` in the classic text format, from lines rendered once per change.

Device series do not go through prometheus-client: rendering 336,000 series with it costs 1.7–2.1 CPU seconds a
scrape, joining kept lines 0.02 (DECISIONS.md). Labels come from the configuration and the registry, never from
what a device sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from checks.kit.model import Metric, Outcome, Reason, Result
from collector.readiness.model import DeviceFacts, Silence, Unit, UnitVerdict, Verdict
from collector.stations import Due
from collector.tally import job_key


class Family(Struct, frozen=True):
    """A series of the collector's own: name, labels, help."""

    series: str
    labels: tuple[str, ...]
    help: str
    kind: str = "gauge"


UNIT = (
    Family("sansang_unit_info", ("unit", "name", "kind", "province", "locality", "lat", "lon"), "A unit: join on it."),
    Family("sansang_unit_verdict", ("unit", "verdict"), "State set: 1 for the unit's present verdict."),
    Family("sansang_unit_silence", ("unit", "silence"), "State set: 1 for why nothing is known of the unit."),
    Family(
        "sansang_unit_requirement", ("unit", "requirement", "state"), "State set: 1 for a requirement's present state."
    ),
    Family("sansang_unit_devices_expected", ("unit",), "Devices that should report."),
    Family("sansang_unit_roster", ("unit", "kind"), "People and equipment that the roster names."),
    Family("sansang_unit_stations", ("unit", "role"), "Stations that the roster names and that should report."),
    Family("sansang_unit_stations_seen", ("unit", "role"), "Those of them whose device has ever reported."),
    Family(
        "sansang_unit_contract_bytes_per_second",
        ("unit", "direction"),
        "What the line is contracted for, by the roster.",
    ),
    Family("sansang_unit_devices_reporting", ("unit",), "Devices that do report."),
    Family("sansang_unit_verdict_since_timestamp_seconds", ("unit",), "Since when the unit has its verdict."),
    Family("sansang_unit_last_result_timestamp_seconds", ("unit",), "When the unit's newest result was taken."),
)
_DEVICE = ("unit", "device")
_JOB = ("unit", "device", "check", "target")
DEVICE = (
    Family("sansang_device_info", (*_DEVICE, "role", "version", "station"), "A device; join on device."),
    Family("sansang_device_purchase_timestamp_seconds", _DEVICE, "The day the device was bought, by the roster."),
    Family("sansang_device_last_result_timestamp_seconds", _DEVICE, "When the device's newest result was taken."),
    Family("sansang_device_clock_offset_seconds", _DEVICE, "How far the device's clock is ahead of the collector's."),
    Family("sansang_device_clock_drift_ratio", _DEVICE, "How fast its clock gains on the collector's, s/s."),
    Family("sansang_check_outcome", (*_JOB, "outcome"), "State set: 1 for the outcome of the newest run."),
    Family("sansang_check_reason", (*_JOB, "reason"), "1 for the reason why the newest run is not ok."),
    Family("sansang_check_timestamp_seconds", _JOB, "When the newest run was taken."),
)
FINDING = (
    Family("sansang_finding", ("id", "segment", "cause", "provider"), "1 for a fault that is present now."),
    Family("sansang_finding_units", ("id",), "Units in which the fault stops something."),
)
STANDARDS = (
    Family(
        "sansang_profile_loaded", (), "1 while the profile in force is what its files say, 0 while they are refused."
    ),
    Family("sansang_profile_info", ("profile",), "The profile in force: 1."),
)
FAMILIES = UNIT + FINDING + STANDARDS + DEVICE
NOTHING = Due()
Lines = dict[str, str]
"""A unit's or a device's lines by series name, each line ended."""

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_REASONS = frozenset(Reason)


def line(series: str, value: float, labels: Mapping[str, str]) -> str:
    """One sample, escaped as the format asks (prometheus.io/docs/instrumenting/exposition_formats)."""
    return f"{series}{{{_inner(labels)}}} {_number(value)}\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def unit_lines(unit: Unit, verdict: UnitVerdict, locality: str, due: Due = NOTHING) -> Lines:
    """A unit's lines. A unit that was never heard of has no timestamp, one that no roster names none of it."""
    own = {"unit": unit.code}
    info = {"name": unit.name, "kind": unit.kind, "province": unit.province, "locality": locality}
    place = {"lat": repr(unit.lat), "lon": repr(unit.lon)}
    states = (
        line("sansang_unit_requirement", need.state is state, own | {"requirement": need.id, "state": state.value})
        for need in verdict.requirements
        for state in Verdict
    )
    lines = {
        "sansang_unit_info": line("sansang_unit_info", 1, own | info | place),
        "sansang_unit_verdict": _set("sansang_unit_verdict", own, "verdict", Verdict, verdict.verdict),
        "sansang_unit_silence": _set("sansang_unit_silence", own, "silence", Silence, verdict.silence),
        "sansang_unit_requirement": "".join(states),
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
    since = "sansang_unit_verdict_since_timestamp_seconds"
    lines[since] = line(since, verdict.since / 1e6, own)
    if verdict.last_seen is not None:
        seen = "sansang_unit_last_result_timestamp_seconds"
        lines[seen] = line(seen, verdict.last_seen / 1e6, own)
    return lines


def _set(series: str, own: Mapping[str, str], label: str, states: Iterable[Any], present: Any) -> str:
    return "".join(line(series, state is present, {**own, label: state.value}) for state in states)


class Catalogue(Struct, frozen=True):
    """What may be exported: metrics by name, and each device's jobs by unit and role."""

    metrics: Mapping[str, Metric]
    jobs: Callable[[str, str], frozenset[str]]


def device_lines(device: DeviceFacts, catalogue: Catalogue) -> tuple[Lines, int]:
    """A device's lines, and how many of its samples name a metric that is not known here."""
    own = _inner({"unit": device.unit, "device": device.id})
    lines: dict[str, list[str]] = {}
    info = _inner({"role": device.role, "version": device.version, "station": device.station})
    lines["sansang_device_info"] = [f"sansang_device_info{{{own},{info}}} 1\n"]
    for series, value in (
        ("sansang_device_last_result_timestamp_seconds", device.last_seen and device.last_seen / 1e6),
        ("sansang_device_purchase_timestamp_seconds", device.purchased),
        ("sansang_device_clock_offset_seconds", device.clock_offset),
        ("sansang_device_clock_drift_ratio", device.clock_drift),
    ):
        if value is not None:
            lines[series] = [f"{series}{{{own}}} {_number(value)}\n"]
    jobs = catalogue.jobs(device.unit, device.role)
    unknown = 0
    for (check, target), result in sorted(device.results.items()):
        if job_key(check, target) in jobs:
            job = f"{own},{_inner({'check': check, 'target': target})}"
            unknown += _job_lines(result, job, catalogue.metrics, lines)
    return {series: "".join(found) for series, found in lines.items()}, unknown


def _inner(labels: Mapping[str, str]) -> str:
    """What stands between the braces."""
    return ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in labels.items())


def _job_lines(result: Result, job: str, metrics: Mapping[str, Metric], lines: dict[str, list[str]]) -> int:
    """Adds one job's lines; `job` are its labels. Rendered for every push, so written for speed."""
    outcomes = lines.setdefault("sansang_check_outcome", [])
    for outcome in Outcome:
        present = "1" if result.outcome is outcome else "0"
        outcomes.append(f'sansang_check_outcome{{{job},outcome="{outcome.value}"}} {present}\n')
    if result.reason:
        known = result.reason if result.reason in _REASONS else "other"
        lines.setdefault("sansang_check_reason", []).append(f'sansang_check_reason{{{job},reason="{known}"}} 1\n')
    at = f"sansang_check_timestamp_seconds{{{job}}} {_number(result.at / 1e6)}\n"
    lines.setdefault("sansang_check_timestamp_seconds", []).append(at)
    unknown = 0
    for sample in result.samples:
        metric = metrics.get(sample.name)
        if metric is None or not _declared(metric, sample.labels):
            unknown += 1
            continue
        series = metric.series
        labels = f"{job},{_inner(sample.labels)}" if sample.labels else job
        lines.setdefault(series, []).append(f"{series}{{{labels}}} {_number(sample.value)}\n")
    return unknown


def _declared(metric: Metric, labels: Mapping[str, str]) -> bool:
    """Whether `labels` are the metric's own, with values it has words for where they are closed: what an agent makes up
    becomes no series."""
    if not metric.labels:
        return not labels
    closed = {value for name, value in labels.items() if name not in metric.open}
    return labels.keys() == set(metric.labels) and (not metric.words or metric.words.keys() >= closed)


class Exposition:
    """Keeps the lines of units and devices; a scrape joins them family by family."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        checks = (_family(metric) for metric in metrics)
        self._device_heads = {family.series: head(family) for family in (*DEVICE, *checks)}
        self._finding_heads = {family.series: head(family) for family in FINDING}
        self._unit_heads = {family.series: head(family) for family in UNIT}
        self._units: dict[str, Lines] = {}
        self._devices: dict[str, dict[str, Lines]] = {}
        self._findings: Lines = {}
        self._standards = ""
        self._kept: str | None = None

    def put_findings(self, lines: Lines) -> None:
        """Those that are present, by family (:mod:`collector.attribution.exported`)."""
        self._findings = lines
        self._kept = None

    def put_standards(self, text: str) -> None:
        """What is judged by: families as they are served."""
        if text != self._standards:
            self._standards, self._kept = text, None

    def put_unit(self, unit: str, lines: Lines) -> None:
        self._units[unit] = lines
        self._kept = None

    def put_device(self, unit: str, device: str, lines: Lines) -> None:
        self._devices.setdefault(unit, {})[device] = lines

    def keep_devices(self, unit: str, devices: set[str]) -> None:
        """Forgets the unit's other devices: moved, revoked."""
        held = self._devices.get(unit, {})
        for device in held.keys() - devices:
            del held[device]

    def units_text(self) -> str:
        """All units' families; kept until a unit changes."""
        if self._kept is None:
            families = _join(self._unit_heads, self._units.values()) + _join(self._finding_heads, [self._findings])
            self._kept = families + self._standards
        return self._kept

    def devices_text(self, unit: str | None = None) -> str:
        """The families of one unit's devices, or of all."""
        chosen = self._devices.values() if unit is None else [self._devices.get(unit, {})]
        return _join(self._device_heads, [lines for devices in chosen for lines in devices.values()])


def _family(metric: Metric) -> Family:
    return Family(metric.series, (*_JOB, *metric.labels), metric.help, "counter" if metric.counter else "gauge")


def head(family: Family) -> str:
    return f"# HELP {family.series} {family.help}\n# TYPE {family.series} {family.kind}\n"


def _join(heads: Mapping[str, str], parts: Iterable[Lines]) -> str:
    parts = list(parts)
    text: list[str] = []
    for series, head in heads.items():
        found = [lines[series] for lines in parts if series in lines]
        if found:
            text += [head, *found]
    return "".join(text)
