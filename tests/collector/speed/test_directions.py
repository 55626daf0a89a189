"""Both directions of ndt7, spoken by a client written from the specification alone."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

from checks.kit.ndt7 import DOWNLOAD, UPLOAD
from collector.speed.record import Limits
from tests.collector.speed.plain import Plain
from tests.collector.speed.serving import LOOPBACK, FakeGate, served


async def test_a_download_sends_random_messages_that_grow_and_measurements_between_them() -> None:
    """8 KiB first; a message doubles once 16 of its size were sent; the first measurement names both ends."""
    async with served() as here:
        client = await Plain.ask(here.port, f"{DOWNLOAD}?access_token=good")
        assert client.status == 101
        assert "Sec-WebSocket-Accept: Nhz+x95YebD6Uvd4nqPC2fomoUQ=\r\n" in client.head
        assert "Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n" in client.head
        sizes: list[int] = []
        texts: list[dict[str, Any]] = []
        while True:
            opcode, payload = await client.receive()
            if opcode == 8:
                break
            if opcode == 2:
                sizes.append(len(payload))
            else:
                texts.append(json.loads(payload))
        await client.gone()
        record = await here.record()
    assert payload == b"\x03\xe8completed"
    assert sizes[:16] == [1 << 13] * 16
    assert sizes[16] == 1 << 14
    sent = 0
    for before, size in itertools.pairwise(sizes):
        sent += before
        assert size == before or (size == 2 * before and sent >= 16 * before)
    assert {text["Origin"] for text in texts} == {"server"}
    assert {text["Test"] for text in texts} == {"download"}
    first = texts[0]["ConnectionInfo"]
    assert (first["Server"], first["UUID"]) == (f"127.0.0.1:{here.port}", record["uuid"])
    assert first["Client"].startswith("127.0.0.1:")
    assert not any("ConnectionInfo" in text for text in texts[1:])
    assert all(text["TCPInfo"]["BytesAcked"] >= 0 for text in texts)
    assert record["bytes"] == sum(sizes)


async def test_an_upload_is_counted_where_it_arrives() -> None:
    """What the server says and keeps is what reached it, however much the client sends on."""
    async with served() as here:
        client = await Plain.ask(here.port, f"{UPLOAD}?access_token=good")
        sent = 0
        for _ in range(20):
            client.send(2, bytes(1 << 14))
            sent += 1 << 14
        await client.writer.drain()
        code, reason, texts, _ = await client.until_closed()
        await client.gone()
        record = await here.record()
    assert (code, reason) == (1000, "completed")
    told = [json.loads(text)["AppInfo"]["NumBytes"] for text in texts]
    assert told == sorted(told)
    assert told[-1] == record["bytes"] == sent
    assert (record["end"], record["test"], record["server"]) == ("completed", "upload", "sansang.example.vn")
    assert record["rate"] == sent * 8 / record["seconds"]


async def test_the_record_is_evidence_and_names_no_address() -> None:
    """Protocol, congestion control, what Linux counted, what the client's program says of itself and what it claims."""
    async with served() as here:
        query = "access_token=good&client_name=ndt7-plain&client_version=1&client_user=nguyen.van.a"
        client = await Plain.ask(here.port, f"{DOWNLOAD}?{query}", Sansang_Proof="cHJvb2Y=")
        client.send(1, json.dumps({"AppInfo": {"ElapsedTime": 1000, "NumBytes": 5}, "Test": "download"}).encode())
        await client.until_closed()
        await client.gone()
        record = await here.record()
        assert here.gate.opened == [("good", "download", "cHJvb2Y=")]
        assert here.metric("tests_total", test="download", end="completed") == 1
        assert here.metric("bytes_total", test="download") == record["bytes"]
    assert (record["protocol"], record["end"]) == ("ndt7", "completed")
    assert record["client"] == {"client_name": "ndt7-plain", "client_version": "1"}
    assert record["claimed"] == {"bytes": 5, "elapsed": 1000}
    assert record["congestion"]
    assert 0 < record["tcp"]["BytesAcked"] <= record["bytes"] + 10_000
    assert "127.0.0.1" not in json.dumps(record)
    assert abs(record["at"] / 1e6 - time.time()) < 60


