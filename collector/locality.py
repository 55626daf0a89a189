"""A locality: which units, held to which profile, open when, reaching which systems, measured how often."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import convert, to_builtins

from checks.kit import strict
from checks.kit.strict import Where
from collector import former, locality_leases, maintenance
from collector.config import SHIPPED
from collector.former import Former
from collector.locality_check import (
    Document,
    known_check,
    known_target,
    measurable,
    measurable_all,
    once,
    seconds,
    span,
)
from collector.locality_file import JobFile, LocalityFile, UnitSettingsFile
from collector.plan import (
    NEVER,
    Change,
    Closed,
    Expects,
    Limits,
    Locality,
    Plan,
    PlanChange,
    Scope,
    Site,
    SiteChange,
    Window,
)
from collector.readiness.hours import Hours, Span
from collector.readiness.model import Target

__all__ = ["Document", "Locality", "LocalityFile", "load"]


def load(file: Path | str) -> tuple[Locality, Document]:
    """The locality in `file`, and the document to place further errors in. Raises ConfigError."""
    document = strict.load(file, LocalityFile)
    written = document.value
    zone = _zone(document)
    _distinct(document)
    closed = _closed(document)
    offices = _beside(document, "offices", written.offices)
    locality = Locality(
        id=written.id,
        title=written.title.both,
        province_code=written.province_code,
        units=tuple(written.units),
        profile=written.profile,
        timezone=written.timezone,
        hours=Hours(zone, _spans(document), frozenset(maintenance.days(closed))),
        linger=seconds(document, ("push_linger",), written.push_linger, 1, 3600),
        sites=tuple(_site(document, index) for index in range(len(written.targets))),
        plans=tuple(_plan(document, index, job) for index, job in enumerate(written.jobs)),
        changes=tuple(_change(document, index, part) for index, part in enumerate(written.unit_settings)),
        maintenance=tuple(_window(document, index, zone) for index in range(len(written.maintenance))),
        limits=_limits(document),
        closed=closed,
        networks=_networks(document),
        close_after=int(seconds(document, ("findings", "close_after"), written.findings.close_after, 1, 86400) * 1e6),
        expects=convert(to_builtins(written.expects), Expects) if written.expects else Expects(),
        offices=str(offices) if offices else "",
        former=_former(document),
        leases=locality_leases.policy(document, zone),
    )
    _apart(locality, document)
    return locality, document


def _zone(document: Document) -> ZoneInfo:
    name = document.value.timezone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wanted = f"expected a time zone such as Asia/Ho_Chi_Minh, got {name!r}"
        raise document.error(("timezone",), wanted) from None


def _spans(document: Document) -> tuple[Span, ...]:
    hours = document.value.office_hours
    if isinstance(hours, str):
        return ()
    return tuple(span(document, ("office_hours", index), rule) for index, rule in enumerate(hours))


def _closed(document: Document) -> tuple[Closed, ...]:
    if document.value.closed_days and document.value.office_hours == "always":
        raise document.error(("closed_days",), "expected none: with office_hours: always nobody ever closes")
    found: list[Closed] = []
    seen: dict[date, int] = {}
    for index, written in enumerate(document.value.closed_days):
        try:
            parts = maintenance.closed(written)
        except maintenance.TimeError as why:
            raise document.error(("closed_days", index, why.key), str(why)) from None
        for day in maintenance.days(parts):
            if seen.setdefault(day, index) != index:
                expected = f"{day.isoformat()} is closed already, by closed_days[{seen[day]}]"
                raise document.error(("closed_days", index, "from"), expected)
        found += parts
    return tuple(found)


def _beside(document: Document, key: str, name: str) -> Path | None:
    """The file `name` beside the locality's, else the shipped one; None where none is named."""
    places = [folder / name for folder in (Path(document.file).resolve().parent, SHIPPED / "localities")]
    found = next((path for path in places if name and path.is_file()), None)
    if name and found is None:
        raise document.error((key,), f"there is no file {name!r}")
    return found


def _former(document: Document) -> Former:
    found = _beside(document, "former_units", document.value.former_units)
    return former.load(found) if found else Former()


def _site(document: Document, index: int) -> Site:
    written = document.value.targets[index]
    measurable(document, ("targets", index, "url"), written.url)
    measurable_all(document, ("targets", index, "params"), written.params)
    target = Target(
        id=written.id,
        title=written.title.both,
        mandatory=written.mandatory,
        declared=written.url is not None,
        network=written.network,
    )
    return Site(
        target=target,
        url=written.url,
        params=written.params,
        source=written.source,
        roles=written.roles,
        scope=Scope(frozenset(written.units), frozenset(written.except_units)),
    )


