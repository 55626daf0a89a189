"""Who may begin a test, and what the others are told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from checks.kit.ndt7 import DOWNLOAD, UPLOAD
from tests.collector.speed.plain import Plain
from tests.collector.speed.serving import LOOPBACK, FakeGate, Served, served


async def refusal(here: Served, target: str, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a refused upgrade, after which the server hangs up."""
    client = await Plain.ask(here.port, target, tls=None, **headers)
    body = await client.reader.read()
    client.writer.close()
    assert "Connection: close\r\n" in client.head
    return client.status, json.loads(body)


@pytest.mark.parametrize(
    ("headers", "code", "message"),
    [
        ({"protocol": ""}, "subprotocol_missing", "expected Sec-WebSocket-Protocol: net.measurementlab.ndt.v7"),
        ({"protocol": "chat"}, "subprotocol_missing", "expected Sec-WebSocket-Protocol: net.measurementlab.ndt.v7"),
        (
            {"Upgrade": ""},
            "bad_handshake",
            "this address speaks WebSocket: expected Upgrade: websocket and Connection: Upgrade",
        ),
        (
            {"Connection": "keep-alive"},
            "bad_handshake",
            "this address speaks WebSocket: expected Upgrade: websocket and Connection: Upgrade",
        ),
        ({"Sec_WebSocket_Version": "8"}, "bad_handshake", "expected Sec-WebSocket-Version: 13"),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, "bad_handshake", "expected a Sec-WebSocket-Key of 16 bytes in base64"),
        ({"Sec_WebSocket_Key": "%%%"}, "bad_handshake", "expected a Sec-WebSocket-Key of 16 bytes in base64"),
    ],
)
async def test_a_request_that_is_no_ndt7_upgrade_is_400_and_takes_no_stream(
    headers: dict[str, str], code: str, message: str
) -> None:
    """Said in words, as JSON; the lease is not asked."""
    async with served() as here:
        assert await refusal(here, f"{DOWNLOAD}?access_token=good", **headers) == (
            400, {"error": code, "message": message},
        )  # fmt: skip
        assert here.gate.opened == []
        assert here.metric("refusals_total", code=code) == 1


async def test_a_query_that_is_too_long_is_400() -> None:
    """4,096 bytes are taken, one more is not."""
    async with served(open=LOOPBACK) as here:
        assert await refusal(here, f"{UPLOAD}?a={'x' * 4095}") == (
            400, {"error": "query_too_long", "message": "the query is over 4096 bytes"},
        )  # fmt: skip
        client = await Plain.ask(here.port, f"{UPLOAD}?a={'x' * 4094}")
        assert client.status == 101
        client.writer.close()


async def test_without_a_token_only_open_networks_may_test() -> None:
    """401, and how to do better."""
    async with served(open=("192.0.2.0/24",)) as here:
        assert await refusal(here, DOWNLOAD) == (
            401,
            {"error": "lease_missing", "message": "a lease is needed: its token goes into access_token"},
        )
        assert here.gate.opened == []


async def test_a_token_that_opens_nothing_is_refused_in_the_words_of_the_lease() -> None:
    """With its status and code; in an open network too, and nothing is upgraded."""
    async with served(open=LOOPBACK) as here:
        for _ in range(2):
            assert await refusal(here, f"{DOWNLOAD}?access_token=forged") == (
                403,
                {"error": "lease_forged", "message": "the token is not one of this collector's"},
            )
        assert here.metric("refusals_total", code="lease_forged") == 2
        assert here.metric("connections") == 0
        assert here.gate.records == []


async def test_a_lease_that_fails_to_be_looked_up_is_500_without_a_word_of_the_inside() -> None:
    """The database, for example."""

    class Broken(FakeGate):
        async def open(self, token: str, test: Any, proof: str) -> Any:
            raise RuntimeError("password=secret")

    async with served(Broken()) as here:
        assert await refusal(here, f"{DOWNLOAD}?access_token=good") == (
            500, {"error": "internal", "message": "the collector failed; its log says why"},
        )  # fmt: skip


async def test_a_client_that_leaves_while_its_lease_is_looked_up_leaves_a_record() -> None:
    """The stream was claimed: the lease hears of its end."""
    gate = FakeGate()
    gate.slow.clear()
    async with served(gate) as here:
        asking = asyncio.create_task(Plain.ask(here.port, f"{UPLOAD}?access_token=good"))
        async with asyncio.timeout(5):
            while not gate.opened:
                await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        gate.slow.set()
        record = await here.record()
    assert (record["bytes"], record["end"]) in ((0, "client_gone"), (0, "client_silent"))


async def test_a_record_that_cannot_be_kept_does_not_hurt_the_client(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, with the name of the lease."""

    class Forgetful(FakeGate):
        async def done(self, lease: str, test: str, record: Any) -> None:
            raise OSError("disk full")

    async with served(Forgetful()) as here:
        client = await Plain.ask(here.port, f"{DOWNLOAD}?access_token=good")
        assert (await client.until_closed())[0] == 1000
        await client.gone()
        await here.ended(test="download", end="completed")
    (line,) = [line for line in caplog.records if line.name == "sansang.speed"]
    assert (line.getMessage(), line.__dict__["lease"], line.__dict__["why"]) == (
        "record of a speed test lost", "lease-1", "disk full",
    )  # fmt: skip


async def test_compression_is_not_agreed_to() -> None:
    """What the client offers stays unanswered."""
    async with served() as here:
        client = await Plain.ask(
            here.port, f"{UPLOAD}?access_token=good", Sec_WebSocket_Extensions="permessage-deflate"
        )
        assert client.status == 101
        assert "Extensions" not in client.head
        client.writer.close()


async def test_where_speed_is_not_measured_there_is_nothing() -> None:
    """404, as for every other address that is not there."""
    async with served(enabled=False) as here:
        client = await Plain.ask(here.port, f"{DOWNLOAD}?access_token=good")
        assert client.status == 404
        client.writer.close()
