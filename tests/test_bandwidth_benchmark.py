"""The arithmetic of the benchmark of bandwidth, and that its lines, servers and tools work; never how fast they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bandwidth_city as city
from benchmarks import bandwidth_lab as lab
from benchmarks import bandwidth_rates as rates
from benchmarks import bandwidth_realtime as realtime
from benchmarks import chain, shaper
from benchmarks.bandwidth_city import Day, Done, Unit
from benchmarks.bandwidth_lab import Run
from benchmarks.bandwidth_rates import Seen
from checks.kit.speed import Way
from tests.lab.namespaces import Namespace, namespace
from tests.lab.udp_proxy import Fate

missing = [name for name in ("iperf3", "tc", "ss") if not shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")]
NET_DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0
 cable:  123456      99    0    0    0     0          0         0   654321      88    0    0    0     0       0
"""


def one(rate: float, used: float = 1e6, stopped: str = "stable") -> Run:
    return Run(rate, used, 0.5, 0.25, stopped)


def test_an_interface_tells_what_it_sent_and_received() -> None:
    assert shaper.counters(NET_DEV, "cable") == (654321, 123456)
    with pytest.raises(LookupError, match="no interface line"):
        shaper.counters(NET_DEV, "line")


def test_what_passes_a_shaper_is_payload_of_full_frames() -> None:
    assert shaper.truth(1514e6) == 1448e6


def test_a_shaper_is_what_it_was_asked_to_be() -> None:
    """As the kernel tells it, in bytes a second; with a boost its peak rate has a bucket too."""
    with namespace() as space:
        space.ip("link", "add", "near", "type", "veth", "peer", "name", "far")
        shaper.shape(space, "near", 50e6, burst=5e6, boost=2.0)
        (found,) = json.loads(space.run("tc", "-j", "qdisc", "show", "dev", "near").stdout)
    options = found["options"]
    assert (found["kind"], options["rate"], options["minburst"]) == ("tbf", 6_250_000, 16_000)
    assert options["burst"] == pytest.approx(5e6, rel=0.01)


@pytest.mark.parametrize(("ours", "other", "percent"), [(97.0, 100.0, 3.0), (103.0, 100.0, 3.0), (5.0, 5.0, 0.0)])
def test_apart_is_a_part_of_the_other(ours: float, other: float, percent: float) -> None:
    assert rates.apart(ours, other) == pytest.approx(percent)


def test_a_speed_is_compared_by_its_medians() -> None:
    """The one run of three that is far off changes nothing, and CPU is per gigabit."""
    seen = Seen([one(96e6), one(96e6), one(1e6)], [one(100e6, 2e6)] * 3)
    rows = {row.name: row for row in rates.speeds(rates.PLAIN[0], "upload", seen)}
    assert (rows["10 Mbit/s upload"].ours, rows["10 Mbit/s upload"].peer) == (96.0, 100.0)
    near = rows["  apart from iperf3"]
    assert near.ours == pytest.approx(4.0)
    assert (near.goal, near.met) == (3.0, False)
    assert (rows["  CPU of the client"].ours, rows["  CPU of the client"].peer) == (62.5, 31.25)


def test_an_early_stop_is_held_against_the_full_tests_of_the_same_line() -> None:
    """Errors and bytes are medians over all lines together; the worst is told too."""
    good = Seen([one(101.0, 30.0), one(99.0, 30.0, "seconds")], [], [one(100.0, 100.0)])
    bad = Seen([one(60.0, 45.0)], [], [one(50.0, 100.0)])
    rows = {row.name: row for row in rates.early([("a", good), ("b", bad)])}
    assert rows["early, a: 1 of 2 stopped, apart"].ours == pytest.approx(1.0)
    assert rows["early, all 3: apart from a full test, median"].ours == pytest.approx(1.0)
    assert rows["early, all 3: bytes of a full test, median"].ours == 30.0
    assert rows["early: worst of all, apart"].ours == pytest.approx(20.0)


