"""An agent that pushes to a collector that is killed and comes back, again and again, with one database."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import NamedTuple

from agent.http import HttpError
from tests.collector.pushing import XOM_CHIEU
from tests.faults.oracle import Findings, Oracle
from tests.faults.rig import Agent, Rig
from tests.faults.strace import Call, Strace, calls

RECORDS = 3
SOON = 2.0
WAITS = ("futex",)
"""Threads waiting for each other: how often depends on the moment, so the n-th of them is no place to aim at."""
BUSY = ("fdatasync", "sendto", "pwrite64", "sendmsg", "write", "writev", "send")


class Point(NamedTuple):
    """A system call of the collector: its thread's place among the threads, in the order they were started."""

    thread: int
    call: Call


class Pushes:
    """The pushes of one agent, in this process, to the collector of `rig`, which runs."""

    def __init__(self, rig: Rig, device: str, key: int = 1, unit: str = XOM_CHIEU) -> None:
        self.rig, self._device = rig, device
        self.agent = Agent(rig.folder / f"agent-{key}", rig.url, device, key)
        self.oracle = Oracle(self.agent.base, unit)

    def push(self) -> bool:
        """Measures some records and sends all that waits; False when no answer came."""
        self.agent.measure(RECORDS)
        return self._send()

    def push_until(self, stop: threading.Event) -> None:
        """Pushes, whether the collector lives or not."""
        while not stop.is_set():
            if not self.push():
                time.sleep(0.02)

    def watched(self) -> list[Point]:
        """One push without a fault: what the collector's threads call, those that write something."""
        trace = self.rig.folder / "trace"
        strace = Strace(self.rig.pid, log=trace)
        assert self.push()
        strace.let_go()
        order, found = self._threads(), calls(trace)
        busy = [thread for thread, made in found.items() if any(call.name in BUSY for call in made)]
        points = [Point(order.index(thread), call) for thread in sorted(busy) for call in found[thread]]
        return [point for point in points if point.call.name not in WAITS]

    def killed(self, point: Point) -> bool:
        """One push whose collector dies before the call `point`, and the next one to its successor. False when the
        collector did not make that call."""
        strace = Strace(self._threads()[point.thread], kill=point.call)
        answered = self.push()
        if answered and not self._died():
            strace.let_go()
            return False
        strace.over()
        assert self.rig.ended() == -signal.SIGKILL
        self.rig.start()
        assert self._send()
        return True

    def look(self) -> Findings:
        """Once everything was sent."""
        self.oracle.read(self.agent.journal)
        return self.oracle.look(self.rig.database, self._device)

    def _send(self) -> bool:
        try:
            return self.agent.pusher.drain() is None
        except HttpError:
            return False

    def _died(self) -> bool:
        """Whether a collector that has answered made its last call soon after."""
        until = time.monotonic() + SOON
        stat = Path(f"/proc/{self.rig.pid}/stat")
        while (dead := stat.read_text().rpartition(") ")[2][0] in "ZX") is False and time.monotonic() < until:
            time.sleep(0.01)
        return dead

    def _threads(self) -> list[int]:
        return sorted(int(entry.name) for entry in Path(f"/proc/{self.rig.pid}/task").iterdir())
