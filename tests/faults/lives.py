"""An agent that is killed and comes back, again and again, with one spool."""

from __future__ import annotations

import os
import signal

import msgspec

from tests.collector.pushing import wall
from tests.faults.driver import Life
from tests.faults.nursery import Nursery
from tests.faults.oracle import Findings, Oracle
from tests.faults.rig import Rig
from tests.faults.strace import Call, Strace, calls


class Lives:
    """The lives of one device of `rig`, forked by `nursery`."""

    def __init__(self, rig: Rig, nursery: Nursery, device: str) -> None:
        self._rig, self._nursery = rig, nursery
        self._folder = rig.folder / "agent"
        self._folder.mkdir()
        self.journal, self.log = self._folder / "journal", rig.folder / "agent.log"
        base = wall() - 3_600_000_000
        self._life = Life(folder=str(self._folder), url=rig.url, device=device, base=base, first=0, records=3)
        self.oracle = Oracle(base)

    def whole(self) -> None:
        """A life without a fault."""
        pid = self._begin(stopped=False)
        assert self._nursery.wait(pid) == 0, self.log.read_text()
        self._end()

    def watched(self) -> list[Call]:
        """A life without a fault: the system calls it makes."""
        trace = self._rig.folder / "trace"
        pid = self._begin(stopped=True)
        strace = Strace(pid, log=trace)
        os.kill(pid, signal.SIGCONT)
        assert self._nursery.wait(pid) == 0, self.log.read_text()
        strace.over()
        self._end()
        return calls(trace)[pid]

    def killed(self, last: Call) -> bool:
        """A life that ends before the call `last`; False when it came to its end without making it."""
        pid = self._begin(stopped=True)
        strace = Strace(pid, kill=last)
        os.kill(pid, signal.SIGCONT)
        code = self._nursery.wait(pid)
        strace.over()
        assert code in (0, -signal.SIGKILL), self.log.read_text()
        self._end()
        return code != 0

    @property
    def records(self) -> int:
        """How many records each life measures."""
        return self._life.records

    @records.setter
    def records(self, number: int) -> None:
        self._life.records = number

    def look(self, *, drained: bool = True) -> Findings:
        """`drained`: the last life came to its end."""
        return self.oracle.look(self._rig.database, self._life.device, drained=drained)

    def look_while_faulty(self, when: str) -> None:
        """Asserts that what was promised so far is kept."""
        found = self.look(drained=False)
        assert found.wrong == [], when

    def _begin(self, *, stopped: bool) -> int:
        settings = self._folder / "life.json"
        settings.write_bytes(msgspec.json.encode(self._life))
        return self._nursery.start("tests.faults.driver:main", str(settings), log=self.log, stopped=stopped)

    def _end(self) -> None:
        self._life.first += self._life.records
        self.oracle.read(self.journal)
