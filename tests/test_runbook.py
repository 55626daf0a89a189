"""Whatever the programs can say, the runbook explains."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from checks.kit.leasing import Denial
from checks.kit.model import Reason
from collector.evidence.model import Invalid
from collector.readiness.model import Silence
from collector.reflecting.counts import Dropped
from collector.telemetry import ENROLMENTS, REFUSALS
from tests.tree import ROOT

REFUSED = {f"lease_{why}" for why in ("missing", "forged", "early", "expired", "used", "foreign", "spent")}
"""What collector.leases.gate.Closed may say."""
ELSEWHERE = {"test_cut", "clock_stepped"}
"""Reasons of a run, which stand among those."""
TEXT = (ROOT / "RUNBOOK.md").read_text("utf-8")


def explained(section: str) -> set[str]:
    """The codes in the first column of the tables under a heading."""
    part = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert part, section
    rows = re.findall(r"^\| ([^|]+) \|", part[1], re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}


@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("Why a check failed", {reason.value for reason in Reason}),
        ("A batch was refused", set(REFUSALS)),
        ("A new device", set(ENROLMENTS)),
        ("Speed and calls", {*Denial, *Invalid, *REFUSED, *get_args(Dropped)} - ELSEWHERE),
        ("Numbers that will never come", {"spool_cap", "spool_age", "quarantined", "spool_corrupt", "lost"}),
    ],
)
def test_every_code_is_explained_and_no_other(section: str, codes: set[str]) -> None:
    """A code without a row, and a row without a code, both show."""
    assert explained(section) == codes


def test_every_silence_is_explained() -> None:
    """With what to do."""
    assert {silence.value for silence in Silence} <= explained("A unit is silent")


def test_every_test_that_a_document_names_is_there() -> None:
    """SECURITY.md and RUNBOOK.md prove what they say by tests that exist."""
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT + (ROOT / "SECURITY.md").read_text("utf-8"))
    for file, test in named:
        source = (ROOT / file).read_text("utf-8") if (ROOT / file).exists() else ""
        assert source, file
        assert not test or f"def {test}(" in source, f"{file}::{test}"
