"""The cheapest cover against every possible one: small problems are solved exactly, big ones within their limits."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.readiness import cover
from collector.readiness.cover import Action, Done, Place, Solution, Tool, solve

Problem = tuple[list[int], list[Action], list[Place], list[Action]]
weights = st.integers(0, 9)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to three demands, two whole actions, three places of two kinds with three tools, two repeated actions."""
    count = draw(st.integers(1, 3))
    which = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True).map(
        lambda one: tuple(sorted(one))
    )
    whole = [Action(10 + index, draw(weights), draw(which)) for index in range(draw(st.integers(0, 2)))]
    repeated = [Action(20 + index, draw(weights), draw(which)) for index in range(draw(st.integers(0, 2)))]
    bits = [1 << draw(st.integers(0, count - 1)) for _ in range(count)]
    kinds = [
        tuple(
            Tool(30 + 3 * kind + index, draw(weights), draw(st.integers(1, 7)))
            for index in range(draw(st.integers(0, 3)))
        )
        for kind in range(2)
    ]
    places = []
    for index in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 1))
        places.append(Place(index, kind, {one: bits[one] for one in draw(which)}, kinds[kind]))
    return [draw(st.integers(0, 3)) for _ in range(count)], whole, places, repeated


def cheapest(problem: Problem) -> int | None:
    """By trying everything: each set of whole actions, each set of tools at each place, each number of repetitions."""
    amounts, whole, places, repeated = problem
    most = max(amounts)
    chosen = [list(product([False, True], repeat=len(place.tools))) for place in places]
    best = None
    for actions in product([False, True], repeat=len(whole)):
        for tools in product(*chosen):
            for times in product(range(most + 1), repeat=len(repeated)):
                rest = list(amounts)
                weight = 0
                for action, taken in zip(whole, actions, strict=True):
                    weight += action.weight * taken
                    for one in action.demands if taken else ():
                        rest[one] = 0
                for place, used in zip(places, tools, strict=True):
                    mask = 0
                    for tool, taken in zip(place.tools, used, strict=True):
                        weight += tool.weight * taken
                        mask |= tool.mask * taken
                    for one, bit in place.faults.items():
                        rest[one] -= bool(mask & bit)
                for action, often in zip(repeated, times, strict=True):
                    weight += action.weight * often
                    for one in action.demands:
                        rest[one] -= often
                if max(rest) <= 0 and (best is None or weight < best):
                    best = weight
    return best


def left(problem: Problem, solution: Solution) -> list[int]:
    """What the things that the solution does leave of the demands."""
    amounts, whole, places, repeated = problem
    rest = list(amounts)
    masks: dict[int, int] = {}
    for done in solution.done:
        if done.place >= 0:
            tool = next(tool for tool in places[done.place].tools if tool.name == done.name)
            masks[done.place] = masks.get(done.place, 0) | tool.mask
            continue
        action = next(action for action in (*whole, *repeated) if action.name == done.name)
        for one in action.demands:
            rest[one] -= done.times if action in repeated else rest[one]
    for place, mask in masks.items():
        for one, bit in places[place].faults.items():
            rest[one] -= bool(mask & bit)
    return rest


@settings(deadline=None)
@given(problems())
def test_small_problems_are_solved_at_the_least_weight(problem: Problem) -> None:
    """And the solution meets every demand, says so of itself, and is None only where there is none."""
    found = solve(*problem)
    assert (None if found is None else found.weight) == cheapest(problem)
    if found is not None:
        assert found.exact
        assert max(left(problem, found)) <= 0


@settings(deadline=None)
@given(problems())
def test_a_search_of_one_state_still_meets_every_demand(problem: Problem) -> None:
    """The beam never loses the last solution, and never claims to be exact when it beat something out."""
    narrow = pytest.MonkeyPatch()
    with narrow.context() as patch:
        patch.setattr(cover, "STATES", 1)
        patch.setattr(cover, "FEW", 1)
        patch.setattr(cover, "OPTIONAL", 0)
        patch.setattr(cover, "EXACT_BITS", 1)
        found = solve(*problem)
    best = cheapest(problem)
    assert (found is None) == (best is None)
    if found is not None and best is not None:
        assert max(left(problem, found)) <= 0
        assert found.weight == best if found.exact else found.weight >= best


