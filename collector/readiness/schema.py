"""The shape of a profile file. CONFIGURATION.md is derived from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_type_hints

from msgspec import Meta, Struct, defstruct, field, structs

from collector.readiness.profile import NEEDS, Aggregate

_ID = r"^[a-z][a-z0-9_]{0,47}$"
_NAME = r"^[a-z][a-z0-9_-]{0,47}$"
_SOURCE = "Where the number comes from. A number without a source is refused."
_SHORT = " Short, beginning with `[V]`, `[C]` or `[A]`: read, to be confirmed, assumed."
Stated = Annotated[str, Meta(min_length=1)]
Length = str | int


class Words(Struct, forbid_unknown_fields=True, frozen=True):
    """The same words in both languages."""

    vi: Annotated[str, Meta(min_length=1, description="In Vietnamese.")]
    en: Annotated[str, Meta(min_length=1, description="In English.")]

    @property
    def both(self) -> dict[str, str]:
        return {"vi": self.vi, "en": self.en}


class After(Struct, forbid_unknown_fields=True):
    """How long a device may be silent."""

    after: Annotated[Length, Meta(description="Time without a result, such as `30m`.")]
    source: Annotated[Stated, Meta(description=_SOURCE)]


class FreshnessFile(Struct, forbid_unknown_fields=True):
    """When silence gets a name."""

    lost_contact: Annotated[After, Meta(description="*mất kết nối*: the device counts as silent from here on.")]
    no_data: Annotated[After, Meta(description="*không có dữ liệu*.")]
    late: Annotated[
        After | None, Meta(description="*báo cáo trễ*: a word that takes nothing away; without it, 15 minutes.")
    ] = None


class CoverageFile(Struct, forbid_unknown_fields=True):
    """How many devices must report."""

    minimum: Annotated[float, Meta(ge=0, le=1, description="Least share of expected devices; below it, unknown.")]
    source: Annotated[Stated, Meta(description=_SOURCE)]


class BandsFile(Struct, forbid_unknown_fields=True):
    """The limits, in the requirement's `unit`: `<=`, `<`, `>=` or `>` with a number, `==` with a number or a word."""

    ready: Annotated[str, Meta(description='What is ready, such as `"<= 100"` or `"== ssd"`. Quote it.')]
    at_risk: Annotated[str | None, Meta(description="What is at risk: the same direction, weaker.")] = None


class HoldFile(Struct, forbid_unknown_fields=True):
    """How long another state must last before it is shown."""

    up: Annotated[Length, Meta(description="A better one.")] = 0
    down: Annotated[Length, Meta(description="A worse one.")] = 0


class PartFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """One of several things that must be there together. One of `metric`, `fact` and `runs` says what is looked at."""

    id: Annotated[str, Meta(pattern=_ID, description="Its name within the requirement.")]
    title: Annotated[Words, Meta(description="What people read.")]
    where: Annotated[
        Stated | None,
        Meta(
            description="It is there when the value, in the metric's or fact's own unit, lies here, such as `== ok`. "
            "With `runs` it is there when the newest run was OK, and nothing is to be written."
        ),
    ] = None
    metric: Annotated[str | None, Meta(description="A metric of METRICS.md.")] = None
    fact: Annotated[str | None, Meta(description="A fact of METRICS.md.")] = None
    runs: Annotated[str | None, Meta(description="A check.")] = None
    labels: Annotated[dict[str, str], Meta(description="All labels of the metric, and which value of each.")] = field(
        default_factory=dict
    )


class RequirementFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """One line of a profile. Exactly one of the six subjects says what is looked at."""

    id: Annotated[str, Meta(pattern=_ID, description="Its name: a label in `/metrics`, a word in the CLI.")]
    title: Annotated[Words, Meta(description="What people read.")]
    bands: Annotated[BandsFile, Meta(description="The limits; what is in neither is not ready.")]
    source: Annotated[Words, Meta(description=_SOURCE + _SHORT)]
    scope: Annotated[
        Literal["unit", "role", "device"],
        Meta(
            description="Whether each device is judged, the worst deciding; the devices of each role together, the "
            "worst deciding; or the unit as one."
        ),
    ] = "device"
    metric: Annotated[str | None, Meta(description="A metric of METRICS.md.")] = None
    fact: Annotated[str | None, Meta(description="A fact of METRICS.md: `check.name`, or `agent.clock_offset`.")] = None
    runs: Annotated[str | None, Meta(description="A check whose runs are counted.")] = None
    roster: Annotated[
        str | None,
        Meta(description=f"A number of the roster: {', '.join(f'`{name}`' for name in NEEDS)}; of the line in Mbps."),
    ] = None
    devices: Annotated[
        Literal["reporting"] | None, Meta(description="How many devices of `roles` report now; `aggregate: count`.")
    ] = None
    parts: Annotated[
        Annotated[tuple[PartFile, ...], Meta(min_length=1)] | None,
        Meta(
            description="Things that must be there together, `aggregate: all`: the value is how many are missing. Of "
            "the unit, one is there when any device shows it."
        ),
    ] = None
    labels: Annotated[dict[str, str], Meta(description="All labels of the metric, and which value of each.")] = field(
        default_factory=dict
    )
    roles: Annotated[
        tuple[Literal["pc", "kiosk", "router"], ...], Meta(description="Devices it applies to; empty: all.")
    ] = ()
    targets: Annotated[
        Literal["none", "mandatory", "all"],
        Meta(description="Over which of the locality's systems it is asked; the worst decides."),
    ] = "none"
    systems: Annotated[tuple[str, ...], Meta(description="Of these only the ones named here, by id; empty: any.")] = ()
    network: Annotated[
        Literal["internet", "tslcd"] | None,
        Meta(description="Of these only the ones reached by this network; `tslcd` is the dedicated one."),
    ] = None
    aggregate: Annotated[
        Aggregate,
        Meta(
            description="How several values become one: `last` of one device; over the devices, or over a window, "
            "`median`, `p95`, `max`, `min`; `ratio` and `count` of the runs that were OK, or of the devices whose "
            "value lies in `where`; `all` with `parts`."
        ),
    ] = "last"
    where: Annotated[
        Stated | None,
        Meta(
            description="Which values `ratio` and `count` count, in the metric's or fact's own unit: `>= 1`, `== ok`."
        ),
    ] = None
    per: Annotated[
        str | None,
        Meta(description="The value is divided by this number of the roster, such as `staff`; without it, unknown."),
    ] = None
    window: Annotated[
        Length, Meta(description="How far back, such as `15m`, `24h` or `7d`; `now`: the newest results.")
    ] = "now"
    max_age: Annotated[
        Length | None, Meta(description="With `now`: results older than this tell nothing; else `freshness.no_data`.")
    ] = None
    office_hours: Annotated[bool, Meta(description="With a window: count only what lies in office hours.")] = False
    unit: Annotated[str, Meta(description="Unit of the limits and of what is shown: ms, s, days, %, GB …")] = ""
    minimum_samples: Annotated[int, Meta(ge=1, description="With a window: fewer tell nothing.")] = 1
    coverage: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="Least share of devices that can tell; else the profile's."),
    ] = None
    hold: Annotated[HoldFile, Meta(description="How long another state must last before it is shown.")] = field(
        default_factory=HoldFile
    )
    mandatory: Annotated[bool, Meta(description="Whether it decides the verdict, or is advice.")] = True
    mandatory_from: Annotated[
        Stated | None,
        Meta(description="With `mandatory: false`: the day, such as `2027-03-01`, from which on it decides."),
    ] = None
    mandatory_without: Annotated[
        str | None,
        Meta(
            description="With `mandatory: false`: a requirement, by id; while that is unknown, this one decides in its "
            "place. So what costs a test is asked only where counters tell nothing."
        ),
    ] = None
    kinds: Annotated[
        tuple[str, ...], Meta(description="Kinds of units it is asked of, such as `Phường`; empty: all.")
    ] = ()
    remedy: Annotated[Words | None, Meta(description="What to do.")] = None
    procure: Annotated[Words | None, Meta(description="What to buy.")] = None


class ProfileFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A file in `profiles/`: what a unit is held to."""

    id: Annotated[str, Meta(pattern=_NAME, description="Its name.")]
    version: Annotated[int, Meta(ge=1, description="Raise it with every change: verdicts and transitions carry it.")]
    title: Annotated[Words, Meta(description="What people read.")]
    freshness: Annotated[FreshnessFile, Meta(description="When silence gets a name.")]
    coverage: Annotated[CoverageFile, Meta(description="How many devices must report.")]
    requirements: Annotated[list[RequirementFile], Meta(min_length=1, description="The lines, in the order shown.")]
    extends: Annotated[
        str | None,
        Meta(
            description="The profile it is made from, with its version, such as `default@3`: a file beside this one, "
            "else a shipped one. Then everything but `id` and `version` may be left out, and of a requirement that is "
            "there already everything but `id` and what differs; new bands need a new source."
        ),
    ] = None
    drop: Annotated[list[str], Meta(description="With `extends`: requirements that are not asked here.")] = field(
        default_factory=list
    )
    valid_from: Annotated[
        Stated | None, Meta(description="The day, such as `2027-01-01`, from which it is in force; earlier, refused.")
    ] = None


def _loosened(kind: type[Struct], name: str, needed: tuple[str, ...], **other: Any) -> type[Any]:
    """`kind` with everything optional but `needed`. What a file leaves out is never read from it."""
    hints = get_type_hints(kind, include_extras=True) | other
    fields: list[Any] = [
        (each.encode_name, hints[each.name], *(() if each.name in needed else (None,))) for each in structs.fields(kind)
    ]
    return defstruct(name, fields, forbid_unknown_fields=True, kw_only=True)


ChangeFile = _loosened(RequirementFile, "ChangeFile", ("id",))
"""What a file that extends another says of one requirement: all of a new one, or what differs of one that is there."""
ChildFile: type[Any] = _loosened(ProfileFile, "ChildFile", ("id", "version"), requirements=list[ChangeFile])  # type: ignore[valid-type]
"""A file that extends another."""


class Head(Struct):
    """Of any profile file, what tells which of the two it is."""

    extends: str | None = None
