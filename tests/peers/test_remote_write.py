"""What comes late lands in Debian's Prometheus and VictoriaMetrics at its own time, in the series a scrape fills."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.remote import proto
from collector.store.engine import Store
from collector.store.outbound import waiting
from tests.collector.pushing import DAY, wall
from tests.faults.nursery import Nursery
from tests.faults.rig import wait_until
from tests.peers.campaign_backlog import DAYS, TARGETS, Backlog, backlog, measure, push, units
from tests.peers.receivers import Receiver

EVERY = 3600
"""Seconds between two results of a system, of 300 in service: the city's three days 1:10 in devices, 1:12 in time."""
RESULTS = TARGETS * DAYS * 86_400 // EVERY


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


def dropped(run: Backlog, endpoint: str) -> dict[str, float]:
    """What the collector counts of samples it gave up, by reason; none that is 0."""
    name = "sansang_collector_remote_write_dropped_samples_total"
    reasons = ("too_old", "duplicate", "out_of_order", "refused", "same_time", "overflow", "expired", "unreadable")
    counts = {each: run.collector.metric(f'{name}{{endpoint="{endpoint}",reason="{each}"}}') for each in reasons}
    return {reason: count for reason, count in counts.items() if count}


def joined(port: int) -> dict[str, str]:
    """The labels that Prometheus gives to what it scrapes from the collector at `port`."""
    return {"job": "sansang-devices", "instance": f"127.0.0.1:{port}"}


def test_three_days_of_a_city_land_at_their_own_times(tmp_path: Path, nursery: Nursery) -> None:
    """Seventeen wards of five PCs, both receivers: every point is there once, none is refused for ever, and in
    Prometheus the late points and the scraped ones are one series."""
    with backlog(tmp_path, units(17), 5, nursery=nursery) as run:
        labels = joined(run.collector.port)
        added = {"prometheus": labels}
        more = "labels: {job: sansang-devices, instance: '" + labels["instance"] + "'}\n    out_of_order_window: 7d"
        run.start(prometheus=more)
        for number, device in enumerate(run.devices):
            measure(device, EVERY, wall(), number)
            push(run.collector, device, device.results)
        run.drained()
        found = run.differences(added)
        device = run.devices[0]
        selector = f'sansang_connectivity_up{{device="{device.sender.device}",target="r00"}}'
        wait_until(lambda: late_and_scraped(run, selector), "what is scraped is another series", run.collector.log)
        assert {name: each.first for name, each in found.items() if each.wrong} == {}
        assert found["prometheus"].points == found["victoria"].points == len(run.devices) * RESULTS * 7
        assert [dropped(run, each.name) for each in run.receivers] == [{}, {}]


def late_and_scraped(run: Backlog, selector: str) -> bool:
    """Whether Prometheus holds one series of `selector`, with points from before the start and after it."""
    held = list(run.receivers[0].points(selector).values())
    return len(held) == 1 and min(held[0]) < run.started < max(held[0])


def test_a_collector_killed_while_it_sends_loses_and_alters_nothing(tmp_path: Path, nursery: Nursery) -> None:
    """Small requests at a slow pace, killed twice on the way: what is sent twice is taken as the same."""
    slow = "max_samples: 200\n    samples_per_second: 500"
    with backlog(tmp_path, units(2), 2, nursery=nursery) as run:
        run.start(prometheus=slow, victoria=slow)
        for number, device in enumerate(run.devices):
            measure(device, EVERY, wall(), number)
            push(run.collector, device, device.results)
        for _ in range(2):
            wait_until(lambda: all(sent(run)), "nothing is sent", run.collector.log)
            run.collector.kill()
            assert queued(run).keys() == {"prometheus", "victoria"}
            run.collector.start()
        run.drained()
        found = run.differences({})
        assert {name: each.first for name, each in found.items() if each.wrong} == {}
        assert [dropped(run, each.name) for each in run.receivers] == [{}, {}]


def sent(run: Backlog) -> list[float]:
    """Samples that each receiver has taken from the collector that runs."""
    name = "sansang_collector_remote_write_samples_total"
    return [run.collector.metric(f'{name}{{endpoint="{each.name}"}}') for each in run.receivers]


def queued(run: Backlog) -> dict[str, int]:
    """Samples that wait, by endpoint."""
    store = Store(run.collector.database)
    try:
        with store.reader() as connection:
            return {name: each.samples for name, each in waiting(connection).items()}
    finally:
        store.close()


@pytest.mark.parametrize("window", ["", "\n    out_of_order_window: 2d"], ids=["unknown", "known"])
def test_what_is_too_old_and_what_is_poisoned_is_all_that_prometheus_refuses(
    tmp_path: Path, nursery: Nursery, window: str
) -> None:
    """A third is older than the receiver's window, which the collector is told or finds out, and one point stands there
    with another value already: all others land."""
    with backlog(tmp_path, units(1), 1, window="2d", nursery=nursery) as run:
        (device,) = run.devices
        measure(device, 1800, wall())
        floor = wall() // 1000 - 2 * DAY // 1000
        poisoned = next(each for each in reversed(device.results) if not each.reason)
        poison(run.receivers[0], run, poisoned.at // 1000)
        run.start(prometheus=f"send: late{window}")
        push(run.collector, device, device.results)
        run.drained()
        assert run.differences({})["victoria"].wrong == 0
        counts = dropped(run, "prometheus")
        young = [each for each in device.results if each.at // 1000 > floor + 120_000]
        old, device.results = len(device.results) - len(young), young
        found = run.differences({})["prometheus"]
        assert (found.missing, found.changed) == (0, 1), found
        assert counts.keys() == {"too_old", "duplicate"}
        assert counts["duplicate"] == 1
        assert (old - 2 * TARGETS) * 7 <= counts["too_old"] <= old * 7


def poison(receiver: Receiver, run: Backlog, at: int) -> None:
    """Gives `receiver` another value for the newest point of one series."""
    device = run.devices[0]
    named = {
        "__name__": "sansang_connectivity_up", "unit": device.unit, "device": device.sender.device,
        "check": "connectivity", "target": "r01",
    }  # fmt: skip
    receiver.write(proto.request([(proto.series(named.items()), at, 0.5)]))
