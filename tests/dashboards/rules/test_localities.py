"""Two localities in one Prometheus: a unit is alerted on by its own locality's limits, and told of in its words."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards.rules.build import FILES
from tests.dashboards.rules.cases import ALWAYS, DEVICE_INFO, UNIT_INFO, collector, device, unit
from tests.dashboards.rules.cases_units import fault
from tests.dashboards.rules.test_alerts import promtool
from tests.dashboards.rules.test_quiet import firing
from tests.dashboards.rules.test_records import evaluated, sample

FLAGS = ("true", "false")
OTHER = UNIT_INFO.replace("27259", "00004").replace("hcmc", "ha-noi").replace("c:8420", "h:8420")


def limits(requirement: str, here: float, elsewhere: float) -> dict[str, str]:
    """The band at_risk of both localities."""
    own = collector("sansang_requirement_threshold", requirement=requirement, band="at_risk")
    return {own: f"{here}+0x200", own.replace("c:8420", "h:8420"): f"{elsewhere}+0x200"}


def test_a_clock_is_off_by_the_limit_of_its_own_locality(rule_folder: Path, tmp_path: Path) -> None:
    """90 s: over the 60 of one, under the 600 of the other."""
    here = device("sansang_device_clock_offset_seconds")
    there = here.replace("27259", "00004").replace("d-1", "d-2").replace("c:8420", "h:8420")
    series = {UNIT_INFO: ALWAYS, OTHER: ALWAYS, DEVICE_INFO: ALWAYS, here: "90+0x200", there: "90+0x200"}
    fired = firing(tmp_path, rule_folder, series | limits("clock_offset", 60, 600), "60m", "unit")
    assert fired == ["ClockOff warning 27259"]
    fired = firing(tmp_path, rule_folder, series | limits("clock_offset", 600, 60), "60m", "unit")
    assert fired == ["ClockOff warning 00004"]


def test_a_line_is_full_by_the_limit_of_its_own_locality(rule_folder: Path, tmp_path: Path) -> None:
    """A P95 of 0.85: the other locality wants a reserve."""
    here = unit("sansang_unit_requirement_value", requirement="uplink_p95_in")
    there = here.replace("27259", "00004").replace("c:8420", "h:8420")
    series = {UNIT_INFO: ALWAYS, OTHER: ALWAYS, here: "0.85+0x200", there: "0.85+0x200"}
    fired = firing(tmp_path, rule_folder, series | limits("uplink_p95_in", 0.9, 0.8), "60m", "unit")
    assert fired == ["LineOverContract warning 00004"]


def test_a_system_is_told_of_where_its_certificate_is_short(rule_folder: Path, tmp_path: Path) -> None:
    """Each locality by its own devices and its own limit."""
    day = 86400
    left = "sansang_connectivity_certificate_left_seconds"
    here = device(left, check="connectivity", target="dvc")
    there = here.replace("27259", "00004").replace("d-1", "d-2").replace("c:8420", "h:8420")
    series = {UNIT_INFO: ALWAYS, OTHER: ALWAYS, here: f"{10 * day}+0x200", there: f"{10 * day}+0x200"}
    fired = firing(tmp_path, rule_folder, series | limits("system_certificate", 3 * day, 14 * day), "60m", "locality")
    assert fired == ["SystemCertificateEnds ha-noi critical"]


def test_a_title_that_localities_word_otherwise_breaks_no_message(rule_folder: Path, tmp_path: Path) -> None:
    """UnitNotReady lists what is not met by the titles of the unit's own collector."""
    info = collector(
        "sansang_requirement_info", requirement="disk_free", title_vi="Ổ", title_en="Disk", mandatory="true"
    )
    other = info.replace('"Disk"', '"Drive"').replace("c:8420", "h:8420")
    series = {
        UNIT_INFO: ALWAYS, OTHER: ALWAYS, info: ALWAYS, other: ALWAYS,
        unit("sansang_unit_verdict_since_timestamp_seconds"): "0+0x200",
        unit("sansang_unit_verdict", verdict="not_ready"): ALWAYS,
        unit("sansang_unit_requirement", requirement="disk_free", state="not_ready"): ALWAYS,
    }  # fmt: skip
    document = {
        "rule_files": [str(rule_folder / f"{name}.yml") for name in ("recording", "units")],
        "evaluation_interval": "1m",
        "group_eval_order": [group.name for name in ("recording", "units") for group in FILES[name]],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": one, "values": values} for one, values in series.items()],
                "alert_rule_test": [{"eval_time": "50m", "alertname": "UnitNotReady", "exp_alerts": []}],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    _, told = promtool(tmp_path, "test", "rules", "test.yml")
    assert "Not met: Disk. " in told
    assert "Không đạt: Ổ. " in told


def test_a_system_that_another_locality_may_do_without_is_still_missed_here(rule_folder: Path, tmp_path: Path) -> None:
    """Critical where it is mandatory, a warning where it is not."""
    series = fault("destination", 9, subject="dvc", owner="operator", end=200) | {OTHER: ALWAYS}
    info = {flag: collector("sansang_target_info", target="dvc", network="internet", mandatory=flag) for flag in FLAGS}
    here, there = (tuple(text.replace("c:8420", host) for text in info.values()) for host in ("c:8420", "h:8420"))
    fired = firing(tmp_path, rule_folder, series | dict.fromkeys((here[0], there[1]), ALWAYS), "60m", "finding")
    assert fired == ["Finding f-1 critical"]
    fired = firing(tmp_path, rule_folder, series | dict.fromkeys((here[1], there[0]), ALWAYS), "60m", "finding")
    assert fired == ["Finding f-1 warning"]


def test_a_system_that_is_reached_by_another_network_elsewhere_is_counted_by_its_own(
    rule_folder: Path, tmp_path: Path
) -> None:
    """One target of two localities: by the Internet here, by the private network there, each with its provider."""
    up = device("sansang_connectivity_up", check="connectivity", target="dvc")
    took = device("sansang_connectivity_duration_seconds", check="connectivity", target="dvc")
    info = collector("sansang_target_info", target="dvc", network="internet", mandatory="true")
    line = unit("sansang_unit_line_info", network="internet", provider="VNPT")
    series = {UNIT_INFO: ALWAYS, OTHER: ALWAYS}
    for name, value in ((info, ALWAYS), (line, ALWAYS), (up, "1+0x20"), (took, "0.2+0x20")):
        other = name.replace("27259", "00004").replace("d-1", "d-2").replace("c:8420", "h:8420")
        series |= {name: value, other.replace("internet", "tslcd").replace("VNPT", "Viettel"): value}
    ratio, p95 = "provider:sansang_connectivity_up:ratio", "provider:sansang_connectivity_duration_seconds:p95"
    expected = {
        name: [sample(name, value, provider=provider, target="dvc") for provider in ("VNPT", "Viettel")]
        for name, value in ((ratio, 1.0), (p95, 0.2))
    }
    assert evaluated(tmp_path, rule_folder, series, expected) == ""