async def test_measurements_come_no_oftener_than_every_quarter_of_a_second() -> None:
    """Both ways: one at once, then one in 250 ms, the last one a little earlier."""
    async with served(limits=Limits(run=0.9, most=2, stall=2)) as here:
        for path in (DOWNLOAD, UPLOAD):
            client = await Plain.ask(here.port, f"{path}?access_token=good")
            _, _, texts, _ = await client.until_closed()
            await client.gone()
            assert 3 <= len(texts) <= 5


async def test_a_ping_is_answered_between_messages() -> None:
    """With its own payload, whole, in the middle of a download."""
    async with served() as here:
        client = await Plain.ask(here.port, f"{DOWNLOAD}?access_token=good")
        client.send(9, b"1234567890")
        while (await client.receive()) != (10, b"1234567890"):
            pass
        await client.until_closed()
        await client.gone()


async def test_a_download_is_no_faster_than_its_lease_and_streams_share_it() -> None:
    """Two streams at 20 Mbit/s on the wire: together 1448/1514 of that in payload, and not nothing."""
    gate = FakeGate(rate=20e6)
    async with served(gate, Limits(run=0.8, most=2, stall=2)) as here:
        clients = [await Plain.ask(here.port, f"{DOWNLOAD}?access_token=good") for _ in range(2)]
        closed = await asyncio.gather(*(client.until_closed() for client in clients))
        for client in clients:
            await client.gone()
        while len(gate.records) < 2:
            await asyncio.sleep(0.01)
        seconds = max(record["seconds"] for record in gate.records)
    total = sum(count for *_, count in closed)
    most = 20e6 * 1448 / 1514 / 8 * (seconds + 0.05) + 2 * (1 << 14)
    assert most / 4 < total <= most
    assert all(record["paced"] == 20e6 for record in gate.records)


async def test_an_upload_is_read_no_faster_than_its_lease() -> None:
    """The client may fill buffers on the way; what is counted keeps to the rate."""
    gate = FakeGate(rate=8e6)
    async with served(gate, Limits(run=0.6, most=2, stall=2)) as here:
        client = await Plain.ask(here.port, f"{UPLOAD}?access_token=good")
        for _ in range(40):
            client.send(2, bytes(1 << 16))
        code, *_ = await client.until_closed()
        record = await here.record()
        client.writer.close()
    assert code == 1000
    # a socket is read 256 KiB at a time at most
    assert record["bytes"] <= 8e6 / 8 * record["seconds"] + (1 << 18)


async def test_who_watches_is_told_rate_and_share_of_each_direction() -> None:
    """Through the gate, about every quarter of a second."""
    async with served() as here:
        client = await Plain.ask(here.port, f"{DOWNLOAD}?access_token=good")
        await client.until_closed()
        await client.gone()
        await here.record()
    last = here.gate.progress[-1]
    assert set(last) == {"download", "download_share"}
    assert last["download"] > 0
    assert 0 < last["download_share"] <= 1
    assert here.gate.used == here.gate.records[0]["bytes"]


async def test_networks_that_are_open_need_no_lease_and_share_what_leases_leave() -> None:
    """No token, no record; a lease of 80 of 100 Mbit/s leaves them 20."""
    gate = FakeGate(rate=80e6)
    async with served(gate, open=LOOPBACK, capacity_mbps=200, share=0.5, connections=10) as here:
        leased = await Plain.ask(here.port, f"{UPLOAD}?access_token=good")
        client = await Plain.ask(here.port, UPLOAD)
        (common,) = [session.group.bucket.rate for session in here.speed._sessions if not session.group.lease]
        assert common == 20e6
        await asyncio.gather(client.until_closed(), leased.until_closed())
        await client.gone()
        await leased.gone()
        await here.ended(2, test="upload", end="client_silent")
    assert len(gate.records) == 1
