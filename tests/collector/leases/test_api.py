"""``POST /v1/leases`` over a real socket: signed, bounded, and one line for every refusal."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from checks.kit.leasing import CONTEXT, Answer, Want
from collector.leases.api import MOST, LeaseApi
from tests.collector.leases.books import Replica
from tests.collector.leases.city import WANT
from tests.collector.pushing import Sender

BODY = msgspec.json.encode(WANT)


@contextlib.asynccontextmanager
async def served(replica: Replica, timeout: float = 10.0) -> AsyncIterator[str]:
    """The address of the handler."""
    app = web.Application()
    app.add_routes(LeaseApi(replica.book, replica.directory, {"bandwidth", "realtime"}, timeout=timeout).routes())
    runner = web.AppRunner(app, auto_decompress=False, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/leases"
    finally:
        await runner.cleanup()


def signed(sender: Sender, body: bytes) -> dict[str, str]:
    signature = base64.b64encode(sender.signer.sign(CONTEXT + body)).decode()
    return {"Sansang-Agent": sender.device, "Sansang-Signature": signature}


async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as reply:
        return reply.status, json.loads(await reply.read())


async def test_a_device_asks_and_gives_back(replica: Replica) -> None:
    """Both bodies are signed; what is given back is answered with neither a grant nor a denial."""
    pc = await replica.enrol(1)
    async with served(replica) as url:
        status, answer = await post(url, BODY, signed(pc, BODY))
        grant = msgspec.convert(answer, Answer).grant
        assert status == 200
        assert grant is not None
        body = json.dumps({"release": grant.id, "used": 5}).encode()
        assert await post(url, body, signed(pc, body)) == (200, {})
        assert replica.lease(grant.id).used == 5
        _, answer = await post(url, BODY, signed(pc, BODY))
    denied = msgspec.convert(answer, Answer).denied
    assert denied is not None
    assert denied.reason == "enough"


BAD: tuple[tuple[bytes, int, str, str], ...] = (
    (b"", 400, "not_json", "the body is no JSON"),
    (b"\xff", 400, "not_json", "the body is no JSON"),
    (b"{}", 400, "invalid", "Object missing required field `check`"),
    (b'{"check":"lan","seconds":121,"bytes":1}', 400, "invalid", "Expected `float` <= 120.0 - at `$.seconds`"),
    (b'{"check":"bandwidth","seconds":NaN,"bytes":1}', 400, "not_json", "the body is no JSON"),
    (b'{"check":"bandwidth","seconds":1,"bytes":-1}', 400, "invalid", "Expected `int` >= 1 - at `$.bytes`"),
    (b'{"check":"bandwidth","seconds":1,"bytes":1,"x":1}', 400, "invalid", "Object contains unknown field `x`"),
    (b'{"check":"dns","seconds":1,"bytes":1}', 400, "invalid", "no check is called 'dns'"),
    (b'{"check":"a\\u0000b","seconds":1,"bytes":1}', 400, "invalid", "no check is called 'a\\x00b'"),
    (b'{"release":"a\\u0000","used":1}', 400, "invalid", "a lease is named by hexadecimal digits"),
    (b'{"release":"","used":1}', 400, "invalid", "Expected `str` of length >= 1 - at `$.release`"),
    (b'{"release":"ff"}', 400, "invalid", "Object missing required field `used`"),
    (b" " * (MOST + 1), 413, "too_large", "the body is over 4096 bytes"),
    (b"[" * MOST, 400, "invalid", "Expected `object`, got `array`"),
)


async def test_a_body_that_asks_for_nothing_is_refused(replica: Replica) -> None:
    """With its one line; nothing is stored."""
    pc = await replica.enrol(1)
    async with served(replica) as url:
        for body, status, code, message in BAD:
            assert await post(url, body, signed(pc, body)) == (status, {"error": code, "message": message})
    assert replica.all() == []


async def test_only_enrolled_devices_ask_and_only_for_themselves(replica: Replica) -> None:
    """The signature is over this body, in this context."""
    pc, other = await replica.enrol(1), await replica.enrol(2)
    bad = {"error": "bad_signature", "message": "the signature is not this device's"}
    bare = base64.b64encode(pc.signer.sign(BODY)).decode()
    async with served(replica) as url:
        assert await post(url, BODY, {}) == (
            401, {"error": "unknown_agent", "message": "no such device is enrolled here"},
        )  # fmt: skip
        for headers in (
            {"Sansang-Agent": pc.device}, {"Sansang-Agent": pc.device, "Sansang-Signature": "é"},
            signed(pc, BODY) | {"Sansang-Agent": other.device}, signed(pc, BODY + b" "),
            signed(pc, BODY) | {"Sansang-Signature": bare},
        ):  # fmt: skip
            assert await post(url, BODY, headers) == (401, bad)
        await replica.revoke(pc)
        assert await post(url, BODY, signed(pc, BODY)) == (
            403, {"error": "revoked", "message": "this device was revoked"},
        )  # fmt: skip
    assert replica.all() == []


async def test_a_body_without_end_is_cut_off(replica: Replica) -> None:
    """By its size as it comes, and by time."""
    pc = await replica.enrol(1)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async def large() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b" " * 1024

    async with served(replica, timeout=0.2) as url, aiohttp.ClientSession() as session:
        async with session.post(url, data=large(), headers=signed(pc, b"")) as reply:
            assert (reply.status, (await reply.json())["error"]) == (413, "too_large")
        async with session.post(url, data=slow(), headers=signed(pc, b"")) as reply:
            assert (reply.status, (await reply.json())["message"]) == (408, "the body did not arrive in 0.2 s")


async def test_a_store_that_does_not_write_is_said(replica: Replica) -> None:
    """And the device is told when to come again."""
    pc = await replica.enrol(1)
    with replica.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE leases RENAME TO gone")
    async with served(replica) as url:
        found = await post(url, BODY, signed(pc, BODY))
    message = "the store does not take writes"
    assert found == (503, {"error": "storage", "message": message, "retry_after": 30.0})


async def test_a_request_that_is_repeated_gains_nothing(replica: Replica) -> None:
    """Whoever replays it learns of the same lease, which only its device can open."""
    pc = await replica.enrol(1)
    want = msgspec.json.encode(Want(check="bandwidth", seconds=25, bytes=1_000_000, at=1))
    async with served(replica) as url:
        answers = [await post(url, want, signed(pc, want)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(replica.all()) == 1
