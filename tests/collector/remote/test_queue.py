"""The queue in the store: of one commit with what was acknowledged, within bounds, sent by one process at a time."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from checks.kit.model import Outcome, Sample
from collector.remote.meters import Meters
from collector.remote.queue import unpack
from collector.remote.service import FORGOTTEN, Remote
from collector.remote.settings import Endpoint
from collector.store import outbound, states
from collector.store.schema import outbound as table
from tests.collector.pushing import Sender, enrolled, wall
from tests.collector.remote.conftest import Make
from tests.collector.remote.wire import CATALOGUE, MINUTE, SAMPLES, Wire


def late(pc: Sender, count: int, minutes: int = 60) -> list[Any]:
    return [pc.result(wall() - (minutes + number) * MINUTE) for number in range(count)]


def rows(wire: Wire) -> list[outbound.Row]:
    with wire.store.reader() as connection:
        return outbound.load(connection, "here", 10**9)


async def test_what_is_queued_is_sent_from_either_store(make_on: Make) -> None:
    """Every result once, and the rows are gone."""
    wire = make_on()
    pc = enrolled(wire.store, Sender())
    for _ in range(3):
        wire.put(pc, *late(pc, 5))
    await wire.sent()
    assert len(set(wire.fake.taken)) == wire.meter("samples_total") == 15 * SAMPLES
    assert rows(wire) == []


async def test_a_failed_commit_queues_nothing_and_a_resend_queues_once(make: Make) -> None:
    """The queue is never ahead of the record, nor behind it."""
    wire = make()
    pc = enrolled(wire.store, Sender())
    results = late(pc, 4)
    with wire.store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE outbound RENAME TO hidden"))
    with pytest.raises(sa.exc.OperationalError):
        wire.put(pc, *results)
    with wire.store.reader() as connection:
        assert [state.cursors for state in states.load(connection, [pc.device])] in ([], [{}])
    with wire.store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE hidden RENAME TO outbound"))
    wire.put(pc, *results)
    wire.put(pc, *results)
    assert wire.waits().samples == 4 * SAMPLES


async def test_a_row_keeps_each_result_as_it_was_sent(make: Make) -> None:
    """Whose, when by the collector's clock, and its bytes; samples are counted."""
    wire = make()
    pc = enrolled(wire.store, Sender())
    results = late(pc, 3)
    wire.put(pc, *results)
    (row,) = rows(wire)
    entries = unpack(row.body)
    assert [(each.device, each.at) for each in entries] == [(pc.device, each.at) for each in results]
    assert [each.raw for each in entries] == [msgspec.json.encode(each) for each in results]
    assert wire.waits().oldest == min(each.at for each in results)


