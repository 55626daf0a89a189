"""The collector commits, its answer is lost on the way: the batch comes again, and one copy is kept."""

from __future__ import annotations

import pytest

from agent.http import HttpError
from tests.faults.oracle import Oracle
from tests.faults.proxy import proxy, replaying
from tests.faults.rig import Agent, Rig

LOST = 4


def test_a_lost_acknowledgement_is_answered_again_and_stored_once(collector: Rig) -> None:
    """It is sent, in smaller batches each time, until an answer arrives; repetitions are counted as duplicates."""
    device = collector.enrol()
    collector.start()
    with proxy(collector.port, lambda number: "lose reply" if number <= LOST else "pass") as between:
        agent = Agent(collector.folder / "agent", between.url, device)
        oracle = Oracle(agent.base)
        agent.measure(20)
        for _ in range(LOST):
            with pytest.raises(HttpError, match=r"the connection was closed before the reply's end"):
                agent.pusher.drain()
            assert (agent.spool.durable, agent.spool.unsent()) == (1, 20)
        while agent.spool.unsent():
            assert agent.pusher.drain() is None
        agent.measure()
        assert agent.pusher.drain() is None
        agent.close()
    oracle.read(agent.journal)
    found = oracle.look(collector.database, device)
    assert (found.wrong, found.stored, found.acknowledged) == ([], 21, 21)
    assert collector.metric("sansang_collector_results_total") == 21
    assert collector.metric("sansang_collector_duplicates_total") >= LOST


def test_an_acknowledgement_of_another_batch_lets_nothing_go(collector: Rig) -> None:
    """A reply that was recorded earlier names other bytes: the agent keeps what it sent."""
    device = collector.enrol()
    collector.start()
    with proxy(collector.port) as between:
        agent = Agent(collector.folder / "agent", between.url, device)
        agent.measure(3)
        assert agent.pusher.drain() is None
        answered = next(reply for reply in between.replies if b'"batch"' in reply)
    with replaying(answered) as port:
        agent.spool.close()
        again = Agent(collector.folder / "agent", f"http://127.0.0.1:{port}", device)
        again.count = 3
        again.measure(2)
        assert again.pusher.drain() is not None
        assert again.pusher.contact.state == "bad_answer"
        assert again.pusher.contact.message == "the acknowledgement names another batch"
        assert (again.spool.durable, again.spool.unsent()) == (4, 2)
        again.close()
