"""A server's certificate chain as the public web has them: leaf, intermediate, root, with RSA keys or on a curve."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = datetime.timedelta(days=1)


class Chain(Struct, frozen=True):
    """Files: ``server`` for :meth:`ssl.SSLContext.load_cert_chain`, with its key; ``root`` for those who believe."""

    server: str
    root: str


class _Holder(Struct, frozen=True):
    name: x509.Name
    key: Key


def make(folder: Path, names: list[str], *, old: bool = False) -> Chain:
    """A chain for `names` or addresses: a leaf and an intermediate are sent, the root is not. `old` makes RSA keys of
    2,048 bits and adds what public authorities put in, for the sizes that most servers in Viet Nam send."""
    root = _Holder(_name("Root"), _key(old))
    middle, leaf = _Holder(_name("Intermediate"), _key(old)), _Holder(_name(names[0]), _key(old))
    certificates = [
        _sign(leaf, middle, names, old=old),
        _sign(middle, root, old=old),
        _sign(root, root, old=old),
    ]
    private = leaf.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pems = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates]
    server, believed = folder / "server.pem", folder / "root.pem"
    server.write_bytes(private + pems[0] + pems[1])
    believed.write_bytes(pems[2])
    return Chain(str(server), str(believed))


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Benchmark Authority"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key(old: bool) -> Key:
    return rsa.generate_private_key(65537, 2048) if old else ec.generate_private_key(ec.SECP256R1())


def _sign(subject: _Holder, issuer: _Holder, names: list[str] | None = None, *, old: bool) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(issuer.name)
        .public_key(subject.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 90 * DAY)
        .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.key.public_key()), critical=False)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(alternatives, critical=False).add_extension(usage, critical=False)
        if old:  # two signed certificate timestamps (RFC 6962) are about this long
            stamps = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), bytes(250))
            builder = builder.add_extension(stamps, critical=False)
    return builder.sign(issuer.key, hashes.SHA256())
