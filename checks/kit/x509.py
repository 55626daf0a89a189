"""X.509 certificates of signers: what they are for, of which kind, until when. Runs in the children of tokens only.

cryptography loads the certificate and its key. It refuses names in T61String that are not UTF-8, and all extensions for
one that is odd, when it is asked for them: they are therefore walked here, in DER (X.690), by RFC 5280.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from msgspec import Struct

from checks.kit import der
from checks.kit.der import DerError

MAX_DER = 64 * 1024
_MAX_URLS, _MAX_URL = 4, 512
_SIGNS, _CERTIFIES = 0xC0, 0x04  # RFC 5280 §4.2.1.3: digitalSignature and nonRepudiation, keyCertSign
_USAGE, _BASIC, _CRL, _ACCESS = (
    b"\x55\x1d\x0f", b"\x55\x1d\x13", b"\x55\x1d\x1f", b"\x2b\x06\x01\x05\x05\x07\x01\x01",
)  # fmt: skip
_OCSP = b"\x2b\x06\x01\x05\x05\x07\x30\x01"
_NAMES = {
    b"\x55\x04\x03": "CN", b"\x55\x04\x04": "SN", b"\x55\x04\x2a": "GN", b"\x55\x04\x0a": "O", b"\x55\x04\x0b": "OU",
    b"\x55\x04\x07": "L", b"\x55\x04\x08": "ST", b"\x55\x04\x09": "street", b"\x55\x04\x0c": "title",
    b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01": "UID", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "email",
}  # fmt: skip
_TEXT = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}  # BMPString, UniversalString; the others are bytes
_CURVES = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}
_REFUSALS = (DerError, ValueError, IndexError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion)
Name = tuple[tuple[str, str], ...]
"""Attributes as (short name, text), in their order; those of other kinds are left out."""
Element = tuple[int, bytes]


class Malformed(Exception):
    """This is no X.509 certificate: broken, compressed, or something else."""


class Parsed(Struct, frozen=True, kw_only=True):
    """A certificate as it is read. It names people: it does not leave this process. Times are epoch seconds.

    ``signs`` and ``certifies`` are its key usage (without the extension: anything), ``authority`` whether it is a CA's
    and ``path_length`` how many CAs it allows below itself (None: any)."""

    certificate: x509.Certificate
    der: bytes
    subject: Name
    issuer: Name
    not_before: int
    not_after: int
    signs: bool
    certifies: bool
    authority: bool
    path_length: int | None
    crl: tuple[str, ...]
    ocsp: tuple[str, ...]


def parse(value: bytes) -> Parsed:
    """A certificate from DER; padding of zeros or 0xFF behind it, as files on cards have it, is cut. Raises Malformed,
    and nothing else whatever the bytes are."""
    try:
        with warnings.catch_warnings():  # cryptography warns of serial numbers that are not positive
            warnings.simplefilter("ignore")
            return _parse(_trimmed(value))
    except _REFUSALS as why:
        raise Malformed(type(why).__name__) from None


def algorithm(found: Parsed) -> str:
    """The key's kind and size: ``rsa-2048``, ``ec-p256``, ``ed25519``; ``unknown`` where it cannot be told."""
    try:
        key = found.certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        return f"{'rsa' if isinstance(key, rsa.RSAPublicKey) else 'dsa'}-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ec-{_CURVES.get(key.curve.name, key.curve.name)}"
    kinds = ((ed25519.Ed25519PublicKey, "ed25519"), (ed448.Ed448PublicKey, "ed448"))
    return next((name for kind, name in kinds if isinstance(key, kind)), "unknown")


def signature(found: Parsed) -> str:
    """The digest its issuer signed: ``sha1``, ``sha256`` …; ``unknown`` where it cannot be told."""
    try:
        digest = found.certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    return digest.name if digest else "unknown"


