"""Who does what: the jobs of each unit and role. Units of which nothing is said apart share one answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, structs

from checks.kit.model import Check, decode_params
from checks.kit.strict import Where
from collector.address import literal
from collector.locality_file import ROLES
from collector.plan import COLLECTOR, MANDATORY, UNCHANGED, Change, Locality, Plan, PlanChange, Site, SiteChange
from collector.readiness.model import Target
from collector.served import ServedJob, ServedWindow

LINE = "uplink"
"""The check that measures a unit's line, of which the roster may know the router and the contract."""
AIMS = ("url", "host", "target")
"""The parameter that takes a system's address: the first that a check has."""


class Task(Struct, frozen=True):
    """A job, and where each of its parameters may be written: places in the file with what stands there, the one that
    goes first, first. What the roster says has no place in the file; what the file says of a unit goes before it."""

    job: ServedJob
    layers: tuple[tuple[Where, Mapping[str, Any]], ...]


class Assignment:
    """Pure, but for what it keeps: `url` is the collector's own address."""

    def __init__(self, locality: Locality, checks: Mapping[str, Check], url: str) -> None:
        self._locality, self._checks, self._url = locality, checks, url
        self._changes = {unit: index for index, change in enumerate(locality.changes) for unit in change.units}
        scopes = [site.scope for site in locality.sites] + [plan.scope for plan in locality.plans]
        scopes += [window.scope for window in locality.maintenance]
        self._scopes = [scope for scope in scopes if scope.only or scope.never]
        self._named = set(self._changes).union(*(scope.only | scope.never for scope in self._scopes))
        self._alike: dict[tuple[bool | int, ...], str] = {}
        self._told: dict[str, dict[str, Any]] = {}

    def tell(self, unit: str, uplink: dict[str, Any]) -> bool:
        """Takes what the roster says of the unit's line, as parameters of the check ``uplink``; empty: nothing. False
        when the check does not take them together with the file's: the roster's are then left out."""
        self._told.pop(unit, None)
        if not uplink:
            return True
        self._told[unit] = uplink
        try:
            for task in self.tasks(unit):
                if task.job.check == LINE:
                    decode_params(self._checks[LINE], task.job.params)
        except msgspec.ValidationError:
            del self._told[unit]
            return False
        return True

    def like(self, unit: str) -> str:
        """A unit that is told the same as `unit`; ``""`` where nothing is said of it apart."""
        if unit in self._told:
            return unit
        if unit not in self._named:
            return ""
        said = (self._changes.get(unit, -1), *(scope.holds(unit) for scope in self._scopes))
        return self._alike.setdefault(said, unit)

    def examples(self) -> list[str]:
        """One unit for each answer there is."""
        return list(dict.fromkeys(["", *(self.like(unit) for unit in sorted(self._named))]))

    def jobs(self, unit: str, role: str) -> list[ServedJob]:
        return [task.job for task in self.tasks(unit, (role,))]

    def targets(self, unit: str) -> list[Target]:
        """The systems that `unit` is asked to reach; ``declared`` where it has an address there."""
        return [
            structs.replace(site.target, declared=self._site_url(unit, site) is not None, roles=_some(site.roles))
            for site in self._locality.sites
            if self._measures(unit, site)
        ]

    def windows(self, unit: str, now: float) -> list[ServedWindow]:
        """The maintenance of `unit` that is not over at `now`, epoch seconds."""
        return [
            ServedWindow(window.begin, window.end, window.checks, window.targets)
            for window in self._locality.maintenance
            if window.scope.holds(unit) and window.end > now
        ]

    def tasks(self, unit: str, roles: tuple[str, ...] = ROLES) -> Iterator[Task]:
        """What devices in one of `roles` do in `unit`, plan by plan."""
        for index, plan in enumerate(self._locality.plans):
            change = self._change(unit).plans.get(plan.check, PlanChange())
            asked = [role for role in (change.roles or plan.roles) if role in roles]
            if not asked or not change.measure or not plan.scope.holds(unit):
                continue
            if plan.targets == "none":
                yield from self._untargeted(unit, index, plan, change)
            else:
                sites = [site for site in self._locality.sites if plan.names(site.target)]
                yield from (
                    self._targeted(unit, index, plan, change, site)
                    for site in sites
                    if self._site_url(unit, site) is not None and not set(asked).isdisjoint(site.roles)
                )

    def _untargeted(self, unit: str, index: int, plan: Plan, change: PlanChange) -> Iterator[Task]:
        layers = self._layers(unit, index, plan, change)
        params = self._filled(unit, layers)
        emptied = [key for key, value in params.items() if value == [] and _merged(layers)[key] != []]
        if not emptied:
            yield Task(_job(plan, change, "", params), layers)

    def _targeted(self, unit: str, index: int, plan: Plan, change: PlanChange, site: Site) -> Task:
        layers = self._layers(unit, index, plan, change, site)
        address = self._site_url(unit, site) or ""
        params = {**self._filled(unit, layers), **self._aim(plan.check, address.replace(COLLECTOR, self._url, 1))}
        return Task(_job(plan, change, site.target.id, params), layers)

    def _layers(
        self, unit: str, index: int, plan: Plan, change: PlanChange, site: Site | None = None
    ) -> tuple[tuple[Where, Mapping[str, Any]], ...]:
        found: list[tuple[Where, Mapping[str, Any]]] = []
        here: Where = ("unit_settings", self._changes.get(unit, -1))
        if site is not None and site.target.id in (sites := self._change(unit).sites):
            place = list(sites).index(site.target.id)
            found.append(((*here, "targets", place, "params"), sites[site.target.id].params))
        if change.params:
            place = list(self._change(unit).plans).index(plan.check)
            found.append(((*here, "jobs", place, "params"), change.params))
        if plan.check == LINE and unit in self._told:
            found.append(((), self._told[unit]))
        if site is not None:
            found.append((("targets", self._locality.sites.index(site), "params"), site.params))
        return (*found, (("jobs", index, "params"), plan.params))

    def _filled(self, unit: str, layers: tuple[tuple[Where, Mapping[str, Any]], ...]) -> dict[str, Any]:
        """The parameters, with the collector's address and the mandatory systems in their places."""
        return {key: self._fill(unit, value) for key, value in _merged(layers).items()}

    def _fill(self, unit: str, value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(COLLECTOR, self._url)
        if isinstance(value, dict):
            return {key: self._fill(unit, item) for key, item in value.items()}
        if isinstance(value, list):
            names = self._mandatory(unit) if MANDATORY in value else []
            return [item for part in value for item in (names if part == MANDATORY else [self._fill(unit, part)])]
        return value

    def _mandatory(self, unit: str) -> list[str]:
        """Host names of the mandatory systems of `unit`."""
        urls = [self._site_url(unit, site) or "" for site in self._locality.sites if site.target.mandatory]
        hosts = [urlsplit(url.replace(COLLECTOR, self._url, 1)).hostname or "" for url in urls]
        return list(dict.fromkeys(host for host in hosts if host and literal(host) is None))

    def _aim(self, check: str, url: str) -> dict[str, str]:
        aim = next((name for name in AIMS if name in self._checks[check].params.__struct_fields__), "url")
        return {aim: (urlsplit(url).hostname or "") if aim == "host" else url}

    def _change(self, unit: str) -> Change:
        return self._locality.changes[self._changes[unit]] if unit in self._changes else UNCHANGED

    def _measures(self, unit: str, site: Site) -> bool:
        change = self._change(unit).sites.get(site.target.id, SiteChange())
        return change.measure and site.scope.holds(unit)

    def _site_url(self, unit: str, site: Site) -> str | None:
        """Where `unit` reaches `site`; None when it does not measure it."""
        change = self._change(unit).sites.get(site.target.id, SiteChange())
        return (change.url or site.url) if self._measures(unit, site) else None


def _some(roles: tuple[str, ...]) -> tuple[str, ...]:
    """`roles` as a target's: empty where they are all there are."""
    return () if set(roles) == set(ROLES) else roles


def _job(plan: Plan, change: PlanChange, target: str, params: dict[str, Any]) -> ServedJob:
    every = change.every or plan.every
    off_hours = max(every, plan.off_hours) if plan.off_hours else plan.off_hours
    return ServedJob(check=plan.check, target=target, every=every, params=params, off_hours_every=off_hours)


def _merged(layers: tuple[tuple[Where, Mapping[str, Any]], ...]) -> dict[str, Any]:
    """What goes first, wins; the keys come in the order of the plan's own."""
    merged: dict[str, Any] = {}
    for _, params in reversed(layers):
        merged.update(params)
    return merged
