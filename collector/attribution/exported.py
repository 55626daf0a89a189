"""Findings in ``/metrics``: those present only. A cleared one is no alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.kit.segment import Segment
from collector.attribution.model import Finding, Topology
from collector.attribution.owners import owner
from collector.attribution.tracker import is_present
from collector.attribution.words import Names, title
from collector.families import FINDING
from collector.textformat import Lines, line

NOBODY = Names()


def lines(findings: Iterable[Finding], topology: Topology, names: Names = NOBODY) -> Lines:
    """By family. ``provider`` is the guilty one, or that of the guilty line; empty where it is neither or not known.
    `names` are what titles call units, targets and devices."""
    found: dict[str, list[str]] = {family.series: [] for family in FINDING}
    for finding in findings:
        if is_present(finding):
            for series, told in _told(finding, topology, names):
                found[series].append(told)
    return {series: "".join(told) for series, told in found.items() if told}


def _told(finding: Finding, topology: Topology, names: Names) -> Iterator[tuple[str, str]]:
    """One finding's lines, each with its series."""
    own = {"id": finding.id}
    kind = {"segment": finding.segment, "cause": finding.cause, "provider": _of(finding, topology)}
    yield "sansang_finding", line("sansang_finding", 1, own | kind)
    titles = {f"title_{lang}": title(finding, names, lang, None) for lang in ("vi", "en")}
    what = {"subject": finding.subject, "network": finding.network, **titles, "owner": owner(finding).value}
    yield "sansang_finding_info", line("sansang_finding_info", 1, own | what)
    for series, value in (
        ("sansang_finding_units", len(finding.units)),
        ("sansang_finding_devices", len(finding.devices)),
        ("sansang_finding_confidence_ratio", _surety(finding)),
        ("sansang_finding_opened_timestamp_seconds", finding.opened_at / 1e6),
    ):
        yield series, line(series, value, own)
    for unit in finding.units:
        yield "sansang_finding_unit", line("sansang_finding_unit", 1, own | {"unit": unit})


def _surety(finding: Finding) -> float:
    """Cut to a hundredth, not rounded, as on the pages: nothing is called certain that is not."""
    return int(100 * finding.confidence + 1e-9) / 100


def _of(finding: Finding, topology: Topology) -> str:
    if finding.segment is Segment.PROVIDER:
        return finding.subject
    if finding.segment is Segment.ACCESS:
        return topology.line(finding.subject, finding.network).provider
    return ""
