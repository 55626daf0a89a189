"""The one bridge to the registry: what checks can tell, and what this locality asks of whom. Loads everything."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from checks.kit import registry
from checks.kit.model import Check, Fact, Metric
from checks.kit.strict import ConfigError
from collector import cardinality, fitting, maintenance, meaning
from collector import config as settings
from collector import locality as localities
from collector import units as nation
from collector.assignment import Assignment
from collector.config import CollectorConfig
from collector.expiry import Interval
from collector.exposition import Catalogue
from collector.families import FAMILIES, Family, by_name, family, own
from collector.locality import Document, Locality
from collector.plan import FORMER, UNIT
from collector.readiness import prices, profile_file
from collector.readiness.model import Target, Unit
from collector.readiness.prices import Prices
from collector.readiness.profile import Profile
from collector.readiness.profile_file import nearest
from collector.served import DeviceConfig, OfficeHours, Push, ServedJob
from collector.tally import job_key
from collector.telemetry import Telemetry

MOST_NAMES = 128
"""Former names of one unit that a check is told; Viet Nam's largest merger took in fewer."""


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


def series(measures: Measures) -> dict[str, Family]:
    """Every exported series by the name that Prometheus stores it under: units', findings', standards', devices' and
    agents', what `measures` can tell, and the collector's own. A histogram stands there by its three parts."""
    checks = (family(metric) for _, metric in measures.metrics.values())
    return dict(by_name((*FAMILIES, *checks, *own(Telemetry().registry))))


_TELLING = {"class": "signing_token_certificate_left", "disk": "storage_disk_healthy", "volume": "storage_size"}
"""Labels of checks that are shown by their words, and a metric that has these."""


def meanings() -> dict[str, dict[str, meaning.Pair]]:
    """What :func:`collector.meaning.meanings` tells, and the same of the labels ``class`` (of a certificate), ``disk``
    and ``volume``, which are the checks' own. Through here dashboards may ask it."""
    metrics = Measures(registry.find()).metrics
    spoken = {label: metrics[name][1].words for label, name in _TELLING.items()}
    return meaning.meanings() | {
        label: {value: (word["vi"], word["en"]) for value, word in words.items() if not value.isdecimal()}
        for label, words in spoken.items()
    }


class Standards(Struct, frozen=True):
    """What units are held to and what would mend them, and the ``files`` that this was read from."""

    profile: Profile
    prices: Prices
    files: tuple[Path, ...]


