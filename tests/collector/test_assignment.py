"""Who does what: systems and jobs by unit and role, and what differs in some units."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import msgspec

from collector.catalog import Catalog
from collector.expiry import Interval
from tests.collector.pilots import TARGETS, pilot

ALL = "jobs:\n- {check: connectivity, every: 5m, targets: all}\n- {check: uplink, every: 5m, roles: [router]}\n"
HERE, THERE, ELSEWHERE = "27259", "27265", "27286"


def told(found: Catalog, unit: str = HERE, role: str = "pc") -> dict[str, dict[str, object]]:
    """Parameters by target, or by check where there is none."""
    return {job.target or job.check: job.params for job in found.jobs_for(unit, role)}


def test_a_job_names_the_systems_it_is_about(tmp_path: Path) -> None:
    """By kind or by id; two jobs of one check may share the systems between them."""
    jobs = "jobs:\n- {check: connectivity, every: 5m, targets: mandatory}\n"
    jobs += "- {check: connectivity, every: 1h, targets: optional}\n- {check: path, every: 6h, targets: [portal]}\n"
    found = pilot(tmp_path, jobs).jobs_for(HERE, "pc")
    assert [(job.check, job.target, job.every) for job in found] == [
        ("connectivity", "portal", 300), ("connectivity", "map", 3600), ("path", "portal", 21600),
    ]  # fmt: skip


def test_a_system_and_a_job_may_be_for_some_units_and_roles_only(tmp_path: Path) -> None:
    """And kept from others."""
    targets = TARGETS.replace("id: portal,", f'id: portal, units: ["{HERE}", "{THERE}"], roles: [kiosk],')
    targets = targets.replace("id: map,", f'id: map, except_units: ["{THERE}"],')
    jobs = ALL.replace("check: uplink,", f'check: uplink, except_units: ["{HERE}"],')
    found = pilot(tmp_path, jobs, targets)
    assert {name: set(told(found, *name)) for name in ((HERE, "pc"), (HERE, "kiosk"), (THERE, "kiosk"))} == {
        (HERE, "pc"): {"map"}, (HERE, "kiosk"): {"portal", "map"}, (THERE, "kiosk"): {"portal"},
    }  # fmt: skip
    assert set(told(found, HERE, "router")) == {"map"}
    assert set(told(found, ELSEWHERE, "router")) == {"map", "uplink"}


def test_a_unit_has_its_own_addresses_and_parameters(tmp_path: Path) -> None:
    """The system's there go before the job's there, these before the system's own, these before the job's own."""
    settings = f"""
unit_settings:
- units: ["{HERE}", "{THERE}"]
  targets:
  - {{id: mail, url: "https://mail.here.example.vn/", params: {{max_redirects: 1}}}}
  - {{id: portal, measure: false}}
  jobs:
  - {{check: connectivity, every: 10m, params: {{max_redirects: 2, timeout: 8}}}}
  - {{check: uplink, roles: [pc], params: {{host: 10.0.0.1}}}}
"""
    jobs = ALL.replace("targets: all", "targets: all, params: {expect_status: '200', timeout: 3}")
    found = pilot(tmp_path, jobs + settings)
    assert told(found, THERE) == {
        "mail": {"url": "https://mail.here.example.vn/", "expect_status": "200", "timeout": 8, "max_redirects": 1},
        "map": {"url": "http://127.0.0.1:8420/map", "expect_status": "200", "timeout": 8, "max_redirects": 2},
        "uplink": {"host": "10.0.0.1"},
    }
    assert {job.check: job.every for job in found.jobs_for(HERE, "pc")} == {"connectivity": 600, "uplink": 300}
    assert set(told(found, ELSEWHERE)) == {"portal", "map"}
    assert told(found, ELSEWHERE)["map"]["timeout"] == 7


def test_a_unit_is_asked_for_the_systems_it_measures(tmp_path: Path) -> None:
    """What it does not measure cannot hold up its verdict; what has no address there is shown as not declared."""
    settings = f'unit_settings:\n- units: ["{HERE}"]\n  targets:\n  - {{id: map, measure: false}}\n'
    settings += '  - {id: mail, url: "https://mail.example.vn/"}\n'
    found = pilot(tmp_path, ALL + settings, TARGETS.replace("id: mail,", "id: mail, roles: [pc],"))
    shown = {unit: {each.id: each.declared for each in found.targets_of(unit)} for unit in (HERE, THERE)}
    assert shown == {HERE: {"portal": True, "mail": True}, THERE: {"portal": True, "mail": False, "map": True}}
    assert {each.id: each.roles for each in found.targets_of(HERE)} == {"portal": (), "mail": ("pc",)}


def test_the_collector_s_address_stands_in_any_parameter(tmp_path: Path) -> None:
    """Inside lists too."""
    jobs = "jobs:\n- {check: clock, every: 1h, params: {servers: ['{collector}', b.example.vn]}}\n"
    assert told(pilot(tmp_path, jobs))["clock"] == {"servers": ["http://127.0.0.1:8420", "b.example.vn"]}


def test_the_names_of_mandatory_systems_stand_in_a_list(tmp_path: Path) -> None:
    """Those the unit measures, each once, without addresses; a job that is left with none is left out."""
    jobs = "jobs:\n- {check: dns, every: 1h, params: {names: ['{mandatory}', x.example.vn]}}\n"
    unnamed = TARGETS.replace("portal.example.vn", "192.0.2.1")
    assert told(pilot(tmp_path, jobs))["dns"] == {"names": ["portal.example.vn", "x.example.vn"]}
    assert told(pilot(tmp_path, jobs, unnamed))["dns"] == {"names": ["x.example.vn"]}
    assert told(pilot(tmp_path, jobs.replace(", x.example.vn", ""), unnamed)) == {}


def test_a_check_is_aimed_by_the_parameter_it_has(tmp_path: Path) -> None:
    """An address where it takes one, else a host's name."""
    jobs = "jobs:\n- {check: dns, every: 1h, targets: [portal]}\n"
    assert told(pilot(tmp_path, jobs)) == {"portal": {"host": "portal.example.vn"}}


