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
from collector.catalog import Catalog
from tests.configs.loading import MEASURES

LOCALITIES = {"hcmc": ("79", 168), "ha-noi": ("01", 126), "quang-ninh": ("22", 54), "can-tho": ("92", 103)}


def loaded(locality: str, public_url: str = "") -> Catalog:
    shipped = config.load(config.SHIPPED / "collector.yaml")
    return catalog.load(replace(shipped, locality=locality, public_url=public_url), MEASURES)


def test_every_locality_file_is_known_here() -> None:
    assert {file.stem for file in (config.SHIPPED / "localities").glob("*.yaml")} == {*LOCALITIES, "demo"}


@pytest.mark.parametrize("name", LOCALITIES)
def test_a_locality_has_exactly_the_units_of_its_province(name: str) -> None:
    province, count = LOCALITIES[name]
    units = loaded(name).units
    assert len(units) == count
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


def test_the_default_profile_says_why_of_everything_it_asks() -> None:
    lines = loaded("hcmc").profile.requirements
    assert len(lines) >= 16
    for line in lines:
        assert set(line.source) == {"vi", "en"}
        tags = {re.match(r"\[[VCA]\] \S", text)[0][:3] for text in line.source.values()}  # type: ignore[index]
        assert len(tags) == 1, line.id
        assert max(map(len, line.source.values())) <= 90, f"{line.id}: a longer reason is a comment"
        assert set(line.title) == {"vi", "en"}
        assert line.remedy or line.procure, f"{line.id} does not say what to do"


def test_advice_never_holds_up_a_verdict() -> None:
    """What a PC may be unable to tell, what needs a router that was declared, or what the ward cannot change."""
    advisory = {line.id for line in loaded("hcmc").profile.requirements if not line.mandatory}
    assert advisory == {
        "disk_kind", "pc_age", "system_certificate", "uplink_p95_in", "uplink_p95_out", "os_support", "disks_healthy",
        "signing_tokens", "certificate_left", "signing_services",
    }  # fmt: skip


def test_the_agent_file_loads() -> None:
    settings, file = agent_settings.load(str(config.SHIPPED / "agent.yaml"))
    assert file is not None
    assert settings.spool.days == 30


def test_the_units_file_keeps_its_attribution() -> None:
    notice = Path(config.SHIPPED / "UNITS.md").read_text("utf-8")
    assert "vietnamadminunits" in notice
    assert "Copyright (c) 2025 Tran Ngoc Minh Hieu" in notice
