"""The words of closed labels, gathered from those who own them."""

from __future__ import annotations

from checks.kit.model import Outcome, Reason
from checks.kit.segment import Segment
from collector import catalog
from collector.attribution.model import Cause
from collector.attribution.owners import Owner
from collector.locality_file import ROLES
from collector.meaning import meanings
from collector.readiness.model import Silence, Verdict
from collector.remote.answers import DROPS, FAILURES
from collector.telemetry import REFUSALS
from collector.words import GAPS
from tests.test_runbook import explained


def test_every_value_of_a_closed_label_has_words_in_both_languages() -> None:
    """None is missing, none is empty; a reason may be a check's or a requirement's."""
    said = meanings()
    closed = {
        "verdict": Verdict, "silence": Silence, "outcome": Outcome, "segment": Segment, "cause": Cause, "owner": Owner,
        "role": ROLES, "code": REFUSALS, "failure": FAILURES, "drop": DROPS, "gap": (*GAPS, "other"),
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


def test_gaps_have_words_for_what_the_runbook_explains() -> None:
    """What agents write in a batch is free text: these are the causes that the shipped ones know."""
    assert GAPS.keys() == explained("Numbers that will never come")


def test_no_cause_of_remote_write_is_of_a_request_and_of_a_sample() -> None:
    """The dashboard shows both in one list, by the label ``reason``."""
    assert set(FAILURES) & set(DROPS) == set()


def test_roles_are_called_as_pages_call_them() -> None:
    """The same words, not others that mean the same."""
    assert meanings()["role"]["router"] == ("bộ định tuyến", "router")


def test_labels_of_checks_are_called_as_the_checks_call_them() -> None:
    """Volumes, disks and kinds of certificates; numbers that stand for yes and no are no values of a label."""
    said = catalog.meanings()
    assert said["volume"]["system"] == ("ổ hệ thống", "system volume")
    assert said["disk"]["disk1"] == ("đĩa 1", "disk 1")
    assert said["class"]["personal"] == ("cá nhân", "personal")
    assert [label for label, values in said.items() if {"0", "1"} & values.keys()] == []
    assert meanings().items() <= said.items()
