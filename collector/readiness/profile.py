"""What a unit is held to: a profile, ready to judge by. :mod:`collector.readiness.profile_file` reads it from YAML."""

from __future__ import annotations

import enum
from typing import Literal

from msgspec import Struct

from checks.kit.model import Scalar
from collector.readiness.model import Bilingual, Verdict

CLOCK_OFFSET = "clock_offset"
AGE = "device.age_years"
"""The fact that the roster's purchase date knows better than the device."""
_YEAR = 365.2425 * 86400


def years_owned(purchased: int, now: int) -> float:
    """Years from `purchased` (epoch seconds) to `now` (µs), to a tenth; none before the day."""
    return round(max(0.0, now / 1e6 - purchased) / _YEAR, 1)


AGENT_FACTS = {CLOCK_OFFSET: "How far the device's clock is from the collector's, either way, in seconds."}
Aggregate = Literal["last", "median", "p95", "max", "min", "ratio", "count", "all"]
QUANTILES: dict[str, float] = {"median": 0.5, "p95": 0.95, "max": 1.0, "min": 0.0}


class Kind(enum.StrEnum):
    """What a requirement looks at: a check's number, a fact (``check.name``), the runs of a check, a number of the
    roster, the devices that report, or several parts of which each is there or not."""

    METRIC = "metric"
    FACT = "fact"
    RUNS = "runs"
    ROSTER = "roster"
    DEVICES = "devices"
    PARTS = "parts"


NEEDS = (
    "staff", "signers", "counters", "printers", "scanners", "cameras", "qr_readers", "kiosks", "stations",
    "contracted_down_mbps", "contracted_up_mbps",
)  # fmt: skip
"""What a requirement may ask of the roster (``roster:``), or be measured against (``per:``)."""


class Band(Struct, frozen=True):
    """One side of a limit, e.g. ``<= 100``. ``limit`` is in the requirement's unit, or a word after ``==``."""

    op: Literal["<", "<=", ">", ">=", "=="]
    limit: float | str

    def holds(self, value: float | str) -> bool:
        """Whether `value` is inside. A word is inside no numeric band, a number in no band of words."""
        if isinstance(value, str) or isinstance(self.limit, str):
            return self.op == "==" and value == self.limit
        if self.op == "==":
            return value == self.limit
        inside = value < self.limit if self.op[0] == "<" else value > self.limit
        return inside or ("=" in self.op and value == self.limit)


class Hold(Struct, frozen=True):
    """How long (µs) a better (``up``) or a worse (``down``) state must last before it is shown."""

    up: int = 0
    down: int = 0


class Part(Struct, frozen=True, kw_only=True):
    """One of several things that a requirement of Kind.PARTS wants together: a metric, a fact or a check whose value
    lies in ``where``. Of a unit it is there when any device shows it."""

    id: str
    title: Bilingual
    kind: Kind
    check: str
    name: str
    labels: dict[str, str]
    where: Band


class Requirement(Struct, frozen=True, kw_only=True):
    """One line of a profile. ``scale`` turns a base unit into ``unit``.

    ``window`` is in µs, 0 for the newest results, of which none may be older than ``max_age`` (µs). ``scope`` says what
    is judged: each device, the worst deciding; the devices of each role together, the worst deciding; the unit as one.
    ``where`` says which values ``ratio``, ``count`` and ``all`` count; ``per`` is the number of the roster (NEEDS) that
    the value is divided by. Of Kind.PARTS the value is how many ``parts`` are missing.

    Of the systems that ``targets`` name, only those in ``systems`` (by id; empty: any) and reached by ``network``
    (empty: any) are meant. ``kinds`` are those of the units it is asked of; empty: of all. From ``mandatory_from``
    (µs) on it is mandatory, as it is with ``mandatory`` at any time.
    """

    id: str
    title: Bilingual
    kind: Kind
    check: str
    name: str
    labels: dict[str, str]
    scope: Literal["unit", "role", "device"]
    roles: tuple[str, ...]
    targets: Literal["none", "mandatory", "all"]
    aggregate: Aggregate
    window: int
    max_age: int
    office_hours: bool
    ready: Band
    at_risk: Band | None
    unit: str
    scale: float
    minimum_samples: int
    coverage: float
    hold: Hold
    mandatory: bool
    source: Bilingual
    remedy: Bilingual
    procure: Bilingual
    where: Band | None = None
    per: str = ""
    parts: tuple[Part, ...] = ()
    kinds: tuple[str, ...] = ()
    mandatory_from: int | None = None
    mandatory_without: str = ""
    systems: tuple[str, ...] = ()
    network: str = ""

    def judge(self, value: float | str) -> Verdict:
        """The band that `value` (in ``unit``) falls in."""
        if self.ready.holds(value):
            return Verdict.READY
        inside = self.at_risk is not None and self.at_risk.holds(value)
        return Verdict.AT_RISK if inside else Verdict.NOT_READY

    def shown(self, value: Scalar) -> float | str | None:
        """A measured value in ``unit``: numbers scaled, true and false as words; None stays None."""
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else value * self.scale

    @property
    def higher_is_better(self) -> bool:
        return self.ready.op[0] == ">"


class Freshness(Struct, frozen=True):
    """After how long (µs) without a result a device has lost contact, after how long there is no data of it, and after
    how long it is late, which is a word only."""

    lost_contact: int
    no_data: int
    late: int = 900_000_000


class Profile(Struct, frozen=True, kw_only=True):
    """A version of the rules. ``coverage`` is the least share of expected devices that must report. ``extends`` is the
    name of the profile it was made from, empty for none; ``valid_from`` the instant (µs) from which it is meant."""

    id: str
    version: int
    title: Bilingual
    freshness: Freshness
    coverage: float
    requirements: tuple[Requirement, ...]
    extends: str = ""
    valid_from: int = 0

    @property
    def name(self) -> str:
        """``id@version``, as verdicts and transitions carry it."""
        return f"{self.id}@{self.version}"
