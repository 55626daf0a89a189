"""A locality: which units, held to which profile, open when, reaching which systems, measured how often."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import convert, to_builtins

from checks.kit import strict
from checks.kit.strict import Where
from collector import address, maintenance
from collector.locality_file import HoursFile, JobFile, LocalityFile, UnitSettingsFile
from collector.plan import COLLECTOR, NEVER, Change, Limits, Locality, Plan, PlanChange, Scope, Site, SiteChange, Window
from collector.readiness import duration
from collector.readiness.hours import DAYS, Hours, Span, minutes
from collector.readiness.model import Target
from collector.readiness.profile_file import nearest

__all__ = ["Document", "Locality", "LocalityFile", "load"]

Document = strict.Document[LocalityFile]


def load(file: Path | str) -> tuple[Locality, Document]:
    """The locality in `file`, and the document to place further errors in. Raises ConfigError."""
    document = strict.load(file, LocalityFile)
    written = document.value
    zone = _zone(document)
    _distinct(document)
    locality = Locality(
        id=written.id,
        title=written.title.both,
        province_code=written.province_code,
        units=tuple(written.units),
        profile=written.profile,
        timezone=written.timezone,
        hours=Hours(zone, _spans(document)),
        linger=_seconds(document, ("push_linger",), written.push_linger, 1, 3600),
        sites=tuple(_site(document, index) for index in range(len(written.targets))),
        plans=tuple(_plan(document, index, job) for index, job in enumerate(written.jobs)),
        changes=tuple(_change(document, index, part) for index, part in enumerate(written.unit_settings)),
        maintenance=tuple(_window(document, index, zone) for index in range(len(written.maintenance))),
        limits=_limits(document),
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
    return () if isinstance(hours, str) else tuple(_span(document, index, rule) for index, rule in enumerate(hours))


def _span(document: Document, index: int, rule: HoursFile) -> Span:
    times = []
    for key, text in (("from", rule.begin), ("to", rule.end)):
        time = minutes(text)
        if time is None:
            raise document.error(("office_hours", index, key), f'expected a time such as "07:30", got {text!r}')
        times.append(time)
    if times[0] >= times[1]:
        raise document.error(("office_hours", index, "to"), "expected a later time than from")
    return Span(frozenset(DAYS.index(day) for day in rule.days), times[0], times[1])


def _site(document: Document, index: int) -> Site:
    written = document.value.targets[index]
    _check_url(document, ("targets", index, "url"), written.url)
    _check_addresses(document, ("targets", index, "params"), written.params)
    target = Target(
        id=written.id, title=written.title.both, mandatory=written.mandatory, declared=written.url is not None
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
    every = _seconds(document, ("jobs", index, "every"), written.every, 1, 86400)
    targets = written.targets if isinstance(written.targets, str) else tuple(written.targets)
    for place, name in enumerate(targets if isinstance(targets, tuple) else ()):
        _target(document, ("jobs", index, "targets", place), name)
    _check_addresses(document, ("jobs", index, "params"), written.params)
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
    return NEVER if text == "never" else _seconds(document, where, text, every, 86400)


def _change(document: Document, index: int, written: UnitSettingsFile) -> Change:
    here: Where = ("unit_settings", index)
    ids, checks = [part.id for part in written.targets], [part.check for part in written.jobs]
    _once(document, (*here, "targets"), "id", ids)
    _once(document, (*here, "jobs"), "check", checks)
    for number, site in enumerate(written.targets):
        _target(document, (*here, "targets", number, "id"), site.id)
        _check_url(document, (*here, "targets", number, "url"), site.url)
        _check_addresses(document, (*here, "targets", number, "params"), site.params)
    plans: dict[str, PlanChange] = {}
    for number, job in enumerate(written.jobs):
        place: Where = (*here, "jobs", number)
        _planned(document, (*place, "check"), job.check)
        _check_addresses(document, (*place, "params"), job.params)
        every = None if job.every is None else _seconds(document, (*place, "every"), job.every, 1, 86400)
        plans[job.check] = PlanChange(measure=job.measure, every=every, roles=job.roles, params=job.params)
    return Change(
        units=frozenset(written.units),
        sites={site.id: SiteChange(measure=site.measure, url=site.url, params=site.params) for site in written.targets},
        plans=plans,
    )


def _window(document: Document, index: int, zone: ZoneInfo) -> Window:
    for place, name in enumerate(document.value.maintenance[index].targets):
        _target(document, ("maintenance", index, "targets", place), name)
    for place, name in enumerate(document.value.maintenance[index].checks):
        _planned(document, ("maintenance", index, "checks", place), name)
    try:
        return maintenance.window(document.value.maintenance[index], zone)
    except maintenance.TimeError as why:
        raise document.error(("maintenance", index, why.key), str(why)) from None


def _limits(document: Document) -> Limits:
    for name in document.value.limits.per_check:
        _planned(document, ("limits", "per_check", name), name)
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
    _once(document, ("targets",), "id", [target.id for target in written.targets])
    _once(document, ("units",), "", written.units)
    seen: dict[str, int] = {}
    for index, part in enumerate(written.unit_settings):
        for place, code in enumerate(part.units):
            if code in seen:
                expected = f"{code!r} stands twice, first in unit_settings[{seen[code]}]"
                raise document.error(("unit_settings", index, "units", place), expected)
            seen[code] = index


def _once(document: Document, where: Where, key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            place = (*where, index, key) if key else (*where, index)
            expected = f"{name!r} stands twice, first as {strict.dotted((*where, names.index(name)))}"
            raise document.error(place, expected)


def _target(document: Document, where: Where, name: str) -> None:
    known = [target.id for target in document.value.targets]
    if name not in known:
        raise document.error(where, f"no target is called {name!r}; {nearest(name, known)}")


def _planned(document: Document, where: Where, check: str) -> None:
    known = {job.check for job in document.value.jobs}
    if check not in known:
        raise document.error(where, f"no job runs {check!r}; {nearest(check, known)}")


def _check_url(document: Document, where: Where, url: str | None) -> None:
    if url is not None:
        wrong = address.fault(url.replace(COLLECTOR, "http://collector", 1) if url.startswith(COLLECTOR) else url)
        if wrong:
            raise document.error(where, wrong)


def _check_addresses(document: Document, where: Where, params: dict[str, object]) -> None:
    for place, wrong in address.faults(params):
        raise document.error((*where, *place), wrong)


def _seconds(document: Document, where: Where, text: str | int, least: float, most: float) -> float:
    length = duration.parse(text)
    if length is None:
        raise document.error(where, f"{duration.EXPECTED}, got {text!r}")
    if not least <= length / duration.SECOND <= most:
        raise document.error(where, f"expected from {least:g} to {most:g} seconds, got {text!r}")
    return length / duration.SECOND
