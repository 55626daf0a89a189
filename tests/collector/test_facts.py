"""What a unit is judged by, gathered from where it is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from collector.readiness import profile_file
from collector.readiness.model import UnitFacts
from collector.roster.written import Written
from collector.store import devices, roster
from tests.collector.commanding import CON_DAO, PROFILE, XOM_CHIEU, call, in_days, pcs, running, town
from tests.collector.readiness.cities import HOUR
from tests.collector.standing import Client

DAILY = """\
- id: daily
  title: {vi: Một ngày, en: A day}
  scope: unit
  runs: connectivity
  targets: mandatory
  aggregate: ratio
  window: 24h
  unit: "%"
  bands: {ready: ">= 90"}
  source: {vi: "[A] Thử", en: "[A] Test"}
"""


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with running(town(tmp_path)) as client:
        yield client


async def gathered(client: Client, unit: str = XOM_CHIEU) -> UnitFacts:
    """As the sweep does."""
    parts = client.server.parts
    return await parts.store.read(lambda connection: parts.facts.of(connection, unit, parts.now()))


async def test_only_devices_that_count_are_judged(client: Client) -> None:
    """One that was revoked is no longer expected either."""
    first, second = await pcs(client, XOM_CHIEU, XOM_CHIEU)
    parts = client.server.parts
    await parts.store.write(lambda connection: devices.set_status(connection, second.id, devices.REVOKED, parts.now()))
    await parts.sweep.once()
    found = await gathered(client)
    assert [device.id for device in found.devices] == [first.id]
    assert (found.unit, found.expected, found.kind) == (XOM_CHIEU, 1, "Phường")
    assert [target.id for target in found.targets] == ["portal", "mail", "map"]


async def test_the_rosters_numbers_and_stations_are_needs(client: Client) -> None:
    """What it does not tell stays away, and is not zero."""
    written = Written(
        units={XOM_CHIEU: {"staff": 12, "counters": 0}},
        stations={XOM_CHIEU: {"Q1": {"role": "counter", "agent": True}, "R1": {"role": "router", "agent": True}}},
    )
    parts = client.server.parts
    await parts.store.write(lambda connection: roster.take(connection, written, now=parts.now(), source="test"))
    await parts.sweep.once()
    found = await gathered(client)
    assert (found.needs["staff"], found.needs["counters"]) == (12, 0)
    assert "signers" not in found.needs
    assert found.stations == {"pc": 1, "router": 1}
    assert (await gathered(client, CON_DAO)).needs == {}


async def test_waivers_and_the_calendar_are_of_the_moment(client: Client, tmp_path: Path) -> None:
    order = ("--until", in_days(5), "--author", "Lê An", "--reason", "máy mới về tuần sau")
    words = ("waivers", "grant", "--config", str(tmp_path / "collector.yaml"), "--unit", XOM_CHIEU, "memory", *order)
    assert (await call(*words))[0] == 0
    found = await gathered(client)
    assert [(waiver.requirement, waiver.author) for waiver in found.waivers] == [("memory", "Lê An")]
    assert found.calendar.open
    assert (await gathered(client, CON_DAO)).waivers == []


async def test_the_past_is_seen_through_the_windows_of_the_profile_in_use(client: Client, tmp_path: Path) -> None:
    """A copy that looks through another sees a day only, and leaves the first, which sees seven, as it was."""
    [pc] = await pcs(client, XOM_CHIEU)
    parts = client.server.parts
    at, before = parts.now(), parts.facts.windows
    old = [pc.sender.result(at - hours * HOUR, target="portal") for hours in (30, 2)]
    await client.push(pc.sender.sealed(*old))
    await parts.sweep.once()
    (tmp_path / "daily.yaml").write_text(PROFILE + DAILY, "utf-8")
    trial = parts.facts.copy()
    trial.use(parts.rules.profile, profile_file.read(tmp_path / "daily.yaml", parts.catalog))
    plain, daily = await parts.store.read(
        lambda connection: [facts.of(connection, XOM_CHIEU, at) for facts in (parts.facts, trial)]
    )
    assert [sum(tally.runs for tally in bucket.jobs.values()) for bucket in plain.buckets] == [2]
    assert [sum(tally.runs for tally in bucket.jobs.values()) for bucket in daily.buckets] == [1]
    assert parts.facts.windows is before
    assert parts.facts.present(XOM_CHIEU, at).buckets == []


async def test_a_unit_without_devices_has_facts_all_the_same(client: Client) -> None:
    found = await gathered(client, CON_DAO)
    assert (found.devices, found.expected, found.buckets) == ([], 0, [])
