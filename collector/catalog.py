"""The one bridge to the registry: what checks can tell, and what this locality asks of whom. Loads everything."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from checks.kit import registry
from checks.kit.model import Check, Fact, Job, Metric, decode_params
from checks.kit.strict import Where
from collector import config as settings
from collector import locality as localities
from collector import units as nation
from collector.config import CollectorConfig
from collector.locality import COLLECTOR, Document, Locality, Plan, Site
from collector.readiness import profile_file
from collector.readiness.model import Target, Unit
from collector.readiness.profile import Profile
from collector.readiness.profile_file import nearest
from collector.tally import job_key


class Measures:
    """What the given checks can tell."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self.checks = dict(checks)
        self.metrics: dict[str, tuple[str, Metric]] = {}
        self.facts: dict[str, Fact] = {}
        for check in self.checks.values():
            for metric in check.metrics:
                other, _ = self.metrics.setdefault(metric.name, (check.name, metric))
                if other != check.name:
                    raise ValueError(f"the checks {other} and {check.name} both measure {metric.name}")
            self.facts.update((f"{check.name}.{fact.name}", fact) for fact in check.facts)


class Push(Struct, frozen=True):
    """How an agent sends: seconds that a result waits for others."""

    linger: float


class DeviceConfig(Struct, frozen=True, kw_only=True):
    """The answer to ``GET /v1/config``. ``etag`` names everything else in it."""

    etag: str
    unit: str
    jobs: list[Job]
    push: Push


class Catalog:
    """A locality in force. Read-only, safe from any thread."""

    def __init__(
        self, measures: Measures, locality: Locality, profile: Profile, units: dict[str, Unit], url: str
    ) -> None:
        self.checks, self.metrics, self.facts = measures.checks, measures.metrics, measures.facts
        self.locality, self.profile, self.units = locality, profile, units
        self.targets: list[Target] = [site.target for site in locality.sites]
        self.office: Callable[[int], bool] = locality.hours.office
        self.distributions: dict[str, tuple[str, ...]] = {
            metric.name: tuple(sorted(metric.labels)) for _, metric in measures.metrics.values() if metric.distribution
        }
        self._url = url
        self._configs: dict[tuple[str, str], DeviceConfig] = {}
        self._keys: dict[str, frozenset[str]] = {}

    @property
    def zone(self) -> ZoneInfo:
        return self.locality.hours.zone

    def families(self) -> list[Metric]:
        """The checks' metrics in the order of their series, each a family of ``/metrics/devices``."""
        return sorted((metric for _, metric in self.metrics.values()), key=lambda metric: metric.series)

    def jobs(self, unit: str, role: str) -> frozenset[str]:
        """Keys (:func:`collector.tally.job_key`) of the jobs a device of this role runs in this unit."""
        if role not in self._keys:
            self._keys[role] = frozenset(job_key(job.check, job.target) for job in self.jobs_for(unit, role))
        return self._keys[role]

    def jobs_for(self, _unit: str, role: str) -> list[Job]:
        """The jobs of a device of this role; every unit of a locality has the same."""
        plans = (plan for plan in self.locality.plans if role in plan.roles)
        return [job for plan in plans for job in jobs_of(plan, self.locality.of(plan), self._url)]

    def device_config(self, unit: str, role: str) -> DeviceConfig:
        """What the agent of such a device is to do."""
        if (unit, role) not in self._configs:
            jobs, push = self.jobs_for(unit, role), Push(self.locality.linger)
            etag = hashlib.sha256(msgspec.json.encode((unit, jobs, push), order="sorted")).hexdigest()[:16]
            self._configs[unit, role] = DeviceConfig(etag=etag, unit=unit, jobs=jobs, push=push)
        return self._configs[unit, role]

    def etag(self, unit: str, role: str) -> str:
        """Names the configuration in force for such a device."""
        return self.device_config(unit, role).etag


