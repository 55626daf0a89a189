"""The client of the check against the collector's own ndt7 server."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from checks.kit import ndt7_client, ndt7_run
from checks.kit.model import Reason
from checks.kit.speed import Plan, Report
from collector.speed.record import Limits
from tests.collector.speed.serving import FakeGate, Served, served

LIMITS = Limits(run=5.0, most=6.0, stall=2.0)


async def measure(here: Served, **plan: Any) -> Report:
    told: dict[str, Any] = {
        "url": f"http://127.0.0.1:{here.port}", "token": "good", "proof": "cHJvb2Y=", "seconds": 1.0, "least": 0.5,
        "grid": 0.05, "pause": 0.01, "early": False, "interface": "lo",
    }  # fmt: skip
    return await asyncio.to_thread(ndt7_client.measure, msgspec.to_builtins(Plan(**(told | plan))))


async def test_both_ways_complete_under_a_lease_and_both_sides_count_the_same() -> None:
    """The server paces the download and reads the upload no faster than the lease allows; its record agrees."""
    async with served(FakeGate(rate=40e6), LIMITS) as here:
        report = await measure(here)
        async with asyncio.timeout(10):
            while len(here.gate.records) < 2:
                await asyncio.sleep(0.01)
        records = {record["test"]: record for record in here.gate.records}
    down, up = report.ways
    assert [(way.reason, way.detail, way.stopped) for way in (down, up)] == [("", "", "seconds")] * 2
    assert down.rate is not None
    assert up.rate is not None
    assert 5e6 < down.rate < 46e6
    assert 5e6 < up.rate < 46e6
    assert (down.counted, up.counted) == ("kernel", "server")
    assert down.used <= 1.02 * records["download"]["bytes"] + (1 << 20)  # the last message was under way
    assert up.told <= records["upload"]["bytes"] <= up.given
    assert set(here.gate.opened) == {
        ("good", "download", "cHJvb2Y="), ("good", "upload", "cHJvb2Y="),
    }  # fmt: skip
    assert down.probes.self


@pytest.mark.parametrize("way", ["download", "upload"])
async def test_a_forged_token_is_the_lease_s_fault(way: str) -> None:
    """With the code that the server gave."""
    async with served(FakeGate(), LIMITS) as here:
        (found,) = (await measure(here, token="bad", ways=(way,))).ways
    assert (found.reason, found.detail) == (Reason.LEASE_REFUSED, "the server refuses the lease: lease_forged")


@pytest.mark.parametrize("way", ["download", "upload"])
async def test_a_collector_that_stops_meanwhile_cuts_the_test(way: str) -> None:
    """It says that it goes away; that is no speed."""
    async with served(FakeGate(rate=20e6), LIMITS) as here:
        asyncio.get_running_loop().call_later(0.5, lambda: asyncio.ensure_future(here.speed.stop()))
        (found,) = (await measure(here, ways=(way,), seconds=4.0)).ways
    assert (found.reason, found.rate) == (Reason.TEST_CUT, None)
    assert found.detail.startswith("the connection ended in the middle of the test (WebSocket code 1")


async def test_a_connection_that_joins_late_reports_in_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends a connection that claims to be older than it is."""
    monkeypatch.setattr(ndt7_run, "crowded", lambda _: "no_queue")
    async with served(FakeGate(rate=20e6), LIMITS) as here:
        (found,) = (await measure(here, ways=("download",), seconds=2.5, settle=0.8, streams=2)).ways
    assert (found.reason, found.detail, found.streams) == ("", "", 2)
