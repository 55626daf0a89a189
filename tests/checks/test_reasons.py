"""Every reason that a check can give is shown by a test of checks, by its name."""

from __future__ import annotations

import re

import pytest

from checks.kit.model import Reason
from tests.tree import ROOT

HERE = "tests/checks/test_reasons.py"
TEXT = "\n".join(
    file.read_text("utf-8")
    for folder in ("tests/checks", "tests/agent")
    for file in sorted((ROOT / folder).rglob("test_*.py"))
    if file.name not in ("test_words.py", "test_locate.py") and str(file.relative_to(ROOT)) != HERE
)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_shown_by_a_test(reason: Reason) -> None:
    """One that nothing can give would be a promise in METRICS.md and RUNBOOK.md that nobody keeps."""
    assert re.search(rf"Reason\.{reason.name}\b|[\"']{reason.value}[\"']", TEXT)
