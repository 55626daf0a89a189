"""What leases are decided by: the locality's rules, what is known of a unit's line, and the leases there are.

Times are µs since the epoch, rates whole bit/s each way, unless said.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from checks.kit.leasing import Asked
from collector.readiness.hours import DAY_MINUTES, Span

SECOND = 1_000_000
MEGABIT = 1_000_000
DAILY = frozenset(range(7))
QUIET = (
    Span(DAILY, 11 * 60 + 30, 13 * 60 + 30),
    Span(DAILY, 16 * 60 + 30, 18 * 60),
    Span(DAILY, 18 * 60, 22 * 60),
)
CLOSED = (Span(frozenset(range(6)), 7 * 60 + 30, 10 * 60 + 30),)
GRANTED, RUNNING, DONE, EXPIRED = "granted", "running", "done", "expired"
"""States of a lease: nothing was opened under it yet; something was; its holder is through; its time is over."""


class Rehearsal(Struct, frozen=True):
    """A time [begin, end) in which only engineers load the line, and why."""

    begin: int
    end: int
    reason: str = ""


class Calendar(Struct, frozen=True, kw_only=True):
    """When lines are quiet, and when nobody but an engineer may load one. Each span of ``quiet`` is a chance of its
    own, so that two may touch. ``closed`` goes before ``quiet``."""

    zone: ZoneInfo = ZoneInfo("Asia/Ho_Chi_Minh")
    quiet: tuple[Span, ...] = QUIET
    closed: tuple[Span, ...] = CLOSED
    rehearsals: tuple[Rehearsal, ...] = ()


ALWAYS = Calendar(quiet=(Span(DAILY, 0, DAY_MINUTES),), closed=())


class Policy(Struct, frozen=True, kw_only=True):
    """The key ``leases`` of a locality. Periods are in seconds. A unit of which nothing is known is taken to have
    ``line`` bit/s. ``cross`` and ``cross_share`` say from when on a line is busy; ``providers`` are the most that all
    tests together may use of each provider's capacity, by its canonical name."""

    calendar: Calendar = Calendar()
    bytes_per_day: int = 1_000_000_000
    bytes_per_month: int = 10_000_000_000
    period: int = 86_400
    period_with_counters: int = 7 * 86_400
    line: int = 200 * MEGABIT
    cross: int = 250_000
    cross_share: float = 0.1
    providers: Mapping[str, int] = {}


class Traffic(Struct, frozen=True):
    """The router's newest reading: the busier direction between ``begin`` and ``end``, and the line's capacity (bit/s;
    0: not told)."""

    begin: int
    end: int
    rate: float
    capacity: float = 0.0


class Line(Struct, frozen=True, kw_only=True):
    """What is known of a unit's line. ``contracted`` and ``measured`` are of the faster direction, 0 where nobody
    knows; ``proven`` is what it gave at least, where the newest test was held back by the PC or its lease. ``traffic``
    is None where no router answers."""

    unit: str
    provider: str = ""
    contracted: int = 0
    measured: int = 0
    proven: int = 0
    traffic: Traffic | None = None


class Lease(Struct, frozen=True, kw_only=True):
    """A row of ``leases``. ``device`` is empty where an engineer gave the token away."""

    id: str
    device: str
    unit: str
    provider: str = ""
    check: str
    server: str
    asked: Asked = "schedule"
    rate: float
    bytes: int
    session: int = 0
    granted_at: int
    starts_at: int
    ends_at: int
    state: str = GRANTED
    claims: str = ""
    used: int = 0
    progress: str = ""

    def spent(self, now: int) -> int:
        """Bytes that count against the unit's budget: what may still be used of one that holds, what was used of one
        that is over, and all of one of which nobody wrote down how it ended."""
        over = self.state in (DONE, EXPIRED) or (self.state == GRANTED and self.ends_at <= now)
        return self.used if over else max(self.bytes, self.used)

    def holds(self, now: int) -> bool:
        """Whether it may yet be used."""
        return self.ends_at > now and self.state in (GRANTED, RUNNING)


class Slot(Struct, frozen=True):
    """A lease before it has a name."""

    starts_at: int
    ends_at: int
    rate: int
    bytes: int