def test_iperf3_is_read_at_the_receiver() -> None:
    told: dict[str, Any] = {
        "end": {
            "sum_received": {"bits_per_second": 5e7, "bytes": 25e6, "seconds": 4.0},
            "cpu_utilization_percent": {"host_total": 10.0, "remote_total": 5.0},
        }
    }
    assert lab.peer(told) == Run(5e7, 25e6, 0.4, 0.2)
    with pytest.raises(SystemExit, match="iperf3: unable to connect"):
        lab.peer({"error": "unable to connect"})


def test_a_test_without_a_speed_ends_the_benchmark() -> None:
    """With what it says: no figure is made of it."""
    with pytest.raises(SystemExit, match="no speed: test_cut: too early"):
        lab.run(Way(direction="upload", reason="test_cut", detail="too early"), 0.0)
    way = Way(direction="upload", rate=5e6, seconds=4.0, core=0.25, used=10, stopped="stable", streams=2)
    assert lab.run(way, 0.5) == Run(5e6, 10, 1.0, 0.5, "stable", 2)


def done(space: Namespace, at: float, *speeds: float) -> Done:
    found = dict(zip(lab.WAYS, speeds, strict=False))
    return Done(Unit(1, "26001", space, 1514e6), found, at)


def test_a_city_is_judged_by_its_cable_its_units_and_their_shapers() -> None:
    """A unit with one direction is not measured; a peak of 100 ms above the share is above it."""
    with namespace() as space:
        good, half = done(space, 5.0, 1448e6, 1400e6), done(space, 9.0, 1600e6)
    ours = Day([good], [499e6, 100e6], [1e6])
    other = Day([good, half], [900e6, 501e6], [700e6])
    rows = {row.name: row for row in city.told(ours, other)}
    down = rows["1 units: downloads together, most in 100 ms"]
    assert (down.ours, down.peer, down.goal, down.met) == (499.0, 900.0, 500.0, True)
    units = rows["  units measured in the quiet time"]
    assert (units.ours, units.peer, units.met) == (1, 1, True)
    near = rows["  estimates within 5 % of the unit's shaper"]
    assert near.peer == pytest.approx(200 / 3)
    assert (near.ours, near.met) == (100.0, True)
    assert rows["  the last is done after"].peer == 9.0
    worse = {row.name: row for row in city.told(other, ours)}
    assert not worse["2 units: downloads together, most in 100 ms"].met
    assert not worse["  estimates within 5 % of the unit's shaper"].met


def test_units_begin_at_moments_of_their_own() -> None:
    """The same each time, all over the spread."""
    found = [city.offset(f"{code}", 60.0) for code in range(168)]
    assert found == [city.offset(f"{code}", 60.0) for code in range(168)]
    assert min(found) < 5
    assert 55 < max(found) < 60


def test_what_the_proxy_did_is_told_in_the_order_of_sending() -> None:
    fates = [
        Fate(number, arrived, hold, 100, False, 1, False)
        for number, arrived, hold in [(2, 20, 3_000_000), (1, 10, 1_000_000), (3, 30, None), (4, 40, 2_000_000)]
    ]
    assert realtime.holds(fates) == [0.001, 0.003, 0.002]
    assert realtime.lost(fates) == 1
    assert realtime.difference([0.001, 0.003, 0.002]) == pytest.approx(0.0015)
    assert realtime.binomial(0.05, 400) == pytest.approx(4 * 0.010897, abs=1e-5)
    assert not realtime.compared("loss", "%", 5.0, 3.0, 1.9).met


def test_opinions_are_those_that_are_printed() -> None:
    assert [row.name for row in realtime.opinions() if not row.met] == []


@pytest.mark.skipif(bool(missing), reason=f"make bench installs {', '.join(missing)}")
@pytest.mark.parametrize("secure", [False, True])
def test_both_tools_measure_the_same_line(secure: bool, tmp_path: Path) -> None:
    """On a shaped line with both servers, ours with TLS and without; nothing is said about how right they are."""
    made = chain.make(tmp_path, [shaper.FAR])
    with lab.bench(*((made.server, made.root) if secure else ())) as here:
        here.set(20e6)
        ours = here.ours("download", 20e6, seconds=1.0, grid=0.05, pause=0.01, early=False)
        peer = here.iperf3("download", 1.0)
    assert ours.stopped == "seconds"
    for found in (ours, peer):
        assert 0 < found.rate < 40e6
        assert found.used > 0
