"""Sends what the spool holds: the newest of each job first, then the backlog in order, one request at a time.

Nothing leaves the spool but by an acknowledgement that names the batch, or by being the one record that the
collector says it cannot read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from agent import VERSION, remote
from agent.answer import Verdict, judge
from agent.backoff import Backoff, random_share
from agent.config import PushConfig
from agent.http import Client, HttpError
from agent.identity import Identity
from agent.remote import Refused, RemoteConfig
from agent.spool import Spool, SpoolError
from checks.kit import wire
from checks.kit.model import Clock, Result
from checks.kit.wire import Batch, Gap, Signer, WireError

WINDOW = 500
"""The most results of one batch."""
HEARTBEAT = 900.0
"""Seconds without contact after which an empty batch says that this agent lives: soon enough for a collector that
misses it after 30 minutes, and seldom enough to cost little where results come as often."""
FIRST = 12.0
"""Seconds from a start, or from new jobs, to the push of what they measured."""
POISONED = 8
"""Records in a row that may be quarantined with no batch taken in between: past it, the fault is not theirs."""
_RESULTS = (("Content-Type", wire.CONTENT_TYPE),)


class Contact(Struct, kw_only=True):
    """How sending goes. Times are wall-clock µs, 0 before the first."""

    state: str = "starting"
    message: str = ""
    tried_at: int = 0
    acked_at: int = 0
    failures: int = 0
    pushes: int = 0
    config_refused: int = 0
    clock_offset: float | None = None


class Pusher:
    """Sends from `spool` as `identity`. All but :meth:`stop` runs in one thread.

    `health` gives the agent's own numbers for each batch. `offer` takes the bytes of a configuration and returns what
    it means, or raises Refused. `etag` and `linger` are those in force. `direct` is given the directives of each
    acknowledgement that holds some, as they came.
    """

    def __init__(
        self,
        spool: Spool,
        client: Client,
        identity: Identity,
        key: Signer,
        config: PushConfig,
        clock: Clock,
        *,
        health: Callable[[], dict[str, float]],
        offer: Callable[[bytes], RemoteConfig],
        etag: str = "",
        linger: float | None = None,
        note: Callable[..., None] = lambda *_, **__: None,
        direct: Callable[[list[dict[str, Any]]], None] = lambda _: None,
        share: Callable[[], float] = random_share,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.contact = Contact()
        self._spool, self._client, self._identity, self._key = spool, client, identity, key
        self._config, self._clock, self._health, self._offer = config, clock, health, offer
        self._note, self._direct, self._share, self._now = note, direct, share, now
        self._etag, self._refused_etag = etag, ""
        self._linger = linger or config.linger
        self._backoff = Backoff(config.max_backoff, share=share)
        self._stop = threading.Event()
        self._window, self._epoch = WINDOW // 2, spool.epoch
        self._live_sent, self._live_at = 0, -1e9
        self._contact_at = now()
        self._quarantined = 0
        self._fresh_config = False

    def run(self, told: Callable[[], None]) -> None:
        """Sends until :meth:`stop`; calls `told` after each round, for the status to be written."""
        if not self._etag:
            self._guard(self._fetch)
            told()
        wait = FIRST + 15 * self._share()
        while not self._stop.wait(min(wait, self._linger) if not self._backoff.failures else wait):
            wait = self._round()
            told()

    def stop(self) -> None:
        """Ends :meth:`run` and cuts a request that is under way."""
        self._stop.set()
        self._client.abort()

    def drain(self) -> float | None:
        """Sends what waits. Returns the seconds to pause after a failure, None when nothing is left."""
        while not self._stop.is_set():
            epoch = self._spool.epoch
            results, live = self._choose()
            pause = self._send(epoch, results, live)
            if pause is not None:
                return pause
            if not self._waiting():
                break
        return None

    def _round(self) -> float:
        """One look at the spool; the seconds until the next."""
        self._fresh_config = False
        pause = self._guard(self._visit)
        if pause is not None:
            return pause
        return FIRST if self._fresh_config else self._linger * (0.9 + 0.2 * self._share())

    def _visit(self) -> float | None:
        self._spool.tidy()
        if not self._waiting() and self._now() - self._contact_at < HEARTBEAT:
            return None
        return self.drain()

    def _guard(self, work: Callable[[], float | None]) -> float | None:
        """`work`, or a pause when the disk or the network fails it."""
        try:
            return work()
        except HttpError as why:
            return self._failed(Verdict(state=why.code, message=str(why)))
        except (SpoolError, OSError, Refused) as why:
            self._note("push_failed", why=str(why))
            return self._failed(Verdict(state="local_error", message=str(why)))

    def _waiting(self) -> bool:
        return self._spool.unsent() > 0 or bool(self._spool.gaps(1))

    def _choose(self) -> tuple[list[Result], bool]:
        """The results of the next batch, and whether they are the live ones sent ahead of a backlog."""
        if self._spool.epoch != self._epoch:
            self._epoch, self._live_sent = self._spool.epoch, 0
        if self._spool.unsent() > self._window and self._now() - self._live_at >= self._linger:
            self._live_at = self._now()
            found = self._spool.peek_live(self._live_sent, self._window)
            if found:
                return found, True
        return self._spool.peek_backlog(self._window), False

    def _send(self, epoch: int, results: list[Result], live: bool) -> float | None:
        """One batch. Returns the pause that its answer asks for, None to go on."""
        gaps = self._spool.gaps()
        batch = self._batch(epoch, results, gaps)
        if self._spool.epoch != epoch:
            return None  # a damaged file was replaced meanwhile: these numbers belong to other results now
        try:
            sealed = wire.seal(batch, self._key)
        except WireError as why:
            return self._unreadable(epoch, results, why.code)
        if len(sealed) > self._config.batch_bytes and len(results) > 1:
            self._window = max(1, min(len(results) - 1, len(results) * self._config.batch_bytes // len(sealed)))
            if live:
                self._live_at = -1e9
            return None
        self.contact.tried_at = self._clock.wall()
        before = self._clock.wall()
        try:
            reply = self._client.request("POST", "/v1/results", sealed, _RESULTS)
        except HttpError as why:
            if why.code in ("timeout", "closed", "network"):
                self._window = max(1, len(results) // 2)
            raise
        verdict = judge(reply, agent=self._identity.device, epoch=epoch, batch=wire.digest(sealed))
        if verdict.state == "ok" and verdict.ack is not None:
            return self._acknowledged(verdict, batch, live, before)
        if verdict.state == "unreadable":
            return self._unreadable(epoch, results, verdict.message)
        if reply.status == 413:
            self._window = max(1, len(results) // 2)
        return self._failed(verdict)

    def _batch(self, epoch: int, results: list[Result], gaps: list[Gap]) -> Batch:
        return Batch(
            v=wire.VERSION,
            agent=self._identity.device,
            epoch=epoch,
            boot=self._clock.boot(),
            sent_at=self._clock.wall(),
            sent_mono=self._clock.mono(),
            oldest=self._spool.oldest(),
            results=results,
            gaps=gaps,
            health=self._health(),
            config=self._etag,
            version=VERSION,
        )

    def _acknowledged(self, verdict: Verdict, batch: Batch, live: bool, before: int) -> float | None:
        ack = verdict.ack
        if ack is None:
            return None
        what = self._spool.acknowledge(ack.durable, [result.seq for result in batch.results], batch.gaps, batch.epoch)
        self._note_contact(ack.time, before)
        self._window = min(WINDOW, max(self._window + 1, self._window * 5 // 4))
        self._quarantined = 0
        if live and batch.results:
            self._live_sent = batch.results[-1].seq
        if what in ("replay", "restored"):
            self._live_sent = 0
            self._note("spool_" + what, durable=ack.durable)
        if ack.directives:
            self._direct(ack.directives)
        if ack.config and ack.config not in (self._etag, self._refused_etag):
            self._fetch(ack.config)
        if what == "missing":
            return max(self._linger, verdict.retry_after or 0.0)
        return verdict.retry_after

    def _note_contact(self, server: int, before: int) -> None:
        contact, after = self.contact, self._clock.wall()
        contact.state, contact.message, contact.acked_at = "ok", "", after
        contact.pushes += 1
        if server:
            contact.clock_offset = ((before + after) / 2 - server) / 1e6
        self._contact_at = self._now()
        self._backoff.succeeded()

    def _unreadable(self, epoch: int, results: list[Result], why: str) -> float | None:
        """Halves the batch until it is the one record that cannot be read, and takes that out of the queue."""
        self._note("batch_refused", records=len(results), why=why)
        if len(results) > 1:
            self._window = (len(results) + 1) // 2
            return None
        if not results or self._quarantined >= POISONED:
            self._quarantined = POISONED - 1
            return self._failed(Verdict(state="refused", message=why))
        self._quarantined += 1
        self._spool.quarantine(results[0].seq, why, epoch)
        self._window = max(2, self._window)
        return None

    def _failed(self, verdict: Verdict) -> float:
        self.contact.failures += 1
        if (self.contact.state, self.contact.message) != (verdict.state, verdict.message):
            self._note("push_failed", state=verdict.state, why=verdict.message)
        self.contact.state, self.contact.message = verdict.state, verdict.message
        return self._backoff.failed(verdict.retry_after)

    def _fetch(self, announced: str = "") -> None:
        """Asks for the configuration and offers it; what does not fit is refused, counted, and not asked for again."""
        headers = remote.request_headers(self._identity.device, self._key, self._etag)
        reply = self._client.request("GET", remote.PATH, headers=headers)
        if reply.status != 200:
            if reply.status != 304:
                self._note("config_failed", status=reply.status)
            return
        try:
            config = self._offer(reply.body)
        except Refused as why:
            self._refused_etag = announced
            self.contact.config_refused += 1
            self._note("config_refused", why=str(why))
            return
        self._etag, self._refused_etag, self._fresh_config = config.etag, "", True
        self._linger = config.push.linger or self._config.linger
