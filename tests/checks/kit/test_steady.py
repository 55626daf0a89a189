"""When a test of throughput may stop: slow starts, bursts, loss and lines that never settle. Rates in Mbit/s."""

from __future__ import annotations

import random

import pytest

from checks.kit import steady
from checks.kit.steady import Estimate, estimate, late, rates, stable

# measured over shaped lines, intervals of 0.25 s; the truth is the shaper's payload
FIRST_50MS = [9.0, 18.6, 20.0, 19.3, 19.3, 19.3, 19.3, 19.3, 19.3, 19.3, 19.3, 19.3]
FIRST_100MS = [1.3, 5.2, 17.5, 7.5, 16.2, 22.3, 31.1, 19.3, 19.2, 19.3, 19.3, 19.2, 19.2]
BUCKET = [75.1, 68.4, 47.8, 47.8, 47.8, 47.8, 47.8, 47.8, 47.8, 47.8, 47.8, 47.8]
GROWING = [843.5, 631.4, 603.8, 718.3, 637.1, 715.9, 679.0, 682.1, 754.6, 748.5, 773.2, 814.7, 859.2, 903.2, 994.1]


def found(series: list[float]) -> Estimate:
    best = estimate(series)
    assert best
    return best


def first(series: list[float], error: float = 0.05, least: int = 12) -> Estimate | None:
    """The estimate of the first moment, from `least` intervals on, at which it is stable."""
    for count in range(least, len(series) + 1):
        if best := stable(series[:count], 0, error):
            return best
    return None


@pytest.mark.parametrize(
    ("series", "truth", "start"),
    [(FIRST_50MS, 19.31, 3), (FIRST_100MS, 19.31, 7), (BUCKET, 47.82, 2)],
    ids=["20 Mbit/s, 50 ms", "20 Mbit/s, 100 ms", "token bucket of 2 MB before 50 Mbit/s"],
)
def test_warm_up_and_ended_burst_are_cut_off(series: list[float], truth: float, start: int) -> None:
    """What is left is the line's rate to half a percent, and the bound says as much."""
    best = found(series)
    assert best.start == start
    assert best.rate == pytest.approx(truth, rel=0.005)
    assert best.error < 0.01


def test_what_still_grows_is_not_stable() -> None:
    """Its bound stays past what a test may stop at."""
    assert first(GROWING) is None
    assert first([10.0 + 0.8 * index for index in range(40)]) is None


def test_a_burst_that_still_lasts_is_taken_for_the_line_and_one_that_ends_is_not() -> None:
    """The limit that full tests are there for: three seconds of 95 look like a line of 95."""
    burst = [95.6] * 6 + [47.8] * 34
    assert [round(best.rate, 1) for best in (first(burst), first([95.6] * 13 + [47.8] * 27)) if best] == [47.8, 95.6]
    assert late([95.6] * 13 + [47.8] * 27, 12, 0.05) == pytest.approx(0.5, abs=0.02)
    assert late(burst, 12, 0.05) == pytest.approx(0, abs=1e-9)
    assert late([47.8] * 40, 12, 0.05) == pytest.approx(0, abs=1e-9)
    assert late([47.8] * 17, 12, 0.05) is None


def test_the_bound_holds_for_noise_whose_mean_is_known() -> None:
    """Of 400 series, correlated as TCP's are, the mean lies outside a 95 % bound seldom: the choice of the window and
    the few intervals cost something."""
    chance, missed = random.Random(5), 0
    for _ in range(400):
        value, series = 0.0, []
        for _ in range(24):
            value = 0.5 * value + chance.gauss(0, 3)
            series.append(100 + value)
        best = found(series)
        missed += abs(best.rate / 100 - 1) > best.error
    assert missed <= 0.2 * 400


def test_too_little_makes_no_estimate() -> None:
    """Fewer than six intervals after what may not be used, or nothing received at all."""
    assert estimate([47.8] * 5) is None
    assert estimate([47.8] * 10, since=5) is None
    assert estimate([0.0] * 20) is None
    assert found([48.0] * 6) == Estimate(48.0, 0.0, 0, 6)


def test_counts_become_rates_on_one_grid() -> None:
    """Points at any distance, several connections, one that began later."""
    steadily = [(step * 0.1, step * 10.0) for step in range(11)]
    later = [(0.5, 0.0), (1.0, 100.0)]
    assert rates([steadily], 1.0) == pytest.approx([100.0] * 4)
    assert rates([steadily, later], 1.0) == pytest.approx([100.0, 100.0, 300.0, 300.0])
    assert rates([steadily], 0.9) == pytest.approx([100.0] * 3)
    assert rates([], 0.2) == []


def test_the_grid_is_what_a_server_tells_an_upload_by() -> None:
    """250 ms, the specification's."""
    assert steady.GRID == 0.25