def test_one_tool_for_two_faults_beats_two_that_cost_more() -> None:
    tools = (Tool(0, 3, 0b01), Tool(1, 3, 0b10), Tool(2, 5, 0b11))
    found = solve([1, 1], [], [Place(0, 0, {0: 1, 1: 2}, tools)], [])
    assert found == Solution(5, (Done(2, 0, 1, (0, 1)),), True)


def test_of_a_share_only_as_many_places_are_mended_as_it_takes_and_the_cheapest() -> None:
    dear, cheap = (Tool(0, 9, 1),), (Tool(1, 2, 1),)
    places = [Place(0, 0, {0: 1}, dear), Place(1, 1, {0: 1}, cheap), Place(2, 1, {0: 1}, cheap)]
    found = solve([2], [], places, [])
    assert found is not None
    assert [done.place for done in found.done] == [1, 2]


def test_faults_of_one_place_past_the_limit_are_covered_greedily_and_it_says_so() -> None:
    faults = {index: 1 << index for index in range(cover.EXACT_BITS + 1)}
    tools = tuple(Tool(index, 1, 1 << index) for index in faults)
    found = solve([1] * len(faults), [], [Place(0, 0, faults, tools)], [])
    assert found is not None
    assert (found.weight, found.exact) == (len(faults), False)


def test_a_greedy_cover_drops_what_a_later_tool_made_needless() -> None:
    """Three faults at 1 each by the first tool, then one tool for the rest and one of the three."""
    with pytest.MonkeyPatch().context() as patch:
        patch.setattr(cover, "EXACT_BITS", 1)
        tools = (Tool(0, 2, 0b0011), Tool(1, 3, 0b0110), Tool(2, 3, 0b1001))
        found = solve([1, 1, 1, 1], [], [Place(0, 0, {0: 1, 1: 2, 2: 4, 3: 8}, tools)], [])
    assert found is not None
    assert sorted(done.name for done in found.done) == [1, 2]


def test_a_big_choice_stays_within_its_limits() -> None:
    """Six shares of 40 places each, at places that all differ: bounded, and still a solution."""
    places = [
        Place(index, index, {one: 1 << one for one in range(6) if (index * 7 + one * 3) % 4}, tuple(
            Tool(6 * index + one, 1 + (index * 5 + one) % 7, (1 << one) | (1 << (one + 1) % 6)) for one in range(6)
        ))
        for index in range(40)
    ]  # fmt: skip
    problem: Problem = ([12] * 6, [], places, [])
    found = solve(*problem)
    assert found is not None
    assert not found.exact
    assert max(left(problem, found)) <= 0


def test_an_amount_without_end_costs_no_time() -> None:
    """Two things that both add to it: all of one kind."""
    found = solve([10**9], [], [], [Action(0, 3, (0,)), Action(1, 2, (0,))])
    assert found is not None
    assert (found.done, found.exact) == ((Done(1, -1, 10**9, (0,)),), False)


def test_what_one_thing_meets_is_exact_however_many_others_there_are() -> None:
    """A line that is down: 2 requirements on 11 systems, one report for each system, or one for the line."""
    systems = [Action(index, (1 << 24) + 1, (index, 11 + index)) for index in range(11)]
    line = Action(11, (1 << 24) + 3, tuple(range(22)))
    second = Action(12, (6 << 48) + (1 << 24) + 4, (21,))
    found = solve([1] * 22, [*systems, line, second], [], [])
    assert found == Solution(line.weight, (Done(11, -1, 1, line.demands),), True)


@settings(deadline=None)
@given(problems(), st.integers(1, 6))
def test_a_bounded_search_that_claims_to_be_exact_is(problem: Problem, states: int) -> None:
    """Within any limit on partial solutions."""
    narrow = pytest.MonkeyPatch()
    with narrow.context() as patch:
        patch.setattr(cover, "STATES", states)
        patch.setattr(cover, "NODES", 4 * states)
        patch.setattr(cover, "FEW", 1)
        found = solve(*problem)
    best = cheapest(problem)
    assert (found is None) == (best is None)
    if found is not None and best is not None:
        assert max(left(problem, found)) <= 0
        assert found.weight == best if found.exact else found.weight >= best
