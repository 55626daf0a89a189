"""Golden cities: small, written by hand, and what must come out of them, reasoned from the domain's rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from checks.kit.strict import ConfigError
from collector.attribution import words
from collector.attribution.model import Finding
from collector.attribution.tracker import is_present
from collector.readiness import pathwords
from collector.readiness.fixes import Path as Fixes
from collector.readiness.model import RequirementState, UnitVerdict
from collector.readiness.text import quantity
from collector.tally import ACCURACY
from collector.web.findings import holding
from collector.web.headline import headline
from tests.collector.readiness.golden_city import Moment, load, play
from tests.collector.readiness.golden_file import FindingFile, JudgedFile, LineFile, PathFile
from tests.collector.web.fakes import FakeBoard
from tests.tree import ROOT

FOLDER = ROOT / "tests" / "golden" / "readiness"
CITIES = sorted(FOLDER.glob("*.yaml"))
Plain = dict[str, Any]


@pytest.mark.parametrize("file", CITIES, ids=lambda file: file.stem)
def test_a_city_is_judged_as_its_file_says(file: Path) -> None:
    """Verdicts, reasons, findings, sentences and shortest paths, at each of its moments."""
    for moment, before in _pairs(play(load(file))):
        wanted, found = {}, {}
        for code, judged in moment.expect.units.items():
            name = f"{code} {moment.catalog.units[code].name}"
            wanted[name], found[name] = _wanted(judged), _found(moment, code, judged)
        assert found == wanted
        assert _findings(moment) == [_wanted_finding(one) for one in moment.expect.findings]
        unnamed = [code for code in moment.verdicts if code not in moment.expect.units]
        assert {code: _short(moment.verdicts[code]) for code in unnamed} == {
            code: _short(before.verdicts[code]) if before else None for code in unnamed
        }


def _pairs(moments: Iterator[Moment]) -> Iterator[tuple[Moment, Moment | None]]:
    before = None
    for moment in moments:
        yield moment, before
        before = moment


def _short(verdict: UnitVerdict) -> Plain:
    return {"verdict": verdict.verdict, "silence": verdict.silence, "deciding": verdict.deciding}


def _wanted(judged: JudgedFile) -> Plain:
    lines = judged.deciding | judged.lines
    return {
        "verdict": judged.verdict,
        "silence": judged.silence,
        "known": judged.known,
        "reporting": judged.reporting,
        "deciding": list(judged.deciding),
        "lines": {name: _wanted_line(line, judged) for name, line in lines.items()},
        "waived": judged.waived,
        "headline": judged.headline,
        "path": _wanted_path(judged.path),
        "advised": judged.advised and _wanted_path(judged.advised),
    }


def _wanted_line(line: LineFile | str, judged: JudgedFile) -> Plain | str:
    return (
        line
        if isinstance(line, str)
        else {
            "state": line.state or judged.verdict,
            "value": line.value,
            "reason": line.reason,
            "counts": line.counts,
        }
    )


def _found(moment: Moment, code: str, judged: JudgedFile) -> Plain:
    verdict = moment.verdicts[code]
    lines = {line.id: line for line in verdict.requirements}
    named = judged.deciding | judged.lines
    return {
        "verdict": verdict.verdict,
        "silence": verdict.silence,
        "known": verdict.known,
        "reporting": judged.reporting and f"{verdict.reporting}/{verdict.expected}",
        "deciding": verdict.deciding,
        "lines": {name: _line(lines.get(name), wanted) for name, wanted in named.items()},
        "waived": [line.id for line in verdict.requirements if line.waiver],
        "headline": {lang: _headline(moment, code, lang) for lang in judged.headline},
        "path": _path(moment.path(code), judged.path),
        "advised": judged.advised and _path(moment.path(code, advice=True), judged.advised),
    }


def _line(line: RequirementState | None, wanted: LineFile | str) -> Plain | str:
    if line is None or isinstance(wanted, str):
        return "not asked" if line is None else str(line.state)
    return {
        "state": line.state,
        "value": _value(line, wanted.value),
        "reason": line.reason,
        "counts": None if wanted.counts is None else line.counts,
    }


def _value(line: RequirementState, wanted: str) -> str:
    """The value as it reads; `wanted` where that is about the same and it comes from a kept distribution."""
    if wanted.startswith("≈ ") and isinstance(line.value, float):
        figure, _, unit = wanted[2:].partition(" ")
        return wanted if abs(line.value / float(figure) - 1) <= ACCURACY and line.unit == unit else str(line.value)
    return "" if line.value is None else quantity(line.value, line.unit, "en")


def _headline(moment: Moment, code: str, lang: str) -> str:
    """As the unit's page begins."""
    board = FakeBoard()
    board.units, board.targets = moment.catalog.units, moment.targets
    board.devices = {device.id: device for one in moment.facts.values() for device in one.devices}
    return headline(moment.verdicts[code], holding(moment.findings, code), board, lang, moment.catalog.zone)


