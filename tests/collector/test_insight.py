"""What follows from the verdicts of a running collector: the way to ready, why nothing is heard, what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.attribution.silent import Why
from collector.insight import Insight
from collector.readiness.model import Silence
from tests.collector.commanding import (
    CON_DAO,
    KHANH_HOI,
    UNITS,
    XOM_CHIEU,
    Pc,
    on_line_of,
    pcs,
    running,
    town,
    troubled,
)  # fmt: skip
from tests.collector.standing import Client
from tests.collector.test_sweep import MINUTE, Hands


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


async def silenced(client: Client, hands: Hands, heard: list[Pc]) -> None:
    """Forty minutes in which only `heard` report, every ten."""
    for _ in range(4):
        hands.at += 10 * MINUTE
        for pc in heard:
            await pc.push()
        await client.server.parts.sweep.once()


async def test_the_way_to_ready_is_that_of_the_present_verdict(file: str) -> None:
    """Empty where all is met."""
    async with troubled(file) as devices:
        live = devices[0].client.server.parts.live
        path = live.path(XOM_CHIEU)
        assert path is not None
        assert [(fix.item, fix.quantity) for fix in path.fixes] == [("tell_operator", 3.0), ("ram", 1.0)]
        assert live.path(XOM_CHIEU) == path
        ready = live.path("27316")
        assert ready is not None
        assert (ready.fixes, ready.unmet, ready.unknown) == ((), (), ())
        assert live.path("00000") is None


async def test_a_unit_without_devices_is_never_enrolled_and_has_no_way(file: str) -> None:
    """And another unit, whose PC has enrolled and said nothing yet, has never reported."""
    async with running(file) as client:
        [pc] = await pcs(client, XOM_CHIEU)
        await client.server.parts.sweep.once()
        live = client.server.parts.live
        assert (live.path(CON_DAO), live.path(XOM_CHIEU)) == (None, None)
        never, mute = live.silence_of(CON_DAO), live.silence_of(XOM_CHIEU, pc.id)
        assert never is not None
        assert mute is not None
        assert (never.cause, mute.cause) == (Why.NEVER_ENROLLED, Why.NEVER_REPORTED)


async def test_of_a_silent_unit_no_way_is_told(file: str) -> None:
    """What it had when it was last heard is no word on what it needs."""
    hands = Hands()
    async with troubled(file, now=hands) as devices:
        client = devices[0].client
        assert client.server.parts.live.path(XOM_CHIEU) is not None
        await silenced(client, hands, [pc for pc in devices if pc.unit != XOM_CHIEU])
        assert client.server.parts.live.verdicts[XOM_CHIEU].silence is Silence.LOST_CONTACT
        assert client.server.parts.live.path(XOM_CHIEU) is None
        assert client.server.parts.live.path(KHANH_HOI) is not None


async def test_who_reports_is_not_silent(file: str) -> None:
    async with troubled(file) as devices:
        live = devices[0].client.server.parts.live
        assert [live.silence_of(unit) for unit in UNITS] == [None] * 6
        assert live.silence_of(XOM_CHIEU, devices[0].id) is None
        assert live.silence_of("00000") is None
        assert live.silence_of(XOM_CHIEU, "zz") is None


async def test_units_of_one_provider_that_fall_silent_together_are_off_by_its_line(file: str) -> None:
    """Three of VNPT's stop at once, and the others report: each of the three is told why, and since when."""
    hands = Hands()
    async with running(file, hands) as client:
        await on_line_of(client, "Viettel", UNITS[3:])
        devices = await pcs(client, *UNITS)
        for pc in devices:
            await pc.push()
        await client.server.parts.sweep.once()
        stopped = hands.at
        await silenced(client, hands, devices[3:])
        [finding] = client.server.parts.live.findings
        for unit in UNITS[:3]:
            found = client.server.parts.live.silence_of(unit)
            assert found is not None
            assert (found.cause, found.since) == (Why.LINE_DOWN, stopped)
            assert [(sign.name, sign.count) for sign in found.signs if sign.name] == [(finding.id, 3)]
        assert client.server.parts.live.silence_of(UNITS[3]) is None


async def test_one_silent_device_is_seen_beside_its_siblings(file: str) -> None:
    """The unit is heard, so only the device is silent: it was well and alone stopped."""
    hands = Hands()
    async with running(file, hands) as client:
        devices = await pcs(client, XOM_CHIEU, XOM_CHIEU, XOM_CHIEU)
        for pc in devices:
            await pc.push()
        stopped = hands.at
        await silenced(client, hands, devices[1:])
        live = client.server.parts.live
        assert live.silence_of(XOM_CHIEU) is None
        found = live.silence_of(XOM_CHIEU, devices[0].id)
        assert found is not None
        assert (found.cause, found.since) == (Why.AGENT_STOPPED, stopped)
        assert [live.silence_of(XOM_CHIEU, pc.id) for pc in devices[1:]] == [None, None]


async def test_a_silence_is_asked_anew_once_the_neighbours_have_changed(file: str) -> None:
    """The others return: what is left of the fault that stopped them all keeps its name, and counts fewer."""
    hands = Hands()
    async with running(file, hands) as client:
        await on_line_of(client, "Viettel", UNITS[3:])
        devices = await pcs(client, *UNITS)
        for pc in devices:
            await pc.push()
        await client.server.parts.sweep.once()
        await silenced(client, hands, devices[3:])
        before = client.server.parts.live.silence_of(XOM_CHIEU)
        await silenced(client, hands, devices[1:])
        after = client.server.parts.live.silence_of(XOM_CHIEU)
        assert before is not None
        assert after is not None
        assert before.cause is after.cause is Why.LINE_DOWN
        assert (before.signs[0].name, before.signs[0].count) == (after.signs[0].name, 3)
        assert after.signs[0].count == 1
        assert after.since == before.since


async def test_a_former_code_leads_to_its_successors(file: str) -> None:
    """The largest share first; a code of today, and one that never was, lead nowhere."""
    async with running(file) as client:
        live = client.server.parts.live
        assert live.successors("27256") == [KHANH_HOI, XOM_CHIEU]
        assert live.successors("27253") == [XOM_CHIEU]
        assert live.successors(XOM_CHIEU) == live.successors("00000") == []


async def test_what_nobody_has_listed_is_told_in_both_languages(file: str) -> None:
    async with running(file) as client:
        live = client.server.parts.live
        assert live.missing("vi") == ("phường, xã, đặc khu: cần 7, đã khai báo 6; đơn vị khác: cần 2, đã khai báo 0")
        assert live.missing("en") == (
            "wards, communes, special zones: 7 expected, 6 listed; other offices: 2 expected, 0 listed"
        )


async def test_nobodys_silence_is_explained_by_the_time_before_the_collector_listened(file: str) -> None:
    """After a restart the neighbours' silence says nothing yet: nobody could have been heard."""
    hands = Hands()
    async with troubled(file, now=hands):
        pass
    hands.at += 40 * MINUTE
    async with running(file, hands) as client:
        parts = client.server.parts
        insight = Insight(parts.live, parts.facts, parts.rules, parts.catalog.locality, parts.now)
        found = insight.silence_of(XOM_CHIEU)
        assert found is not None
        assert found.cause is Why.COLLECTOR_AWAY
