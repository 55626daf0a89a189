"""Starting and stopping: nothing half-answered, nothing left behind."""

from __future__ import annotations

import asyncio
import datetime
import json
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collector import config
from collector.app import AddressInUse
from collector.store import states
from collector.store.engine import Store
from tests.collector.pushing import Sender
from tests.collector.standing import Client, served, standing
from tests.ports import free_port
from tests.postgres import Cluster


async def test_a_batch_under_way_is_answered_before_the_collector_stops(tmp_path: Path) -> None:
    """It waits for its commit when the stop begins; the answer is true."""
    async with aiohttp.ClientSession() as session:
        async with standing(tmp_path, ingest=", commit_window_ms: 1000") as server:
            client = Client(server, session)
            sender = await client.enrolled(Sender())
            pushing = asyncio.create_task(client.push(sender.sealed(sender.result(target="tiep-nhan"))))
            await client.until(lambda: server.parts.ingest.inflight == 1)
            started = time.perf_counter()
        assert time.perf_counter() - started < 10
        status, ack = await pushing
    assert (status, ack["durable"]) == (200, 2)
    reopened = Store(server.parts.config.database_url)
    with reopened.reader() as connection:
        assert next(states.load(connection, [sender.device])).cursors[1].low == 2
    reopened.close()


async def test_a_port_in_use_leaves_the_database_closed(tmp_path: Path) -> None:
    """The next start finds no lock in its way."""
    async with standing(tmp_path) as first:
        taken = first.url.rsplit(":", 1)[1]
        other = tmp_path / "other"
        other.mkdir()
        for _ in range(2):
            with pytest.raises(AddressInUse) as why:
                async with standing(other, more="", port=int(taken)):
                    pass
            assert str(why.value) == (
                f"cannot listen on 127.0.0.1:{taken}: "
                "the port is in use by another program (change `listen`, or stop it)"
            )


async def test_without_its_database_the_collector_acknowledges_nothing_and_recovers(
    tmp_path: Path, postgres: Cluster, postgres_url: str
) -> None:
    """503 while PostgreSQL is down, pages stay; the same batch is taken once it is back."""
    async with served(tmp_path, postgres_url) as client:
        sender = await client.enrolled(Sender())
        sealed = sender.sealed(sender.result(target="tiep-nhan"))
        postgres.stop(signal.SIGQUIT)
        try:
            status, answer = await client.push(sealed)
            assert (status, answer["error"]) == (503, "storage")
            assert (await client.get("/"))[0] == 200
        finally:
            postgres.start()
        status, ack = await client.push(sealed)
        assert (status, ack["durable"]) == (200, 2)
        assert await client.metric("sansang_collector_results_total") == 1


async def test_a_stalled_loop_shows_at_the_next_scrape_and_only_there(tmp_path: Path) -> None:
    """A second during which nothing else could run."""
    async with served(tmp_path) as client:
        await asyncio.sleep(0.1)
        time.sleep(1.2)
        await asyncio.sleep(0.6)
        assert (await client.metric("sansang_collector_loop_stall_seconds") or 0) > 0.4
        assert (await client.metric("sansang_collector_loop_stall_seconds") or 0) < 0.4


@pytest.mark.parametrize(
    ("more", "told"),
    [("", ""), ('public_url: "https://sansang.example.vn/"\n', "https://sansang.example.vn")],
)
async def test_a_scrape_tells_where_the_pages_are(tmp_path: Path, more: str, told: str) -> None:
    """What alerts and dashboards lead to: the public address, or where it listens."""
    async with served(tmp_path, more=more) as client:
        _, text = await client.get("/metrics")
        (line,) = [row for row in text.splitlines() if row.startswith("sansang_collector_info{")]
        assert f'url="{told or client.server.url}"' in line


async def test_open_pages_are_counted(tmp_path: Path) -> None:
    """While they listen, and no longer."""
    async with served(tmp_path) as client:
        async with client.session.get(f"{client.server.url}/events") as stream:
            assert stream.status == 200
            assert await client.metric("sansang_collector_live_pages") == 1
        async with asyncio.timeout(5):
            while await client.metric("sansang_collector_live_pages") != 0:
                await asyncio.sleep(0.05)


async def test_the_collector_can_end_tls_itself(tmp_path: Path) -> None:
    """With a certificate of its own; plain HTTP is not answered then."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    async with standing(tmp_path, more="tls: {certificate: cert.pem, key: key.pem}\n") as server:
        assert server.url.startswith("https://")
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        context.check_hostname = False
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/readyz", ssl=context) as reply:
            assert reply.status == 200


def test_the_program_stops_within_ten_seconds_and_logs_json(tmp_path: Path) -> None:
    """SIGTERM: exit code 0, socket and lock gone for the next start, one JSON object a line."""
    port = free_port()
    file = tmp_path / "collector.yaml"
    file.write_text(
        f'listen: "127.0.0.1:{port}"\nstate_dir: state\nlocality: demo\nunits: {config.SHIPPED}/units.csv\n'
        'speed: {reflector: ""}\n'
    )
    command = [str(Path(sys.executable).parent / "sansang-collector"), "run", "--config", str(file)]
    for _ in range(2):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        first = json.loads(process.stderr.readline())
        assert (first["level"], first["event"], first["url"]) == ("info", "serving", f"http://127.0.0.1:{port}")
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=10)
        assert process.returncode == 0
        assert [json.loads(line)["event"] for line in rest.splitlines()] == ["stopping"]
        assert not (tmp_path / "state" / "admin.sock").exists()
