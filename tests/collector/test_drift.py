"""How fast a clock runs away, from pushes that a network delays; a clock that is set, and a boot, start afresh."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import msgspec
import pytest

from collector.drift import REACH, TOLERANCE, WINDOW, Drift, observe

EPOCH = 1_793_000_000.0
HOUR = 3600.0
Way = Callable[[], float]


def prompt() -> float:
    return 0.0


def pushes(ppm: float, hours: float, way: Way = prompt, every: float = 60.0, first: float = 0.0) -> Iterator[Drift]:
    """What is held after each push of a device whose clock gains `ppm`, one a minute, each under way for `way` s."""
    held = None
    for number in range(int(hours * 3600 / every)):
        at = number * every
        held = observe(held, EPOCH + at, first + ppm * 1e-6 * at - way(), True)
        yield held


def last(found: Iterator[Drift]) -> Drift:
    *_, held = found
    return held


@pytest.mark.parametrize("ppm", [0.0, 50.0, -80.0, 400.0])
def test_the_drift_of_a_clock_on_a_prompt_network_is_exact(ppm: float) -> None:
    """In seconds per second, positive when it gains."""
    assert last(pushes(ppm, 2)).ratio == pytest.approx(ppm * 1e-6, abs=1e-9)


def test_nothing_is_said_before_ten_minutes_lie_between_two_points() -> None:
    """A slope over less would be the network's."""
    early = [held.ratio for held in pushes(50.0, 2) if held.began - EPOCH < 2 * WINDOW]
    assert early
    assert set(early) == {None}


@pytest.mark.parametrize(("hours", "within"), [(2.0, 25e-6), (12.0, 4e-6), (72.0, 2e-6)])
def test_delays_of_a_bad_line_average_out_of_a_long_baseline(hours: float, within: float) -> None:
    """0.1 s on average with a long tail, on top of 20 ms: the greatest offsets of two windows are little disturbed."""
    chance = random.Random(7)
    held = last(pushes(50.0, hours, lambda: 0.02 + min(chance.expovariate(10), 0.9), first=3.0))
    assert held.ratio == pytest.approx(50e-6, abs=within)


def test_one_push_that_was_held_up_is_let_pass() -> None:
    """And two that were not in a row."""
    late = {40, 55, 90}
    count = iter(range(10_000))
    held = last(pushes(50.0, 3, lambda: 30.0 if next(count) in late else 0.0))
    assert held.ratio == pytest.approx(50e-6, abs=1e-9)
    assert held.from_at < EPOCH + WINDOW


def test_a_clock_that_is_set_starts_afresh() -> None:
    """The second push that shows it is believed, and the drift is unknown again."""
    held = last(pushes(50.0, 2))
    at = EPOCH + 2 * HOUR
    once = observe(held, at, 3600.0, True)
    twice = observe(once, at + 60, 3600.0, True)
    assert (once.ratio, once.odd, once.from_at) == (held.ratio, 1, held.from_at)
    assert (twice.ratio, twice.odd, twice.from_at, twice.from_offset) == (None, 0, at + 60, 3600.0)


def test_a_fitting_push_between_two_odd_ones_forgets_the_first() -> None:
    """Only two in a row are a clock that was set."""
    start, at = last(pushes(0.0, 1)), EPOCH + HOUR
    held = observe(observe(start, at, -50.0, True), at + 60, -0.5, True)
    assert held.odd == 0
    assert observe(held, at + 120, -50.0, True).from_at == start.from_at


def test_a_new_boot_starts_afresh() -> None:
    """A clock is set from its battery then."""
    held = observe(last(pushes(50.0, 2)), EPOCH + 2 * HOUR, 0.4, False)
    assert (held.from_at, held.ratio) == (EPOCH + 2 * HOUR, None)


def test_our_own_clock_set_back_starts_afresh() -> None:
    """Times that run backwards make no slope."""
    held = observe(last(pushes(50.0, 2)), EPOCH - 5, 0.0, True)
    assert (held.from_at, held.ratio) == (EPOCH - 5, None)


def test_a_night_without_pushes_is_no_step() -> None:
    """The longer the silence, the further a crystal may have run."""
    held = last(pushes(50.0, 2))
    after = observe(held, EPOCH + 14 * HOUR, 50e-6 * 14 * HOUR + TOLERANCE / 2, True)
    assert (after.odd, after.from_at) == (0, held.from_at)


def test_what_is_compared_stays_within_a_day_or_so() -> None:
    """A drift that changes is followed: the point compared with moves on."""
    for held in pushes(50.0, 100, every=300.0):
        assert held.best_at - held.from_at <= REACH + 2 * WINDOW
    assert held.from_at > EPOCH + 2 * REACH


def test_what_is_kept_is_small_and_comes_back_from_storage() -> None:
    """Nine numbers, however long it runs."""
    held = last(pushes(50.0, 30, every=300.0))
    blob = msgspec.msgpack.encode(held)
    assert len(blob) <= 80
    assert msgspec.msgpack.decode(blob, type=Drift) == held
