"""What a verdict is made of and what it says. Times are µs since the epoch, UTC."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from checks.kit.model import Result, Scalar
from collector.tally import Jobs, Ranks, ranked

Bilingual = dict[str, str]
"""The same words in ``vi`` and ``en``."""


class Verdict(enum.StrEnum):
    """How ready a unit, a requirement or a device is. UNKNOWN is not between the others: it is no verdict."""

    READY = "ready"
    AT_RISK = "at_risk"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"


class Silence(enum.StrEnum):
    """Why nothing is heard of a unit or a device: five different things. LATE alone takes nothing away from a verdict:
    what was last said still speaks for the present."""

    NEVER_ENROLLED = "never_enrolled"
    OFFICE_CLOSED = "office_closed"
    LATE = "late"
    LOST_CONTACT = "lost_contact"
    NO_DATA = "no_data"


class Calendar(Struct, frozen=True, kw_only=True):
    """Where an instant lies in office hours. ``since`` is when the present state began (µs; 0: always so),
    ``closed_at`` when an open time last ended, at or before now (0: never), ``until`` when the state changes next
    (None: never)."""

    open: bool = True
    since: int = 0
    closed_at: int = 0
    until: int | None = None


ALWAYS_OPEN = Calendar()


class Waiver(Struct, frozen=True, kw_only=True):
    """What a person has decided about one requirement of one unit, until it expires (µs).

    A ``waiver`` takes the requirement out of the verdict. An ``approval`` confirms by inspection that it is met, and
    counts only while the measurements leave it unknown: it never outweighs one. Both are shown wherever the unit is.
    """

    id: str
    unit: str
    requirement: str
    kind: Literal["waiver", "approval"]
    reason: str
    author: str
    created_at: int
    expires_at: int
    revoked_at: int | None = None

    def holds(self, now: int) -> bool:
        return self.created_at <= now < (self.expires_at if self.revoked_at is None else self.revoked_at)


class Unit(Struct, frozen=True, kw_only=True):
    """A ward, commune or special zone, or another office that a locality names. The code is its identity, five digits
    of a ward, always text. ``valid_from`` and ``valid_to`` (``2025-07-01``, inclusive) are empty where unbounded."""

    code: str
    name: str
    kind: str
    province_code: str
    province: str
    lat: float
    lon: float
    area_km2: float | None = None
    valid_from: str = ""
    valid_to: str = ""


class Target(Struct, frozen=True, kw_only=True):
    """A system that a unit must, or may, reach. One whose address is not ``declared`` yet is not measured. Devices of
    other ``roles`` are not asked; empty: all are. ``network`` is the one it is reached by: the ``internet``, or the
    dedicated ``tslcd``."""

    id: str
    title: Bilingual
    mandatory: bool = False
    declared: bool = True
    roles: tuple[str, ...] = ()
    network: str = "internet"


class Results(dict[tuple[str, str], Result]):
    """A device's newest results, which nobody changes any more, neither them nor one of them: whoever tries to gets a
    TypeError. So what they come to by a plan (:mod:`collector.readiness.rows`) is kept with them, of the newest plans.
    """

    __slots__ = ("rows",)
    KEPT = 2

    def __init__(self, results: Mapping[tuple[str, str], Result]) -> None:
        super().__init__(results)
        self.rows: dict[Any, Any] = {}

    def keep(self, plan: Any, row: Any) -> Any:
        if len(self.rows) >= self.KEPT:
            self.rows = {}
        self.rows[plan] = row
        return row

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("results are not changed: make a dict of them")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class DeviceFacts(Struct, kw_only=True):
    """What is known of one device. ``last_seen`` is when its newest result was taken, on the collector's clock;
    ``clock_offset`` how far its clock is ahead (seconds), ``clock_drift`` how fast that grows (s/s); ``results`` its
    newest result by (check, target). ``station`` is its place in the roster, ``purchased`` the day (seconds since the
    epoch) it was bought by that, ``purchase_date`` the same as exact as it was told (``2023-05-17``, ``2023``)."""

    id: str
    unit: str
    role: str = "pc"
    status: str = "active"
    enrolled_at: int = 0
    last_seen: int | None = None
    clock_offset: float | None = None
    clock_drift: float | None = None
    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    health: dict[str, float] = field(default_factory=dict)
    version: str = ""
    name: str = ""
    station: str = ""
    purchased: int | None = None
    purchase_date: str = ""


class Ordered(dict[tuple[str, str], Ranks | None]):
    """What a bucket has put in order. It is no part of what the bucket is, so that all are equal."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ordered)

    def __repr__(self) -> str:
        return "Ordered()"


