"""Replicas share a store: together they grant no more than there is, and know of each other's leases."""

from __future__ import annotations

import asyncio

from checks.kit.leasing import Grant
from collector.leases.model import DONE, EXPIRED, RUNNING, SECOND, Line, Policy
from collector.leases.slots import largest
from collector.store import leases
from collector.store.engine import Store
from tests.collector.leases.books import NOON, Replica, engineer, proof


async def test_replicas_never_grant_more_than_there_is_together(stores: list[Store]) -> None:
    """60 PCs of 60 units ask three replicas at once for lines of 100 Mbit/s: four at any instant, and none in vain."""
    books = [await Replica(store, Policy()).start() for store in stores]
    pcs = [await books[0].enrol(number + 1, f"{26_000 + number}") for number in range(60)]
    for one in books:
        one.lines = {
            f"{26_000 + number}": Line(unit=f"{26_000 + number}", contracted=100_000_000) for number in range(60)
        }
        await one.directory.refresh()
    found = await asyncio.gather(*(books[number % 3].ask(pc) for number, pc in enumerate(pcs)))
    assert all(isinstance(one, Grant) for one in found)
    held = books[0].all()
    assert len(held) == 60
    assert largest((one.starts_at, one.ends_at, int(one.rate)) for one in held) == 500_000_000
    assert max(lease.ends_at for lease in held) == NOON + 15 * 30 * SECOND
    assert len({lease.session for lease in held}) == 60


async def test_replicas_share_a_units_turn(stores: list[Store]) -> None:
    """Its devices ask all of them at once: one is granted, and each replica opens the others' leases."""
    books = [await Replica(store, Policy()).start() for store in stores]
    pcs = [await books[0].enrol(number + 1) for number in range(9)]
    for one in books:
        await one.directory.refresh()
    found = await asyncio.gather(*(books[number % 3].ask(pc) for number, pc in enumerate(pcs)))
    grants = [(pc, one) for pc, one in zip(pcs, found, strict=True) if isinstance(one, Grant)]
    assert len(grants) == 1
    pc, grant = grants[0]
    opened = [await one.book.open(grant.token, "download", proof(pc, grant)) for one in books]
    assert {one.lease for one in opened} == {grant.id}
    assert books[0].lease(grant.id).claims == "download:0 download:1 download:2"
    assert books[1].lease(grant.id).state == RUNNING


async def test_a_lease_lives_on_all_of_them(stores: list[Store]) -> None:
    """Granted by one, opened and counted by two, found by its session by the third, given back to any."""
    one, two, three = [await Replica(store, Policy()).start() for store in stores]
    pc = await one.enrol(1)
    for other in (two, three):
        await other.directory.refresh()
    grant = await one.granted(pc)
    assert (await two.granted(pc)).token == grant.token
    for book in (one, two):
        await book.book.open(grant.token, "download", proof(pc, grant))
        assert book.book.count(grant.id, 1_000, {"download": 1.0})
        await book.book.done(grant.id, "download", {"bytes": 1_000})
    assert [record["bytes"] for record in leases.records(three.lease(grant.id))] == [1_000, 1_000]
    three.book.session(grant.session)
    async with asyncio.timeout(20):
        while three.book.session(grant.session) is None:
            await asyncio.sleep(0.01)
    assert three.book.count(grant.id, 500, {})
    await three.book.tick()
    assert await two.release(pc, grant, used=2_500)
    lease = one.lease(grant.id)
    assert (lease.state, lease.used) == (DONE, 2_500)
    two.at += 3600 * SECOND
    assert await two.store.write(lambda connection: leases.forget(connection, two.at)) == 1


async def test_a_request_is_answered_on_any_of_them(stores: list[Store]) -> None:
    """Once; who was told by one replica may ask another."""
    one, two, _ = [await Replica(store, Policy()).start() for store in stores]
    pc, sibling = await one.enrol(1), await one.enrol(2)
    await two.directory.refresh()
    await one.request("beef")
    await two.book.tick()
    assert one.book.directives_for(pc.device)
    grant = await two.granted(pc, engineer("beef"))
    await one.book.tick()
    assert one.book.directives_for(sibling.device) == []
    await one.release(pc, grant, used=1)
    assert two.requested("beef").ended_at == one.at


async def test_what_a_replica_that_died_had_open_is_named_by_the_others(stores: list[Store]) -> None:
    one, two, _ = [await Replica(store, Policy()).start() for store in stores]
    pc = await one.enrol(1)
    grant = await one.granted(pc)
    await one.book.open(grant.token, "download", proof(pc, grant))
    two.at = NOON + 95 * SECOND
    await two.book.tick()
    assert (two.lease(grant.id).state, two.lease(grant.id).used) == (EXPIRED, grant.bytes)


async def test_replicas_that_start_at_once_share_a_secret(stores: list[Store]) -> None:
    books = [Replica(store, Policy()) for store in stores]
    await asyncio.gather(*(one.start() for one in books))
    pc = await books[0].enrol(1)
    for other in books[1:]:
        await other.directory.refresh()
    grant = await books[0].granted(pc)
    assert {(await one.granted(pc)).token for one in books} == {grant.token}
