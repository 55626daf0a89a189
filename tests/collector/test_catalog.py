"""The bridge to the registry, and what a device is told to do."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from checks.kit.model import Check, Env, Fact, Metric, Reading, ok
from collector import catalog, config
from collector.catalog import Catalog, Measures
from tests.configs.loading import MEASURES


class _Nothing(Struct):
    pass


def _run(_params: Any, _env: Env) -> Reading:
    return ok()


def check(name: str, *metrics: Metric) -> Check:
    return Check(
        name=name,
        title={},
        params=_Nothing,
        metrics=metrics,
        run=_run,
        facts=(Fact(name="colour", title={}, help="Its colour."),),
    )


def loaded(locality: str = "demo") -> Catalog:
    shipped = config.load(config.SHIPPED / "collector.yaml")
    return catalog.load(replace(shipped, locality=locality), MEASURES)


def test_metrics_and_facts_are_known_by_name_with_their_check() -> None:
    speed = Metric(name="speed", title={}, unit="bytes", help="How fast.")
    known = Measures({"line": check("line", speed)})
    assert known.metrics == {"speed": ("line", speed)}
    assert list(known.facts) == ["line.colour"]


def test_two_checks_cannot_measure_the_same_metric() -> None:
    speed = Metric(name="speed", title={}, unit="bytes", help="How fast.")
    with pytest.raises(ValueError, match="the checks line and wifi both measure speed"):
        Measures({"line": check("line", speed), "wifi": check("wifi", speed)})


def test_each_declared_system_is_a_job_and_each_role_has_its_own() -> None:
    found = loaded()
    pc, router = (found.jobs_for("27259", role) for role in ("pc", "router"))
    assert [job.key for job in pc] == [
        ("connectivity", "tiep-nhan"), ("connectivity", "xu-ly"), ("connectivity", "trang-tong-quan"), ("clock", ""),
        ("device", ""), ("power", ""), ("storage", ""), ("support", ""), ("peripherals", ""),
        ("bandwidth", ""), ("realtime", ""),
    ]  # fmt: skip
    assert {job.check for job in router} == {"connectivity", "clock", "uplink", "power"}
    assert found.jobs("27259", "pc") == {f"{job.check}|{job.target}" for job in pc}


def test_a_target_s_own_parameters_go_before_the_job_s() -> None:
    found = loaded("hcmc").jobs_for("27259", "pc")
    jobs = {job.target: job.params for job in found if job.check == "connectivity"}
    common = {"anchors": ["http://127.0.0.1:8420"], "enough": 12288}
    assert jobs["tsa"] == {"url": "http://tsa.ca.gov.vn/", "expect_status": "200-499", **common}
    assert jobs["dvc-quoc-gia"] == {"url": "https://dichvucong.gov.vn/", **common}


def test_the_etag_names_everything_a_device_is_told() -> None:
    one, same, other = loaded(), loaded(), loaded("hcmc")
    assert one.etag("27259", "pc") == same.etag("27259", "pc") == one.device_config("27259", "pc").etag
    etags = [one.etag("27259", "pc"), one.etag("27260", "pc"), one.etag("27259", "router"), other.etag("27259", "pc")]
    assert len(set(etags)) == 4


def test_a_device_s_configuration_is_what_the_wire_says() -> None:
    told = msgspec.json.decode(msgspec.json.encode(loaded().device_config("27259", "pc")))
    assert set(told) == {"etag", "unit", "jobs", "push", "hours", "maintenance", "limits"}
    assert told["push"] == {"linger": 2.0}
    assert told["jobs"][0]["every"] == 10.0
    assert (told["hours"], told["maintenance"], told["limits"]) == (None, [], {})


def test_distributions_are_those_of_metrics_that_ask_for_one() -> None:
    found = loaded()
    assert found.distributions["connectivity_phase"] == ("phase",)
    assert set(found.distributions) == {name for name, (_, metric) in found.metrics.items() if metric.distribution}


def test_families_come_once_each_in_order() -> None:
    series = [metric.series for metric in loaded().families()]
    assert series == sorted(set(series))
    assert "sansang_connectivity_phase_seconds" in series


def test_a_pilot_has_only_the_units_it_names(tmp_path: Any) -> None:
    text = (config.SHIPPED / "localities" / "demo.yaml").read_text("utf-8")
    file = tmp_path / "pilot.yaml"
    file.write_text(text.replace('province_code: "79"', 'province_code: "79"\nunits: ["27259"]'), "utf-8")
    assert list(loaded(str(file)).units) == ["27259"]
