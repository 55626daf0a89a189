"""What a token opens, what is counted under it, and what the server's own record becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from msgspec.structs import replace

from checks.kit.leasing import Grant
from checks.kit.ndt7 import Test
from collector.leases.door import STREAMS
from collector.leases.gate import Closed
from collector.leases.model import EXPIRED, GRANTED, RUNNING, SECOND, Policy
from collector.store import leases
from tests.collector.leases.books import Replica, proof
from tests.collector.pushing import Sender


async def refused(opening: Awaitable[object]) -> tuple[int, str, str]:
    with pytest.raises(Closed) as why:
        await opening
    return why.value.status, why.value.code, str(why.value)


async def lent(replica: Replica, number: int = 1) -> tuple[Sender, Grant]:
    pc = await replica.enrol(number)
    return pc, await replica.granted(pc)


async def test_a_token_opens_what_was_granted(replica: Replica) -> None:
    pc, grant = await lent(replica)
    found = await replica.book.open(grant.token, "download", proof(pc, grant))
    assert (found.lease, found.device, found.unit, found.rate) == (grant.id, pc.device, "27259", grant.rate)
    assert (found.left, found.ends_at) == (grant.bytes, replica.at + 30 * SECOND)
    assert (replica.lease(grant.id).state, replica.lease(grant.id).claims) == (RUNNING, "download:0")


async def test_a_token_is_of_its_device_only(replica: Replica) -> None:
    """Another's proof, none, one over another token; and none of a device that was revoked."""
    pc, grant = await lent(replica)
    thief = await replica.enrol(2)
    foreign = (403, "lease_foreign", "the lease is another device's: its proof is missing or wrong")
    for wrong in ("", proof(thief, grant), proof(pc, replace(grant, token="other"))):
        assert await refused(replica.book.open(grant.token, "download", wrong)) == foreign
    await replica.revoke(pc)
    assert await refused(replica.book.open(grant.token, "download", proof(pc, grant))) == foreign
    assert replica.lease(grant.id).claims == ""


async def test_a_token_opens_nothing_before_and_after_its_time(replica: Replica) -> None:
    pc, grant = await lent(replica)
    signed = proof(pc, grant)
    replica.at -= SECOND
    early = (403, "lease_early", "the lease begins in 1.0 s")
    assert await refused(replica.book.open(grant.token, "download", signed)) == early
    replica.at += 31 * SECOND
    over = (403, "lease_expired", "the lease is over")
    assert await refused(replica.book.open(grant.token, "download", signed)) == over


async def test_a_token_that_was_given_back_opens_nothing(replica: Replica) -> None:
    """Though its own time is not over."""
    pc, grant = await lent(replica)
    await replica.release(pc, grant, used=0)
    assert (await refused(replica.book.open(grant.token, "upload", proof(pc, grant))))[1] == "lease_expired"


async def test_a_token_is_used_up_by_its_streams_in_each_direction(replica: Replica) -> None:
    """Replayed, it opens nothing more."""
    pc, grant = await lent(replica)
    for test in ("download", "upload"):
        await _all(replica, pc, grant, test)
        found = await refused(replica.book.open(grant.token, test, proof(pc, grant)))
        assert found == (403, "lease_used", f"the lease was used for {test} already")


async def _all(replica: Replica, pc: Sender, grant: Grant, test: Test) -> None:
    """As many at once as may be."""
    opening = (replica.book.open(grant.token, test, proof(pc, grant)) for _ in range(STREAMS))
    assert len(await asyncio.gather(*opening)) == STREAMS


async def test_forged_tokens_are_none_of_ours(replica: Replica) -> None:
    _, grant = await lent(replica)
    assert (await refused(replica.book.open("", "download", "")))[:2] == (401, "lease_missing")
    assert (await refused(replica.book.open(grant.token[:-2] + "xx", "download", "")))[:2] == (401, "lease_forged")


async def test_bytes_are_counted_until_they_are_used_up(replica: Replica) -> None:
    """Over all streams; then nothing more is opened either."""
    pc, grant = await lent(replica)
    await replica.book.open(grant.token, "download", proof(pc, grant))
    half = grant.bytes // 2
    assert replica.book.count(grant.id, half, {"download": 90e6})
    await replica.book.tick()
    assert replica.lease(grant.id).used == half
    assert leases.measured(replica.lease(grant.id)) == {"download": 90e6}
    assert (await replica.book.open(grant.token, "upload", proof(pc, grant))).left == half
    assert not replica.book.count(grant.id, half, {"upload": 10e6})
    assert (await refused(replica.book.open(grant.token, "upload", proof(pc, grant)))) == (
        403, "lease_spent", "the lease's 250000000 bytes are used up",
    )  # fmt: skip
    await replica.book.tick()
    assert replica.lease(grant.id).used == grant.bytes


async def test_what_was_not_opened_here_counts_for_nothing(replica: Replica) -> None:
    _, grant = await lent(replica)
    assert not replica.book.count(grant.id, 1, {})
    assert not replica.book.count("", 1, {})


