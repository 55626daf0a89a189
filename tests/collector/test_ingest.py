"""Bad and good batches against a collector that really listens: refused with a code, counted, nothing stored."""

from __future__ import annotations

import asyncio
import gzip
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from checks.kit import wire
from collector.store import states
from tests.collector.pushing import Sender, Signer
from tests.collector.standing import Client, served


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with served(tmp_path) as client:
        yield client


def job(**changes: Any) -> dict[str, Any]:
    """A job that the demo locality has."""
    return {"target": "tiep-nhan"} | changes


def reseal(sender: Sender, raw: bytes) -> bytes:
    """Any bytes, compressed and signed as `sender` would."""
    header = wire.MAGIC + b"1" + uuid.UUID(sender.device).bytes
    body = gzip.compress(raw)
    return header + sender.signer.sign(wire.CONTEXT + header + body) + body


def spoilt(sender: Sender, old: bytes, new: bytes) -> bytes:
    """A batch whose JSON was changed and signed again."""
    raw = wire._encoder.encode(sender.batch(sender.result(detail="here")))
    assert old in raw
    return reseal(sender, raw.replace(old, new, 1))


def flipped(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def _raw(sender: Sender, body: bytes) -> bytes:
    header = wire.MAGIC + b"1" + uuid.UUID(sender.device).bytes
    return header + sender.signer.sign(wire.CONTEXT + header + body) + body


def _cut(sender: Sender) -> bytes:
    return _raw(sender, sender.sealed(sender.result())[wire.PREFIX : -9])


BAD: dict[str, tuple[Callable[[Sender], bytes], int, str, str]] = {
    "unsigned": (
        lambda s: s.sealed(s.result())[: wire.HEADER] + bytes(64) + s.sealed(s.result())[wire.PREFIX :],
        401, "bad_signature", "the signature is not this device's",
    ),
    "signed by another key": (
        lambda s: wire.seal(s.batch(s.result()), Signer(99)),
        401, "bad_signature", "the signature is not this device's",
    ),
    "changed on the way": (
        lambda s: flipped(s.sealed(s.result()), 120), 401, "bad_signature", "the signature is not this device's",
    ),
    "nothing": (lambda s: b"", 400, "bad_magic", "this is not a batch: it does not begin with SSB"),
    "a web page": (
        lambda s: b"<html>" * 40, 400, "bad_magic", "this is not a batch: it does not begin with SSB",
    ),
    "only a header": (
        lambda s: s.sealed(s.result())[:60], 400, "truncated", "the batch ends after 60 bytes, inside its header",
    ),
    "truncated and signed": (
        _cut, 400, "truncated", "the batch ends before its compressed data does",
    ),
    "of an unknown version": (
        lambda s: b"SSB7" + s.sealed(s.result())[4:],
        400, "unsupported_version", "batch format b'7' is not known here, only 1",
    ),
    "of an unknown inner version": (
        lambda s: spoilt(s, b'"v":1', b'"v":2'), 400, "unsupported_version", "batch format 2 is not known here, only 1",
    ),
    "from an unknown agent": (
        lambda s: Sender(str(uuid.UUID(int=7)), key=7).sealed(s.result()),
        401, "unknown_agent", "no such device is enrolled here",
    ),
    "naming another agent inside": (
        lambda s: reseal(s, wire._encoder.encode(s.batch(s.result(), agent=str(uuid.UUID(int=9))))),
        400, "agent_mismatch", "the batch names another agent than its envelope",
    ),
    "not compressed": (
        lambda s: _raw(s, b"not gzip"), 400, "not_gzip",
        "the batch cannot be inflated: Error -3 while decompressing data: incorrect header check",
    ),
    "not JSON": (
        lambda s: reseal(s, b"{"), 400, "not_json", "Input data was truncated",
    ),
    "with NaN": (
        lambda s: spoilt(s, b'"connectivity_up",1.0', b'"connectivity_up",NaN'),
        400, "not_json", "JSON is malformed: invalid character (byte 390)",
    ),
    "with a number past every float": (
        lambda s: spoilt(s, b'"connectivity_up",1.0', b'"connectivity_up",1e999'),
        400, "invalid", "Number out of range - at `$.results[0].samples[0][1]`",
    ),
    "with NUL": (
        lambda s: spoilt(s, b"here", b"\\u0000"), 400, "forbidden_character", "the batch holds a NUL character",
    ),
    "with a lone surrogate": (
        lambda s: spoilt(s, b'"here"', b'"\\ud800"'), 400, "not_json",
        "JSON is malformed: unexpected end of escaped utf-16 surrogate pair (byte 264)",
    ),
    "with 2**63 as a sequence number": (
        lambda s: spoilt(s, b'"seq":1', b'"seq":9223372036854775808'),
        400, "invalid", "Expected `int` <= 9223372036854775807 - at `$.results[0].seq`",
    ),
    "with 2**63 as a time": (
        lambda s: spoilt(s, b'"mono":1000000', b'"mono":9223372036854775808'),
        400, "invalid", "Expected `int` <= 9223372036854775807 - at `$.results[0].mono`",
    ),
    "nested deeply": (
        lambda s: spoilt(s, b'"detail":"here"', b'"detail":' + b"[" * 50_000 + b"]" * 50_000),
        400, "invalid", "Expected `str`, got `array` - at `$.results[0].detail`",
    ),
    "nested deeply where nobody looks": (
        lambda s: spoilt(s, b'"detail":"here"', b'"more":' + b"[" * 50_000 + b"]" * 50_000),
        400, "too_deep", "the batch is nested too deeply",
    ),
    "100 MB inflated": (
        lambda s: reseal(s, b" " * 100_000_000),
        413, "inflated_too_large", "the batch inflates past 2097152 bytes",
    ),
    "too large as it is": (
        lambda s: b"SSB1" + bytes(wire.MAX_SEALED),
        413, "too_large", "the body is 262148 bytes, at most 262144 are taken",
    ),
    "with an outcome nobody knows": (
        lambda s: spoilt(s, b'"outcome":"ok"', b'"outcome":"fine"'),
        400, "invalid", "Invalid enum value 'fine' - at `$.results[0].outcome`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_batch_is_refused_counted_and_leaves_nothing(client: Client, name: str) -> None:
    """Status, code and message; the loop goes on, and the next good batch is the first that is stored."""
    make, status, code, message = BAD[name]
    sender = await client.enrolled(Sender())
    sealed = make(sender)
    started = time.perf_counter()
    answered = await client.push(sealed)
    took = time.perf_counter() - started
    assert answered == (status, {"error": code, "message": message})
    assert took < 1.0
    assert await client.metric(f'sansang_collector_refusals_total{{code="{code}"}}') == 1
    stored = await client.server.parts.store.read(lambda connection: next(states.load(connection, [sender.device])))
    assert (stored.results, stored.cursors) == ({}, {})
    sender.next = 1
    status, ack = await client.push(sender.sealed(sender.result(**job())))
    assert (status, ack["durable"]) == (200, 2)


async def test_a_good_batch_is_answered_by_name_once_it_is_on_disk(client: Client) -> None:
    """The answer names the very bytes, so no other server's 200 can pass for it."""
    sender = await client.enrolled(Sender())
    sealed = sender.sealed(sender.result(**job()), sender.result(**job()))
    status, ack = await client.push(sealed)
    assert status == 200
    assert (ack["agent"], ack["epoch"], ack["batch"], ack["durable"]) == (sender.device, 1, wire.digest(sealed), 3)
    assert ack["config"] == client.server.parts.api._catalog.etag("27259", "pc")


async def test_a_content_encoding_header_makes_nobody_inflate(client: Client) -> None:
    """The transport's own decompression is off; the body is what was signed."""
    sender = await client.enrolled(Sender())
    status, _ = await client.push(sender.sealed(sender.result(**job())), **{"Content-Encoding": "gzip"})
    assert status == 200
    bomb = gzip.compress(b" " * 100_000_000)
    status, answer = await client.push(bomb, **{"Content-Encoding": "gzip"})
    assert (status, answer["error"]) == (400, "bad_magic")


async def test_bombs_do_not_stall_the_others(client: Client) -> None:
    """Thirty 100 MB bombs, signed by a real device, while another one pushes."""
    bomber, other = await client.enrolled(Sender(key=1)), await client.enrolled(Sender(key=2))
    bomb = reseal(bomber, b" " * 100_000_000)
    bombs = [asyncio.create_task(client.push(bomb)) for _ in range(30)]
    slowest = 0.0
    for _ in range(20):
        started = time.perf_counter()
        status, _ = await client.push(other.sealed(other.result(**job())))
        slowest = max(slowest, time.perf_counter() - started)
        assert status == 200
    assert {status for status, _ in await asyncio.gather(*bombs)} == {413}
    assert slowest < 2.0


async def test_a_revoked_device_is_refused(client: Client) -> None:
    """At once on this collector; others learn it at their next sweep."""
    sender = await client.enrolled(Sender())
    from collector.office import Office

    await Office(client.server.parts).call("devices.revoke", {"device": sender.device})
    status, answer = await client.push(sender.sealed(sender.result(**job())))
    assert (status, answer) == (403, {"error": "revoked", "message": "this device was revoked"})


async def test_past_its_bound_the_collector_says_so_quickly(tmp_path: Path) -> None:
    """A 503 with Retry-After, before the body is read."""
    async with served(tmp_path, ingest=", max_inflight: 1, commit_window_ms: 1000") as client:
        sender, other = await client.enrolled(Sender(key=1)), await client.enrolled(Sender(key=2))
        first = asyncio.create_task(client.push(sender.sealed(sender.result(**job()))))
        await client.until(lambda: client.server.parts.ingest.inflight == 1)
        assert await client.metric("sansang_collector_waiting_batches") == 1
        status, answer = await client.push(other.sealed(other.result(**job())))
        assert (status, answer["error"], answer["retry_after"]) == (503, "overloaded", 30.0)
        assert (await first)[0] == 200


async def test_a_sender_that_dribbles_is_cut_off(tmp_path: Path) -> None:
    """The body has a deadline."""

    async def dribble() -> AsyncIterator[bytes]:
        yield b"SSB1"
        await asyncio.sleep(5)
        yield b"late"

    async with (
        served(tmp_path, ingest=", read_timeout_seconds: 1") as client,
        client.session.post(f"{client.server.url}/v1/results", data=dribble()) as reply,
    ):
        assert (reply.status, (await reply.json())["message"]) == (408, "the body did not arrive in 1 s")
