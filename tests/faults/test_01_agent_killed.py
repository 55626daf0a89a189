"""kill -9 of the agent between any two system calls of a push: nothing acknowledged is lost or stored twice."""

from __future__ import annotations

import random

from tests.faults.lives import Lives
from tests.faults.nursery import Nursery
from tests.faults.rig import Rig

POINTS = 120
MISSED = 6
"""Calls that a life makes now and then, as the allocator's, may be aimed at and not come."""
SEED = 20260101


def begin(collector: Rig, nursery: Nursery) -> Lives:
    """An agent that has pushed once."""
    device = collector.enrol()
    collector.start()
    lives = Lives(collector, nursery, device)
    lives.whole()
    return lives


def test_a_kill_at_any_call_of_a_push_loses_nothing_that_the_spool_took(collector: Rig, nursery: Nursery) -> None:
    """Collect, write, sync, send, be acknowledged, trim: killed before calls spread over all of it, in random order."""
    lives = begin(collector, nursery)
    points = lives.watched()
    chosen = random.Random(SEED).sample(points, POINTS)
    kills = 0
    for last in chosen:
        kills += lives.killed(last)
        lives.look_while_faulty(f"seed {SEED}, killed before {last}")
    lives.whole()
    found = lives.look()
    assert (found.wrong, kills >= POINTS - MISSED) == ([], True), f"seed {SEED}, {kills} kills"
    assert found.stored == found.acknowledged > POINTS
    assert found.unflushed <= kills


def test_the_calls_that_matter_are_among_those_it_is_killed_at(collector: Rig, nursery: Nursery) -> None:
    """The window holds writes and syncs of the spool, the send, the answer, and the writes of settling and trimming."""
    lives = begin(collector, nursery)
    names = [call.name for call in lives.watched()]
    send, answer = names.index("sendto"), names.index("recvfrom")
    assert {"pwrite64", "fdatasync"} <= set(names[:send])
    assert send < answer
    assert {"pwrite64", "fdatasync"} <= set(names[answer:])


def test_a_kill_before_the_answer_is_read_sends_the_same_again(collector: Rig, nursery: Nursery) -> None:
    """The collector has the batch, the agent does not know it: one copy is kept, and the duplicates are counted."""
    lives = begin(collector, nursery)
    points = lives.watched()
    answer = next(call for call in points if call.name == "recvfrom")
    assert all(lives.killed(answer) for _ in range(5))
    lives.whole()
    assert lives.look().wrong == []
    assert collector.metric("sansang_collector_duplicates_total") >= 5 * lives.records
