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
Aggregate = Literal["last", "median", "p95", "max", "min", "ratio"]
QUANTILES: dict[str, float] = {"median": 0.5, "p95": 0.95, "max": 1.0, "min": 0.0}


class Kind(enum.StrEnum):
    """What a requirement looks at: a check's number, a fact (``check.name``), or how many runs of a check were OK."""

    METRIC = "metric"
    FACT = "fact"
    RUNS = "runs"


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


class Requirement(Struct, frozen=True, kw_only=True):
    """One line of a profile. ``scale`` turns a base unit into ``unit``.

    ``window`` is in µs, 0 for the newest results, of which none may be older than ``max_age`` (µs).
    """

    id: str
    title: Bilingual
    kind: Kind
    check: str
    name: str
    labels: dict[str, str]
    scope: Literal["unit", "device"]
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
    """After how long (µs) without a result a device has lost contact, and after how long there is no data of it."""

    lost_contact: int
    no_data: int


class Profile(Struct, frozen=True, kw_only=True):
    """A version of the rules. ``coverage`` is the least share of expected devices that must report."""

    id: str
    version: int
    title: Bilingual
    freshness: Freshness
    coverage: float
    requirements: tuple[Requirement, ...]

    @property
    def name(self) -> str:
        """``id@version``, as verdicts and transitions carry it."""
        return f"{self.id}@{self.version}"