def _wanted_path(path: PathFile) -> Plain:
    return {"exact": True, **asdict(path)}


def _path(path: Fixes, wanted: PathFile) -> Plain:
    return {
        "exact": path.exact,
        "items": {fix.item: fix.quantity for fix in path.fixes},
        "cost": path.cost,
        "unknown": list(path.unknown),
        "unmet": list(path.unmet),
        "words": {lang: pathwords.sentence(path, lang) for lang in wanted.words},
    }


def _findings(moment: Moment) -> list[Plain]:
    """Those that are open, in the order of the file's; what the file leaves out is left out."""
    names = words.Names(units=moment.catalog.units, targets={target.id: target for target in moment.targets})
    keys: list[tuple[str, str, str]] = [(one.segment, one.network, one.subject) for one in moment.expect.findings]
    ordered = sorted(moment.findings, key=lambda one: (keys.index(one.key) if one.key in keys else 99, one.key))
    written = [moment.expect.findings[keys.index(one.key)] if one.key in keys else None for one in ordered]
    return [_finding(one, wanted, names) for one, wanted in zip(ordered, written, strict=True)]


def _finding(one: Finding, wanted: FindingFile | None, names: words.Names) -> Plain:
    return {
        "segment": one.segment,
        "subject": one.subject,
        "cause": one.cause,
        "network": one.network,
        "units": list(one.units),
        "devices": None if wanted and wanted.devices is None else list(one.devices),
        "also": list(one.also),
        "state": "present" if is_present(one) else "cleared",
        "flaps": one.flaps,
        "title": {lang: words.title(one, names, lang) for lang in (wanted.title if wanted else ())},
    }


def _wanted_finding(one: FindingFile) -> Plain:
    return {
        "segment": one.segment,
        "subject": one.subject,
        "cause": one.cause,
        "network": one.network,
        "units": one.units,
        "devices": one.devices,
        "also": one.also,
        "state": one.state,
        "flaps": one.flaps,
        "title": one.title,
    }


SMALL = """\
locality: demo
profile: demo@2
now: 2026-11-20T09:00
units:
  "27259":
    name: Phường Xóm Chiếu
    devices:
      may-1: {facts: {device: {memory_bytes: 8400000000}}}
expect:
  units:
    "27259": {verdict: unknown}
"""
WRONG = {
    "devices:": ("machines:", "7:5: units.27259.machines: unknown key 'machines'"),
    "demo@2": ("demo@1", "2:1: profile: the locality is held to demo@2 now: look at each expectation again"),
    "Phường Xóm Chiếu": ("Phường 13", "6:5: units.27259.name: 27259 is Phường Xóm Chiếu"),
    "memory_bytes": (
        "memory",
        "8:32: units.27259.devices.may-1.facts.device.memory: device tells no such fact",
    ),
    "verdict: unknown": (
        "verdict: unknown, path: {items: {new_pcs: 1}}",
        "11:48: expect.units.27259.path.items.new_pcs: no item of the price list is called 'new_pcs'",
    ),
    "  units:\n    ": (
        '  units:\n    "27265": {verdict: ready}\n    ',
        "11:5: expect.units.27265: no unit of this city has that code",
    ),
}


@pytest.mark.parametrize("right", WRONG)
def test_what_a_file_says_wrongly_is_refused_with_its_place(right: str, tmp_path: Path) -> None:
    """A key, a version, a name, a fact or an item that there is not."""
    wrong, message = WRONG[right]
    file = tmp_path / "city.yaml"
    file.write_text(SMALL.replace(right, wrong), "utf-8")
    with pytest.raises(ConfigError) as why:
        list(play(load(file)))
    assert str(why.value) == f"{file}:{message}"
