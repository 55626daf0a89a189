"""What the collector serves as ``collect[]=dashboards`` is what dashboards, rules and alerts ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.kit import registry
from collector.catalog import Measures
from collector.scrape.groups import Groups
from collector.scrape.watched import WATCHED
from dashboards.boards.build import expressions
from dashboards.rules.build import rules
from dashboards.rules.model import Alert

DEVICES = frozenset[str]().union(*Groups(Measures(registry.find()).metrics.values()).series.values())
_NAME = re.compile(r"(?<![\w:])sansang_\w+(?![\w:])")


def texts() -> Iterator[str]:
    """Every expression, and the texts of alerts: their templates ask too."""
    yield from (expr for _, _, expr in expressions())
    for rule in rules():
        yield rule.expr
        if isinstance(rule, Alert):
            yield from (*rule.summary, *rule.description)


def test_the_list_is_what_is_asked_for_no_more_and_no_less() -> None:
    """A new panel's series is named here; one that no panel asks for any more, too."""
    asked = {name for text in texts() for name in _NAME.findall(text)} & DEVICES
    assert sorted(asked - WATCHED) == [], "collector/scrape/watched.py lacks what dashboards or rules ask for"
    assert sorted(WATCHED - asked) == [], "collector/scrape/watched.py has what nothing asks for"


def test_names_of_recorded_series_are_not_taken_for_those_they_are_made_of() -> None:
    """Nor is a part of a name a name."""
    text = "unit:sansang_connectivity_up:ratio + sansang_connectivity_upper / max(sansang_check_reason{unit=%q})"
    assert _NAME.findall(text) == ["sansang_connectivity_upper", "sansang_check_reason"]


def test_no_expression_asks_for_series_by_a_pattern_of_their_names() -> None:
    """The list would miss them."""
    assert [text for text in texts() if "__name__" in text] == []


def test_of_outcomes_only_the_failed_are_asked_for() -> None:
    """A lean Prometheus drops the others (dashboards/rules/prometheus.py)."""
    asked = [text for text in texts() if "sansang_check_outcome" in text]
    assert asked
    assert [text for text in asked if not re.search(r'sansang_check_outcome\{[^}]*outcome="failed"', text)] == []
