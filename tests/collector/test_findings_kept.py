"""A provider that fails, from the push to the store, ``/metrics`` and the command line, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.store import findings
from tests.collector.commanding import UNITS, Pc, call, pcs, rows, running, town, troubled
from tests.collector.standing import Client
from tests.collector.test_sweep import MINUTE, Hands

CLOSE_AFTER = 5 * MINUTE


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


async def stored(client: Client) -> list[Finding]:
    """All there ever were."""
    return await client.server.parts.store.read(lambda connection: findings.since(connection, 0))


def subjects(found: list[Finding]) -> list[tuple[Segment, str, Cause, tuple[str, ...]]]:
    return [(one.segment, one.subject, one.cause, one.units) for one in found]


VNPT = (Segment.PROVIDER, "VNPT", Cause.UNREACHABLE, tuple(sorted(UNITS[:3])))


async def pushed(devices: list[Pc], *, down: bool) -> None:
    """All of them measure, those of VNPT's units in vain when it is `down`."""
    for pc in devices:
        await pc.push(down=down and pc.unit in UNITS[:3])
    await devices[0].client.server.parts.sweep.once()


async def test_one_fault_of_many_units_is_one_finding_everywhere(file: str) -> None:
    """In the store, on the board, in the metrics and on the command line, under one id."""
    async with troubled(file, now=Hands()) as devices:
        client = devices[0].client
        [kept] = await stored(client)
        assert subjects([kept]) == subjects(client.server.parts.live.findings) == [VNPT]
        labels = f'{{id="{kept.id}",segment="provider",cause="unreachable",provider="VNPT"}}'
        assert await client.metric(f"sansang_finding{labels}") == 1
        assert await client.metric(f'sansang_finding_units{{id="{kept.id}"}}') == 3
        told = rows((await call("findings", "--config", file))[1])
        assert [line.split()[0] for line in told[1:]] == [kept.id, kept.id]


async def test_what_is_mended_is_cleared_at_once_and_closed_when_it_stays_away(file: str) -> None:
    """A cleared one is no alert: it leaves the metrics, and waits in case it returns."""
    hands = Hands()
    async with troubled(file, now=hands) as devices:
        client, live = devices[0].client, devices[0].client.server.parts.live
        hands.at += MINUTE
        await pushed(devices, down=False)
        cleared_at = hands.at
        assert [one.cleared_at for one in live.findings] == [cleared_at]
        assert await client.metric("sansang_finding{") is None
        hands.at = cleared_at + CLOSE_AFTER - MINUTE
        await pushed(devices, down=False)
        assert subjects(live.findings) == [VNPT]
        hands.at = cleared_at + CLOSE_AFTER + MINUTE
        await pushed(devices, down=False)
        assert live.findings == []
        [kept] = await stored(client)
        assert kept.cleared_at == cleared_at
        assert kept.closed_at == hands.at
        assert rows((await call("findings", "--config", file, "--lang", "en"))[1]) == ["No findings."]
        assert "closed" in (await call("findings", "--config", file, "--lang", "en", "--days", "1"))[1]


async def test_a_finding_survives_a_restart_under_its_id(file: str) -> None:
    """And is not opened, logged or written anew."""
    hands = Hands()
    async with troubled(file, now=hands) as devices:
        [before] = await stored(devices[0].client)
    hands.at += 30_000_000
    async with running(file, hands) as client:
        [after] = client.server.parts.live.findings
        assert (after.id, after.opened_at, after.flaps) == (before.id, before.opened_at, 0)
        assert after.cleared_at is None
        assert await stored(client) == [before]
        assert await client.metric(f'sansang_finding_units{{id="{before.id}"}}') == 3


async def test_one_that_was_mended_while_the_collector_was_away_is_cleared(file: str) -> None:
    hands = Hands()
    async with troubled(file, now=hands) as devices:
        pass
    hands.at += 2 * MINUTE
    async with running(file, hands) as client:
        for pc in devices:
            pc.client = client
        await pushed(devices, down=False)
        assert [one.cleared_at for one in client.server.parts.live.findings] == [hands.at]


async def test_a_sweep_without_news_writes_nothing(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do the same failures, seen again: a fault is not written at every push."""
    writes: list[list[str]] = []

    def save(connection: Any, changed: list[Finding], now: int) -> None:
        writes.append([one.id for one in changed])
        kept(connection, changed, now)

    kept = findings.save
    monkeypatch.setattr(findings, "save", save)
    hands = Hands()
    async with troubled(file, now=hands) as devices:
        live = devices[0].client.server.parts.live
        [name] = [one.id for one in live.findings]
        assert writes == [[name]]
        await devices[0].client.server.parts.sweep.once()
        first = live.findings[0].last
        hands.at += MINUTE
        await pushed(devices, down=True)
        assert writes == [[name]]
        assert live.findings[0].last == hands.at > first
        new = await Pc(devices[0].client, UNITS[0], 99).enrol()
        hands.at += MINUTE
        await pushed([*devices, new], down=True)
        assert writes == [[name]]
        assert len(live.findings[0].devices) == 4


async def test_a_fault_that_returns_before_it_is_closed_is_the_same(file: str) -> None:
    """It has flapped once."""
    hands = Hands()
    async with troubled(file, now=hands) as devices:
        live = devices[0].client.server.parts.live
        [before] = live.findings
        for down in (False, True):
            hands.at += MINUTE
            await pushed(devices, down=down)
        [after] = live.findings
        assert (after.id, after.flaps, after.cleared_at) == (before.id, 1, None)
        assert await devices[0].client.metric(f'sansang_finding_units{{id="{before.id}"}}') == 3


async def test_a_town_where_all_is_well_has_none(file: str) -> None:
    async with running(file) as client:
        await pushed(await pcs(client, *UNITS), down=False)
        assert client.server.parts.live.findings == []
        assert await client.metric("sansang_finding{") is None
