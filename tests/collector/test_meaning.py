"""The words of closed labels, gathered from those who own them."""

from __future__ import annotations

from checks.kit.model import Outcome, Reason
from checks.kit.segment import Segment
from collector.attribution.model import Cause
from collector.attribution.owners import Owner
from collector.meaning import meanings
from collector.readiness.model import Silence, Verdict


def test_every_value_of_a_closed_label_has_words_in_both_languages() -> None:
    """None is missing, none is empty; a reason may be a check's or a requirement's."""
    said = meanings()
    closed = {
        "verdict": Verdict, "silence": Silence, "outcome": Outcome, "segment": Segment, "cause": Cause, "owner": Owner,
    }  # fmt: skip
    assert {label: set(said[label]) for label in closed} == {
        label: {str(value) for value in kind} for label, kind in closed.items()
    }
    assert set(said["reason"]) > {reason.value for reason in Reason}
    assert [words for values in said.values() for words in values.values() if not all(words)] == []


def test_states_begin_with_their_glyph() -> None:
    """In both languages, so that none is told by its colour alone."""
    said = meanings()
    assert said["verdict"]["not_ready"] == ("✕ chưa sẵn sàng", "✕ not ready")
    assert said["silence"]["lost_contact"] == ("⌁ mất kết nối", "⌁ lost contact")
    assert said["outcome"]["failed"] == ("✕ hỏng", "✕ failing")


def test_reasons_of_checks_and_of_requirements_stand_together() -> None:
    """As pages call them."""
    said = meanings()["reason"]
    assert said["dns_nxdomain"] == ("Tên miền không tồn tại", "The name does not exist")
    assert said["low_coverage"] == ("quá ít thiết bị báo cáo", "too few devices report")
