"""What a device is told to do: the answer to ``GET /v1/config``. Declarative: whoever serves it runs no command."""

from __future__ import annotations

from msgspec import Struct

from checks.kit.model import Job
from collector.plan import Limits


class ServedJob(Job, frozen=True, kw_only=True, omit_defaults=True):
    """``off_hours_every``: seconds between runs outside office hours, 0 for none; without it, ``every``."""

    off_hours_every: float | None = None


class Push(Struct, frozen=True):
    """How an agent sends: seconds that a result waits for others."""

    linger: float


class OfficeHours(Struct, frozen=True):
    """``week``: [begin, end) in minutes since Monday, 0:00, local time, which is ``utc_offset`` seconds ahead of UTC.
    No zone's name: a PC need not have the tables."""

    utc_offset: int
    week: list[tuple[int, int]]


class ServedWindow(Struct, frozen=True, omit_defaults=True, rename={"begin": "from", "end": "to"}):
    """No runs of these jobs from ``from`` until ``to``, epoch seconds. Empty lists stand for all."""

    begin: int
    end: int
    checks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class DeviceConfig(Struct, frozen=True, kw_only=True):
    """``etag`` names everything else in it. ``hours`` is None where the office never closes."""

    etag: str
    unit: str
    jobs: list[ServedJob]
    push: Push
    hours: OfficeHours | None
    maintenance: list[ServedWindow]
    limits: Limits