async def test_a_damaged_row_holds_up_nobody(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted and named; the next is sent."""
    wire = make()
    pc = enrolled(wire.store, Sender())
    wire.put(pc, *late(pc, 2))
    with wire.store.begin() as connection:
        connection.execute(sa.update(table).values(body=b"not what it was"))
    wire.put(pc, *late(pc, 1))
    with caplog.at_level(logging.ERROR, "sansang"):
        await wire.sent()
    assert len(wire.fake.taken) == SAMPLES
    assert wire.meter("dropped_samples_total", reason="unreadable") == 1
    assert [each.message for each in caplog.records] == ["remote write: a row is damaged"]


async def test_rows_are_no_larger_than_a_request_or_two(make: Make) -> None:
    """However many results a commit has, and however many samples a result."""
    wire = make()
    pc, at = enrolled(wire.store, Sender()), wall() - 60 * MINUTE
    wire.put(pc, *late(pc, 600))
    many = tuple(Sample("made_up", 1.0) for _ in range(500))
    wire.put(pc, *(pc.result(at - number, samples=many) for number in range(25)))
    assert [len(unpack(row.body)) for row in rows(wire)] == [500, 100, 10, 10, 5]


async def test_a_store_that_fails_is_asked_again(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Told once; nothing is lost."""
    wire = make()
    wire.put(enrolled(wire.store, Sender()), *late(enrolled(wire.store, Sender(key=2)), 3))
    with wire.store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE outbound RENAME TO hidden"))
    with caplog.at_level(logging.WARNING, "sansang"):
        async with wire.sending():
            await wire.until(lambda: bool(caplog.records))
            with wire.store.begin() as connection:
                connection.execute(sa.text("ALTER TABLE hidden RENAME TO outbound"))
            await wire.until(lambda: len(wire.fake.taken) == 3 * SAMPLES)
    assert [each.message for each in caplog.records] == ["remote write fails: samples wait", "remote write works again"]
    assert "no such table: outbound" in caplog.records[0].said  # type: ignore[attr-defined]


async def test_two_results_of_one_job_in_one_millisecond_are_one_sample(make: Make) -> None:
    """The later one's; where they differ, it is counted."""
    wire = make()
    pc, at = enrolled(wire.store, Sender()), (wall() - 60 * MINUTE) // 1000 * 1000
    wire.put(pc, pc.result(at, outcome=Outcome.FAILED, samples=()), pc.result(at + 400, samples=()))
    await wire.sent()
    outcomes = {dict(labels)["outcome"]: value for labels, _, value in wire.fake.taken if "outcome" in dict(labels)}
    assert outcomes == {"ok": 1, "failed": 0, "not_applicable": 0, "error": 0}
    assert wire.meter("dropped_samples_total", reason="same_time") == 3


async def test_one_process_at_a_time_sends_to_a_receiver(make_on: Make) -> None:
    """The other takes over when the turn is over and not renewed; of an embedded store there is no other."""
    wire = make_on()
    if wire.store.exclusive:
        assert await wire.sender._my_turn()
        return
    here, there, moment = wire.new_sender("here"), wire.new_sender("there"), wall()
    wire.now = lambda: moment
    assert (await here._my_turn(), await there._my_turn()) == (True, False)
    moment += 59_000_000
    assert (await there._my_turn(), await here._my_turn()) == (False, True)
    moment += 60_000_000
    assert (await there._my_turn(), await here._my_turn()) == (True, False)
    again = wire.new_sender("there")
    assert await again._my_turn()


def remote(wire: Wire, *endpoints: Endpoint) -> Remote:
    wire.registry = CollectorRegistry()
    meters = Meters(wire.registry)
    return Remote(endpoints, wire.store, CATALOGUE, meters, listen="127.0.0.1:1", now=wire.present)


async def test_the_queue_keeps_to_its_bytes(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The oldest go first, counted and told."""
    wire = make(queue_bytes=1_000_000)
    pc = enrolled(wire.store, Sender())
    for _ in range(4):
        wire.put(pc, *late(pc, 10))
    with wire.store.begin() as connection:
        connection.execute(sa.update(table).values(size=400_000))
    with caplog.at_level(logging.ERROR, "sansang"):
        await remote(wire, wire.endpoint).tend()
    assert [row.id for row in rows(wire)] == [3, 4]
    assert wire.meter("dropped_samples_total", reason="overflow") == 2 * 10 * SAMPLES
    assert wire.meter("pending_samples") == 2 * 10 * SAMPLES
    assert wire.meter("pending_bytes") == 800_000
    assert wire.meter("oldest_timestamp_seconds") == pytest.approx(wall() / 1e6 - 69 * 60, abs=60)
    (line,) = caplog.records
    assert line.message == "remote write: the oldest samples are dropped"


async def test_the_queue_keeps_nothing_longer_than_told(make: Make) -> None:
    """Of endpoints that are gone, two weeks."""
    wire = make(queue_age="1d")
    gone = Endpoint(name="gone", url="http://127.0.0.1:1/x")
    pc, begun = enrolled(wire.store, Sender()), wall()
    wire.put(pc, *late(pc, 2), endpoints=(wire.endpoint, gone))
    service = remote(wire, wire.endpoint)
    wire.now = lambda: begun + 23 * 3_600_000_000
    await service.tend()
    assert (wire.waits().samples, wire.waits("gone").samples) == (2 * SAMPLES, 2 * SAMPLES)
    wire.now = lambda: begun + 25 * 3_600_000_000
    await service.tend()
    assert (wire.waits().samples, wire.waits("gone").samples) == (0, 2 * SAMPLES)
    assert wire.meter("dropped_samples_total", reason="expired") == 2 * SAMPLES
    wire.now = lambda: begun + FORGOTTEN + 60_000_000
    await service.tend()
    assert wire.waits("gone").samples == 0


async def test_an_endpoint_is_shown_before_anything_was_sent(make: Make) -> None:
    """So that an alert can tell nothing from none."""
    wire = make()
    await remote(wire, wire.endpoint).tend()
    assert wire.meter("samples_total") == wire.meter("pending_samples") == 0
    assert wire.meter("last_success_timestamp_seconds") == wire.meter("oldest_timestamp_seconds") == 0
    assert wire.meter("failed_total", reason="timeout") == wire.meter("dropped_samples_total", reason="too_old") == 0
