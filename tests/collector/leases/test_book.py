"""Leases are asked for, held, given back and lapse."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec.structs import replace

from checks.kit.leasing import Denial
from collector.leases.door import STREAMS
from collector.leases.gate import Gate
from collector.leases.granting import GRACE
from collector.leases.model import DONE, EXPIRED, GRANTED, SECOND, Line, Policy
from collector.store import leases
from collector.store.schema import audit
from tests.collector.leases.books import NOON, PLACE, Replica, engineer, proof
from tests.collector.leases.city import asked, local
from tests.collector.pushing import XOM_CHIEU


async def test_a_lease_says_when_how_long_how_much_and_where(replica: Replica) -> None:
    """And stands in the store before the answer leaves."""
    pc = await replica.enrol(1)
    grant = await replica.granted(pc)
    assert (grant.start_in, grant.seconds, grant.bytes, grant.rate) == (0.0, 30.0, 250_000_000, 250e6)
    assert (grant.streams, grant.server, len(grant.key)) == (STREAMS, PLACE.server, 44)
    lease = replica.lease(grant.id)
    assert (lease.device, lease.unit, lease.state, lease.session) == (pc.device, XOM_CHIEU, GRANTED, grant.session)
    assert 1 <= grant.session <= 0xFFFF
    assert replica.answers == ["granted"]
    gate: Gate = replica.book
    assert gate is not None


async def test_who_asks_again_has_the_same_lease(replica: Replica) -> None:
    """With what is left of its time; too late in it, another."""
    pc = await replica.enrol(1)
    first = await replica.granted(pc)
    replica.at += 4 * SECOND
    again = await replica.granted(pc)
    assert (again.id, again.token, again.seconds) == (first.id, first.token, 26.0)
    replica.at += 2 * SECOND
    later = await replica.granted(pc)
    assert (later.id != first.id, later.seconds) == (True, 30.0)
    assert [lease.state for lease in replica.all()] == [EXPIRED, GRANTED]


async def test_a_lease_that_begins_later_is_waited_for_a_little_longer(replica: Replica) -> None:
    """A PC's clock may run fast; the time is taken off the lease."""
    pcs = [await replica.enrol(number, unit) for number, unit in ((1, "27259"), (2, "27262"), (3, "27265"))]
    for pc in pcs[:2]:
        await replica.granted(pc)
    grant = await replica.granted(pcs[2])
    assert (grant.start_in, grant.seconds) == (30.25, 29.75)


async def test_a_released_lease_makes_room(replica: Replica) -> None:
    """At once where nothing was opened under it, else when all replicas have heard of it."""
    a, b, c = [await replica.enrol(number, f"2726{number}") for number in range(1, 4)]
    one, two = await replica.granted(a), await replica.granted(b)
    await replica.book.open(two.token, "download", proof(b, two))
    replica.at += 10 * SECOND
    assert await replica.release(b, two, used=90_000_000)
    assert replica.lease(two.id).ends_at == replica.at + GRACE
    assert (await replica.granted(c)).start_in == 2.25
    assert await replica.release(a, one, used=0)
    assert (replica.lease(one.id).ends_at, replica.lease(one.id).state) == (replica.at, DONE)


async def test_only_its_holder_gives_a_lease_back_and_only_once(replica: Replica) -> None:
    """What a device says it used counts where it is more than the server saw, up to what it was granted."""
    a, b = await replica.enrol(1), await replica.enrol(2)
    grant = await replica.granted(a)
    assert not await replica.release(b, grant, used=0)
    assert not await replica.release(a, replace(grant, id="0" * 16), used=0)
    assert await replica.release(a, grant, used=10**15)
    assert replica.lease(grant.id).used == grant.bytes
    assert not await replica.release(a, grant, used=0)


