"""The budget of an hour, with the time in the test's hands."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from agent.budget import HOUR, SLOT, Budget
from checks.kit.model import Meter


def make(sockets: int | None = None, used: int | None = None) -> tuple[Budget, Meter]:
    meter = Meter()
    budget = Budget(meter)
    budget.sockets, budget.bytes = sockets, used
    return budget, meter


def test_without_limits_nothing_waits() -> None:
    budget, meter = make()
    meter.add(sockets=10**9, sent=10**12, received=10**12)
    assert budget.wait(100) == 0


def test_a_used_up_budget_waits_until_the_hour_is_over() -> None:
    """Bytes in both directions count; what is used is known to five minutes."""
    budget, meter = make(used=1000)
    meter.add(sent=400, received=599)
    assert budget.wait(10) == 0
    meter.add(received=1)
    assert budget.wait(20) == SLOT + HOUR - 20
    assert budget.wait(SLOT + HOUR - 1) == 1
    assert budget.wait(SLOT + HOUR) == 0


def test_only_as_much_is_waited_for_as_is_needed() -> None:
    """The part of the hour that goes first is enough when the rest is below the limit."""
    budget, meter = make(sockets=10)
    for at in (0, 600, 1200):
        meter.add(sockets=5)
        found = budget.wait(at)
    assert found == 600 + SLOT + HOUR - 1200
    budget.sockets = 11
    assert budget.wait(1200) == SLOT + HOUR - 1200


def test_a_limit_that_comes_later_counts_what_was_used() -> None:
    budget, meter = make()
    meter.add(sockets=7)
    assert budget.wait(0) == 0
    budget.sockets = 7
    assert budget.wait(1) > 0


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 1000))
def test_no_hour_uses_more_than_the_limit_and_one_run(limit: int, cost: int, seed: int) -> None:
    """Whenever runs come: one that costs more than the limit runs too, once in an hour."""
    budget, meter = make(sockets=limit)
    chance, now, runs = random.Random(seed), 0.0, list[float]()
    while now < 5 * HOUR:
        if budget.wait(now) == 0:
            meter.add(sockets=cost)
            runs.append(now)
        now += chance.choice((1.0, 20.0, 400.0))
    assert runs
    for begin in runs:
        assert sum(cost for at in runs if begin <= at < begin + HOUR) < limit + cost
