"""A golden city as it is written in ``tests/golden/readiness``: strict, a key that is not known here is an error."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from checks.kit.model import Scalar
from checks.kit.segment import Segment
from collector.attribution.model import Cause
from collector.readiness.model import Silence, Verdict

Code = str
Words = dict[Literal["vi", "en"], str]
Series = dict[str, list[tuple[int, float]]]
"""How many there are of which value, by series: ``uplink_utilisation{direction=receive}``."""


class TallyFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a job's runs of a while came to: how many were OK, how many failed for which reason, and the numbers."""

    ok: int = 0
    failed: dict[str, int] = {}
    values: Series = {}


class DeviceFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """A device: ``like`` a template, and what differs. ``seen`` is when it was last heard of, ``07:35`` of the city's
    day or ``2026-11-17T16:00``; without it, just now. ``runs`` says what each job's newest run came to: ``ok``,
    ``not_applicable`` or a reason; ``connectivity/*`` stands for every declared system. What has facts or samples ran.
    """

    like: str = ""
    role: str = ""
    seen: str = ""
    purchased: str = ""
    clock_offset: float | None = None
    runs: dict[str, str] = {}
    facts: dict[str, dict[str, Scalar]] = {}
    samples: dict[str, dict[str, float]] = {}


class RosterFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """What the unit should have, as a roster tells it; ``stations`` by the role of their device."""

    provider: str = ""
    staff: int | None = None
    signers: int | None = None
    counters: int | None = None
    kiosks: int | None = None
    contracted_down_mbps: float | None = None
    contracted_up_mbps: float | None = None
    stations: dict[Literal["pc", "kiosk", "router"], int] = {}


class WaiverFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A waiver or an approval, from one day or time until another."""

    requirement: str
    kind: Literal["waiver", "approval"] = "waiver"
    reason: str
    author: str
    created: str
    expires: str


class UnitFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A unit and its past: ``week`` is what 7 days of office hours came to, but for the newest 24 hours, which are
    ``day``; ``night`` is the time when the office is closed. ``fine``: every system answered, in 40 ms, and
    the line was fast."""

    name: str
    roster: RosterFile | None = None
    waivers: list[WaiverFile] = []
    devices: dict[str, DeviceFile] = {}
    week: dict[str, TallyFile] | Literal["fine"] = "fine"
    day: dict[str, TallyFile] = {}
    night: dict[str, TallyFile] = {}


class LineFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A requirement as it must be judged. ``value`` as English speakers read it, ``80 %``; ``≈ 95 %`` is within the
    1 % of a kept distribution; empty: none."""

    state: Verdict | None = None
    value: str = ""
    reason: str = ""
    counts: dict[Verdict, int] | None = None


class PathFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The shortest path: items of ``prices.yaml`` with their quantities, what they cost (đồng), and what it leaves
    open."""

    items: dict[str, float] = {}
    cost: int = 0
    unknown: list[str] = []
    unmet: list[str] = []
    words: Words = {}


class JudgedFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a unit must come to. ``deciding`` is whole and in order, ``lines`` are others worth a look; ``waived`` whose
    waiver or approval holds; ``known`` what was known last while nothing is. ``path`` is the one of the mandatory
    requirements, ``advised`` the one of all."""

    verdict: Verdict
    silence: Silence | None = None
    known: Verdict | None = None
    reporting: str = ""
    deciding: dict[str, LineFile] = {}
    lines: dict[str, LineFile | Literal["not asked"]] = {}
    waived: list[str] = []
    headline: Words = {}
    path: PathFile = PathFile()
    advised: PathFile | None = None


class FindingFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A finding that must be open, present unless it is said to be cleared."""

    segment: Segment
    subject: str
    cause: Cause
    network: str = ""
    units: list[Code]
    devices: list[str] | None = None
    also: list[Segment] = []
    state: Literal["present", "cleared"] = "present"
    flaps: int = 0
    title: Words = {}


class ExpectFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What must come out: of the units named, and all findings that are open. In a later moment a unit that is not
    named must be judged as before."""

    units: dict[Code, JudgedFile]
    findings: list[FindingFile] = []


class LaterFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The same city later: what has changed of ``everyone``, then of some ``devices``, and who ``moved`` to a unit."""

    now: str
    everyone: DeviceFile = DeviceFile()
    devices: dict[str, DeviceFile] = {}
    moved: dict[str, Code] = {}
    expect: ExpectFile


class OperatorFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the operator of this locality has filled in: the addresses of ``systems``, who provides a network."""

    systems: list[str] = []
    networks: dict[str, str] = {}


class CityFile(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A golden city."""

    locality: str
    profile: Annotated[str, Meta(pattern=r"^[a-z-]+@\d+$")]
    now: str
    operator: OperatorFile = OperatorFile()
    templates: dict[str, DeviceFile] = {}
    units: dict[Code, UnitFile]
    expect: ExpectFile
    later: list[LaterFile] = []
