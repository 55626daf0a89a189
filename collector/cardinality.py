"""How many series there can be at most, by the configuration in force: closed labels, the jobs of each role, and for
the few labels whose values nobody knows beforehand the bound that their check keeps.

A sample beyond its bound becomes no series (:func:`collector.exposition.device_lines`): no device, whatever it sends,
makes more of them than are promised here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.kit.model import Metric, Outcome
from collector.families import AGENT, REGISTERED, RUN, UNIT, family
from collector.readiness.model import Silence, Verdict
from collector.readiness.profile import Profile
from collector.stations import COUNTED

BOUNDS = {
    "dns_lookup": 6 * 3 * 2,
    "signing_service_link": 4,
    "signing_token_link": 6,
    "signing_token_certificate_left": 16,
    **dict.fromkeys(("realtime_" + name for name in (
        "delay", "jitter", "variation", "loss", "reordered", "duplicated", "burst",
    )), 2 * 3),
}  # fmt: skip
"""Of metrics with several labels, whose words do not tell which label a value is of, and of those with open ones: name
servers times records times transports; links, each with one reason; certificates; calls times ways. A test holds every
one against the metric's check."""
UNBOUNDED = 16
"""Of a metric with an open label that BOUNDS does not name."""


def most(metric: Metric) -> int:
    """How many series one run can have of `metric`: its closed label's values. Words for 0 and 1 are of the number."""
    if not metric.labels:
        return 1
    if metric.name in BOUNDS:
        return BOUNDS[metric.name]
    if metric.open or not metric.words:
        return UNBOUNDED
    values = metric.words.keys() - ({"0", "1"} if "0" in metric.words else set())
    return int(len(values) ** len(metric.labels))


def of_device(jobs: Iterable[tuple[str, str]], metrics: Mapping[str, tuple[str, Metric]]) -> dict[str, int]:
    """Of one device that runs `jobs` (check, target), by series; `metrics` by name, each with its check."""
    runs: dict[str, int] = {}
    for check, _ in jobs:
        runs[check] = runs.get(check, 0) + 1
    total = sum(runs.values())
    found = {one.series: 1 for one in (*REGISTERED, *AGENT)}
    found |= {one.series: total for one in RUN} | {"sansang_check_outcome": total * len(Outcome)}
    for check, metric in metrics.values():
        if check in runs:
            found[family(metric).series] = runs[check] * most(metric)
    return found


def of_unit(requirements: int, networks: int, roles: int) -> dict[str, int]:
    """Of one unit that is held to so many `requirements`, has lines to so many `networks` and stations of so many
    `roles`, by series."""
    found = {one.series: 1 for one in UNIT}
    found |= {
        "sansang_unit_verdict": len(Verdict),
        "sansang_unit_silence": len(Silence),
        "sansang_unit_requirement": requirements * len(Verdict),
        "sansang_unit_line_info": networks,
        "sansang_unit_roster": len(COUNTED),
        "sansang_unit_contract_bytes_per_second": 2,
    }
    found |= dict.fromkeys(("sansang_unit_stations", "sansang_unit_stations_seen"), roles)
    each = ("value", "reason", "waived")
    return found | dict.fromkeys((f"sansang_unit_requirement_{name}" for name in each), requirements)


def of_standards(profile: Profile, targets: int, checks: int) -> dict[str, int]:
    """What tells of the profile in force and of so many `targets` and `checks`, by series."""
    lines = len(profile.requirements)
    return {
        "sansang_profile_loaded": 1,
        "sansang_profile_info": 1,
        "sansang_requirement_info": lines,
        "sansang_requirement_threshold": 2 * lines,
        "sansang_target_info": targets,
        "sansang_check_info": checks,
    }


def largest(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Of each series the largest number."""
    found: dict[str, int] = {}
    for part in parts:
        for series, number in part.items():
            found[series] = max(number, found.get(series, 0))
    return found
