"""Whether a locality's jobs and systems can tell what its profile asks. Every error names its place in the file."""

from __future__ import annotations

import math

from msgspec import structs

from collector.locality import Document
from collector.plan import NEVER, Locality, Plan, Site
from collector.readiness import duration
from collector.readiness.hours import Hours
from collector.readiness.profile import Profile, Requirement
from collector.readiness.profile_file import nearest
from collector.tally import BUCKET_SECONDS

MOST_DEVICES = 50
"""How many devices of a unit may run a job, beside its one router: 166,000 PCs over 3,321 units."""
_HALVES = 7 * 86_400 // BUCKET_SECONDS
_MONDAY = 1_795_366_800
"""23 November 2026, 0:00 in Viet Nam: the week that begins there stands for every week."""


def check_measured(profile: Profile, locality: Locality, document: Document) -> None:
    """Refuses a profile that insists on what no job measures or no system is there for, names a system that is not
    there, or wants more samples than the jobs can take; advice that nobody can give stays unknown."""
    planned = {plan.check for plan in locality.plans} | {"agent", ""}
    for requirement in profile.requirements:
        named = f"requirement {requirement.id!r} of {profile.name}"
        if requirement.mandatory or requirement.mandatory_from is not None or requirement.mandatory_without:
            for check in (requirement.check, *(part.check for part in requirement.parts)):
                if check not in planned:
                    raise document.error(("jobs",), f"no job runs {check}, which {named} needs")
            if requirement.network and all(site.target.network != requirement.network for site in locality.sites):
                raise document.error(("targets",), f"no system is reached by {requirement.network}, as {named} needs")
        known = [site.target.id for site in locality.sites]
        for system in requirement.systems:
            if system not in known:
                expected = f"no system is called {system!r}, which {named} names; {nearest(system, known)}"
                raise document.error(("targets",), expected)
        _check_samples(requirement, named, locality, document)


def _check_samples(requirement: Requirement, named: str, locality: Locality, document: Document) -> None:
    """Refuses more samples than a unit's devices can take of a system within the window."""
    if not requirement.window:
        return
    window = requirement.window // 1_000_000
    for site in [None] if requirement.targets == "none" else _asked(requirement, locality):
        plans = [
            (index, plan)
            for index, plan in enumerate(locality.plans)
            if plan.check == requirement.check and (plan.targets == "none" if site is None else plan.names(site.target))
        ]
        most = sum(_runs(plan, locality.hours, window, requirement.office_hours) for _, plan in plans)
        if plans and most < requirement.minimum_samples:
            when = f"in {duration.shown(requirement.window)}{' of office hours' if requirement.office_hours else ''}"
            expected = (
                f"{requirement.check} runs at most {most} times {when}, {named} wants {requirement.minimum_samples}"
            )
            raise document.error(("jobs", plans[-1][0], "every"), expected)


def _asked(requirement: Requirement, locality: Locality) -> list[Site]:
    """The systems that it is asked of."""
    return [
        site
        for site in locality.sites
        if (site.target.mandatory or requirement.targets == "all")
        and (not requirement.systems or site.target.id in requirement.systems)
        and (not requirement.network or site.target.network == requirement.network)
    ]


def _runs(plan: Plan, hours: Hours, window: int, office_hours: bool) -> int:
    """How often at most a unit's devices run `plan` on one system within `window` (seconds)."""
    opened = min(window, most_open(hours, window))
    count = opened / plan.every
    if not office_hours and plan.off_hours != NEVER:
        count += (window - opened) / (plan.off_hours or plan.every)
    devices = ("router" in plan.roles) + MOST_DEVICES * bool(set(plan.roles) - {"router"})
    return math.floor(count * devices)


def most_open(hours: Hours, window: int) -> int:
    """The most seconds of office hours that any `window` (seconds) of a week without holidays holds."""
    usual = structs.replace(hours, off=frozenset())
    week = [usual.office(_MONDAY + place * BUCKET_SECONDS) for place in range(_HALVES)]
    length = min(-(-window // BUCKET_SECONDS), _HALVES)
    return BUCKET_SECONDS * max(sum((week + week)[begin : begin + length]) for begin in range(_HALVES))
