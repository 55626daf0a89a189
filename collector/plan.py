"""What a locality asks of its devices: systems, jobs, what differs in some units, and when nothing is measured."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct

from collector.former import Former
from collector.leases.model import Policy
from collector.locality_file import ROLES, Role
from collector.readiness.hours import Hours
from collector.readiness.model import Bilingual, Target

COLLECTOR = "{collector}"
"""Stands in an address or a parameter for the collector's own: what a demo may reach without leaving the machine."""
MANDATORY = "{mandatory}"
"""Stands in a list of a job's parameters for the names of the mandatory systems."""
UNIT = "{unit}"
"""Stands in a list of a job's parameters for the name of the device's unit."""
FORMER = "{former}"
"""Stands there for the names of the former units that the device's unit was made of."""
NEVER = 0.0
"""As a plan's ``off_hours``: no runs then."""


class Scope(Struct, frozen=True):
    """Which units something holds for: those in ``only`` (all when empty) but not those in ``never``."""

    only: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()

    def holds(self, unit: str) -> bool:
        return (not self.only or unit in self.only) and unit not in self.never

    def meets(self, other: Scope) -> bool:
        """Whether some unit may lie in both."""
        if not self.only and not other.only:
            return True
        both = self.only & other.only if self.only and other.only else self.only | other.only
        return bool(both - self.never - other.never)


EVERYWHERE = Scope()


class Site(Struct, frozen=True, kw_only=True):
    """A target with its address, if it has one yet, and what its jobs are told besides."""

    target: Target
    url: str | None
    params: dict[str, Any]
    source: str
    roles: tuple[Role, ...] = ROLES
    scope: Scope = EVERYWHERE


class Plan(Struct, frozen=True, kw_only=True):
    """A job before it has a target. ``every`` and ``off_hours`` are in seconds; None: off hours are as any."""

    check: str
    every: float
    targets: str | tuple[str, ...]
    roles: tuple[Role, ...]
    params: dict[str, Any]
    off_hours: float | None = None
    scope: Scope = EVERYWHERE

    def names(self, target: Target) -> bool:
        """Whether this plan is about `target`."""
        if isinstance(self.targets, tuple):
            return target.id in self.targets
        return self.targets == "all" or self.targets == ("mandatory" if target.mandatory else "optional")


class SiteChange(Struct, frozen=True, kw_only=True):
    """What differs of a site in some units."""

    measure: bool = True
    url: str | None = None
    params: dict[str, Any] = {}


class PlanChange(Struct, frozen=True, kw_only=True):
    """What differs of a check's plans in some units."""

    measure: bool = True
    every: float | None = None
    roles: tuple[Role, ...] | None = None
    params: dict[str, Any] = {}


class Change(Struct, frozen=True, kw_only=True):
    """What differs in ``units``: sites by target, plans by check."""

    units: frozenset[str] = frozenset()
    sites: dict[str, SiteChange] = {}
    plans: dict[str, PlanChange] = {}


UNCHANGED = Change()


class Window(Struct, frozen=True, kw_only=True):
    """Maintenance from ``begin`` until ``end``, epoch seconds. Empty ``checks`` or ``targets`` stand for all."""

    begin: int
    end: int
    reason: str
    checks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    scope: Scope = EVERYWHERE


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much a device measures at once and in any hour."""

    slots: int = 4
    per_check: dict[str, int] = {}
    sockets_per_hour: int | None = None
    bytes_per_hour: int | None = None


class Closed(Struct, frozen=True, kw_only=True):
    """Days, first and last included, on which nobody is served, and why."""

    first: date
    last: date
    reason: Bilingual


class Expects(Struct, frozen=True, kw_only=True):
    """How many there are of something by `source`, whoever is listed already; None: not told."""

    units: int | None = None
    offices: int | None = None
    service_points: int | None = None
    branches: int | None = None
    kiosks: int | None = None
    source: str = ""


class Locality(Struct, frozen=True, kw_only=True):
    """``units`` are codes; empty stands for every unit of the province. ``linger`` is in seconds.

    ``offices`` is the file of the offices beyond the wards, empty where there is none; ``networks`` tells who provides
    a network to all units; a finding is closed ``close_after`` (µs) it was last seen.
    """

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
    changes: tuple[Change, ...] = ()
    maintenance: tuple[Window, ...] = ()
    limits: Limits = Limits()
    closed: tuple[Closed, ...] = ()
    networks: dict[str, str] = {}
    close_after: int = 300_000_000
    expects: Expects = Expects()
    offices: str = ""
    former: Former = Former()
    leases: Policy = Policy()

    def closed_for(self, day: date) -> Bilingual:
        """Why nobody is served on `day`; empty on any other."""
        return next((part.reason for part in self.closed if part.first <= day <= part.last), {})
