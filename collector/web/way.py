"""The way from a unit's devices to the systems, with the guilty part marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from checks.kit.segment import Segment
from collector.attribution.model import Finding
from collector.board import Board
from collector.readiness.model import UnitVerdict
from collector.web.blame import subject
from collector.web.format import number
from collector.web.i18n import text

Part = Literal["guilty", "was", "also", "clear", "unknown"]
GLYPHS: dict[Part, str] = {"guilty": "✕", "was": "", "also": "?", "clear": "", "unknown": "◌"}


class Step(Struct, frozen=True):
    """A segment: what it is, who it is here, and whether it is to blame, in a word and a glyph."""

    segment: Segment
    title: str
    name: str
    part: Part
    glyph: str
    word: str


def steps(
    findings: Sequence[Finding],
    names: dict[Segment, str],
    board: Board,
    lang: str,
    known: bool,
    *,
    blamed: Literal["guilty", "was"] = "guilty",
) -> list[Step]:
    """The five segments, nearest first. `names` are said where nothing is wrong; without a finding, and not `known`,
    nothing is said of a segment: no fault seen is no fault only where somebody looked. `blamed` is ``was`` of what is
    over."""
    found = []
    for segment in Segment:
        guilty = [finding for finding in findings if finding.segment is segment]
        suspected = any(segment in finding.also for finding in findings)
        part: Part = blamed if guilty else "also" if suspected else "clear" if known else "unknown"
        name = (subject(guilty[0], board, lang) if guilty else "") or names.get(segment, "")
        found.append(Step(segment, text(f"seg_{segment}", lang), name, part, GLYPHS[part], text(f"way_{part}", lang)))
    return found


def names_of(board: Board, verdict: UnitVerdict, lang: str) -> dict[Segment, str]:
    """What is known of each part of a unit's way while nothing is wrong there."""
    told = board.told(verdict.unit)
    mandatory = sum(target.mandatory and target.declared for target in board.targets_of(verdict.unit))
    names = {
        Segment.DEVICE: text("way_devices", lang, reporting=verdict.reporting, expected=verdict.expected),
        Segment.DESTINATION: text("way_systems", lang, count=mandatory),
    }
    if told and told.provider:
        names[Segment.PROVIDER] = told.provider
    if told and told.contracted_down_mbps is not None:
        names[Segment.ACCESS] = f"{number(told.contracted_down_mbps, lang)} Mbit/s"
    return names
