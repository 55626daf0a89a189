"""An engineer's request from the first word to the measurement, what stands in its way, and what a token is worth."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from checks.kit.leasing import PROOF_CONTEXT, Denial, Release, Want
from collector.evidence import words
from collector.evidence.model import Invalid
from collector.leases.gate import Closed
from collector.leases.model import SECOND, Policy
from collector.store import measurements, schema
from collector.store.devices import Refused
from tests.collector.commanding import KHANH_HOI, XOM_CHIEU, Pc, on_line_of, town
from tests.collector.evidence.measuring import NOW, record
from tests.collector.evidence.measuring import Pc as Measuring
from tests.collector.evidence.speaking import Speaking, speaking

WANT = Want(check="bandwidth", seconds=20, bytes=100_000_000, asked="engineer")


@dataclasses.dataclass
class Clock:
    at: int = NOW

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def device(client: Speaking) -> Pc:
    """A PC of Xóm Chiếu on a line of VNPT's, heard just now."""
    await on_line_of(client, "VNPT", [XOM_CHIEU])
    pc = await Pc(client, XOM_CHIEU, 1).enrol()
    await pc.push()
    await client.server.parts.sweep.once()
    return pc


async def measure(client: Speaking, pc: Pc, request: str, clock: Clock) -> None:
    """As the agent does: a lease for the request, both directions, a release, and the result with the next push."""
    member = client.server.parts.directory.get(pc.id)
    assert member is not None
    await client.book.tick()
    answer = await client.book.ask(member.device, msgspec.structs.replace(WANT, request=request))
    grant = answer.grant
    assert grant is not None
    proof = base64.b64encode(pc.sender.signer.sign(PROOF_CONTEXT + grant.token.encode())).decode()
    clock.at += SECOND
    for place, (way, rate) in enumerate((("download", 93.4e6), ("upload", 41.2e6))):
        await client.book.open(grant.token, way, proof)  # type: ignore[arg-type]
        assert client.book.count(grant.id, 40_000_000, {way: rate, f"{way}_share": 0.5})
        await client.book.tick()
        running = await client.desk.watch(request)
        assert (running.stage, running.rates, running.share) == ("running", {way: rate}, 0.5)
        begun = {"at": clock.at + place * 5 * SECOND}
        await client.book.done(grant.id, way, record(way, rate) | begun)
    clock.at += 10 * SECOND
    await client.book.release(member.device, Release(release=grant.id, used=80_000_000))
    assert (await client.desk.watch(request)).stage in ("running", "arriving")
    clock.at += 5 * SECOND
    assert (await client.desk.watch(request)).stage == "arriving"
    clock.at += 600 * SECOND
    assert (await client.desk.watch(request)).stage == "lost"
    clock.at -= 600 * SECOND
    measuring = Measuring(pc.sender.signer)
    whole = measuring.result(signed={"lease": grant.id})
    result = msgspec.structs.replace(
        whole, seq=pc.sender.next, at=clock.at - 10 * SECOND, facts=whole.facts | {"lease": grant.id}
    )
    pc.sender.next += 1
    status, _ = await client.push(pc.sender.sealed(result, sent_at=clock.at))
    assert status == 200


async def test_a_request_is_followed_to_its_measurement(tmp_path: Path, clock: Clock) -> None:
    """Waiting, running with the server's numbers, arriving, done: and the account has it."""
    async with speaking(town(tmp_path), clock) as client:
        pc = await device(client)
        made = await client.desk.start(XOM_CHIEU, "  Lê   An ")
        assert (made.stage, made.request.author, made.denied, made.heard) == ("waiting", "Lê An", None, NOW)
        assert await client.desk.start(XOM_CHIEU, "Lê An") == made
        await client.book.tick()
        assert client.book.directives_for(pc.id) == [
            {"do": "measure", "check": "bandwidth", "request": made.request.id}
        ]  # fmt: skip
        await measure(client, pc, made.request.id, clock)
        done = await client.desk.watch(made.request.id)
        assert (done.stage, done.result and done.result.valid) == ("done", "")
        assert words.stage(done, "vi").startswith("Xong: tải xuống 93,4")
        account = await client.desk.account(XOM_CHIEU)
        assert (account.provider, account.quantities["down"].last, account.newest[0].provider) == (
            "VNPT",
            93.4e6,
            "VNPT",
        )
        city = await client.desk.list_units()
        assert [one.unit for one in city.units] == [XOM_CHIEU]
        assert [(one.name, one.units) for one in city.providers] == [("VNPT", 1)]


async def test_what_is_measured_can_be_verified(tmp_path: Path, clock: Clock) -> None:
    """Signature, server and both counts; a byte that was changed since does not pass."""
    async with speaking(town(tmp_path), clock) as client:
        pc = await device(client)
        made = await client.desk.start(XOM_CHIEU, "Lê An")
        await measure(client, pc, made.request.id, clock)
        found = await client.desk.verify(1)
        assert (found.stands, found.signed, found.now) == (True, True, "")
        assert (found.server_name, found.protocol, found.records) == ("tdc", "ndt7 0.11", 2)
        assert found.evidence["download"]["rate"] == 93_400_000
        assert {way: round(seen.most / 1e6, 1) for way, seen in found.server.items()} == {
            "download": 93.4,
            "upload": 41.2,
        }
        assert found.key == pc.sender.signer.public.hex()
        store = client.server.parts.store

        def forge(text: str) -> None:
            with store.begin() as connection:
                held = measurements.by_id(connection, 1)
                assert held is not None
                body = held.body.replace(b"93400000", text.encode())
                connection.execute(sa.update(schema.measurements).values(body=body))

        await store.run(lambda: forge("43400000"))
        forged = await client.desk.verify(1)
        assert (forged.stands, forged.signed, forged.now) == (False, False, "signature_wrong")
        with pytest.raises(Refused, match="no measurement has the number 7"):
            await client.desk.verify(7)


