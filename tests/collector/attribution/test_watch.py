"""Comparing happens when it can change something, and only then."""

from __future__ import annotations

import time
from collections.abc import Iterable

from collector.attribution.attribute import attribute
from collector.attribution.model import Finding, Line, Observation, Topology
from collector.attribution.watch import Watch
from tests.collector.attribution.faults import MINUTE, NOW, UNITS, bad, lan, ok

TREE = Topology(units={f"{unit}-{number}": unit for unit in UNITS for number in (1, 2)})


class Counting:
    """Finds one fault wherever anything fails, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.given: list[Observation] = []

    def __call__(self, observations: Iterable[Observation], topology: Topology) -> list[Finding]:
        self.asked += 1
        self.given = list(observations)
        return [lan()] if any(not one.ok for one in self.given) else []


class Hands:
    """A clock that each comparison moves by ``took``."""

    def __init__(self, took: float = 0.0) -> None:
        self.at, self.took = 0.0, took

    def __call__(self) -> float:
        self.at += self.took
        return self.at


def test_nothing_is_compared_while_nothing_fails() -> None:
    """However often successes come in."""
    counting = Counting()
    watch = Watch(counting)
    for number in range(5):
        watch.update(UNITS[0], [ok("27259-1", at=NOW + number)])
        assert watch.find(TREE) == []
    assert counting.asked == 0


def test_a_failure_is_compared_with_all_the_city_once() -> None:
    """Until something changes, anywhere: a success elsewhere may clear whom it blames."""
    counting = Counting()
    watch = Watch(counting, Hands())
    watch.update(UNITS[1], [ok("27265-1")])
    watch.update(UNITS[0], [bad("27259-1")])
    assert watch.find(TREE) == watch.find(TREE) == [lan()]
    assert (counting.asked, len(counting.given)) == (1, 2)
    watch.update(UNITS[0], [bad("27259-1")])
    watch.find(TREE)
    assert counting.asked == 1
    watch.update(UNITS[1], [ok("27265-1", at=NOW + MINUTE)])
    watch.find(TREE)
    assert counting.asked == 2


def test_silence_counts_as_something_that_is_wrong() -> None:
    """Though nothing failed."""
    counting = Counting()
    watch = Watch(counting)
    watch.update(UNITS[0], [Observation(device="27259-1", at=NOW, ok=None)])
    watch.find(TREE)
    assert counting.asked == 1


def test_when_the_last_failure_is_gone_nothing_is_wrong() -> None:
    """Without asking; a unit that is gone takes its failures along."""
    counting = Counting()
    watch = Watch(counting, Hands())
    for good in ([ok("27259-1")], []):
        watch.update(UNITS[0], [bad("27259-1")])
        assert watch.find(TREE) == [lan()]
        watch.update(UNITS[0], good)
        asked = counting.asked
        assert watch.find(TREE) == []
        assert counting.asked == asked


def test_another_tree_is_compared_anew() -> None:
    """The roster may have named the provider."""
    counting = Counting()
    watch = Watch(counting, Hands())
    watch.update(UNITS[0], [bad("27259-1")])
    watch.find(TREE)
    watch.find(Topology(units=TREE.units, lines={UNITS[0]: (Line(provider="VNPT"),)}))
    assert counting.asked == 2


def test_a_long_comparison_is_followed_by_a_rest() -> None:
    """At most a fifth of the time goes into comparing; what was found last stands meanwhile, and nothing is lost."""
    counting, hands = Counting(), Hands()
    watch = Watch(counting, hands)
    watch.update(UNITS[0], [bad("27259-1")])
    hands.took = 1.0
    watch.find(TREE)
    hands.took = 0.0
    ended = hands.at
    watch.update(UNITS[0], [bad("27259-1", at=NOW + 1)])
    hands.at = ended + 3.9
    assert watch.find(TREE) == [lan()]
    assert (counting.asked, watch.is_behind) == (1, True)
    hands.at = ended + 4.1
    watch.find(TREE)
    assert (counting.asked, watch.is_behind) == (2, False)


def test_what_comes_in_during_a_comparison_is_compared_after_it() -> None:
    """It goes on with what it began with, in whatever thread; before the first there is no answer."""
    counting = Counting()
    watch = Watch(counting, Hands())
    watch.update(UNITS[0], [bad("27259-1")])
    compare = watch.begin(TREE)
    assert compare is not None
    watch.update(UNITS[1], [bad("27265-1")])
    before = watch.found
    watch.take(compare())
    assert before is None
    assert (len(counting.given), watch.found, watch.is_behind) == (1, [lan()], True)
    watch.find(TREE)
    assert (len(counting.given), watch.is_behind) == (2, False)


def test_a_comparison_that_comes_too_late_finds_nothing() -> None:
    """All is well meanwhile."""
    watch = Watch(Counting(), Hands())
    watch.update(UNITS[0], [bad("27259-1")])
    compare = watch.begin(TREE)
    assert compare is not None
    watch.update(UNITS[0], [ok("27259-1")])
    watch.take(compare())
    assert watch.found == watch.find(TREE) == []


def test_a_comparison_that_fails_is_made_again() -> None:
    """Nothing is taken from it."""
    watch = Watch(Counting(), Hands())
    watch.update(UNITS[0], [bad("27259-1")])
    assert watch.begin(TREE) is not None
    assert watch.is_behind
    assert watch.find(TREE) == [lan()]


def test_what_some_units_observe_is_told() -> None:
    """Of those that are known."""
    watch = Watch(Counting(), Hands())
    watch.update(UNITS[0], [bad("27259-1")])
    watch.update(UNITS[1], [ok("27265-1")])
    assert list(watch.of((UNITS[1], "unheard of"))) == [ok("27265-1")]


def test_a_quiet_city_costs_next_to_nothing() -> None:
    """168 units of 10 devices and 9 observations each, none failing; the aim is 5 ms a sweep, tested with room."""
    watch = Watch(attribute)
    for unit in range(168):
        devices = [f"{unit}-{number}" for number in range(10)]
        watch.update(str(unit), [ok(device, f"t{target}") for device in devices for target in range(9)])
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        assert watch.find(TREE) == []
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.005


def test_with_the_real_comparison_a_dead_gateway_is_found_and_forgotten() -> None:
    """From the failure to the finding and back."""
    watch = Watch(attribute, Hands())
    both = [f"{UNITS[0]}-{number}" for number in (1, 2)]
    watch.update(UNITS[1], [ok("27265-1", target) for target in ("portal", "mail")])
    watch.update(UNITS[0], [bad(device, target) for device in both for target in ("portal", "mail")])
    (found,) = watch.find(TREE)
    assert (found.units, found.devices) == ((UNITS[0],), tuple(both))
    watch.update(UNITS[0], [ok(device, target) for device in both for target in ("portal", "mail")])
    assert watch.find(TREE) == []
