"""The same on the event loop and under the TLS that the collector runs with: its transports are made differently."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
from pathlib import Path

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from checks.kit.ndt7 import DOWNLOAD, UPLOAD
from tests.collector.speed.plain import Plain
from tests.collector.speed.serving import FakeGate, served


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server of 127.0.0.1 and for its clients."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


async def both(server: ssl.SSLContext | None, client: ssl.SSLContext | None) -> FakeGate:
    async with served(tls=server) as here:
        down = await Plain.ask(here.port, f"{DOWNLOAD}?access_token=good", tls=client)
        code, reason, _, count = await down.until_closed()
        await down.gone()
        assert (code, reason) == (1000, "completed")
        assert count == (await here.record())["bytes"]
        up = await Plain.ask(here.port, f"{UPLOAD}?access_token=good", tls=client)
        for _ in range(20):
            up.send(2, bytes(20_000))
        code, reason, texts, _ = await up.until_closed()
        await up.gone()
        assert (code, reason) == (1000, "completed")
        assert json.loads(texts[-1])["AppInfo"]["NumBytes"] == 400_000
        await here.ended(test="upload", end="completed")
    return here.gate


def test_both_directions_run_on_uvloop() -> None:
    """Linux tells of its sockets too: the congestion control is named."""
    gate = uvloop.run(both(None, None))
    assert [record["bytes"] for record in gate.records][1:] == [400_000]
    assert all(record["congestion"] and record["tcp"]["SegsOut"] > 0 for record in gate.records)


def test_both_directions_run_under_tls(tmp_path: Path) -> None:
    """What TLS adds is in what Linux counts, and not in the bytes of the test."""
    gate = uvloop.run(both(*contexts(tmp_path)))
    down, up = gate.records
    assert up["bytes"] == 400_000 < up["tcp"]["BytesReceived"]
    assert down["congestion"]
