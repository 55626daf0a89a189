"""What is reckoned once for dashboards and alerts: by unit, provider, target and locality."""

from __future__ import annotations

from dashboards.rules.model import Group, Record
from dashboards.rules.words import CONTEXT, FINDINGS, SERVER_LEFT, indented

INFO = "max by (unit, name, locality) (sansang_unit_info)"
EXPLAINING = """\
label_replace(
  topk by (unit) (1,
    max by (unit, id) (sansang_finding_unit)
    * on (id) group_left () max by (id) (sansang_finding_units)
    - on (id) group_left () max by (id) (sansang_finding_opened_timestamp_seconds) / 1e10
    and on (id) sansang_finding{segment!="device"}
  ),
  "finding", "$1", "id", "(.+)"
)"""
"""By unit the finding of most units, of equals the oldest: a time is less than 1 when divided by 1e10. A fault of one
PC explains nothing of its unit."""


FOUND = """\
max by (id, segment, cause, provider) (sansang_finding)
* on (id) group_left () max by (id) (sansang_finding_units)
* on (id) group_left (owner, subject) max by (id, owner, subject) (sansang_finding_info)"""
LOCATED = f"""\
{FOUND}
* on (id) group_left (locality) (
  topk by (id) (1,
    count by (id, locality) (
      max by (id, unit) (sansang_finding_unit) * on (unit) group_left (locality) {CONTEXT}
    )
  ) > bool 0
)
or on (id)
{FOUND}"""
"""By finding its units, with the locality of most of them; of units that no locality knows it has none."""


def _by_provider(inner: str) -> str:
    """`inner`, which has a unit, a target and the collector that tells it, with the provider of the line that the unit
    reaches the target by: by another network in another locality, perhaps."""
    return (
        f"{inner}\n"
        "* on (instance, target) group_left (network) max by (instance, target, network) (sansang_target_info)\n"
        "* on (unit, network) group_left (provider)\n"
        '  max by (unit, network, provider) (sansang_unit_line_info{provider!=""})'
    )


def _summed(operation: str) -> str:
    inner = _by_provider(f"{operation} by (instance, unit, target) (sansang_connectivity_up)")
    return f"sum by (provider, target) (\n{indented(inner)}\n)"


PLACES = Group(
    name="places",
    interval="30s",
    rules=(
        Record(
            series=CONTEXT,
            expr=f"{INFO}\n* on (unit) group_left (finding) (\n{indented(EXPLAINING)}\n  > bool -1\n)\n"
            f"or on (unit) {INFO}",
            labels=("unit", "name", "locality", "finding"),
        ),
        Record(
            series=FINDINGS,
            expr="max by (finding, segment, cause, provider, owner, subject, locality) (\n"
            f'  label_replace(\n{indented(indented(LOCATED))},\n    "finding", "$1", "id", "(.+)"\n  )\n)',
            labels=("finding", "segment", "cause", "provider", "owner", "subject", "locality"),
        ),
        Record(
            series="locality:sansang_unit_verdict:count",
            expr="sum by (locality, province, verdict) (\n  max by (unit, verdict) (sansang_unit_verdict)\n"
            "  * on (unit) group_left (locality, province) max by (unit, locality, province) (sansang_unit_info)\n)",
            labels=("locality", "province", "verdict"),
        ),
    ),
)
LINES = Group(
    name="lines",
    interval="1m",
    rules=(
        Record(
            series="unit:sansang_connectivity_up:ratio",
            expr="avg by (unit) (sansang_connectivity_up)",
            labels=("unit",),
        ),
        Record(
            series="target:sansang_connectivity_up:ratio",
            expr="avg by (target) (sansang_connectivity_up)",
            labels=("target",),
        ),
        Record(
            series="provider:sansang_connectivity_up:ratio",
            expr=f"{_summed('sum')}\n/\n{_summed('count')}",
            labels=("provider", "target"),
        ),
        Record(
            series="provider:sansang_connectivity_duration_seconds:p95",
            expr="quantile by (provider, target) (0.95,\n"
            f"{indented(_by_provider('sansang_connectivity_duration_seconds'))}\n)",
            labels=("provider", "target"),
        ),
        Record(
            series=SERVER_LEFT,
            expr="quantile by (target, locality) (0.5,\n"
            f"  sansang_connectivity_certificate_left_seconds * on (unit) group_left (locality) {CONTEXT}\n)",
            labels=("target", "locality"),
        ),
    ),
)
WEEKS = Group(
    name="weeks",
    interval="4m",
    rules=(
        # Samples of 5 minutes, as TT 06/2026/TT-BKHCN Art. 5.6 counts; what came late by remote write is among them.
        Record(
            series="unit:sansang_uplink_utilisation_ratio:p95_7d",
            expr="max by (unit, direction) (\n  quantile_over_time(0.95, sansang_uplink_utilisation_ratio[7d:5m])\n)",
            labels=("unit", "direction"),
        ),
    ),
)
GROUPS = (PLACES, LINES, WEEKS)
