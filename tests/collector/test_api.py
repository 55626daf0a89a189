"""The HTTP interface for agents, Prometheus and whoever asks: over real sockets."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from collector.office import Office, Wrong
from tests.collector.pushing import XOM_CHIEU, Sender, Signer
from tests.collector.standing import Client, served


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with served(tmp_path) as client:
        yield client


async def token(client: Client, **changes: object) -> str:
    arguments = {"unit": XOM_CHIEU, "seats": 1, "days": 1.0} | changes
    return str(await Office(client.server.parts).call("tokens.create", arguments))


def signed(sender: Sender, path: str = "/v1/config") -> dict[str, str]:
    proof = sender.signer.sign(b"sansang.get.v1\0" + path.encode())
    return {"Sansang-Agent": sender.device, "Sansang-Signature": base64.b64encode(proof).decode()}


async def test_a_token_lets_a_device_in_once_and_answers_the_same_again(client: Client) -> None:
    """A lost reply costs no seat."""
    secret, signer = await token(client), Signer(5)
    status, answer = await client.enrol(signer, secret)
    assert (status, answer["unit"], answer["status"]) == (200, XOM_CHIEU, "active")
    assert await client.enrol(signer, secret) == (200, answer)
    status, refused = await client.enrol(Signer(6), secret)
    assert (status, refused) == (
        403, {"error": "token_exhausted", "message": "all 1 seats of the enrolment token are taken"},
    )  # fmt: skip
    assert await client.metric('sansang_collector_enrolments_total{code="granted"}') == 2


@pytest.mark.parametrize(
    ("changes", "status", "code", "message"),
    [
        ({"proof": base64.b64encode(bytes(64)).decode()}, 400, "bad_proof",
         "the request is not signed by the key it names"),
        ({"public_key": base64.b64encode(bytes(32)).decode()}, 400, "bad_proof",
         "the request is not signed by the key it names"),
        ({"role": "mainframe"}, 400, "invalid",
         "the enrolment request cannot be read: Invalid enum value 'mainframe' - at `$.role`"),
        ({"proof": "%%%"}, 400, "invalid",
         "the enrolment request cannot be read: Only base64 data is allowed"),
        ({"public_key": None}, 400, "invalid",
         "the enrolment request cannot be read: Expected `str`, got `null` - at `$.public_key`"),
    ],
)  # fmt: skip
async def test_an_enrolment_that_is_not_right_is_refused(
    client: Client, changes: dict[str, object], status: int, code: str, message: str
) -> None:
    """One line, a stable code, no device."""
    answered = await client.enrol(Signer(5), await token(client), **changes)
    assert answered == (status, {"error": code, "message": message})
    assert client.server.parts.directory.units == set()


async def test_a_wrong_token_is_told_from_a_revoked_and_an_expired_one(client: Client) -> None:
    """Each has its code; none tells whether the others exist."""
    assert await client.enrol(Signer(5), "ssk_nope") == (
        401, {"error": "bad_token", "message": "no such enrolment token"},
    )  # fmt: skip
    expired = await token(client, days=0.0)
    assert (await client.enrol(Signer(5), expired))[1]["error"] == "token_expired"
    revoked = await token(client)
    [row] = [row for row in await Office(client.server.parts).call("tokens.list", {}) if row["expires_at"] > 0][-1:]
    await Office(client.server.parts).call("tokens.revoke", {"token": row["id"]})
    assert (await client.enrol(Signer(5), revoked))[1]["error"] == "token_revoked"


async def test_a_device_under_review_counts_only_once_approved(client: Client) -> None:
    """Until then its results are kept and its unit knows nothing of them."""
    sender = await client.enrolled(Sender(), review=True)
    status, _ = await client.push(sender.sealed(sender.result(target="tiep-nhan")))
    assert status == 200
    await client.server.parts.sweep.once()
    assert client.server.parts.live.verdicts[XOM_CHIEU].expected == 0
    await Office(client.server.parts).call("devices.approve", {"device": sender.device})
    assert client.server.parts.live.verdicts[XOM_CHIEU].expected == 1


async def test_a_device_gets_its_jobs_by_its_signature(client: Client) -> None:
    """Once; 304 after that."""
    sender = await client.enrolled(Sender())
    status, text = await client.get("/v1/config", **signed(sender))
    found = json.loads(text)
    assert (status, found["unit"]) == (200, XOM_CHIEU)
    assert {(job["check"], job.get("target", "")) for job in found["jobs"]} >= {
        ("connectivity", "tiep-nhan"),
        ("device", ""),
    }
    assert await client.get("/v1/config", **signed(sender), **{"If-None-Match": f'"{found["etag"]}"'}) == (304, "")


async def test_a_configuration_is_for_its_device_only(client: Client) -> None:
    """A signature over another path, by another key, or none at all."""
    sender = await client.enrolled(Sender())
    for headers in (signed(sender, "/v1/other"), {"Sansang-Agent": sender.device}, {}):
        status, text = await client.get("/v1/config", **headers)
        assert (status, json.loads(text)["error"]) in [(401, "bad_signature"), (401, "unknown_agent")]
    await Office(client.server.parts).call("devices.revoke", {"device": sender.device})
    assert (await client.get("/v1/config", **signed(sender)))[0] == 403


async def test_metrics_pass_promtool_and_round_trip(client: Client) -> None:
    """Both pages of metrics, with a result in them."""
    sender = await client.enrolled(Sender())
    await client.push(sender.sealed(sender.result(target="tiep-nhan"), sender.result(check="device", target="")))
    await client.server.parts.sweep.once()
    promtool = shutil.which("promtool")
    assert promtool, "promtool comes with Debian's prometheus: apt-get install prometheus"
    for path in ("/metrics", f"/metrics/devices?unit={XOM_CHIEU}", "/metrics/devices"):
        status, text = await client.get(path)
        assert status == 200
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), path
        assert list(text_string_to_metric_families(text))
    labels = f'unit="{XOM_CHIEU}",device="{sender.device}",check="connectivity",target="tiep-nhan"'
    assert await client.metric(f'sansang_check_outcome{{{labels},outcome="ok"}}', "/metrics/devices") == 1
    assert await client.metric(f"sansang_connectivity_up{{{labels}}}", "/metrics/devices") == 1


async def test_a_scrape_may_be_compressed(client: Client) -> None:
    """Prometheus asks for gzip."""
    async with client.session.get(
        f"{client.server.url}/metrics", headers={"Accept-Encoding": "gzip"}, auto_decompress=False
    ) as reply:
        assert reply.headers["Content-Encoding"] == "gzip"
        assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert b"sansang_unit_verdict" in gzip.decompress(await reply.read())


async def test_metrics_of_an_unknown_unit_are_a_404(client: Client) -> None:
    """Not an empty page that looks well."""
    status, text = await client.get("/metrics/devices?unit=99999")
    assert (status, json.loads(text)["message"]) == (404, "no unit has the code '99999' in this locality")


async def test_pages_and_metrics_are_for_listed_networks(tmp_path: Path) -> None:
    """Loopback is not among these."""
    async with served(tmp_path, more="access: {pages: [10.0.0.0/8], metrics: [10.0.0.0/8]}\n") as client:
        for path in ("/", "/units/27259", "/static/app.css", "/events", "/metrics", "/metrics/devices"):
            status, text = await client.get(path)
            assert (status, json.loads(text)["error"]) == (403, "forbidden"), path
        spoofed = {"X-Forwarded-For": "10.1.2.3"}
        assert (await client.get("/", **spoofed))[0] == 403
        assert (await client.get("/healthz"))[0] == 200


async def test_a_trusted_proxy_is_believed_from_the_right(tmp_path: Path) -> None:
    """What a client wrote itself stands further left."""
    more = "access: {pages: [10.0.0.0/8]}\ntrusted_proxies: [127.0.0.0/8]\n"
    async with served(tmp_path, more=more) as client:
        assert (await client.get("/", **{"X-Forwarded-For": "192.0.2.1, 10.1.2.3"}))[0] == 200
        assert (await client.get("/", **{"X-Forwarded-For": "10.1.2.3, 192.0.2.1"}))[0] == 403
        assert (await client.get("/", **{"X-Forwarded-For": "nonsense"}))[0] == 403


async def test_readiness_follows_the_life_of_the_process(client: Client) -> None:
    """Alive is not ready."""
    assert await client.get("/readyz") == (200, '{"status": "ready"}')
    client.server.parts.api.ready = False
    assert await client.get("/readyz") == (503, '{"status": "not ready"}')
    assert json.loads((await client.get("/metrics"))[1])["error"] == "starting"
    assert await client.get("/healthz") == (200, '{"status": "ok"}')


async def test_a_stopping_collector_takes_nothing_more(client: Client) -> None:
    """The agent keeps what it has and comes back."""
    sender = await client.enrolled(Sender())
    client.server.parts.api.closing = True
    status, answer = await client.push(sender.sealed(sender.result()))
    assert (status, answer["error"], answer["retry_after"]) == (503, "overloaded", 5.0)


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("tokens.create", {"unit": "99999", "seats": 1, "days": 1}, "no unit has the code '99999' in this locality"),
        ("tokens.revoke", {"token": "abc"}, "no token with the id 'abc' is in force"),
        ("devices.approve", {"device": "abc"}, "no device has the id 'abc'"),
        ("devices.list", {"unit": "1"}, "no unit has the code '1' in this locality"),
        ("readiness", {"unit": "1"}, "no unit has the code '1' in this locality"),
    ],
)
async def test_the_office_says_what_is_wrong(
    client: Client, call: str, arguments: dict[str, object], message: str
) -> None:
    """One line, the value in it."""
    with pytest.raises(Wrong) as why:
        await Office(client.server.parts).call(call, arguments)
    assert str(why.value) == message
