"""The resident agent: one thread that schedules, one that sends, one per running check."""

from __future__ import annotations

import collections
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from agent import VERSION, files, identity, leases, remote
from agent.budget import Budget
from agent.config import AgentConfig, state_dir
from agent.http import Client
from agent.lasting import Lasting
from agent.lifetime import Lifetime
from agent.log import log
from agent.push import Pusher
from agent.remote import RemoteConfig
from agent.runner import Find, MakeEnv, Runner
from agent.schedule import Schedule
from agent.spool import Spool, SpoolError, SpoolUnavailable
from agent.timetable import Timetable
from agent.turns import Turns
from checks.kit.model import Clock, Env, Meter, Result

RING = 500
"""Results kept in memory while the disk refuses them."""
STATUS_EVERY = 60.0
STOP_WITHIN = 10.0
"""Seconds in which a stopping agent lets checks end."""


class Service:
    """Wires the parts of one agent. `meter` counts what the checks that `make_env` equips use of the network.

    Raises IdentityError, SpoolError, FileError or HttpError when it cannot start.
    """

    def __init__(
        self,
        config: AgentConfig,
        clock: Clock,
        find: Find,
        known: list[str],
        make_env: MakeEnv,
        meter: Meter,
        fault: remote.Fault | None = None,
    ) -> None:
        self._config, self._clock, self._find, self._known, self._fault = config, clock, find, known, fault
        self._state_dir = state_dir(config)
        self._identity, key = identity.require(self._state_dir)
        self._events: SimpleQueue[str] = SimpleQueue()
        self._spool = Spool(self._state_dir, config.spool, clock, log)
        self._remote = remote.load(self._state_dir, known, find, fault)
        self._offered: RemoteConfig | None = None
        self._schedule = Schedule(self._identity.device)
        self._make_env, self._secret = make_env, identity.secret(self._state_dir)
        self._lasting = Lasting(self._state_dir, log)
        self._lifetime = Lifetime(self._state_dir, clock, log)
        granted = leases.connected(config, self._identity, key, clock)
        self._turns = Turns(self._schedule, granted, clock, log)
        self._runner = Runner(find, self._equip, clock, lambda: self._events.put("ended"), self._lasting, granted.of)
        self._budget, self._held_until = Budget(meter), 0.0
        self._timetable = Timetable()
        self._ahead: float | None = None
        self._take_up(time.monotonic())
        self._ring: collections.deque[Result] = collections.deque(maxlen=RING)
        self._ring_lost = 0
        self._latest: dict[tuple[str, str], dict[str, Any]] = {}
        self._started = clock.wall()
        self._status_at = 0.0
        self._pusher = self._make_pusher(key)

    def _equip(self, seconds: float) -> Env:
        """What a run may touch, with what only the agent knows: the device's boots and its secret."""
        return msgspec.structs.replace(self._make_env(seconds), boots=self._lifetime.boots(), secret=self._secret)

    def _make_pusher(self, key: identity.Key) -> Pusher:
        config, found = self._config, self._remote
        client = Client(
            config.collector or self._identity.collector,
            ca_file=config.ca_file,
            timeout=config.push.timeout,
            agent=f"sansang-agent/{VERSION}",
        )
        return Pusher(
            self._spool,
            client,
            self._identity,
            key,
            config.push,
            self._clock,
            health=self.health,
            offer=self._offer,
            etag=found.etag if found else "",
            linger=found.push.linger if found else None,
            note=log,
            direct=self._direct,
        )

    def run(self) -> int:
        """Works until SIGTERM or SIGINT; returns the exit code."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                # SimpleQueue.put is reentrant: it is safe in a handler that interrupts the queue's own get.
                signal.signal(getattr(signal, name), lambda *_: self._events.put("stop"))
        log("started", version=VERSION, device=self._identity.device, epoch=self._spool.epoch)
        thread = threading.Thread(target=self._pusher.run, args=(lambda: self._events.put("pushed"),), daemon=True)
        thread.start()
        while self._next_event() != "stop":
            self.step(time.monotonic())
        self._shut_down(thread)
        return 0

    def step(self, now: float) -> None:
        """Takes the results that have come and starts the jobs that are due."""
        if self._offered is not None:
            self._adopt(now)
        wall = self._wall()
        self._schedule.turn(lambda job: self._timetable.interval(job, wall), now)
        results, ended = self._runner.collect(now)
        postponed, self._runner.postponed = self._runner.postponed, []
        self._turns.put_off(postponed, now)
        for key in ended:
            self._schedule.finished(key)
        for result in results:
            self._keep(result)
        self._turns.follow(now)
        self._start(now)
        self._lifetime.renew(now, self._ahead)
        self._lasting.save(now)
        if now >= self._status_at:
            self.write_status()

    def _start(self, now: float) -> None:
        """Starts what is due, unless the hour's budget is used up: then it waits, and the first wait is logged."""
        held = self._budget.wait(now)
        if held > 0:
            self._schedule.defer(now)
            if self._held_until <= 0:
                log("budget_used_up", wait=round(held))
            self._held_until = now + held
            return
        self._held_until = 0.0
        for job in self._schedule.due(now, self._runner.free, self._runner.room):
            try:
                self._runner.start(job)
            except (LookupError, RuntimeError) as why:
                self._schedule.finished(job.key)
                log("job_not_started", check=job.check, why=str(why))

    def _direct(self, told: list[dict[str, Any]]) -> None:
        """Takes directives from the sending thread; the scheduling thread follows them."""
        self._turns.direct(told)
        self._events.put("directed")

    def health(self) -> dict[str, float]:
        """The agent's own numbers, as they go into a batch."""
        contact = self._pusher.contact
        found = {
            **self._spool.numbers(),
            "ring_records": float(len(self._ring)),
            "ring_dropped": float(self._ring_lost),
            "skipped_runs": float(self._schedule.skipped),
            "late_runs": float(self._runner.late),
            "budget_deferred_runs": float(self._schedule.deferred),
            "dropped_samples": float(self._runner.dropped_samples),
            **self._turns.numbers(),
            "lasting_lost": float(self._lasting.lost),
            "push_failures": float(contact.failures),
            "config_refused": float(contact.config_refused),
            "uptime_seconds": max(0.0, (self._clock.wall() - self._started) / 1e6),
        }
        if contact.clock_offset is not None:
            found["clock_offset_seconds"] = contact.clock_offset
        return found

    def write_status(self) -> None:
        """Writes status.json, which ``sansang-agent status`` shows."""
        self._status_at = time.monotonic() + STATUS_EVERY
        status = {
            "updated_at": self._clock.wall(),
            "version": VERSION,
            "device": self._identity.device,
            "unit": self._identity.unit,
            "collector": self._config.collector or self._identity.collector,
            "contact": self._pusher.contact,
            "health": self.health(),
            "results": list(self._latest.values()),
            "waiting": self._turns.waits(),
        }
        try:
            files.write(f"{self._state_dir}/status.json", msgspec.json.encode(status) + b"\n")
        except files.FileError as why:
            log("status_not_written", why=str(why))

    def _next_event(self) -> str:
        try:
            event = self._events.get(timeout=max(0.01, self._pause(time.monotonic())))
        except Empty:
            return "time"
        if event == "pushed":
            self._status_at = 0.0
            self._correct()
        return event

    def _pause(self, now: float) -> float:
        """Seconds until something is to be done, if nothing happens before."""
        waits: list[float | None] = [self._status_at - now, self._lifetime.wait(now), self._runner.wait(now)]
        if self._held_until > now:
            waits.append(self._held_until - now)
        elif self._runner.free > 0:
            waits.append(self._schedule.wait(now, self._runner.room))
        return max(0.0, min(wait for wait in waits if wait is not None))

    def _correct(self) -> None:
        """Takes the collector's time for the true one, kept by the monotonic clock: neither a wrong clock here nor one
        that is set meanwhile moves office hours."""
        offset = self._pusher.contact.clock_offset
        if offset is not None:
            self._ahead = (self._clock.wall() - self._clock.mono()) / 1e6 - offset

    def _wall(self) -> float:
        """Epoch seconds, by the collector's clock once it is known."""
        return self._clock.wall() / 1e6 if self._ahead is None else self._clock.mono() / 1e6 + self._ahead

    def _offer(self, body: bytes) -> RemoteConfig:
        """Takes a configuration from the sending thread; raises Refused. The scheduling thread adopts it."""
        config = remote.decode(body, self._known, self._find, self._fault)
        remote.store(self._state_dir, config)
        self._offered = config
        self._events.put("config")
        return config

    def _adopt(self, now: float) -> None:
        config, self._offered = self._offered, None
        self._remote = config
        self._take_up(now)
        log("config_adopted", etag=config.etag if config else "", jobs=len(self._schedule.jobs()))

    def _take_up(self, now: float) -> None:
        """Works from now on by the configuration in force, and by this PC's own jobs."""
        found, jobs = self._remote, remote.merge(self._remote, self._config.jobs)
        self._schedule.replace(jobs, now)
        self._runner.remember(jobs)
        self._turns.keep_only({job.key for job in jobs})
        if found is not None:  # without one, which jobs there are is only unknown
            self._lasting.keep_only({job.key for job in jobs})
        limits = remote.Limits() if found is None else found.limits
        self._runner.limit(limits.slots, limits.per_check)
        self._budget.sockets, self._budget.bytes = limits.sockets_per_hour, limits.bytes_per_hour
        self._timetable = Timetable() if found is None else found.timetable

    def _keep(self, result: Result) -> None:
        self._turns.ran((result.check, result.target))
        self._latest[(result.check, result.target)] = {
            "check": result.check,
            "target": result.target,
            "outcome": result.outcome.value,
            "reason": result.reason,
            "at": result.at,
        }
        if len(self._ring) == RING:
            self._ring_lost += 1
        self._ring.append(result)
        self._flush()

    def _flush(self) -> None:
        """Moves results from memory to disk; those that memory could not hold become a gap once the disk takes one."""
        try:
            while self._ring:
                self._spool.put(self._ring[0])
                self._ring.popleft()
            if self._ring_lost:
                self._spool.lose(self._ring_lost, "spool_full")
                self._ring_lost = 0
        except SpoolUnavailable as why:
            log("spool_unavailable", why=str(why), waiting=len(self._ring))
        except SpoolError as why:
            log("spool_failed", why=str(why))

    def _shut_down(self, thread: threading.Thread) -> None:
        until = time.monotonic() + STOP_WITHIN - 2
        self._lifetime.renew(time.monotonic(), self._ahead, stopped=True)  # first: the system may give us no time
        self._pusher.stop()
        for result in self._runner.finish(until - time.monotonic()):
            self._keep(result)
        self._lasting.save(time.monotonic(), at_once=True)
        self.write_status()
        thread.join(max(0.1, until - time.monotonic()))
        self._spool.close()
        log("stopped")


def serve(
    config: AgentConfig,
    clock: Clock,
    find: Find,
    known: list[str],
    make_env: Callable[[float], Any],
    meter: Meter,
    fault: remote.Fault | None = None,
) -> int:
    """Runs one agent; a fault at the start is one line on standard error and the code 1."""
    try:
        service = Service(config, clock, find, known, make_env, meter, fault)
    except (identity.IdentityError, SpoolError, files.FileError, OSError) as why:
        log_line(str(why))
        return 1
    return service.run()


def log_line(line: str) -> None:
    """One plain line for the person who started the agent."""
    sys.stderr.write(f"sansang-agent: {line}\n")
