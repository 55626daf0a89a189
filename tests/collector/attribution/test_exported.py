"""Findings in the text format."""

from __future__ import annotations

from msgspec.structs import replace

from collector.attribution.exported import lines
from collector.attribution.model import Line, Topology
from collector.attribution.words import Names
from collector.families import FINDING
from tests.collector.attribution.faults import NOW, access, lan, provider
from tests.collector.readiness.cities import XOM_CHIEU

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


def test_a_finding_says_what_it_is_called_whose_it_is_and_what_it_stops() -> None:
    """In both languages, by the names of units and devices; one series for each unit it stops."""
    found = replace(access("27265"), id="a", opened_at=NOW, confidence=0.999, devices=("x", "y"), units=("27265",))
    told = lines([found], TREE, Names(units={"27265": replace(XOM_CHIEU, code="27265", name='Phường "Khánh Hội"')}))
    assert told["sansang_finding_info"] == (
        'sansang_finding_info{id="a",subject="27265",network="internet",'
        'title_vi="Phường \\"Khánh Hội\\": không thông",'
        'title_en="Phường \\"Khánh Hội\\": no way through",owner="provider"} 1\n'
    )
    assert told["sansang_finding_unit"] == 'sansang_finding_unit{id="a",unit="27265"} 1\n'
    assert told["sansang_finding_devices"] == 'sansang_finding_devices{id="a"} 2\n'
    assert told["sansang_finding_confidence_ratio"] == 'sansang_finding_confidence_ratio{id="a"} 0.99\n'
    assert told["sansang_finding_opened_timestamp_seconds"] == (
        f'sansang_finding_opened_timestamp_seconds{{id="a"}} {NOW // 1_000_000}\n'
    )
    assert told.keys() == {family.series for family in FINDING}


def test_what_is_cleared_or_closed_is_not_exported() -> None:
    """An alert on it would never end."""
    cleared = replace(access(), id="a", cleared_at=NOW)
    assert lines([cleared, replace(cleared, closed_at=NOW)], TREE) == {}
