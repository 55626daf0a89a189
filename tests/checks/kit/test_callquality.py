"""What packets say of a call, from made-up times. No network here."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from statistics import fmean

import pytest

from checks.kit import callquality, emodel
from checks.kit.callquality import Call, measure, rate
from checks.kit.packetloss import ARRIVED, DOWN, SOMEWHERE, UP, Fates, Heard
from checks.kit.stamp_session import Exchange

AHEAD = 3_600_000_000_000
"""The reflector's clock is an hour ahead (ns)."""
Delay = Callable[[int], float]
PLAIN = emodel.CODECS["g711_plc"]


def exchanges(
    count: int, up: Delay, down: Delay, *, burst: int = 1, lost: set[int] | None = None, rate_: float = 0.0
) -> list[Exchange]:
    """`count` packets in frames of 20 ms that took so long (s); the reflector's clock runs `rate_` fast (s/s)."""
    found = []
    for index in range(count):
        sent = index // burst * 20_000_000 + index % burst * 1_000
        one = Exchange(index, 100, sent, sent, 0)
        if index not in (lost or set()):
            there = sent + round(up(index) * 1e9)
            back = there + 50_000 + round(down(index) * 1e9)
            one.t2 = there + AHEAD + round(there * rate_)
            one.t3 = there + 50_000 + AHEAD + round(there * rate_)
            one.t4 = one.back = back
            one.copies = 1
        found.append(one)
    return found


def whole(sent: list[Exchange], *, burst: int = 1, comparable: bool = True, synchronised: bool = False) -> Call:
    fates = Fates(tuple(ARRIVED if one.t2 else UP for one in sent), stateful=True)
    heard = [(one.number, index) for index, one in enumerate(one for one in sent if one.t2)]
    return measure(sent, fates, heard, burst=burst, comparable=comparable, synchronised=synchronised)


def test_a_steady_line_has_delay_and_no_jitter_whatever_its_clocks_say() -> None:
    """An hour between the clocks enters nothing; 30 ms there and 10 back are 40, without the time in the reflector."""
    call = whole(exchanges(100, lambda _: 0.030, lambda _: 0.010))
    up, down, both = (call.ways[way] for way in callquality.WAYS)
    assert both.delay == pytest.approx(0.040)
    assert (up.delay, down.delay) == (None, None)
    for way in (up, down, both):
        assert way.jitter == pytest.approx(0.0, abs=1e-9)
        assert way.variation == pytest.approx(0.0, abs=1e-9)
        assert (way.loss, way.lost, way.sent) == (0.0, 0, 100)


def test_clocks_that_are_right_tell_one_way_delay() -> None:
    sent = exchanges(100, lambda _: 0.030, lambda _: 0.010)
    for one in sent:
        one.t2, one.t3 = (one.t2 or 0) - AHEAD, (one.t3 or 0) - AHEAD
    call = whole(sent, synchronised=True)
    assert [call.ways[way].delay for way in callquality.WAYS] == pytest.approx([0.030, 0.010, 0.040])


def test_a_clock_that_was_set_voids_one_way_figures_only() -> None:
    call = whole(exchanges(100, lambda index: index / 1e4, lambda _: 0.010), comparable=False)
    assert [call.ways[way].jitter is None for way in callquality.WAYS] == [True, True, False]
    assert [call.ways[way].variation is None for way in callquality.WAYS] == [True, True, False]
    assert call.ways["up"].loss == 0.0


def test_jitter_is_that_of_rfc_3550_averaged() -> None:
    """Packets that take 10 and 20 ms in turn differ by 10 ms each: J is 10 ms from the first on."""
    assert callquality.jitter([0.01, 0.02] * 50) == pytest.approx(0.010)
    assert callquality.jitter([0.01]) is None
    chosen = random.Random(5)
    noise = [chosen.gauss(0.05, 0.004) for _ in range(5000)]
    differences = [abs(after - before) for before, after in itertools.pairwise(noise)]
    assert callquality.jitter(noise) == pytest.approx(fmean(differences), rel=0.01)


def test_packets_of_one_frame_wait_for_one_another_without_jitter() -> None:
    """RTP gives them one time stamp. That the last of a frame comes later is variation."""
    call = whole(exchanges(400, lambda index: 0.020 + index % 4 * 0.002, lambda _: 0.010, burst=4), burst=4)
    assert call.ways["up"].jitter == pytest.approx(0.0, abs=1e-9)
    assert call.ways["up"].variation == pytest.approx(0.003, abs=1e-6)


def test_a_clock_that_is_slewed_makes_no_variation() -> None:
    """500 ppm for ten seconds are 5 ms, one way longer and the other shorter."""
    chosen = random.Random(3)
    noise: Delay = lambda _: 0.02 + chosen.expovariate(1 / 0.0005)  # noqa: E731
    drifting = whole(exchanges(500, noise, noise, rate_=500e-6))
    assert drifting.ways["up"].variation == pytest.approx(0.0005 * (2.996 - 0.693), rel=0.35)
    assert drifting.ways["down"].variation == pytest.approx(0.0005 * (2.996 - 0.693), rel=0.35)


