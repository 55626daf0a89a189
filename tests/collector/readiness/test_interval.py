"""What a value may be: checked against every possibility, one by one."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from collector.readiness import interval
from collector.readiness.interval import Interval, Shares
from collector.readiness.model import Verdict
from collector.readiness.profile import Band
from collector.readiness.window import quantile
from collector.tally import Sketch, ranked
from tests.collector.readiness.cities import line
from tests.collector.readiness.worlds import few as settled

few = st.integers(0, 4)
numbers = st.lists(st.integers(0, 9).map(float), max_size=5)
quantiles = st.sampled_from([0.0, 0.5, 0.95, 1.0])


def nearest(q: float, values: list[float]) -> float:
    return sorted(values)[max(1, math.ceil(q * len(values) - 1e-9)) - 1]


@settled
@given(few, few, few, few, few)
def test_a_share_is_between_the_worst_and_the_best_choice_of_what_was_said_last(
    good: int, bad: int, was_good: int, was_bad: int, missing: int
) -> None:
    shares = Shares(good, bad, was_good, was_bad, good + bad + was_good + was_bad + missing)
    found = interval.ratio(shares, 0.0, 1.0)
    if not good + bad:
        assert (found.value, found.low, found.high) == (None, 0.0, 1.0)
        return
    choices = [
        (good + one) / (good + bad + one + other)
        for one, other in itertools.product(range(was_good + 1), range(was_bad + 1))
    ]
    assert (found.low, found.high) == (min(choices), max(choices))


@settled
@given(few, few, few, few, few)
def test_below_its_coverage_a_share_may_be_what_anyone_missing_makes_of_it(
    good: int, bad: int, was_good: int, was_bad: int, missing: int
) -> None:
    expected = good + bad + was_good + was_bad + missing + 1
    found = interval.ratio(Shares(good, bad, was_good, was_bad, expected), 1.0, 1.0)
    unknown = expected - good - bad
    choices = [(good + more) / expected for more in range(unknown + 1)]
    assert (found.low, found.high) == (min(choices), max(choices))


@settled
@given(quantiles, numbers.filter(bool), numbers)
def test_a_quantile_is_between_the_worst_and_the_best_choice(q: float, known: list[float], last: list[float]) -> None:
    found = interval.quantile(q, known, last, 0)
    choices = [
        nearest(q, [*known, *taken]) for count in range(len(last) + 1) for taken in itertools.combinations(last, count)
    ]
    assert (found.low, found.high, found.value) == (min(choices), max(choices), nearest(q, known))


@settled
@given(quantiles, numbers.filter(bool), st.integers(0, 3), st.integers(0, 10).map(float))
def test_a_quantile_below_coverage_holds_whatever_the_missing_say(
    q: float, known: list[float], missing: int, value: float
) -> None:
    found = interval.quantile(q, known, [], missing)
    assert found.low <= nearest(q, [*known, *[value] * missing]) <= found.high


@settled
@given(few, few, few, few, few)
def test_a_count_is_between_nobody_else_and_everybody_else(
    good: int, bad: int, was_good: int, was_bad: int, missing: int
) -> None:
    shares = Shares(good, bad, was_good, was_bad, good + bad + was_good + was_bad + missing)
    found = interval.count(shares, higher_is_better=True)
    assert (found.low, found.high) == (good, good + was_good + was_bad + missing)
    assert found.said == good + was_good + missing


def test_a_state_needs_the_whole_interval_in_one_band() -> None:
    limits = line("x")  # 5 or less is ready, 7 or less at risk
    states = [
        interval.verdict(limits, Interval(None, low, high))
        for low, high in ((1, 5), (5, 6), (5.5, 7), (7, 8), (8, 9), (1, 9), (6, 6), (-math.inf, math.inf))
    ]
    ready, risk, bad, unknown = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN
    assert states == [ready, unknown, risk, unknown, bad, unknown, risk, unknown]


def test_what_lies_between_two_ends_of_one_band_is_looked_at_too() -> None:
    """Exactly 3 is ready; 2 and 4 are not, but 2 to 4 may be."""
    three = line("x", ready=Band("==", 3.0), at_risk=None)
    assert interval.verdict(three, Interval(None, 2.0, 4.0)) is Verdict.UNKNOWN
    assert interval.verdict(three, Interval(None, 4.0, 6.0)) is Verdict.NOT_READY


sketches = st.lists(st.lists(st.floats(0.0, 1e6), max_size=30), max_size=5)


@settled
@given(sketches, quantiles)
def test_the_quantile_of_several_sketches_is_that_of_their_sum(parts: list[list[float]], q: float) -> None:
    total, several = Sketch(), []
    for values in parts:
        several.append(Sketch())
        for value in values:
            total.add(value)
            several[-1].add(value)
    assert quantile([ranked(one) for one in several], q, total.count) == total.quantile(q)
