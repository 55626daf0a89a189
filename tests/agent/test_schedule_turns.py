"""Jobs out of turn: put off to a time that is not their own, hastened, and back at their place afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.schedule import Schedule, share
from checks.kit.model import Job
from tests.agent.test_schedule import make

DAILY = Job(check="bandwidth", every=86_400)
KEY = DAILY.key


def put_off(schedule: Schedule, now: float, at: float) -> None:
    """One run at `now` that is postponed to `at`."""
    assert [job.key for job in schedule.due(now, 1)] == [KEY]
    schedule.postpone(KEY, at)
    schedule.finished(KEY)


def test_a_postponed_job_comes_when_it_asked_to_and_then_at_its_own_place() -> None:
    """Nothing is skipped for it."""
    schedule = make(DAILY)
    put_off(schedule, 10, 7200)
    assert schedule.due(7199, 4) == []
    assert schedule.wait(7000) == 200
    put_off(schedule, 7200, 9000)
    assert [job.key for job in schedule.due(9000, 4)] == [KEY]
    schedule.finished(KEY)
    assert schedule.skipped == 0
    place = share("device", KEY) * DAILY.every
    assert ((schedule.wait(9000) or 0) + 9000 - place) % DAILY.every == pytest.approx(0, abs=1e-3)


def test_office_hours_bring_no_postponed_job_nearer() -> None:
    """All of a city's PCs were told when to ask again; the beginning of the day is no reason to ask at once."""
    schedule = make(DAILY)
    schedule.turn(lambda _: 86_400.0, 0)
    put_off(schedule, 10, 20_000)
    schedule.turn(lambda _: 900.0, 1000)
    assert schedule.wait(1000) == 19_000
    schedule.turn(lambda _: None, 2000)
    assert schedule.wait(2000) is None
    schedule.turn(lambda _: 900.0, 3000)
    assert schedule.wait(3000) == 17_000


def test_a_new_configuration_leaves_a_postponed_job_its_time() -> None:
    """Other params, and another interval too."""
    schedule = make(DAILY)
    put_off(schedule, 10, 20_000)
    schedule.replace([Job(check="bandwidth", every=86_400, params={"seconds": 5})], 100)
    schedule.replace([Job(check="bandwidth", every=43_200)], 200)
    assert schedule.wait(200) == 19_800
    assert schedule.due(200, 4) == []
    assert [job.every for job in schedule.due(20_000, 4)] == [43_200]


def test_sleep_brings_only_the_postponed_nearer() -> None:
    """Their time is that of a lease; the others are spread when the PC wakes."""
    schedule = make(DAILY, Job(check="lan", every=600))
    schedule.due(10, 4)
    schedule.finished(("lan", ""))
    schedule.postpone(KEY, 20_000)
    schedule.finished(KEY)
    lan = schedule.wait(10) or 0
    schedule.slept(19_900)
    assert schedule.wait(10) == 90
    assert lan > 90
    assert [job.key for job in schedule.due(100, 4)] == [KEY]


def test_a_hurry_brings_the_job_now() -> None:
    """One that waits for its lease too; there is nothing to hasten where no such job is."""
    schedule = make(DAILY, Job(check="bandwidth", target="b", every=86_400))
    for job in schedule.due(10, 4):
        schedule.postpone(job.key, 20_000)
        schedule.finished(job.key)
    assert not schedule.hurry("realtime", 100)
    assert schedule.hurry("bandwidth", 100)
    assert [job.key for job in schedule.due(100, 4)] == [KEY]
    assert (schedule.wait(100) or 0) > 10_000


def test_a_hurry_during_a_run_makes_another_one() -> None:
    """However that run ends: it did not know of the hurry, and it counts as no skipped run."""
    for ends_postponed in (False, True):
        schedule = make(DAILY)
        assert len(schedule.due(10, 4)) == 1
        assert schedule.hurry("bandwidth", 20)
        assert schedule.due(30, 4) == []
        if ends_postponed:
            schedule.postpone(KEY, 9000)
        schedule.finished(KEY)
        assert [job.key for job in schedule.due(40, 4)] == [KEY]
        schedule.finished(KEY)
        assert schedule.due(50, 4) == []
        assert schedule.skipped == 0


def test_a_hurry_does_not_open_an_office() -> None:
    """A job that may not run now comes when it may."""
    schedule = make(DAILY)
    schedule.due(10, 4)
    schedule.finished(KEY)
    schedule.turn(lambda _: None, 20)
    assert schedule.hurry("bandwidth", 30)
    assert schedule.due(40, 4) == []
    schedule.turn(lambda _: 86_400.0, 1000)
    assert 0 <= (schedule.wait(1000) or 0) <= 900


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1, 86_400), min_size=1, max_size=20), st.sampled_from([60.0, 900.0, 86_400.0]))
def test_however_often_it_is_put_off_it_comes_each_time(delays: list[float], every: float) -> None:
    """At the very time, beside another job that goes on, and once more on its interval in the end."""
    schedule = make(Job(check="bandwidth", every=every), Job(check="lan", every=60))
    now = 10.0
    assert len(schedule.due(now, 4)) == 2
    for delay in delays:
        schedule.postpone(KEY, now + delay)
        schedule.finished(KEY)
        schedule.finished(("lan", ""))
        now += delay
        started = {job.check for job in schedule.due(now, 4)}
        if "bandwidth" not in started:  # a whole interval of a short job went by: it is spread over a few seconds
            now += min(10.0, every)
            started = {job.check for job in schedule.due(now, 4)}
        assert "bandwidth" in started
    schedule.finished(KEY)
    schedule.finished(("lan", ""))
    assert schedule.skipped == 0
    later = [job.check for step in range(1, 20) for job in schedule.due(now + step * every / 10, 4)]
    assert "bandwidth" in later
