"""Where an alert leads: to pages of the collector that told what it is about, and nowhere typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from dashboards.boards.build import expressions
from dashboards.rules import build
from dashboards.rules.links import page_url
from tests.dashboards.rules.cases import ALWAYS, UNIT_INFO, Case, collector
from tests.dashboards.rules.test_alerts import CASES, promtool, tried

OWN, FIRST = "https://sansang.example.vn", "https://other.example.vn"
OURS = collector("sansang_collector_info", version="1", url=OWN)
OTHERS = OURS.replace(OWN, FIRST).replace("c:8420", "d:8420")
GOOD = (0, "Unit Testing:  test.yml\n  SUCCESS\n\n")
UNITS = (
    "UnitNotReady", "UnitLostContact", "UnitUnknown", "LineOverContract", "WaiverEnds", "SigningCertificateEnds",
)  # fmt: skip
DEVICES = (
    "SigningPinLastTry", "SigningPinLocked", "DiskFullSoon", "DiskNearlyFull", "DiskFailing", "ClockOff", "ClockDrifts",
    "AgentBacklog", "AgentDeadLetters", "AgentLosesResults", "AgentSkipsRuns",
)  # fmt: skip


def case(alert: str, **changes: object) -> Case:
    return replace(next(one for one in CASES if one.alert == alert), **changes)


@pytest.mark.parametrize(
    ("alert", "address", "path"),
    [
        ("Finding", OWN, "/findings/f-1"),
        ("UnitNotReady", OWN, "/units/27259"),
        ("DiskFailing", OWN, "/devices/d-1"),
        ("SystemCertificateEnds", OWN, "/"),
        ("CommitSlow", OWN, "/"),
        ("PushesRefused", FIRST, "/"),
        ("Watchdog", FIRST, "/"),
    ],
)
def test_an_alert_leads_to_its_own_collector(
    alert: str, address: str, path: str, rule_folder: Path, tmp_path: Path
) -> None:
    """Of two, the one that exports what it is about; where it is about no one of them, the first by address."""
    plain = case(alert)
    told = replace(plain, series=plain.series | {OURS: ALWAYS, OTHERS: ALWAYS}, runbook=address, page=address + path)
    assert tried(told, rule_folder, tmp_path) == GOOD


def test_every_alert_has_the_page_of_what_it_is_about() -> None:
    """The one nearest to the fault: device before unit, and the city's where it is about neither."""
    pages = {one.name: page_url(one.labels).partition("label `url` }}")[2] for one in build.alerts()}
    told = {
        **dict.fromkeys(pages, "/"),
        **dict.fromkeys(UNITS, "/units/{{ $labels.unit }}"),
        **dict.fromkeys(DEVICES, "/devices/{{ $labels.device }}"),
        "Finding": "/findings/{{ $labels.finding }}",
    }
    assert pages == {name: path + "{{ end }}" for name, path in told.items()}


def test_a_collector_that_is_down_is_explained_by_another_one(rule_folder: Path, tmp_path: Path) -> None:
    """Its address went stale with it. The other's runbook helps, its pages do not; alone, the file is named."""
    down = case("CollectorDown", series={collector("up"): "1+0x9 0+0x20", OURS: "1+0x9 stale"})
    down = replace(down, holds="11m", fires="12m", resolves="")
    assert tried(down, rule_folder, tmp_path) == GOOD
    second = replace(down, series=down.series | {OTHERS: ALWAYS}, runbook=FIRST)
    assert tried(second, rule_folder, tmp_path) == GOOD


def test_a_collector_that_prometheus_does_not_know_has_no_page(rule_folder: Path, tmp_path: Path) -> None:
    """The alert names none."""
    says = ("Không đọc được collector", "The collector cannot be scraped", *case("CollectorDown").says[2:])
    told = {"labels": {"job": "sansang"}, "holds": "1m", "fires": "2m", "resolves": ""}
    absent = case("CollectorDown", series={}, says=says, **told)
    assert tried(absent, rule_folder, tmp_path) == GOOD


def test_a_unit_is_never_looked_for_at_another_collector(rule_folder: Path, tmp_path: Path) -> None:
    """Where its own does not tell its address, as an older release, the page is left out."""
    plain = case("UnitLostContact")
    told = replace(plain, series=plain.series | {OTHERS: ALWAYS}, runbook=FIRST)
    assert tried(told, rule_folder, tmp_path) == GOOD
    old = collector("sansang_collector_info", version="1")
    assert tried(replace(plain, series=plain.series | {old: ALWAYS}), rule_folder, tmp_path) == GOOD


def test_a_wrong_link_fails(rule_folder: Path, tmp_path: Path) -> None:
    """promtool compares the two."""
    plain = case("ProfileRefused")
    code, told = tried(replace(plain, series=plain.series | {OURS: ALWAYS}), rule_folder, tmp_path)
    assert code == 1
    assert f"{OWN}/runbook#alert-profilerefused" in told


@pytest.mark.parametrize(
    ("board", "chosen", "found"),
    [
        ("sansang-city-vi", {"locality": "hcmc"}, [OWN]),
        ("sansang-city-vi", {"locality": "ha-noi"}, [FIRST]),
        ("sansang-city-vi", {"locality": ".*"}, [FIRST, OWN]),
        ("sansang-city-vi", {"locality": "nowhere"}, [FIRST, OWN]),
        ("sansang-ward-vi", {"locality": ".*", "unit": "27259"}, [OWN]),
    ],
)
def test_a_dashboard_leads_to_the_collector_of_what_is_chosen(
    board: str, chosen: dict[str, str], found: list[str], tmp_path: Path
) -> None:
    """Two localities in one Prometheus; Grafana takes the first by address of several."""
    asked = {(name, panel): expr for name, panel, expr in expressions(**chosen)}
    hanoi = UNIT_INFO.replace("27259", "00004").replace("hcmc", "ha-noi").replace("c:8420", "d:8420")
    samples = [{"labels": f'{{url="{url}"}}', "value": 1} for url in found]
    document = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": one, "values": ALWAYS} for one in (UNIT_INFO, hanoi, OURS, OTHERS)],
                "promql_expr_test": [
                    {"expr": asked[board, "variable:collector"], "eval_time": "1m", "exp_samples": samples}
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(document), "utf-8")
    assert promtool(tmp_path, "test", "rules", "test.yml") == GOOD