async def test_a_crash_frees_what_was_granted_when_its_time_is_over(replica: Replica) -> None:
    """With nobody doing anything; the next book over the same store goes on with the same secret."""
    a, b = await replica.enrol(1), await replica.enrol(2, "27262")
    replica.lines = {unit: Line(unit=unit, contracted=500_000_000) for unit in ("27259", "27262")}
    first = await replica.granted(a)
    other = await Replica(replica.store, Policy()).start()
    other.lines = replica.lines
    assert (await other.granted(b)).start_in == 30.25
    assert (await other.book.open(first.token, "download", proof(a, first))).lease == first.id
    other.at = NOON + 61 * SECOND
    assert (await other.granted(b)).start_in == 0


async def test_what_a_dead_collector_did_not_write_down_counts_as_used(replica: Replica) -> None:
    """A minute after its end; a lease that nobody opened used nothing."""
    a, b = await replica.enrol(1), await replica.enrol(2, "27262")
    opened, idle = await replica.granted(a), await replica.granted(b)
    await replica.book.open(opened.token, "download", proof(a, opened))
    other = await Replica(replica.store, Policy()).start()
    other.at = NOON + 95 * SECOND
    await other.book.tick()
    assert (other.lease(opened.id).state, other.lease(opened.id).used) == (EXPIRED, opened.bytes)
    assert (other.lease(idle.id).state, other.lease(idle.id).used) == (EXPIRED, 0)


async def test_a_device_that_awaits_approval_measures_nothing(replica: Replica) -> None:
    found = await replica.denied(await replica.enrol(1, review=True))
    assert (found.reason, found.detail) == (Denial.DEVICE, "the device is pending")
    assert 43_200 <= found.retry_in <= 86_400
    assert replica.answers == ["device"]


async def test_before_its_turn_a_unit_costs_the_store_nothing(replica: Replica) -> None:
    """Most ask then: they are answered though the store does not."""
    pc = await replica.enrol(1)
    with replica.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE leases RENAME TO gone")
    for hour, reason in ((8, Denial.CLOSED_WINDOW), (11, Denial.TURN)):
        replica.at = local(hour, 0)
        assert (await replica.denied(pc)).reason == reason


async def test_a_collector_that_measures_no_speed_says_so(replica: Replica) -> None:
    pc = await replica.enrol(1)
    off = await Replica(replica.store, Policy(), replace(PLACE, enabled=False)).start()
    assert (await off.denied(pc)).reason == Denial.SPEED_OFF
    gift = await off.book.give(XOM_CHIEU, "bandwidth", seconds=20, bytes_=1000, rate=0, author="An")
    assert gift.denied is not None


async def test_a_person_does_not_wait_for_the_lease_of_the_schedule(replica: Replica) -> None:
    """It is given up for one that begins sooner, and only for that; the schedule does not take a person's."""
    pcs = [await replica.enrol(number, f"2726{number}") for number in range(1, 4)]
    replica.lines = {"27262": Line(unit="27262", contracted=100_000_000)}
    for pc in pcs[:2]:
        await replica.granted(pc)
    waiting = await replica.granted(pcs[2])
    assert waiting.start_in > 0
    assert (await replica.granted(pcs[2], asked("technician"))).id == waiting.id
    sooner = await replica.granted(pcs[2], asked("technician", seconds=5, rate=50e6))
    assert (sooner.id != waiting.id, sooner.start_in) == (True, 0)
    assert replica.lease(waiting.id).state == EXPIRED
    assert (await replica.denied(pcs[2])).reason == Denial.ENOUGH
    assert replica.lease(sooner.id).holds(replica.at)


async def test_an_engineers_request_opens_closed_hours_once(replica: Replica) -> None:
    """For a device of its unit and its check, until it was measured; anyone else who names it asks by the schedule."""
    replica.at = local(9, 0)
    pc, sibling, stranger = (await replica.enrol(1), await replica.enrol(2), await replica.enrol(3, "27262"))
    await replica.request("beef")
    for sender, want in (
        (stranger, engineer("beef")), (pc, engineer("dead")), (pc, engineer("")),
        (pc, engineer("beef", check="realtime")),
    ):  # fmt: skip
        assert (await replica.denied(sender, want)).reason == Denial.CLOSED_WINDOW
    grant = await replica.granted(pc, engineer("beef"))
    assert replica.requested("beef").lease == grant.id
    assert (await replica.denied(sibling, engineer("beef"))).reason == Denial.ENOUGH
    replica.at += 20 * SECOND
    await replica.release(pc, grant, used=5_000_000)
    assert replica.requested("beef").ended_at == replica.at
    await replica.book.tick()
    assert (await replica.denied(pc, engineer("beef"))).reason in (Denial.CLOSED_WINDOW, Denial.ENOUGH)