async def test_a_lease_that_ends_cuts_what_runs(replica: Replica) -> None:
    """And is written down as over, with all it used."""
    pc, grant = await lent(replica)
    await replica.book.open(grant.token, "download", proof(pc, grant))
    replica.at += 30 * SECOND
    assert not replica.book.count(grant.id, 1_000, {})
    await replica.book.tick()
    assert (replica.lease(grant.id).state, replica.lease(grant.id).used) == (EXPIRED, 1_000)
    replica.at += SECOND
    await replica.book.tick()
    replica.book.count(grant.id, 5, {})
    await replica.book.tick()
    assert replica.lease(grant.id).used == 1_000


async def test_a_lease_given_back_elsewhere_is_cut_here_within_a_tick(replica: Replica) -> None:
    """Before its rate is anybody else's."""
    pc, grant = await lent(replica)
    other = await Replica(replica.store, Policy()).start()
    await other.book.open(grant.token, "download", proof(pc, grant))
    await replica.release(pc, grant, used=0)
    other.at += SECOND
    await other.book.tick()
    assert other.book.count(grant.id, 1, {})
    other.at += SECOND
    assert not other.book.count(grant.id, 1, {})


async def test_replicas_add_up_what_they_counted(replica: Replica) -> None:
    pc, grant = await lent(replica)
    other = await Replica(replica.store, Policy()).start()
    for one in (replica, other):
        await one.book.open(grant.token, "download", proof(pc, grant))
        assert one.book.count(grant.id, 100_000_000, {})
        await one.book.close()
    assert replica.lease(grant.id).used == 200_000_000
    assert replica.book.count(grant.id, 40_000_000, {})
    await replica.book.tick()
    await other.book.tick()
    assert not other.book.count(grant.id, 20_000_000, {})


async def test_what_was_counted_at_the_end_is_not_counted_twice(replica: Replica) -> None:
    pc, grant = await lent(replica)
    await replica.book.open(grant.token, "download", proof(pc, grant))
    replica.book.count(grant.id, 7_000, {})
    assert await replica.release(pc, grant, used=6_000)
    await replica.book.tick()
    assert replica.lease(grant.id).used == 7_000


async def test_the_servers_records_are_kept_beside_what_is_shown(replica: Replica) -> None:
    """And handed on in the same transaction; a huge one is named, a flood is bounded."""
    pc, grant = await lent(replica)
    await replica.book.open(grant.token, "download", proof(pc, grant))
    replica.book.count(grant.id, 10, {"download": 1.0})
    await replica.book.done(grant.id, "download", {"bytes": 10, "end": "run"})
    replica.book.count(grant.id, 10, {"upload": 2.0})
    await replica.book.done(grant.id, "upload", {"junk": "x" * 20_000})
    for _ in range(40):
        await replica.book.done(grant.id, "upload", {"bytes": 1})
    lease = replica.lease(grant.id)
    assert leases.measured(lease) == {"upload": 2.0}
    found = leases.records(lease)
    assert found[:2] == [{"test": "download", "bytes": 10, "end": "run"}, {"test": "upload", "too_large": True}]
    assert len(found) == leases.MOST_RECORDS
    assert replica.recorded[0] == (grant.id, "download", {"bytes": 10, "end": "run"})
    await replica.book.done("0" * 16, "download", {"bytes": 1})


async def test_a_session_is_known_where_it_was_granted_and_found_elsewhere(replica: Replica) -> None:
    """By its second packet; a stranger's is not, and costs two looks a second."""
    pc, grant = await lent(replica)
    found = replica.book.session(grant.session)
    assert found is not None
    assert (found.lease, found.device, len(found.key)) == (grant.id, pc.device, 32)
    other = await Replica(replica.store, Policy()).start()
    assert other.book.session(grant.session) is None
    async with asyncio.timeout(10):
        while (again := other.book.session(grant.session)) is None:
            await asyncio.sleep(0.01)
    assert again.key == found.key
    stranger = grant.session % 0xFFFF + 1
    assert [other.book.session(stranger) for _ in range(1_000)] == [None] * 1_000


async def test_a_session_counts_as_use_and_ends_with_its_lease(replica: Replica) -> None:
    pc, grant = await lent(replica)
    assert replica.lease(grant.id).state == GRANTED
    assert replica.book.session(grant.session)
    assert replica.book.count(grant.id, 188, {})
    await replica.book.tick()
    assert (replica.lease(grant.id).state, replica.lease(grant.id).used) == (RUNNING, 188)
    await replica.release(pc, grant, used=188)
    replica.at += 2 * SECOND
    await replica.book.tick()
    assert replica.book.session(grant.session) is None
    replica.at += 2 * SECOND
    await replica.book.tick()
    assert replica.book.session(grant.session) is None


async def test_two_that_write_down_at_once_lose_nothing_and_end_nothing_early(replica: Replica) -> None:
    """The tick and a stream's end meet often; the second finds that the first has closed the lease."""
    pc, grant = await lent(replica)
    await replica.book.open(grant.token, "download", proof(pc, grant))
    replica.book.count(grant.id, 1_000, {})
    replica.at += 40 * SECOND
    await asyncio.gather(*(replica.book.tick() for _ in range(4)))
    await replica.book.done(grant.id, "download", {"test": "download"})
    await asyncio.gather(*(replica.book.tick() for _ in range(4)))
    assert replica.lease(grant.id).used == 1_000
