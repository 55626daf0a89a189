"""A file in ``localities/``, as it is written. CONFIGURATION.md is derived from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from collector.readiness.schema import Words

ID = r"^[a-z0-9][a-z0-9-]{0,47}$"
Role = Literal["pc", "kiosk", "router"]
ROLES: tuple[Role, ...] = ("pc", "kiosk", "router")
Network = Literal["internet", "tslcd"]
Codes = Annotated[list[str], Meta(description="Only in these units, by code; empty: in all.")]
Except = Annotated[list[str], Meta(description="Not in these units.")]
Many = Annotated[int, Meta(ge=1, le=100_000)]
PARAMS = "Parameters of the check. `{collector}` in a text stands for the collector's own address"


class HoursFile(Struct, forbid_unknown_fields=True):
    """A part of the week during which people are served."""

    days: Annotated[
        list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Meta(min_length=1, description="On these days.")
    ]
    begin: Annotated[str | int, Meta(description='From this time, such as `"07:30"`.')] = field(name="from")
    end: Annotated[str | int, Meta(description='Until this time, such as `"11:30"`.')] = field(name="to")


class TargetFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A system that units must, or may, reach."""

    id: Annotated[str, Meta(pattern=ID, description="Its name: a label in `/metrics`.")]
    title: Annotated[Words, Meta(description="What people read.")]
    source: Annotated[str, Meta(min_length=1, description="Where the address comes from.")]
    mandatory: Annotated[bool, Meta(description="Whether units must reach it.")] = False
    network: Annotated[
        Network,
        Meta(description="By which network it is reached: the Internet, or the dedicated one (TSLCD), apart from it."),
    ] = "internet"
    url: Annotated[
        str | None,
        Meta(
            description="Its address: http, https, ws or wss; `{collector}` at its start stands for the collector's "
            "own. Without one it is not measured, but where `unit_settings` give one."
        ),
    ] = None
    params: Annotated[dict[str, Any], Meta(description="Parameters of its jobs, before those of the job.")] = field(
        default_factory=dict
    )
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, description="Devices that measure it.")] = ROLES
    units: Codes = field(default_factory=list)
    except_units: Except = field(default_factory=list)


class JobFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A check that devices run."""

    check: Annotated[str, Meta(description="Its name.")]
    every: Annotated[str | int, Meta(description="How often, from `1s` to `1d`.")]
    off_hours: Annotated[
        str | int | None,
        Meta(
            description="How often outside office hours, at most as often as `every`; `never`: not then. Without it, "
            "as within.",
            examples=["60m"],
        ),
    ] = None
    targets: Annotated[
        Literal["none", "mandatory", "optional", "all"] | list[str],
        Meta(description="One job for each of these systems, by kind or by a list of ids; `none`: a single one."),
    ] = "none"
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, description="Devices that run it.")] = ROLES
    units: Codes = field(default_factory=list)
    except_units: Except = field(default_factory=list)
    params: Annotated[
        dict[str, Any],
        Meta(
            description=f"{PARAMS}, an entry `{{mandatory}}` of a list for the names of the mandatory systems, "
            "`{{unit}}` for the name of the device's unit, `{{former}}` for those of the units it was made of."
        ),
    ] = field(default_factory=dict)


class UnitTargetFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """What differs of a system in these units."""

    id: Annotated[str, Meta(description="Which of `targets`.")]
    measure: Annotated[bool, Meta(description="Whether these units measure it.")] = True
    url: Annotated[str | None, Meta(description="Its address there.")] = None
    params: Annotated[dict[str, Any], Meta(description="Parameters there, before all others.")] = field(
        default_factory=dict
    )


class UnitJobFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """What differs of a check in these units."""

    check: Annotated[str, Meta(description="Which check; all its jobs.")]
    measure: Annotated[bool, Meta(description="Whether these units run it.")] = True
    every: Annotated[str | int | None, Meta(description="How often there.")] = None
    roles: Annotated[tuple[Role, ...] | None, Meta(description="Devices that run it there.")] = None
    params: Annotated[
        dict[str, Any], Meta(description="Parameters there, before those of the job and of the system.")
    ] = field(default_factory=dict)


class UnitSettingsFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """What differs in some units: internal names, the router's address, the contracted capacity."""

    units: Annotated[list[str], Meta(min_length=1, description="Codes of the units, as text.")]
    targets: Annotated[list[UnitTargetFile], Meta(description="Systems that differ.")] = field(default_factory=list)
    jobs: Annotated[list[UnitJobFile], Meta(description="Checks that differ.")] = field(default_factory=list)


class MaintenanceFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A time in which something is not measured, because it is known to be away."""

    begin: Annotated[
        str,
        Meta(
            description="From this time: local in `timezone`, or with an offset (RFC 3339).",
            examples=["2026-12-05T22:00"],
        ),
    ] = field(name="from")
    end: Annotated[str, Meta(description="Until this time, at most 31 days later.")] = field(name="to")
    reason: Annotated[str, Meta(min_length=1, max_length=200, description="Why, for people.")]
    targets: Annotated[list[str], Meta(description="Only these systems; empty: all, and jobs without one.")] = field(
        default_factory=list
    )
    checks: Annotated[list[str], Meta(description="Only these checks; empty: all.")] = field(default_factory=list)
    units: Codes = field(default_factory=list)


class LimitsFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """How much a device measures at once and in an hour. Past a budget, jobs wait for their turn; none is dropped."""

    slots: Annotated[int, Meta(ge=1, le=16, description="Checks that run at the same time.")] = 4
    per_check: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=16)]], Meta(description="Of one check, at the same time.")
    ] = field(default_factory=dict)
    sockets_per_hour: Annotated[
        Annotated[int, Meta(ge=10, le=10**6)] | None,
        Meta(description="Connections and queries in any hour, at least 10; without it, no limit."),
    ] = None
    bytes_per_hour: Annotated[
        Annotated[int, Meta(ge=10_000, le=10**12)] | None,
        Meta(description="Bytes sent and received by checks in any hour, at least 10000; without it, no limit."),
    ] = None


class ClosedFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """Days on which nobody is served: a silent office is closed then. Agents are not told, and measure as on any."""

    begin: Annotated[
        str,
        Meta(description="From this day; without a year, every year.", examples=["2027-02-05", "04-30"]),
    ] = field(name="from")
    end: Annotated[
        str | None, Meta(description="To this day, included, at most 14 days in all; without it, that day alone.")
    ] = field(name="to", default=None)
    reason: Annotated[
        Words | Annotated[str, Meta(min_length=1, max_length=200)],
        Meta(description="Why, for people: in both languages, or one text for both."),
    ]


class NetworkFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A network that units are on. Faults of one provider's network are told from those of many lines."""

    provider: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=60,
            description="Who provides it, to every unit of which the roster names no other.",
        ),
    ]


class NetworksFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """The networks of the locality."""

    internet: Annotated[NetworkFile | None, Meta(description="The Internet.")] = None
    tslcd: Annotated[NetworkFile | None, Meta(description="The dedicated data network (TSLCD).")] = None


class FindingsFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """How findings live."""

    close_after: Annotated[
        str | int, Meta(description="How long a fault must not have been seen before its finding is closed.")
    ] = "5m"


class ExpectsFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """How many there are, as published. What is not listed yet is told by `validate` and on the overview page."""

    source: Annotated[str, Meta(min_length=1, description="Where the numbers come from.")]
    units: Annotated[Many | None, Meta(description="Wards, communes, special zones.")] = None
    offices: Annotated[Many | None, Meta(description="Offices beyond them, in the file `offices`.")] = None
    service_points: Annotated[Many | None, Meta(description="Sites of this kind in the roster.")] = None
    branches: Annotated[Many | None, Meta(description="Sites of this kind in the roster.")] = None
    kiosks: Annotated[Many | None, Meta(description="Stations of this role in the roster.")] = None


class QuietFile(HoursFile):
    """A part of the week in which lines are measured."""


class PeakFile(HoursFile):
    """A part of the week in which no line is loaded."""


class RehearsalTimeFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A rehearsal, during which no line is loaded but where an engineer asks."""

    begin: Annotated[
        str,
        Meta(
            description="From this time: local in `timezone`, or with an offset (RFC 3339).",
            examples=["2026-12-05T07:00"],
        ),
    ] = field(name="from")
    end: Annotated[str, Meta(description="Until this time, at most 7 days later.")] = field(name="to")
    reason: Annotated[str, Meta(min_length=1, max_length=200, description="What it is, for people.")]


class ProviderFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """How much of a provider's capacity tests may use: ``capacity_mbps``, what it carries towards this collector each
    way, and the part of it that tests of all its units together may use at any time. Ranges are checked where the
    provider's name can be told."""

    capacity_mbps: float | None = None
    share: float = 0.1


class CrossTrafficFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """From which traffic of others on a test is put off, where nobody waits for it."""

    kbps: Annotated[
        float,
        Meta(gt=0, le=1_000_000, description="The PC's own, and the line's where nobody knows its capacity (kbit/s)."),
    ] = 250.0
    share: Annotated[float, Meta(gt=0, le=1, description="The line's, as part of its capacity; `kbps` at least.")] = 0.1


DAILY: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = (
    "mon", "tue", "wed", "thu", "fri", "sat", "sun",
)  # fmt: skip


def _quiet() -> list[QuietFile]:
    times = (("11:30", "13:30"), ("16:30", "18:00"), ("18:00", "22:00"))
    return [QuietFile(days=list(DAILY), begin=begin, end=end) for begin, end in times]


