"""Recorded series, and the labels by which Alertmanager knows what explains what, by ``promtool test rules``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.dashboards.rules.cases import ALWAYS, UNIT_INFO, collector, device, unit
from tests.dashboards.rules.cases_units import fault
from tests.dashboards.rules.test_alerts import promtool

OTHER = UNIT_INFO.replace("27259", "26734").replace("Xóm Chiếu", "Sài Gòn")
TOLD = {"unit": "27259", "name": "Phường Xóm Chiếu", "locality": "hcmc"}


def sample(series: str, value: float, /, **labels: str) -> dict[str, Any]:
    told = ", ".join(f'{key}="{text}"' for key, text in sorted(labels.items()))
    return {"labels": f"{series}{{{told}}}", "value": value}


def evaluated(folder: Path, rules: Path, series: dict[str, str], expected: dict[str, list[dict[str, Any]]]) -> str:
    """What promtool says of the results that are `expected` of queries after 10 minutes; empty when they come."""
    document = {
        "rule_files": [str(rules / "recording.yml")],
        "evaluation_interval": "1m",
        "group_eval_order": ["places", "lines", "weeks"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": one, "values": values} for one, values in series.items()],
                "promql_expr_test": [
                    {"expr": expr, "eval_time": "10m", "exp_samples": samples} for expr, samples in expected.items()
                ],
            }
        ],
    }
    (folder / "test.yml").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    code, told = promtool(folder, "test", "rules", "test.yml")
    return told if code else ""


def test_a_unit_bears_the_finding_of_most_units(rule_folder: Path, tmp_path: Path) -> None:
    """Of two the wider, of equals the older; a fault of one PC explains no unit; a unit without one has no label."""
    wide = fault("provider", 102, subject="VNPT", owner="provider")
    narrow = {
        name.replace("f-1", "f-0"): values for name, values in fault("lan", 1, subject="27259", owner="ward").items()
    }
    alone = {
        name.replace("f-1", "f-9"): values for name, values in fault("device", 900, subject="d-1", owner="ward").items()
    }
    context = "unit:sansang_unit_info:finding"
    expected = {
        context: [
            sample(context, 1, **TOLD, finding="f-1"),
            sample(context, 1, unit="26734", name="Phường Sài Gòn", locality="hcmc"),
        ]
    }
    assert evaluated(tmp_path, rule_folder, {**narrow, **wide, **alone, OTHER: ALWAYS}, expected) == ""

    older = {name.replace("f-1", "f-2"): values for name, values in fault("lan", 1, subject="x", owner="ward").items()}
    opened = next(name for name in narrow if "opened" in name)
    equals = {**narrow, **older, opened: "60+0x20"}
    assert evaluated(tmp_path, rule_folder, equals, {context: [sample(context, 1, **TOLD, finding="f-2")]}) == ""


def test_two_collectors_that_tell_the_same_break_no_rule(rule_folder: Path, tmp_path: Path) -> None:
    """Replicas both tell every unit and finding: nothing is counted twice, and no join fails."""
    told = fault("provider", 102, subject="VNPT", owner="provider", provider="VNPT")
    twice = told | {name.replace("c:8420", "c:8421"): values for name, values in told.items()}
    verdict = unit("sansang_unit_verdict", verdict="ready")
    twice |= {verdict: ALWAYS, verdict.replace("c:8420", "c:8421"): ALWAYS}
    located = "finding:sansang_finding_units:located"
    where = {"finding": "f-1", "segment": "provider", "cause": "unreachable", "provider": "VNPT", "owner": "provider"}
    counted = "locality:sansang_unit_verdict:count"
    expected = {
        located: [sample(located, 102, **where, subject="VNPT", locality="hcmc")],
        counted: [sample(counted, 1, locality="hcmc", province="Thành phố Hồ Chí Minh", verdict="ready")],
    }
    assert evaluated(tmp_path, rule_folder, twice, expected) == ""


def test_a_finding_of_units_that_no_locality_knows_is_told_without_one(rule_folder: Path, tmp_path: Path) -> None:
    """A device of another locality's unit fails: nobody's finding would be lost."""
    told = fault("lan", 1, subject="00004", owner="ward")
    abroad = {
        name.replace('unit="27259"', 'unit="00004"'): values for name, values in told.items() if "info{unit" not in name
    }
    located = "finding:sansang_finding_units:located"
    where = {"finding": "f-1", "segment": "lan", "cause": "unreachable", "owner": "ward", "subject": "00004"}
    assert evaluated(tmp_path, rule_folder, abroad, {located: [sample(located, 1, **where)]}) == ""


def test_reaching_a_system_is_told_by_the_line_that_leads_to_it(rule_folder: Path, tmp_path: Path) -> None:
    """A unit has two lines: what it reaches by one says nothing of the other's provider. Every device counts alike."""
    job = {"check": "connectivity"}
    up, took = "sansang_connectivity_up", "sansang_connectivity_duration_seconds"
    line = "sansang_unit_line_info"
    series = {
        UNIT_INFO: ALWAYS,
        OTHER: ALWAYS,
        unit(line, network="internet", provider="VNPT"): ALWAYS,
        unit(line, network="tslcd", provider="Viettel"): ALWAYS,
        unit(line, network="internet", provider="VNPT").replace("27259", "26734"): ALWAYS,
        collector("sansang_target_info", target="dvc", network="internet", mandatory="true"): ALWAYS,
        collector("sansang_target_info", target="tsl", network="tslcd", mandatory="true"): ALWAYS,
        device(up, **job, target="dvc"): "1+0x20",
        device(up, **job, target="tsl"): "0+0x20",
        device(up, **job, target="dvc").replace("d-1", "d-2"): "1+0x20",
        device(up, **job, target="dvc").replace("d-1", "d-3"): "1+0x20",
        device(up, **job, target="dvc").replace("27259", "26734"): "0+0x20",
        device(took, **job, target="dvc"): "0.2+0x20",
        device(took, **job, target="dvc").replace("27259", "26734"): "0.4+0x20",
    }
    ratio, p95 = "provider:sansang_connectivity_up:ratio", "provider:sansang_connectivity_duration_seconds:p95"
    by_unit, by_target = "unit:sansang_connectivity_up:ratio", "target:sansang_connectivity_up:ratio"
    expected = {
        ratio: [
            sample(ratio, 0.75, provider="VNPT", target="dvc"),
            sample(ratio, 0, provider="Viettel", target="tsl"),
        ],
        p95: [sample(p95, 0.39, provider="VNPT", target="dvc")],
        by_unit: [sample(by_unit, 0.75, unit="27259"), sample(by_unit, 0, unit="26734")],
        by_target: [sample(by_target, 0.75, target="dvc"), sample(by_target, 0, target="tsl")],
    }
    assert evaluated(tmp_path, rule_folder, series, expected) == ""


def test_use_of_the_line_is_its_95th_percentile(rule_folder: Path, tmp_path: Path) -> None:
    """Of samples of five minutes; of two routers the fuller."""
    use = device("sansang_uplink_utilisation_ratio", check="uplink", target="", direction="receive")
    name = "unit:sansang_uplink_utilisation_ratio:p95_7d"
    expected = {name: [sample(name, 0.8, unit="27259", direction="receive")]}
    series = {use: "0.8+0x20", use.replace("d-1", "d-2"): "0.3+0x20"}
    assert evaluated(tmp_path, rule_folder, series, expected) == ""
    wrong = {name: [sample(name, 0.3, unit="27259", direction="receive")]}
    assert "exp:" in evaluated(tmp_path, rule_folder, series, wrong)
