"""Simulated devices run their jobs when real agents do."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import remote, schedule
from checks.kit import registry
from collector.plan import Limits
from collector.served import DeviceConfig, OfficeHours, Push, ServedJob, ServedWindow
from collector.simulate import timetable

MONDAY = 1_795_366_800
"""23 November 2026, 0:00 in Viet Nam."""
JOBS = [
    ServedJob(check="lan", every=600.0, off_hours_every=900.0),
    ServedJob(check="clock", every=3600.0),
    ServedJob(check="device", every=7200.0, off_hours_every=0.0),
    ServedJob(check="power", every=900.0, off_hours_every=3600.0),
]
CONFIG = DeviceConfig(
    etag="e", unit="27259", jobs=JOBS, push=Push(300.0),
    hours=OfficeHours(25_200, [(450, 690), (780, 1020), (1890, 2130)]),
    maintenance=[
        ServedWindow(begin=MONDAY + 9 * 3600, end=MONDAY + 10 * 3600, checks=("clock",)),
        ServedWindow(begin=MONDAY + 14 * 3600, end=MONDAY + 15 * 3600),
    ],
    limits=Limits(),
)  # fmt: skip
REAL = remote.decode(msgspec.json.encode(CONFIG), [job.check for job in JOBS], registry.load)


@given(st.integers(MONDAY - 86_400, MONDAY + 8 * 86_400), st.sampled_from(range(len(JOBS))))
def test_an_interval_is_the_agent_s(at: int, number: int) -> None:
    """By office hours and maintenance, as the agent reads the same configuration."""
    assert timetable.interval(CONFIG, JOBS[number], at) == REAL.timetable.interval(REAL.jobs[number], at)


def test_a_job_s_place_in_its_interval_is_the_agent_s() -> None:
    """Hashed from the device and the job."""
    for job in JOBS:
        assert timetable.share("0b0b-1", job) == schedule.share("0b0b-1", job.key)


def test_times_keep_to_the_interval() -> None:
    """A day of a job that rests at night: in office hours only, at its own place."""
    found = list(timetable.times(CONFIG, JOBS[2], 0.25, MONDAY, MONDAY + 86_400))
    assert found
    assert all(timetable.interval(CONFIG, JOBS[2], at) == 7200 for at in found)
    assert {round(at - MONDAY) % 7200 for at in found} == {1800}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: str(job.check))
def test_nothing_runs_while_all_is_kept_from_running(job: ServedJob) -> None:
    """In the window without names."""
    begin = MONDAY + 14 * 3600
    assert list(timetable.times(CONFIG, job, 0.0, begin, begin + 3600)) == []
