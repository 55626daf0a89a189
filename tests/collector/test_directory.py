"""The devices in memory: what is read again, what is never missed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from collector import directory as module
from collector.directory import SLACK, Directory
from collector.store import devices, moves
from collector.store.devices import ACTIVE, REVOKED, Device
from collector.store.engine import Store
from collector.store.schema import devices as table
from tests.collector.pushing import XOM_CHIEU, Sender, enrolled, wall

OTHER = "26740"
HOUR = 3_600_000_000


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    found = Store(database_url)
    found.open()
    yield found
    found.close()


@contextmanager
def readings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many devices each reading of the table brought."""
    counts: list[int] = []

    def counted(connection: sa.Connection, since: int = 0) -> list[Device]:
        found = listing(connection, since)
        counts.append(len(found))
        return found

    listing = devices.list_devices
    with monkeypatch.context() as patched:
        patched.setattr(devices, "list_devices", counted)
        yield counts


def stamped(store: Store, device: str, at: int) -> None:
    """As a replica whose clock shows `at` would have left it."""
    with store.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == device).values(changed_at=at))


def enrol(store: Store, number: int, unit: str = XOM_CHIEU) -> str:
    return enrolled(store, Sender(key=number), unit).device


def same(one: Directory, other: Directory) -> bool:
    assert one.units == other.units
    return all(one.of_unit(unit) == other.of_unit(unit) for unit in other.units)


async def test_only_what_is_new_is_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device more does not cost a reading of all that have long been there, and no change costs none."""
    old = [enrol(store, number) for number in range(1, 6)]
    for device in old:
        stamped(store, device, wall() - HOUR)
    known = Directory(store)
    await known.refresh()
    with readings(monkeypatch) as counts:
        await known.refresh()
        new = enrol(store, 6)
        await known.refresh()
        another = enrol(store, 7, OTHER)
        await known.refresh()
    assert counts == [1 + len(old), 2]  # the old ones changed last within SLACK of one another
    assert [device.id for device in known.of_unit(XOM_CHIEU)] == [*old, new]
    assert [device.id for device in known.of_unit(OTHER)] == [another]


async def test_a_device_that_a_slow_clock_stamped_is_not_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is missing by the count: all are read."""
    enrol(store, 1)
    known = Directory(store)
    await known.refresh()
    late = enrol(store, 2)
    stamped(store, late, wall() - HOUR)
    enrol(store, 3)
    with readings(monkeypatch) as counts:
        await known.refresh()
    assert counts == [2, 3]
    assert known.get(late)


async def test_what_was_altered_by_a_slow_clock_is_seen_with_the_next_whole_reading(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After WHOLE seconds, once anything else changes."""
    first = enrol(store, 1)
    known = Directory(store)
    await known.refresh()
    with store.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == first).values(status=REVOKED, changed_at=wall() - HOUR))
    enrol(store, 2)
    monkeypatch.setattr(module, "WHOLE", 0.0)
    await known.refresh()
    member = known.get(first)
    assert member is not None
    assert member.device.status == REVOKED


@pytest.mark.parametrize("behind", [0, HOUR])
async def test_a_revocation_is_seen_at_once(store: Store, behind: int) -> None:
    """By whatever clock: it is stamped past every change so far."""
    first, _ = enrol(store, 1), enrol(store, 2)
    known = Directory(store)
    await known.refresh()
    await store.write(lambda connection: devices.set_status(connection, first, REVOKED, wall() - behind))
    await known.refresh()
    assert [device.status for device in known.of_unit(XOM_CHIEU)] == [REVOKED, ACTIVE]


async def test_a_device_that_moves_stands_in_one_unit(store: Store) -> None:
    """In the order of enrolment; a unit without a device is none."""
    first, second = enrol(store, 1), enrol(store, 2, OTHER)
    known = Directory(store)
    await known.refresh()
    await store.write(lambda connection: moves.move(connection, first, OTHER, reason="lent", now=wall()))
    await known.refresh()
    assert known.units == {OTHER}
    assert [device.id for device in known.of_unit(OTHER)] == [first, second]


async def test_one_that_has_just_enrolled_is_known_before_the_next_refresh(store: Store) -> None:
    """And what is known of a device is not replaced: it may have been revoked since."""
    known = Directory(store)
    device = enrol(store, 1)
    answer = (await store.read(devices.list_devices))[0]
    known.add(answer)
    assert known.get(device)
    assert known.of_unit(XOM_CHIEU) == [answer]
    await store.write(lambda connection: devices.set_status(connection, device, REVOKED, wall()))
    await known.refresh()
    known.add(answer)
    assert [found.status for found in known.of_unit(XOM_CHIEU)] == [REVOKED]


async def test_one_that_enrols_while_all_are_read_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading began before it was there."""
    enrol(store, 1)
    known, began, go_on = Directory(store), asyncio.Event(), asyncio.Event()
    read = store.read

    async def slow(work: Any) -> Any:
        found = await read(work)
        began.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(store, "read", slow)
    reading = asyncio.ensure_future(known.refresh())
    await began.wait()
    device = enrol(store, 2)
    with store.reader() as connection:
        [_, answer] = devices.list_devices(connection)
    known.add(answer)
    go_on.set()
    await reading
    assert known.get(device)
    assert len(known.of_unit(XOM_CHIEU)) == 2


@pytest.mark.parametrize("seed", range(4))
async def test_it_is_what_a_whole_reading_would_be(store: Store, seed: int) -> None:
    """After any history of enrolments, moves and statuses, by clocks that are not far apart."""
    chance, known, ids = random.Random(seed), Directory(store), list[str]()
    for step in range(60):
        now = wall() - chance.randrange(SLACK // 2)
        if not ids or chance.random() < 0.4:
            ids.append(enrol(store, 100 + step, chance.choice([XOM_CHIEU, OTHER])))
            stamped(store, ids[-1], now)
        elif chance.random() < 0.5:
            status, device = chance.choice([ACTIVE, REVOKED]), chance.choice(ids)
            await store.write(lambda connection: devices.set_status(connection, device, status, now))  # noqa: B023
        else:
            device, unit = chance.choice(ids), chance.choice([XOM_CHIEU, OTHER])
            try:
                await store.write(lambda connection: moves.move(connection, device, unit, reason="lent", now=now))  # noqa: B023
            except devices.Refused:
                continue
        if chance.random() < 0.6:
            await known.refresh()
            whole = Directory(store)
            await whole.refresh()
            assert same(known, whole)
