"""The series that the collector exports: name, labels, meaning, kind. METRICS.md and dashboards are drawn from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from prometheus_client import CollectorRegistry

from checks.kit.model import Metric


class Family(Struct, frozen=True):
    """A series: name, labels, help, and what Prometheus calls its kind."""

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
    Family(
        "sansang_unit_requirement_value",
        ("unit", "requirement"),
        "What the requirement was judged by, in the base unit that sansang_requirement_info names.",
    ),
    Family("sansang_unit_requirement_reason", ("unit", "requirement", "reason"), "1 for why it is not ready."),
    Family(
        "sansang_unit_requirement_waived",
        ("unit", "requirement", "kind"),
        "1 while a waiver takes it out of the verdict, or an approval confirms it.",
    ),
    Family(
        "sansang_unit_waiver_expires_timestamp_seconds",
        ("unit", "requirement", "kind"),
        "When the last waiver or approval in force of the requirement ends.",
    ),
    Family("sansang_unit_line_info", ("unit", "network", "provider"), "A unit's line to a network: join on unit."),
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
REGISTERED = (
    Family("sansang_device_info", (*_DEVICE, "role", "version", "station"), "A device; join on device."),
    Family("sansang_device_purchase_timestamp_seconds", _DEVICE, "The day the device was bought, by the roster."),
    Family("sansang_device_last_result_timestamp_seconds", _DEVICE, "When the device's newest result was taken."),
    Family("sansang_device_clock_offset_seconds", _DEVICE, "How far the device's clock is ahead of the collector's."),
    Family("sansang_device_clock_drift_ratio", _DEVICE, "How fast its clock gains on the collector's, s/s."),
)
RUN = (
    Family("sansang_check_outcome", (*_JOB, "outcome"), "State set: 1 for the outcome of the newest run."),
    Family("sansang_check_reason", (*_JOB, "reason"), "1 for the reason why the newest run is not ok."),
    Family("sansang_check_timestamp_seconds", _JOB, "When the newest run was taken."),
)


def _agent(name: str, help: str, kind: str = "gauge") -> Family:
    return Family(f"sansang_agent_{name}", _DEVICE, help, kind)


HEALTH: dict[str, Family] = {
    "spool_records": _agent("spool_records", "Results on the device that wait to be sent."),
    "spool_bytes": _agent("spool_bytes", "What the agent's spool holds on disk."),
    "spool_age_seconds": _agent("spool_age_seconds", "Age of the oldest result that waits to be sent, 0 without one."),
    "spool_dropped": _agent("spool_dropped_total", "Results that the agent lost, for whatever reason.", "counter"),
    "spool_thinned": _agent("spool_thinned_total", "Results that made room for newer ones.", "counter"),
    "spool_quarantined": _agent(
        "spool_quarantined_total", "Dead letters: results that the collector cannot read.", "counter"
    ),
    "spool_corrupt": _agent("spool_corrupt_total", "Results that the device's disk damaged.", "counter"),
    "skipped_runs": _agent("skipped_runs_total", "Runs whose time came while the one before still ran.", "counter"),
    "late_runs": _agent("late_runs_total", "Runs that did not end when they should have.", "counter"),
    "budget_deferred_runs": _agent(
        "deferred_runs_total", "Runs that waited because the hour's budget was used up.", "counter"
    ),
    "dropped_samples": _agent("dropped_samples_total", "Samples that no check should have told.", "counter"),
    "push_failures": _agent("push_failures", "Pushes that have failed in a row."),
    "uptime_seconds": _agent("uptime_seconds", "How long the agent has been running."),
}
"""What an agent says of itself in every batch that is exported, by the name it uses. Closed."""
UNEXPORTED = frozenset({
    "spool_rescues", "ring_records", "ring_dropped", "leases_postponed", "directives_followed", "directives_ignored",
    "lasting_lost", "config_refused", "clock_offset_seconds",
})  # fmt: skip
"""What it says besides: shown by ``sansang-agent status``, and no series."""
AGENT = tuple(HEALTH.values())
DEVICE = REGISTERED + RUN + AGENT
FINDING = (
    Family("sansang_finding", ("id", "segment", "cause", "provider"), "1 for a fault that is present now."),
    Family(
        "sansang_finding_info",
        ("id", "subject", "network", "title_vi", "title_en", "owner"),
        "What the fault is called, what is guilty (a provider, a target, a unit or a device) and who can mend it.",
    ),
    Family("sansang_finding_units", ("id",), "Units in which the fault stops something."),
    Family("sansang_finding_unit", ("id", "unit"), "1 for each of these units."),
    Family("sansang_finding_devices", ("id",), "Devices for which the fault stops something."),
    Family("sansang_finding_confidence_ratio", ("id",), "How sure it is: 1 is certain."),
    Family("sansang_finding_opened_timestamp_seconds", ("id",), "When the finding was opened."),
)
STANDARDS = (
    Family(
        "sansang_profile_loaded", (), "1 while the profile in force is what its files say, 0 while they are refused."
    ),
    Family("sansang_profile_info", ("profile",), "The profile in force: 1."),
    Family(
        "sansang_requirement_info",
        ("requirement", "title_vi", "title_en", "mandatory", "unit"),
        "A line of the profile; unit is the base unit of its values and thresholds.",
    ),
    Family(
        "sansang_requirement_threshold",
        ("requirement", "band"),
        "The limit of the band ready or at_risk, in the base unit; absent where it is a word.",
    ),
    Family(
        "sansang_target_info",
        ("target", "title_vi", "title_en", "network", "mandatory"),
        "A system that units reach: join on target.",
    ),
    Family("sansang_check_info", ("check", "title_vi", "title_en"), "A check that devices can run: join on check."),
)
FAMILIES = UNIT + FINDING + STANDARDS + DEVICE


def family(metric: Metric) -> Family:
    """A check's metric as a family of ``/metrics/devices``."""
    return Family(metric.series, (*_JOB, *metric.labels), metric.help, "counter" if metric.counter else "gauge")


def head(family: Family) -> str:
    return f"# HELP {family.series} {family.help}\n# TYPE {family.series} {family.kind}\n"


def own(registry: CollectorRegistry) -> Iterable[Family]:
    """What the collector says of itself, by the names that Prometheus stores: a histogram is three series."""
    for metric in registry.collect():
        labels = _labels(registry, metric.name)
        if metric.type == "histogram":
            yield Family(f"{metric.name}_bucket", (*labels, "le"), metric.documentation, "histogram")
            for part in ("sum", "count"):
                yield Family(f"{metric.name}_{part}", labels, metric.documentation, "histogram")
        else:
            told = labels or tuple(dict.fromkeys(name for one in metric.samples for name in one.labels))
            total = "_total" if metric.type == "counter" else ""
            yield Family(f"{metric.name}{total}", told, metric.documentation, metric.type)


def _labels(registry: CollectorRegistry, name: str) -> tuple[str, ...]:
    """Of a metric that may have no sample yet: only its collector knows them, and has no public way to ask."""
    return tuple(getattr(registry._names_to_collectors.get(name), "_labelnames", ()))


def by_name(families: Iterable[Family]) -> Mapping[str, Family]:
    """Raises ValueError when two are called the same."""
    found: dict[str, Family] = {}
    for one in families:
        if found.setdefault(one.series, one) is not one:
            raise ValueError(f"{one.series} is exported twice")
    return found
