"""The cities that attribution is measured on: that their faults show as they say, and the arithmetic of the measure."""

from __future__ import annotations

import pytest

from benchmarks.attribution import SLOWLY, Score, rows, run, slow, windows
from benchmarks.attribution_city import KINDS, NEWEST, START, UNITS, UNTOLD, city
from checks.kit.segment import Segment


def test_a_seed_is_a_city() -> None:
    first, second = (city(5, ("access",)) for _ in range(2))
    assert (first.topology, first.faults) == (second.topology, second.faults)
    assert [list(first.minute(minute)) for minute in range(2)] == [list(second.minute(minute)) for minute in range(2)]
    assert city(6).topology != first.topology


def test_a_city_is_as_large_as_it_is_said_to_be() -> None:
    for seed in range(10):
        topology = city(seed).topology
        inside = [list(topology.units.values()).count(unit) for unit in topology.lines]
        assert len(topology.lines) == UNITS
        assert 3 <= min(inside) <= max(inside) <= 12
        assert 2 <= len({lines[0].provider for lines in topology.lines.values()}) <= 6
        assert len(topology.networks) == 8


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_fails_only_what_hangs_on_it_and_only_once_it_has_begun(kind: str) -> None:
    play = city(11, (kind,), noise=0.0, missing=0.0)
    (fault,) = play.faults
    assert all(one.ok for one in play.minute(START - 1))
    units, networks = play.topology.units, play.topology.networks
    hit = [one for one in play.minute(START) if not one.ok]
    assert hit or fault.lan == "address_conflict"
    for one in hit:
        unit = units[one.device]
        inside = {
            Segment.DEVICE: one.device, Segment.DESTINATION: one.target,
            Segment.PROVIDER: play.topology.line(unit, networks.get(one.target, "internet")).provider,
        }.get(fault.segment, unit)  # fmt: skip
        assert inside == fault.subject


@pytest.mark.parametrize("kind", UNTOLD)
def test_a_provider_that_is_not_told_is_as_many_lines(kind: str) -> None:
    """And what fails is what hangs on one of the faults, by the topology that attribution is given."""
    play = city(12, (kind,), noise=0.0, missing=0.0, units=30)
    topology, places = play.topology, {(one.segment, one.subject) for one in play.faults}
    told = [unit for unit in topology.lines if topology.line(unit, "internet").provider]
    assert (len(told) == 30) == (kind == "untold_100")
    assert bool(told) == (kind in ("untold_50", "untold_100"))
    failed = set()
    for one in play.minute(START):
        unit, network = topology.units[one.device], topology.networks.get(one.target, "internet")
        way = {
            (Segment.ACCESS, unit), (Segment.DESTINATION, one.target),
            (Segment.PROVIDER, topology.line(unit, network).provider),
        } if one.target and (network == "internet" or kind == "untold_destination") else set()  # fmt: skip
        failed |= way & places
        assert one.ok == (not way & places)
    assert failed == places


def test_two_faults_do_not_hide_one_another() -> None:
    """A unit's line behind a dead provider shows nowhere, so such pairs are not made."""
    for seed in range(40):
        play = city(seed, ("access", "provider"))
        line, provider = play.faults
        if line.network == provider.network:
            assert play.topology.line(line.subject, line.network).provider != provider.subject


def test_the_newest_window_has_each_way_once() -> None:
    play = city(3, missing=0.0)
    for window in windows(play, newest=True):
        assert len({(one.device, one.target, one.check) for one in window}) == len(window)
    assert NEWEST > 1


def test_a_slow_city_asks_each_way_once_a_round() -> None:
    """What was found before the fault began stands until the way is asked again."""
    play = city(3, ("provider",), noise=0.0)
    every = list(slow(play))
    assert len(every) == SLOWLY + 1
    assert {len(window) for window in every} == {len(play.devices) * len(play.targets)}
    failing = [sum(not one.ok for one in window) for window in every]
    assert failing == sorted(failing)
    assert (failing[0], failing[1] * 10 < failing[-1]) == (0, True)


def test_a_play_is_counted_as_it_went() -> None:
    score = Score()
    play = city(21, ("provider",), noise=0.0, missing=0.0)
    run(score, windows(play, newest=True), play)
    assert (score.plays, score.faults, score.found, score.both, score.causes) == (1, 1, 1, 1, 1)
    assert score.precision == score.recall == 1
    assert score.minutes == [1]
    assert score.alerts > 100
    assert score.alerts_right == score.alerts_found == 0
    figures = {row.name: row for row in rows({"single": score})}
    assert (figures["single: precision"].ours, figures["single: precision"].peer) == (1, 0)
    assert figures["single: recall"].met is True
