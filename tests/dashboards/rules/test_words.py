"""Words for the values of an alert's labels: from the product's own tables, else the value itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from dashboards.rules.words import MEANINGS, worded
from tests.dashboards.rules.cases_collector import CASES
from tests.dashboards.rules.test_alerts import tried


def test_a_code_of_a_newer_release_is_told_as_it_is(rule_folder: Path, tmp_path: Path) -> None:
    """No sentence ends in nothing."""
    case = next(each for each in CASES if each.alert == "PushesRefused")
    series = {name.replace('"overloaded"', '"brand_new"'): values for name, values in case.series.items()}
    said = (
        "5 % gói gửi lên bị từ chối: brand_new",
        "5 % of the pushes are refused: brand_new",
        *case.says[2:],
    )
    newer = replace(case, series=series, labels={"code": "brand_new"}, says=said)
    assert tried(newer, rule_folder, tmp_path) == (0, "Unit Testing:  test.yml\n  SUCCESS\n\n")


@pytest.mark.parametrize(("kind", "coded"), [("code", True), ("gap", True), ("drop", True), ("volume", False)])
def test_every_value_has_its_case(kind: str, coded: bool) -> None:
    """In both languages; what is looked up in RUNBOOK.md keeps its code."""
    for lang, at in (("vi", 0), ("en", 1)):
        text = worded("reason", kind, lang, coded=coded)
        for value, words in MEANINGS[kind].items():
            code = f" ({value})" if coded else ""
            assert f'eq $labels.reason "{value}" }}}}{words[at]}{code}{{{{ else' in text


def test_a_sentence_begins_with_a_capital() -> None:
    """Also one whose first letter has a mark."""
    assert "}}Ổ hệ thống{{" in worded("volume", "volume", "vi", first=True)
    assert "}}System volume{{" in worded("volume", "volume", "en", first=True)
