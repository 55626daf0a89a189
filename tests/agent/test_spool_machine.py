"""The spool against a model, through any order of what can happen to it."""

from __future__ import annotations

import shutil
import tempfile

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from agent.config import SpoolConfig
from agent.spool import Spool
from checks.kit.wire import Gap
from tests.agent.fakes import FakeClock, make_result, number_of


class SpoolMachine(RuleBasedStateMachine):
    """A collector that keeps interval sets, loses its memory now and then, and an agent that is killed now and then.

    The oracle: when the two have talked it over, every result that was put and not refused is at the collector.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.clock = FakeClock()
        self.config = SpoolConfig(keep_acknowledged_hours=1e3)
        self.spool = Spool(self.folder, self.config, self.clock)
        self.measured = 0
        self.owed: set[int] = set()
        self.forgetful = False
        self.collector: dict[int, dict[int, int | str]] = {}

    def teardown(self) -> None:
        self.settle()
        self.spool.close()
        shutil.rmtree(self.folder)

    def durable(self) -> int:
        held, number = self.collector.get(self.spool.epoch, {}), 1
        while number in held:
            number += 1
        return number

    @rule(job=st.sampled_from(["a", "b", "c"]))
    def measure(self, job: str) -> None:
        number, before = self.measured, self.spool.next
        assert self.spool.put(make_result(number, target=job)) == before
        self.measured += 1
        self.owed.add(number)

    @rule(count=st.integers(1, 8), live=st.booleans(), answered=st.booleans())
    def push(self, count: int, live: bool, answered: bool) -> None:
        """A batch arrives; its answer may be lost."""
        results = self.spool.peek_live(0, count) if live else self.spool.peek_backlog(count)
        gaps = self.spool.gaps(3)
        held = self.collector.setdefault(self.spool.epoch, {})
        for result in results:
            assert held.setdefault(result.seq, number_of(result)) == number_of(result)
        for gap in gaps:
            held.update({seq: gap.reason for seq in range(gap.first, gap.last + 1) if seq not in held})
        if answered:
            self.spool.acknowledge(self.durable(), [result.seq for result in results], gaps)

    @rule(seqs=st.sets(st.integers(1, 40), max_size=10))
    def forget(self, seqs: set[int]) -> None:
        """The collector comes back from a backup that lacks these."""
        held = self.collector.get(self.spool.epoch, {})
        for seq in seqs:
            self.forgetful |= held.pop(seq, None) is not None

    @precondition(lambda self: self.spool.unsent())
    @rule()
    def refuse_one(self) -> None:
        first = self.spool.peek_backlog(1)[0]
        self.spool.quarantine(first.seq, "invalid")
        assert self.spool.numbers()["spool_quarantined"] >= 1
        self.owed.discard(number_of(first))

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = Spool(self.folder, self.config, self.clock)

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.pass_(hours * 3600)
        self.spool.tidy()

    @precondition(lambda self: not self.forgetful)
    @rule(ahead=st.integers(1, 50))
    def disk_restored(self, ahead: int) -> None:
        """The collector knows numbers that this disk has not given out yet."""
        before = self.spool.epoch
        assert self.spool.acknowledge(self.spool.next + ahead, [], []) == "restored"
        assert self.spool.epoch > before

    @rule()
    def settle(self) -> None:
        """Pushing on until nothing waits brings everything over, whatever happened before."""
        for _ in range(200):
            self.push(8, False, True)
            if not self.spool.unsent() and not self.spool.gaps(1) and self.durable() == self.spool.next:
                break
        assert self.spool.durable == self.spool.next
        assert self.spool.acknowledge(self.durable(), [], list[Gap]()) == "ok"
        held = self.collector.get(self.spool.epoch, {})
        assert set(range(1, self.spool.next)) <= set(held)
        arrived = {value for numbers in self.collector.values() for value in numbers.values()}
        assert self.owed <= arrived
        self.forgetful = False


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
