"""A time-stamp authority: ``openssl ts`` behind a small HTTP server, and answers that are wrong in every way."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from checks.kit import der
from tests.checks.servers import Answer, http
from tests.lab.authorities import DAY, NOW, YEAR, Authority, Key, Signer, key_usage, make_key, name

POLICY = "1.2.3.4.1"
_SETTINGS = """
[tsa]
dir = {folder}
serial = $dir/serial
signer_cert = $dir/signer.pem
certs = $dir/chain.pem
signer_key = $dir/signer.key
signer_digest = sha256
default_policy = {policy}
digests = {digests}
accuracy = secs:1, millisecs:500
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
_TOKEN = "1.2.840.113549.1.9.16.1.4"


def stamping(authority: Authority, *, purpose: bool = True, end_days: int = 100, key: Key | None = None) -> Signer:
    """A certificate for time stamps below `authority`; without its `purpose`, one for anything."""
    own = key or make_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name("TSA thử nghiệm"))
        .issuer_name(authority.certificate.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - YEAR)
        .not_valid_after(NOW + end_days * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(("digital_signature",)), critical=True)
    )
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Signer(builder.sign(authority.key, hashes.SHA256()), own)


class Tsa:
    """A server's stamps, signed by ``signer`` below an issuing authority below ``root``."""

    def __init__(self, folder: Path, *, digests: str = "sha256") -> None:
        self._folder = folder
        self.root = Authority.root("Root TSA")
        issuing = self.root.issuing("Issuing TSA")
        self.issuing, self.signer = issuing, stamping(issuing)
        (folder / "serial").write_text("01\n")
        (folder / "signer.pem").write_bytes(self.signer.pem)
        (folder / "signer.key").write_bytes(self.signer.key_pem)
        (folder / "chain.pem").write_bytes(issuing.pem)
        settings = _SETTINGS.format(folder=folder, policy=POLICY, digests=digests)
        (folder / "tsa.cnf").write_text(settings)

    def __call__(self, request: bytes) -> bytes:
        """The answer of ``openssl ts`` to a request."""
        (self._folder / "request").write_bytes(request)
        self._run("ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "request", "-out", "answer")
        return (self._folder / "answer").read_bytes()

    def resigned(self, request: bytes, signer: Signer) -> bytes:
        """The same stamp, signed by another certificate: ``openssl ts`` itself signs with none that is not for it."""
        answer = self(request)
        (self._folder / "token").write_bytes(answer[status_end(answer) :])
        (self._folder / "other.pem").write_bytes(signer.pem + signer.key_pem)
        self._run("cms", "-verify", "-noverify", "-in", "token", "-inform", "DER", "-out", "stamp")
        self._run(
            "cms", "-sign", "-nodetach", "-binary", "-cades", "-md", "sha256", "-econtent_type", _TOKEN,
            "-in", "stamp", "-signer", "other.pem", "-certfile", "chain.pem", "-outform", "DER", "-out", "token",
        )  # fmt: skip
        return granted((self._folder / "token").read_bytes())

    def _run(self, *command: str) -> None:
        done = subprocess.run(["openssl", *command], cwd=self._folder, capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(done.stderr.decode())


def status_end(answer: bytes) -> int:
    """Where the status in an answer ends and the token begins."""
    return der.element(answer, der.element(answer, 0).begin).end


def granted(token: bytes, status: int = 0) -> bytes:
    """An answer with this status and token (RFC 3161 §2.4.2)."""
    inside = bytes((0x30, 3, 2, 1, status)) + token
    return b"\x30\x82" + len(inside).to_bytes(2, "big") + inside


def with_status(answer: bytes, status: int) -> bytes:
    """An answer whose status, which nobody signs, is another one."""
    return granted(answer[status_end(answer) :], status)


def posts(respond: Callable[[bytes], bytes], kind: str = "application/timestamp-reply") -> Answer:
    """Answers the body of each POST."""

    def answer(connection: socket.socket, head: bytes) -> None:
        connection.sendall(http(200, respond(body(connection, head)), f"Content-Type: {kind}"))

    return answer


def body(connection: socket.socket, head: bytes) -> bytes:
    """The body of a request whose head, and perhaps more, was read already."""
    top, _, rest = head.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in top.split(b"\r\n")[1:])
    while len(rest) < int(fields[b"Content-Length"]):
        rest += connection.recv(4096)
    return rest
