"""Revocation for the tests: lists and answers of authorities, a server of files, and ``openssl ocsp``."""

from __future__ import annotations

import datetime
import hashlib
import re
import socket
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.checks.servers import http
from tests.lab.authorities import DAY, NOW, YEAR, Authority, Signer, make_key, name


def listed(
    authority: Authority,
    serials: Iterable[int] = (),
    *,
    begin: datetime.datetime = NOW - DAY,
    end: datetime.datetime = NOW + 6 * DAY,
    extensions: Iterable[x509.ExtensionType] = (),
    signer: Authority | None = None,
) -> bytes:
    """The list of `authority`, in DER; signed by another `signer`, it is forged."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject).last_update(begin)
    builder = builder.next_update(end)
    for serial in serials:
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY).build()
        builder = builder.add_revoked_certificate(one)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    made = builder.sign((signer or authority).key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


class Files:
    """An answer for :class:`tests.checks.servers.Server`: one file, with a tag and ranges as real servers have them.

    ``content`` may change; ``codes`` are the statuses that were answered."""

    def __init__(self, content: bytes, *, ranges: bool = True, tags: bool = True, date: str = "") -> None:
        self.content, self._ranges, self._tags, self._date = content, ranges, tags, date
        self.codes: list[int] = []

    def __call__(self, connection: socket.socket, head: bytes) -> None:
        tag = f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'
        fields = [f"ETag: {tag}"] if self._tags else []
        fields += [f"Date: {self._date}"] if self._date else []
        wanted = re.search(rb"Range: bytes=0-(\d+)", head)
        if self._tags and f"If-None-Match: {tag}".encode() in head:
            status, body = 304, b""
        elif wanted and self._ranges:
            status, body = 206, self.content[: int(wanted[1]) + 1]
        else:
            status, body = 200, self.content
        self.codes.append(status)
        connection.sendall(http(status, body, *fields))


def responder(authority: Authority, *, end: datetime.datetime = NOW + YEAR, purpose: bool = True) -> Signer:
    """A certificate with which another may answer for `authority`."""
    key = make_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name("OCSP thử nghiệm"))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 2 * YEAR)
        .not_valid_after(end)
    )
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
    return Signer(builder.sign(authority.key, hashes.SHA256()), key)


def answers(
    signer: Signer,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.UNKNOWN,
    begin: datetime.datetime = NOW - DAY,
    end: datetime.datetime | None = NOW + DAY,
    enclosed: bool = False,
    serial: int | None = None,
) -> Callable[[bytes], bytes]:
    """What a responder with the key of `signer` says to a request; of `serial` instead of what was asked."""

    def respond(request: bytes) -> bytes:
        asked = ocsp.load_der_ocsp_request(request)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                asked.issuer_name_hash,
                asked.issuer_key_hash,
                serial or asked.serial_number,
                asked.hash_algorithm,
                status,
                begin,
                end,
                NOW - DAY if status is ocsp.OCSPCertStatus.REVOKED else None,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        )
        if enclosed:
            builder = builder.certificates([signer.certificate])
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    return respond


def refusal(status: ocsp.OCSPResponseStatus) -> Callable[[bytes], bytes]:
    """A responder that says only this."""
    made = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)
    return lambda _: made


def of_openssl(authority: Authority, folder: Path) -> Callable[[bytes], bytes]:
    """``openssl ocsp`` for an authority that has issued nothing."""
    (folder / "index.txt").write_text("")
    (folder / "ca.pem").write_bytes(authority.pem)
    (folder / "ca.key").write_bytes(authority.key_pem)

    def respond(request: bytes) -> bytes:
        (folder / "request").write_bytes(request)
        done = subprocess.run(
            ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key",
             "-reqin", "request", "-respout", "answer", "-ndays", "1"],
            cwd=folder, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return (folder / "answer").read_bytes()

    return respond
