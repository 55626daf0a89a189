"""What is known of a unit's line: from the roster, from the last test, from its router."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome, Result, Sample
from collector.config import CollectorConfig, Speed
from collector.leases.around import FRESH, KEPT, Lines
from collector.leases.model import MEGABIT, SECOND, Line, Traffic
from collector.leases.place import place
from collector.readiness.model import DeviceFacts
from collector.roster.model import UnitRoster
from tests.collector.leases.city import local

NOW = local(12, 0)
SPEEDS = {"download": 5e6, "upload": 1e6}


class Board:
    """One unit as the roster tells it, with devices of the given results."""

    def __init__(self, told: UnitRoster | None = None, *results: Result, status: str = "active") -> None:
        self._told = told
        self._devices = [
            DeviceFacts(id=f"{number}", unit="27259", status=status, results={(one.check, one.target): one})
            for number, one in enumerate(results)
        ]

    def devices_of(self, unit: str) -> list[DeviceFacts]:
        return self._devices

    def told(self, unit: str) -> UnitRoster | None:
        return self._told


def result(check: str, age: int = 0, outcome: Outcome = Outcome.OK, **values: float) -> Result:
    samples = tuple(Sample(f"{check}_{name}", value, {"direction": "receive"}) for name, value in values.items())
    return Result(check=check, outcome=outcome, at=NOW - age * SECOND, mono=0, boot="", samples=samples)


def line(told: UnitRoster | None = None, *results: Result, status: str = "active", **networks: str) -> Line:
    return Lines(Board(told, *results, status=status), networks).of_unit("27259", NOW)


def test_of_a_unit_that_nobody_speaks_of_nothing_is_known() -> None:
    assert line() == Line(unit="27259")


def test_a_line_is_looked_at_twice_a_minute() -> None:
    """50 PCs that ask at once cost one look; what is old by then is looked at again, and so is what a clock left."""
    board = Board(UnitRoster(unit="27259", contracted_up_mbps=50))
    lines = Lines(board, {})
    assert lines.of_unit("27259", NOW).contracted == 50 * MEGABIT
    board._told = None
    assert lines.of_unit("27259", NOW + KEPT - 1).contracted == 50 * MEGABIT
    assert lines.of_unit("27259", NOW + KEPT).contracted == 0
    board._told = UnitRoster(unit="27259", contracted_up_mbps=10)
    assert lines.of_unit("27259", NOW - 3600 * SECOND).contracted == 10 * MEGABIT


def test_the_contract_is_that_of_the_faster_direction() -> None:
    told = UnitRoster(unit="27259", provider="vnpt ", contracted_down_mbps=200, contracted_up_mbps=100)
    assert line(told, internet="Viettel") == Line(unit="27259", provider="VNPT", contracted=200 * MEGABIT)
    half = UnitRoster(unit="27259", contracted_up_mbps=50)
    assert line(half, internet="Viettel") == Line(unit="27259", provider="Viettel", contracted=50 * MEGABIT)


def test_the_newest_measurement_counts_if_it_can_be_one() -> None:
    """Of any device in force, in bit/s; a failed one tells nothing, nor does an impossible one."""
    old, new = result("bandwidth", 600, throughput=1e6), result("bandwidth", 60, throughput=5e6)
    assert line(None, old, new).measured == 40 * MEGABIT
    assert line(None, old, result("bandwidth", 0, Outcome.FAILED, throughput=9e9)).measured == 8 * MEGABIT
    assert line(None, new, status="pending").measured == 0
    for wrong in (1e30, -5.0, float("nan"), float("inf")):
        assert line(None, result("bandwidth", throughput=wrong)).measured == 0


@pytest.mark.parametrize("limit", ["pc", "lease"])
def test_a_test_that_was_held_back_tells_only_what_the_line_gave_at_least(limit: str) -> None:
    """By the faster direction, whatever the other was limited by; what the line itself limited is its speed."""
    down, up = (Sample("bandwidth_throughput", value, {"direction": way}) for way, value in SPEEDS.items())
    told = replace(result("bandwidth"), samples=(up, down), facts={"download_limited_by": limit})
    assert line(None, told) == Line(unit="27259", proven=40 * MEGABIT)
    for facts in ({"upload_limited_by": limit}, {"download_limited_by": "line"}, {"download_limited_by": "unknown"}):
        assert line(None, replace(told, facts=facts)) == Line(unit="27259", measured=40 * MEGABIT)


@pytest.mark.parametrize(("age", "known"), [(0, True), (FRESH // SECOND, True), (FRESH // SECOND + 1, False)])
def test_a_routers_reading_speaks_of_its_own_quarter_of_an_hour(age: int, known: bool) -> None:
    found = line(None, result("uplink", age, throughput=1e6, interval=300, capacity=25e6)).traffic
    at = NOW - age * SECOND
    assert found == (Traffic(at - 300 * SECOND, at, 8e6, 200e6) if known else None)


def test_a_reading_without_an_interval_is_none() -> None:
    """The first after a start; an older one of a sibling may serve."""
    first, older = result("uplink", throughput=1e6), result("uplink", 120, throughput=2e6, interval=300)
    found = line(None, first, older).traffic
    assert found is not None
    assert (found.rate, found.capacity) == (16e6, 0)
    assert line(None, first).traffic is None
    assert line(None, result("uplink", throughput=float("nan"), interval=300)).traffic is None
    assert line(None, result("uplink", throughput=1.0, interval=float("inf"))).traffic is None
    assert line(None, result("uplink", outcome=Outcome.FAILED, throughput=1e6, interval=300)).traffic is None


def test_the_server_is_named_in_the_settings_or_by_its_address() -> None:
    """With half of its capacity unless said."""
    url = "https://do.tdc.example.vn:8443"
    found = place(CollectorConfig(public_url=url, speed=Speed(reflector="[::]:8862")))
    assert (found.server.name, found.server.url) == ("do.tdc.example.vn", url)
    assert (found.server.host, found.server.port) == ("do.tdc.example.vn", 8862)
    assert (found.room.name, found.room.rate, found.enabled) == ("do.tdc.example.vn", 500 * MEGABIT, True)
    named = place(CollectorConfig(speed=Speed(enabled=False, name="TDC 1", reflector="", capacity_mbps=100, share=0.3)))
    assert (named.server.name, named.server.host, named.server.port) == ("TDC 1", "", 0)
    assert (named.room.name, named.room.rate, named.enabled) == ("TDC 1", 30 * MEGABIT, False)


def test_any_text_may_be_measured() -> None:
    """A result of an unknown check is nobody's."""
    anything: dict[str, Any] = {"throughput": 1.0, "interval": 300.0}
    assert line(None, result("lan", **anything)) == Line(unit="27259")
