"""A city that asks for leases: leases in a list, a clock that jumps, and agents that do as they are told."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from checks.kit.leasing import Asked, Denied, Want
from collector.leases import policy
from collector.leases.model import DONE, MEGABIT, SECOND, Lease, Line, Policy, Slot
from collector.leases.policy import Case, Room
from collector.leases.slots import largest

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SERVER = "tdc"
HALF = Room(SERVER, 500 * MEGABIT)
"""Half of 1 Gbit/s, as the collector's configuration has it unless said."""
WANT = Want(check="bandwidth", seconds=25, bytes=250_000_000)


def local(*parts: int) -> int:
    """µs of a local time; Friday 20 November 2026 where only the time is told."""
    return int(datetime(*(parts if len(parts) > 3 else (2026, 11, 20, *parts)), tzinfo=ZONE).timestamp()) * SECOND  # type: ignore[arg-type,misc]


@dataclasses.dataclass
class Ledger:
    """Every lease there ever was, and who decides on the next one."""

    policy: Policy = dataclasses.field(default_factory=Policy)
    room: Room = HALF
    leases: list[Lease] = dataclasses.field(default_factory=list)
    lines: dict[str, Line] = dataclasses.field(default_factory=dict)

    def line(self, unit: str) -> Line:
        return self.lines.get(unit) or Line(unit=unit)

    def case(self, now: int, unit: str = "27259", device: str = "a", want: Want = WANT) -> Case:
        held = [lease for lease in self.leases if lease.ends_at > now]
        past = [lease for lease in self.leases if lease.unit == unit]
        return Case(
            want=want, device=device, line=self.line(unit), held=held, past=past, policy=self.policy, room=self.room,
            now=now,
        )  # fmt: skip

    def ask(self, now: int, unit: str = "27259", device: str = "a", want: Want = WANT) -> Lease | Denied:
        case = self.case(now, unit, device, want)
        found = policy.decide(case)
        return found if isinstance(found, Denied) else self.keep(found, case)

    def keep(self, slot: Slot, case: Case) -> Lease:
        lease = Lease(
            id=f"l{len(self.leases)}", device=case.device, unit=case.line.unit, provider=case.line.provider,
            check=case.want.check, server=case.room.name, asked=case.want.asked, rate=slot.rate, bytes=slot.bytes,
            granted_at=case.now, starts_at=slot.starts_at, ends_at=slot.ends_at,
        )  # fmt: skip
        self.leases.append(lease)
        return lease

    def change(self, lease: Lease, **values: Any) -> Lease:
        changed = replace(lease, **values)
        self.leases[[one.id for one in self.leases].index(lease.id)] = changed
        return changed

    def release(self, lease: Lease, now: int, used: int) -> Lease:
        return self.change(lease, state=DONE, used=used, ends_at=min(lease.ends_at, max(now, lease.starts_at + 1)))

    def largest(self) -> float:
        """The largest sum at any instant, as a part of the share."""
        return largest((one.starts_at, one.ends_at, int(one.rate)) for one in self.leases) / self.room.rate


@dataclasses.dataclass(order=True)
class Asker:
    """A PC that comes at ``at``. ``dies`` is whether it is gone after its first grant."""

    at: int
    number: int
    unit: str = dataclasses.field(compare=False)
    dies: bool = dataclasses.field(default=False, compare=False)
    asked: int = dataclasses.field(default=0, compare=False)


@dataclasses.dataclass
class Day:
    """What became of a city that was let go."""

    ledger: Ledger
    asks: int = 0
    refused: dict[str, int] = dataclasses.field(default_factory=dict)
    retries: list[int] = dataclasses.field(default_factory=list)

    @property
    def measured(self) -> dict[str, int]:
        """When each unit's first measurement began."""
        return {one.unit: one.starts_at for one in reversed(self.ledger.leases) if one.state == DONE and one.used}


def run(
    ledger: Ledger, units: list[str], pcs: int, begin: int, end: int, *, want: Want = WANT, dead: int = 0,
    every: int = 6 * 3600,
) -> Day:  # fmt: skip
    """All PCs ask at `begin`, and again when they are told to, or `every` seconds after a measurement, until `end`.
    Of each unit the first `dead` PCs take leases and never use one. A lease is used for as long as was asked for."""
    day, number = Day(ledger), itertools.count()
    queue = [Asker(begin, next(number), unit, place < dead) for unit in units for place in range(pcs)]
    heapq.heapify(queue)
    releases: list[tuple[int, str]] = []
    while queue and queue[0].at < end:
        asker = heapq.heappop(queue)
        _finish(ledger, releases, asker.at)
        found = ledger.ask(asker.at, asker.unit, f"{asker.unit}-{asker.number}", want)
        day.asks += 1
        wait = float(every)
        if isinstance(found, Denied):
            wait = found.retry_in
            day.refused[found.reason] = day.refused.get(found.reason, 0) + 1
            day.retries.append(asker.at + int(wait * SECOND))
        elif not asker.dies:
            heapq.heappush(releases, (found.starts_at + int(want.seconds * SECOND), found.id))
        asker.at += int(wait * SECOND)
        heapq.heappush(queue, asker)
    _finish(ledger, releases, end)
    return day


def _finish(ledger: Ledger, releases: list[tuple[int, str]], now: int) -> None:
    while releases and releases[0][0] <= now:
        at, name = heapq.heappop(releases)
        lease = next(one for one in reversed(ledger.leases) if one.id == name)
        ledger.release(lease, at, lease.bytes)


def asked(by: Asked, **values: Any) -> Want:
    return replace(WANT, asked=by, **values)
