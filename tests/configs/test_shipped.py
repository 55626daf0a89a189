"""The files under configs/ load, fit each other and say what they must."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from agent import settings as agent_settings
from collector import catalog, config
from collector import locality as localities
from collector.catalog import Catalog
from collector.measured import check_measured
from collector.readiness import profile_file
from collector.readiness.profile import Kind
from collector.units import KINDS
from tests.configs.loading import MEASURES

LOCALITIES = {"hcmc": ("79", 168), "ha-noi": ("01", 126), "quang-ninh": ("22", 54), "can-tho": ("92", 103)}
PROFILES = sorted((config.SHIPPED / "profiles").glob("*.yaml"))


def loaded(locality: str, public_url: str = "") -> Catalog:
    shipped = config.load(config.SHIPPED / "collector.yaml")
    return catalog.load(replace(shipped, locality=locality, public_url=public_url), MEASURES)


def test_every_locality_file_is_known_here() -> None:
    assert {file.stem for file in (config.SHIPPED / "localities").glob("*.yaml")} == {*LOCALITIES, "demo"}


@pytest.mark.parametrize("name", LOCALITIES)
def test_a_locality_has_exactly_the_units_of_its_province(name: str) -> None:
    province, count = LOCALITIES[name]
    units = loaded(name).units
    assert sum(unit.kind in KINDS for unit in units.values()) == count
    assert {unit.province_code for unit in units.values()} == {province}


@pytest.mark.parametrize("name", LOCALITIES)
def test_a_locality_measures_the_common_systems_and_its_own(name: str) -> None:
    """Six national systems are mandatory everywhere; the locality adds at least one of its own."""
    mandatory = {target.id for target in loaded(name).targets if target.mandatory and target.declared}
    common = {"dvc-quoc-gia", "xac-thuc-dvc", "sso-dan-cu", "dvc-bo-cong-an", "ho-tich", "tsa"}
    assert common < mandatory


@pytest.mark.parametrize("name", LOCALITIES)
def test_a_target_says_where_it_comes_from(name: str) -> None:
    for site in loaded(name).locality.sites:
        assert re.match(r"\[[VC]\]$|operator: ", site.source), site.target.id
        assert site.source.startswith("operator") == (site.url is None)


@pytest.mark.parametrize("name", ["hcmc", "can-tho"])
def test_a_target_without_address_is_shown_but_never_probed(name: str) -> None:
    found = loaded(name)
    undeclared = {target.id for target in found.targets if not target.declared}
    assert undeclared
    assert not undeclared & {job.target for job in found.jobs_for("", "pc")}


def test_nothing_in_the_demo_leaves_loopback() -> None:
    """Every address in its jobs is the collector's own, numeric and local: nothing is even resolved."""
    jobs = loaded("demo").jobs_for("27259", "pc")
    addresses = [text for job in jobs for text in job.params.values() if isinstance(text, str)]
    assert len(addresses) >= 3
    for address in addresses:
        assert ipaddress.ip_address(urlsplit(address).hostname or "").is_loopback


def test_the_demo_follows_the_collector_to_another_port() -> None:
    jobs = loaded("demo", "http://127.0.0.1:9999").jobs_for("27259", "pc")
    assert {urlsplit(job.params["url"]).port for job in jobs if job.target} == {9999}


def test_a_demo_verdict_takes_less_than_a_minute() -> None:
    """Each requirement that looks back has its samples after three runs of a job."""
    found = loaded("demo")
    slowest = max(job.every for job in found.jobs_for("27259", "pc") if job.target)
    needed = max(line.minimum_samples for line in found.profile.requirements if line.mandatory)
    assert slowest * needed + found.locality.linger < 60


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.stem)
def test_a_profile_says_why_of_everything_it_asks(file: Path) -> None:
    lines = profile_file.load(file, MEASURES).requirements
    assert len(lines) >= 31
    for line in lines:
        assert set(line.source) == {"vi", "en"}
        tags = {re.match(r"\[[VCA]\] \S", text)[0][:3] for text in line.source.values()}  # type: ignore[index]
        assert len(tags) == 1, line.id
        assert max(map(len, line.source.values())) <= 90, f"{line.id}: a longer reason is a comment"
        assert set(line.title) == {"vi", "en"}
        assert line.remedy or line.procure, f"{line.id} does not say what to do"


DECISIVE = {"system_rtt", "systems_now", "systems_reachable", "memory", "disk_free", "clock_offset"}
"""What every ward can be measured by, from its first day, without a roster or a declared router."""


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("default", set()),
        ("hcmc", {"rehearsed_systems"}),
        ("ha-noi", set()),
        ("quang-ninh", {"signing_services", "can_sign", "dedicated_now", "dedicated_reachable"}),
        ("can-tho", {"dedicated_now", "dedicated_reachable"}),
    ],
)
def test_advice_never_holds_up_a_verdict(name: str, more: set[str]) -> None:
    """Mandatory is what can be measured honestly, and what a locality's own plan demands."""
    found = profile_file.load(config.SHIPPED / "profiles" / f"{name}.yaml", MEASURES)
    assert {line.id for line in found.requirements if line.mandatory} == DECISIVE | more


