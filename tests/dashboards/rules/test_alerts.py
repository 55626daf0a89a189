"""``promtool test rules`` on every alert: it fires, not before its time, says what it must, and ends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from dashboards.rules import build
from dashboards.rules.model import Alert, Severity, pair
from tests.dashboards.rules import cases_collector, cases_devices, cases_units
from tests.dashboards.rules.cases import Case

CASES = [*cases_units.CASES, *cases_devices.CASES, *cases_collector.CASES]


def promtool(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def tried(case: Case, rule_folder: Path, folder: Path) -> tuple[int, str]:
    (folder / "test.yml").write_text(case.text(rule_folder), "utf-8")
    return promtool(folder, "test", "rules", "test.yml")


def untried(alerts: list[Alert], cases: list[Case]) -> list[str]:
    """The alerts, with their severity, that no case is about."""
    tried = {(case.alert, case.severities[0]) for case in cases}
    return [f"{one.name} ({one.severity})" for one in alerts if (one.name, one.severity.value) not in tried]


def test_every_alert_is_tried_in_each_severity() -> None:
    """A new alert without a case fails here."""
    assert untried(build.alerts(), CASES) == []


def test_an_alert_without_a_case_is_named() -> None:
    """The search above can fail."""
    new = Alert(
        name="New", severity=Severity.INFO, expr="up", hold="1m", summary=pair("a", "b"), description=pair("c", "d")
    )
    assert untried([new], CASES) == ["New (info)"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_an_alert_fires_in_its_time_and_ends(case: Case, rule_folder: Path, tmp_path: Path) -> None:
    """Not before its ``for``, with these labels and these words, and no longer than it is so."""
    assert tried(case, rule_folder, tmp_path) == (0, "Unit Testing:  test.yml\n  SUCCESS\n\n")


def test_a_trial_that_is_wrong_fails(rule_folder: Path, tmp_path: Path) -> None:
    """promtool tells an alert that says something else."""
    case = next(each for each in CASES if each.alert == "ProfileRefused")
    other = msgspec.structs.replace(case, says=("Something else", *case.says[1:]))
    code, told = tried(other, rule_folder, tmp_path)
    assert code == 1
    assert "Something else" in told