def serial(found: Parsed) -> bytes:
    """The serial number, big-endian, as few bytes as hold it (at least one)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        number = abs(found.certificate.serial_number)
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def _parse(value: bytes) -> Parsed:
    certificate = x509.load_der_x509_certificate(value)
    fields = [part for part in elements(_one(certificate.tbs_certificate_bytes, der.SEQUENCE)) if part[0] != 0xA0]
    held = dict(_extensions(next((content for tag, content in fields if tag == 0xA3), b"")))
    subject, issuer = _name(fields[4][1]), _name(fields[2][1])
    authority, path_length = _basic(held[_BASIC]) if _BASIC in held else (not held and subject == issuer, None)
    usage = _bits(held[_USAGE]) if _USAGE in held else 0xFF
    return Parsed(
        certificate=certificate,
        der=value,
        subject=subject,
        issuer=issuer,
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        signs=bool(usage & _SIGNS),
        certifies=bool(usage & _CERTIFIES),
        authority=authority,
        path_length=path_length,
        crl=_urls(_locations(held.get(_CRL, b""))),
        ocsp=_urls(_responders(held.get(_ACCESS, b""))),
    )


def elements(data: bytes) -> Iterator[Element]:
    """The DER elements that stand one after the other in `data`, as (tag, content). Raises DerError."""
    at = 0
    while at < len(data):
        found = der.element(data, at, len(data))
        yield found.tag, data[found.begin : found.end]
        at = found.end


def _trimmed(value: bytes) -> bytes:
    """`value` up to the end of its outer SEQUENCE, where only padding follows."""
    if len(value) > MAX_DER:
        raise ValueError("too large")
    end = der.inside(value, 0, der.SEQUENCE, len(value)).end
    return value[:end] if not value[end:].strip(b"\0") or not value[end:].strip(b"\xff") else value


def _one(data: bytes, tag: int) -> bytes:
    """The content of the first element in `data`, which has this tag."""
    found = der.inside(data, 0, tag, len(data))
    return data[found.begin : found.end]


def _name(content: bytes) -> Name:
    pairs = []
    for _, group in elements(content):
        for _, pair in elements(group):
            (_, oid), (tag, value) = list(elements(pair))[:2]
            if oid in _NAMES:
                pairs.append((_NAMES[oid], _text(tag, value)))
    return tuple(pairs)


def _text(tag: int, value: bytes) -> str:
    """A string of any of ASN.1's types: UTF-8 where it is UTF-8 whatever its type says, else Latin-1."""
    if tag in _TEXT:
        return value.decode(_TEXT[tag], "replace")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _extensions(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    for _, extension in elements(_one(content, der.SEQUENCE) if content else b""):
        parts = list(elements(extension))
        yield parts[0][1], parts[-1][1]


def _basic(value: bytes) -> tuple[bool, int | None]:
    parts = dict(elements(_one(value, der.SEQUENCE)))
    length = int.from_bytes(parts[0x02], "big") if 0x02 in parts else None
    return any(parts.get(0x01, b"")), length


def _bits(value: bytes) -> int:
    content = _one(value, 0x03)
    return content[1] if len(content) > 1 else 0


def _locations(value: bytes, depth: int = 0) -> Iterator[bytes]:
    """URIs (GeneralName [6]) anywhere in the distribution points."""
    for tag, content in elements(value):
        if tag == 0x86:
            yield content
        elif tag & 0x20 and depth < 8:
            yield from _locations(content, depth + 1)


def _responders(value: bytes) -> Iterator[bytes]:
    for _, access in elements(_one(value, der.SEQUENCE) if value else b""):
        (_, method), (tag, location) = list(elements(access))[:2]
        if method == _OCSP and tag == 0x86:
            yield location


def _urls(found: Iterator[bytes]) -> tuple[str, ...]:
    texts = (raw.decode("ascii", "replace") for raw in found if len(raw) <= _MAX_URL)
    kept = [text for text in texts if text.lower().startswith(("http://", "https://")) and text.isprintable()]
    return tuple(dict.fromkeys(kept))[:_MAX_URLS]
