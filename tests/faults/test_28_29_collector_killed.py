"""kill -9 of the collector around a commit: before it, nothing was promised; after it, the resend is absorbed."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from tests.faults.nursery import Nursery
from tests.faults.pushes import RECORDS, Point, Pushes
from tests.faults.rig import rig
from tests.faults.strace import Call

SEED = 20260102
SAMPLE = 8
KILLS = 6
UNITS = ("27259", "26734", "26740")


def important(points: list[Point]) -> list[Point]:
    """Each side of the commit, and the answer: the writer's sync or its last words with the database, what follows
    them, and the main thread's write to the agent."""
    reply = next(point for point in points if point.thread == 0 and point.call.name in ("write", "sendto", "writev"))
    writer = [point for point in points if point.thread != 0]
    last = {call: index for index, (_, (call, _)) in enumerate(writer)}
    commit = last.get("fdatasync", last.get("sendto", 0))
    return [reply, writer[0], writer[commit], writer[commit + 1], writer[commit + 2], writer[-1]]


def test_a_kill_at_any_call_of_a_push_loses_and_doubles_nothing(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    """Before and after the commit, before the answer, and at calls chosen from the rest of the push."""
    with rig(tmp_path, nursery, database_url) as collector:
        device = collector.enrol()
        collector.start()
        pushes = Pushes(collector, device)
        assert pushes.push()
        points = pushes.watched()
        chosen = [*important(points), *random.Random(SEED).sample(points, SAMPLE)]
        missed = [point for point in chosen if not pushes.killed(point)]
        found = pushes.look()
    assert (found.wrong, len(missed) <= 2) == ([], True), f"seed {SEED}, not reached: {missed}"
    assert found.stored == found.acknowledged == (len(chosen) + 2) * RECORDS


def test_a_kill_between_commit_and_reply_stores_one_copy(tmp_path: Path) -> None:
    """The installed command dies on its way into the write of its answer; the resend is counted as duplicates. An agent
    whose connection was cut may send less at first, and one record is enough to hear that all are there."""
    with rig(tmp_path) as collector:
        device = collector.enrol()
        collector.start()
        pushes = Pushes(collector, device)
        assert pushes.push()
        assert pushes.killed(Point(0, Call("write", 1)))
        assert collector.metric("sansang_collector_duplicates_total") in (RECORDS, RECORDS // 2)
        assert collector.metric("sansang_collector_results_total") == 0
        collector.stop()
        found = pushes.look()
    assert (found.wrong, found.stored, found.acknowledged) == ([], 2 * RECORDS, 2 * RECORDS)


def test_kills_at_random_under_load_lose_and_double_nothing(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    """Agents of three units push without pause, verdicts are judged ten times a second, and the collector dies at
    moments that the seed chooses."""
    moments = random.Random(SEED)
    with rig(tmp_path, nursery, database_url, sweep=0.1) as collector:
        devices = [collector.enrol(key, unit) for key, unit in enumerate(UNITS, 1)]
        collector.start()
        agents = [Pushes(collector, *each) for each in zip(devices, range(1, 4), UNITS, strict=True)]
        stop = threading.Event()
        threads = [threading.Thread(target=agent.push_until, args=(stop,)) for agent in agents]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            time.sleep(moments.uniform(0.05, 0.4))
            collector.kill()
            collector.start()
        stop.set()
        for thread in threads:
            thread.join()
        assert all(agent.push() for agent in agents)
        found = [agent.look() for agent in agents]
    assert [each.wrong for each in found] == [[], [], []], f"seed {SEED}"
    assert all(each.stored == each.acknowledged >= KILLS * RECORDS for each in found)