def _peaks() -> list[PeakFile]:
    return [PeakFile(days=list(DAILY[:6]), begin="07:30", end="10:30")]


class LeasesFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """When and how much lines may be loaded by tests of speed."""

    quiet: Annotated[
        list[QuietFile],
        Meta(
            min_length=1,
            description="When lines are measured by the schedule: at lunch and after work unless said. Each is a "
            "chance of its own; a unit that was not measured in one has its turn in the next.",
        ),
    ] = field(default_factory=_quiet)
    closed: Annotated[
        list[PeakFile],
        Meta(description="When none but an engineer has a line measured: the morning's peak unless said; goes first."),
    ] = field(default_factory=_peaks)
    rehearsals: Annotated[
        list[RehearsalTimeFile], Meta(description="When none but an engineer has a line measured, by date.")
    ] = field(default_factory=list)
    bytes_per_day: Annotated[
        int, Meta(ge=1_000_000, le=10**15, description="Most bytes that tests move over one unit's line in a day.")
    ] = 1_000_000_000
    bytes_per_month: Annotated[int, Meta(ge=1_000_000, le=10**15, description="The same, in a calendar month.")] = (
        10_000_000_000
    )
    period: Annotated[
        str | int, Meta(description="Each check measures a unit once in this time, from `10m` to `31d`.")
    ] = "1d"
    period_with_counters: Annotated[
        str | int,
        Meta(
            description="The same where the router's counters are read: they tell how full the line is without a test. "
            "At least `period`."
        ),
    ] = "7d"
    line_mbps: Annotated[
        float,
        Meta(
            gt=0,
            le=1_000_000,
            description="What a line is taken for whose contract the roster does not name, before its first test "
            "(Mbit/s).",
        ),
    ] = 200.0
    cross_traffic: Annotated[CrossTrafficFile, Meta(description="When a line is busy.")] = field(
        default_factory=CrossTrafficFile
    )
    providers: Annotated[
        dict[str, ProviderFile],
        Meta(
            description="By provider, as the roster or `networks` write it: `capacity_mbps`, what it carries towards "
            "this collector each way, and `share`, the part of it that all tests together may use (0.1). One that is "
            "not named is no limit."
        ),
    ] = field(default_factory=dict)


class LocalityFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A file in `localities/`: which units, open when, reaching which systems, measured how often."""

    id: Annotated[str, Meta(pattern=ID, description="Its name: a label in `/metrics`.")]
    title: Annotated[Words, Meta(description="What people read.")]
    province_code: Annotated[str, Meta(description='Two digits as text, such as `"01"`: whose units.')]
    units: Annotated[list[str], Meta(description="Only these unit codes, as text; empty: all of the province.")] = (
        field(default_factory=list)
    )
    offices: Annotated[
        str,
        Meta(
            description="CSV file of offices beyond the wards, in the columns of `units.csv`: codes of five characters "
            "that begin with a letter. Beside this file, else the shipped one.",
            examples=["can-tho.offices.csv"],
        ),
    ] = ""
    former_units: Annotated[
        str,
        Meta(
            description="CSV file of former units and what became of them. Beside this file, else the shipped one.",
            examples=["../former_units.csv"],
        ),
    ] = ""
    expects: Annotated[ExpectsFile | None, Meta(description="How many there are, as published.")] = None
    profile: Annotated[str, Meta(min_length=1, description="Name of a file in `profiles/`.")]
    timezone: Annotated[str, Meta(description="Time zone of the office hours.", examples=["Asia/Ho_Chi_Minh"])]
    office_hours: Annotated[
        Literal["always"] | list[HoursFile], Meta(description="When people are served; `always`: around the clock.")
    ]
    closed_days: Annotated[
        list[ClosedFile], Meta(description="Holidays. Those of the lunar calendar are set anew each year.")
    ] = field(default_factory=list)
    push_linger: Annotated[
        str | int, Meta(description="How long a result waits for others before the agent sends.")
    ] = "60s"
    targets: Annotated[list[TargetFile], Meta(description="The systems.")]
    networks: Annotated[NetworksFile, Meta(description="Who provides a network.")] = field(default_factory=NetworksFile)
    findings: Annotated[FindingsFile, Meta(description="How findings live.")] = field(default_factory=FindingsFile)
    jobs: Annotated[list[JobFile], Meta(min_length=1, description="What is measured.")]
    unit_settings: Annotated[list[UnitSettingsFile], Meta(description="What differs in some units.")] = field(
        default_factory=list
    )
    maintenance: Annotated[list[MaintenanceFile], Meta(description="When something is not measured.")] = field(
        default_factory=list
    )
    limits: Annotated[LimitsFile, Meta(description="How much a device measures.")] = field(default_factory=LimitsFile)
    leases: Annotated[LeasesFile, Meta(description="When and how much lines may be loaded.")] = field(
        default_factory=LeasesFile
    )
