"""The collector is away for a while: what was measured meanwhile arrives once, with its own time, the newest first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from agent.http import HttpError
from checks.kit.model import Outcome, Result, Sample
from collector import tally
from collector.store import states
from collector.store.engine import Store
from collector.store.states import State
from tests.collector.pushing import BOOT, XOM_CHIEU, Sender, enrolled, wall
from tests.faults.proxy import proxy
from tests.faults.records import target_of
from tests.faults.resident import Resident
from tests.faults.rig import Agent, Rig, rig, wait_until

MINUTE = 60_000_000
DAYS = 3
EVERY = 10
JOBS = 4
Place = tuple[int, str]


def stored(collector: Rig, device: str) -> tuple[State, Counter[Place]]:
    """The device's row, and how many runs of each job each half-hour of its unit counts."""
    store = Store(collector.database)
    try:
        with store.reader() as connection:
            rows = states.load_tallies(connection, XOM_CHIEU, 0, 2**40)
            counted = Counter(
                {(start, key): counts.runs for start, blob in rows for key, counts in tally.decode(blob).items()}
            )
            return next(states.load(connection, [device])), counted
    finally:
        store.close()


def places(results: list[Result]) -> Counter[Place]:
    return Counter((tally.bucket_of(each.at), tally.job_key(each.check, each.target)) for each in results)


def newest(results: list[Result]) -> dict[str, tuple[int, int, bytes]]:
    """Each job's last result as the collector must hold it."""
    return {
        tally.job_key(each.check, each.target): (each.seq, each.at, msgspec.json.encode(each))
        for each in sorted(results, key=lambda result: result.seq)
    }


def held(state: State) -> dict[str, tuple[int, int, bytes]]:
    return {key: (latest.seq, latest.at, latest.raw) for key, latest in state.results.items()}


def three_days(now: int) -> list[Result]:
    """A result every ten minutes of three days, of a few jobs in turn."""
    return [
        Result(
            check="connectivity", target=target_of(number % JOBS), outcome=Outcome.OK, detail=f"record {number}",
            at=now - DAYS * 1440 * MINUTE + number * EVERY * MINUTE, mono=number, boot=BOOT,
            samples=(Sample("connectivity_up", float(number)),),
        )
        for number in range(DAYS * 1440 // EVERY)
    ]  # fmt: skip


def test_after_three_days_the_present_arrives_first_and_then_all_history(collector: Rig) -> None:
    """One request in, the collector knows each job's newest result and nothing below; then every half-hour is whole."""
    device = collector.enrol()
    collector.start()
    results = three_days(wall())
    with proxy(collector.port, lambda number: "pass" if number == 1 or arrived else "lose request") as between:
        arrived: list[bool] = []
        agent = Agent(collector.folder / "agent", between.url, device)
        for result in results:
            result.seq = agent.spool.put(result)
        wait_until(lambda: between.batches > 1 or not drained(agent), "no second request")
        state, _ = stored(collector, device)
        assert held(state) == newest(results)
        assert (state.cursors[agent.spool.epoch].low, agent.spool.unsent()) == (1, len(results) - JOBS)
        arrived.append(True)
        assert drained(agent)
        agent.close()
    state, counted = stored(collector, device)
    cursor = state.cursors[agent.spool.epoch]
    assert (cursor.low, cursor.ahead) == (len(results) + 1, [])
    assert (counted, held(state)) == (places(results), newest(results))


def drained(agent: Agent) -> bool:
    """Whether a drain came to its end."""
    try:
        return agent.pusher.drain() is None
    except HttpError:
        return False


def test_the_installed_programs_go_on_after_an_outage(tmp_path: Path) -> None:
    """The collector is stopped while the agent measures, and started again: every result of the spool is stored once,
    those of the outage with the failures they saw."""
    with rig(tmp_path, every="1s", targets=2) as collector:
        store = Store(collector.database)
        store.open()
        agent = Resident(tmp_path / "pc", collector.url, "")
        sender = Sender()
        sender.signer.public = agent.key.public
        device = enrolled(store, sender).device
        store.close()
        agent = Resident(tmp_path / "pc", collector.url, device)
        collector.start()
        with agent.running():
            pushed = "sansang_collector_pushes_total"
            wait_until(lambda: collector.metric(pushed) > 0, "no batch arrives", agent.log)
            collector.stop()
            wait_until(lambda: agent.health().get("spool_records", 0) >= 6, "nothing is spooled", agent.log)
            collector.start()
            wait_until(lambda: collector.metric(pushed) > 1, "the agent does not come back", agent.log)
            wait_until(lambda: not agent.health()["spool_records"], "the backlog is not sent", agent.log)
        results = agent.spooled()
        wait_until(lambda: stored(collector, device)[1].total() > 0, "nothing is counted")
        collector.stop()
        state, counted = stored(collector, device)
    low = next(iter(state.cursors.values())).low
    sent = [each for each in results if each.seq < low]
    assert [each.seq for each in results] == list(range(1, len(results) + 1))
    assert len(results) - len(sent) <= 4
    assert (counted, held(state)) == (places(sent), newest(sent))
    assert [each.reason for each in sent].count("tcp_refused") >= 2
