"""Certificates for the tests: an authority on disk, and leaves of every kind of wrongness."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


class Authority:
    """A certificate authority; ``ca_file`` is its certificate in PEM, ``key_pin`` the pin of its last server's key."""

    key_pin = ""

    def __init__(self, folder: Path, organisation: str, common: str = "Root") -> None:
        self._folder, self._name, self._key = (
            folder,
            _name(organisation, common),
            ec.generate_private_key(ec.SECP256R1()),
        )
        folder.mkdir(parents=True, exist_ok=True)
        builder = self._builder(self._name, self._key, NOW - 3650 * DAY, NOW + 3650 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())
        self.ca_file = str(folder / "ca.pem")
        Path(self.ca_file).write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime.datetime, end: datetime.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )

    def server(
        self,
        names: tuple[str, ...] = ("127.0.0.1",),
        begin: datetime.datetime = NOW - DAY,
        end: datetime.datetime = NOW + 90 * DAY,
        with_root: bool = False,
    ) -> tuple[ssl.SSLContext, str]:
        """A server's context with a leaf for `names`, and the leaf's SHA-256."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = (
            self._builder(_name("Server", names[0]), key, begin, end)
            .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.key_pin = pin(leaf)
        pem = leaf.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self._folder / f"{leaf.serial_number}.pem"
        file.write_bytes(pem + (Path(self.ca_file).read_bytes() if with_root else b""))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context, leaf.fingerprint(hashes.SHA256()).hex()


def pin(certificate: x509.Certificate) -> str:
    """The pin of a certificate's public key, as curl writes it."""
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return "sha256//" + base64.b64encode(hashlib.sha256(spki).digest()).decode("ascii")


def self_signed(folder: Path, name: str = "127.0.0.1") -> ssl.SSLContext:
    """The context of a server whose certificate vouches for itself, as a router's own page has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name("Router", name)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 90 * DAY)
        .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{leaf.serial_number}.pem"
    file.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
