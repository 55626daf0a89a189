"""Counts and quantiles that add up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import tally
from collector.tally import ACCURACY, Sketch, Tally

VALUES = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=200)


def sketched(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(VALUES, st.sampled_from([0.0, 0.05, 0.5, 0.95, 1.0]))
def test_a_quantile_is_within_one_percent_of_a_value_that_was_seen(values: list[float], q: float) -> None:
    """The value at the nearest rank, as a sorted list would give it."""
    exact = sorted(values)[max(0, math.ceil(q * len(values) - 1e-9) - 1)]
    found = sketched(values).quantile(q)
    assert found is not None
    assert abs(found - exact) <= exact * ACCURACY * 1.000001


@given(VALUES, VALUES)
def test_two_sketches_add_up_to_the_sketch_of_all(one: list[float], other: list[float]) -> None:
    """Merging loses nothing, and changes only the one it is asked of."""
    both, right = sketched(one), sketched(other)
    both.merge(right)
    assert both == sketched(one + other)
    assert right == sketched(other)


def test_an_empty_sketch_has_no_quantile_and_zero_is_kept_apart() -> None:
    """Zero has no logarithm."""
    assert Sketch().quantile(0.5) is None
    assert sketched([0.0, 0.0, 5.0]).quantile(0.5) == 0.0
    assert sketched([0.0, 5.0]).count == 2


def test_tallies_add_up_and_survive_storage() -> None:
    """Runs, outcomes, reasons and distributions."""
    one = {"connectivity|x": Tally(3, 2, {"tcp_timeout": 1}, {"connectivity_phase|phase=tcp": sketched([0.1])})}
    other = {"connectivity|x": Tally(1, 0, {"tcp_timeout": 1}), "device|": Tally(1, 1)}
    total = tally.merged([one, other])
    assert total["connectivity|x"].runs == 4
    assert total["connectivity|x"].reasons == {"tcp_timeout": 2}
    assert tally.decode(tally.encode(total)) == total
    assert one["connectivity|x"].runs == 3


@pytest.mark.parametrize(
    ("at", "start"), [(0, 0), (1_799_999_999, 0), (1_800_000_000, 1800), (1_700_000_000_123_456, 1_699_999_200)]
)
def test_a_moment_falls_in_its_half_hour(at: int, start: int) -> None:
    """Half-hours of UTC, which are half-hours in Viet Nam too."""
    assert tally.bucket_of(at) == start


def test_a_series_key_does_not_depend_on_the_order_of_labels() -> None:
    """Senders may write labels in any order."""
    assert tally.series_key("m", {"b": "2", "a": "1"}) == tally.series_key("m", {"a": "1", "b": "2"}) == "m|a=1|b=2"
    assert tally.series_key("m", {}) == "m"


def test_a_listed_series_takes_the_declared_labels_and_no_others() -> None:
    """What is stored under a key is found under it, and nothing else is stored."""
    assert tally.listed_series("m", ("a", "b"), {"b": "2", "a": "1"}) == tally.series_key("m", {"a": "1", "b": "2"})
    assert tally.listed_series("m", (), {}) == "m"
    assert tally.listed_series("m", ("phase",), {"evil": "tcp"}) is None
    assert tally.listed_series("m", ("phase",), {"phase": "tcp", "evil": "x"}) is None