@pytest.mark.parametrize("name", [*LOCALITIES, "default", "demo"])
def test_a_measured_speed_decides_only_where_counters_tell_nothing(name: str) -> None:
    """And says so; in a demonstration it never does."""
    lines = profile_file.load(config.SHIPPED / "profiles" / f"{name}.yaml", MEASURES).requirements
    found = {line.id: line.mandatory_without for line in lines if line.mandatory_without}
    wanted = {"speed_down": "uplink_p95_in", "speed_up": "uplink_p95_out"}
    assert found == ({} if name == "demo" else wanted)
    assert not any(line.mandatory for line in lines if line.id in wanted)
    for line in lines:
        if line.id in found:
            assert "chỉ bắt buộc khi bộ đếm trên bộ định tuyến chưa cho biết mức tải" in line.source["vi"]
            assert "mandatory only while no router's counters tell the line's use" in line.source["en"]


def test_no_ward_is_unknown_for_want_of_a_roster() -> None:
    for file in PROFILES:
        for line in profile_file.load(file, MEASURES).requirements:
            assert not (line.mandatory and (line.per or line.kind in (Kind.ROSTER, Kind.DEVICES))), line.id


def test_the_default_profile_asks_the_domains_whole_table_in_its_order() -> None:
    found = [line.id for line in profile_file.load(config.SHIPPED / "profiles" / "default.yaml", MEASURES).requirements]
    assert found == [
        "uplink_p95_in", "uplink_p95_out", "contracted_uplink", "speed_down", "speed_up", "system_rtt", "loaded_rtt",
        "call_jitter", "lan_jitter", "call_loss", "lan_loss", "system_loss", "systems_now", "systems_day",
        "systems_reachable", "system_certificate", "router", "pcs_per_official", "pcs_per_counter", "pc_age",
        "os_support", "memory", "disk_kind", "disk_free", "disks_healthy", "signers_certified", "signing_tokens",
        "certificate_left", "signing_stack", "signing_services", "clock_offset",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "ready", "at_risk"),
    [
        ("uplink_p95_in", 75, 90), ("uplink_p95_out", 75, 90), ("contracted_uplink", 200, 100),
        ("speed_down", 50, 20), ("speed_up", 20, 10), ("system_rtt", 100, 150), ("loaded_rtt", 100, 150),
        ("call_jitter", 30, 40), ("lan_jitter", 30, 40), ("call_loss", 1, 2), ("lan_loss", 1, 2), ("system_loss", 1, 2),
        ("systems_reachable", 99, 95), ("router", 0, 1), ("pcs_per_official", 1, 0.9), ("pc_age", 5, 7),
        ("os_support", 180, 0), ("memory", 7.5, 3.5), ("signers_certified", 100, 90), ("certificate_left", 60, 14),
        ("signing_stack", 0, 1), ("clock_offset", 5, 60),
    ],
)  # fmt: skip
def test_the_numbers_are_those_of_the_domains_table(name: str, ready: float, at_risk: float) -> None:
    lines = profile_file.load(config.SHIPPED / "profiles" / "default.yaml", MEASURES).requirements
    found = next(line for line in lines if line.id == name)
    assert found.at_risk is not None
    assert (found.ready.limit, found.at_risk.limit) == (ready, at_risk)


@pytest.mark.parametrize("name", LOCALITIES)
def test_each_locality_can_be_held_to_the_profile_of_its_name(name: str) -> None:
    """Its jobs measure what is mandatory there, and the systems that the profile names are its own."""
    locality, document = localities.load(config.SHIPPED / "localities" / f"{name}.yaml")
    found = profile_file.load(config.SHIPPED / "profiles" / f"{name}.yaml", MEASURES)
    check_measured(found, locality, document)
    traced = next(plan.targets for plan in locality.plans if plan.check == "path")
    assert next(line.systems for line in found.requirements if line.id == "system_loss") == traced


def test_what_is_special_of_each_locality() -> None:
    profiles = {file.stem: profile_file.load(file, MEASURES) for file in PROFILES}
    lines = {name: {line.id: line for line in profile.requirements} for name, profile in profiles.items()}
    assert len(lines["hcmc"]["rehearsed_systems"].systems) == 4
    assert lines["ha-noi"]["systems_now"].scope == "role"
    assert lines["ha-noi"]["kiosks_working"].roles == ("kiosk",)
    assert lines["quang-ninh"]["dedicated_reachable"].office_hours
    assert not lines["can-tho"]["dedicated_reachable"].office_hours
    assert {lines[name]["dedicated_now"].network for name in ("quang-ninh", "can-tho")} == {"tslcd"}
    assert lines["can-tho"]["dedicated_quarter"].window == 15 * 60 * 1_000_000
    assert lines["can-tho"]["pcs_per_counter"].kinds == KINDS
    assert lines["default"]["pcs_per_counter"].kinds == ()


def test_the_agent_file_loads() -> None:
    settings, file = agent_settings.load(str(config.SHIPPED / "agent.yaml"))
    assert file is not None
    assert settings.spool.days == 30


def test_the_units_file_keeps_its_attribution() -> None:
    notice = Path(config.SHIPPED / "UNITS.md").read_text("utf-8")
    assert "vietnamadminunits" in notice
    assert "Copyright (c) 2025 Tran Ngoc Minh Hieu" in notice
