"""The strip from devices to systems."""

from __future__ import annotations

from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.model import Cause
from collector.web import way
from tests.collector.web.fakes import DEVICE, XOM_CHIEU, city
from tests.collector.web.troubled import finding, provider_fault


def test_the_guilty_part_is_named_and_the_possible_one_too() -> None:
    """In a word and a glyph, not by colour alone."""
    board = city()
    names = way.names_of(board, board.verdicts[XOM_CHIEU], "vi")
    steps = way.steps([provider_fault((XOM_CHIEU,))], names, board, "vi", known=True)
    assert [(step.title, step.name, step.part, f"{step.glyph} {step.word}".strip()) for step in steps] == [
        ("Thiết bị", "8/8 đang báo cáo", "clear", "không thấy lỗi"),
        ("Mạng nội bộ", "", "clear", "không thấy lỗi"),
        ("Đường truy cập", "200 Mbit/s", "also", "? có thể cũng ở đây"),
        ("Nhà cung cấp", "VNPT", "guilty", "✕ lỗi ở đây"),
        ("Hệ thống", "2 hệ thống bắt buộc", "clear", "không thấy lỗi"),
    ]


def test_of_a_fault_that_is_over_it_is_said_so() -> None:
    """It is named, and no longer marked as if it were there."""
    steps = {step.segment: step for step in way.steps(
        [provider_fault((XOM_CHIEU,))], {}, city(), "en", known=True, blamed="was"
    )}  # fmt: skip
    found = steps[Segment.PROVIDER]
    assert (found.part, found.glyph, found.name, found.word) == ("was", "", "VNPT", "the fault was here")


def test_no_fault_seen_is_said_only_where_somebody_looked() -> None:
    """Of a silent unit nothing is known, and nothing is green."""
    steps = way.steps([], {}, city(), "en", known=False)
    assert {(step.part, step.glyph, step.word) for step in steps} == {("unknown", "◌", "not known")}


def test_two_faults_are_both_marked_and_blame_goes_before_suspicion() -> None:
    """A line that is guilty is not called possibly guilty."""
    line = replace(provider_fault((XOM_CHIEU,)), segment=Segment.ACCESS, subject=XOM_CHIEU, network="tslcd")
    clock = finding(Segment.DEVICE, DEVICE, Cause.CLOCK, "c", also=(Segment.ACCESS,))
    steps = {step.segment: step for step in way.steps([clock, line], {}, city(), "vi", known=True)}
    assert (steps[Segment.DEVICE].part, steps[Segment.DEVICE].name) == ("guilty", "Quầy 3")
    assert (steps[Segment.ACCESS].part, steps[Segment.ACCESS].name) == ("guilty", "mạng TSLCD")
