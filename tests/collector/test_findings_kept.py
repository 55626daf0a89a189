"""A provider that fails, from the push to the store, ``/metrics`` and the command line, and what becomes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding, Observation, Topology
from collector.findings import Findings
from collector.store import findings
from tests.collector.attribution.faults import bad, lan
from tests.collector.commanding import GOOD, UNITS, Pc, call, pcs, rows, running, town, troubled
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


async def minutes(devices: list[Pc], hands: Hands, count: int) -> None:
    """So many of them pass, with `devices` reporting every ten."""
    for _ in range(count // 10):
        hands.at += 10 * MINUTE
        await pushed(devices, down=False)


async def test_a_silence_outlives_a_restart(file: str) -> None:
    """Nobody can tell for half an hour whether it is over; then it goes on under its id."""
    hands = Hands()
    async with running(file, hands) as client:
        first, second = await Pc(client, UNITS[0], 1).enrol(), await Pc(client, UNITS[0], 2).enrol()
        await pushed([first, second], down=False)
        await minutes([first], hands, 40)
        [before] = client.server.parts.live.findings
        assert (before.cause, before.subject) == (Cause.AGENT_STOPPED, second.id)
    async with running(file, hands) as client:
        first.client = second.client = client
        live = client.server.parts.live
        assert [one.cleared_at for one in live.findings] == [None]
        for _ in range(5):
            await minutes([first], hands, 10)
            assert [(one.id, one.cleared_at, one.flaps) for one in live.findings] == [(before.id, None, 0)]


async def test_a_silence_that_ends_after_a_restart_is_cleared_at_once(file: str) -> None:
    """Who speaks again is away no more."""
    hands = Hands()
    async with running(file, hands) as client:
        both = [await Pc(client, UNITS[0], number).enrol() for number in (1, 2)]
        await pushed(both, down=False)
        await minutes(both[:1], hands, 40)
    async with running(file, hands) as client:
        for pc in both:
            pc.client = client
        await minutes(both, hands, 10)
        assert [one.cleared_at for one in client.server.parts.live.findings] == [hands.at]


WEDNESDAY = 1_794_934_800_000_000  # 18/11/2026 00:00 in Ho Chi Minh City, µs


def at(clock: str, day: int = 0) -> int:
    """That time of the day, so many days later."""
    hour, _, minute = clock.partition(":")
    return WEDNESDAY + (day * 24 * 60 + int(hour) * 60 + int(minute)) * MINUTE


@pytest.fixture
def office(file: str) -> str:
    """The town, open on workdays from 07:30 to 17:00, measuring every half-hour."""
    path = Path(file).parent / "localities" / "town.yaml"
    text = path.read_text("utf-8").replace("every: 60s", "every: 30m")
    hours = 'office_hours: [{days: [mon, tue, wed, thu, fri], from: "07:30", to: "17:00"}]'
    path.write_text(text.replace("office_hours: always", hours), "utf-8")
    return file


@pytest.mark.parametrize("down", [True, False])
async def test_a_fault_lasts_through_the_night_while_all_pcs_are_off(office: str, down: bool) -> None:
    """What becomes of it is known when they are back and have measured: it goes on, or it is over."""
    hands = Hands()
    hands.at = at("16:50")
    async with troubled(office, now=hands) as devices:
        sweep, live = devices[0].client.server.parts.sweep, devices[0].client.server.parts.live
        [before] = live.findings
        for clock, day in (("17:19", 0), ("17:21", 0), ("20:00", 0), ("07:29", 1), ("07:50", 1)):
            hands.at = at(clock, day)
            await sweep.once()
            assert [(one.id, one.cleared_at) for one in live.findings] == [(before.id, None)], clock
        for pc in devices:
            result = pc.sender.result(hands.at, check="device", target="", samples=(), facts=GOOD)
            await pc.client.push(pc.sender.sealed(result, sent_at=hands.at))
        await sweep.once()
        assert [(one.id, one.cleared_at) for one in live.findings] == [(before.id, None)]
        hands.at = at("08:01", 1)
        await pushed(devices, down=down)
        assert [(one.id, one.flaps) for one in live.findings] == [(before.id, 0)]
        assert [one.cleared_at for one in live.findings] == [None if down else hands.at]


class Gate:
    """A comparison that takes until it is let go."""

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), 0

    def __call__(self, observations: Iterable[Observation], topology: Topology) -> list[Finding]:
        self.asked += 1
        self.go.wait()
        return [lan()] if any(not one.ok for one in observations) else []


@pytest.fixture
async def slow(file: str) -> AsyncIterator[tuple[Findings, Gate]]:
    """Findings of a town in which one office fails, as long as a comparison takes."""
    async with running(file) as client:
        parts, gate = client.server.parts, Gate()
        locality, freshness = parts.catalog.locality, parts.rules.profile.freshness
        yield Findings(parts.store, parts.live, locality, lambda: freshness, gate), gate
        gate.go.set()


async def until_told(found: Findings, now: int, most: int = 50) -> None:
    """Calls as the sweep does, until nothing is being compared."""
    for _ in range(most):
        if await found.advance(now):
            return
    raise AssertionError("nothing was found")


async def test_a_long_comparison_holds_up_no_sweep(slow: tuple[Findings, Gate]) -> None:
    """What it comes to is taken when it is there, and it is made once."""
    found, gate = slow
    found.update(lan().subject, [bad("27259-1")])
    assert await asyncio.wait_for(found.advance(1), 30) is not None
    assert await asyncio.wait_for(found.advance(2), 30) is None
    gate.go.set()
    await until_told(found, 3)
    assert gate.asked == 1


async def test_what_was_open_stands_until_the_first_comparison_has_ended(
    file: str, slow: tuple[Findings, Gate]
) -> None:
    """A large city that starts again clears nothing before it has looked."""
    found, gate = slow
    found.update(lan().subject, [bad("27259-1")])
    gate.go.set()
    await until_told(found, 1)
    [before] = found._open
    again = Findings(found._store, found._live, found._locality, found._freshness, shut := Gate())
    await again.start(2)
    again.update(lan().subject, [bad("27259-1")])
    await again.advance(3)
    assert found._live.findings == [before]
    shut.go.set()


def test_nobody_waits_for_a_comparison_when_the_collector_stops(tmp_path: Path) -> None:
    """Neither the loop nor the end of the process; what it comes to is lost."""
    gate = Gate()

    async def served() -> None:
        async with running(town(tmp_path)) as client:
            parts = client.server.parts
            freshness = parts.rules.profile.freshness
            found = Findings(parts.store, parts.live, parts.catalog.locality, lambda: freshness, gate)
            found.update(lan().subject, [bad("27259-1")])
            await found.advance(1)

    asyncio.run(served())
    (thread,) = [one for one in threading.enumerate() if one.name == "findings"]
    assert thread.daemon
    gate.go.set()
    thread.join(30)
    assert not thread.is_alive()


async def test_a_comparison_that_fails_is_told_and_made_again(file: str) -> None:
    """The sweep counts it; what was open stands."""

    def broken(observations: Iterable[Observation], topology: Topology) -> list[Finding]:
        asked.append(len(list(observations)))
        raise ValueError("no way")

    asked: list[int] = []
    async with running(file) as client:
        parts = client.server.parts
        freshness = parts.rules.profile.freshness
        found = Findings(parts.store, parts.live, parts.catalog.locality, lambda: freshness, broken)
        found.update(lan().subject, [bad("27259-1")])
        for _ in range(2):
            with pytest.raises(ValueError, match="no way"):
                await until_told(found, 1)
    assert asked == [1, 1]