class Catalog:
    """A locality in force. Read-only, safe from any thread. ``standards`` reads its profile and price list anew (raises
    ConfigError). `now` is epoch seconds."""

    def __init__(
        self,
        measures: Measures,
        locality: Locality,
        standards: Callable[[], Standards],
        units: dict[str, Unit],
        assignment: Assignment,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.checks, self.metrics, self.facts = measures.checks, measures.metrics, measures.facts
        self.locality, self.units = locality, units
        self.standards = standards
        first = standards()
        self.profile, self.prices, self.files = first.profile, first.prices, first.files
        self.targets: list[Target] = [site.target for site in locality.sites]
        self.office: Callable[[int], bool] = locality.hours.office
        self.distributions: dict[str, tuple[str, ...]] = {
            metric.name: tuple(sorted(metric.labels)) for _, metric in measures.metrics.values() if metric.distribution
        }
        self._assignment, self._now = assignment, now
        self._week = maintenance.week(locality.hours)
        self._jobs: dict[tuple[str, str], list[ServedJob]] = {}
        self._keys: dict[tuple[str, str], frozenset[str]] = {}
        self._every: dict[tuple[str, str], Mapping[str, Interval]] = {}
        self._targets: dict[str, list[Target]] = {}
        self._configs: dict[tuple[str, str], tuple[object, DeviceConfig]] = {}

    @property
    def zone(self) -> ZoneInfo:
        return self.locality.hours.zone

    def families(self) -> list[Metric]:
        """The checks' metrics in the order of their series, each a family of ``/metrics/devices``."""
        return sorted((metric for _, metric in self.metrics.values()), key=lambda metric: metric.series)

    def jobs(self, unit: str, role: str) -> frozenset[str]:
        """Keys (:func:`collector.tally.job_key`) of the jobs a device of this role runs in this unit."""
        found = self._keys.get((unit, role))
        if found is None:
            found = frozenset(job_key(job.check, job.target) for job in self.jobs_for(unit, role))
            self._keys[unit, role] = found
        return found

    def every(self, unit: str, role: str) -> Mapping[str, Interval]:
        """The same jobs with their intervals; one that rests while the office is closed keeps that of the day."""
        found = self._every.get((unit, role))
        if found is None:
            found = {
                job_key(job.check, job.target): Interval(job.every, job.off_hours_every or job.every)
                for job in self.jobs_for(unit, role)
            }
            self._every[unit, role] = found
        return found

    def catalogue(self) -> Catalogue:
        """What may be exported of the devices."""
        metrics = {name: metric for name, (_, metric) in self.metrics.items()}
        most = {name: cardinality.most(metric) for name, metric in metrics.items()}
        titles = {name: check.title for name, check in self.checks.items()}
        return Catalogue(metrics, self.jobs, self.every, most, titles)

    def series(self) -> dict[str, Family]:
        """Every exported series by name (:func:`series`)."""
        return series(Measures(self.checks))

    def most_of(self, role: str) -> dict[str, int]:
        """How many series one device of this role can have at most, in whichever unit, by name."""
        units = ([(job.check, job.target) for job in self.jobs_for(unit, role)] for unit in self._assignment.examples())
        return cardinality.largest(cardinality.of_device(jobs, self.metrics) for jobs in units if jobs)

    def jobs_for(self, unit: str, role: str) -> list[ServedJob]:
        """The jobs of a device of this role in this unit; units of which nothing is said apart share one list."""
        like = self._assignment.like(unit)
        if (like, role) not in self._jobs:
            self._jobs[like, role] = self._assignment.jobs(like, role)
        return self._jobs[like, role]

    def targets_of(self, unit: str) -> list[Target]:
        """The systems that this unit is asked to reach, ``declared`` where it has their address."""
        like = self._assignment.like(unit)
        if like not in self._targets:
            self._targets[like] = self._assignment.targets(like)
        return self._targets[like]

    def tell(self, unit: str, uplink: dict[str, Any]) -> bool:
        """Takes the roster's parameters of `unit` for the check ``uplink``; False when they do not fit and are left
        out."""
        fits = self._assignment.tell(unit, uplink)
        kept: dict[tuple[str, str], Any]
        for kept in (self._jobs, self._keys, self._every, self._configs):
            for key in [key for key in kept if key[0] == unit]:
                kept.pop(key, None)
        self._targets.pop(unit, None)
        return fits

    def device_config(self, unit: str, role: str) -> DeviceConfig:
        """What the agent of such a device is to do, as of now: maintenance that is over is left out."""
        hours, windows = self._hours(), self._assignment.windows(unit, self._now())
        present = (hours, windows)
        kept = self._configs.get((unit, role))
        if kept is None or kept[0] != present:
            jobs, push, limits = self.jobs_for(unit, role), Push(self.locality.linger), self.locality.limits
            if unit in self.units:
                said = {UNIT: [self.units[unit].name], FORMER: self.locality.former.names(unit)[:MOST_NAMES]}
                jobs = [_named(job, said) for job in jobs]
            told = msgspec.json.encode((unit, jobs, push, hours, windows, limits), order="sorted")
            config = DeviceConfig(
                etag=hashlib.sha256(told).hexdigest()[:16],
                unit=unit,
                jobs=jobs,
                push=push,
                hours=hours,
                maintenance=windows,
                limits=limits,
            )
            kept = self._configs[unit, role] = (present, config)
        return kept[1]

    def etag(self, unit: str, role: str) -> str:
        """Names the configuration in force for such a device."""
        return self.device_config(unit, role).etag

    def _hours(self) -> OfficeHours | None:
        """Office hours with the zone's present distance from UTC."""
        if not self._week:
            return None
        offset = datetime.fromtimestamp(self._now(), self.zone).utcoffset()
        return OfficeHours(int(offset.total_seconds()) if offset is not None else 0, self._week)


def _named(job: ServedJob, said: Mapping[str, list[str]]) -> ServedJob:
    """`job` with what is `said` of the unit in the places of UNIT and FORMER."""
    filled = {
        key: [word for part in value for word in (said.get(part, [part]) if isinstance(part, str) else [part])]
        for key, value in job.params.items()
        if isinstance(value, list)
    }
    return msgspec.structs.replace(job, params=job.params | filled) if filled else job


def load(config: CollectorConfig, measures: Measures | None = None) -> Catalog:
    """Everything `config` names, read and checked against each other. Raises ConfigError."""
    known = Measures(registry.find()) if measures is None else measures
    file = settings.locality_file(config)
    locality, document = localities.load(file)
    country = nation.load(config.units)
    units = fitting.units_of(locality, document, country)
    assignment = Assignment(locality, known.checks, config.url)
    fitting.check_jobs(locality, document, known.checks, assignment)

    chosen, listed = _profile_file(locality, document, file), _prices_file(file)

    def standards() -> Standards:
        """From the files that were there at the start: where one goes, no other takes its place unasked."""
        return _standards(known, locality, document, (chosen, listed), {unit.kind for unit in units.values()})

    return Catalog(known, locality, standards, units, assignment)


def _standards(
    known: Measures, locality: Locality, document: Document, places: tuple[Path, Path], kinds: set[str]
) -> Standards:
    kinds = kinds | set(nation.KINDS)
    chosen, listed = places
    profile, files = profile_file.load_with_files(chosen, known, kinds=kinds)
    fitting.check_measured(profile, locality, document)
    folders = dict.fromkeys((chosen.parent, settings.SHIPPED / "profiles"))
    others = [_others(path, known, kinds) for folder in folders for path in sorted(folder.glob("*.yaml"))]
    priced = prices.load(listed, prices.keys([profile, *filter(None, others)]))
    return Standards(profile, priced, (*files, listed))


def _others(file: Path, known: Measures, kinds: set[str]) -> Profile | None:
    """A profile that is not in force, for what the price list may name; what is wrong with it is said when it is."""
    try:
        return profile_file.read(file, known, kinds=kinds)
    except ConfigError:
        return None


def _prices_file(file: Path) -> Path:
    paths = (_folder(file) / "prices.yaml", settings.SHIPPED / "prices.yaml")
    return next(path for path in paths if path.exists())


def _folder(file: Path) -> Path:
    return file.resolve().parent.parent


def _folders(file: Path) -> tuple[Path, ...]:
    """Where profiles lie: beside the locality's folder, then the shipped ones."""
    return tuple(dict.fromkeys((_folder(file) / "profiles", settings.SHIPPED / "profiles")))


def _profile_file(locality: Locality, document: Document, file: Path) -> Path:
    paths = [folder / f"{locality.profile}.yaml" for folder in _folders(file)]
    for path in paths:
        if path.parent.name == "profiles" and path.exists():
            return path
    known = {path.stem for folder in _folders(file) for path in folder.glob("*.yaml")}
    raise document.error(("profile",), f"no profile is called {locality.profile!r}; {nearest(locality.profile, known)}")
