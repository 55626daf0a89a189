"""Verdicts come and go as results do, with an injected clock, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path

from checks.kit.model import Result
from collector.readiness.model import Silence, Verdict
from tests.collector.pushing import XOM_CHIEU, Sender, wall
from tests.collector.standing import Client, served

MINUTE = 60_000_000
MACHINE = {"memory_bytes": 16_000_000_000, "disk_kind": "ssd", "disk_free_ratio": 0.5, "age_years": 2.0}


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = wall()

    def __call__(self) -> int:
        return self.at


def healthy(sender: Sender, now: int) -> list[Result]:
    """Everything the default profile asks for, three times over."""
    runs = [sender.result(now, target=target) for target in ("tiep-nhan", "xu-ly") for _ in range(3)]
    return [*runs, sender.result(now, check="device", target="", samples=(), facts=MACHINE)]


async def push(client: Client, hands: Hands, sender: Sender) -> None:
    status, answer = await client.push(sender.sealed(*healthy(sender, hands.at), sent_at=hands.at))
    assert status == 200, answer
    await client.server.parts.sweep.once()


async def test_silence_leaves_ready_then_says_lost_contact_then_no_data(tmp_path: Path, database_url: str) -> None:
    """15 minutes make it late, 30 silent, 24 hours without data, to the minute; and back at the first push."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        live, sender = client.server.parts.live, await client.enrolled(Sender())
        assert live.verdicts[XOM_CHIEU].silence is Silence.NEVER_ENROLLED
        await push(client, hands, sender)
        assert (live.verdicts[XOM_CHIEU].verdict, live.verdicts[XOM_CHIEU].silence) == (Verdict.READY, None)
        pushed = hands.at
        for minutes, verdict, silence in (
            (14, Verdict.READY, None),
            (29, Verdict.READY, Silence.LATE),
            (31, Verdict.UNKNOWN, Silence.LOST_CONTACT),
            (24 * 60 - 1, Verdict.UNKNOWN, Silence.LOST_CONTACT),
            (24 * 60 + 1, Verdict.UNKNOWN, Silence.NO_DATA),
        ):
            hands.at = pushed + minutes * MINUTE
            await client.server.parts.sweep.once()
            now = live.verdicts[XOM_CHIEU]
            assert (now.verdict, now.silence) == (verdict, silence), minutes
        line = f'sansang_unit_silence{{unit="{XOM_CHIEU}",silence="no_data"}}'
        assert await client.metric(line) == 1
        assert await client.metric(f'sansang_unit_verdict{{unit="{XOM_CHIEU}",verdict="ready"}}') == 0
        await push(client, hands, sender)
        assert live.verdicts[XOM_CHIEU].verdict is Verdict.READY


async def test_every_change_is_kept_with_its_reason(tmp_path: Path, database_url: str) -> None:
    """Verdict and silence, old and new, oldest first."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        sender = await client.enrolled(Sender())
        await push(client, hands, sender)
        hands.at += 31 * MINUTE
        await client.server.parts.sweep.once()
        found = await client.server.parts.live.history(XOM_CHIEU, 0)
        verdicts = [(change.old, change.new) for change in found if change.subject == "verdict"]
        assert verdicts[-1] == ("ready", "unknown")
        assert verdicts[-2][1] == "ready"
        silences = [(change.old, change.new) for change in found if change.subject == "silence"]
        assert silences[-1] == ("", "lost_contact")
        assert all(change.profile == "demo@2" for change in found)


async def test_two_sweeps_at_once_store_each_change_once(tmp_path: Path, database_url: str) -> None:
    """The timer's sweep and a technician's command meet: the second compares with what the first found."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        sender, sweep = await client.enrolled(Sender()), client.server.parts.sweep
        status, _ = await client.push(sender.sealed(*healthy(sender, hands.at), sent_at=hands.at))
        await asyncio.gather(*(sweep.once() for _ in range(4)))
        found = await client.server.parts.live.history(XOM_CHIEU, 0)
        stored = [(change.subject, change.old, change.new) for change in found]
        assert (status, sorted(stored)) == (200, sorted(set(stored)))
        assert ("verdict", "ready") in {(subject, new) for subject, _, new in stored}


async def test_since_survives_a_restart(tmp_path: Path, database_url: str) -> None:
    """A collector that comes back does not pretend that everything is new, and writes no transition for it."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        sender = await client.enrolled(Sender())
        await push(client, hands, sender)
        before = client.server.parts.live.verdicts[XOM_CHIEU]
        changes = len(await client.server.parts.live.history(XOM_CHIEU, 0))
    hands.at += 5 * MINUTE
    async with served(tmp_path, database_url, now=hands) as client:
        after = client.server.parts.live.verdicts[XOM_CHIEU]
        assert (after.verdict, after.since) == (before.verdict, before.since)
        assert [line.since for line in after.requirements] == [line.since for line in before.requirements]
        assert len(await client.server.parts.live.history(XOM_CHIEU, 0)) == changes
        line = f'sansang_unit_verdict{{unit="{XOM_CHIEU}",verdict="ready"}}'
        assert await client.metric(line) == 1


async def test_a_failing_system_is_named_with_its_reason(tmp_path: Path) -> None:
    """Not ready, because of this target, for this cause."""
    hands = Hands()
    async with served(tmp_path, now=hands) as client:
        sender = await client.enrolled(Sender())
        down = [
            sender.result(hands.at, target="xu-ly", outcome="failed", reason="tcp_refused", samples=())
            for _ in range(3)
        ]
        fine = [result for result in healthy(sender, hands.at) if result.target != "xu-ly"]
        sender.next = max(result.seq for result in fine) + 1
        await client.push(sender.sealed(*down, *fine, sent_at=hands.at))
        await client.server.parts.sweep.once()
        verdict = client.server.parts.live.verdicts[XOM_CHIEU]
        assert verdict.verdict is Verdict.NOT_READY
        worst = next(line for line in verdict.requirements if line.id == verdict.deciding[0])
        assert ("xu-ly", "tcp_refused") in [(part.target, part.reason) for part in worst.evidence]


async def test_metrics_this_release_does_not_know_are_stored_counted_and_not_exported(tmp_path: Path) -> None:
    """A newer agent may say more than an older collector understands."""
    async with served(tmp_path) as client:
        sender = await client.enrolled(Sender())
        from checks.kit.model import Sample

        novel = sender.result(target="tiep-nhan", samples=(Sample("from_the_future", 1.0, {"x": "y"}),))
        await client.push(sender.sealed(novel))
        await client.server.parts.sweep.once()
        assert (await client.metric("sansang_collector_unknown_samples_total") or 0) >= 1
        _, text = await client.get("/metrics/devices")
        assert "from_the_future" not in text
        device = client.server.parts.live.device(sender.device)
        assert device is not None
        assert device.results["connectivity", "tiep-nhan"].samples[0].name == "from_the_future"
