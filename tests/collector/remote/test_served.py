"""A whole collector with an endpoint: pushed over HTTP, sent on, shown on /metrics, stopped and started again."""

from __future__ import annotations

import time
from pathlib import Path

from tests.collector.pushing import Sender, wall
from tests.collector.remote.receiver import Fake, receiving
from tests.collector.remote.wire import MINUTE, SAMPLES
from tests.collector.standing import served

METER = 'sansang_collector_remote_write_{0}{{endpoint="here"'

CODE = 'sansang_collector_remote_write_sent_requests_total{code="204",endpoint="here"}'


async def test_what_is_pushed_late_is_sent_on_and_counted(tmp_path: Path) -> None:
    """What is in time is left to the scrape."""
    fake = Fake()
    async with receiving(fake), served(tmp_path, more=block(fake)) as client:
        pc = await client.enrolled(Sender())
        late = [pc.result(wall() - number * 60 * MINUTE, target="tiep-nhan") for number in (2, 1)]
        status, _ = await client.push(pc.sealed(*late, pc.result(wall())))
        assert status == 200
        await client.until(lambda: len(fake.taken) == 2 * SAMPLES, 30)
        assert await client.metric(METER.format("samples_total")) == 2 * SAMPLES
        assert await client.metric(CODE) == 1
        assert await client.metric(METER.format("failed_total") + ',reason="timeout"') == 0
    assert {when for _, when, _ in fake.taken} == {each.at // 1000 for each in late}


async def test_what_waits_when_the_collector_stops_is_sent_after_the_next_start(tmp_path: Path) -> None:
    """Nobody listens at first; stopping does not wait for them."""
    fake = Fake()
    async with receiving(fake):
        more = block(fake)
    async with served(tmp_path, more=more) as client:
        pc = await client.enrolled(Sender())
        late = [pc.result(wall() - number * MINUTE, target="tiep-nhan") for number in range(60, 160)]
        assert (await client.push(pc.sealed(*late)))[0] == 200
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    async with receiving(fake), served(tmp_path, more=more) as client:
        assert await client.metric(METER.format("pending_samples")) == 100 * SAMPLES
        await client.until(lambda: len(fake.taken) == 100 * SAMPLES, 30)
    assert len(set(fake.taken)) == 100 * SAMPLES


def block(fake: Fake) -> str:
    return f"remote_write: [{{name: here, url: '{fake.url}'}}]\n"