class Bucket(Struct, kw_only=True):
    """One unit's half-hour. ``office`` says whether it lies inside office hours. What ``ranks`` has put in order it
    keeps: a bucket is not changed once it is judged by."""

    start: int
    office: bool
    jobs: Jobs
    ordered: Ordered = field(default_factory=Ordered)

    def ranks(self, job: str, series: str) -> Ranks | None:
        """The distribution of one job's series, or None."""
        key = job, series
        if key not in self.ordered:
            tally = self.jobs.get(job)
            sketch = tally.sketches.get(series) if tally is not None else None
            self.ordered[key] = ranked(sketch) if sketch is not None else None
        return self.ordered[key]


class UnitFacts(Struct, kw_only=True):
    """Everything `evaluate` may look at. ``expected`` is how many devices there should be at least, ``stations`` how
    many of each role the roster names."""

    unit: str
    expected: int
    devices: list[DeviceFacts]
    targets: list[Target]
    buckets: list[Bucket] = field(default_factory=list)
    stations: dict[str, int] = field(default_factory=dict)
    needs: dict[str, float] = field(default_factory=dict)
    kind: str = ""
    waivers: list[Waiver] = field(default_factory=list)
    calendar: Calendar = ALWAYS_OPEN


class Evidence(Struct, kw_only=True, omit_defaults=True):
    """One device's or target's part in a requirement's state. ``subject`` is a device id, or ``""`` for the unit or,
    with ``part``, for a role or one of the requirement's parts; ``basis`` is ``purchase_date`` where the roster, and
    not the device, tells the value."""

    subject: str
    state: Verdict
    value: Scalar = None
    target: str = ""
    at: int | None = None
    samples: int = 0
    reason: str = ""
    basis: str = ""
    part: str = ""


class RequirementState(Struct, kw_only=True, omit_defaults=True):
    """One line of the profile, judged. ``need`` is the ready band as shown to people (``≤ 100 ms``); ``value`` is in
    ``unit``; ``reason`` is a Reason or one of the words of :mod:`collector.readiness.words`.

    ``held`` is the last state that was known, ``pending`` the other one that has been seen since ``pending_since``
    and is not yet shown because its hold time runs; see :mod:`collector.readiness.hold`.

    ``evidence`` is every part that is not ready, worst first, then the worst ready one; ``counts`` how many parts there
    are in each state. ``waiver`` is the id of the waiver or approval that counts here.
    """

    id: str
    title: Bilingual
    mandatory: bool
    state: Verdict
    since: int
    value: Scalar = None
    unit: str = ""
    need: str = ""
    source: Bilingual = field(default_factory=dict)
    samples: int = 0
    coverage: float = 0.0
    reason: str = ""
    remedy: Bilingual = field(default_factory=dict)
    procure: Bilingual = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    held: Verdict | None = None
    pending: Verdict | None = None
    pending_since: int = 0
    counts: dict[Verdict, int] = field(default_factory=dict)
    waiver: str = ""


class UnitVerdict(Struct, kw_only=True, omit_defaults=True):
    """A unit, judged. ``deciding`` names the requirements that made the verdict, in the profile's order; ``waivers``
    are those that hold. While nothing is known, ``known`` is the last verdict that was not UNKNOWN, and ``known_at``
    when it ended."""

    unit: str
    verdict: Verdict
    at: int
    since: int
    profile: str
    expected: int
    reporting: int
    silence: Silence | None = None
    silent_since: int | None = None
    last_seen: int | None = None
    deciding: list[str] = field(default_factory=list)
    requirements: list[RequirementState] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    known: Verdict | None = None
    known_at: int | None = None


class Transition(Struct, kw_only=True, omit_defaults=True):
    """A change. ``subject`` is ``verdict``, ``silence``, ``profile``, ``requirement:<id>`` or ``waiver:<id>``, and as
    stored ``requirements:<state>`` for many; ``evidence`` is what was seen then."""

    unit: str
    subject: str
    at: int
    old: str
    new: str
    reason: str = ""
    profile: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)


def fact_of(device: DeviceFacts, check: str, name: str) -> Scalar:
    """A fact of the device's newest result of `check`, or None."""
    for (found, _), result in device.results.items():
        if found == check and name in result.facts:
            return result.facts[name]
    return None