def test_units_of_which_nothing_is_said_share_one_answer(tmp_path: Path) -> None:
    """So that a country of units costs what its differences cost."""
    settings = f'unit_settings:\n- units: ["{HERE}", "{THERE}"]\n  jobs: [{{check: uplink, every: 10m}}]\n'
    found = pilot(tmp_path, ALL + settings)
    assert found.jobs_for(ELSEWHERE, "pc") is found.jobs_for("27301", "pc")
    assert found.jobs_for(HERE, "pc") is found.jobs_for(THERE, "pc") is not found.jobs_for(ELSEWHERE, "pc")
    assert found.jobs(HERE, "router") == {"connectivity|portal", "connectivity|map", "uplink|"}


def test_settings_for_every_unit_load_at_once(tmp_path: Path) -> None:
    """168 units, each with its own router: a collector still starts in seconds."""
    codes = sorted(pilot(tmp_path, ALL).units)
    parts = [
        f'- {{units: ["{code}"], jobs: [{{check: uplink, params: {{host: 10.0.{index}.1}}}}]}}\n'
        for index, code in enumerate(codes)
    ]
    began = perf_counter()
    found = pilot(tmp_path, ALL + "unit_settings:\n" + "".join(parts))
    assert perf_counter() - began < 30
    assert {told(found, code, "router")["uplink"]["host"] for code in codes} == {f"10.0.{n}.1" for n in range(168)}


def test_what_is_served_can_be_encoded(tmp_path: Path) -> None:
    """Off hours go with each job that has some; the others say nothing."""
    jobs = "jobs:\n- {check: device, every: 1h, off_hours: never}\n- {check: clock, every: 1h, off_hours: 6h}\n"
    found = pilot(tmp_path, jobs + "- {check: lan, every: 10m}\n").jobs_for(HERE, "pc")
    served = msgspec.json.decode(msgspec.json.encode(found))
    assert [job.get("off_hours_every") for job in served] == [0, 21600, None]


def test_each_job_has_its_interval_by_day_and_by_night(tmp_path: Path) -> None:
    """One that rests while the office is closed keeps that of the day; what differs in a unit, differs here."""
    jobs = "jobs:\n- {check: connectivity, every: 5m, off_hours: 2h, targets: [portal]}\n"
    jobs += "- {check: device, every: 1h, off_hours: never}\n- {check: clock, every: 10m}\n"
    jobs += f'unit_settings:\n- {{units: ["{HERE}"], jobs: [{{check: clock, every: 30m}}]}}\n'
    found = pilot(tmp_path, jobs)
    assert found.every(THERE, "pc") == {
        "connectivity|portal": Interval(300, 7200), "device|": Interval(3600, 3600), "clock|": Interval(600, 600),
    }  # fmt: skip
    assert found.every(HERE, "pc")["clock|"] == Interval(1800, 1800)
    assert found.every(THERE, "pc").keys() == found.jobs(THERE, "pc")
    most = found.most_of("pc")
    assert (most["sansang_check_timestamp_seconds"], most["sansang_connectivity_phase_seconds"]) == (3, 7)
    assert "sansang_uplink_up" not in most