def test_a_queue_that_fills_is_not_taken_for_a_clock() -> None:
    """It makes one way longer, and the other no shorter."""
    call = whole(exchanges(500, lambda index: 0.02 + index * 1e-4, lambda _: 0.010))
    assert call.ways["up"].variation == pytest.approx(0.0225, rel=0.02)
    assert call.ways["down"].variation == pytest.approx(0.0, abs=1e-9)


def test_losses_are_counted_by_way_and_downwards_of_those_that_got_there() -> None:
    sent = exchanges(10, lambda _: 0.01, lambda _: 0.01, lost={1, 2, 3, 6, 9})
    each = [ARRIVED, UP, UP, DOWN, ARRIVED, ARRIVED, DOWN, ARRIVED, ARRIVED, SOMEWHERE]
    heard = [(0, 0), (4, 2), (5, 3), (7, 5), (8, 6)]
    call = measure(sent, Fates(tuple(each), True), heard, burst=1, comparable=True, synchronised=False)
    up, down, both = (call.ways[way] for way in callquality.WAYS)
    assert [(way.lost, way.sent) for way in (up, down, both)] == [(2, 9), (2, 7), (5, 10)]
    assert [way.bursts and way.bursts.longest for way in (up, down, both)] == [2, 1, 3]
    assert call.unattributed == 1


def test_a_stateless_reflector_tells_of_the_round_trip_alone() -> None:
    sent = exchanges(10, lambda _: 0.01, lambda _: 0.01, lost={1})
    each = tuple(SOMEWHERE if index == 1 else ARRIVED for index in range(10))
    heard = [(index, index) for index in range(10) if index != 1]
    call = measure(sent, Fates(each, stateful=False), heard, burst=1, comparable=True, synchronised=False)
    assert [call.ways[way].loss for way in callquality.WAYS] == [None, None, 0.1]
    assert (call.ways["up"].reordered, call.unattributed) == (None, 0)
    assert call.ways["up"].jitter == pytest.approx(0.0, abs=1e-9)


def test_copies_and_reordering_are_counted_on_the_way_where_they_happened() -> None:
    """Packet 2 was doubled on the way there, the answer to 3 on the way back; 5 was overtaken there, 7 back."""
    heard: list[Heard] = [
        (0, 0), (1, 1), (2, 2), (2, 3), (3, 4), (3, 4), (4, 5), (6, 6), (5, 7), (8, 9), (7, 8), (9, 10),
    ]  # fmt: skip
    sent = exchanges(10, lambda _: 0.01, lambda _: 0.01)
    call = measure(sent, Fates((ARRIVED,) * 10, stateful=True), heard, burst=1, comparable=True, synchronised=False)
    assert (call.ways["up"].duplicated, call.ways["down"].duplicated) == (0.1, 1 / 11)
    assert (call.ways["up"].reordered, call.ways["down"].reordered) == (0.1, 1 / 11)


def test_a_call_is_rated_in_its_worse_direction() -> None:
    """20 ms of packet and 20 of way: nearly the best that G.711 can be; 10 % of loss upwards is heard there."""
    good = rate(whole(exchanges(500, lambda _: 0.020, lambda _: 0.020)), PLAIN)
    bad = rate(whole(exchanges(500, lambda _: 0.020, lambda _: 0.020, lost=set(range(0, 500, 10)))), PLAIN)
    assert good
    assert bad
    assert (good.delay, good.loss, good.burst) == pytest.approx((40.0, 0.0, 1.0), abs=1e-3)
    assert good.rating == pytest.approx(emodel.rating(PLAIN, delay=40.0, loss=0.0), abs=1e-3)
    assert bad.way == "up"
    assert bad.loss == pytest.approx(10.0)
    assert bad.mos < good.mos - 0.8


def test_late_packets_are_waited_for_as_long_as_that_is_the_better_choice() -> None:
    """One packet in a hundred is 150 ms late: to lose it costs less than to make everybody wait. Where all of them
    scatter within 60 ms, waiting costs less."""
    rare = callquality.played("up", [0.2 if index % 100 == 0 else 0.05 for index in range(1000)], 0, 0.05, 1, PLAIN)
    assert [rare.loss, rare.buffer] == pytest.approx([1.0, 0.0])
    spread = callquality.played("up", [0.05 + index / 1000 * 0.06 for index in range(1000)], 0, 0.05, 1, PLAIN)
    assert spread.loss < 0.2
    assert spread.buffer == pytest.approx(60, abs=1)
    far = callquality.played("up", [0.05, *[1.05] * 9], 0, 0.05, 1, PLAIN)
    assert far.buffer <= 200


def test_a_call_without_an_answer_has_no_rating() -> None:
    assert rate(whole(exchanges(3, lambda _: 0.0, lambda _: 0.0, lost={0, 1, 2})), PLAIN) is None
    assert list(callquality.buffers([])) == []
    with pytest.raises(ValueError, match="no packet came"):
        callquality.played("up", [], 0, 0, 1, PLAIN)
