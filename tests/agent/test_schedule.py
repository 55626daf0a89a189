"""When jobs run, with the time in the test's hands."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.schedule import RETURN, Schedule, share
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


def turning(schedule: Schedule, plan: dict[float, float | None], end: float, step: float = 1.0) -> list[float]:
    """When runs start, with the interval of `plan` in force from each of its times on."""
    found: list[float] = []
    now, present = 0.0, 0.0
    while now < end:
        present = max(at for at in plan if at <= now)
        schedule.turn(lambda _, interval=plan[present]: interval, now)  # type: ignore[misc]
        for job in schedule.due(now, 100):
            found.append(now)
            schedule.finished(job.key)
        now += step
    return found


def test_a_job_that_may_not_run_does_not() -> None:
    """And wakes nobody meanwhile."""
    schedule = make(Job(check="a", every=60))
    schedule.turn(lambda _: None, 0)
    assert schedule.wait(0) is None
    assert schedule.due(1000, 4) == []
    assert schedule.skipped == 0


def test_the_return_of_office_hours_does_not_fire_a_city_together() -> None:
    """2,000 PCs that were on all night, hourly: at half past seven each comes within a quarter of an hour, and no
    second gets more than its share and chance explain."""
    job = Job(check="a", target="x", every=900)
    starts: list[float] = []
    for number in range(2000):
        times = turning(make(job, device=f"pc-{number}"), {0.0: 3600.0, 8000.0: 900.0}, 9000, 10.0)
        starts.append(next(at for at in times if at >= 8000))
    assert max(starts) <= 8900 + 10
    counts = [starts.count(8000.0 + tenth * 10) for tenth in range(91)]
    assert max(counts) < 3 * 2000 / 90


def test_what_fell_due_while_closed_is_made_up_for_soon() -> None:
    """A daily job of office hours runs within a quarter of an hour of their beginning, although its place in the day
    lies outside of them for most PCs; then every day or every second one."""
    day, office = 86_400.0, 14_400.0
    plan: dict[float, float | None] = {0.0: None}
    for number in range(1, 6):
        plan |= {number * day: day, number * day + office: None}
    for device in ("a", "b", "c", "d", "e"):
        times = turning(make(Job(check="a", every=day), device=device), plan, 6 * day, 60.0)
        assert times[0] - day <= RETURN + 60
        assert all(at % day < office for at in times)
        assert max(later - sooner for sooner, later in pairwise([*times, 6 * day])) <= 2 * day


def test_a_longer_interval_begins_after_the_next_run() -> None:
    """Closing time cancels nothing that is planned, and then the job has its place in the longer interval."""
    times = turning(make(Job(check="a", every=300)), {0.0: 300.0, 4000.0: 1800.0}, 20_000)
    later = [at for at in times if at > 4300]
    assert [at for at in times if 4000 < at <= 4300]
    assert {b - a for a, b in pairwise(later[1:])} == {1800}


def test_a_check_gets_no_more_than_its_room() -> None:
    """The others of it wait without waking anybody, and other checks go on."""
    schedule = make(*(Job(check="a", target=str(n), every=60) for n in range(4)), Job(check="b", every=60))
    started = schedule.due(10, 4, {"a": 2, "b": 9}.__getitem__)
    assert sorted(job.check for job in started) == ["a", "a", "b"]
    full = {"a": 0, "b": 9}.__getitem__
    assert schedule.due(11, 4, full) == []
    assert (schedule.wait(11, full) or 0) > 10
    assert schedule.wait(11) == 0


def test_what_waits_for_a_budget_keeps_its_place() -> None:
    """The oldest goes first however long it took, each run that waited is counted once, and none is dropped."""
    schedule = make(*(Job(check="a", target=str(n), every=60 if n else 3600) for n in range(3)))
    for now in range(10, 2000):
        schedule.defer(now)
    assert (schedule.deferred, schedule.skipped) == (3, 0)
    order = sorted((share("device", ("a", str(n))) * 10, str(n)) for n in range(3))
    assert [job.target for job in schedule.due(2000, 1)] == [order[0][1]]
    assert [job.target for job in schedule.due(2001, 2)] == [order[1][1], order[2][1]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5000), st.sampled_from([None, 60.0, 300.0, 3600.0])), max_size=12))
def test_whatever_turns_an_open_job_runs_within_its_interval(turns: list[tuple[int, float | None]]) -> None:
    """No sequence of openings and closings starves a job: open for an interval and a half, it runs."""
    plan: dict[float, float | None] = {0.0: 300.0}
    now = 0.0
    for after, interval in turns:
        now += after
        plan[now] = interval
    plan[now + 1] = 300.0
    times = turning(make(Job(check="a", every=300)), plan, now + 1200, 5.0)
    assert any(now + 1 <= at <= now + 1 + 450 + 5 for at in times)