async def test_what_stands_in_the_way_is_told_while_it_waits(tmp_path: Path, clock: Clock) -> None:
    """By the rules that would decide if a device asked now."""
    rules = Policy(bytes_per_day=1_000_000)
    async with speaking(town(tmp_path), clock, rules) as client:
        await device(client)
        made = await client.desk.start(XOM_CHIEU, "Lê An")
        assert made.denied is not None
        assert made.denied.reason is Denial.BUDGET_DAY
        assert words.stage(made, "en").endswith(
            "No test: the unit's bytes for tests of the day are used up: wait for tomorrow, or raise "
            "`leases.bytes_per_day` (0 of 1 MB are used)."
        )
        clock.at += 1801 * SECOND
        late = await client.desk.watch(made.request.id)
        assert (late.stage, late.over) == ("expired", True)


async def test_a_unit_without_a_device_is_refused_at_once(tmp_path: Path, clock: Clock) -> None:
    """Nothing is written: nobody would ever answer."""
    async with speaking(town(tmp_path), clock) as client:
        await device(client)
        found = await client.desk.start(KHANH_HOI, "Lê An")
        assert (found.stage, found.request.id, found.denied and found.denied.reason) == ("refused", "", Denial.DEVICE)


async def test_a_collector_that_measures_no_speed_says_so(tmp_path: Path, clock: Clock) -> None:
    """By the setting that turns it on."""
    file = town(tmp_path)
    Path(file).write_text(Path(file).read_text() + "speed: {enabled: false}\n")
    async with speaking(file, clock) as client:
        await device(client)
        found = await client.desk.start(XOM_CHIEU, "Lê An")
        assert words.stage(found, "en") == (
            "No test: this collector measures no speed: set `speed.enabled: true` in collector.yaml."
        )
        given = await client.desk.grant(XOM_CHIEU, "Lê An")
        assert (given.urls, given.answer.denied and given.answer.denied.reason) == ({}, Denial.SPEED_OFF)


async def test_what_cannot_be_asked_is_refused(tmp_path: Path, clock: Clock) -> None:
    """In one line each."""
    async with speaking(town(tmp_path), clock) as client:
        await device(client)
        desk = client.desk
        for call, said in (
            (desk.start("00000", "Lê An"), "no unit has the code '00000' in this locality"),
            (desk.start(XOM_CHIEU, "x"), "expected an author of 2 to 80 letters and signs, got 1"),
            (desk.start(XOM_CHIEU, "a\x1b[2J"), "expected an author of 2 to 80 letters and signs, got 5"),
            (desk.start(XOM_CHIEU, "Lê An", check="dns"), "expected one of bandwidth, realtime, got 'dns'"),
            (desk.start(XOM_CHIEU, "Lê An", device="x"), f"no device of the unit {XOM_CHIEU} has the id 'x'"),
            (desk.watch("ffff"), "no request for a test has the id 'ffff'"),
            (desk.account("1"), "no unit has the code '1' in this locality"),
            (desk.grant(XOM_CHIEU, "Lê An", seconds=0), "expected 1 to 120 seconds, got 0"),
            (desk.grant(XOM_CHIEU, "Lê An", megabytes=0.5), "expected 1 to 10,000 MB, got 0.5"),
            (desk.grant(XOM_CHIEU, "Lê An", mbps=-1), "expected 0 (any) to 1,000,000 Mbit/s, got -1"),
        ):
            with pytest.raises(Refused) as why:
                await call
            assert str(why.value) == said


async def test_a_token_that_is_given_away_opens_one_test(tmp_path: Path, clock: Clock) -> None:
    """To whoever has the address, both ways, until it is over."""
    async with speaking(town(tmp_path), clock) as client:
        await device(client)
        given = await client.desk.grant(XOM_CHIEU, "Lê An", seconds=30, megabytes=50)
        grant = given.answer.grant
        assert grant is not None
        base = client.server.parts.config.url.replace("http", "ws", 1)
        assert given.urls == {
            way: f"{base}/ndt/v7/{way}?access_token={grant.token}" for way in ("download", "upload")
        }  # fmt: skip
        opened = await client.book.open(grant.token, "download", "")
        assert (opened.device, opened.unit, opened.left) == ("", XOM_CHIEU, 50_000_000)
        clock.at += 60 * SECOND
        with pytest.raises(Closed):
            await client.book.open(grant.token, "upload", "")


def test_every_refusal_has_words_in_both_languages() -> None:
    """And every reason why a measurement does not count."""
    assert set(words.DENIALS) == set(Denial)
    assert set(words.INVALIDS) == set(Invalid)
    assert all(
        vi and en and vi != en and en.isascii() for vi, en in (*words.DENIALS.values(), *words.INVALIDS.values())
    )
