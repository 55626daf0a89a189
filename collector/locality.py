"""A locality: which units, held to which profile, open when, reaching which systems, measured how often."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, field

from checks.kit import strict
from collector.readiness import duration
from collector.readiness.hours import DAYS, Hours, Span, minutes
from collector.readiness.model import Bilingual, Target
from collector.readiness.schema import Words

COLLECTOR = "{collector}"
"""Stands in a target's address for the collector's own: what a demo may reach without leaving the machine."""

_ID = r"^[a-z0-9][a-z0-9-]{0,47}$"
Role = Literal["pc", "kiosk", "router"]
ROLES: tuple[Role, ...] = ("pc", "kiosk", "router")


class HoursFile(Struct, forbid_unknown_fields=True):
    """A part of the week during which people are served."""

    days: Annotated[
        list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Meta(min_length=1, description="On these days.")
    ]
    begin: Annotated[str | int, Meta(description='From this time, such as `"07:30"`.')] = field(name="from")
    end: Annotated[str | int, Meta(description='Until this time, such as `"11:30"`.')] = field(name="to")


class TargetFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A system that units must, or may, reach."""

    id: Annotated[str, Meta(pattern=_ID, description="Its name: a label in `/metrics`.")]
    title: Annotated[Words, Meta(description="What people read.")]
    source: Annotated[str, Meta(min_length=1, description="Where the address comes from.")]
    mandatory: Annotated[bool, Meta(description="Whether units must reach it.")] = False
    url: Annotated[
        str | None,
        Meta(description="Its address; `{collector}` stands for the collector's own. Without one it is not measured."),
    ] = None
    params: Annotated[dict[str, Any], Meta(description="Parameters of its jobs, before those of the job.")] = field(
        default_factory=dict
    )


class JobFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A check that devices run."""

    check: Annotated[str, Meta(description="Its name.")]
    every: Annotated[str | int, Meta(description="How often, from `1s` to `1d`.")]
    targets: Annotated[
        Literal["none", "mandatory", "all"],
        Meta(description="One job for each of these systems; `none`: a single one."),
    ] = "none"
    roles: Annotated[tuple[Role, ...], Meta(description="Devices that run it.")] = ROLES
    params: Annotated[dict[str, Any], Meta(description="Parameters of the check.")] = field(default_factory=dict)


class LocalityFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A file in `localities/`: which units, open when, reaching which systems, measured how often."""

    id: Annotated[str, Meta(pattern=_ID, description="Its name: a label in `/metrics`.")]
    title: Annotated[Words, Meta(description="What people read.")]
    province_code: Annotated[str, Meta(description='Two digits as text, such as `"01"`: whose units.')]
    units: Annotated[list[str], Meta(description="Only these unit codes, as text; empty: all of the province.")] = (
        field(default_factory=list)
    )
    profile: Annotated[str, Meta(min_length=1, description="Name of a file in `profiles/`.")]
    timezone: Annotated[str, Meta(description="Time zone of the office hours.", examples=["Asia/Ho_Chi_Minh"])]
    office_hours: Annotated[
        Literal["always"] | list[HoursFile], Meta(description="When people are served; `always`: around the clock.")
    ]
    push_linger: Annotated[
        str | int, Meta(description="How long a result waits for others before the agent sends.")
    ] = "60s"
    targets: Annotated[list[TargetFile], Meta(description="The systems.")]
    jobs: Annotated[list[JobFile], Meta(min_length=1, description="What is measured.")]


class Site(Struct, frozen=True, kw_only=True):
    """A target with its address, if it has one yet, and what its jobs are told besides."""

    target: Target
    url: str | None
    params: dict[str, Any]
    source: str


class Plan(Struct, frozen=True, kw_only=True):
    """A job before it has a target: ``every`` in seconds."""

    check: str
    every: float
    targets: Literal["none", "mandatory", "all"]
    roles: tuple[Role, ...]
    params: dict[str, Any]


class Locality(Struct, frozen=True, kw_only=True):
    """``units`` are codes; empty stands for every unit of the province. ``linger`` is in seconds."""

    id: str
    title: Bilingual
    province_code: str
    units: tuple[str, ...]
    profile: str
    timezone: str
    hours: Hours
    linger: float
    sites: tuple[Site, ...]
    plans: tuple[Plan, ...]

    def of(self, plan: Plan) -> list[Site]:
        """The sites with an address that `plan` measures."""
        wanted = self.sites if plan.targets == "all" else [site for site in self.sites if site.target.mandatory]
        return [] if plan.targets == "none" else [site for site in wanted if site.url is not None]


Document = strict.Document[LocalityFile]


def load(file: Path | str) -> tuple[Locality, Document]:
    """The locality in `file`, and the document to place further errors in. Raises ConfigError."""
    document = strict.load(file, LocalityFile)
    written = document.value
    zone = _zone(document)
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
        plans=tuple(_plan(document, index) for index in range(len(written.jobs))),
    )
    _distinct(document)
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
    if written.url is not None and not _is_web(written.url):
        expected = f"expected an http:// or https:// address, got {written.url!r}"
        raise document.error(("targets", index, "url"), expected)
    target = Target(
        id=written.id, title=written.title.both, mandatory=written.mandatory, declared=written.url is not None
    )
    return Site(target=target, url=written.url, params=written.params, source=written.source)


def _plan(document: Document, index: int) -> Plan:
    written = document.value.jobs[index]
    every = _seconds(document, ("jobs", index, "every"), written.every, 1, 86400)
    return Plan(check=written.check, every=every, targets=written.targets, roles=written.roles, params=written.params)


def _distinct(document: Document) -> None:
    lists: tuple[tuple[str, list[str]], ...] = (
        ("targets", [target.id for target in document.value.targets]),
        ("jobs", [job.check for job in document.value.jobs]),
        ("units", document.value.units),
    )
    for key, names in lists:
        for index, name in enumerate(names):
            if name in names[:index]:
                where = (key, index, {"targets": "id", "jobs": "check"}[key]) if key != "units" else (key, index)
                raise document.error(where, f"{name!r} stands twice, first as {key}[{names.index(name)}]")


def _seconds(document: Document, where: strict.Where, text: str | int, least: int, most: int) -> float:
    length = duration.parse(text)
    if length is None:
        raise document.error(where, f"{duration.EXPECTED}, got {text!r}")
    if not least <= length / duration.SECOND <= most:
        raise document.error(where, f"expected from {least} to {most} seconds, got {text!r}")
    return length / duration.SECOND


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url.replace(COLLECTOR, "http://collector", 1) if url.startswith(COLLECTOR) else url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and "{" not in url[1:]
    except ValueError:
        return False
