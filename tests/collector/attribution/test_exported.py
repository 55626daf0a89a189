"""Findings in the text format."""

from __future__ import annotations

from msgspec.structs import replace

from collector.attribution.exported import lines
from collector.attribution.model import Line, Topology
from tests.collector.attribution.faults import NOW, access, lan, provider

TREE = Topology(units={}, lines={"27259": (Line(provider="Viettel"), Line(network="tslcd", provider="VNPT"))})


def test_present_findings_are_exported_with_the_provider_they_lie_with() -> None:
    """That of the line; none of the office's own network."""
    found = [
        replace(access(network="tslcd"), id="a"), replace(provider("FPT"), id="b"), replace(lan(), id="c"),
        replace(access("27265"), id="d"),
    ]  # fmt: skip
    told = lines(found, TREE)
    assert told["sansang_finding"] == (
        'sansang_finding{id="a",segment="access",cause="unreachable",provider="VNPT"} 1\n'
        'sansang_finding{id="b",segment="provider",cause="unreachable",provider="FPT"} 1\n'
        'sansang_finding{id="c",segment="lan",cause="unreachable",provider=""} 1\n'
        'sansang_finding{id="d",segment="access",cause="unreachable",provider=""} 1\n'
    )
    assert told["sansang_finding_units"].splitlines()[1] == 'sansang_finding_units{id="b"} 3'


def test_what_is_cleared_or_closed_is_not_exported() -> None:
    """An alert on it would never end."""
    cleared = replace(access(), id="a", cleared_at=NOW)
    assert lines([cleared, replace(cleared, closed_at=NOW)], TREE) == {}