async def test_a_request_that_expired_opens_nothing(replica: Replica) -> None:
    """Though the last look into the store still knew it."""
    replica.at = local(9, 0)
    pc = await replica.enrol(1)
    await replica.request("beef")
    replica.at += 600 * SECOND
    assert (await replica.denied(pc, engineer("beef"))).reason == Denial.CLOSED_WINDOW


async def test_why_a_request_was_refused_can_be_told(replica: Replica) -> None:
    """To the engineer who waits."""
    pc = await replica.enrol(1)
    await replica.request("beef")
    tight = await Replica(replica.store, Policy(bytes_per_day=1_000_000)).start()
    denied = await tight.denied(pc, engineer("beef", bytes=250_000_000))
    assert denied.reason == Denial.BUDGET_DAY
    assert tight.book.refused("beef") == denied
    await tight.granted(pc, engineer("beef", bytes=900_000))
    assert tight.book.refused("beef") is None


async def test_one_device_of_the_unit_is_told_of_a_request(replica: Replica) -> None:
    """The next one where it does not come for its lease; a named device, only that; nobody once it is measured."""
    a, b, other = await replica.enrol(1), await replica.enrol(2), await replica.enrol(3, "27262")
    told = {"do": "measure", "check": "bandwidth", "request": "beef"}
    assert replica.book.directives_for(a.device) == []
    await replica.request("beef")
    for sender, expected in ((other, []), (a, [told]), (b, []), (a, [told])):
        assert replica.book.directives_for(sender.device) == expected
    assert replica.book.directives_for("nobody") == []
    replica.at += 90 * SECOND
    assert replica.book.directives_for(b.device) == [told]
    assert replica.book.directives_for(a.device) == []
    grant = await replica.granted(b, engineer("beef"))
    await replica.book.tick()
    assert [replica.book.directives_for(one.device) for one in (a, b)] == [[], []]
    replica.at += 40 * SECOND
    await replica.book.tick()
    assert replica.lease(grant.id).holds(replica.at) is False
    assert replica.book.directives_for(a.device) == []
    replica.at += 90 * SECOND
    assert replica.book.directives_for(a.device) == [told]


async def test_a_named_device_alone_is_told(replica: Replica) -> None:
    a, b = await replica.enrol(1), await replica.enrol(2)
    await replica.request("beef", device=b.device)
    assert replica.book.directives_for(a.device) == []
    assert [one["request"] for one in replica.book.directives_for(b.device)] == ["beef"]
    await replica.revoke(b)
    assert replica.book.directives_for(b.device) == []


async def test_an_engineer_gives_a_lease_to_any_client(replica: Replica) -> None:
    """It needs no proof; who gave it is in the books, and it takes its part of share and budget."""
    answer = await replica.book.give(
        XOM_CHIEU, "bandwidth", seconds=25, bytes_=300_000_000, rate=0, author="Nguyễn Văn An"
    )
    grant = answer.grant
    assert grant is not None
    assert (await replica.book.open(grant.token, "download", "")).device == ""
    with replica.store.reader() as connection:
        trail = connection.execute(sa.select(audit).where(audit.c.subject == grant.id)).one()
    assert (trail.action, trail.detail) == ("lease_given", "unit 27259, bandwidth, by Nguyễn Văn An")
    pc = await replica.enrol(1)
    assert (await replica.denied(pc)).reason == Denial.ENOUGH


async def test_old_leases_are_forgotten(replica: Replica) -> None:
    pc = await replica.enrol(1)
    await replica.granted(pc)
    await replica.request("beef")
    assert await replica.store.write(lambda connection: leases.forget(connection, NOON)) == 0
    assert await replica.store.write(lambda connection: leases.forget(connection, NOON + 3600 * SECOND)) == 2
    assert replica.all() == []
