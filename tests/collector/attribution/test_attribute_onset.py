"""The first minutes of a fault, while most of what is known is older than it; and what is made of them."""

from __future__ import annotations

import random

import pytest

from benchmarks.attribution import windows
from benchmarks.attribution_city import city
from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import Finding, Line, Observation, Topology
from collector.attribution.onset import onset
from collector.attribution.tracker import advance, is_present
from tests.collector.attribution.attribute_small import MINUTE, NOW, places

CITY = Topology(
    units={f"{unit}-{pc}": f"{unit}" for unit in range(12) for pc in range(4)},
    lines={f"{unit}": (Line(provider="vnpt" if unit < 4 else "fpt"),) for unit in range(12)},
)
SYSTEMS = [f"system-{number}" for number in range(8)]


def half_hourly(guilty: str, minutes: int, at: int = NOW) -> list[Observation]:
    """Each way is asked every 30 minutes at a moment of its own; `guilty` broke `minutes` ago, at `at`."""
    seen = []
    for device, unit in CITY.units.items():
        for target in SYSTEMS:
            age = random.Random(f"{device}{target}").uniform(0, 30)
            newest = at + int((minutes - age) * MINUTE)
            bad = age < minutes and guilty in (device, unit, target, CITY.lines[unit][0].provider)
            reason = "tcp_timeout" if bad else ""
            seen.append(Observation(device=device, at=newest, target=target, ok=not bad, reason=reason))
    return seen


@pytest.mark.parametrize(
    ("guilty", "minutes", "found"),
    [
        ("vnpt", 1, ("provider", "internet", "vnpt", "unreachable")),
        ("system-3", 2, ("destination", "", "system-3", "unreachable")),
        ("5", 3, ("access", "internet", "5", "unreachable")),
    ],
)
def test_what_worked_before_a_fault_does_not_hide_its_first_minutes(
    guilty: str, minutes: int, found: tuple[str, ...]
) -> None:
    assert places(half_hourly(guilty, minutes), CITY) == [found]
    assert places(half_hourly(guilty, 30), CITY) == [found]


def test_what_is_over_is_not_taken_for_a_beginning() -> None:
    """Failures that are all older than what works now."""
    over = [
        Observation(device=one.device, at=one.at - 60 * MINUTE * (not one.ok), target=one.target, ok=one.ok,
                    reason=one.reason)
        for one in half_hourly("system-3", 2)
    ]  # fmt: skip
    assert places(over, CITY) == []


def test_a_few_failures_in_a_row_by_chance_name_nobody() -> None:
    """Two systems, asked last of all, by two offices."""
    seen = half_hourly("nobody", 0)
    for device, target in (("0-0", "system-1"), ("5-2", "system-6")):
        seen.append(Observation(device=device, at=NOW + MINUTE, target=target, ok=False, reason="tcp_timeout"))
    assert places(seen, CITY) == []


def test_without_a_success_there_is_no_moment_to_seek() -> None:
    assert onset([], [], 5.0) is None


@pytest.mark.parametrize("seed", [40058, 40072])
def test_what_is_misnamed_at_first_is_gone_once_the_provider_is_named(seed: int) -> None:
    """The only provider of the dedicated network fails in part, and in the first minutes its three systems do as well;
    then one finding is present, and the others are cleared or merged."""
    play = city(seed, ("partial_provider",))
    (fault,) = play.faults
    kept: list[Finding] = []
    for minute, window in enumerate(windows(play, newest=False)):
        kept = advance(kept, attribute(window, play.topology), NOW + minute * MINUTE).open
    assert [one.key for one in kept if is_present(one)] == [fault.key]
    assert {one.segment for one in kept} <= {Segment.PROVIDER, Segment.DESTINATION}
