"""What is open under leases on this replica: streams, sessions, and bytes that are yet to be written down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field, structs
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from checks.kit.ndt7 import Test
from collector.directory import Directory
from collector.leases.gate import Closed, Pass
from collector.leases.model import EXPIRED, RUNNING, SECOND, Lease
from collector.leases.token import Claim, Tokens, proven
from collector.log import one_line
from collector.store import leases as table
from collector.store.devices import ACTIVE
from collector.store.engine import Store

STREAMS = 8
"""Connections each way under one lease: one, those of a test in several streams after it, and what went wrong."""
LOOK = SECOND // 2
"""µs between two looks into the store for sessions that are not known here: strangers' packets cost no more."""
log = logging.getLogger("sansang.leases")
Recorded = Callable[[Connection, str, str, Mapping[str, Any]], None]
"""Takes a lease, a test and what the server saw of it, in the transaction that keeps it."""


class Open(Struct):
    """A lease that is in use here: what is left of it, and what has yet to be written down."""

    lease: Lease
    left: int
    pending: int = 0
    now: dict[str, float] = field(default_factory=dict)


class Door:
    """Implements what :class:`collector.leases.gate.Gate` asks, for a Book. Used on the loop's thread."""

    def __init__(
        self, store: Store, directory: Directory, now: Callable[[], int], recorded: Recorded | None = None
    ) -> None:
        self._store, self._directory, self._now, self._recorded = store, directory, now, recorded
        self.tokens = Tokens(b"")
        self._open: dict[str, Open] = {}
        self._sessions: dict[int, Lease] = {}
        self._looked = 0
        self._looking: asyncio.Task[None] | None = None

    async def open(self, token: str, test: Test, proof: str) -> Pass:
        claim, now = self.tokens.read(token), self._now()
        if now < claim.starts_at:
            raise Closed(403, "lease_early", f"the lease begins in {(claim.starts_at - now) / SECOND:.1f} s")
        if now >= claim.ends_at:
            raise Closed(403, "lease_expired", "the lease is over")
        self._owned(claim, token, proof)
        try:
            lease = await self._store.write(lambda connection: self._claim(connection, claim, test))
        except SQLAlchemyError as why:
            log.error("lease not read", extra={"lease": claim.lease, "why": one_line(why)})
            raise Closed(503, "storage", "the store does not take writes") from None
        return self._pass(lease)

    def _owned(self, claim: Claim, token: str, proof: str) -> None:
        if not claim.device:
            return
        member = self._directory.get(claim.device)
        if member is None or member.device.status != ACTIVE or not proven(token, proof, member.key):
            raise Closed(403, "lease_foreign", "the lease is another device's: its proof is missing or wrong")

    def _claim(self, connection: Connection, claim: Claim, test: Test) -> Lease:
        lease = table.by_id(connection, claim.lease, lock=True)
        if lease is None or not lease.holds(self._now()):
            raise Closed(403, "lease_expired", "the lease is over")
        here = self._open.get(lease.id)
        if lease.used + (here.pending if here else 0) >= lease.bytes:
            raise Closed(403, "lease_spent", f"the lease's {lease.bytes} bytes are used up")
        taken = sum(one.startswith(f"{test}:") for one in lease.claims.split())
        if taken >= STREAMS:
            raise Closed(403, "lease_used", f"the lease was used for {test} already")
        claims = f"{lease.claims} {test}:{taken}".strip()
        table.change(connection, lease.id, claims=claims, state=RUNNING)
        return structs.replace(lease, claims=claims, state=RUNNING)

    def _pass(self, lease: Lease) -> Pass:
        here = self._open.get(lease.id)
        if here is None:
            here = self._open[lease.id] = Open(lease, lease.bytes - lease.used)
        here.lease = lease
        return Pass(
            lease=lease.id,
            device=lease.device,
            unit=lease.unit,
            rate=lease.rate,
            left=here.left,
            ends_at=lease.ends_at,
            key=self.tokens.session_key(lease.id) if lease.session else b"",
        )

    def count(self, lease: str, used: int, progress: Mapping[str, float]) -> bool:
        here = self._open.get(lease)
        if here is None:
            return False
        here.pending += used
        here.left -= used
        if progress:
            here.now = dict(progress)
        return here.left > 0 and self._now() < here.lease.ends_at

    async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None:
        def write(connection: Connection) -> None:
            table.record(connection, lease, test, record)
            if self._recorded:
                self._recorded(connection, lease, test, record)

        await self.flush()
        await self._store.write(write)

    def session(self, ssid: int) -> Pass | None:
        """A session that is not known here is looked up; its next packet finds it."""
        lease, now = self._sessions.get(ssid), self._now()
        if lease is None or lease.ends_at <= now:
            self._look(now)
            return None
        return self._pass(lease) if lease.starts_at <= now else None

    def remember(self, lease: Lease) -> None:
        """A lease that was granted here: its session need not be looked up."""
        if lease.session:
            self._sessions[lease.session] = lease

    def take_pending(self, lease: str) -> int:
        """Bytes of the lease that were not written down yet; the caller does, or gives them back."""
        here = self._open.get(lease)
        if here is None:
            return 0
        pending, here.pending = here.pending, 0
        return pending

    def give_back(self, lease: str, pending: int) -> None:
        """They were not written down after all."""
        if lease in self._open:
            self._open[lease].pending += pending

    def _look(self, now: int) -> None:
        if now - self._looked >= LOOK and (self._looking is None or self._looking.done()):
            self._looked = now
            self._looking = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        try:
            found = await self._store.read(lambda connection: table.in_session(connection, self._now()))
        except SQLAlchemyError as why:
            log.warning("sessions not read", extra={"why": one_line(why)})
            return
        self._sessions = {lease.session: lease for lease in found}

    async def flush(self) -> None:
        """Writes down what was counted, in one transaction, and learns what others did to these leases."""
        if not self._open:
            return
        taken = {key: (here.pending, here.now) for key, here in self._open.items()}
        for here in self._open.values():
            here.pending, here.now = 0, {}
        try:
            found = await self._store.write(lambda connection: self._written(connection, taken))
        except SQLAlchemyError as why:
            for key, (pending, now) in taken.items():
                if (one := self._open.get(key)) is not None:
                    one.pending, one.now = one.pending + pending, one.now or now
            log.error("use of leases not written", extra={"leases": len(taken), "why": one_line(why)})
            return
        for key, lease in found.items():
            self._learn(key, lease)

    def _written(
        self, connection: Connection, taken: Mapping[str, tuple[int, dict[str, float]]]
    ) -> dict[str, Lease | None]:
        found: dict[str, Lease | None] = {}
        for key, (pending, now) in sorted(taken.items()):
            counted = pending or now
            lease = table.count(connection, key, pending, now) if counted else table.by_id(connection, key)
            if lease is not None and lease.state == RUNNING and lease.ends_at <= self._now():
                table.change(connection, key, state=EXPIRED)
            found[key] = lease
        return found

    def _learn(self, key: str, lease: Lease | None) -> None:
        if (here := self._open.get(key)) is None:
            return  # another flush, which ran meanwhile, saw the end of it
        if lease is None or (lease.ends_at + SECOND <= self._now() and not here.pending):
            del self._open[key]
            self._sessions = {ssid: one for ssid, one in self._sessions.items() if one.id != key}
            return
        here.lease, here.left = lease, lease.bytes - lease.used - here.pending
        if lease.session in self._sessions and self._sessions[lease.session].id == key:
            self._sessions[lease.session] = lease
