"""The shape of a profile file. CONFIGURATION.md is derived from it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from collector.readiness.profile import Aggregate

_ID = r"^[a-z][a-z0-9_]{0,47}$"
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


class RequirementFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """One line of a profile. Exactly one of `metric`, `fact` and `runs` says what is looked at."""

    id: Annotated[str, Meta(pattern=_ID, description="Its name: a label in `/metrics`, a word in the CLI.")]
    title: Annotated[Words, Meta(description="What people read.")]
    bands: Annotated[BandsFile, Meta(description="The limits; what is in neither is not ready.")]
    source: Annotated[Words, Meta(description=_SOURCE + _SHORT)]
    scope: Annotated[
        Literal["unit", "device"],
        Meta(description="Whether each device is judged, the worst deciding, or the unit as one."),
    ] = "device"
    metric: Annotated[str | None, Meta(description="A metric of METRICS.md.")] = None
    fact: Annotated[str | None, Meta(description="A fact of METRICS.md: `check.name`, or `agent.clock_offset`.")] = None
    runs: Annotated[str | None, Meta(description="A check whose runs are counted: the share that was OK.")] = None
    roster: Annotated[str | None, Meta(description="A number of the roster.")] = None
    devices: Annotated[str | None, Meta(description="Devices that report.")] = None
    parts: Annotated[list[str] | None, Meta(description="Things that must be there together.")] = None
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
    aggregate: Annotated[Aggregate, Meta(description="`ratio` with `runs`; with a window a quantile, else `last`.")] = (
        "last"
    )
    window: Annotated[Length, Meta(description="How far back, such as `7d`; `now`: the newest results.")] = "now"
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
    remedy: Annotated[Words | None, Meta(description="What to do.")] = None
    procure: Annotated[Words | None, Meta(description="What to buy.")] = None


class ProfileFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A file in `profiles/`: what a unit is held to."""

    id: Annotated[str, Meta(pattern=_ID, description="Its name.")]
    version: Annotated[int, Meta(ge=1, description="Raise it with every change: verdicts and transitions carry it.")]
    title: Annotated[Words, Meta(description="What people read.")]
    freshness: Annotated[FreshnessFile, Meta(description="When silence gets a name.")]
    coverage: Annotated[CoverageFile, Meta(description="How many devices must report.")]
    requirements: Annotated[list[RequirementFile], Meta(min_length=1, description="The lines, in the order shown.")]
