"""Findings in ``/metrics``: those present only. A cleared one is no alert."""

from __future__ import annotations

from collections.abc import Iterable

from checks.kit.segment import Segment
from collector.attribution.model import Finding, Topology
from collector.attribution.tracker import is_present
from collector.exposition import FINDING, Lines, line

FIRST, UNITS = FINDING


def lines(findings: Iterable[Finding], topology: Topology) -> Lines:
    """By family. ``provider`` is the guilty one, or that of the guilty line; empty where it is neither or not known."""
    present = [finding for finding in findings if is_present(finding)]
    if not present:
        return {}
    told = (
        line(
            FIRST.series,
            1,
            {"id": one.id, "segment": one.segment, "cause": one.cause, "provider": _of(one, topology)},
        )
        for one in present
    )
    return {
        FIRST.series: "".join(told),
        UNITS.series: "".join(line(UNITS.series, len(one.units), {"id": one.id}) for one in present),
    }


def _of(finding: Finding, topology: Topology) -> str:
    if finding.segment is Segment.PROVIDER:
        return finding.subject
    if finding.segment is Segment.ACCESS:
        return topology.line(finding.subject, finding.network).provider
    return ""
