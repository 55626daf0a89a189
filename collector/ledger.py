"""Writes groups of pushes, in one transaction each, and remembers what it wrote. Runs on the store's writer thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa
from msgspec import Struct, field, structs

from checks.kit.wire import Gap
from collector.absorb import Absorbed, Known, Push, absorb
from collector.evidence import keeper
from collector.remote.queue import Outbound
from collector.store import states
from collector.store.cursor import TooManyHoles
from collector.store.engine import Store
from collector.store.states import State
from collector.tally import Jobs, decode, encode
from collector.telemetry import Telemetry
from collector.words import GAPS

MAX_CACHED_HOURS = 4096
Hour = tuple[str, int]
"""A unit and the epoch second at which one of its half-hours starts."""


class Rejected(Struct, frozen=True):
    """A push that was not taken, and the stable code for it: ``unknown_agent`` or ``too_many_holes``."""

    code: str


class Touched(Struct):
    """What has changed since it was last asked: copies of states, and half-hours."""

    states: list[State] = field(default_factory=list)
    hours: set[Hour] = field(default_factory=set)


class Ledger:
    """The only writer of states and half-hours in this process. Memory is never ahead of the disk once `write`
    returned or raised: after a failed transaction it is thrown away."""

    def __init__(
        self,
        store: Store,
        known: Known,
        telemetry: Telemetry,
        *,
        writer: str = "a",
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
        outbound: Outbound | None = None,
    ) -> None:
        self._store, self._known, self._telemetry = store, known, telemetry
        self._outbound = outbound or Outbound(())
        self._writer, self._now = writer, now
        self._states: dict[str, State] = {}
        self._hours: dict[Hour, Jobs] = {}
        self._touched: set[str] = set()
        self._touched_hours: set[Hour] = set()

    def write(self, pushes: Sequence[Push]) -> list[int | Rejected]:
        """For each push the durable mark of its epoch, on disk now, or why it was not taken. Raises SQLAlchemyError
        when nothing was written."""
        group = Absorbed()
        changed: dict[str, State] = {}
        hours: dict[Hour, Jobs] = {}
        found: list[tuple[str, int, Gap]] = []
        try:
            with self._store.begin() as connection:
                self._load(connection, {push.batch.agent for push in pushes})

                def jobs_at(unit: str, start: int) -> Jobs:
                    hour = (unit, start)
                    return hours.get(hour) or hours.setdefault(hour, self._jobs(connection, hour))

                outcomes = [self._absorb(push, jobs_at, changed, found, group) for push in pushes]
                self._save(connection, changed, hours, found)
                if group.measured:
                    keeper.keep(connection, group.measured)
                if group.onward:
                    self._outbound.keep(connection, group.onward, self._now())
        except BaseException:
            self._states.clear()
            self._hours.clear()
            raise
        self._touched.update(changed)
        self._touched_hours.update(hours)
        self._count(sum(isinstance(outcome, int) for outcome in outcomes), group, found)
        return outcomes

    def adopt(self, found: Iterable[State]) -> None:
        """Takes states read on the writer's thread just now, where no other process can change them."""
        if self._store.exclusive:
            self._states = {state.device: _copy(state) for state in found}

    def touched(self) -> Touched:
        """What changed since the last call, as copies that later pushes leave alone. What a failed transaction made
        this forget is read again, so that changes committed before it are told all the same."""
        forgotten = self._touched - self._states.keys()
        if forgotten:
            with self._store.begin() as connection:
                self._load(connection, forgotten)
        copies = [_copy(self._states[device]) for device in self._touched if device in self._states]
        hours, self._touched, self._touched_hours = self._touched_hours, set(), set()
        return Touched(copies, hours)

    def _absorb(
        self,
        push: Push,
        jobs_at: Callable[[str, int], Jobs],
        changed: dict[str, State],
        found: list[tuple[str, int, Gap]],
        group: Absorbed,
    ) -> int | Rejected:
        agent, epoch = push.batch.agent, push.batch.epoch
        state = self._states.get(agent)
        if state is None:
            return Rejected("unknown_agent")
        try:
            done = absorb(state, push, self._known, jobs_at, self._outbound.least_age)
        except TooManyHoles:
            return Rejected("too_many_holes")
        changed[agent] = state
        found.extend((agent, epoch, gap) for gap in done.gaps)
        group.fresh += done.fresh
        group.duplicates += done.duplicates
        group.unlisted += done.unlisted
        group.retimed += done.retimed
        group.measured += done.measured
        group.onward += done.onward
        return state.cursors[epoch].low

    def _load(self, connection: sa.Connection, agents: set[str]) -> None:
        """States into memory: those not there yet, or all where another replica may have written."""
        wanted = agents if not self._store.exclusive else agents - self._states.keys()
        if wanted:
            for state in states.load(connection, sorted(wanted), lock=not self._store.exclusive):
                self._states[state.device] = state

    def _jobs(self, connection: sa.Connection, hour: Hour) -> Jobs:
        held = self._hours.get(hour)
        if held is None:
            blob = states.load_tally(connection, *hour, self._writer)
            held = decode(blob) if blob else {}
            if len(self._hours) >= MAX_CACHED_HOURS:
                del self._hours[min(self._hours, key=lambda key: key[1])]
            self._hours[hour] = held
        return held

    def _save(
        self,
        connection: sa.Connection,
        changed: dict[str, State],
        hours: dict[Hour, Jobs],
        found: list[tuple[str, int, Gap]],
    ) -> None:
        states.save(connection, changed.values())
        rows = [
            {"unit": unit, "start": start, "writer": self._writer, "jobs": encode(jobs)}
            for (unit, start), jobs in hours.items()
        ]
        states.save_tallies(connection, rows)
        states.save_gaps(connection, found, self._now())

    def _count(self, pushes: int, group: Absorbed, found: list[tuple[str, int, Gap]]) -> None:
        self._telemetry.pushes.inc(pushes)
        self._telemetry.results.inc(group.fresh)
        self._telemetry.duplicates.inc(group.duplicates)
        self._telemetry.unlisted.inc(group.unlisted)
        self._telemetry.retimed.inc(group.retimed)
        for _, _, gap in found:
            why = gap.reason if gap.reason in GAPS else "other"  # an agent may write anything there
            self._telemetry.gaps.labels(why).inc(gap.last - gap.first + 1)


def _copy(state: State) -> State:
    return structs.replace(state, results=dict(state.results))
