"""Certificate authorities for the tests of signing: chains as Viet Nam's signers have them, and every kind of wrong.

Keys are P-256 unless said, so that a chain costs a millisecond. Nothing here is a real authority's; names are real
ones, because names are what is compared.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
YEAR = 365 * DAY

G2_ROOT, G2_ISSUING = "RootCA chuyên dùng Chính phủ G2", "CA phục vụ các cơ quan Nhà nước G2"
G1_ROOT, G1_ISSUING = "Co quan chung thuc so chuyen dung Chinh phu (RootCA)", "CA phuc vu cac co quan Nha nuoc"
CIPHER = "Ban Cơ yếu Chính phủ"
SIGNER = "Nguyễn Thị Thử Nghiệm"
"""The person that certificates of the tests name: nothing that leaves the PC may hold it."""


def name(common: str, *, organisation: str = CIPHER, unit: str = "", uid: str = "", email: str = "") -> x509.Name:
    """A name as these authorities write it: C, O, OU, CN, UID, e-mail; what is empty is left out."""
    parts = (
        (NameOID.COUNTRY_NAME, "VN"),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (NameOID.COMMON_NAME, common),
        (NameOID.USER_ID, uid),
        (NameOID.EMAIL_ADDRESS, email),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


class Signer:
    """A leaf: its certificate and its key. ``der``, ``pem`` and ``key_pem`` (PKCS#8, unencrypted) are bytes."""

    def __init__(self, certificate: x509.Certificate, key: Key) -> None:
        self.certificate, self.key = certificate, key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


class Authority(Signer):
    """An authority that issues authorities and leaves."""

    @classmethod
    def root(
        cls,
        common: str,
        *,
        organisation: str = CIPHER,
        begin: datetime.datetime = NOW - 8 * YEAR,
        end: datetime.datetime = NOW + 22 * YEAR,
        path_length: int | None = None,
    ) -> Authority:
        """One that vouches for itself."""
        key, subject = make_key(), name(common, organisation=organisation)
        builder = _begin(subject, subject, key, begin, end)
        return cls(_as_authority(builder, path_length).sign(key, hashes.SHA256()), key)

    def issuing(
        self,
        common: str,
        *,
        organisation: str = CIPHER,
        begin: datetime.datetime = NOW - 8 * YEAR,
        end: datetime.datetime = NOW + 10 * YEAR,
        path_length: int | None = 0,
        key: Key | None = None,
        ca: bool = True,
    ) -> Authority:
        """One below this; ``ca=False`` makes it one that may not issue."""
        own = key or make_key()
        subject = name(common, organisation=organisation)
        builder = _begin(subject, self.certificate.subject, own, begin, end)
        if ca:
            builder = _as_authority(builder, path_length)
        return Authority(builder.sign(self.key, hashes.SHA256()), own)

    def signer(
        self,
        subject: x509.Name | None = None,
        *,
        begin: datetime.datetime = NOW - 300 * DAY,
        end: datetime.datetime = NOW + 400 * DAY,
        usage: Iterable[str] | None = ("digital_signature", "content_commitment"),
        key: Key | None = None,
        crl: str = "",
        ocsp: str = "",
        email: str = "",
        serial: int | None = None,
    ) -> Signer:
        """A leaf. ``usage`` are the names of cryptography's KeyUsage (None: no such extension); ``crl`` and ``ocsp``
        are URLs, ``email`` stands in the alternative names."""
        own = key or make_key()
        who = subject or name(SIGNER, organisation="UBND phường Thử Nghiệm", uid="CCCD:001300000001")
        builder = _begin(who, self.certificate.subject, own, begin, end, serial)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        if usage is not None:
            builder = builder.add_extension(key_usage(usage), critical=True)
        if crl:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if ocsp:
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        if email:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
        return Signer(builder.sign(self.key, hashes.SHA256()), own)


def make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """An RSA key, as tokens hold; one for the whole process, because making one takes long."""
    return rsa.generate_private_key(65537, bits)


def chain(generation: str = "g2", *, accents: bool = True) -> tuple[Authority, Authority]:
    """(root, issuing) named like the government's, of generation ``g1`` or ``g2``, with or without accents."""
    if generation == "g1":
        names, end = (G1_ROOT, G1_ISSUING), NOW + 4 * YEAR
    else:
        names, end = (G2_ROOT, G2_ISSUING) if accents else (plain(G2_ROOT).upper(), plain(G2_ISSUING).upper()), None
    root = Authority.root(names[0], end=end or NOW + 22 * YEAR)
    return root, root.issuing(names[1], end=end or NOW + 10 * YEAR)


def plain(text: str) -> str:
    """`text` without accents, as the older generation wrote it."""
    import unicodedata

    spread = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def key_usage(names: Iterable[str]) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    wanted = set(names)
    return x509.KeyUsage(**{one: one in wanted for one in every})


def sha256(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    begin: datetime.datetime,
    end: datetime.datetime,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder, path_length: int | None) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True).add_extension(
        key_usage(("key_cert_sign", "crl_sign")), critical=True
    )
