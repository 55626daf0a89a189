"""What is no alert, or one of another kind: nights, systems that are not mandatory, doubts, restarts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dashboards.rules.build import FILES
from tests.dashboards.rules.cases import ALWAYS, DEVICE_INFO, UNIT_INFO, collector, device, unit, until
from tests.dashboards.rules.cases_units import fault
from tests.dashboards.rules.test_alerts import promtool

VERDICT, SINCE = "sansang_unit_verdict", "sansang_unit_verdict_since_timestamp_seconds"


def firing(folder: Path, rules: Path, series: dict[str, str], at: str, *labels: str) -> list[str]:
    """The values of alertname, severity and `labels`, in the order of their names, of all that fires at `at`, the
    watchdog apart. A step of `series` is 5 minutes."""
    found = 'ALERTS{alertstate="firing",alertname!~"Watchdog|CollectorDown|DeviceScrapeDown"}'
    by = ", ".join(("alertname", "severity", *labels))
    document = {
        "rule_files": [str(rules / f"{name}.yml") for name in FILES],
        "evaluation_interval": "5m",
        "group_eval_order": [group.name for groups in FILES.values() for group in groups],
        "tests": [
            {
                "interval": "5m",
                "input_series": [{"series": one, "values": values} for one, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": f"count by ({by}) ({found})",
                        "eval_time": at,
                        "exp_samples": [{"labels": '{impossible="yes"}', "value": 1}],
                    }
                ],
            }
        ],
    }
    (folder / "test.yml").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    _, told = promtool(folder, "test", "rules", "test.yml")
    got = told.partition("got:")[2]
    assert "exp:" in told, told
    rows = [re.findall(r'="([^"]*)"', labels) for labels in re.findall(r"\{([^}]*)\}", got)]
    return sorted(" ".join(filter(None, row)) for row in rows)


def test_a_closed_office_and_a_unit_never_enrolled_are_no_alert(rule_folder: Path, tmp_path: Path) -> None:
    """Unknown for hours, for a reason that is nobody's fault; a unit that is late is not lost either."""
    for silence in ("office_closed", "never_enrolled"):
        night = {
            UNIT_INFO: ALWAYS,
            unit(SINCE): "0+0x200",
            unit(VERDICT, verdict="unknown"): ALWAYS,
            unit("sansang_unit_silence", silence=silence): ALWAYS,
            unit("sansang_unit_silence", silence="lost_contact"): "0+0x200",
        }
        assert firing(tmp_path, rule_folder, night, "150m") == []
    late = {UNIT_INFO: ALWAYS, unit("sansang_unit_silence", silence="late"): ALWAYS}
    assert firing(tmp_path, rule_folder, late, "150m") == []


def test_a_system_that_is_not_mandatory_wakes_nobody(rule_folder: Path, tmp_path: Path) -> None:
    """A finding of 102 units is a warning there, and critical where the system is mandatory."""
    found = fault("destination", 102, subject="dvc", owner="operator", end=100)
    for mandatory, severity in (("false", "warning"), ("true", "critical")):
        system = collector("sansang_target_info", target="dvc", mandatory=mandatory, network="internet")
        assert firing(tmp_path, rule_folder, {**found, system: ALWAYS}, "30m") == [f"Finding {severity}"]


def test_a_finding_is_one_alert_in_one_severity(rule_folder: Path, tmp_path: Path) -> None:
    """Whatever its segment, and however many units it stops."""
    found: dict[str, str] = {}
    kinds = [
        (each, units) for each in ("device", "lan", "access", "provider", "destination") for units in (1, 2, 3, 50)
    ]
    for number, (segment, units) in enumerate(kinds):
        one = fault(segment, units, subject="x", owner="ward", end=100)
        found |= {name.replace("f-1", f"f{number:02d}"): values for name, values in one.items()}
    told = firing(tmp_path, rule_folder, found, "30m", "finding")
    assert [row.split()[1] for row in told] == [f"f{number:02d}" for number in range(len(kinds))]


def test_a_unit_that_a_finding_explains_bears_it(rule_folder: Path, tmp_path: Path) -> None:
    """So do its agents' backlogs; a locked PIN, which no provider locks, does not."""
    found = {
        **fault("provider", 102, subject="VNPT", owner="provider", end=100),
        DEVICE_INFO: ALWAYS,
        unit(SINCE): "0+0x200",
        unit(VERDICT, verdict="not_ready"): ALWAYS,
        device("sansang_agent_spool_age_seconds"): "90000+0x200",
        device("sansang_signing_token_pin", check="signing_token", target=""): "3+0x200",
    }
    assert firing(tmp_path, rule_folder, found, "60m", "finding") == [
        "AgentBacklog f-1 warning",
        "Finding f-1 critical",
        "SigningPinLocked warning",
        "UnitNotReady f-1 warning",
    ]


def test_a_unit_has_time_to_recover_when_its_finding_ends(rule_folder: Path, tmp_path: Path) -> None:
    """The finding is gone at 60 min; on its own the unit is told a quarter of an hour later, if it is still down."""
    found = {
        **fault("provider", 102, subject="VNPT", owner="provider", end=12),
        unit(SINCE): "0+0x200",
        unit(VERDICT, verdict="not_ready"): ALWAYS,
    }
    assert firing(tmp_path, rule_folder, found, "70m", "finding") == []
    assert firing(tmp_path, rule_folder, found, "80m", "finding") == ["UnitNotReady warning"]


def test_a_profile_without_the_limit_has_no_alert(rule_folder: Path, tmp_path: Path) -> None:
    """No threshold is exported, so nothing is over it; and the collector's restart is no loss of anything."""
    found = {
        UNIT_INFO: ALWAYS,
        DEVICE_INFO: ALWAYS,
        device("sansang_device_clock_offset_seconds"): "9000+0x200",
        device("sansang_agent_spool_dropped_total"): "500+0x9 0+0x200",
        collector("sansang_profile_loaded"): until(3, 0, 1),
        collector("sansang_collector_gap_records_total", reason="spool_age"): "0+9x200",
    }
    assert firing(tmp_path, rule_folder, found, "60m") == []


def test_a_collector_that_prometheus_does_not_know_is_down(rule_folder: Path, tmp_path: Path) -> None:
    """Nothing scraped at all: absent() tells it."""
    document = {
        "rule_files": [str(rule_folder / "collector.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing",severity!="info"})',
                        "eval_time": "10m",
                        "exp_samples": [
                            {"labels": '{alertname="CollectorDown"}', "value": 1},
                            {"labels": '{alertname="DeviceScrapeDown"}', "value": 1},
                        ],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(document), "utf-8")
    assert promtool(tmp_path, "test", "rules", "test.yml") == (0, "Unit Testing:  test.yml\n  SUCCESS\n\n")
