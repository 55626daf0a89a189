"""When jobs run, with the time in the test's hands."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.schedule import Schedule, share
from checks.kit.model import Job


def make(*jobs: Job, device: str = "device", now: float = 0.0) -> Schedule:
    schedule = Schedule(device)
    schedule.replace(jobs, now)
    return schedule


def runs(schedule: Schedule, start: float, end: float, step: float = 1.0) -> list[tuple[float, str]]:
    """What starts, and when, if every run takes no time."""
    found: list[tuple[float, str]] = []
    now = start
    while now < end:
        for job in schedule.due(now, 100):
            found.append((now, job.target))
            schedule.finished(job.key)
        now += step
    return found


def test_every_job_runs_soon_after_the_start_and_then_on_its_interval() -> None:
    """First within 10 seconds, then every interval, at its own place in it."""
    job = Job(check="a", target="x", every=300)
    times = [at for at, _ in runs(make(job), 0, 3600)]
    assert times[0] <= 10
    assert 150 <= times[1] - times[0] <= 450
    assert {later - sooner for sooner, later in pairwise(times[1:])} == {300}
    assert (times[1] - share("device", job.key) * 300) % 300 < 1


def test_a_citys_agents_do_not_fire_together() -> None:
    """8,400 devices started in the same second: no second of the interval gets more than three times its share."""
    job = Job(check="a", target="x", every=300)
    counts = [0] * 300
    for number in range(8400):
        counts[int(share(f"device-{number}", job.key) * 300)] += 1
    assert max(counts) < 3 * 8400 / 300


def test_jobs_of_one_device_are_spread_too() -> None:
    """The place depends on the job, and is the same after a restart."""
    keys = [("connectivity", f"target-{number}") for number in range(20)]
    places = [share("device", key) for key in keys]
    assert len(set(places)) == 20
    assert places == [share("device", key) for key in keys]


def test_a_running_job_is_not_started_again() -> None:
    """It is skipped and counted, and runs again once it has ended."""
    schedule = make(Job(check="a", every=60))
    assert len(schedule.due(10, 4)) == 1
    assert [len(schedule.due(now, 4)) for now in range(11, 190)].count(1) == 0
    assert schedule.skipped in (2, 3)
    schedule.finished(("a", ""))
    assert [len(schedule.due(now, 4)) for now in range(190, 260)].count(1) == 1


def test_jobs_wait_for_a_free_slot() -> None:
    """They are late then, not skipped."""
    schedule = make(*(Job(check="a", target=str(number), every=60) for number in range(6)))
    first = schedule.due(10, 4)
    assert (len(first), schedule.due(10, 0)) == (4, [])
    assert len(schedule.due(11, 4)) == 2
    assert schedule.skipped == 0


def test_waking_from_sleep_does_not_start_everything_at_once() -> None:
    """After eight hours each job runs once, spread over seconds, and no missed run is made up for."""
    jobs = [Job(check="a", target=str(number), every=60) for number in range(40)]
    schedule = make(*jobs)
    runs(schedule, 0, 200)
    woken = [(at, name) for at, name in runs(schedule, 30_000, 30_011, 0.25)]
    assert len(woken) == 40
    assert max([at for at, _ in woken].count(at) for at, _ in woken) < 15


def test_a_new_configuration_keeps_what_did_not_change() -> None:
    """An unchanged job keeps its time, a new one runs soon, a removed one is gone, other params take effect."""
    schedule = make(Job(check="a", every=3600), Job(check="b", every=60))
    schedule.due(10, 4)
    schedule.replace([Job(check="a", every=3600, params={"x": 1}), Job(check="c", every=60)], 20)
    schedule.finished(("a", ""))
    schedule.finished(("b", ""))
    assert {job.check for job in schedule.due(30, 4)} == {"c"}
    assert {job.check: job.params for job in schedule.jobs()} == {"a": {"x": 1}, "c": {}}


def test_a_job_whose_interval_changes_while_it_runs_is_not_started_twice() -> None:
    """The run that is on still counts."""
    schedule = make(Job(check="a", every=3600))
    schedule.due(10, 4)
    schedule.replace([Job(check="a", every=60)], 20)
    assert schedule.due(31, 4) == []
    assert schedule.skipped == 1


def test_without_jobs_there_is_nothing_to_wait_for() -> None:
    """And with one, the wait is never negative."""
    assert make().wait(0) is None
    assert make(Job(check="a", every=60)).wait(10_000) == 0


@settings(max_examples=60, deadline=None)
@given(st.floats(1, 86400), st.floats(0, 1e6), st.text(max_size=5))
def test_the_next_run_is_half_to_one_and_a_half_intervals_away(every: float, now: float, device: str) -> None:
    """Whatever the interval, the time and the device."""
    schedule = make(Job(check="a", every=every), device=device, now=now)
    at = now + (schedule.wait(now) or 0.0) + 1e-3
    assert len(schedule.due(at, 1)) == 1
    wait = schedule.wait(at)
    assert wait is not None
    assert wait == pytest.approx(every, rel=0.51, abs=1)
