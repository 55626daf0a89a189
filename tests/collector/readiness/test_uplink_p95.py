"""The 95th percentile of 5-minute samples over 7 days, each direction, that TT 06/2026/TT-BKHCN Art. 5.6 asks for."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome, Result, Sample
from checks.kit.wire import Batch
from collector import config
from collector.absorb import Push, absorb
from collector.readiness import profile_file
from collector.readiness.evaluate import evaluate
from collector.readiness.model import Bucket, RequirementState, UnitVerdict, Verdict
from collector.readiness.profile import Profile
from collector.store.states import State
from collector.tally import Jobs, decode, encode
from tests.collector.pushing import Known
from tests.collector.readiness.cities import DAY, HOUR, MINUTE, NOW, pc, ran, state_of, unit
from tests.configs.loading import MEASURES

SAMPLES = 7 * 288
LIMITS = {"uplink_p95_in": "receive", "uplink_p95_out": "transmit"}


class Uplink(Known):
    """A collector that knows the one job."""

    def __init__(self) -> None:
        super().__init__("uplink|")

    @property
    def distributions(self) -> dict[str, tuple[str, ...]]:
        return {"uplink_utilisation": ("direction",)}


@cache
def shipped() -> Profile:
    return profile_file.load(config.SHIPPED / "profiles" / "default.yaml", MEASURES)


def week(value: Callable[[int], tuple[float, float]], count: int = SAMPLES) -> list[Bucket]:
    """The stored half-hours of `count` pushed results, the newest at NOW; `value` gives both directions of each."""
    kept: dict[int, Jobs] = {}
    state = State(device="router")

    def jobs_at(_: str, start: int) -> Jobs:
        return kept.setdefault(start, {})

    results = [
        Result(
            seq=number + 1, check="uplink", outcome=Outcome.OK, at=NOW - (count - 1 - number) * 5 * MINUTE, mono=1,
            boot="b", samples=tuple(
                Sample("uplink_utilisation", share, {"direction": way})
                for way, share in zip(("receive", "transmit"), value(number), strict=True)
            ),
        )
        for number in range(count)
    ]  # fmt: skip
    for first in range(0, count, 100):
        part = results[first : first + 100]
        batch = Batch(v=1, agent="router", epoch=1, oldest=1, boot="c", sent_at=NOW, sent_mono=1, results=part)
        absorb(state, Push(batch, [b"{}"] * len(part), "27259", "router", True, NOW), Uplink(), jobs_at)
    return [Bucket(start=start, office=False, jobs=decode(encode(jobs))) for start, jobs in sorted(kept.items())]


def judged(buckets: list[Bucket], *, now: int = NOW, previous: UnitVerdict | None = None) -> UnitVerdict:
    """The verdict on a ward with that past and a PC that last reported at NOW."""
    router = replace(pc("router", ran("uplink")), role="router")
    return evaluate(shipped(), unit(router, buckets=tuple(buckets)), now, previous)


def nearest_rank(values: list[float], q: float = 0.95) -> float:
    return sorted(values)[math.ceil(q * len(values)) - 1]


def test_the_p95_of_seven_days_is_within_one_percent_in_both_directions() -> None:
    """Busy by day and quiet by night, another way each direction, with bursts over the capacity."""
    chance = random.Random(20_260_622)
    days = [
        (
            chance.betavariate(4, 2) if 90 <= number % 288 < 204 else chance.betavariate(1, 20),
            chance.lognormvariate(-2.5, 1.0),
        )
        for number in range(SAMPLES)
    ]
    verdict = judged(week(lambda number: days[number]))
    for place, name in enumerate(LIMITS):
        exact = 100 * nearest_rank([day[place] for day in days])
        found = state_of(verdict, name)
        assert found.samples == SAMPLES
        assert isinstance(found.value, float)
        assert abs(found.value - exact) <= 0.01 * exact, name


@pytest.mark.parametrize(("full", "state"), [(100, Verdict.READY), (101, Verdict.NOT_READY)])
def test_the_rank_is_the_nearest_one(full: int, state: Verdict) -> None:
    """95 % of 2,016 are 1,915.2: with 101 full samples the 1,916th is full, and the line too busy."""
    buckets = week(lambda number: (0.95, 0.3) if number % 19 == 0 and number // 19 < full else (0.5, 0.3))
    assert state_of(judged(buckets), "uplink_p95_in").state is state
    assert state_of(judged(buckets), "uplink_p95_out").state is Verdict.READY


@pytest.mark.parametrize(
    ("share", "state"),
    [
        (0.70, Verdict.READY),
        (0.7557, Verdict.READY),  # true, and over 75: the half a point that the profile speaks of
        (0.76, Verdict.AT_RISK),
        (0.8999, Verdict.AT_RISK),
        (0.9047, Verdict.AT_RISK),  # true, and over 90
        (0.906, Verdict.NOT_READY),
        (1.20, Verdict.NOT_READY),
    ],
)
def test_what_the_sketch_may_blur_at_the_limits(share: float, state: Verdict) -> None:
    verdict = judged(week(lambda _: (share, 0.1)))
    assert state_of(verdict, "uplink_p95_in").state is state


@pytest.mark.parametrize(("count", "known"), [(1612, False), (1613, True)])
def test_less_than_four_fifths_of_the_week_is_no_p95_of_a_week(count: int, known: bool) -> None:
    found = state_of(judged(week(lambda _: (0.5, 0.5), count)), "uplink_p95_in")
    assert (found.state is Verdict.READY) is known
    assert found.reason == ("" if known else "too_few_samples")


def test_silence_moves_nothing() -> None:
    """A morning without power: the figure stays, and is called unknown only while nobody reports."""
    buckets = week(lambda number: (0.8 if number % 10 == 0 else 0.2, 0.95 if number % 10 == 0 else 0.1))
    before = judged(buckets)
    quiet = judged(buckets, now=NOW + 5 * HOUR, previous=before)
    after = judged(buckets, now=NOW + 2 * MINUTE, previous=quiet)
    for name, state in (("uplink_p95_in", Verdict.AT_RISK), ("uplink_p95_out", Verdict.NOT_READY)):
        states: list[RequirementState] = [state_of(verdict, name) for verdict in (before, quiet, after)]
        assert [found.state for found in states] == [state, Verdict.UNKNOWN, state]
        assert len({(found.value, found.samples) for found in states}) == 1


def test_what_is_older_than_seven_days_does_not_count() -> None:
    old = SAMPLES + 288
    full_first_day = week(lambda number: (2.0 if number < 288 else 0.2, 0.2), old)
    found = state_of(judged(full_first_day), "uplink_p95_in")
    assert found.state is Verdict.READY
    assert SAMPLES <= found.samples <= SAMPLES + 6, "the half-hour that the window cuts counts whole"


def test_an_undeclared_router_holds_up_no_verdict() -> None:
    """Both lines are advice."""
    lines = [line for line in shipped().requirements if line.id in LIMITS]
    assert [(line.mandatory, line.labels, line.window, line.office_hours) for line in lines] == [
        (False, {"direction": way}, 7 * DAY, False) for way in LIMITS.values()
    ]
    assert state_of(judged([]), "uplink_p95_in").state is Verdict.UNKNOWN
