"""What is measured is what was imposed: against the log of a proxy that knows each packet's fate and true hold.

Counts are exact. Times are compared with the true holds of the same packets, within what a straight wire shows at the
same moment, and with the distribution that was asked for, within what so many packets can tell (bootstrap, 4 σ).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from math import log, pi, sqrt
from statistics import fmean, median, stdev

import pytest
from msgspec import Struct

from checks.kit import echo, packetloss
from checks.kit.callquality import Call
from checks.kit.model import Outcome, decode_params
from checks.kit.stamp import AUTHENTICATED
from checks.kit.stamp_session import UNKNOWN
from checks.kit.videocall import Held, Listener, Profile, Talker
from checks.realtime import CHECK
from tests.checks.reflecting import running
from tests.checks.reflectors import KEY, SESSION, Lent, device
from tests.lab.udp_proxy import Fate, Fault, Proxy

COUNT = 300
ALONE = Profile("alone", 200 * 1000 * 8, 200.0, COUNT / 200)
"""One packet of 1,000 octets every 5 ms."""
SIGMAS = 4.0
FIRST = 2**32 - 300
"""The sequence wraps in the middle of every call."""


class Run(Struct):
    """A call through the proxy, and what the proxy did to its packets."""

    held: Held
    up: list[Fate]
    down: list[Fate]

    @property
    def call(self) -> Call:
        return self.held.call


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Less is waited for than on a line, and the pace is not judged: this machine may be busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checks.kit.videocall.PATIENCE", 0.6)
        patch.setattr("checks.kit.videocall.ASKED_RATE", 100.0)
        patch.setattr("checks.kit.videocall.STALLED", 60.0)
        patch.setattr("checks.kit.videocall.LATE", 1.0)
        yield


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running() as found:
        yield found


def held(port: int, there: Fault, back: Fault) -> Run:
    """A call through these faults; again while this machine adds more than a millisecond to what the proxy does."""
    for _ in range(4):
        run = _held(port, there, back)
        if not busy(run):
            break
    return run


def _held(port: int, there: Fault, back: Fault) -> Run:
    with (
        Proxy(("127.0.0.1", port), there, back) as proxy,
        Listener("127.0.0.1", proxy.port, key=KEY, session=SESSION, first=FIRST) as sender,
    ):
        talk = Talker(sender, base=AUTHENTICATED).hold([ALONE], error=UNKNOWN)
        fates = [fate for fate in proxy.take() if fate.size == ALONE.size(AUTHENTICATED)]
    return Run(talk.held[0], [fate for fate in fates if not fate.back], [fate for fate in fates if fate.back])


def busy(run: Run) -> bool:
    """Whether packets spent time elsewhere: between its stamps one took longer than the proxy held it."""
    true = holds(run.up)
    added = [
        (one.t2 - one.t1) / 1e9 - true[one.number]
        for one in run.held.session.exchanges
        if one.t2 is not None and one.number in true
    ]
    return spread(added) > 0.001


@pytest.fixture(scope="module")
def straight(port: int) -> Run:
    """What this machine adds by itself, now."""
    return held(port, Fault(), Fault())


@pytest.fixture(scope="module")
def noisy(port: int) -> Run:
    return held(
        port,
        Fault(loss=0.05, delay=0.020, jitter=0.0012, seed=11),
        Fault(loss=0.02, delay=0.010, jitter=0.0010, distribution="exponential", seed=12),
    )


def lost(fates: Sequence[Fate]) -> int:
    return sum(fate.hold is None for fate in fates)


def holds(fates: Sequence[Fate]) -> dict[int, float]:
    """Seconds by number, of what was delivered, as it was sent."""
    return {fate.number: fate.hold / 1e9 for fate in sorted(fates, key=lambda fate: fate.arrived) if fate.hold}


def difference(values: Sequence[float]) -> float:
    return fmean(abs(after - before) for before, after in itertools.pairwise(values))


def spread(values: Sequence[float]) -> float:
    return echo.quantile(values, 0.95, less=0.5) or 0.0


def doubt(values: Sequence[float], statistic: Callable[[Sequence[float]], float]) -> float:
    """SIGMAS standard errors of `statistic` of so many such values, by 200 bootstrap samples."""
    chosen = random.Random(1)
    return SIGMAS * stdev(statistic(chosen.choices(values, k=len(values))) for _ in range(200))


def test_losses_are_those_of_the_log_and_of_the_dice(noisy: Run) -> None:
    """To the packet on each way, and within the binomial error of what was asked for."""
    ways = noisy.call.ways
    assert (ways["up"].lost, ways["up"].sent) == (lost(noisy.up), COUNT)
    assert (ways["down"].lost, ways["down"].sent) == (lost(noisy.down), COUNT - lost(noisy.up))
    assert ways["round_trip"].lost == lost(noisy.up) + lost(noisy.down)
    for way, chance in (("up", 0.05), ("down", 0.02)):
        one = ways[way]
        assert abs((one.lost or 0) - one.sent * chance) <= SIGMAS * sqrt(one.sent * chance * (1 - chance))


def test_delay_is_what_packets_were_held_for(noisy: Run, straight: Run) -> None:
    """Round trips against the sum of both holds, by the medians."""
    ways = noisy.call.ways
    adds = straight.call.ways["round_trip"].delay or 0.0
    imposed = 0.020 + 0.010 + 0.0010 * log(2)
    up, down = holds(noisy.up), holds(noisy.down)
    true = median(up.values()) + median(down.values())
    near = doubt(list(up.values()), median) + doubt(list(down.values()), median) + 2 * adds
    assert ways["round_trip"].delay == pytest.approx(true, abs=near)
    assert ways["round_trip"].delay == pytest.approx(imposed, abs=near + 0.0004)  # sum of medians, not median of sums


@pytest.mark.parametrize(
    ("way", "differs", "spreads"),
    [
        # of a normal distribution E|D| = 2σ/√π, and p95 − p50 = 1.645 σ; of an exponential σ and σ ln 10
        ("up", 2 * 0.0012 / sqrt(pi), 1.6449 * 0.0012),
        ("down", 0.0010, 0.0010 * log(10)),
    ],
)
def test_jitter_and_variation_are_those_imposed(
    noisy: Run, straight: Run, way: str, differs: float, spreads: float
) -> None:
    """What the wire adds by itself can change the mean difference by its own at most (the triangle's inequality)."""
    measured, own = noisy.call.ways[way], straight.call.ways[way]
    values = list(holds(noisy.up if way == "up" else noisy.down).values())
    adds = 3 * (own.jitter or 0.0) + 3 * (own.variation or 0.0)
    near = doubt(values, difference) + adds
    assert measured.jitter == pytest.approx(difference(values), abs=near)
    assert measured.jitter == pytest.approx(differs, abs=near)
    wide = doubt(values, spread) + adds
    assert measured.variation == pytest.approx(spread(values), abs=wide)
    assert measured.variation == pytest.approx(spreads, abs=wide)


def test_bursts_are_those_of_gilbert_and_elliott(port: int) -> None:
    """The longest of each way to the packet, their mean within the error of geometric runs."""
    run = held(port, Fault(burst_begin=0.03, burst_end=0.3, seed=21), Fault(burst_begin=0.02, burst_end=0.5, seed=22))
    for way, fates, leave in (("up", run.up, 0.3), ("down", run.down, 0.5)):
        gone = [fate.hold is None for fate in sorted(fates, key=lambda fate: fate.arrived)]
        true, told = packetloss.bursts(gone), run.call.ways[way].bursts
        assert told is not None
        assert run.call.ways[way].lost == lost(fates)
        count = lost(fates) / true.mean
        assert told.mean == pytest.approx(1 / leave, abs=SIGMAS * sqrt(1 - leave) / leave / sqrt(count))
        if way == "up":  # of two lost side by side, one there and one back, nobody knows which was first
            assert told.longest == pytest.approx(true.longest, abs=1)


def test_bursts_on_one_way_alone_are_exact(port: int) -> None:
    run = held(port, Fault(burst_begin=0.04, burst_end=0.25, seed=5), Fault())
    gone = [fate.hold is None for fate in sorted(run.up, key=lambda fate: fate.arrived)]
    assert run.call.ways["up"].bursts == packetloss.bursts(gone)
    assert run.call.ways["down"].lost == 0


def test_reordering_and_copies_are_exact(port: int) -> None:
    """Every 10th packet is 12 ms late on the way there, every 14th on the way back; every 9th and 11th come twice."""
    run = held(
        port, Fault(delay=0.002, late_every=10, late=0.012, double_every=9),
        Fault(delay=0.002, late_every=14, late=0.012, double_every=11),
    )  # fmt: skip
    up, down = run.call.ways["up"], run.call.ways["down"]
    place = {number: index for index, number in enumerate(one.number for one in run.held.session.exchanges)}
    there = packetloss.reordered([place[fate.number] for fate in run.up])
    back = packetloss.reordered([fate.number for fate in run.down])
    assert 25 <= there <= 30
    assert up.reordered == there / COUNT
    doubled = sum(fate.copies == 2 for fate in run.up)
    assert up.duplicated == doubled / COUNT
    assert down.reordered == back / (COUNT + doubled)
    assert down.duplicated == sum(fate.copies == 2 for fate in run.down) / (COUNT + doubled)
    assert (up.lost, down.lost) == (0, 0)


def test_the_check_finds_in_a_call_what_was_imposed_on_it(port: int) -> None:
    """The whole check, through the proxy, against the collector's reflector: frames of seven packets, 4 % of which are
    lost upwards, are as bad a call as G.107 makes of it."""
    with Proxy(("127.0.0.1", port), Fault(lose_every=25, delay=0.040), Fault(delay=0.040)) as proxy:
        params = decode_params(CHECK, {"calls": ("3000k",), "seconds": 1.0, "look": 0.0})
        reading = CHECK.run(params, device(Lent(proxy.port)))
        fates = [fate for fate in proxy.take() if fate.size == 1071]
    found = {(one.name, one.labels.get("way", "")): one.value for one in reading.samples}
    assert reading.outcome == Outcome.OK
    assert found["realtime_loss", "up"] == lost([fate for fate in fates if not fate.back]) / 350
    assert found["realtime_loss", "down"] == 0
    assert found["realtime_burst", "up"] == 1
    assert 0.080 <= found["realtime_delay", "round_trip"] < 0.120
    assert 3.9 < found["realtime_mos", ""] < 4.15