def _plan(document: Document, index: int, written: JobFile) -> Plan:
    every = seconds(document, ("jobs", index, "every"), written.every, 1, 86400)
    targets = written.targets if isinstance(written.targets, str) else tuple(written.targets)
    for place, name in enumerate(targets if isinstance(targets, tuple) else ()):
        known_target(document, ("jobs", index, "targets", place), name)
    measurable_all(document, ("jobs", index, "params"), written.params)
    return Plan(
        check=written.check,
        every=every,
        targets=targets,
        roles=written.roles,
        params=written.params,
        off_hours=_off_hours(document, ("jobs", index, "off_hours"), written.off_hours, every),
        scope=Scope(frozenset(written.units), frozenset(written.except_units)),
    )


def _off_hours(document: Document, where: Where, text: str | int | None, every: float) -> float | None:
    if text is None:
        return None
    if document.value.office_hours == "always":
        raise document.error(where, "expected none: with office_hours: always there are no off hours")
    return NEVER if text == "never" else seconds(document, where, text, every, 86400)


def _change(document: Document, index: int, written: UnitSettingsFile) -> Change:
    here: Where = ("unit_settings", index)
    ids, checks = [part.id for part in written.targets], [part.check for part in written.jobs]
    once(document, (*here, "targets"), "id", ids)
    once(document, (*here, "jobs"), "check", checks)
    for number, site in enumerate(written.targets):
        known_target(document, (*here, "targets", number, "id"), site.id)
        measurable(document, (*here, "targets", number, "url"), site.url)
        measurable_all(document, (*here, "targets", number, "params"), site.params)
    plans: dict[str, PlanChange] = {}
    for number, job in enumerate(written.jobs):
        place: Where = (*here, "jobs", number)
        known_check(document, (*place, "check"), job.check)
        measurable_all(document, (*place, "params"), job.params)
        every = None if job.every is None else seconds(document, (*place, "every"), job.every, 1, 86400)
        plans[job.check] = PlanChange(measure=job.measure, every=every, roles=job.roles, params=job.params)
    return Change(
        units=frozenset(written.units),
        sites={site.id: SiteChange(measure=site.measure, url=site.url, params=site.params) for site in written.targets},
        plans=plans,
    )


def _window(document: Document, index: int, zone: ZoneInfo) -> Window:
    for place, name in enumerate(document.value.maintenance[index].targets):
        known_target(document, ("maintenance", index, "targets", place), name)
    for place, name in enumerate(document.value.maintenance[index].checks):
        known_check(document, ("maintenance", index, "checks", place), name)
    try:
        return maintenance.window(document.value.maintenance[index], zone)
    except maintenance.TimeError as why:
        raise document.error(("maintenance", index, why.key), str(why)) from None


def _networks(document: Document) -> dict[str, str]:
    written = document.value.networks
    both = {"internet": written.internet, "tslcd": written.tslcd}
    return {name: network.provider for name, network in both.items() if network is not None}


def _limits(document: Document) -> Limits:
    for name in document.value.limits.per_check:
        known_check(document, ("limits", "per_check", name), name)
    return convert(to_builtins(document.value.limits), Limits)


def _apart(locality: Locality, document: Document) -> None:
    """Refuses two plans that would be one job of some device: the same check on the same target."""
    anyone = {check for change in locality.changes for check, plan in change.plans.items() if plan.roles is not None}
    for later, plan in enumerate(locality.plans):
        for first, other in enumerate(locality.plans[:later]):
            shared = plan.check in anyone or bool(set(plan.roles) & set(other.roles))
            if plan.check != other.check or not shared or not plan.scope.meets(other.scope):
                continue
            both = [site.target.id for site in locality.sites if plan.names(site.target) and other.names(site.target)]
            if plan.targets == other.targets == "none":
                expected = f"{plan.check!r} stands twice, first as jobs[{first}]"
            elif both:
                expected = f"{plan.check!r} on {both[0]!r} stands twice, first in jobs[{first}]"
            else:
                continue
            raise document.error(("jobs", later, "check"), expected)


def _distinct(document: Document) -> None:
    written = document.value
    once(document, ("targets",), "id", [target.id for target in written.targets])
    once(document, ("units",), "", written.units)
    seen: dict[str, int] = {}
    for index, part in enumerate(written.unit_settings):
        for place, code in enumerate(part.units):
            if code in seen:
                expected = f"{code!r} stands twice, first in unit_settings[{seen[code]}]"
                raise document.error(("unit_settings", index, "units", place), expected)
            seen[code] = index
