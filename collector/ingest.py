"""From bytes to an acknowledgement: identify, verify, bounded inflate, decode, admit, one group commit.

The answer leaves after the commit, never before: what an agent was told is durable is on disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from checks.kit import wire
from checks.kit.wire import Ack, WireError
from collector.absorb import Push
from collector.directory import Directory
from collector.ledger import Ledger, Rejected
from collector.store import devices
from collector.store.engine import Store
from collector.telemetry import Telemetry

_STATUS = {"too_large": 413, "inflated_too_large": 413, "bad_signature": 401}
_REJECTED: dict[str, tuple[int, str, str, float | None]] = {
    "unknown_agent": (401, "unknown_agent", "no such device is enrolled here", None),
    "too_many_holes": (409, "too_many_holes", "too many sequence numbers are open: send the backlog in order", 60.0),
}


class Refusal(Exception):
    """A request that is not granted: HTTP status, stable code, one line, seconds to wait."""

    def __init__(self, status: int, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after = status, code, retry_after


class Waiting(Struct):
    """A push and the future its sender waits on."""

    push: Push
    done: asyncio.Future[int]


class Ingest:
    """Takes batches. One group is being committed at a time; the next one gathers meanwhile. `complain` is called with
    what kept a group from being written."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        directory: Directory,
        telemetry: Telemetry,
        *,
        window: float,
        most: int,
        max_inflight: int,
        retry_after: float,
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
        complain: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._store, self._ledger, self._directory, self._telemetry = store, ledger, directory, telemetry
        self._window, self._most, self._max_inflight, self._retry_after = window, most, max_inflight, retry_after
        self._now, self._complain = now, complain
        self._gathering: list[Waiting] = []
        self._timer: asyncio.TimerHandle | None = None
        self._committing: asyncio.Task[None] | None = None
        self.inflight = 0

    def admit(self) -> None:
        """Refuses while too much is under way: better a quick 503 than a slow everything."""
        if self.inflight >= self._max_inflight:
            raise Refusal(503, "overloaded", "too many batches are under way", self._retry_after)

    async def take(self, sealed: bytes, received_at: int | None = None, *, carried: bool = False) -> Ack:
        """The acknowledgement of `sealed`, once it is durable; `carried` here as a file, or sent. Raises Refusal; every
        one is counted by its code."""
        try:
            push = self._open(sealed, self._now() if received_at is None else received_at, carried)
            durable = await self._commit(push)
        except Refusal as refusal:
            self._telemetry.refusals.labels(refusal.code).inc()
            raise
        batch = push.batch
        return Ack(
            agent=batch.agent, epoch=batch.epoch, batch=wire.digest(sealed), durable=durable, time=push.received_at
        )

    def _open(self, sealed: bytes, received_at: int, carried: bool) -> Push:
        try:
            envelope = wire.take_apart(sealed)
            member = self._directory.get(envelope.agent)
            if member is None:
                raise Refusal(*_REJECTED["unknown_agent"])
            if member.device.status == devices.REVOKED:
                raise Refusal(403, "revoked", "this device was revoked")
            batch, raws = wire.unseal_whole(envelope, member.key)
        except WireError as why:
            raise Refusal(_STATUS.get(why.code, 400), why.code, str(why)) from None
        device = member.device
        return Push(batch, raws, device.unit, device.role, device.status == devices.ACTIVE, received_at, carried)

    async def _commit(self, push: Push) -> int:
        loop = asyncio.get_running_loop()
        waiting = Waiting(push, loop.create_future())
        self._gathering.append(waiting)
        if len(self._gathering) >= self._most:
            self._start()
        elif self._timer is None and self._committing is None:
            self._timer = loop.call_later(self._window, self._start)
        return await waiting.done

    def _start(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._committing is None and self._gathering:
            group, self._gathering = self._gathering[: self._most], self._gathering[self._most :]
            self._committing = asyncio.get_running_loop().create_task(self._run(group))

    async def _run(self, group: list[Waiting]) -> None:
        started = time.perf_counter()
        outcomes: Sequence[int | Rejected | None]
        try:
            outcomes = await self._store.run(lambda: self._ledger.write([waiting.push for waiting in group]))
        except Exception as why:  # whatever it was, nothing was written, and every sender must hear so
            outcomes = [None] * len(group)
            self._complain(why)
        finally:
            self._committing = None
            self._start()
        self._telemetry.commit.observe(time.perf_counter() - started)
        self._telemetry.group.observe(len(group))
        for waiting, outcome in zip(group, outcomes, strict=True):
            self._answer(waiting.done, outcome)

    def _answer(self, done: asyncio.Future[int], outcome: int | Rejected | None) -> None:
        if done.cancelled():
            return
        if isinstance(outcome, int):
            done.set_result(outcome)
        elif outcome is None:
            done.set_exception(Refusal(503, "storage", "the store does not take writes", self._retry_after))
        else:
            done.set_exception(Refusal(*_REJECTED[outcome.code]))

    async def drained(self) -> None:
        """Returns when nothing waits for a commit any more."""
        while self._gathering or self._committing:
            self._start()
            if self._committing:
                await asyncio.wait([self._committing])
