"""Grants and ends leases: what happens to their rows, each method in the caller's transaction."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable

from msgspec import Struct, structs
from sqlalchemy import Connection

from checks.kit.leasing import Denied, Grant, Release, Want
from collector.leases import calendar, policy, requests
from collector.leases.door import STREAMS, Door
from collector.leases.model import DONE, EXPIRED, GRANTED, RUNNING, SECOND, Lease, Line, Policy, Slot
from collector.leases.place import Place
from collector.leases.policy import Case
from collector.leases.requests import Requests
from collector.leases.token import Claim
from collector.store import leases as table
from collector.store.devices import Device

DRIFT = 0.25
"""Seconds that a device is told to wait beyond the start of its lease: a PC's clock gains a few ms in ten minutes."""
GRACE = 2 * SECOND
"""µs for which a released lease keeps its rate: other replicas hear of it within a second, and cut what still runs."""
LATE = 600 * SECOND
"""µs after its end in which a device may still tell what it used."""
RANKS = ("schedule", "technician", "engineer")


class Asker(Struct, frozen=True):
    """Who asks, for what, and for whose request; ``device`` is empty where an engineer gives the token away."""

    device: str
    want: Want
    line: Line
    request: str = ""


class Granting:
    """`door` makes the tokens and is told of the sessions, `requests` knows the engineers' that are open."""

    def __init__(self, rules: Policy, place: Place, door: Door, requests: Requests, now: Callable[[], int]) -> None:
        self._rules, self._place, self._door, self._requests, self._now = rules, place, door, requests, now

    def foreknown(self, device: Device, want: Want, line: Line) -> Denied | None:
        """Before the unit's turn, which is when most ask, the store is not troubled."""
        if want.asked != "schedule":
            return None
        found = policy.decide(self._case(Asker(device.id, want, line), self._now(), [], []))
        return found if isinstance(found, Denied) and found.reason in policy.FOREKNOWN else None

    def ask(self, connection: Connection, device: Device, want: Want, line: Line) -> Grant | Denied:
        """A lease for `device`, the one it holds, or why none."""
        table.take_mark(connection)
        now, request = self._now(), ""
        if want.asked == "engineer":
            if self._requests.known(want.request) and requests.entitled(
                connection, want.request, device, want.check, now
            ):
                request = want.request
            else:
                want = structs.replace(want, asked="schedule")
        asker, rank = Asker(device.id, want, line, request), RANKS.index(want.asked)
        held = table.held(connection, now)
        unused = [lease for lease in held if lease.device == device.id and lease.state == GRANTED]
        mine = [lease for lease in unused if lease.check == want.check]
        kept = next((lease for lease in mine if _serves(lease, want, now)), None)
        if kept is not None and (kept.starts_at <= now or rank <= RANKS.index(kept.asked)):
            return self._grant(kept, now)
        instead = [lease for lease in mine if rank >= RANKS.index(lease.asked)]
        return self._new(connection, asker, held, instead, kept)

    def give(self, connection: Connection, want: Want, line: Line) -> Grant | Denied:
        """A lease for whoever has its token."""
        table.take_mark(connection)
        return self._new(connection, Asker("", want, line), table.held(connection, self._now()), [])

    def _new(
        self,
        connection: Connection,
        asker: Asker,
        held: list[Lease],
        instead: list[Lease],
        kept: Lease | None = None,
    ) -> Grant | Denied:
        """A lease beside those that are `held`, in the place of those `instead`, which nobody has used; `kept`, one of
        them, unless it begins sooner than that. The mark is taken."""
        now, gone = self._now(), {lease.id for lease in instead}
        past = self._past(connection, asker.line.unit, now)
        left, mine = ([lease for lease in some if lease.id not in gone] for some in (held, past))
        case = self._case(asker, now, left, mine)
        slot = policy.decide(case)
        if kept is not None and (isinstance(slot, Denied) or slot.starts_at >= kept.starts_at):
            return self._grant(kept, now)
        if isinstance(slot, Denied):
            return slot
        for lease in instead:
            table.change(connection, lease.id, state=EXPIRED, ends_at=now)
        lease = self._lease(asker, slot, now, {one.session for one in held})
        table.add(connection, lease)
        if asker.request:
            table.answer(connection, asker.request, lease.id)
        self._door.remember(lease)
        return self._grant(lease, now)

    def _case(self, asker: Asker, now: int, held: list[Lease], past: list[Lease]) -> Case:
        return Case(
            want=asker.want,
            device=asker.device,
            line=asker.line,
            held=held,
            past=past,
            policy=self._rules,
            room=self._place.room,
            now=now,
        )

    def _past(self, connection: Connection, unit: str, now: int) -> list[Lease]:
        """The unit's leases as far back as any rule looks."""
        week, rules = self._rules.calendar, self._rules
        lengths = (rules.period, rules.period_with_counters)
        begins = [calendar.period(week, length, now)[1] for length in lengths]
        return table.of_unit(connection, unit, min(*begins, calendar.days_since(week, now)[1]))

    def _lease(self, asker: Asker, slot: Slot, now: int, taken: set[int]) -> Lease:
        return Lease(
            id=secrets.token_hex(8),
            device=asker.device,
            unit=asker.line.unit,
            provider=asker.line.provider[:60],
            check=asker.want.check,
            server=self._place.room.name,
            asked=asker.want.asked,
            rate=slot.rate,
            bytes=slot.bytes,
            session=_session(taken) if self._place.server.port else 0,
            granted_at=now,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
        )

    def _grant(self, lease: Lease, now: int) -> Grant:
        ahead = max(0, lease.starts_at - now) / SECOND
        late = DRIFT if ahead else 0.0
        tokens = self._door.tokens
        return Grant(
            id=lease.id,
            start_in=ahead + late,
            seconds=(lease.ends_at - max(now, lease.starts_at)) / SECOND - late,
            bytes=lease.bytes,
            rate=lease.rate,
            streams=STREAMS,
            server=self._place.server,
            token=tokens.make(Claim(lease.id, lease.device, lease.starts_at, lease.ends_at)),
            key=base64.b64encode(tokens.session_key(lease.id)).decode() if lease.session else "",
            session=lease.session,
        )

    def release(self, connection: Connection, device: Device, told: Release, pending: int) -> bool:
        """Ends a lease of `device`, of which `pending` bytes were not written down yet. False where there is none."""
        lease, now = table.by_id(connection, told.release, lock=True), self._now()
        if lease is None or lease.device != device.id or lease.state == DONE or lease.ends_at + LATE < now:
            return False
        used = max(lease.used + pending, min(told.used, lease.bytes))
        ends_at = min(lease.ends_at, max(now, lease.starts_at) + (GRACE if lease.state == RUNNING else 0))
        table.change(connection, lease.id, state=DONE, used=used, ends_at=ends_at)
        if used:
            table.end_requests(connection, [lease.id], now)
        return True


def _serves(lease: Lease, want: Want, now: int) -> bool:
    """Whether there is time enough left in a lease that nobody has used."""
    return lease.ends_at - max(now, lease.starts_at) >= want.seconds * SECOND


def _session(taken: set[int]) -> int:
    """An SSID (RFC 8972 §3: 16 bits, not 0) that no lease has now."""
    while True:
        found = 1 + secrets.randbelow(0xFFFF)
        if found not in taken:
            return found