def jobs_of(plan: Plan, sites: list[Site], url: str) -> list[Job]:
    """The jobs of one plan: one for each of `sites`, or a single one without target."""
    if plan.targets == "none":
        return [Job(check=plan.check, every=plan.every, params=plan.params)]
    return [
        Job(check=plan.check, target=site.target.id, every=plan.every, params=_params(plan, site, url))
        for site in sites
    ]


def load(config: CollectorConfig, measures: Measures | None = None) -> Catalog:
    """Everything `config` names, read and checked against each other. Raises ConfigError."""
    known = Measures(registry.find()) if measures is None else measures
    file = settings.locality_file(config)
    locality, document = localities.load(file)
    country = nation.load(config.units)
    profile = profile_file.load(_profile_file(locality, document, file), known)
    units = _units(locality, document, country)
    _check_plans(locality, document, known, config.url)
    _check_measured(profile, locality, document)
    return Catalog(known, locality, profile, units, config.url)


def _params(plan: Plan, site: Site, url: str) -> dict[str, Any]:
    return {**plan.params, **site.params, "url": (site.url or "").replace(COLLECTOR, url, 1)}


def _profile_file(locality: Locality, document: Document, file: Path) -> Path:
    found = file.resolve().parent.parent / "profiles" / f"{locality.profile}.yaml"
    shipped = settings.SHIPPED / "profiles" / f"{locality.profile}.yaml"
    for path in (found, shipped):
        if path.parent.name == "profiles" and path.exists():
            return path
    known = {path.stem for folder in (found.parent, shipped.parent) for path in folder.glob("*.yaml")}
    raise document.error(("profile",), f"no profile is called {locality.profile!r}; {nearest(locality.profile, known)}")


def _units(locality: Locality, document: Document, country: dict[str, Unit]) -> dict[str, Unit]:
    found = nation.of_province(country, locality.province_code)
    if not found:
        raise document.error(("province_code",), f"no unit of the units file is in province {locality.province_code!r}")
    for index, code in enumerate(locality.units):
        if code not in found:
            raise document.error(
                ("units", index), f"no unit of province {locality.province_code} has the code {code!r}"
            )
    return {code: unit for code, unit in found.items() if not locality.units or code in locality.units}


def _check_plans(locality: Locality, document: Document, known: Measures, url: str) -> None:
    for index, plan in enumerate(locality.plans):
        check = known.checks.get(plan.check)
        if check is None:
            expected = f"no check is called {plan.check!r}; {nearest(plan.check, known.checks)}"
            raise document.error(("jobs", index, "check"), expected)
        if plan.targets == "none":
            _decode(document, check, ("jobs", index, "params"), plan.params)
        for site in locality.of(plan):
            place = locality.sites.index(site)
            where: Where = ("targets", place, "params") if site.params else ("jobs", index, "params")
            _decode(document, check, where, _params(plan, site, url))


def _decode(document: Document, check: Check, where: Where, params: dict[str, Any]) -> None:
    try:
        decode_params(check, params)
    except msgspec.ValidationError as why:
        message, _, path = str(why).partition(" - at `$.")
        unknown = re.fullmatch(r"Object contains unknown field `(.+)`", message)
        if unknown:
            known = nearest(unknown[1], check.params.__struct_fields__)
            raise document.error((*where, unknown[1]), f"{check.name} takes no such parameter; {known}") from None
        step: Where = (path.rstrip("`").split("[")[0],) if path else ()
        expected = message.replace("`", "")
        raise document.error((*where, *step), f"{check.name}: {expected[0].lower()}{expected[1:]}") from None


def _check_measured(profile: Profile, locality: Locality, document: Document) -> None:
    planned = {plan.check for plan in locality.plans} | {"agent"}
    for requirement in profile.requirements:
        if requirement.check not in planned:
            expected = f"no job runs {requirement.check}, which requirement {requirement.id!r} of {profile.name} needs"
            raise document.error(("jobs",), expected)
